"""What a home's past use would have cost under each plan, month by month."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.breakdowns import Interval
from billing.computations import Facts
from billing.models.columns import Plan
from billing.tariffs import with_plan
from cabinet import figures

NOTHING = Decimal("0.00")


class Change(NamedTuple):
    """The day from which the home has had another plan."""

    since: dt.date
    plan: str


@dataclass(frozen=True)
class Month:
    """What a month's use, in the service's unit, costs under each plan: tenge, VAT within."""

    month: dt.date
    quantity: Decimal
    sums: dict[str, Decimal]

    @property
    def cheapest(self) -> str:
        """The plan that costs less than all others; empty where none does."""
        return cheapest(self.sums)


@dataclass(frozen=True)
class Comparison:
    """The months, the oldest first, that can be computed under all of these plans.

    `left_out` are those that cannot; `now` is the plan that the home has, which may be none of
    these; `changes` are those of the home's plan in the months.
    """

    plans: tuple[str, ...]
    months: tuple[Month, ...]
    left_out: tuple[dt.date, ...]
    now: str
    changes: tuple[Change, ...]

    @property
    def sums(self) -> dict[str, Decimal]:
        """Tenge over all months, by plan."""
        return {
            plan: sum((month.sums[plan] for month in self.months), NOTHING) for plan in self.plans
        }

    @property
    def quantity(self) -> Decimal:
        return sum((month.quantity for month in self.months), Decimal(0))

    @property
    def has_choice(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self.months) and len(self.plans) > 1

    @property
    def cheapest(self) -> str:
        """The plan that would have cost less than all others; empty where none does."""
        return cheapest(self.sums)

    @property
    def other(self) -> str:
        """What the home's plan is set against: the cheapest of the other plans."""
        return min(
            (plan for plan in self.plans if plan != self.base), key=lambda plan: self.sums[plan]
        )

    @property
    def base(self) -> str:
        """The home's plan, or the first one where it is not among these."""
        return self.now if self.now in self.plans else self.plans[0]

    def more(self, sums: Mapping[str, Decimal]) -> Decimal:
        """How many tenge more than the home's plan the other one makes of these sums."""
        return sums[self.other] - sums[self.base]

    @property
    def verdict(self) -> str:
        """Which plan would have been cheaper, and by how much, in one sentence."""
        count, more = len(self.months) + len(self.left_out), self.more(self.sums)
        plan = Plan(self.other if more < 0 else self.base).label
        given = {"months": count, "plan": plan, "sum": figures.tenge(abs(more))}
        if more == 0:
            same = ngettext(
                "Over the last %(months)s month both plans would have cost the same.",
                "Over the last %(months)s months both plans would have cost the same.",
                count,
            )
            return same % given
        if more > 0 and self.base == self.now:
            kept = ngettext(
                "Over the last %(months)s month your plan, the %(plan)s, was the cheaper one:"
                " by %(sum)s.",
                "Over the last %(months)s months your plan, the %(plan)s, was the cheaper one:"
                " by %(sum)s.",
                count,
            )
            return kept % given
        other = ngettext(
            "Over the last %(months)s month the %(plan)s would have cost %(sum)s less.",
            "Over the last %(months)s months the %(plan)s would have cost %(sum)s less.",
            count,
        )
        return other % given

    @property
    def in_months(self) -> str:
        """In how many of the months it was so; empty where both cost the same."""
        if not self.cheapest:
            return ""
        count = len([month for month in self.months if month.cheapest == self.cheapest])
        given = {"count": count, "months": len(self.months)}
        told = ngettext(
            "It was the cheaper one in %(count)s of %(months)s month.",
            "It was the cheaper one in %(count)s of %(months)s months.",
            len(self.months),
        )
        return told % given


def cheapest(sums: Mapping[str, Decimal]) -> str:
    """The plan whose sum is below all others; empty where there is none."""
    least = min(sums.values(), default=NOTHING)
    found = [plan for plan, amount in sums.items() if amount == least]
    return found[0] if len(found) == 1 and len(sums) > 1 else ""


def compared(
    facts: Facts,
    service: str,
    months: Mapping[dt.date, Sequence[Interval]],
    today: dt.date,
) -> Comparison:
    """What billing charged in these months, computed under each plan that had a tariff in any
    of them: the home's own residents, stove and privilege of those days, and the quantities
    and days of billing's lines.
    """
    found = {
        plan: sums
        for plan in facts.book.plans(service)
        if (sums := _sums(replace(facts, homes=with_plan(facts.homes, plan)), service, months))
    }
    full = [month for month in sorted(months) if all(month in sums for sums in found.values())]
    return Comparison(
        tuple(found),
        tuple(
            Month(
                month,
                sum((each.quantity for each in months[month]), Decimal(0)),
                {plan: sums[month] for plan, sums in found.items()},
            )
            for month in full
            if found
        ),
        tuple(month for month in sorted(months) if not found or month not in full),
        next((each.home.plan for each in reversed(facts.homes) if each.since <= today), ""),
        _changes(facts, months),
    )


def _sums(
    facts: Facts, service: str, months: Mapping[dt.date, Sequence[Interval]]
) -> dict[dt.date, Decimal]:
    """Tenge of each month that can be computed."""
    sums = {}
    for month, intervals in months.items():
        bills = [each.bill for each in facts.of_intervals(service, month, intervals)]
        if all(bills):
            sums[month] = sum((bill.amount for bill in bills if bill), NOTHING)
    return sums


def _changes(facts: Facts, months: Mapping[dt.date, Sequence[Interval]]) -> tuple[Change, ...]:
    """Where, between the first reading and the last, the home's plan became another one."""
    lines = [each.first for intervals in months.values() for each in intervals]
    first = min((line.from_on for line in lines if line.from_on), default=dt.date.max)
    last = max((line.to_on for line in lines if line.to_on), default=dt.date.min)
    return tuple(
        Change(each.since, each.home.plan)
        for before, each in zip(facts.homes, facts.homes[1:], strict=False)
        if each.home.plan != before.home.plan and first < each.since < last
    )
