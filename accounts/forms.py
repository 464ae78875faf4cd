"""Registering, signing in, and what a user changes about himself."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from allauth.account.forms import (
    ReauthenticateForm as ReauthenticatePasswordForm,
)
from allauth.account.models import EmailAddress
from allauth.core import context, ratelimit
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import audit, consent
from accounts.kept_input import Form, fields_of
from accounts.models import User
from cabinet.forms import LOGIN, LanguageSelect

LONGEST_PASSWORD = 1000
UNEQUAL = _("Type the same password in both fields.")
NOT_DONE = _("It did not work. Try again, or choose another way.")
# What the parsers of JSON and of passkeys raise on what no device says.
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def password_field(label: Any, autocomplete: str, **options: Any) -> forms.CharField:
    """A password as it is typed, spaces and all; never written back."""
    return forms.CharField(
        label=label,
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        **options,
    )


class AddressField(forms.EmailField):
    """An e-mail address in small letters, as it is kept; some capitals are longer."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).lower()


def email_field(label: Any, **options: Any) -> forms.EmailField:
    return AddressField(label=label, **options)


class NewPasswordMixin:
    """`password1` is held against the rules for this user, `password2` against it."""

    def use_new_password_fields(self: Any, user: User | None) -> None:
        hint = _("At least 10 characters, of any kind: several words are easy to remember.")
        self.fields["password1"] = password_field(_("New password"), "new-password", help_text=hint)
        self.fields["password2"] = password_field(_("New password again"), "new-password")
        self.new_password_of = user

    def clean_password1(self: Any) -> str:
        password = self.cleaned_data["password1"]
        return get_adapter().clean_password(password, user=self.new_password_of)


