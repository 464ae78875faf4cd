"""Why a month costs more or less than the one before: causes that add up to the tiyn.

One thing after another is taken from the later month – days, use, terms, prices, VAT – and
the exact cost of each mixture less that of the one before is what the thing has caused. The
mixtures are made along the month: whatever held after a third of the earlier month is set
beside what held after a third of the later one. Plain values in, plain values out.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from billing.calculation import Conditions, Home, Piece, Prices, exact_cost, round_half_up, sliced


class Kind(StrEnum):
    """What may change a sum, in the order in which it is told."""

    DAYS = "days"
    USE = "use"
    HOME = "home"
    PRICE = "price"
    VAT = "vat"
    ADJUSTMENTS = "adjustments"
    ROUNDING = "rounding"
    OTHER = "other"  # billing's sum differs from our own computation


class Span(NamedTuple):
    """Units used in some days under the same conditions, the first of which is `since`."""

    since: dt.date
    units: Fraction
    piece: Piece


@dataclass(frozen=True)
class Month:
    """A service's month: how it was used, span by span, and what billing made of it.

    `accrued` and `adjusted` are billing's sums, `computed` our own one for the same, in tenge;
    None where it cannot be computed. Days do not count for services without a meter.
    """

    spans: tuple[Span, ...]
    accrued: Decimal
    adjusted: Decimal
    computed: Decimal | None
    metered: bool = True

    @property
    def days(self) -> Fraction:
        return sum((span.piece.days for span in self.spans), Fraction(0))

    @property
    def units(self) -> Fraction:
        return sum((span.units for span in self.spans), Fraction(0))

    @property
    def levels(self) -> dict[int, Fraction]:
        """Units by level, exact; at one price nothing is said of levels."""
        return _levels((span.units, span.piece) for span in self.spans)


@dataclass(frozen=True)
class Cause:
    """What changed, and how many tenge more (less than zero: less) it makes.

    `units` and `levels` say how many units more, in all and in each level: of the cause
    `days` those that the further days bring at the same use a day, of `use` the others.
    """

    kind: Kind
    amount: Decimal
    units: Fraction = Fraction(0)
    levels: dict[int, Fraction] = field(default_factory=dict)


class _Cell(NamedTuple):
    """A part of a month's length in which nothing changes, by the month's own data."""

    share: Fraction
    units: Fraction
    since: dt.date
    conditions: Conditions


PricesOf = Callable[[Home, dt.date], Prices | None]


def between(before: Month, after: Month, prices_of: PricesOf) -> list[Cause]:
    """The causes of (accrued + adjusted) of `after` less that of `before`; their amounts add up
    to it. Those that changed nothing are not among them.

    `prices_of` tells the prices for a home by the tariff of a day, or None if there was none.
    """
    found = _of_accrual(before, after, prices_of)
    found.insert(-2, Cause(Kind.ADJUSTMENTS, after.adjusted - before.adjusted))
    return [cause for cause in found if cause.amount]


def _of_accrual(before: Month, after: Month, prices_of: PricesOf) -> list[Cause]:
    """The causes of the accruals' difference; without a computation nothing can be told apart."""
    accrued = after.accrued - before.accrued
    if before.computed is None or after.computed is None:
        return [Cause(Kind.ROUNDING, Decimal(0)), Cause(Kind.OTHER, accrued)]
    steps = _Steps(before, after, prices_of)
    found, told = [], Decimal("0.00")
    last = steps.at(0)
    start = last.cost
    for place, kind in enumerate(_SUBSTITUTED, start=1):
        now = steps.at(place)
        amount = round_half_up(now.cost - start) - told
        told += amount
        found.append(Cause(kind, amount, now.units - last.units, _more(now.levels, last.levels)))
        last = now
    computed = after.computed - before.computed
    return [*found, Cause(Kind.ROUNDING, computed - told), Cause(Kind.OTHER, accrued - computed)]


def _more(now: dict[int, Fraction], before: dict[int, Fraction]) -> dict[int, Fraction]:
    levels = sorted({*now, *before})
    more = {level: now.get(level, Fraction(0)) - before.get(level, Fraction(0)) for level in levels}
    return {level: units for level, units in more.items() if units}


_SUBSTITUTED = (Kind.DAYS, Kind.USE, Kind.HOME, Kind.PRICE, Kind.VAT)


class _State(NamedTuple):
    cost: Fraction
    units: Fraction
    levels: dict[int, Fraction]


class _Steps:
    """The mixtures of two months: at step n, the first n things are those of the later one."""

    def __init__(self, before: Month, after: Month, prices_of: PricesOf) -> None:
        self.before, self.after, self.prices_of = before, after, prices_of
        spans = before.spans or _unused(after.spans)
        self.cells = _aligned(_cells(spans), _cells(after.spans or _unused(spans)))
        self.days_before = before.days or after.days
        self.days_after = after.days or before.days

    def at(self, step: int) -> _State:
        used = [self._cell(step, was, becomes) for was, becomes in self.cells]
        cost = sum((exact_cost(units, [piece]) for units, piece in used), Fraction(0))
        return _State(cost, sum((units for units, _piece in used), Fraction(0)), _levels(used))

    def _cell(self, step: int, was: _Cell, becomes: _Cell) -> tuple[Fraction, Piece]:
        days_changed, use_changed, home_changed, price_changed, vat_changed = (
            step > place for place in range(len(_SUBSTITUTED))
        )
        days = self.days_after if days_changed else self.days_before
        units = becomes.units if use_changed else was.units
        if days_changed and not use_changed and self.before.metered:
            units *= self.days_after / self.days_before  # the same use a day
        home = (becomes if home_changed else was).conditions.home
        tariff = becomes if price_changed else was
        prices = tariff.conditions.prices
        if home != tariff.conditions.home:
            prices = self.prices_of(home, tariff.since) or becomes.conditions.prices
        rate = (becomes if vat_changed else was).conditions.vat_rate
        return units, Piece(days * was.share, Conditions(home, prices, rate))


def _cells(spans: Sequence[Span]) -> list[_Cell]:
    days = sum((span.piece.days for span in spans), Fraction(0))
    return [
        _Cell(span.piece.days / days, span.units, span.since, span.piece.conditions)
        for span in spans
    ]


def _aligned(before: list[_Cell], after: list[_Cell]) -> list[tuple[_Cell, _Cell]]:
    """Both cut at all the places at which either of them is."""
    cuts = sorted({*_ends(before), *_ends(after)})
    return list(zip(_cut(before, cuts), _cut(after, cuts), strict=True))


def _ends(cells: Iterable[_Cell]) -> list[Fraction]:
    end, ends = Fraction(0), []
    for cell in cells:
        end += cell.share
        ends.append(end)
    return ends


def _cut(cells: list[_Cell], cuts: list[Fraction]) -> list[_Cell]:
    made, start, place = [], Fraction(0), 0
    ends = _ends(cells)
    for cut in cuts:
        while start >= ends[place]:
            place += 1
        cell, share = cells[place], cut - start
        made.append(cell._replace(share=share, units=cell.units * share / cell.share))
        start = cut
    return made


def _unused(spans: Sequence[Span]) -> list[Span]:
    return [span._replace(units=Fraction(0)) for span in spans]


def _levels(used: Iterable[tuple[Fraction, Piece]]) -> dict[int, Fraction]:
    levels: dict[int, Fraction] = defaultdict(Fraction)
    for units, piece in used:
        if not piece.conditions.prices.is_one:
            for each in sliced(units, piece):
                if each.quantity:
                    levels[each.band.level] += each.quantity
    return levels
