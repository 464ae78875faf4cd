"""How long a session lasts, and what becomes of a form that was sent after its end."""

import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import kept_input
from cabinet.middleware import Handler

SINCE, SEEN = "signed_in_at", "seen_at"
KEPT = _(
    "Your session has ended. Sign in again: what you typed is kept for an hour, and nothing of it "
    "has been sent."
)
NOT_KEPT = _(
    "Your session has ended, and what you typed is too much to be kept. Go back and copy it before "
    "you sign in."
)


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
        request.session_was_of = request.user.pk  # type: ignore[attr-defined]
        auth.logout(request)
    elif now - seen > limits["noted_every"]:
        request.session[SEEN] = now
        UserSession.objects.filter(session_key=request.session.session_key).update(
            last_seen_at=timezone.now()
        )


class SignInRequired(LoginRequiredMiddleware):
    """Whoever is not signed in is led to sign in; what a form has sent is kept meanwhile."""

    def process_view(self, request: HttpRequest, view: Any, *about: Any) -> Any:
        if request.method == "POST" and request.user.is_authenticated:
            kept_input.note_sent(request)
        return super().process_view(request, view, *about)

    def handle_no_permission(self, request: HttpRequest, view: Any) -> HttpResponseRedirect:
        if request.method != "POST" or not kept_input.is_from_here(request):
            return super().handle_no_permission(request, view)
        kept = kept_input.keep(request)
        if kept:
            messages.info(request, KEPT)
        elif kept is False:
            messages.warning(request, NOT_KEPT)
        return redirect_to_login(kept_input.page_of(request), resolve_url(self.get_login_url(view)))
