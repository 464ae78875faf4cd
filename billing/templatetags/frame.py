"""The frame of every page (figure 1): the menu on the left, the information on the right."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.models import Branch, PersonalAccount, Supplier

register = template.Library()

# The manual's ten items in its order; those without a page yet lead nowhere.
MENU = (
    (_("Available accounts"), "billing:account_list"),
    (_("Account information"), "billing:account"),
    (_("Service information"), "billing:services"),
    (_("Electricity payment calculation"), ""),
    (_("Payments"), "billing:payments"),
    (_("Receipts"), ""),
    (_("Submit an application"), ""),
    (_("Change password"), ""),
    (_("Change e-mail address"), ""),
    (_("Personal settings"), ""),
)
# Pages that belong to an item without being its own.
PARTS = {"receipts:statement": "billing:services", "receipts:statement_pdf": "billing:services"}


@dataclass(frozen=True)
class Item:
    """An item of the menu; without a URL it cannot be chosen yet."""

    name: Any
    url: str
    current: bool


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[Item]:
    """The items, those about an account leading to the current one, else to the list."""
    account = context.get("account")
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.view_name if match else ""
    here = PARTS.get(here, here)
    return [Item(name, _url(view, account), bool(view) and view == here) for name, view in MENU]


def _url(view: str, account: PersonalAccount | None) -> str:
    if not view:
        return ""
    if view == "billing:account_list":
        return reverse(view)
    return reverse(view, args=[account.number]) if account else reverse("billing:home")


@register.simple_tag
def issuer() -> Supplier | None:
    """The supplier whose cabinet this is."""
    return Supplier.objects.issuer()


@register.simple_tag
def branches() -> list[Branch]:
    """The supplier's district branches."""
    return Branch.objects.listed()
