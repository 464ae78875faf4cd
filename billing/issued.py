"""The receipts that were issued, and what has been paid of each."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from billing.ledgers import NOTHING
from billing.models import Payment, PersonalAccount, Receipt
from cabinet.written import Written


@dataclass(frozen=True)
class Issued:
    """A month's receipt; `paid` is what was booked to later months, in tenge.

    It is paid when the payments since its month's close reach its amount due.
    """

    month: dt.date
    number: str
    issued_on: dt.date
    due_on: dt.date
    amount_due: Decimal
    version: int
    paid: Decimal

    @property
    def state(self) -> str:
        """`nothing` to pay, `paid`, `partly` or `unpaid`."""
        if self.amount_due <= 0:
            return "nothing"
        if self.paid >= self.amount_due:
            return "paid"
        return "partly" if self.paid > 0 else "unpaid"

    @property
    def left(self) -> Decimal:
        """What is still to be paid of it."""
        return max(self.amount_due - max(self.paid, NOTHING), NOTHING)


def within(receipts: Iterable[Issued], first: dt.date, last: dt.date) -> list[Issued]:
    """Those from the first month to the last, both included."""
    return [each for each in receipts if first <= each.month <= last]


_paid = Written(
    lambda account: (
        Payment.objects.filter(account=account)
        .order_by()
        .values_list("month")
        .annotate(Sum("amount"))
    ),
    int,
)
_issued = Written(
    lambda account: (
        Receipt.objects.filter(account=account)
        .order_by("-month")
        .values_list("month", "number", "issued_on", "due_on", "amount_due", "version")
    ),
    int,
)


def of_account(account: PersonalAccount) -> list[Issued]:
    """All receipts of the account, the newest first; two queries, each in one index."""
    later = NOTHING
    paid_in = dict(_paid.all(account.pk))
    waiting = sorted(paid_in, reverse=True)
    found = []
    for row in _issued.all(account.pk):
        while waiting and waiting[0] > row[0]:
            later += paid_in[waiting.pop(0)]
        found.append(Issued(*row, paid=later))
    return found
