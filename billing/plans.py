"""What a home would have paid under each plan, month by month."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from billing.breakdowns import Interval
from billing.computations import Facts
from billing.tariffs import NoPrice, with_plan


class Compared(NamedTuple):
    """A month: its units, and what they would have cost under each plan, in tenge."""

    month: dt.date
    quantity: Decimal
    sums: tuple[Decimal, ...]

    @property
    def cheapest(self) -> int:
        """The place of the plan that costs least; −1 where none costs less than the others."""
        least = min(self.sums)
        return self.sums.index(least) if self.sums.count(least) == 1 else -1


@dataclass(frozen=True)
class Comparison:
    """Months, the latest first, under each plan that had a tariff in any of them.

    `left_out` are months that cannot be computed under all of these; `own` is the plan that the
    home has now.
    """

    plans: tuple[str, ...]
    months: tuple[Compared, ...]
    left_out: tuple[dt.date, ...]
    own: str

    @property
    def sums(self) -> tuple[Decimal, ...]:
        """In tenge, plan by plan."""
        return tuple(
            sum((each.sums[place] for each in self.months), Decimal("0.00"))
            for place in range(len(self.plans))
        )

    @property
    def quantity(self) -> Decimal:
        return sum((each.quantity for each in self.months), Decimal(0))

    @property
    def cheapest(self) -> str:
        """The plan that would have cost least over all; empty where none would."""
        whole = Compared(dt.date.min, self.quantity, self.sums)
        place = whole.cheapest if self.months and len(self.plans) > 1 else -1
        return self.plans[place] if place >= 0 else ""

    @property
    def saved(self) -> Decimal:
        """How much less the cheapest plan would have cost than the next one."""
        first, second, *_rest = sorted(self.sums)
        return second - first

    @property
    def months_cheapest(self) -> int:
        """In how many months that plan was the cheapest one."""
        return sum(
            each.cheapest >= 0 and self.plans[each.cheapest] == self.cheapest
            for each in self.months
        )


def compared(
    facts: Facts, service: str, charged: Mapping[dt.date, Sequence[Interval]], own: str
) -> Comparison:
    """By the home's own dated terms but for the plan, quantities as they were charged."""
    costs = {
        plan: {month: _cost(facts, service, plan, charged[month]) for month in charged}
        for plan in facts.book.plans(service)
    }
    plans = [
        plan for plan, sums in costs.items() if any(cost is not None for cost in sums.values())
    ]
    months, left_out = [], []
    for month in sorted(charged, reverse=True):
        sums = [cost for plan in plans if (cost := costs[plan][month]) is not None]
        if plans and len(sums) == len(plans):
            quantity = sum((each.quantity for each in charged[month]), Decimal(0))
            months.append(Compared(month, quantity, tuple(sums)))
        else:
            left_out.append(month)
    return Comparison(tuple(plans), tuple(months), tuple(left_out), own)


def _cost(facts: Facts, service: str, plan: str, intervals: Sequence[Interval]) -> Decimal | None:
    """Of a month, in tenge; None where terms, a tariff or VAT lack, or there is no day."""
    homes = with_plan(facts.homes, plan)
    amount = Decimal("0.00")
    for each in intervals:
        first = each.first
        if not (first.from_on and first.to_on):
            return None
        try:
            bill = facts.book.bill(service, homes, first.from_on, first.to_on, each.quantity)
        except (NoPrice, ValueError):
            return None
        amount += bill.amount
    return amount
