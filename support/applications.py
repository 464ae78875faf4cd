"""What is done to applications: each step one transaction with its history, audit entry and letter.

A step is a conditional UPDATE on the state that whoever takes it has seen: of two at once one is
told that somebody was quicker, and nothing is lost.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from billing.models import PersonalAccount
from support import application_letters, clock, files
from support.models import Application, Attachment, Change, Kind, Message
from support.states import OVER, STEPS, State

TWICE = dt.timedelta(minutes=10)  # within which the same once more is a button pressed twice


class TooLate(Exception):
    """The application is no longer in the state that was seen."""


def attachments_of(user: User) -> QuerySet[Attachment]:
    """The files of the user's applications, but for those of internal notes."""
    own = Attachment.objects.filter(application__user=user)
    return own.exclude(message__is_internal=True)


def leave(user: User, why: str) -> None:
    """A user who is deleted takes the applications along, and their files."""
    if why == "deleted":
        for attachment in Attachment.objects.filter(application__user=user):
            files.remove(attachment)


def draft_of(user: User, kind: Kind, account: PersonalAccount | None) -> Application | None:
    """The user's draft of that kind about that account."""
    drafts = user.applications.filter(kind=kind, account=account, state=State.DRAFT)
    return drafts.select_related("kind", "account").first()


@transaction.atomic
def keep_draft(
    user: User, kind: Kind, account: PersonalAccount | None, **fields: Any
) -> Application:
    """Saves what is written so far; of each kind there is one draft about an account."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    draft, _made = Application.objects.update_or_create(
        user=user,
        kind=kind,
        account=account,
        state=State.DRAFT,
        defaults={**fields, "language": user.language, "saved_at": timezone.now()},
    )
    return draft


@transaction.atomic
def discard(draft: Application) -> None:
    """A draft is thrown away, with its files, unless it has just been submitted."""
    User.objects.select_for_update(no_key=True).get(pk=draft.user_id)
    for still in Application.objects.filter(pk=draft.pk, state=State.DRAFT):
        for attachment in still.attachments.all():
            files.remove(attachment)
        still.delete()


@transaction.atomic
def submit(request: HttpRequest, draft: Application) -> Application:
    """Registers a draft whose answers are good; the same sent twice is one application. TooLate
    when it is submitted already, or gone.
    """
    now = timezone.now()
    user, kind = draft.user, draft.kind
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if twin := _twin(draft, now):
        Application.objects.filter(pk=draft.pk, state=State.DRAFT).delete()
        return twin
    fields = {
        "state": State.REGISTERED,
        "number": _next_number(),
        "text": draft.text,
        "data": draft.data,
        "account": draft.account,
        "branch": draft.account.branch_id if draft.account else "",
        "language": user.language,
        "registered_at": now,
        "due_on": clock.due(kind, timezone.localdate(now)),
    }
    if not Application.objects.filter(pk=draft.pk, state=State.DRAFT).update(**fields):
        raise TooLate
    draft.refresh_from_db()
    _note(request, draft, "submit", State.DRAFT)
    application_letters.tell("registered", draft)
    return draft


def _twin(draft: Application, now: dt.datetime) -> Application | None:
    """What was registered a moment ago and says all that the draft says."""
    same = {name: getattr(draft, name) for name in ("user", "kind", "account", "text", "data")}
    files = set(draft.attachments.values_list("sha256", flat=True))
    for each in Application.objects.open().filter(**same, registered_at__gt=now - TWICE):
        if files <= set(each.attachments.values_list("sha256", flat=True)):
            return each
    return None


def _next_number() -> str:
    """`2026-000123`: the year, and a number that never comes again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('support_application_number')")
        return f"{timezone.localdate().year}-{cursor.fetchone()[0]:06}"


@transaction.atomic
def take_step(
    request: HttpRequest,
    application: Application,
    step: str,
    *,
    text: str = "",
    attachments: Iterable[Attachment] = (),
    read: int | None = None,
) -> Message | None:
    """Takes a step of STEPS on an application as it was seen; its text as a message, if any.

    ValueError for a step that wants a text without one. TooLate when somebody was quicker, or has
    written since the message `read`.
    """
    rule, seen = STEPS[step], application.state
    if rule.wants_text and not text.strip():
        raise ValueError(f"{step} wants a text")
    if not application.may(step):
        raise TooLate
    unchanged = Application.objects.filter(pk=application.pk, state=seen, due_on=application.due_on)
    if not unchanged.update(**_changes(application, step)):
        raise TooLate
    _check_read(application, read)
    application.refresh_from_db()
    message = None
    if text.strip():
        message = _write(request, application, text, by_staff=rule.by_staff)
        _attach(attachments, message)
    _note(request, application, step, seen)
    if step in application_letters.WORDS:
        application_letters.tell(step, application, message)
    return message


def _check_read(application: Application, read: int | None) -> None:
    """TooLate when there is a message that whoever writes has not seen; the row is locked, so that
    none can come in between.
    """
    if read is not None and application.messages.filter(pk__gt=read).exists():
        raise TooLate


def _changes(application: Application, step: str) -> dict[str, Any]:
    target, today = STEPS[step].target, timezone.localdate()
    changes: dict[str, Any] = {"state": target, "waiting_since": None}
    if application.waiting_since and application.due_on:
        changes["due_on"] = clock.moved(
            application.kind, application.due_on, application.waiting_since, today
        )
    if target == State.WAITING:
        changes["waiting_since"] = today
    if target in OVER:
        changes["closed_at"] = timezone.now()
    if step == "reopen":
        due_on = clock.due(application.kind, today)
        changes |= {"was_reopened": True, "closed_at": None, "solved": None, "due_on": due_on}
    return changes


