"""How long a session lasts."""

import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils import timezone

from cabinet.middleware import Handler

SINCE, SEEN = "signed_in_at", "seen_at"


def session_limits(get_response: Handler) -> Handler:
    """Ends a session that was idle too long or is too old, and notes now and then that it lives."""

    def handle(request: HttpRequest):  # type: ignore[no-untyped-def]
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            _hold(request)
        return get_response(request)

    return handle


def begin(request: HttpRequest) -> None:
    """Somebody has just signed in."""
    request.session[SINCE] = request.session[SEEN] = time.time()


def _hold(request: HttpRequest) -> None:
    limits = settings.SESSIONS["staff" if request.user.is_staff else "resident"]
    now = time.time()
    since = request.session.setdefault(SINCE, now)
    seen = request.session.get(SEEN, 0)
    idle = bool(seen) and now - seen > limits["idle"]
    if idle or (limits["most"] and now - since > limits["most"]):
        auth.logout(request)
    elif now - seen > limits["noted_every"]:
        request.session[SEEN] = now
        UserSession.objects.filter(session_key=request.session.session_key).update(
            last_seen_at=timezone.now()
        )