class SignInForm(LoginForm):
    """A login name or e-mail address, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("Login name or e-mail"),
            max_length=254,
            widget=forms.TextInput(attrs=LOGIN),
        )
        self.fields["password"] = password_field(_("Password"), "current-password")
        self.fields["password"].widget.attrs["enterkeyhint"] = "go"
        self.fields["remember"] = forms.BooleanField(label=_("Remember me"), required=False)


class PasskeyMixin:
    """What a device has said, or somebody in its place; of all that is wrong the same is told."""

    def full_clean(self: Any) -> None:
        try:
            super().full_clean()
            wrong = "credential" in self._errors
        except MALFORMED:
            wrong = True
        if wrong:
            self._errors["credential"] = self.error_class([NOT_DONE])


class PasskeySignInForm(PasskeyMixin, LoginWebAuthnForm):
    """A passkey in place of login name and password."""


class PasskeyStepForm(PasskeyMixin, AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class RegisterForm(NewPasswordMixin, SignupForm):
    """Whoever registers; of an address that is a user's already nothing is to be seen."""

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    consent = forms.BooleanField(
        label=_("I agree to the processing of my personal data"),
        error_messages={"required": _("Without this consent the cabinet cannot be used.")},
    )
    field_order = ["full_name", "email", "password1", "password2", "consent"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field(_("E-mail"), max_length=254)
        self.use_new_password_fields(None)
        self.fields["password1"].label = _("Password")
        self.fields["password2"].label = _("Password again")
        self.fields["consent"].help_text = consent.hint()
        self.order_fields(self.field_order)

    def validate_unique_email(self, value: str) -> str:
        """Unconfirmed addresses are nobody's: the first to confirm one has it."""
        self.account_already_exists = EmailAddress.objects.is_verified(value)
        return value

    def clean_password1(self) -> str:
        """The rules are held by `clean()`, which knows the other fields too."""
        return self.cleaned_data["password1"]

    def clean(self) -> dict[str, Any]:
        """The password must not be made of the person's own name or address."""
        cleaned = forms.Form.clean(self) or {}
        person = User(
            full_name=cleaned.get("full_name", ""), email=cleaned.get("email", "").lower()
        )
        if password := cleaned.get("password1"):
            try:
                get_adapter().clean_password(password, user=person)
            except forms.ValidationError as error:
                self.add_error("password1", error)
            if cleaned.get("password2") not in (None, password):
                self.add_error("password2", UNEQUAL)
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        if self.account_already_exists:
            request.session["registered"] = [self.cleaned_data["email"], None]
            make_password(self.cleaned_data["password1"])  # as much work as for a new user
        return super().try_save(request)

    def custom_signup(self, request: HttpRequest, user: Any) -> None:
        user.consents.create(version=consent.VERSION)
        audit.record("registered", request, actor=user, consent=consent.VERSION)


class PasswordForm(NewPasswordMixin, ChangePasswordForm):
    """«Құпиясөзді өзгерту»."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = password_field(_("Current password"), "current-password")
        self.use_new_password_fields(self.user)

    def clean_oldpassword(self) -> str:
        try:
            right: str = super().clean_oldpassword()
        except forms.ValidationError:
            audit.record("sign_in_refused", context.request, subject=self.user, why="password")
            raise
        return right


class ForgottenForm(ResetPasswordForm):
    """An address that a link for a new password goes to, if it is a user's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field(_("E-mail"), max_length=254)

    def clean_email(self) -> str:
        """A confirmed one only: an unconfirmed one may be anybody's."""
        email = self.cleaned_data["email"].lower()
        confirmed = EmailAddress.objects.filter(
            email=email, verified=True, user__is_active=True
        ).select_related("user")
        self.users = [address.user for address in confirmed]
        return email


class NewPasswordForm(NewPasswordMixin, ResetPasswordKeyForm):
    """The new password of whoever came by such a link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_new_password_fields(self.user)


class ReauthenticateForm(ReauthenticatePasswordForm):
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = password_field(_("Current password"), "current-password")


class OwnPasswordMixin:
    """`password` must be the user's own; wrong ones are counted as at signing in."""

    user: User

    def check_own_password(self: Any, password: str) -> None:
        try:
            right = get_adapter().reauthenticate(self.user, password)
        except forms.ValidationError as error:
            self.add_error("password", error)
        else:
            if not right:
                self.add_error("password", _("This is not your current password."))


class EmailForm(OwnPasswordMixin, forms.Form):
    """«E-mail мекенжайын өзгерту»: the new address, which a link to confirm it goes to."""

    email = email_field(_("New e-mail address"), max_length=254)
    password = password_field(_("Current password"), "current-password")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request, self.user = request, request.user  # type: ignore[assignment]
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if email == self.user.email:
            raise forms.ValidationError(_("This is your present address."), code="same")
        if not ratelimit.consume(self.request, action="confirm_email", key=email, dry_run=True):
            raise forms.ValidationError(
                _("A link was sent to this address a moment ago. Wait three minutes."),
                code="just_sent",
            )
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self.check_own_password(cleaned["password"])
        return cleaned


def _said(name: str, value: str) -> str:
    """How a person is told the value of that field of a user."""
    return dict(settings.LANGUAGES)[value] if name == "language" else value


class ProfileForm(OwnPasswordMixin, forms.ModelForm):
    """«Дербес баптаулар»: to change the login name, the password is asked for."""

    password = password_field(
        _("Current password"),
        "current-password",
        required=False,
        help_text=_("Only needed to change the login name."),
    )

    class Meta:
        model = User
        fields = ("full_name", "login", "language")
        widgets = {
            "full_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "login": forms.TextInput(attrs=LOGIN),
            "language": LanguageSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = self.instance
        self.before = {name: getattr(self.instance, name) for name in self.Meta.fields}

    def clean_login(self) -> str:
        return self.cleaned_data["login"].lower()

    def changes(self) -> list[tuple[str, str]]:
        """What was and what is, by the field's name, in the language in force."""
        return [
            (str(self.fields[name].label), f"{_said(name, before)} → {_said(name, now)}")
            for name, before in self.before.items()
            if before != (now := getattr(self.instance, name))
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "login" in cleaned and cleaned["login"] != self.before["login"]:
            if cleaned.get("password"):
                self.check_own_password(cleaned["password"])
            elif "password" not in self.errors:
                self.add_error("password", _("To change the login name, type your password."))
        return cleaned


class DeleteForm(OwnPasswordMixin, forms.Form):
    """The user is to be deleted."""

    password = password_field(_("Current password"), "current-password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self.check_own_password(cleaned["password"])
        return cleaned


# What is kept of forms that are sent after the session has ended, or with too old a token.
_ADDRESS = {"email": email_field(_("E-mail"))}
KEPT = {
    "accounts:profile": fields_of(ProfileForm),
    "account_email": fields_of(EmailForm),
    "account_signup": Form(lambda about: {**RegisterForm.base_fields, **_ADDRESS}),
    "account_reset_password": Form(lambda about: _ADDRESS),
}
