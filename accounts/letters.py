"""What is written to a user about signing in and settings: each change, and how to undo it.

No letter has a password in it: there is none to send, since only its hash is kept. Letters that
go to an address nobody has confirmed name no person, so that they carry nobody's words.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from accounts.clients import address_of, device_of
from accounts.models import User
from cabinet import days, outbox
from cabinet.letters import Content

Facts = Sequence[tuple[str, str]]


def send(kind: str, to: str, language: str, request: HttpRequest, **about: Any) -> None:
    """Puts the letter of that kind into the outbox, in the transaction under way."""
    with translation.override(language):
        outbox.post(to, kind, language, KINDS[kind](request, **about))


def tell(kind: str, user: User, request: HttpRequest, **about: Any) -> None:
    """The same, to the user's own address in the user's language."""
    send(kind, user.email, user.language, request, **about)


def masked(email: str) -> str:
    """`a***@example.kz`: enough for whoever knows the address."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def _link(request: HttpRequest, view: str) -> str:
    return request.build_absolute_uri(reverse(view))


def _where_from(request: HttpRequest) -> Facts:
    return (
        (_("When"), days.moment(timezone.now())),
        (_("Where from"), address_of(request)),
        (_("Device"), device_of(request.headers.get("User-Agent", ""))),
    )


def _new_password(request: HttpRequest) -> tuple[str, str]:
    return _("Set a new password"), _link(request, "account_reset_password")


def _confirm(request: HttpRequest, url: str) -> Content:
    return Content(
        subject=_("Confirm your e-mail address"),
        paragraphs=[
            _("This address was given when registering in the personal cabinet."),
            _("Confirm that it is yours. The link works for three days."),
        ],
        button=(_("Confirm the address"), url),
        afterwards=[_("If you have not registered, do nothing: the address will not be used.")],
    )


def _confirm_new(request: HttpRequest, url: str) -> Content:
    return Content(
        subject=_("Confirm your new e-mail address"),
        paragraphs=[
            _("A user of the personal cabinet wants letters to go to this address from now on."),
            _("Confirm that it is yours. The link works for three days."),
        ],
        button=(_("Confirm the address"), url),
        afterwards=[_("If it was not you, do nothing: the address will not be used.")],
    )


def _address_taken(request: HttpRequest) -> Content:
    return Content(
        subject=_("You are registered already"),
        paragraphs=[
            _("Somebody has just tried to register in the personal cabinet with this address."),
            _(
                "It already belongs to a user, so nothing has changed. If it was you, sign in; "
                "if you have forgotten the password, set a new one."
            ),
        ],
        facts=_where_from(request),
        button=_new_password(request),
        afterwards=[_("If it was not you, nothing needs to be done.")],
    )


def _unknown_address(request: HttpRequest) -> Content:
    return Content(
        subject=_("There is no user with this address"),
        paragraphs=[
            _("Somebody has asked for a new password in the personal cabinet for this address."),
            _(
                "No user has confirmed it. If it was you, try the address that you registered "
                "with, or register."
            ),
        ],
        facts=_where_from(request),
        button=(_("Register"), _link(request, "account_signup")),
        afterwards=[_("If it was not you, nothing needs to be done.")],
    )


def _password_reset(request: HttpRequest, url: str, login: str) -> Content:
    return Content(
        subject=_("A new password for the personal cabinet"),
        paragraphs=[
            _("Somebody, probably you, has asked for a new password."),
            _("The link works once, for two hours."),
        ],
        facts=((_("Login name"), login), *_where_from(request)),
        button=(_("Set a new password"), url),
        afterwards=[_("If it was not you, do nothing: the password stays as it is.")],
    )


