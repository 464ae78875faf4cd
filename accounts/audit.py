"""Who did or looked at what, on what, when and from where.

An entry is written by the code that does the thing, in the transaction of what it tells of. The
database refuses to change or delete entries, but for those that are `old`.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import ActorKind, AuditEntry, User
from cabinet.jinja import yes_no
from cabinet.middleware import valid_address

LONGEST_DEVICE = 200

# What the groups of staff are called; which rights each has is written in migrations.
GROUPS: dict[str, str | Promise] = {
    "operator": pgettext_lazy("group of staff", "operator"),
    "billing operator": pgettext_lazy("group of staff", "billing operator"),
    "supervisor": pgettext_lazy("group of staff", "supervisor"),
}

# What each action is called, by its code. Other apps add theirs when they are ready. What ends
# with `asked` or `refused` may be done by somebody unknown; what begins with `looked` is a look
# of staff at a resident's data.
ACTIONS: dict[str, str | Promise] = {
    "registered": _("registered"),
    "register_refused": _("tried to register with a user's address"),
    "address_confirmed": _("confirmed an e-mail address"),
    "signed_in": _("signed in"),
    "sign_in_refused": _("was refused at signing in"),
    "signed_out": _("signed out"),
    "password_asked": _("asked for a link for a new password"),
    "password_changed": _("changed the password"),
    "password_was_reset": _("set a new password by a link"),
    "address_change_asked": _("asked for another e-mail address"),
    "address_change_cancelled": _("cancelled the change of the e-mail address"),
    "address_changed": _("changed the e-mail address"),
    "address_put_back": _("put an e-mail address back"),
    "profile_changed": _("changed personal settings"),
    "app_on": _("set up an authenticator app"),
    "app_off": _("removed the authenticator app"),
    "codes_made": _("made recovery codes"),
    "passkey_added": _("added a passkey"),
    "passkey_renamed": _("renamed a passkey"),
    "passkey_removed": _("removed a passkey"),
    "sessions_ended": _("ended sessions"),
    "data_taken": _("downloaded the own data"),
    "user_deleted": _("deleted the own user"),
    "users_searched": _("searched for users"),
    "looked_at_user": _("looked at a user"),
    "letters_searched": _("searched for letters"),
    "looked_at_letter": _("looked at a letter"),
    "audit_searched": _("searched the audit log"),
    "confirmation_sent": _("sent a confirmation link again"),
    "reset_started": _("sent a link for a new password"),
    "user_unlocked": _("unlocked signing in and adding accounts"),
    "rights_changed": _("changed rights"),
}

# What else is told of an action, by its name, and what its codes mean. Other apps add theirs.
DETAILS: dict[str, str | Promise] = {
    "why": _("reason"),
    "means": _("by"),
    "fields": _("fields"),
    "before": _("groups before"),
    "groups": _("groups"),
    "is_active": _("may sign in"),
    "is_staff": _("member of staff"),
    "branch": _("branch"),
    "consent": _("version of the consent"),
    "session": _("number of the session"),
    "all_others": _("all others"),
    "second_step_removed": _("second step removed"),
    "letter": _("number of the letter"),
    "entry": _("number of the entry"),
    "sought": _("what was sought"),
}
WORDS: dict[str, str | Promise] = {
    "password": _("password"),
    "too_many": _("too many tries"),
    "code": _("code"),
    "passkey": _("passkey"),
    "totp": _("code of an app"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery code"),
    "full_name": _("full name"),
    "login": _("login name"),
    "language": _("language"),
    "is_active": _("may sign in"),
    "is_staff": _("member of staff"),
    "branch": _("branch"),
    "groups": _("groups"),
}


class Account(Protocol):
    """A personal account."""

    pk: Any
    number: str


def record(
    action: str,
    by: HttpRequest | User | None,
    *,
    actor: User | None = None,
    subject: User | None = None,
    account: Account | None = None,
    **about: Any,
) -> AuditEntry:
    """Writes down what somebody has done, or what staff looked at.

    Whoever sends the request `by` is the actor, unless `actor` says who else: somebody who is
    just signing in or out. A worker has no request and names the user it works for, or None when
    the cabinet does it by itself. `subject` is the user whom it is done to, if that is another;
    `about` says more in plain values, without secrets. ValueError for an unknown action, and when
    nobody is known to have done it, though that action wants somebody.
    """
    if action not in ACTIONS:
        raise ValueError(f"there is no such action: {action}")
    request = by if isinstance(by, HttpRequest) else None
    who = actor or (by if isinstance(by, User) else None)
    if who is None and request is not None and request.user.is_authenticated:
        who = request.user
    if who is None and request is not None and not action.endswith(("asked", "refused")):
        raise ValueError(f"nobody is known to have done this: {action}")
    return AuditEntry.objects.create(
        action=action,
        **_actor(who, request),
        subject_id=subject.pk if subject else None,
        subject_login=subject.login if subject else "",
        account_id=account.pk if account else None,
        account_number=account.number if account else "",
        about=about,
        **_where_from(request),
    )


def _actor(who: User | None, request: HttpRequest | None) -> dict[str, Any]:
    if who is None:
        kind = ActorKind.UNKNOWN if request else ActorKind.CABINET
        return {"actor_kind": kind, "actor_login": "", "role": "", "branch": ""}
    return {
        "actor_kind": ActorKind.STAFF if who.is_staff else ActorKind.RESIDENT,
        "actor_id": who.pk,
        "actor_login": who.login,
        "role": roles(who)[:200],
        "branch": who.branch,
    }


def roles(user: User) -> str:
    """The names of the groups that a member of staff is in, joined by commas."""
    return group_codes(user) if user.is_staff else ""


def group_codes(user: User) -> str:
    """The same, of anybody."""
    return ",".join(user.groups.order_by("name").values_list("name", flat=True))


def _where_from(request: HttpRequest | None) -> dict[str, Any]:
    if request is None:
        return {"address": None, "device": ""}
    return {
        "address": valid_address(request.META.get("REMOTE_ADDR", "")) or None,
        "device": request.headers.get("User-Agent", "")[:LONGEST_DEVICE].replace("\0", ""),
    }


def details(entry: AuditEntry) -> str:
    """What else is told, in the reader's language."""
    return "; ".join(
        f"{DETAILS.get(name, name)}: {_in_words(name, value)}"
        for name, value in entry.about.items()
    )


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, dict):
        return ", ".join(str(ACTIONS.get(each, each)) for each in value.values())
    if isinstance(value, list):
        return ", ".join(_in_words(name, each) for each in value)
    if name in ("groups", "before"):
        return group_names(str(value).split(","))
    known = name in ("why", "means", "fields") and str(value) in WORDS
    return str(WORDS[str(value)] if known else value)


def group_names(names: Iterable[str]) -> str:
    """The groups' names as people read them, joined by commas."""
    return ", ".join(str(GROUPS.get(name, name)) for name in names if name) or gettext("none")


class _Old(QuerySet[AuditEntry]):
    """Entries that may go; of younger ones the database refuses the deletion."""

    @transaction.atomic
    def delete(self) -> tuple[int, dict[str, int]]:
        with connection.cursor() as cursor:
            days = str(settings.AUDIT_DAYS)
            cursor.execute("SELECT set_config('cabinet.audit_days', %s, true)", [days])
        return super().delete()


def old(now: dt.datetime) -> QuerySet[AuditEntry]:
    """What is older than the setting AUDIT_DAYS."""
    return _Old(AuditEntry).filter(at__lt=now - dt.timedelta(days=settings.AUDIT_DAYS))
