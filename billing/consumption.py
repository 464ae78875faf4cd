"""What a home used and was charged month by month, level by level."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Charge, PersonalAccount, Service
from cabinet import figures, months
from cabinet.written import Written

NOTHING = Decimal(0)


@dataclass
class Used:
    """A month of a service: its quantity in the service's unit, by level, and its charges in tenge.

    `first` and `last` are the readings' days between which it was used, if by a meter; what
    has no level, or was all sold at one price, is counted as level 0. `amounts` are the
    charges by level. `serial` is the meter of the last reading, `last_value` what it showed.
    """

    month: dt.date
    quantity: Decimal = NOTHING
    amount: Decimal = NOTHING
    levels: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    amounts: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    first: dt.date | None = None
    last: dt.date | None = None
    serial: str | None = None
    last_value: Decimal | None = None

    def note_readings(
        self,
        from_on: dt.date | None,
        to_on: dt.date | None,
        serial: str | None,
        to_value: Decimal | None,
    ) -> None:
        """Those of a line; a service without a meter has none."""
        if from_on and to_on:
            self.first = min(self.first or from_on, from_on)
            if self.last is None or to_on >= self.last:
                self.last, self.serial, self.last_value = to_on, serial, to_value

    @property
    def days(self) -> int:
        """From the first reading to the last."""
        return (self.last - self.first).days if self.first and self.last else 0

    @property
    def level_words(self) -> str:
        """“all in level 1”, or how much in each; empty where nothing fell into a level."""
        used = {level: quantity for level, quantity in self.levels.items() if quantity}
        if not any(used):
            return ""
        if len(used) == 1:
            (level,) = used
            return _("all in level %(level)s") % {"level": level}
        return ", ".join(
            (_("level %(level)s: %(quantity)s") if level else _("one price: %(quantity)s"))
            % {"level": level, "quantity": figures.quantity(quantity)}
            for level, quantity in sorted(used.items())
        )


@dataclass(frozen=True)
class Consumption:
    """The months of a service, oldest first; a month without charges is not among them."""

    service: Service
    months: tuple[Used, ...]

    def month(self, month: dt.date) -> Used | None:
        """The month, if there were charges in it."""
        return next((used for used in self.months if used.month == month), None)


def level_of(level: int | None, limit: Decimal | None) -> int:
    """The level of a line; 0 where it was sold at one price: in a first level that ends nowhere."""
    return 0 if level == 1 and limit is None else level or 0


_lines = Written(
    lambda account, first, last: (
        Charge.objects.filter(account=account, month__gte=first, month__lte=last)
        .order_by("month")
        .values_list(
            *("service_id", "month", "level", "limit", "quantity", "amount"),
            *("from_on", "to_on", "serial", "to_value"),
        )
    ),
    int,
    dt.date,
    dt.date,
)


def of_account(account: PersonalAccount, first: dt.date, last: dt.date) -> dict[str, Consumption]:
    """The services with charges from the first month to the last, by code; one query."""
    found: dict[str, dict[dt.date, Used]] = defaultdict(dict)
    for line in _lines.all(account.pk, first, last):
        code, month, level, limit, quantity, amount, *read = line
        used = found[code].get(month)
        if used is None:
            used = found[code][month] = Used(month)
        used.quantity += quantity
        used.amount += amount
        in_level = level_of(level, limit)
        used.levels[in_level] += quantity
        used.amounts[in_level] += amount
        used.note_readings(*read)
    return {
        code: Consumption(service, tuple(found[code].values()))
        for code, service in Service.objects.of(found.keys()).items()
    }


@dataclass(frozen=True)
class Story:
    """The latest month of a metered service beside the month before, in sentences."""

    service: Service
    used: Used
    before: Used | None
    more: Decimal  # tenge accrued over all services, less those of the month before

    @property
    def sentences(self) -> list[str]:
        """How much was used and in which levels; how the sum and the quantity changed."""
        unit = self.service.unit
        days = self.used.days
        used = ngettext(
            "%(quantity)s %(unit)s in %(days)s day", "%(quantity)s %(unit)s in %(days)s days", days
        ) % {"quantity": figures.quantity(self.used.quantity), "unit": unit, "days": days}
        words = self.used.level_words
        told = [f"{used}, {words}" if words else used]
        if self.before:
            told += [self._sum(), self._quantity(self.used.quantity - self.before.quantity, unit)]
        return told

    def _sum(self) -> str:
        amount = {"sum": figures.tenge(abs(self.more))}
        if self.more > 0:
            return _("%(sum)s more than the month before") % amount
        if self.more < 0:
            return _("%(sum)s less than the month before") % amount
        return _("as much as the month before")

    def _quantity(self, more: Decimal, unit: str) -> str:
        given = {"quantity": figures.quantity(abs(more)), "unit": unit}
        if more > 0:
            return _("%(quantity)s %(unit)s more used") % given
        if more < 0:
            return _("%(quantity)s %(unit)s less used") % given
        return _("as much used")


def story(consumption: dict[str, Consumption], month: dt.date) -> Story | None:
    """The story of a month; None where nothing metered was charged in it."""
    before = months.plus(month, -1)
    for each in consumption.values():
        used = each.month(month)
        if each.service.metered and used and used.first:
            more = _charged(consumption, month) - _charged(consumption, before)
            return Story(each.service, used, each.month(before), more)
    return None


def _charged(consumption: dict[str, Consumption], month: dt.date) -> Decimal:
    used = (each.month(month) for each in consumption.values())
    return sum((each.amount for each in used if each), NOTHING)
