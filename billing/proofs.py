"""What proves that somebody lives where a personal account is: the last payment, or a receipt.

A wrong proof of an account that there is costs as many queries as one of NOBODY's.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from billing.models import PersonalAccount
from billing.payments import total

LATEST = 60  # payments of an account among which its latest day is looked for

# Whether a code is that of one of an account's last three receipts; who makes receipts adds it.
CODES: list[Callable[[PersonalAccount, str], bool]] = []


class Paid(NamedTuple):
    """Money received, in tenge, or taken back if it is below zero."""

    service: str
    metered: bool
    paid_on: dt.date
    amount: Decimal


@dataclass(frozen=True)
class LastDay:
    """The latest day on which something was paid that was not taken back since."""

    day: dt.date
    payments: tuple[Paid, ...]

    @property
    def amounts(self) -> set[Decimal]:
        """What was paid on it in all, and in each payment for a metered service."""
        single = {payment.amount for payment in self.payments if payment.metered}
        return {total(self.payments), *single}


def nobody() -> PersonalAccount:
    """An account that there is not, and that no proof is right for."""
    return PersonalAccount(pk=0)


def by_payment(account: PersonalAccount, day: dt.date, amount: Decimal) -> bool:
    """Whether it was on that day that the account was last paid, and so much."""
    rows = account.payments.order_by("-paid_on", "-reference")
    fields = ("service_id", "service__metered", "paid_on", "amount")
    last = last_day(Paid(*row) for row in rows.values_list(*fields)[:LATEST])
    return last is not None and last.day == day and amount in last.amounts


def by_code(account: PersonalAccount, code: str) -> bool:
    """Whether it is the code of one of the account's last three receipts; all are asked."""
    answers = [is_right(account, code) for is_right in CODES]
    return any(answers)


def last_day(payments: Iterable[Paid]) -> LastDay | None:
    """The latest day of payments that were not taken back; None when there are none.

    A reversal takes back the latest payment of the same sum for the same service before it.
    """
    taken_back: Counter[tuple[str, Decimal]] = Counter()
    found: list[Paid] = []
    for each in sorted(payments, key=lambda each: (each.paid_on, each.amount < 0), reverse=True):
        key = each.service, abs(each.amount)
        if each.amount < 0:
            taken_back[key] += 1
        elif taken_back[key]:
            taken_back[key] -= 1
        elif found and found[0].paid_on != each.paid_on:
            break
        else:
            found.append(each)
    return LastDay(found[0].paid_on, tuple(found)) if found else None
