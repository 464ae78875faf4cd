"""django-allauth as the cabinet wants it: its letters, messages, limits and names."""

import re
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import audit, devices, events, kept_input, letters, middleware, steps, undo
from accounts.models import User

# The letter for each of allauth's; those about the second step are written by our views.
LETTERS = {
    "account/email/account_already_exists": "address_taken",
    "account/email/unknown_account": "unknown_address",
    "account/email/password_changed": "password_changed",
    "account/email/password_reset": "password_was_reset",
}
# What is said on the next page, by allauth's name for it; of the rest nothing is said.
MESSAGES = {
    "account/messages/password_changed.txt": _("Password changed"),
    "account/messages/email_confirmed.txt": _("The e-mail address is confirmed"),
    "account/messages/email_confirmation_failed.txt": _("This address cannot be confirmed."),
    "mfa/messages/totp_activated.txt": _("The authenticator app is set up"),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app was removed"),
    "mfa/messages/recovery_codes_generated.txt": _("New recovery codes were made"),
    "mfa/messages/webauthn_added.txt": _("The passkey was added"),
    "mfa/messages/webauthn_removed.txt": _("The passkey was removed"),
}
WRONG = _("The login name or the password is wrong. Check both and try again.")
TOO_MANY = _("Too many tries. Wait five minutes and try again.")
BEGUN_WITH = "begun_with"  # of the session: the password, in a form that tells nothing of it
NOT_OF_A_LOGIN = re.compile(r"[^a-z0-9._-]+")


def name_of(user: User) -> str:
    """How allauth names a user."""
    return user.full_name


class Adapter(DefaultAccountAdapter):
    """One for residents and staff."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": WRONG,
        "username_password_mismatch": WRONG,
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
    }

    def new_user(self, request: HttpRequest) -> User:
        return User(language=get_language())

    def save_user(
        self, request: HttpRequest, user: Any, form: Any, commit: bool = True
    ) -> AbstractBaseUser:
        user.full_name = form.cleaned_data["full_name"]
        return super().save_user(request, user, form, commit)

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """What stands before the `@` of the address, or something like it that is free."""
        email = next(text for text in txts if text and "@" in text)
        wish = NOT_OF_A_LOGIN.sub("", email.partition("@")[0].lower())[:56]
        login = wish
        while len(login) < 3 or User.objects.filter(login=login).exists():
            login = f"{wish}{get_random_string(6, '0123456789')}"
        return login

    def is_safe_url(self, url: str) -> bool:
        """Only paths of ours."""
        a_path = url.startswith("/") and not url.startswith("//")
        return a_path and url_has_allowed_host_and_scheme(url, {self.request.get_host()})

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        said = message or MESSAGES.get(message_template or "")
        if said:
            messages.add_message(request, level, str(said))

    def ajax_response(self, request: HttpRequest, response: Any, **about: Any) -> Any:
        """Pages for whoever asks: as JSON they would hold the passwords that were typed."""
        return response

    def set_password(self, user: Any, password: str) -> None:
        """Nothing else of the user is saved: it may have been changed meanwhile."""
        user.set_password(password)
        user.save(update_fields=["password"])

    # Letters

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        kind = LETTERS[template_prefix]
        letters.send(kind, email, get_language() or "", self.request)
        if kind == "address_taken":
            taken_by = User.objects.signing_in_as(email)
            audit.record("register_refused", self.request, subject=taken_by)

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: Any, signup: bool
    ) -> None:
        address = emailconfirmation.email_address
        kind = "confirm_new" if address.email != address.user.email else "confirm"
        url = self.get_email_confirmation_url(request, emailconfirmation)
        letters.send(kind, address.email, address.user.language, request, url=url)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        url = context["password_reset_url"]
        letters.send(
            "password_reset", email, user.language, self.request, url=url, login=user.login
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        if template_prefix == "account/email/email_changed" and context:
            old, new = context["from_email"], context["to_email"]
            about = {"new": new, "undo_url": undo.link(self.request, user, old, new)}
            letters.send("email_changed", old, user.language, self.request, **about)
            audit.record("address_changed", self.request, actor=user)
            events.moved(user)
        elif kind := LETTERS.get(template_prefix):
            letters.tell(kind, user, self.request)
            audit.record(kind, self.request, actor=user)

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """False when the address was dropped since it was read, as by `undo.put_back`."""
        User.objects.select_for_update().get(pk=email_address.user_id)
        if not EmailAddress.objects.filter(pk=email_address.pk).exists():
            return False
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            audit.record("address_confirmed", request, actor=email_address.user)
        return confirmed

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Notes whose letter may be sent again (`accounts.views.register_again`)."""
        if user:
            request.session["registered"] = [user.email, user.pk]
        return super().respond_email_verification_sent(request, user)

    # Signing in

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the try; ValidationError when there were too many.

        By network address, and by whom is meant: a device that this user has signed in on
        before has a count of its own, all others share one. Unknown names are counted alike.
        With a new password all counts begin anew.
        """
        self.meant: User | None
        meant = (credentials.get("email") or credentials.get("username") or "").strip().lower()
        user = self.meant = User.objects.signing_in_as(meant)
        mark = devices.mark_of(request, user)
        self._login_failed_rl_usage = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_known_device" if mark else "login_failed",
            key=f"{mark or user.pk} {user.password}" if user else f"nobody {meant}",
        )
        if not self._login_failed_rl_usage:
            audit.record("sign_in_refused", request, subject=user, why="too_many")
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """What was typed is not kept: it may be a password in the wrong field."""
        audit.record("sign_in_refused", request, subject=self.meant, why="password")

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Needless, and not by addresses, of which one may be another's: see `pre_authenticate`."""

    def pre_login(self, request: HttpRequest, user: Any, **about: Any) -> HttpResponse | None:
        request.session[BEGUN_WITH] = user.get_session_auth_hash()
        return super().pre_login(request, user, **about)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Whoever waited at the second step while the password was changed begins anew."""
        if request.session.pop(BEGUN_WITH, "") != user.get_session_auth_hash():
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)
        middleware.begin(request)

    def post_login(self, request: HttpRequest, user: Any, **about: Any) -> HttpResponse:
        response = super().post_login(request, user, **about)
        if kept_input.of(request):
            response.headers["Location"] = resolve_url("accounts:kept_input")
        devices.remember(request, response, user)
        audit.record("signed_in", request, actor=user, means=steps.means(request, user))
        return response

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """With a passkey too, whoever is shut out is told no more than anybody."""
        self.add_message(request, messages.ERROR, message=str(WRONG))
        return redirect("account_login")
