"""What the letters of a subscription say, in the language in force."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.balances import Balance
from billing.issued import Issued
from billing.models import Holding, PersonalAccount
from cabinet import days, figures, months
from cabinet.jinja import yes_no
from cabinet.letters import Content, Sum
from cabinet.links import absolute
from cabinet.models import State
from receipts import papers, subscriptions
from receipts.deliveries import RECEIPT
from receipts.models import Delivery, Subscription
from receipts.proofs import masked

Facts = list[tuple[str, str]]


def unsubscribe_address(subscription: Subscription, notice: str) -> str:
    return absolute(reverse("receipts:unsubscribe", args=[subscription.key, notice]))


def of_receipt(delivery: Delivery, bill: Issued, attached: bool) -> Content:
    account = delivery.subscription.account
    told, paragraphs = months.name(bill.month), []
    subject = _("Receipt: %(month)s") % {"month": told}
    if bill.version > 1:
        subject = _("Corrected receipt: %(month)s") % {"month": told}
    else:
        paragraphs.append(_("The receipt of your personal account is ready."))
    if delivery.since:
        paragraphs += _corrected(delivery, bill)
    if attached:
        paragraphs.append(_("It is attached as a PDF, and stays in the personal cabinet."))
    else:
        paragraphs.append(_("You find it in the personal cabinet."))
    address = reverse("receipts:sent", args=[delivery.subscription.key, months.code(bill.month)])
    return Content(
        subject=subject,
        paragraphs=paragraphs,
        sum=_sum_of(bill),
        facts=[*_facts(delivery.subscription), (_("Month/Year"), told), *_figures(account, bill)],
        button=(_("Open the receipt"), absolute(address)),
        **_ending(delivery, "receipts"),
    )


def _corrected(delivery: Delivery, bill: Issued) -> list[str]:
    """What a correction changed: since which month, and how much is due now."""
    since = delivery.since or bill.month
    if since < bill.month:  # those before it, if this one is new
        last = bill.month if bill.version > 1 else months.plus(bill.month, -1)
        if since == last:
            given = {"month": months.name(since)}
            return [_("The supplier has corrected an earlier receipt: %(month)s.") % given]
        span = {"first": months.name(since), "last": months.name(last)}
        told = [_("The supplier has corrected receipts, from %(first)s to %(last)s.") % span]
    else:
        told = [_("The supplier has corrected this receipt.")]
    before = papers.amount_before(
        delivery.subscription.account, bill.month, bill.version, _sent_before(delivery)
    )
    if before is not None and before != bill.amount_due:
        given = {"before": Balance(before).words, "now": Balance(bill.amount_due).words}
        told.append(_("It was: %(before)s. It is now: %(now)s.") % given)
    elif before is not None:
        told.append(_("What is to be paid has not changed."))
    return told


def _sent_before(delivery: Delivery) -> int | None:
    """The version of that month that the subscriber got last."""
    sent = delivery.subscription.deliveries.filter(
        letter__kind=RECEIPT, letter__state=State.SENT, month=delivery.month
    )
    return sent.order_by("-version").values_list("version", flat=True).first()


def _sum_of(bill: Issued) -> Sum:
    """What is to be paid now: of a receipt that is paid in part, nobody is to pay it all again."""
    if bill.state == "partly":
        return _sum(Balance(bill.left), bill.due_on)._replace(words=_("Left to pay"))
    if bill.state == "paid":
        return Sum("overpaid", _("The receipt is paid"), figures.tenge(bill.amount_due))
    return _sum(Balance(bill.amount_due), bill.due_on)


def _sum(balance: Balance, due_on: dt.date) -> Sum:
    if balance.state == "to-pay":
        note = _("Pay by: %(day)s") % {"day": days.long_day(due_on)}
        return Sum(balance.state, _("To pay"), balance.sum, note)
    if balance.state == "overpaid":
        return Sum(
            balance.state, _("Overpaid"), balance.sum, _("It counts towards the next receipt.")
        )
    return Sum(balance.state, _("Balance now"), _("Nothing to pay"))


def _facts(subscription: Subscription) -> Facts:
    """Which account it is: its last digits, and the user's own name for it."""
    held = Holding.objects.filter(user=subscription.user_id, account=subscription.account_id)
    nickname = held.values_list("nickname", flat=True).first()
    return [
        (_("Account number"), masked(subscription.account.number)),
        *([(_("Own name for it"), nickname)] if nickname else []),
    ]


