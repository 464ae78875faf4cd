"""Which steps of signing in a session has gone through."""

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User


def means(request: HttpRequest, user: User) -> list[str]:
    """What the user has shown in this session: `password`, `totp`, `recovery_codes`, `webauthn`."""
    records = get_authentication_records(request, user)
    return list(dict.fromkeys(record.get("type") or record["method"] for record in records))


def has_second(user: User) -> bool:
    """Whether the user has an authenticator app or a passkey."""
    return _own(user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def second_passed(request: HttpRequest) -> bool:
    """Whether this session has shown a second step that the user still has."""
    records = get_authentication_records(request, request.user)
    shown = {record.get("id") for record in records if record["method"] == "mfa"}
    return bool(shown) and _own(request.user).filter(pk__in=shown).exists()


def note_added(request: HttpRequest, kind: str) -> None:
    """Whoever has just set up a second step has shown it."""
    added = _own(request.user).filter(type=kind).latest("pk")
    record_authentication(request, request.user, "mfa", id=added.pk, type=kind)


def _own(user: User | AnonymousUser) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user)
