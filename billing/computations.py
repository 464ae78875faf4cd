"""Our own computation of what billing charged, line beside line."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from billing import calculation
from billing.breakdowns import EXACT, Interval, Line
from billing.calculation import (
    TIYN,
    Bill,
    Home,
    Piece,
    counted,
    may_have_passed_zero,
    per_day_30_5,
)
from billing.models import Meter, PersonalAccount, Terms
from billing.models.accounts import PersonalAccountQuerySet
from billing.tariffs import HOME_FIELDS, Book, DatedHome, NoPrice, book


@dataclass(frozen=True)
class Computed:
    """What billing charged between two readings, or for a service without a meter, and our
    own bill of the same; None where tariffs or terms lack, or there is no day between.
    """

    interval: Interval
    bill: Bill | None

    @property
    def difference(self) -> Decimal:
        """Billing's sum less ours, in tenge."""
        return self.interval.amount - self.bill.amount if self.bill else Decimal("0.00")

    @property
    def agrees(self) -> bool:
        """Whether no line differs by more than a tiyn; where the lines are not the same ones,
        whether their sums differ by no more than a tiyn for each. So too if nothing is computed.
        """
        lines = self.interval.lines
        if self.bill and len(self.bill.lines) == len(lines):
            pairs = zip(lines, self.bill.lines, strict=True)
            return all(abs(line.amount - ours.amount) <= TIYN for line, ours in pairs)
        return abs(self.difference) <= TIYN * len(lines)

    @property
    def pairs(self) -> list[tuple[Line, calculation.Line | None]]:
        """Each of billing's lines with ours, where both have the same lines."""
        ours = self.bill.lines if self.bill else ()
        if len(ours) != len(self.interval.lines):
            ours = ()
        return list(zip_longest(self.interval.lines, ours))


class Dial(NamedTuple):
    """What a meter's readings mean: its digits before the point, and what multiplies them."""

    digits: int
    ratio: Decimal


@dataclass(frozen=True)
class Facts:
    """What our own computation needs of an account: its terms and its meters by serial number."""

    book: Book
    homes: tuple[DatedHome, ...]
    meters: dict[str, Dial]

    def home_on(self, day: dt.date) -> Home | None:
        """The terms in force on that day."""
        return next((each.home for each in reversed(self.homes) if each.since <= day), None)

    def of_interval(self, service: str, month: dt.date, interval: Interval) -> Computed:
        """Our bill beside billing's."""
        try:
            return Computed(interval, self._bill(service, month, interval))
        except (NoPrice, ValueError):
            return Computed(interval, None)

    def of_intervals(
        self, service: str, month: dt.date, intervals: Sequence[Interval]
    ) -> tuple[Computed, ...]:
        return tuple(self.of_interval(service, month, interval) for interval in intervals)

    def _bill(self, service: str, month: dt.date, interval: Interval) -> Bill:
        first = interval.first
        if first.serial is None:
            return per_day_30_5(interval.quantity, [self._without_meter(service, month)])
        meter = self.meters.get(first.serial)
        if not (meter and first.from_on and first.to_on):
            raise NoPrice
        if first.from_value is None or first.to_value is None:
            raise NoPrice
        passed = may_have_passed_zero(first.from_value, first.to_value, meter.digits)
        quantity = counted(
            first.from_value,
            first.to_value,
            meter.ratio,
            passed_zero_of=meter.digits if passed else None,
        )
        return self.book.bill(service, self.homes, first.from_on, first.to_on, quantity)

    def _without_meter(self, service: str, month: dt.date) -> Piece:
        """Tariff and VAT of the month's first day, by the only plan that the service has."""
        plans = self.book.plans(service, month)
        if len(plans) != 1:
            raise NoPrice
        home = Home(1, electric_stove=False, privileged=False, plan=plans[0])
        return Piece(Fraction(1), self.book.conditions(service, home, month))


def with_facts(accounts: PersonalAccountQuerySet) -> PersonalAccountQuerySet:
    """Adds to each account what `facts_of()` makes its facts of."""
    terms = Terms.objects.filter(account=OuterRef("pk")).order_by("valid_from")
    since = {"since": "valid_from", **{name: name for name in HOME_FIELDS}}
    meters = Meter.objects.filter(account=OuterRef("pk")).order_by("pk")
    dial = {name: name for name in ("serial", *Dial._fields)}
    return accounts.annotate(
        facts_of_terms=ArraySubquery(terms.values(json=JSONObject(**since)), output_field=EXACT),
        facts_of_meters=ArraySubquery(meters.values(json=JSONObject(**dial)), output_field=EXACT),
    )


def facts_of(account: PersonalAccount) -> Facts:
    """What is computed with, of an account fetched `with_facts()`."""
    homes = (
        DatedHome(dt.date.fromisoformat(since), Home(**home))
        for since, home in (
            (row["since"], {name: row[name] for name in HOME_FIELDS})
            for row in account.facts_of_terms  # type: ignore[attr-defined]
        )
    )
    meters = {
        row["serial"]: Dial(row["digits"], row["ratio"])
        for row in account.facts_of_meters  # type: ignore[attr-defined]
    }
    return Facts(book(), tuple(homes), meters)
