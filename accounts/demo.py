"""Second steps of the demonstration's staff, whose codes stand on a page instead of in an app."""

import base64
import hashlib
import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User


def give_second_step(user: User) -> None:
    """An authenticator app whose secret is known to whoever knows the login."""
    TOTP.activate(user, _secret(user.login))


def _secret(login: str) -> str:
    made = hashlib.sha256(f"{settings.SECRET_KEY} {login}".encode()).digest()
    return base64.b32encode(made[:20]).decode()


@login_not_required
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """The codes of the demonstration's staff now, and how long they hold; 404 elsewhere."""
    if not settings.DEMO:
        raise Http404
    number, gone = divmod(int(time.time()), app_settings.TOTP_PERIOD)
    steps = Authenticator.objects.filter(type=Authenticator.Type.TOTP, user__is_staff=True)
    found = [
        (step.user.login, format_hotp_value(hotp_value(secret, number)))
        for step in steps.select_related("user").order_by("user__login")
        if (secret := _secret(step.user.login)) == decrypt(step.data["secret"])
    ]
    left = app_settings.TOTP_PERIOD - gone
    return render(request, "accounts/demo_codes.html", {"codes": found, "left": left})
