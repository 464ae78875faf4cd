"""Tariffs and VAT as billing has loaded them, and what they make of a home's terms on any day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from billing.calculation import (
    Band,
    Bill,
    Conditions,
    Dated,
    Home,
    Prices,
    per_day_30_5,
    pieces_between,
)
from billing.models import Tariff, TariffBand, Terms, Vat
from billing.models.columns import Plan
from cabinet.memory import remembered

HOME_FIELDS = Home._fields


class NoPrice(LookupError):
    """Terms, a tariff or a VAT rate lack on some day, so that nothing can be computed."""


class DatedHome(NamedTuple):
    """A home's terms from a day on."""

    since: dt.date
    home: Home


class Version(NamedTuple):
    """A plan's tariff from a day on; a band without stove or privilege is for homes of both."""

    since: dt.date
    with_vat: bool
    bands: tuple[tuple[bool | None, bool | None, Band], ...]

    def prices(self, home: Home) -> Prices:
        """For this kind of home."""
        bands = tuple(
            band
            for stove, privileged, band in self.bands
            if stove in (None, home.electric_stove) and privileged in (None, home.privileged)
        )
        if not bands:
            raise NoPrice
        return Prices(bands, self.with_vat)


class Book(NamedTuple):
    """Every tariff by service and plan, and every VAT rate, the oldest first."""

    tariffs: dict[tuple[str, str], tuple[Version, ...]]
    vat: tuple[tuple[dt.date, Decimal], ...]

    def plans(self, service: str, day: dt.date | None = None) -> list[str]:
        """The plans of the service that have a tariff, on that day or at all."""
        return [
            plan
            for plan in Plan.values
            if (versions := self.tariffs.get((service, plan)))
            and (day is None or versions[0].since <= day)
        ]

    def version(self, service: str, plan: str, day: dt.date) -> Version:
        """The tariff in force on that day; NoPrice where there is none yet."""
        return _in_force(self.tariffs.get((service, plan), ()), day)

    def rate(self, day: dt.date) -> Decimal:
        """The VAT rate of that day, a part of one."""
        return _in_force(self.vat, day)[1]

    def conditions(self, service: str, home: Home, day: dt.date) -> Conditions:
        """What holds for the home on that day."""
        prices = self.version(service, home.plan, day).prices(home)
        return Conditions(home, prices, self.rate(day))

    def between(
        self, service: str, homes: Sequence[DatedHome], from_on: dt.date, to_on: dt.date
    ) -> tuple[Dated, ...]:
        """What holds from the first day to the last, anew from each day on which terms, the
        tariff of the plan in force or VAT change; NoPrice where any of them lacks.
        """
        days = {from_on}
        changes = [each.since for each in homes] + [day for day, _rate in self.vat]
        for plan in {each.home.plan for each in homes}:
            changes += [each.since for each in self.tariffs.get((service, plan), ())]
        days.update(day for day in changes if from_on < day < to_on)
        found: list[Dated] = []
        last: tuple[Any, ...] = ()
        for day in sorted(days):
            home = _in_force(homes, day)
            version, vat = self.version(service, home.home.plan, day), _in_force(self.vat, day)
            if (home.since, version.since, vat[0]) != last:
                last = home.since, version.since, vat[0]
                conditions = Conditions(home.home, version.prices(home.home), vat[1])
                found.append(Dated(day, conditions))
        return tuple(found)

    def bill(
        self,
        service: str,
        homes: Sequence[DatedHome],
        from_on: dt.date,
        to_on: dt.date,
        quantity: Decimal,
    ) -> Bill:
        """What the units used from the first day to the last cost; NoPrice as `between()`, and
        ValueError where there is no day between.
        """
        dated = self.between(service, homes, from_on, to_on)
        return per_day_30_5(quantity, pieces_between(from_on, to_on, dated))


@remembered
def book() -> Book:
    """All of them, remembered for a minute."""
    bands = defaultdict(list)
    for band in TariffBand.objects.order_by("level"):
        made = Band(band.level, band.limit_per_resident, band.price)
        key = band.service_id, band.plan, band.valid_from
        bands[key].append((band.electric_stove, band.privileged, made))
    versions = defaultdict(list)
    for tariff in Tariff.objects.order_by("valid_from"):
        key = tariff.service_id, tariff.plan, tariff.valid_from
        version = Version(tariff.valid_from, tariff.vat_included, tuple(bands[key]))
        versions[tariff.service_id, tariff.plan].append(version)
    vat = tuple(Vat.objects.order_by("valid_from").values_list("valid_from", "rate"))
    return Book({key: tuple(every) for key, every in versions.items()}, vat)


def dated_homes(terms: Iterable[Terms]) -> tuple[DatedHome, ...]:
    """Terms as the computation takes them, the oldest first."""
    every = (
        DatedHome(each.valid_from, Home(*(getattr(each, name) for name in HOME_FIELDS)))
        for each in terms
    )
    return tuple(sorted(every))


def with_plan(homes: Iterable[DatedHome], plan: str) -> tuple[DatedHome, ...]:
    """The same homes, had they always had that plan."""
    return tuple(DatedHome(each.since, each.home._replace(plan=plan)) for each in homes)


def _in_force(dated: Sequence[Any], day: dt.date) -> Any:
    """The last one whose first field, a day, is not later."""
    for each in reversed(dated):
        if each[0] <= day:
            return each
    raise NoPrice