def _changed(subject: str, *paragraphs: str) -> Callable[..., Content]:
    """A change that a new password undoes, or keeps from being repeated; the texts are ids."""

    def content(request: HttpRequest, facts: Facts = ()) -> Content:
        return Content(
            subject=_(subject),
            paragraphs=[_(paragraph) for paragraph in paragraphs],
            facts=(*facts, *_where_from(request)),
            button=_new_password(request),
            afterwards=[
                _("If it was you, nothing needs to be done."),
                _(
                    "If it was not, set a new password at once: that signs everybody out. "
                    "Then look through your settings and put back what was changed."
                ),
            ],
        )

    return content


def _email_change_asked(request: HttpRequest, new: str) -> Content:
    return Content(
        subject=_("Your e-mail address is to be changed"),
        paragraphs=[
            _("Letters from the personal cabinet are to go to another address."),
            _("Nothing changes until the link that was sent there is opened."),
        ],
        facts=((_("New address"), masked(new)), *_where_from(request)),
        button=_new_password(request),
        afterwards=[
            _("If it was you, nothing needs to be done."),
            _(
                "If it was not, set a new password, sign in and cancel the change in the "
                "settings of the e-mail address."
            ),
        ],
    )


def _email_changed(request: HttpRequest, new: str, undo_url: str) -> Content:
    return Content(
        subject=_("Your e-mail address was changed"),
        paragraphs=[
            _("Letters from the personal cabinet go to another address now; this is the last here.")
        ],
        facts=((_("New address"), masked(new)), *_where_from(request)),
        button=(_("Put this address back"), undo_url),
        afterwards=[
            _("If it was you, nothing needs to be done."),
            _(
                "If it was not, put this address back: everybody is signed out, authenticator "
                "apps and passkeys that were added since are removed, and a new password can be "
                "set by a letter to this address. The link works for seven days."
            ),
        ],
    )


def _email_put_back(request: HttpRequest, old: str, removed: bool = False) -> Content:
    return Content(
        subject=_("An e-mail address was put back"),
        paragraphs=[
            _("A user of the personal cabinet has put the earlier e-mail address back."),
            _("Letters no longer come here."),
            *([_("Apps and passkeys that were added since then are removed.")] if removed else []),
        ],
        facts=((_("Earlier address"), masked(old)), *_where_from(request)),
        afterwards=[_("If it was not you, call the contact centre at once.")],
    )


def _deleted(request: HttpRequest) -> Content:
    return Content(
        subject=_("Your user was deleted"),
        paragraphs=[
            _(
                "You can no longer sign in to the personal cabinet, and no personal account is "
                "linked to you any more. The accounts themselves and their bills stay as they are."
            ),
            _("You can register again at any time."),
        ],
        facts=_where_from(request),
        afterwards=[_("If it was not you, call the contact centre.")],
    )


KINDS: dict[str, Callable[..., Content]] = {
    "confirm": _confirm,
    "confirm_new": _confirm_new,
    "address_taken": _address_taken,
    "unknown_address": _unknown_address,
    "password_reset": _password_reset,
    "email_change_asked": _email_change_asked,
    "email_changed": _email_changed,
    "email_put_back": _email_put_back,
    "deleted": _deleted,
    "password_changed": _changed(
        N_("Your password was changed"),
        N_("You are signed out on all other devices."),
    ),
    "password_was_reset": _changed(
        N_("Your password was changed"),
        N_("It was set by a link that was sent to this address. You are signed out everywhere."),
    ),
    "profile_changed": _changed(
        N_("Your personal settings were changed"),
        N_("This is what they were and what they are now."),
    ),
    "app_on": _changed(
        N_("Two-step sign-in is on"),
        N_("From now on a code of your authenticator app is asked for when you sign in."),
    ),
    "app_off": _changed(
        N_("The authenticator app was removed"),
        N_("A code of it is no longer asked for when you sign in."),
    ),
    "codes_made": _changed(
        N_("New recovery codes were made"),
        N_("The old ones no longer work."),
    ),
    "passkey_added": _changed(
        N_("A passkey was added"),
        N_("One can sign in to your cabinet with it, without a password."),
    ),
    "passkey_removed": _changed(
        N_("A passkey was removed"),
        N_("One can no longer sign in with it."),
    ),
}
