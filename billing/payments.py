"""Payments as people look for them: those of one day and bank together."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing.models import Payment


@dataclass(frozen=True)
class PaidTogether:
    """The payments of one day through one bank."""

    payments: tuple[Payment, ...]

    @property
    def rows(self) -> int:
        """The rows that they take in a table: theirs, and that of the sum of several."""
        return len(self.payments) + (len(self.payments) > 1)

    @property
    def sum(self) -> Decimal:
        """All of them together, in tenge."""
        return total(self.payments)


def by_day(payments: Iterable[Payment]) -> list[PaidTogether]:
    """Payments in the order of days and banks, those of one day and bank together."""
    return [
        PaidTogether(tuple(group))
        for _key, group in itertools.groupby(
            payments, key=lambda payment: (payment.paid_on, payment.bank_id)
        )
    ]


def total(payments: Iterable[Payment]) -> Decimal:
    """Their sum in tenge."""
    return sum((payment.amount for payment in payments), Decimal("0.00"))