@transaction.atomic
def write(
    request: HttpRequest,
    application: Application,
    text: str,
    *,
    by_staff: bool = False,
    is_internal: bool = False,
    attachments: Iterable[Attachment] = (),
    read: int | None = None,
) -> Message:
    """Adds a message that changes no state; the other side is told by a letter, unless it is an
    internal note. TooLate when the application is over, or somebody has written since `read`.
    """
    kept = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    if kept.state in OVER and not is_internal:
        raise TooLate
    _check_read(kept, read)
    message = _write(request, kept, text, by_staff=by_staff, is_internal=is_internal)
    _attach(attachments, message)
    what = "noted" if is_internal else "written"
    audit.record(f"application_{what}", request, **_concerns(kept))
    if by_staff and not is_internal:
        application_letters.tell("written", kept, message)
    return message


def _write(
    request: HttpRequest,
    application: Application,
    text: str,
    *,
    by_staff: bool,
    is_internal: bool = False,
) -> Message:
    return Message.objects.create(
        application=application,
        author_id=request.user.pk,
        by_staff=by_staff,
        is_internal=is_internal,
        text=text.strip(),
        at=timezone.now(),
    )


def _attach(attachments: Iterable[Attachment], message: Message) -> None:
    for attachment in attachments:
        attachment.message = message
        attachment.save(update_fields=["message"])


@transaction.atomic
def rate(request: HttpRequest, application: Application, solved: bool) -> bool:
    """Notes whether it is solved; False when it is no longer answered."""
    answered = Application.objects.filter(pk=application.pk, state=application.state)
    if not application.is_answered or not answered.update(solved=solved):
        return False
    _note(request, application, "rated", application.state, solved=solved)
    return True


@transaction.atomic
def assign(request: HttpRequest, application: Application, to: User | None) -> None:
    """Puts it into somebody's hands, or nobody's. TooLate when somebody was quicker."""
    seen = {"state": application.state, "assigned_to": application.assigned_to_id}
    still = Application.objects.open().filter(pk=application.pk, **seen)
    if not still.update(assigned_to=to):
        raise TooLate
    _note(request, application, "assigned", application.state, to=to.login if to else "")


@transaction.atomic
def change_kind(request: HttpRequest, application: Application, kind: Kind) -> None:
    """It was filed under a wrong kind; it is answered by when it would be, had it been of this one
    all the time. TooLate when somebody was quicker.
    """
    still = Application.objects.open().filter(pk=application.pk, state=application.state)
    if not still.update(kind=kind, due_on=_due_as(kind, application)):
        raise TooLate
    before = application.kind_id
    application.refresh_from_db()
    _note(request, application, "kind", application.state, was=before, kind=kind.code)
    application_letters.tell("kind", application)


def _due_as(kind: Kind, application: Application) -> dt.date:
    """From the registration, or the reopening, with the days that the clock stood since."""
    due_on = clock.due(kind, timezone.localdate(application.registered_at))
    since = None
    for change in application.changes.order_by("at", "pk"):
        day = timezone.localdate(change.at)
        if change.what == "reopen":
            due_on = clock.due(kind, day)
        elif change.before == State.WAITING != change.after and since:
            due_on = clock.moved(kind, due_on, since, day)
        if change.after == State.WAITING != change.before:
            since = day
    return due_on


@transaction.atomic
def merge(request: HttpRequest, duplicate: Application, into: Application) -> None:
    """Closes a duplicate; whoever filed it goes on in the other. Both are of one user. TooLate when
    somebody was quicker. ValueError for two that cannot be merged.
    """
    if duplicate.pk == into.pk or duplicate.user_id != into.user_id:
        raise ValueError("these two cannot be merged")
    seen, both = duplicate.state, Application.objects.filter(pk__in=(duplicate.pk, into.pk))
    locked = {each.pk: each for each in both.select_for_update(no_key=True).order_by("pk")}
    if into.pk not in locked or not locked[into.pk].is_open:
        raise TooLate
    still = Application.objects.open().filter(pk=duplicate.pk, state=seen)
    changes = {
        "state": State.DONE,
        "merged_into": into,
        "waiting_since": None,
        "closed_at": timezone.now(),
    }
    if not still.update(**changes):
        raise TooLate
    duplicate.refresh_from_db()
    _note(request, duplicate, "merged", seen, into=into.number)
    application_letters.tell("merged", duplicate)


def _note(
    request: HttpRequest, application: Application, what: str, before: str, **about: Any
) -> None:
    """The step in the application's history, and in the audit log."""
    step = STEPS.get(what)
    by_staff = step.by_staff if step else what != "rated"
    Change.objects.create(
        application=application,
        actor_id=request.user.pk,
        by_staff=by_staff,
        what=what,
        before=before,
        after=application.state,
        about=about,
        at=timezone.now(),
    )
    audit.record(f"application_{what}", request, **_concerns(application), **about)


def _concerns(application: Application) -> dict[str, Any]:
    """Whom it concerns, as `audit.record` wants it."""
    concerned: dict[str, Any] = {"subject": application.user, "application": application.number}
    if application.account:
        concerned["account"] = application.account
    return concerned
