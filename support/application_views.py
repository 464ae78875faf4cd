"""«Өтінім беру»: the kinds to choose from, the form, and the conversation that follows."""

import uuid
from typing import Any

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.models import PersonalAccount
from cabinet.methods import form_page
from receipts.proofs import masked
from support import applications as acts
from support import asked, clock, files, words
from support.application_forms import AGAIN, CHOOSE_AGAIN, ApplicationForm, MessageForm
from support.asked import Home
from support.models import Application, Attachments, Kind
from support.models.applications import LONGEST_TEXT
from support.states import State

LIMITS = {"application": "10/d/user", "application_message": "50/d/user"}


@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """The user's applications, and the kinds of new ones."""
    own = request.user.applications.select_related("kind", "account")
    has_accounts = request.user.accounts.exists()
    context = {
        "applications": own.submitted().order_by("-registered_at"),
        "drafts": own.filter(state=State.DRAFT, kind__is_offered=True).order_by("-saved_at"),
        "kinds": [
            kind for kind in Kind.objects.offered() if has_accounts or not kind.needs_account
        ],
        "has_accounts": has_accounts,
    }
    return render(request, "support/applications.html", context)


@form_page
def application_new(request: HttpRequest, code: str) -> HttpResponse:
    """The form of a kind, with the draft that was kept of it; it is saved, or sent."""
    kind = get_object_or_404(Kind.objects.offered(), pk=code)
    accounts = list(request.user.accounts.order_by("number")) if kind.needs_account else []
    account = _chosen(request, accounts)
    if kind.needs_account and account is None:
        context = {"kind": kind, "accounts": accounts}
        return render(request, "support/application_account.html", context)
    home, draft = Home(account), acts.draft_of(request.user, kind, account)
    if request.method == "POST" and "discard" in request.POST:
        return _discarded(request, draft)
    if request.method != "POST":
        form = ApplicationForm(kind, home)
        form.initial = {**_given(request, form), **(draft.data if draft else {})}
        return _form(request, kind, form, account, draft)
    typed = ApplicationForm.raw(kind, home, request.POST)
    draft = acts.keep_draft(
        request.user, kind, account, data=typed, text=typed["text"][:LONGEST_TEXT]
    )
    refused: list[tuple[str, str]] = []
    if kind.attachments != Attachments.NONE:
        _taken, refused = files.take_all(draft, request.FILES.getlist("files"))
    if "remove" in request.POST:
        _remove_file(draft, request.POST["remove"])
    form = ApplicationForm(kind, home, request.POST)
    if "save" in request.POST or "remove" in request.POST:
        if not refused:
            messages.success(request, _("The draft is saved"))
            return redirect(request.get_full_path())
        form = ApplicationForm(kind, home)
        form.initial = draft.data
    elif form.is_valid() and not refused and _has_files(kind, draft, form):
        if not _may(request, "application"):
            return ratelimit.respond_429(request)
        return _submitted(request, draft, form)
    return _form(request, kind, form, account, draft, refused, status=400)


def _chosen(request: HttpRequest, accounts: list[PersonalAccount]) -> PersonalAccount | None:
    """The account in the URL, else the only one; always one of the user's."""
    wanted = request.GET.get("account", "")
    if not wanted and len(accounts) == 1:
        return accounts[0]
    return next((each for each in accounts if each.number == wanted), None)


def _discarded(request: HttpRequest, draft: Application | None) -> HttpResponse:
    if draft:
        acts.discard(draft)
    messages.success(request, _("The draft is deleted"))
    return redirect("support:applications")


def _given(request: HttpRequest, form: ApplicationForm) -> dict[str, str]:
    """What another page has filled in."""
    return {
        name: request.GET[name] for name in form.fields if name != "files" and name in request.GET
    }


def _form(
    request: HttpRequest,
    kind: Kind,
    form: ApplicationForm,
    account: PersonalAccount | None,
    draft: Application | None,
    refused: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "kind": kind,
        "form": form,
        "account": account,
        "attached": draft.attachments.all() if draft else (),
        "draft": draft,
        "refused": refused or [],
        "due_on": clock.due(kind, timezone.localdate()),
    }
    return render(request, "support/application_new.html", context, status=status)


