"""Signing in and out, registering, and the choice of language.

The pages are django-allauth's views in our dress: its flows and limits, our forms, templates
and paths. What one changes about oneself is in `accounts.settings_views`.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import logout as signing_out
from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from allauth.mfa.base import views as second_step
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from accounts import audit, devices, steps, undo
from accounts import consent as words
from accounts.forms import PasskeySignInForm, PasskeyStepForm
from accounts.models import User
from accounts.pages import Page
from cabinet import months
from cabinet.context import LARGE
from cabinet.methods import form_page

TRIES = 3
TEXT_SIZES = ("normal", LARGE)


class SignIn(Page, allauth.LoginView):
    """«Кіру»."""

    template_name = "accounts/login.html"
    for_crowds = True


class SignInCode(Page, second_step.AuthenticateView):
    """The second step."""

    template_name = "accounts/login_code.html"
    webauthn_form_class = PasskeyStepForm

    def form_invalid(self, form: Any) -> HttpResponse:
        audit.record("sign_in_refused", self.request, subject=self.stage.login.user, why="code")
        return super().form_invalid(form)


class SignInPasskey(Page, passkeys.LoginWebAuthnView):
    """Without a password; the page is the first step's."""

    form_class = PasskeySignInForm

    def form_invalid(self, form: Any) -> HttpResponse:
        audit.record("sign_in_refused", self.request, why="passkey")
        return super().form_invalid(form)


class Register(Page, allauth.SignupView):
    """«Тіркелу»."""

    template_name = "accounts/register.html"
    for_crowds = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Anew when somebody has just taken the login name that was made up."""
        for _again in range(TRIES - 1):
            with suppress(IntegrityError):
                return super().form_valid(form)
        return super().form_valid(form)


class Registered(Page, allauth.EmailVerificationSentView):
    """A letter is on its way, to whoever the address belongs to."""

    template_name = "accounts/registered.html"


class ConfirmEmail(Page, allauth.ConfirmEmailView):
    """The link of a letter: one press confirms the address, at registration and afterwards."""

    template_name = "accounts/confirm_email.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        with suppress(Http404, IntegrityError), transaction.atomic():
            return super().post(*args, **kwargs)
        self.object = None  # used, too old, or another has just confirmed the same address
        return self.render_to_response(self.get_context_data())

    def logout_other_user(self, confirmation: Any) -> None:
        """A look at the page changes nothing."""
        if self.request.method == "POST":
            super().logout_other_user(confirmation)


class ForgottenPassword(Page, allauth.PasswordResetView):
    """«Құпиясөзді ұмыттыңыз ба?»"""

    template_name = "accounts/password_reset.html"

    def form_valid(self, form: Any) -> HttpResponse:
        subject = form.users[0] if form.users else None
        response = super().form_valid(form)
        if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            audit.record("password_asked", self.request, subject=subject)
        return response


class ForgottenPasswordSent(Page, allauth.PasswordResetDoneView):
    """A letter is on its way, to whoever the address belongs to."""

    template_name = "accounts/password_reset_sent.html"


class NewPassword(Page, allauth.PasswordResetFromKeyView):
    """The link of such a letter; it signs nobody in."""

    template_name = "accounts/password_reset_new.html"

    def get_success_url(self) -> str:
        return resolve_url("account_login")

    def logout(self) -> None:
        """A look at the page changes nothing."""
        if self.request.method == "POST":
            super().logout()


@login_not_required
@require_POST
@rate_limit(action="signup")
def register_again(request: HttpRequest) -> HttpResponse:
    """The letter of a registration once more, to whoever this browser has registered."""
    email, pk = request.session.get("registered", ("", None))
    address = EmailAddress.objects.filter(user=pk, email=email, verified=False).first()
    with transaction.atomic():
        if EmailAddress.objects.is_verified(email):
            address = EmailAddress(email=email)
        if address:
            allauth.send_verification_email_to_address(request, address, signup=True)
    return redirect("account_email_verification_sent")


@login_not_required
@form_page
def undo_email(request: HttpRequest, key: str) -> HttpResponse:
    """The link of the letter to an address that another was put in the place of."""
    change = undo.change_of(key)
    if change is None or request.method != "POST":
        return render(request, "accounts/undo_email.html", {"change": change})
    with transaction.atomic():
        removed = undo.put_back(request, change)
    messages.success(
        request, _("The address is put back. A link for a new password is sent to it.")
    )
    if removed:
        messages.warning(request, _("Apps and passkeys that were added since then are removed."))
    return redirect("account_login")


@login_not_required
@require_safe
def consent(request: HttpRequest) -> HttpResponse:
    """What whoever registers consents to."""
    return render(request, "accounts/consent.html", {"version": months.parse(words.VERSION)})


@login_not_required
@require_safe
def staff_login(request: HttpRequest) -> HttpResponse:
    """The admin's own way in: there is one sign-in for all; a resident is refused."""
    user = request.user
    if user.is_authenticated and not user.is_staff:
        raise PermissionDenied
    wanted = request.GET.get("next", "")
    if not wanted.startswith("/") or not url_has_allowed_host_and_scheme(wanted, None):
        wanted = resolve_url("admin:index")
    if user.is_authenticated and not steps.second_passed(request):
        if not steps.has_second(user):
            messages.warning(request, _("Staff sign in with a second step: set one up first."))
            return redirect("mfa_index")
        return redirect_to_login(wanted, resolve_url("mfa_reauthenticate"))
    return redirect_to_login(wanted, resolve_url("account_login"))


@require_safe
def staff_password(request: HttpRequest) -> HttpResponse:
    """The admin's own page for it: there is one for all."""
    return redirect("account_change_password")


@login_not_required
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """«Шығу»: the session ends on the server too, also half-way through signing in."""
    if request.user.is_authenticated:
        audit.record("signed_out", request)
    signing_out.logout(request)
    request.session.flush()
    return redirect("account_login")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language chosen, kept on this device and for the user."""
    if request.POST.get("language") not in dict(settings.LANGUAGES):
        known = request.POST.copy()  # Django's view would take any language that Django has
        known.pop("language", None)
        request.POST = known  # type: ignore[assignment]
    else:
        _keep(request, "language", request.POST["language"])
    return set_language(request)


@login_not_required
@require_POST
def text_size(request: HttpRequest) -> HttpResponse:
    """Large text or text as usual, kept on this device and for the user."""
    size, wanted = request.POST.get("size"), request.POST.get("next", "")
    response = redirect(wanted if get_adapter().is_safe_url(wanted) else "billing:home")
    if size in TEXT_SIZES:
        _keep(request, "large_text", size == LARGE)
        devices.keep(response, settings.TEXT_SIZE_COOKIE_NAME, size)
    return response


@transaction.atomic
def _keep(request: HttpRequest, field: str, value: Any) -> None:
    """What was chosen on any page, for whoever has signed in."""
    if not request.user.is_authenticated:
        return
    others = User.objects.filter(pk=request.user.pk).exclude(**{field: value})
    if others.update(**{field: value}):
        audit.record("profile_changed", request, fields=[field])
