"""What happens in an invented home, month by month: readings, charges, payments, changes.

Whole numbers throughout, exact and quick: money in tiyn; readings, quantities and limits in
thousandths; prices in millionths; days as ordinals; a month as year · 12 + month − 1.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import NamedTuple

ELECTRICITY, MAINTENANCE = "EL", "MS"
BRANCHES = ("ALM", "AUE", "BOS", "TUR", "MED")
BANKS = ("HAL", "KAS", "POST")

# A change comes to one home in so many, in one of the first `HORIZON` months.
HORIZON = 36
CHANGES = {"opened": 60, "closed": 60, "replaced": 40, "terms": 20, "owner": 50, "moved": 150}
NEVER = 1_000_000

# What a home is like from the beginning: one in so many.
TRAITS = {
    "flat": 5,
    "transformer": 150,  # a ratio other than 1
    "short_dial": 50,  # four digits, which pass over zero
    "tenths": 300,  # a meter that shows tenths
    "remote": 200,  # every third reading is estimated
    "vacant": 300,
    "nobody": 250,  # no registered residents
    "debtor": 150,  # never pays
    "prepays": 150,  # pays far ahead, then lives off it
    "one_service": 200,
}

# The consumption of the months January … December, in per cent.
SEASON = (115, 108, 100, 94, 88, 95, 108, 122, 95, 96, 104, 115)


class Terms(NamedTuple):
    valid_from: int
    residents: int
    electric_stove: int
    privileged: int
    plan: str


class Level(NamedTuple):
    """A level of a tariff: `factor` is the price in 10⁻¹⁰ tenge with VAT."""

    limit: int | None
    price: str
    factor: int


class Part(NamedTuple):
    """Days of an interval under one tariff and one VAT rate."""

    days: int
    vat_rate: str
    levels: tuple[Level, ...]


class Line(NamedTuple):
    days: int
    quantity: int
    level: int
    limit: int | None
    price: str
    vat_rate: str
    amount: int


class Reading(NamedTuple):
    serial: str
    taken_on: int
    source: str
    value: int


class Interval(NamedTuple):
    serial: str
    from_on: int
    from_value: int
    to_on: int
    to_value: int
    lines: list[Line]


class Adjustment(NamedTuple):
    service: str
    reason: str
    quantity: int | None
    amount: int


class Payment(NamedTuple):
    service: str
    paid_on: int
    amount: int
    bank: str


class Balance(NamedTuple):
    service: str
    opening: int
    accrued: int
    adjusted: int
    paid: int
    closing: int


@dataclass(slots=True)
class Meter:
    serial: int
    digits: int
    ratio: int
    step: int  # what its last digit counts
    installed_on: int
    removed_on: int | None = None

    @property
    def capacity(self) -> int:
        """The first value that it cannot show."""
        capacity: int = 1000 * 10**self.digits
        return capacity


@dataclass(slots=True)
class Close:
    """What one month brought to an account."""

    readings: list[Reading] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    maintenance: list[Line] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)


Prices = Callable[[str, Terms, int, int], tuple[Part, ...]]


@cache
def first_day(month: int) -> int:
    """The ordinal of the month's first day."""
    return dt.date(month // 12, month % 12 + 1, 1).toordinal()


def amount_of(quantity: int, factor: int) -> int:
    """The money for a rounded quantity, half up."""
    return (quantity * factor + 50_000_000_000) // 100_000_000_000


def charge(quantity: int, shares: Sequence[tuple[Part, int]]) -> list[Line]:
    """The lines of an interval by the policy per_day_30_5; a share is a part and its residents.

    Exact quantities are counted in 1/(61 · days) of a thousandth, which both the spread over
    the days and the limits per 30.5 days divide without a remainder.
    """
    days = sum(part.days for part, _residents in shares)
    if not quantity:
        part = shares[0][0]
        return [Line(days, 0, 1, None, part.levels[0].price, part.vat_rate, 0)]
    whole = 61 * days
    lines = []
    reached = rounded = 0
    for part, residents in shares:
        used, below = quantity * part.days * 61, 0
        for number, level in enumerate(part.levels, 1):
            printed = None
            above = used
            if level.limit is not None:
                limit = level.limit * 2 * part.days * residents
                printed = (2 * limit + 61) // 122
                above = min(used, limit * days)
            if above > below:
                reached += above - below
                below = above
                given, rounded = rounded, (2 * reached + whole) // (2 * whole)
                got, amount = rounded - given, amount_of(rounded - given, level.factor)
                line = Line(part.days, got, number, printed, level.price, part.vat_rate, amount)
                lines.append(line)
            if below == used:
                break
    return lines


class Home:
    """An account's history, drawn from the seed and its ordinal alone.

    `close` takes it through one month after the other; what it then knows is how it stands
    at the end of that month.
    """

    def __init__(self, ordinal: int, seed: int, first_month: int, prices: Prices) -> None:
        self._random = Random(seed << 32 | ordinal).random
        self._prices = prices
        self._traits = {name for name, homes in TRAITS.items() if self._one_in(homes)}
        self._changes = {
            name: first_month + self._below(HORIZON) if self._one_in(homes) else NEVER
            for name, homes in CHANGES.items()
        }
        self.branch = BRANCHES[self._below(len(BRANCHES))]
        self.payer, self.address = self._below(1 << 40), self._below(1 << 40)
        self.closed_on: int | None = None
        self.readdressed_on = 0
        old = self._changes["opened"] == NEVER
        self.opens = first_month if old else self._changes["opened"]
        self.due = {ELECTRICITY: 0, MAINTENANCE: 0}
        if "one_service" in self._traits:
            del self.due[MAINTENANCE]
        self.opened_on = first_day(1995 * 12 + self._below(300) if old else self.opens)
        self.owner_since = self.opened_on
        self.terms = [self._first_terms()]
        since = first_day(2010 * 12 + self._below(120)) if old else self.opened_on
        self.meters = [self._new_meter(max(since, self.opened_on))]
        self._habit = self._daily_habit()
        self._value = self._below(self.meters[0].capacity // 2000) * 1000
        if "short_dial" in self._traits:
            self._value = self.meters[0].capacity - 1000 - self._below(4000) * 1000
        self._read_on = first_day(self.opens - 1) + 21 + self._below(7) if old else self.opened_on
        self._last: dict[str, int] = {}  # the meter's last value by source
        source = "network" if old else "installed"
        # The readings that come before those of the first month's close.
        self.first_readings = [self._reading(source, self._value)]
        if old:
            self._owe_something()
        # What has been paid since the last close, and will be booked to the next month.
        self.coming = self._pay(self.opens)

    def close(self, month: int) -> Close:
        """What the month brings; nothing before the account opens and after it closes."""
        closed = Close()
        if month < self.opens or self.closed_on:
            return closed
        closed.payments = self.coming
        self._change(month)
        self._measure(month, closed)
        if MAINTENANCE in self.due:
            closed.maintenance = [self._maintenance(month)]
        self._adjust(closed)
        self._balance(closed)
        self.coming = [] if self.closed_on else self._pay(month + 1)
        return closed

    def _below(self, limit: int) -> int:
        return int(self._random() * limit)

    def _one_in(self, many: int) -> bool:
        return self._random() * many < 1

    def _first_terms(self) -> Terms:
        residents = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5)[self._below(10)]
        if "nobody" in self._traits:
            residents = 0
        elif self._one_in(400):
            residents = 6 + self._below(14)
        privileged = int(residents == 1 and self._one_in(8))
        plan = "flat" if "flat" in self._traits else "tiered"
        return Terms(self.opened_on, residents, int(self._one_in(3)), privileged, plan)

    def _new_meter(self, installed_on: int) -> Meter:
        digits = 4 if "short_dial" in self._traits else 5 if self._one_in(10) else 6
        ratio = (20, 30, 40)[self._below(3)] if "transformer" in self._traits else 1
        step = 100 if "tenths" in self._traits else 1000
        return Meter(10_000_000 + self._below(80_000_000), digits, ratio, step, installed_on)

    def _daily_habit(self) -> int:
        """The usual consumption of a day, in thousandths of a kilowatt-hour."""
        terms = self.terms[0]
        monthly = (45 + 66 * terms.residents) * (14 if terms.electric_stove else 10) // 10
        return monthly * 1000 * (60 + self._below(80)) // 3000

    def _owe_something(self) -> None:
        for service in self.due:
            self.due[service] = 13_440
        self.due[ELECTRICITY] = 80_000 + self._below(700_000)
        if self._one_in(10):
            self.due[ELECTRICITY] = (0, -30_000, 150_000, -6_000_000)[self._below(4)]

    def _reading(self, source: str, value: int) -> Reading:
        self._last[source] = value
        return Reading(str(self.meters[-1].serial), self._read_on, source, value)

    def _change(self, month: int) -> None:
        first = first_day(month)
        if month == self._changes["closed"]:
            self.closed_on = first + 27
        if month == self._changes["owner"]:
            self.payer, self.owner_since = self._below(1 << 40), first + 2
        if month == self._changes["moved"]:
            self.address, self.readdressed_on = self._below(1 << 40), first
        if month == self._changes["terms"]:
            self.terms.append(self._next_terms(first + 1 + self._below(27)))

    def _next_terms(self, valid_from: int) -> Terms:
        _since, residents, stove, _privileged, plan = self.terms[-1]
        if self._one_in(4):
            return Terms(valid_from, residents, stove, 0, "flat" if plan == "tiered" else "tiered")
        if self._one_in(4):
            return Terms(valid_from, residents, 1 - stove, 0, plan)
        return Terms(valid_from, residents + 1, stove, 0, plan)

    def _measure(self, month: int, closed: Close) -> None:
        """The month's readings, and the charges between them."""
        first = first_day(month)
        if month == self._changes["replaced"]:
            closed.intervals.append(self._until(first + 9 + self._below(5), month))
            closed.readings.append(self._reading("removed", self._value))
            self._replace()
            closed.readings.append(self._reading("installed", self._value))
        closed.intervals.append(self._until(first + 21 + self._below(7), month))
        estimated = "remote" in self._traits and month % 3 == 0
        if not (estimated and self._may_follow("estimated", self._value)):
            closed.readings.append(self._reading("network", self._value))
            consumers = max(self._value - self._below(4) * 1000, 0)
            if self._one_in(7) and self._may_follow("consumer", consumers):
                closed.readings.append(self._reading("consumer", consumers))
        else:
            closed.readings.append(self._reading("estimated", self._value))

    def _replace(self) -> None:
        """Puts a new meter in the old one's place on the day of the last reading."""
        old, new = self.meters[-1], self._new_meter(self._read_on)
        old.removed_on = self._read_on
        new.serial += new.serial == old.serial
        self.meters.append(new)
        self._last = {}
        self._value = self._below(3) * new.step if self._one_in(3) else 0

    def _may_follow(self, source: str, value: int) -> bool:
        """Whether a source's reading is not smaller than its last, or has passed over zero."""
        capacity, last = self.meters[-1].capacity, self._last.get(source, 0)
        return value >= last or value + capacity - last <= capacity // 10

    def _until(self, day: int, month: int) -> Interval:
        """The interval up to that day, with what was used in it."""
        meter, since, before = self.meters[-1], self._read_on, self._value
        used = self._used(day - since, month)
        self._read_on, self._value = day, (before + used) % meter.capacity
        lines = charge(used * meter.ratio, self._shares(since, day))
        return Interval(str(meter.serial), since, before, day, self._value, lines)

    def _used(self, days: int, month: int) -> int:
        """Drawn by habit and season; little enough for two intervals to pass over zero once."""
        if "vacant" in self._traits or self._one_in(60):
            return 0
        meter = self.meters[-1]
        used = self._habit * days * SEASON[month % 12] * (70 + self._below(60)) // 10_000
        if self._one_in(60):
            used = used * 12 // 5
        used = min(used // meter.ratio, meter.capacity // 25)
        return used - used % meter.step

    def _shares(self, since: int, day: int) -> list[tuple[Part, int]]:
        """The parts of an interval, each with the residents that its limits count."""
        shares = []
        for place, terms in enumerate(self.terms):
            ends = self.terms[place + 1].valid_from if place + 1 < len(self.terms) else day
            start, end = max(since, terms.valid_from), min(day, ends)
            if start < end:
                residents = max(terms.residents, 1)
                parts = self._prices(ELECTRICITY, terms, start, end)
                shares += [(part, residents) for part in parts]
        return shares

    def _maintenance(self, month: int) -> Line:
        """A month of a service without a meter, at the price and VAT of its first day."""
        terms = Terms(0, 0, 0, 0, "flat")
        first = first_day(month)
        _days, vat_rate, levels = self._prices(MAINTENANCE, terms, first, first + 1)[0]
        amount = amount_of(1000, levels[0].factor)
        return Line(0, 1000, 0, None, levels[0].price, vat_rate, amount)

    def _adjust(self, closed: Close) -> None:
        if MAINTENANCE in self.due and self._one_in(500):
            amount = -closed.maintenance[0].amount
            closed.adjustments.append(Adjustment(MAINTENANCE, "outage", None, amount))
        for _time in range(2):
            if not self._one_in(35):
                break
            closed.adjustments.append(self._adjustment(closed.intervals[-1]))

    def _adjustment(self, interval: Interval) -> Adjustment:
        if self._one_in(3):
            quantity = 1000 + self._below(40_000)
            level = self._shares(interval.to_on - 1, interval.to_on)[0][0].levels[0]
            amount = amount_of(quantity, level.factor)
            sign = 1 if self._one_in(3) else -1
            return Adjustment(ELECTRICITY, "recalculated", sign * quantity, sign * amount)
        if self._one_in(4):
            return Adjustment(ELECTRICITY, "decision", None, -100_000 - self._below(900_000))
        amount = (-50_000, 20_000, -12_345)[self._below(3)]
        return Adjustment(ELECTRICITY, "corrected", None, amount)

    def _balance(self, closed: Close) -> None:
        """Adds the month's figures up, service by service."""
        for service, opening in self.due.items():
            accrued = sum(line.amount for line in closed.maintenance)
            if service == ELECTRICITY:
                accrued = sum(line.amount for part in closed.intervals for line in part.lines)
            adjusted = sum(row.amount for row in closed.adjustments if row.service == service)
            paid = sum(row.amount for row in closed.payments if row.service == service)
            closing = self.due[service] = opening + accrued + adjusted - paid
            closed.balances.append(Balance(service, opening, accrued, adjusted, paid, closing))

    def _pay(self, month: int) -> list[Payment]:
        """What is paid towards the last receipt and booked to the month."""
        mood = self._below(100)
        if "debtor" in self._traits or mood < 10:
            return []
        first = first_day(month)
        day = first - 1 - self._below(2) if mood < 13 else first + 5 + self._below(19)
        bank = BANKS[self._below(len(BANKS))]
        payments = []
        for service, owed in self.due.items():
            amount = owed
            if service == ELECTRICITY and owed > 0:
                if "prepays" in self._traits:
                    amount = 6_000_000
                elif mood > 88:
                    amount = owed * (50, 75, 110, 125)[mood % 4] // 100
            if amount > 0:
                payments += self._bookings(Payment(service, day, amount, bank))
        return payments

    def _bookings(self, payment: Payment) -> list[Payment]:
        """One payment as the bank sends it: at once, in two on a day, or again after a reversal."""
        if self._one_in(100) and payment.amount > 1:
            some = payment.amount // 2
            rest = payment.amount - some
            return [payment._replace(amount=some), payment._replace(amount=rest)]
        if self._one_in(300):
            day = payment.paid_on + 1
            reversed_on = payment._replace(paid_on=day, amount=-payment.amount)
            return [payment, reversed_on, payment._replace(paid_on=day)]
        return [payment]
