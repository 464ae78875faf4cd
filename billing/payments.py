"""Payments as people look for them: those of one day and bank together."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from billing.models import Bank, Payment, Service


class Amount(Protocol):
    """Anything with a sum of tenge."""

    @property
    def amount(self) -> Decimal: ...


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


def total(rows: Iterable[Amount]) -> Decimal:
    """Their sum in tenge."""
    return sum((row.amount for row in rows), Decimal("0.00"))


def in_table(payments: Sequence[Payment]) -> dict[str, Any]:
    """What the table of payments is made of; they come in the order of days and banks."""
    return {
        "days": by_day(payments),
        "total": total(payments),
        "services": Service.objects.of({payment.service_id for payment in payments}),
        "banks": Bank.objects.of({payment.bank_id for payment in payments}),
    }
