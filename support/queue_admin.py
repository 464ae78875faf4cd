"""The queue of applications: staff take, answer, assign, merge; each step is told and noted."""

import uuid
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.staff import ReadOnly
from billing.staff import SHEETS
from cabinet import days
from cabinet.admin import OfMany
from cabinet.jinja import part
from support import applications as acts
from support import asked, files, statistics, words
from support.application_forms import CHOOSE_AGAIN
from support.models import AnswerTemplate, Application
from support.queue_forms import AssignForm, KindForm, MergeForm, SeenForm, TextForm
from support.states import STEPS

TEXT_STEPS = {
    "ask": _("Ask the applicant"),
    "finish": _("Answer: done"),
    "decline": _("Decline, with the reason"),
}
PLAIN_STEPS = {"take": _("Take into work"), "go_on": _("Go on without an answer")}
WRITES = {"write": _("Write without changing the state"), "note": _("Internal note")}
MERGING = {"kind": _("Put under another kind"), "merge": _("Merge with another one")}


class Whose(admin.SimpleListFilter):
    """Mine, those of my branch, or all."""

    title = _("whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        own = [("mine", _("mine")), ("nobody", _("nobody’s"))]
        user: Any = request.user
        return [*own, ("branch", _("of my branch"))] if user.branch else own

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        user: Any = request.user
        asked_for: dict[str, dict[str, Any]] = {
            "mine": {"assigned_to": user},
            "nobody": {"assigned_to": None},
            "branch": {"branch": user.branch},
        }
        return queryset.filter(**asked_for.get(self.value() or "", {}))


class Which(admin.SimpleListFilter):
    """Open ones unless others are asked for."""

    title = _("state")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        every = list(super().choices(changelist))
        return [{**every[0], "display": _("open")}, *every[1:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all" or request.GET.get("q"):  # one that is over is found too
            return queryset
        if self.value() == "overdue":
            return queryset.overdue()  # type: ignore[attr-defined]
        return queryset.open()  # type: ignore[attr-defined]


@admin.register(Application)
class ApplicationAdmin(OfMany, ReadOnly):
    """The most overdue first."""

    searched, looked = "applications_listed", "looked_at_application"
    change_form_template = "admin/support/application/change_form.html"
    list_display = ("number", "kind", "of_account", "due", "now", "assigned_to")
    list_select_related = ("kind", "account", "assigned_to")
    list_filter = (Which, Whose, "kind")
    search_fields = ("number",)  # there is a box to type in
    search_help_text = _("The whole number of an application or of an account.")
    fields = ("number", "of_kind", "of_account", "applicant", "registered", "due", "now")

    def concerns(self, shown: Application) -> dict[str, Any]:
        return {"subject": shown.user, "account": shown.account, "application": shown.number}

    def get_queryset(self, request: HttpRequest) -> Any:
        every: Any = super().get_queryset(request)
        return every.submitted().by_urgency()

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if term := search_term.strip():
            queryset = queryset.filter(number=term) | queryset.filter(account__number=term)
        return queryset, False

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Any, name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"support_application_{name}")

        every = super().get_urls()
        return [
            own("statistics.csv", require_safe(statistics.as_csv), "statistics"),
            *every[:-1],
            own("<int:pk>/files/<uuid:key>/", require_safe(self.file_view), "file"),
            own("<int:pk>/<slug:act>/", require_POST(self.act_view), "act"),
            every[-1],
        ]

    def beside(self, request: HttpRequest, shown: Application) -> dict[str, Any]:
        return {"sheets": (*SHEETS, "css/applications.css"), "shown": page(request, shown)}

    def file_view(self, request: HttpRequest, pk: int, key: uuid.UUID) -> HttpResponseBase:
        """A file of an application; the look is noted."""
        application = self._found(request, pk)
        file = get_object_or_404(application.attachments.all(), pk=key)
        about: dict[str, Any] = {"subject": application.user, "application": application.number}
        audit.record("looked_at_attachment", request, file=file.name, **about)
        return files.answer(file)

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """One of the acts is done, and told on the application's page; else what is wrong."""
        application = self._found(request, pk)
        right = "support.merge_application" if act in MERGING else "support.work_application"
        if not request.user.has_perm(right) or act not in ACTS:
            raise PermissionDenied
        form = form_of(act, application, request.POST)
        if not form.is_valid():
            return self._wrong(request, application, act, form)
        application.state = form.cleaned_data["seen"]
        try:
            with transaction.atomic():
                ACTS[act](request, application, form)
        except Wrong:
            return self._wrong(request, application, act, form)
        except acts.TooLate:
            said = _("Somebody was quicker: look at it as it is now. Your text is below.")
            messages.error(request, said)
            now = self._found(request, pk)
            data = {**request.POST.dict(), "seen": now.state, "read": now.newest_message}
            form = form_of(act, now, data)
            if request.FILES and isinstance(form, TextForm):
                form.add_error("files", CHOOSE_AGAIN)
            return self._wrong(request, now, act, form)
        messages.success(request, _("Done."))
        return redirect("admin:support_application_change", pk)

    def _found(self, request: HttpRequest, pk: int) -> Application:
        if not self.has_view_permission(request):
            raise PermissionDenied
        every = Application.objects.submitted().select_related("kind", "account", "user")
        return get_object_or_404(every, pk=pk)

    def _wrong(
        self, request: HttpRequest, application: Application, act: str, form: forms.Form
    ) -> HttpResponse:
        """The page with what was written, and what is wrong with it."""
        request.method = "GET"
        request.wrong = act, form  # type: ignore[attr-defined]
        response = self.change_view(request, str(application.pk))
        response.status_code = 400
        return response

    @admin.display(description=_("account number"))
    def of_account(self, application: Application) -> str:
        return application.account.number if application.account else "—"

    @admin.display(description=_("applicant"))
    def applicant(self, application: Application) -> str:
        return f"{application.user.full_name}, {application.user.email}"

    @admin.display(description=_("kind"))
    def of_kind(self, application: Application) -> str:
        """In words: Django would lead whoever answers to a page of supervisors."""
        return str(application.kind)

    @admin.display(description=_("registered at"))
    def registered(self, application: Application) -> str:
        return days.moment(application.registered_at) if application.registered_at else ""

    @admin.display(description=_("state"))
    def now(self, application: Application) -> str:
        return words.of_state(application)

    @admin.display(description=_("to be answered by"))
    def due(self, application: Application) -> str:
        shown = days.day(application.due_on) if application.due_on else ""
        if application.is_overdue:
            return format_html('<strong class="overdue">! {}</strong>', shown)
        return shown


class Wrong(Exception):
    """Nothing is done; the form tells why."""


def _step(step: str) -> Callable[[HttpRequest, Application, forms.Form], Any]:
    def take(request: HttpRequest, application: Application, form: forms.Form) -> Any:
        acts.take_step(request, application, step, **_written(request, application, form))

    return take


def _written(request: HttpRequest, application: Application, form: forms.Form) -> dict[str, Any]:
    """The text of an act that has one, with its files. Raises Wrong for files that are refused."""
    if not isinstance(form, TextForm):
        return {}
    sent = request.FILES.getlist("files")
    taken, refused = files.take_all(application, sent, by_staff=True)
    for name, why in refused:
        form.add_error("files", f"{name}: {why}")
    if refused:
        raise Wrong
    said = form.cleaned_data
    return {"text": said["text"], "attachments": taken, "read": said["read"]}


def _take(request: HttpRequest, application: Application, form: forms.Form) -> None:
    """Whoever takes it has it."""
    acts.take_step(request, application, "take")
    acts.assign(request, application, request.user)  # type: ignore[arg-type]


def _write(request: HttpRequest, application: Application, form: forms.Form) -> None:
    acts.write(request, application, **_written(request, application, form), by_staff=True)


def _note(request: HttpRequest, application: Application, form: forms.Form) -> None:
    written = _written(request, application, form) | {"read": None}
    acts.write(request, application, **written, by_staff=True, is_internal=True)


def _assign(request: HttpRequest, application: Application, form: forms.Form) -> None:
    application.assigned_to_id = form.cleaned_data["had"]
    acts.assign(request, application, form.cleaned_data["to"])


def _kind(request: HttpRequest, application: Application, form: forms.Form) -> None:
    acts.change_kind(request, application, form.cleaned_data["kind"])


def _merge(request: HttpRequest, application: Application, form: forms.Form) -> None:
    acts.merge(request, application, form.cleaned_data["into"])


# What is done by its name in the path.
ACTS: dict[str, Callable[[HttpRequest, Application, forms.Form], Any]] = {
    **{step: _step(step) for step, rule in STEPS.items() if rule.by_staff},
    "take": _take,
    "write": _write,
    "note": _note,
    "assign": _assign,
    "kind": _kind,
    "merge": _merge,
}


def form_of(act: str, application: Application, data: Any = None) -> forms.Form:
    """The form of an act on an application as it is seen now."""
    had = application.assigned_to_id
    initial = {"seen": application.state, "to": had, "had": had}
    initial |= {"kind": application.kind_id, "read": application.newest_message}
    options: dict[str, Any] = {"initial": initial, "auto_id": f"id_{act}_%s"}
    if act in TEXT_STEPS or act in WRITES:
        return TextForm(data, **options)
    if act == "merge":
        return MergeForm(application, data, **options)
    if act == "kind":
        return KindForm(data, **options)
    if act == "assign":
        return AssignForm(data, **options)
    return SeenForm(data, **options)


def page(request: HttpRequest, application: Application) -> Any:
    """All of an application for staff: answers, conversation with notes, what may be done."""
    templates = [
        (each.name, getattr(each, f"text_{application.user.language}"))
        for each in AnswerTemplate.objects.all()
    ]
    context = {
        "application": application,
        "answers": asked.in_words(application.data),
        "clock_line": words.for_staff(application),
        "state_now": words.of_state(application),
        "files": application.attachments.filter(message=None),
        "talk": application.messages.select_related("author").prefetch_related("attachments"),
        "changes": [
            (each, words.of_change(each)) for each in application.changes.select_related("actor")
        ],
        "others": [
            (each, words.of_state(each))
            for each in application.user.applications.submitted()
            .select_related("kind")
            .exclude(pk=application.pk)
        ],
        "templates": templates,
        "may_look": request.user.has_perm("billing.view_personalaccount"),
        **_offered(request, application),
    }
    return part("support/staff_application.html", context, request)


def _offered(request: HttpRequest, application: Application) -> dict[str, Any]:
    """What this member of staff may do now, each with its form; `unsaid` is a text that was written
    for what cannot be done any more.
    """
    wrong_act, wrong = cast("tuple[str, Any]", getattr(request, "wrong", ("", None)))

    def shown(offered: dict[str, Any]) -> list[tuple[str, Any, forms.Form]]:
        return [
            (act, said, wrong if act == wrong_act else form_of(act, application))
            for act, said in offered.items()
            if (application.may(act) if act in STEPS else act == "note" or application.is_open)
        ]

    works = request.user.has_perm("support.work_application")
    merges = request.user.has_perm("support.merge_application") and application.is_open
    texts = shown({**TEXT_STEPS, **WRITES}) if works else []
    unsaid = wrong.data.get("text", "") if wrong else ""
    return {
        "plain": shown(PLAIN_STEPS) if works else [],
        "texts": texts,
        "assign": form_of("assign", application) if works and application.is_open else None,
        "merging": shown(MERGING) if merges else [],
        "unsaid": "" if wrong_act in [act for act, _said, _form in texts] else unsaid,
    }
