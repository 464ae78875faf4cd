"""Bars by month, drawn on the server: whole units of a picture, and the figures as a table."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.consumption import Consumption, Used
from billing.ledgers import ServiceLedger
from cabinet import figures, months

MONTHS = 13
STEP, WIDTH = 320, 220  # of a bar's place, and of the bar
HEIGHT, HEAD, FOOT = 1000, 200, 200  # of the highest bar, over it for its value, under it


@dataclass(frozen=True)
class Part:
    """A piece of a bar: its level (1 where there are none), top and height."""

    level: int
    top: int
    height: int


@dataclass(frozen=True)
class Bar:
    """A month's bar; `last_year` is the height of the same month a year before."""

    month: dt.date
    left: int
    parts: tuple[Part, ...]
    last_year: int
    value: str
    cells: tuple[str, ...]

    @property
    def top(self) -> int:
        """Where the bar ends."""
        return min((part.top for part in self.parts), default=HEAD + HEIGHT)

    @property
    def middle(self) -> int:
        return self.left + WIDTH // 2

    @property
    def is_late(self) -> bool:
        """So near the edge that its value must end with it."""
        return self.left > STEP * (MONTHS - 2)


@dataclass(frozen=True)
class Chart:
    """Bars of up to 13 months; `heads` are the columns of the table behind it."""

    name: str
    bars: tuple[Bar, ...]
    levels: tuple[int, ...]
    heads: tuple[str, ...]
    has_last_year: bool

    width = STEP * MONTHS
    height = HEAD + HEIGHT + FOOT
    base = HEAD + HEIGHT
    bar_width = WIDTH
    bar_head = HEAD


def _chart(
    name: str,
    head: str,
    columns: Sequence[tuple[dt.date, dict[int, Decimal], str, tuple[str, ...]]],
    year_before: dict[dt.date, Decimal],
) -> Chart:
    """Columns are months with their parts by level, the value in words, and the table's cells."""
    last = columns[-1][0]
    past = {month: year_before.get(months.plus(month, -12), Decimal(0)) for month, *_ in columns}
    sums = [sum(parts.values(), Decimal(0)) for _m, parts, *_ in columns]
    highest = max([*sums, *past.values()])
    bars = []
    for month, parts, value, cells in columns:
        apart = (last.year - month.year) * 12 + last.month - month.month
        top, drawn = HEAD + HEIGHT, []
        for level, part in sorted(parts.items()):
            height = _units(part, highest)
            top -= height
            drawn.append(Part(level, top, height))
        left = (MONTHS - 1 - apart) * STEP + (STEP - WIDTH) // 2
        bars.append(Bar(month, left, tuple(drawn), _units(past[month], highest), value, cells))
    levels = sorted({level for _m, parts, *_ in columns for level in parts})
    heads = (_("Month/Year"), head, _("A year before"))
    return Chart(name, tuple(bars), tuple(levels), heads, any(past.values()))


def _units(value: Decimal, highest: Decimal) -> int:
    return int(max(value, Decimal(0)) * HEIGHT / highest) if highest > 0 else 0


def with_year_before(last: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last month of what a chart up to the last one needs."""
    return months.plus(last, 1 - MONTHS - 12), last


def of_services(
    ledgers: Sequence[ServiceLedger], used: dict[str, Consumption], last: dt.date
) -> dict[str, list[Chart]]:
    """By the codes of services: consumption and money of metered ones; a fee is told by its row."""
    charts = of_consumption(used, last)
    return {
        each.service.pk: [
            *charts.get(each.service.pk, []),
            *filter(None, [_money(each, last) if each.service.metered else None]),
        ]
        for each in ledgers
    }


def of_consumption(used: dict[str, Consumption], last: dt.date) -> dict[str, list[Chart]]:
    """By the codes of metered services: their quantities of 13 months up to the last."""
    return {
        code: [chart]
        for code, each in used.items()
        if each.service.metered and (chart := _consumption(each, last))
    }


def _consumption(used: Consumption, last: dt.date) -> Chart | None:
    shown = [each for each in used.months if _is_shown(each.month, last)]
    if not any(each.quantity for each in shown):
        return None
    past = {each.month: each.quantity for each in used.months}
    columns = [
        (each.month, _levels(each), figures.quantity(each.quantity), _cells(each, past))
        for each in shown
    ]
    name = _("Consumption by month, %(unit)s") % {"unit": used.service.unit}
    return _chart(name, used.service.unit, columns, past)


def _levels(used: Used) -> dict[int, Decimal]:
    return {max(level, 1): quantity for level, quantity in used.levels.items()}


def _cells(used: Used, past: dict[dt.date, Decimal]) -> tuple[str, ...]:
    before = past.get(months.plus(used.month, -12))
    return figures.quantity(used.quantity), "" if before is None else figures.quantity(before)


def _money(ledger: ServiceLedger, last: dt.date) -> Chart | None:
    past = {row.month: row.accrued for row in ledger.rows}
    shown = [row for row in ledger.rows if _is_shown(row.month, last)]
    if not any(row.accrued for row in shown):
        return None
    columns = []
    for row in shown:
        before = past.get(months.plus(row.month, -12))
        cells = (figures.money(row.accrued), "" if before is None else figures.money(before))
        columns.append((row.month, {1: row.accrued}, figures.number(row.accrued, 0), cells))
    return _chart(_("Accrued by month, ₸"), _("Accrued"), columns, past)


def _is_shown(month: dt.date, last: dt.date) -> bool:
    return months.plus(last, 1 - MONTHS) <= month <= last
