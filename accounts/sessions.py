"""Where a user is signed in."""

import datetime as dt
from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts.clients import device_of
from accounts.models import User


@dataclass(frozen=True)
class Open:
    """A session as its owner recognises it."""

    pk: int
    device: str
    address: str
    since: dt.datetime
    seen: dt.datetime
    is_this: bool


def of_user(request: HttpRequest) -> list[Open]:
    """Those of whoever asks, this one first, then the one seen last."""
    every = UserSession.objects.purge_and_list(request.user)
    found = [
        Open(
            pk=session.pk,
            device=device_of(session.user_agent),
            address=session.ip,
            since=session.created_at,
            seen=session.last_seen_at,
            is_this=session.session_key == request.session.session_key,
        )
        for session in every
    ]
    return sorted(found, key=lambda each: (not each.is_this, -each.seen.timestamp()))


def gone(now: dt.datetime) -> QuerySet[UserSession]:
    """What is noted of sessions that are no more: from where and with which device."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gte=now)
    return UserSession.objects.filter(~Exists(alive))


def end_all(user: User, but: str = "") -> None:
    """All sessions of the user, but the one of that key."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but):
        session.end()
