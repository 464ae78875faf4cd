"""Bars by month, drawn on the server: whole units of a picture, and the figures as a table."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.consumption import NOTHING, Consumption, Used
from cabinet import figures, months

MONTHS = 13
STEP, WIDTH = 320, 220  # of a bar's place, and of the bar
HEIGHT, HEAD, FOOT = 1000, 200, 200  # of the highest bar, over it for its value, under it


@dataclass(frozen=True)
class Part:
    """A piece of a bar: its level (0 at one price), top and height."""

    level: int
    top: int
    height: int

    @property
    def tone(self) -> int:
        """One of three: levels from the third on look alike, and so do the first and one price."""
        return min(max(self.level, 1), 3)


@dataclass(frozen=True)
class Bar:
    """A month's bar; `last_year` is the height of the same month a year before.

    `value` stands over it and clear of `over`, the tops of the bars beside it.
    """

    month: dt.date
    left: int
    parts: tuple[Part, ...]
    last_year: int
    value: str
    cells: tuple[str, ...]
    over: int = HEAD + HEIGHT

    @property
    def top(self) -> int:
        """Where the bar, or that of a year before, ends."""
        return min([*(part.top for part in self.parts), HEAD + HEIGHT - self.last_year])

    @property
    def value_top(self) -> int:
        """Where its value stands."""
        return min(self.top, self.over) - 50

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


def _chart(
    name: str,
    head: str,
    columns: Sequence[tuple[dt.date, dict[int, Decimal], str]],
    values: dict[dt.date, Decimal],
    write: Callable[[Decimal], str],
) -> Chart:
    """Columns are months: the parts by level, and the value over the bar.

    `values` are those of these months and of the year before; `write` gives them as text.
    """
    last = columns[-1][0]
    past = {month: values.get(months.plus(month, -12)) for month, *_rest in columns}
    sums = [sum(parts.values(), NOTHING) for _month, parts, *_rest in columns]
    highest = max([*sums, *(value or NOTHING for value in past.values())])
    bars: list[Bar] = []
    for month, parts, value in columns:
        apart = (last.year - month.year) * 12 + last.month - month.month
        left = (MONTHS - 1 - apart) * STEP + (STEP - WIDTH) // 2
        before = past[month]
        cells = (write(values[month]), "" if before is None else write(before))
        height = _units(before or NOTHING, highest)
        beside = min((bar.top for bar in bars[-2:]), default=HEAD + HEIGHT)
        stacked = _stacked(parts, highest)
        bars.append(Bar(month, left, stacked, height, value, cells, beside))
    levels = sorted({level for _month, parts, *_rest in columns for level in parts})
    heads = (_("Month/Year"), head, _("A year before"))
    return Chart(name, tuple(bars), tuple(levels), heads, any(past.values()))


def _stacked(parts: dict[int, Decimal], highest: Decimal) -> tuple[Part, ...]:
    top, stacked = HEAD + HEIGHT, []
    for level, part in sorted(parts.items()):
        height = _units(part, highest)
        top -= height
        stacked.append(Part(level, top, height))
    return tuple(stacked)


def _units(value: Decimal, highest: Decimal) -> int:
    return int(max(value, NOTHING) * HEIGHT / highest) if highest > 0 else 0


def with_year_before(last: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last month of what a chart up to the last one needs."""
    return months.plus(last, 1 - MONTHS - 12), last


def of_account(used: dict[str, Consumption], last: dt.date) -> list[Chart]:
    """Of each metered service: quantities and money of 13 months up to the last."""
    found = []
    for each in used.values():
        shown = [month for month in each.months if _is_shown(month.month, last)]
        if each.service.metered and shown:
            found += [_quantities(each, shown), _amounts(each, shown)]
    return [chart for chart in found if chart]


def _quantities(used: Consumption, shown: Sequence[Used]) -> Chart | None:
    if not any(each.quantity for each in shown):
        return None
    columns = [(each.month, each.levels, figures.quantity(each.quantity)) for each in shown]
    unit = used.service.unit
    past = {each.month: each.quantity for each in used.months}
    name = _("Consumption by month, %(unit)s") % {"unit": unit}
    return _chart(name, unit, columns, past, figures.quantity)


def _amounts(used: Consumption, shown: Sequence[Used]) -> Chart | None:
    if not any(each.amount for each in shown):
        return None
    columns = [(each.month, each.amounts, figures.number(each.amount, 0)) for each in shown]
    past = {each.month: each.amount for each in used.months}
    return _chart(_("Accrued by month, ₸"), _("Accrued"), columns, past, figures.money)


def _is_shown(month: dt.date, last: dt.date) -> bool:
    return months.plus(last, 1 - MONTHS) <= month <= last
