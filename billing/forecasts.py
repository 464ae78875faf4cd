"""The running month: when a level is passed, and about what it will cost. Never a bill.

From the last charged reading to the same day of the next month (to today, if that is past and
the bill has not come), at an even use a day: that of the readings so far, or that of the same
month a year before. The range is made by what actually happened to this home: between a quarter
and three quarters of the past months the use a day was that much below or above what this way
would have foretold.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.calculation import (
    THOUSANDTH,
    Piece,
    per_day_30_5,
    pieces_between,
    round_half_up,
    sliced,
)
from billing.computations import Dial, Facts
from billing.consumption import Consumption, Used
from billing.models import Meter
from billing.tariffs import NoPrice
from cabinet import months

LONGEST_DAYS = 75  # since the last charged reading
FEWEST_DAYS = 3  # of readings, from which a use a day is told
FEWEST_MONTHS = 4  # from which a range is told
TENS = Decimal("1E1")
USUAL_RANGE = Fraction(4, 5), Fraction(6, 5)  # ±20 %, where there are fewer


class Passed(NamedTuple):
    """A level and the day on which it is used up; None if the period ends before."""

    level: int
    day: dt.date | None
    limit: Decimal


@dataclass(frozen=True)
class Forecast:
    """From the first day to the last, which is no longer part of it; money in tenge.

    `by_readings` tells which way was taken: by the readings since the last charge, the latest on
    `read_on`, or by the month a year before. `has_range` is false where the range is the usual one.
    """

    first: dt.date
    last: dt.date
    by_readings: bool
    read_on: dt.date
    quantity: Decimal
    amount: Decimal
    lowest: Decimal
    highest: Decimal
    has_range: bool
    levels: tuple[Passed, ...]

    @property
    def days(self) -> int:
        return (self.last - self.first).days

    @property
    def about(self) -> tuple[Decimal, Decimal, Decimal]:
        """The sum, the lowest and the highest one, to ten tenge outwards: it is no bill."""
        return (
            self.amount.quantize(TENS, ROUND_HALF_UP),
            self.lowest.quantize(TENS, ROUND_FLOOR),
            self.highest.quantize(TENS, ROUND_CEILING),
        )

    def place(self, day: dt.date) -> int:
        """Where the day lies in the period, in thousandths of it."""
        return min(max((day - self.first).days * 1000 // self.days, 0), 1000)

    @property
    def bands(self) -> list[tuple[int, int, int]]:
        """Of each level that is reached, its number, beginning and width, as `place()`."""
        found, start = [], 0
        for each in self.levels:
            end = self.place(each.day) if each.day else 1000
            found.append((each.level, start, end - start))
            start = end
        if start < 1000:
            found.append((len(self.levels) + 1, start, 1000 - start))
        return [band for band in found if band[2]]


class LastRead(NamedTuple):
    """The latest reading of a meter."""

    serial: str
    on: dt.date
    value: Decimal


def of_account(
    facts: Facts, used: dict[str, Consumption], meters: Sequence[Meter], today: dt.date
) -> Forecast | None:
    """Of the first metered service; its meters are fetched `with_last_reading()`."""
    for code, each in used.items():
        if each.service.metered:
            read = next((found for meter in meters if (found := _last_read(code, meter))), None)
            return of_service(facts, each, read, today)
    return None


def _last_read(service: str, meter: Meter) -> LastRead | None:
    if meter.service_id != service or meter.removed_on:
        return None
    on, value = meter.last_taken_on, meter.last_value
    return LastRead(meter.serial, on, value) if on and value is not None else None


def of_service(
    facts: Facts, used: Consumption, read: LastRead | None, today: dt.date
) -> Forecast | None:
    """Of the months that were used, the latest of which the running one follows; None where too
    little is known. `read` is the latest reading of the meter in place.
    """
    latest = used.months[-1] if used.months else None
    if not (latest and latest.last and latest.last_value is not None and read):
        return None
    dial = facts.meters.get(latest.serial or "")
    since = (today - latest.last).days
    if dial is None or read.serial != latest.serial or not 0 <= since <= LONGEST_DAYS:
        return None
    last = _ending(latest.last, today)
    by_readings = read.on <= today and (read.on - latest.last).days >= FEWEST_DAYS
    a_day = _read_a_day(latest, read, dial) if by_readings else _a_year_before(used, last)
    if a_day is None:
        return None
    read_on = read.on if by_readings else latest.last
    try:
        dated = facts.book.between(used.service.pk, facts.homes, latest.last, last)
    except NoPrice:
        return None
    pieces = pieces_between(latest.last, last, dated)
    ratios = _ratios(used, 1 if by_readings else 12)
    low, high = _quartiles(ratios) if len(ratios) >= FEWEST_MONTHS else USUAL_RANGE
    known, left = (read_on - latest.last).days * a_day, (last - read_on).days * a_day
    return Forecast(
        latest.last,
        last,
        by_readings,
        read_on,
        *_cost(known + left, pieces),
        _cost(known + left * min(low, Fraction(1)), pieces)[1],
        _cost(known + left * max(high, Fraction(1)), pieces)[1],
        len(ratios) >= FEWEST_MONTHS,
        _levels(a_day, latest.last, last, pieces),
    )


def _ending(first: dt.date, today: dt.date) -> dt.date:
    """The same day of the next month, or its last one; today if that is past."""
    month = months.plus(months.first_day(first), 1)
    return max(min(months.last_day(month), month + dt.timedelta(days=first.day - 1)), today)


def _read_a_day(latest: Used, read: LastRead, dial: Dial) -> Fraction | None:
    if latest.last is None or latest.last_value is None or read.value < latest.last_value:
        return None
    units = Fraction(read.value - latest.last_value) * Fraction(dial.ratio)
    return units / (read.on - latest.last).days


def _a_year_before(used: Consumption, last: dt.date) -> Fraction | None:
    month = used.month(months.plus(months.first_day(last), -12))
    return _a_day(month)


def _a_day(used: Used | None) -> Fraction | None:
    return Fraction(used.quantity) / used.days if used and used.days else None


def _ratios(used: Consumption, apart: int) -> list[Fraction]:
    """The use a day of each month, as a part of that so many months before."""
    found = []
    for each in used.months:
        now, before = _a_day(each), _a_day(used.month(months.plus(each.month, -apart)))
        if now is not None and before:
            found.append(now / before)
    return sorted(found)


def _quartiles(ratios: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Those at a quarter and at three quarters of the sorted ones: half of them lie between."""
    last = len(ratios) - 1
    return ratios[last // 4], ratios[-(-3 * last // 4)]


def _cost(units: Fraction, pieces: Sequence[Piece]) -> tuple[Decimal, Decimal]:
    quantity = round_half_up(units, THOUSANDTH)
    return quantity, per_day_30_5(quantity, pieces).amount


def _levels(
    a_day: Fraction, first: dt.date, last: dt.date, pieces: Sequence[Piece]
) -> tuple[Passed, ...]:
    """When each level that ends somewhere is used up: its limits in all pieces together."""
    limits: dict[int, Fraction] = {}
    for piece in pieces:
        for each in sliced(Fraction(0), piece):
            if each.limit is not None:
                limits[each.band.level] = limits.get(each.band.level, Fraction(0)) + each.limit
    found = []
    for level, limit in sorted(limits.items()):
        day = (
            first + dt.timedelta(days=int(limit / a_day)) if a_day and limit / a_day < 400 else None
        )
        found.append(
            Passed(level, day if day and day < last else None, round_half_up(limit, THOUSANDTH))
        )
    return tuple(found)
