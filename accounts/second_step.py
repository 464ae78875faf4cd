"""The second step of signing in: codes that count once, secrets kept encrypted, passkeys."""

import base64
import struct
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    EditWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_encode
from fido2.webauthn import RegistrationResponse

from accounts.forms import MALFORMED, NOT_DONE, PasskeyMixin
from accounts.models import User

NAME_LENGTH = 60


class Adapter(DefaultMFAAdapter):
    """Names for the authenticator app and the passkeys, and how secrets are kept."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The code is wrong. Wait for the next one and try again."),
    }

    def _get_site_name(self) -> str:
        return gettext("Personal cabinet")

    def encrypt(self, text: str) -> str:
        """Whoever reads the database alone cannot make codes."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """`Passkey 2`"""
        count = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": count}


def renewed(data: dict[str, Any]) -> dict[str, Any]:
    """An authenticator's data with its secrets under the site's present key.

    They are the same data when they are already; InvalidToken when none of the keys reads them.
    """
    secrets: dict[str, Any] = {
        name: _renewed(data[name]) for name in ("secret", "seed") if name in data
    }
    if codes := data.get("migrated_codes"):
        secrets["migrated_codes"] = [_renewed(code) for code in codes]
    return {**data, **secrets}


def _renewed(token: str) -> str:
    try:
        Fernet(_derived(settings.SECRET_KEY)).decrypt(token)
    except InvalidToken:
        return _cipher().rotate(token).decode()
    return token


def _cipher() -> MultiFernet:
    """Under the site's key, and to read under those before it."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: Any) -> bytes:
    made = HKDF(hashes.SHA256(), 32, salt=None, info=b"accounts.second_step")
    return base64.urlsafe_b64encode(made.derive(str(key).encode()))


def _used(user: User, code: str) -> str:
    """Where it is noted that this app's code has counted."""
    return f"totp:{user.pk}:{normalize_user_code(code).encode().hex()}"


def _use_up(user: User, code: str) -> None:
    """ValidationError when this app's code has counted before (OWASP ASVS 6.5.1).

    allauth remembers it for one period only, which is shorter than a code is taken here.
    """
    lives = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(_used(user, code), True, lives):
        raise Adapter().validation_error("incorrect_code")


def code_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=20,
        widget=forms.TextInput(
            attrs={
                **{"autocomplete": "one-time-code", "inputmode": "numeric", "enterkeyhint": "go"},
                **{"autocapitalize": "none", "spellcheck": "false", "autofocus": True},
            }
        ),
    )


class CountsOnce:
    """The app's code has not counted before; a recovery code is used up by allauth.

    One that has is refused first: allauth may take it for right and forget the wrong ones.
    """

    def clean_code(self: Any) -> str:
        if cache.get(_used(self.user, self.cleaned_data["code"])):
            raise Adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:
            _use_up(self.user, code)
        return code


class CodeForm(CountsOnce, AuthenticateForm):
    """A code of the app, or a recovery code."""

    code = code_field(_("Code"))


class ReauthenticateCodeForm(CountsOnce, ReauthenticateForm):
    code = code_field(_("Code"))


class AppForm(ActivateTOTPForm):
    """The first code of an authenticator app that is being set up.

    Until then the app's secret is in the session, encrypted there too.
    """

    code = code_field(_("Code from the app"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session, adapter = context.request.session, Adapter()
        if kept := session.pop(SECRET_SESSION_KEY, ""):
            session[SECRET_SESSION_KEY] = adapter.decrypt(kept)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = adapter.encrypt(self.secret)

    def clean_code(self) -> str:
        code = super().clean_code()
        _use_up(self.user, code)
        return code


class PasskeyForm(AddWebAuthnForm):
    """A passkey and the name that its owner knows it by; it signs in without a password."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, required=False)
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True)

    def full_clean(self) -> None:
        """Of all that is wrong with what a device has said, the same is told."""
        try:
            super().full_clean()
            wrong = {"credential", NON_FIELD_ERRORS} & self.errors.keys()
        except (*MALFORMED, struct.error):
            wrong = {"credential"}
        if wrong:
            self.errors.pop("credential", None)
            self.errors[NON_FIELD_ERRORS] = self.error_class([NOT_DONE])

    def clean(self) -> dict[str, Any]:
        """Kept is what is read again, written as it was read; not all else that may be sent.

        What allauth leaves unread, such as `0` and `false`, raises one of MALFORMED here.
        """
        cleaned: dict[str, Any] = super().clean()
        said = RegistrationResponse.from_dict(cleaned["credential"])
        cleaned["credential"] = {
            "rawId": websafe_encode(said.raw_id),
            "response": {
                "clientDataJSON": websafe_encode(said.response.client_data),
                "attestationObject": websafe_encode(said.response.attestation_object),
            },
        }
        return cleaned


class PasskeyAgainForm(PasskeyMixin, ReauthenticateWebAuthnForm):
    """A passkey once more, before something that matters."""


class PasskeyNameForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)


def codes_left(user: User) -> str:
    """How many recovery codes are left, in words; an empty text if there never were any."""
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if codes is None:
        return ""
    left = len(codes.wrap().get_unused_codes())
    return ngettext("%(left)d code is left", "%(left)d codes are left", left) % {"left": left}