def _remove_file(draft: Application, key: str) -> None:
    try:
        found = draft.attachments.filter(pk=uuid.UUID(key), message=None).first()
    except ValueError:
        return
    if found:
        with transaction.atomic():
            files.remove(found)


def _has_files(kind: Kind, draft: Application, form: ApplicationForm) -> bool:
    if kind.attachments == Attachments.MUST and not draft.attachments.exists():
        form.add_error("files", _("Attach at least one file."))
        return False
    return True


def _may(request: HttpRequest, action: str) -> bool:
    usage = ratelimit.consume(
        request, action=action, app="support", config=LIMITS, user=request.user
    )
    return bool(usage)


def _submitted(request: HttpRequest, draft: Application, form: ApplicationForm) -> HttpResponse:
    draft.data, draft.text = form.answers, form.cleaned_data["text"].strip()
    try:
        sent = acts.submit(request, draft)
    except acts.TooLate:  # the button was pressed twice
        messages.info(request, _("This application is registered already."))
        return redirect("support:applications")
    given = {"number": sent.number}
    messages.success(request, _("The application is registered. Its number: %(number)s") % given)
    return redirect("support:application", sent.number)


@form_page
def application(request: HttpRequest, number: str) -> HttpResponse:
    """An application as its applicant sees it: state, clock, answers, conversation."""
    own = request.user.applications.submitted().select_related("kind", "account", "merged_into")
    found = get_object_or_404(own, number=number)
    form, refused = MessageForm(), list[Any]()
    if request.method == "POST":
        done, form, refused = _act(request, found)
        if done:
            return redirect("support:application", number)
        if form.is_bound and (request.FILES or request.POST.get("do") == AGAIN):
            form.add_error("files", CHOOSE_AGAIN)
    context = {
        "application": found,
        "answers": asked.in_words(found.data),
        "messages_of": _conversation(found),
        "changes": [
            (each.at, words.of_change(each)) for each in found.changes.exclude(what="assigned")
        ],
        "own_files": found.attachments.filter(message=None),
        "form": form,
        "refused": refused,
        "clock_line": words.of_clock(found),
        "number_of_account": masked(found.account.number) if found.account else "",
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "support/application.html", context, status=status)


def _conversation(found: Application) -> Any:
    shown = found.messages.filter(is_internal=False).select_related("author")
    return shown.prefetch_related("attachments")


def _act(request: HttpRequest, found: Application) -> tuple[bool, MessageForm, list[Any]]:
    """Does what a button asks; whether it is done."""
    do = request.POST.get("do", "")
    form, refused = MessageForm(), list[Any]()
    try:
        if do == "withdraw":
            acts.take_step(request, found, "withdraw")
            messages.success(request, _("The application is withdrawn"))
            return True, form, refused
        if do in ("solved", "not_solved"):
            if acts.rate(request, found, do == "solved"):
                messages.success(request, _("Thank you for your word"))
            return True, form, refused
        if do in ("write", "reopen"):
            return _write(request, found, do)
        if do == AGAIN:
            return False, MessageForm(request.POST), refused
    except acts.TooLate:  # what was written stays in the form
        messages.error(request, _("It has changed meanwhile: look at it as it is now."))
        found.refresh_from_db()
        return do not in ("write", "reopen"), MessageForm(request.POST), refused
    return False, form, refused


def _write(
    request: HttpRequest, found: Application, do: str
) -> tuple[bool, MessageForm, list[Any]]:
    form = MessageForm(request.POST)
    if not form.is_valid():
        return False, form, []
    if not _may(request, "application_message"):
        form.add_error(None, _("You have written very much today. Go on tomorrow, or call us."))
        return False, form, []
    with transaction.atomic():
        taken, refused = files.take_all(found, request.FILES.getlist("files"))
        if refused:
            transaction.set_rollback(True)
            return False, form, refused
        text = form.cleaned_data["text"]
        step = "reopen" if do == "reopen" else "answer" if found.state == State.WAITING else ""
        if step:
            acts.take_step(request, found, step, text=text, attachments=taken)
        else:
            acts.write(request, found, text, attachments=taken)
    messages.success(request, _("Your message is sent"))
    return True, form, []


@require_safe
def attachment(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """A file of one of the user's applications, to be kept."""
    return files.answer(get_object_or_404(acts.attachments_of(request.user), pk=key))
