"""What a quantity costs: the named policy `per_day_30_5`, after the supplier's published guide.

Plain values in, plain values out: no database, no clock, no settings, no float. A result
carries every step, so that pages explain and do not compute once more. Another supplier's
rule would be another function like `per_day_30_5()`.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

TIYN = Decimal("0.01")
THOUSANDTH = Decimal("0.001")
MILLIONTH = Decimal("0.000001")
DAYS_OF_MONTH = Fraction(61, 2)  # 30.5, by which the guide divides a month's limit


class Band(NamedTuple):
    """A level: up to its limit (units per resident and month; None above all) at its price."""

    level: int
    limit: Decimal | None
    price: Decimal


class Home(NamedTuple):
    """What a home is billed by: its terms."""

    residents: int
    electric_stove: bool
    privileged: bool
    plan: str

    @property
    def counted(self) -> int:
        """Residents as the limits count them: nobody counts as one."""
        return max(self.residents, 1)


class Prices(NamedTuple):
    """A plan's bands for a kind of home, levels rising; prices per unit, with VAT or without."""

    bands: tuple[Band, ...]
    with_vat: bool

    @property
    def is_one(self) -> bool:
        """Whether all is sold at one price, whatever the quantity."""
        return len(self.bands) == 1


class Conditions(NamedTuple):
    """All that decides what a unit costs; `vat_rate` is a part of one."""

    home: Home
    prices: Prices
    vat_rate: Decimal

    def price_with_vat(self, band: Band) -> Fraction:
        """Tenge per unit, exact."""
        price = Fraction(band.price)
        return price if self.prices.with_vat else price * (1 + Fraction(self.vat_rate))

    def price_without_vat(self, band: Band) -> Decimal:
        """Tenge per unit, as bills print it: to the millionth where VAT must be taken off."""
        if not self.prices.with_vat:
            return band.price
        return round_half_up(Fraction(band.price) / (1 + Fraction(self.vat_rate)), MILLIONTH)


class Dated(NamedTuple):
    """Conditions that hold from a day on."""

    since: dt.date
    conditions: Conditions


class Piece(NamedTuple):
    """Days under the same conditions; as many as there are, or any part of them."""

    days: Fraction
    conditions: Conditions


class Slice(NamedTuple):
    """What falls into a level, exact; `limit` is where the level ends for these days."""

    band: Band
    limit: Fraction | None
    quantity: Fraction


@dataclass(frozen=True)
class Line:
    """A line of a bill: `quantity` units at the band's price make `amount` tenge, VAT within.

    `exact_limit` is where the level ends in these days and for these residents: per resident
    and month / 30.5 × days × residents; None in the last level and at one price.
    """

    piece: Piece
    band: Band
    exact_limit: Fraction | None
    quantity: Decimal
    amount: Decimal

    @property
    def days(self) -> Fraction:
        return self.piece.days

    @property
    def conditions(self) -> Conditions:
        return self.piece.conditions

    @property
    def level(self) -> int:
        return self.band.level

    @property
    def limit(self) -> Decimal | None:
        """The limit to the thousandth, as bills print it."""
        return None if self.exact_limit is None else round_half_up(self.exact_limit, THOUSANDTH)

    @property
    def price(self) -> Decimal:
        """Per unit without VAT."""
        return self.conditions.price_without_vat(self.band)

    @property
    def vat_rate(self) -> Decimal:
        return self.conditions.vat_rate

    @property
    def vat(self) -> Decimal:
        """How much of the amount is VAT: amount − round(amount / (1 + rate))."""
        without = round_half_up(Fraction(self.amount) / (1 + Fraction(self.vat_rate)))
        return self.amount - without


@dataclass(frozen=True)
class Bill:
    """What a quantity costs over its pieces, line by line."""

    pieces: tuple[Piece, ...]
    lines: tuple[Line, ...]

    @property
    def days(self) -> Fraction:
        return sum((piece.days for piece in self.pieces), Fraction(0))

    @property
    def quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), Decimal(0))

    @property
    def amount(self) -> Decimal:
        """Tenge: the sum of what the lines were rounded to."""
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def has_limits(self) -> bool:
        """Whether any level that was reached ends somewhere."""
        return any(line.exact_limit is not None for line in self.lines)

    @property
    def is_at_one_price(self) -> bool:
        """Whether nothing is said of levels."""
        return all(piece.conditions.prices.is_one for piece in self.pieces)


