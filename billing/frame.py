"""The frame of every page (figure 1): the menu on the left, the information on the right."""

from typing import NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from billing.models import Branch, Supplier
from cabinet.jinja import part
from cabinet.links import link
from cabinet.memory import remembered

# The manual's ten items in its order, where each leads, and its icon.
MENU = (
    (_("Available accounts"), "billing:account_list", "home"),
    (_("Account information"), "billing:account", "account"),
    (_("Service information"), "billing:services", "months"),
    (_("Electricity payment calculation"), "billing:calculator", "calculator"),
    (_("Payments"), "billing:payments", "payments"),
    (_("Receipts"), "billing:receipts", "receipts"),
    (_("Submit an application"), "support:applications", "application"),
    (_("Change password"), "account_change_password", "lock"),
    (_("Change e-mail address"), "account_email", "mail"),
    (_("Personal settings"), "accounts:profile", "settings"),
)
# Pages that belong to an item without being its own.
PARTS = {
    "billing:account_add": "billing:account_list",
    "billing:account_nickname": "billing:account_list",
    "billing:account_remove": "billing:account_list",
    "billing:month": "billing:services",
    "billing:plans": "billing:calculator",
    "billing:services_download": "billing:services",
    "billing:charges_download": "billing:services",
    "billing:readings_download": "billing:services",
    "billing:payments_download": "billing:payments",
    "billing:receipts_download": "billing:receipts",
    "receipts:statement": "billing:services",
    "receipts:statement_download": "billing:services",
    "receipts:statement_pdf": "billing:services",
}
# Settings that the manual has no item for.
PARTS |= dict.fromkeys(
    (
        *("mfa_index", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes"),
        *("mfa_generate_recovery_codes", "mfa_add_webauthn", "mfa_edit_webauthn"),
        *("mfa_remove_webauthn", "account_reauthenticate", "mfa_reauthenticate"),
        *("mfa_reauthenticate_webauthn", "usersessions_list", "accounts:data", "accounts:delete"),
        "billing:looks",
    ),
    "accounts:profile",
)
PARTS |= dict.fromkeys(("support:application", "support:application_new"), "support:applications")
OF_NO_ACCOUNT = {
    "support:applications",
    *("billing:account_list", "account_change_password", "account_email", "accounts:profile"),
}


class Item(NamedTuple):
    """An item of the menu."""

    name: str
    url: str
    current: bool
    icon: str


def menu(request: HttpRequest, number: str) -> list[Item]:
    """The items, those about an account leading to the current one, else to the list."""
    match = request.resolver_match
    here = match.view_name if match else ""
    here = PARTS.get(here, here)
    return [
        Item(gettext(name), _url(view, number), view == here, icon) for name, view, icon in MENU
    ]


def _url(view: str, number: str) -> str:
    if view in OF_NO_ACCOUNT:
        return link(view)
    return link(view, number) if number else link("billing:home")


def information() -> SafeString:
    """The information area in the language in force."""
    return _information(get_language() or "")


@remembered
def _information(language: str) -> SafeString:
    context = {"supplier": Supplier.objects.issuer(), "branches": Branch.objects.listed()}
    return part("cabinet/information.html", context)