def _figures(account: PersonalAccount, bill: Issued) -> Facts:
    """How the sum came about, and what was paid of it since."""
    sums = [Decimal(0)] * 4
    for row in account.ledger.filter(month=bill.month).values_list(
        "opening", "accrued", "adjusted", "paid"
    ):
        sums = [total + value for total, value in zip(sums, row, strict=True)]
    opening, accrued, adjusted, paid = sums
    told = [
        (_("Opening balance"), figures.tenge(opening)),
        (_("Accrued"), figures.tenge(accrued)),
        *([(_("Adjustments"), figures.tenge(adjusted))] if adjusted else []),
        (_("Payments"), figures.tenge(paid)),
    ]
    if bill.paid > 0 and bill.amount_due > 0:
        told += [
            (_("Amount of the receipt"), figures.tenge(bill.amount_due)),
            (_("Received since then"), figures.tenge(bill.paid)),
        ]
    return told


def of_reminder(delivery: Delivery, bill: Issued) -> Content:
    return Content(
        subject=_("The receipt is to be paid by %(day)s") % {"day": days.day(bill.due_on)},
        paragraphs=[
            _("If you have paid in the last days, do nothing: payments arrive with a delay.")
        ],
        sum=_sum(Balance(bill.left), bill.due_on),
        facts=[*_facts(delivery.subscription), (_("Receipt"), months.name(bill.month))],
        button=(_("Open the personal cabinet"), absolute(reverse("billing:home"))),
        **_ending(delivery, "reminders"),
    )


def of_payment(delivery: Delivery) -> Content | None:
    account = delivery.subscription.account
    rows = list(
        account.payments.filter(reference__in=delivery.payments)
        .select_related("service", "bank")
        .order_by("paid_on", "bank_id", "service_id", "reference")
    )
    if not rows:
        return None
    total = sum((row.amount for row in rows), Decimal(0))
    taken_back = total < 0
    return Content(
        subject=_("A payment was taken back") if taken_back else _("Your payment was received"),
        paragraphs=[
            _("The bank has taken a payment back.")
            if taken_back
            else _("The supplier has received a payment to your personal account.")
        ],
        sum=Sum("to-pay" if taken_back else "overpaid", _("Payments"), figures.tenge(total)),
        facts=[
            *_facts(delivery.subscription),
            *(
                (f"{days.day(row.paid_on)}, {row.bank.name}", _of(row.service.name, row.amount))
                for row in rows
            ),
        ],
        button=(_("Open the personal cabinet"), absolute(reverse("billing:home"))),
        **_ending(delivery, "payments"),
    )


def _of(service: str, amount: Decimal) -> str:
    return f"{service}: {figures.tenge(amount)}"


def _ending(delivery: Delivery, notice: str) -> dict[str, Any]:
    """Why it came, and how to get no more of them."""
    why = {
        "receipts": _("You get this letter because you subscribed to e-receipts."),
        "reminders": _("You get this letter because you asked for reminders."),
        "payments": _("You get this letter because you asked for word of payments."),
    }
    address = unsubscribe_address(delivery.subscription, notice)
    return {"why": why[notice], "unsubscribe": (_("Unsubscribe"), address)}


def of_choice(subscription: Subscription) -> Content:
    """What a subscription brings from now on, for the letter that confirms a change."""
    on = {
        "receipts": _("E-receipts"),
        "reminders": _("Reminders before the day of payment"),
        "payments": _("Word of each payment received"),
    }
    facts = [(label, yes_no(getattr(subscription, name))) for name, label in on.items()]
    if subscription.receipts:
        facts += [
            (_("Language of the receipt"), subscription.get_language_display()),
            (_("Size of type"), subscription.get_form_display()),
        ]
    comes = subscription.paper or subscriptions.others_keep_paper(subscription)
    facts.append((_("Receipt on paper"), yes_no(comes)))
    return Content(
        subject=_("What you get by e-mail has changed"),
        paragraphs=[_("This is what you get of your personal account from now on.")],
        facts=[*_facts(subscription), *facts],
        button=(_("Change it"), absolute(reverse("receipts:e_receipt"))),
        afterwards=[_("If it was not you, set a new password and change it back.")],
    )
