"""What is written to the users of an account about who else sees it, and whether they still do.

Others are named by masked names only, and the reasons of staff are not told.
"""

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from billing.models import PersonalAccount
from billing.names import masked
from cabinet import days, outbox
from cabinet.letters import Content


def tell(
    kind: str,
    user: User,
    request: HttpRequest | None = None,
    *,
    account: PersonalAccount,
    name: str = "",
) -> None:
    """Puts the letter into the outbox, in the transaction under way and the user's language.

    `name` is the full name of whom it tells of. Without a request there is no button.
    """
    with translation.override(user.language):
        content = KINDS[kind](account, masked(name))
        if request and kind != "account_unlinked":
            url = request.build_absolute_uri(reverse("billing:account_list"))
            content = replace(content, button=(_("Available accounts"), url))
        outbox.post(user.email, kind, user.language, content)


def tell_others(account: PersonalAccount, user: User, request: HttpRequest) -> None:
    """Tells the other holders of an account that the user has joined them."""
    others = account.holdings.in_force().exclude(user=user).select_related("user")
    for holding in others.order_by("pk"):
        tell("holder_joined", holding.user, request, account=account, name=user.full_name)


def _facts(account: PersonalAccount) -> list[tuple[str, str]]:
    return [
        (_("Account number"), account.number),
        (_("When"), days.moment(timezone.now())),
    ]


def _holder_joined(account: PersonalAccount, name: str) -> Content:
    return Content(
        subject=_("One more person sees your personal account"),
        paragraphs=[
            _(
                "Somebody has proved to know the last payment of this account, or has shown "
                "identity papers, and sees its bills and payments now."
            )
        ],
        facts=[*_facts(account), (_("Who"), name)],
        afterwards=[
            _("If it is one of your family, nothing needs to be done."),
            _("If you do not know who it is, call the contact centre."),
        ],
    )


def _linked(account: PersonalAccount, name: str) -> Content:
    return Content(
        subject=_("A personal account was linked to you"),
        paragraphs=[_("The supplier’s staff have linked it; you see its bills and payments now.")],
        facts=_facts(account),
        afterwards=[_("If you have not asked for it, call the contact centre.")],
    )


def _unlinked(account: PersonalAccount, name: str) -> Content:
    return Content(
        subject=_("A personal account is no longer linked to you"),
        paragraphs=[
            _("The supplier’s staff have taken the link away. The account itself stays as it is.")
        ],
        facts=_facts(account),
        afterwards=[_("If you have questions, call the contact centre.")],
    )


def _slowed(account: PersonalAccount, name: str) -> Content:
    return Content(
        subject=_("Somebody tries to add your personal account"),
        paragraphs=[
            _(
                "Within a day this account was tried many times with payments that do not match. "
                "Nobody has seen anything of it."
            ),
            _("For a day such tries are taken more slowly. You see your account as always."),
        ],
        facts=_facts(account),
        afterwards=[
            _("If it is one of your family, help with the day and sum of the last payment."),
            _("Otherwise nothing needs to be done; do not show anybody your receipts."),
        ],
    )


def _suspended(account: PersonalAccount, name: str) -> Content:
    return Content(
        subject=_("You no longer see a personal account: its payer has changed"),
        paragraphs=[
            _(
                "The supplier has noted another payer for this account since you added it. "
                "So that nobody sees another’s bills, it is hidden from you for now."
            ),
            _("If you live there, add it again in the personal cabinet by its last payment."),
        ],
        facts=[
            (_("Account number"), account.number),
            (_("Present payer since"), days.day(account.owner_since)),
        ],
        afterwards=[_("If it is a mistake, call the contact centre.")],
    )


KINDS: dict[str, Callable[[PersonalAccount, str], Content]] = {
    "holder_joined": _holder_joined,
    "account_linked": _linked,
    "account_unlinked": _unlinked,
    "account_slowed": _slowed,
    "account_suspended": _suspended,
}
