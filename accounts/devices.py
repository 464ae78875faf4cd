"""Devices that somebody has signed in on before, by a signed cookie.

Wrong passwords are counted for such a device on its own, so that a stranger who tries another's
login over and over slows down himself and every unknown device, but not the owner's.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User

SALT = "accounts.devices"
AGE = 365 * 24 * 60 * 60
MOST = 5  # people of one household at one computer


def mark_of(request: HttpRequest, user: User | None) -> str:
    """The device's mark if this user has signed in on it before, else an empty text."""
    return _marks(request).get(user.pk, "") if user else ""


def last(request: HttpRequest) -> int | None:
    """The key of the user who was the last to sign in on this device, if that is known."""
    return next(reversed(_marks(request)), None)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """The user has signed in on this device."""
    marks = _marks(request)
    mark = marks.pop(user.pk, "") or secrets.token_urlsafe(9)
    kept = [*marks.items()][-(MOST - 1) :]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([*kept, (user.pk, mark)], salt=SALT),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def keep(response: HttpResponseBase, cookie: str, chosen: str) -> None:
    """What was chosen for this device: a language, a size of text."""
    response.set_cookie(
        cookie,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> dict[int, str]:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        pairs: list[Any] = signing.loads(cookie, salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return {}
    return dict(pairs)
