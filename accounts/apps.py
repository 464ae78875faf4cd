"""Users: who signs in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Users")

    def ready(self) -> None:
        """Staff see what kinds of letters there are; whoever never confirmed an address goes."""
        from accounts import audit, kept_input, sessions, undo
        from accounts.forms import KEPT
        from accounts.models import User
        from cabinet import letters, pruning

        letters.KINDS.update(LETTERS)
        kept_input.FORMS.update(KEPT)
        pruning.OLD["entries of the audit log"] = audit.old
        pruning.OLD["notes of sessions"] = sessions.gone
        pruning.OLD["changes of addresses"] = undo.old
        pruning.OLD["registrations"] = User.objects.never_confirmed


# The kinds of `accounts.letters`, as staff see them.
LETTERS = {
    "confirm": _("confirmation of an address"),
    "confirm_new": _("confirmation of a new address"),
    "address_taken": _("registered already"),
    "unknown_address": _("no user with the address"),
    "password_reset": _("link for a new password"),
    "password_changed": _("password changed"),
    "password_was_reset": _("password set by a link"),
    "email_change_asked": _("address to be changed"),
    "email_changed": _("address changed"),
    "email_put_back": _("address put back"),
    "profile_changed": _("settings changed"),
    "app_on": _("authenticator app set up"),
    "app_off": _("authenticator app removed"),
    "codes_made": _("recovery codes made"),
    "passkey_added": _("passkey added"),
    "passkey_removed": _("passkey removed"),
    "deleted": _("user deleted"),
}
