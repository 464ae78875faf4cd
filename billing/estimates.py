"""What the calculators compute: meters from their last reading on, and the plans side by side."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from billing import sentences
from billing.calculation import Bill, counted, may_have_passed_zero
from billing.computations import Dial
from billing.models import Meter, PersonalAccount, Reading, Service
from billing.models.accounts import Source
from billing.tariffs import Book, DatedHome, NoPrice, with_plan


class Shown(NamedTuple):
    """What a meter shows on a day."""

    on: dt.date
    value: Decimal


@dataclass(frozen=True)
class Stretch:
    """A meter from one reading to another; without an `end` it is still in place. Either it has
    been charged up to its start, or not at all yet.

    The meter of somebody who has not signed in has no `serial`, and may have no `dial` known.
    `unread` are meters that were taken away before it and whose last reading has not come.
    """

    serial: str
    dial: Dial
    start: Shown
    end: Shown | None = None
    is_charged: bool = False
    unread: tuple[str, ...] = ()

    def until(self, end: Shown) -> "Stretch":
        """The same to that reading."""
        return replace(self, end=end)

    def may_have_passed_zero(self, value: Decimal) -> bool:
        """Whether a reading below the first one is plausible all the same (rule R6)."""
        return may_have_passed_zero(self.start.value, value, self.dial.digits)


@dataclass(frozen=True)
class Part:
    """What a meter counted in a stretch costs."""

    stretch: Stretch
    bill: Bill
    unit: str

    @property
    def sentences(self) -> list[sentences.Sentence]:
        return sentences.of_bill(self.bill, self.unit)

    @property
    def nobody(self) -> str:
        """That the limits count one resident where none is registered."""
        return sentences.of_nobody_in(self.bill)


class PlanSum(NamedTuple):
    """What the same costs under a plan, in tenge."""

    plan: str
    amount: Decimal


@dataclass(frozen=True)
class Estimate:
    """Meter by meter, in all, and under each plan that had a tariff on those days."""

    parts: tuple[Part, ...]
    plans: tuple[PlanSum, ...]

    @property
    def amount(self) -> Decimal:
        """Tenge with VAT."""
        return sum((part.bill.amount for part in self.parts), Decimal("0.00"))

    @property
    def quantity(self) -> Decimal:
        return sum((part.bill.quantity for part in self.parts), Decimal(0))

    @property
    def cheapest(self) -> str:
        """The plan that costs least; empty where none costs less than the others."""
        sums = sorted((each.amount, each.plan) for each in self.plans)
        return sums[0][1] if len(sums) > 1 and sums[0][0] < sums[1][0] else ""

    @property
    def saved(self) -> Decimal:
        """How much less the cheapest plan costs than the dearest, in tenge."""
        amounts = [each.amount for each in self.plans]
        return max(amounts) - min(amounts)


def made(
    book: Book, service: Service, homes: Sequence[DatedHome], stretches: Sequence[Stretch]
) -> Estimate:
    """The estimate of stretches that have ended; a reading below the first one has passed zero.

    NoPrice where terms, a tariff or VAT lack.
    """
    bills = _bills(book, service.pk, homes, stretches)
    parts = zip(stretches, bills, strict=True)
    plans = []
    for plan in book.plans(service.pk):
        try:
            costs = _bills(book, service.pk, with_plan(homes, plan), stretches)
        except NoPrice:
            continue
        plans.append(PlanSum(plan, sum((bill.amount for bill in costs), Decimal("0.00"))))
    return Estimate(tuple(Part(*part, service.unit) for part in parts), tuple(plans))


def _bills(
    book: Book, service: str, homes: Sequence[DatedHome], stretches: Sequence[Stretch]
) -> list[Bill]:
    bills = []
    for each in stretches:
        if each.end is None:
            raise ValueError("the stretch has no end")
        passed = each.dial.digits if each.end.value < each.start.value else None
        units = counted(each.start.value, each.end.value, each.dial.ratio, passed_zero_of=passed)
        bills.append(book.bill(service, homes, each.start.on, each.end.on, units))
    return bills


def open_stretches(account: PersonalAccount) -> dict[str, list[Stretch]]:
    """By service, what billing has not charged yet of the meters, the one in place last; a meter
    taken away since its last charge comes before it, to its last reading. Two queries.

    Services without a meter in place are not among them, nor those of closed accounts.
    """
    if account.closed_on:
        return {}
    last = account.charges.exclude(serial=None).order_by("serial", "-to_on").distinct("serial")
    billed: dict[str, dict[str, Shown]] = defaultdict(dict)
    for service, serial, on, value in last.values_list("service", "serial", "to_on", "to_value"):
        if serial and on and value is not None:
            billed[service][serial] = Shown(on, value)
    found: dict[str, list[Stretch]] = {}
    unread: dict[str, list[str]] = defaultdict(list)
    for meter in _with_ends(account).order_by("installed_on", "pk"):
        if stretch := _stretch(meter, billed[meter.service_id]):
            found.setdefault(meter.service_id, []).append(stretch)
        elif _is_unread(meter, billed[meter.service_id]):
            unread[meter.service_id].append(meter.serial)
    return {
        code: [*each[:-1], replace(each[-1], unread=tuple(unread[code]))]
        for code, each in found.items()
        if each[-1].end is None
    }


def _stretch(meter: Meter, billed: Mapping[str, Shown]) -> Stretch | None:
    """What is open of the meter, `billed` being the last charged readings of its service; None
    for one taken away of which all is charged, or of which nothing is known.
    """
    charged = billed.get(meter.serial)
    start = charged or _shown(meter, "installed") or _shown(meter, "first")
    if start is None:
        return None
    end = None
    if meter.removed_on:
        end = _shown(meter, "removed")
        known_since = max((each.on for each in billed.values()), default=start.on)
        if end is None or end.on <= max(start.on, known_since):
            return None
    dial = Dial(meter.digits, meter.ratio)
    return Stretch(meter.serial, dial, start, end, is_charged=charged is not None)


def _is_unread(meter: Meter, billed: Mapping[str, Shown]) -> bool:
    """Whether it was taken away since the last charge and nobody says what it showed then."""
    charged = max((each.on for each in billed.values()), default=None)
    return bool(
        meter.removed_on and charged and meter.removed_on > charged and not _shown(meter, "removed")
    )


def _shown(meter: Meter, name: str) -> Shown | None:
    day, value = getattr(meter, f"{name}_reading_on"), getattr(meter, f"{name}_reading")
    return Shown(day, value) if day else None


def _with_ends(account: PersonalAccount) -> QuerySet[Meter]:
    """The account's meters with their first reading, and those when they came and went."""
    readings = Reading.objects.filter(meter=OuterRef("pk")).order_by("taken_on")
    ends = {
        "installed": readings.filter(source=Source.INSTALLED),
        "removed": readings.filter(source=Source.REMOVED).reverse(),
        "first": readings,
    }
    return account.meters.annotate(
        **{f"{name}_reading": Subquery(each.values("value")[:1]) for name, each in ends.items()},
        **{
            f"{name}_reading_on": Subquery(each.values("taken_on")[:1])
            for name, each in ends.items()
        },
    )