def counted(
    from_value: Decimal,
    to_value: Decimal,
    ratio: Decimal = Decimal(1),
    *,
    passed_zero_of: int | None = None,
) -> Decimal:
    """Units between two readings: (to − from) × ratio.

    With `passed_zero_of`, the meter's digits, it went over zero: 10^digits more.
    ValueError when that makes less than nothing.
    """
    units = to_value - from_value
    if passed_zero_of is not None:
        units += 10**passed_zero_of
    if units < 0:
        raise ValueError("a later reading is smaller")
    return round_half_up(Fraction(units) * Fraction(ratio), THOUSANDTH)


def may_have_passed_zero(from_value: Decimal, to_value: Decimal, digits: int) -> bool:
    """Whether a smaller reading is plausible: at most a tenth of the meter's round (rule R6)."""
    rounds = 10**digits
    return to_value < from_value < rounds and (to_value + rounds - from_value) * 10 <= rounds


def pieces_between(from_on: dt.date, to_on: dt.date, dated: Sequence[Dated]) -> tuple[Piece, ...]:
    """The days from one reading to the other, split where the conditions change.

    A day belongs to the piece that holds its beginning: both are [from, to). `dated` rise.
    ValueError when there is no day, or none of them holds on the first one.
    """
    if to_on <= from_on:
        raise ValueError("the period has no day")
    if not dated or dated[0].since > from_on:
        raise ValueError("nothing is in force on the first day")
    ends = [*(each.since for each in dated[1:]), dt.date.max]
    pieces = []
    for each, end in zip(dated, ends, strict=True):
        days = (min(end, to_on) - max(each.since, from_on)).days
        if days > 0:
            pieces.append(Piece(Fraction(days), each.conditions))
    return tuple(pieces)


def sliced(quantity: Fraction, piece: Piece) -> list[Slice]:
    """How the units of a piece's days fall into its levels, exact; some may hold nothing."""
    found, below = [], Fraction(0)
    for band in piece.conditions.prices.bands:
        limit = None
        if band.limit is not None:
            residents = piece.conditions.home.counted
            limit = Fraction(band.limit) / DAYS_OF_MONTH * piece.days * residents
        reached = quantity if limit is None else min(quantity, limit)
        found.append(Slice(band, limit, max(reached - below, Fraction(0))))
        below = max(below, reached)
    return found


def spread(quantity: Fraction, pieces: Sequence[Piece]) -> list[tuple[Piece, Slice]]:
    """The units evenly over the days of all pieces, and within each over its levels; exact."""
    days = sum((piece.days for piece in pieces), Fraction(0))
    return [
        (piece, each) for piece in pieces for each in sliced(quantity * piece.days / days, piece)
    ]


def per_day_30_5(quantity: Decimal, pieces: Sequence[Piece]) -> Bill:
    """The bill of the units used in these pieces, by the rules 3 to 6 of the policy.

    A line per piece and level that holds anything. Quantities are rounded so that they add up
    to the whole, and each line's amount is that of its rounded quantity; where nothing was
    used, one line of zero says so.
    """
    exact = [each for each in spread(Fraction(quantity), pieces) if each[1].quantity > 0]
    if not exact:
        whole = Piece(sum((piece.days for piece in pieces), Fraction(0)), pieces[0].conditions)
        band = whole.conditions.prices.bands[0]
        return Bill(tuple(pieces), (Line(whole, band, None, Decimal(0), Decimal("0.00")),))
    lines = []
    sums = _running(each.quantity for _piece, each in exact)
    for (before, upto), (piece, each) in zip(pairwise([Decimal(0), *sums]), exact, strict=True):
        units = upto - before
        price = piece.conditions.price_with_vat(each.band)
        amount = round_half_up(Fraction(units) * price)
        lines.append(Line(piece, each.band, each.limit, units, amount))
    return Bill(tuple(pieces), tuple(lines))


def exact_cost(quantity: Fraction, pieces: Sequence[Piece]) -> Fraction:
    """Tenge without any rounding, VAT within."""
    return sum(
        (
            each.quantity * piece.conditions.price_with_vat(each.band)
            for piece, each in spread(quantity, pieces)
        ),
        Fraction(0),
    )


def round_half_up(value: Fraction, step: Decimal = TIYN) -> Decimal:
    """The nearest whole number of steps (a tiyn by default), halves away from zero."""
    steps = Fraction(abs(value)) / Fraction(step)
    whole = (steps + Fraction(1, 2)).__floor__()
    return (whole if value >= 0 else -whole) * step


def _running(quantities: Iterable[Fraction]) -> list[Decimal]:
    """The sums up to each, to the thousandth."""
    total, sums = Fraction(0), []
    for quantity in quantities:
        total += quantity
        sums.append(round_half_up(total, THOUSANDTH))
    return sums
