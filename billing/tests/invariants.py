"""What must hold of all that the database has loaded, asked in plain Python.

Written from the format's description and not from the importer's SQL, so that a mistake in
the one shows against the other. Everything is read into memory: for small sets only.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations, pairwise, product
from typing import Any

from billing import models

THOUSANDTH = Decimal("0.001")


def broken() -> list[str]:
    """A sentence for each thing that is broken, beginning with its rule; empty if all holds."""
    return [
        sentence
        for rule in (
            _references,
            _keys,
            _balances,
            _chains,
            _sums,
            _quantities,
            _readings,
            _dues,
            _bands,
            _intervals,
            _meters,
        )
        for sentence in rule()
    ]


def _references() -> Iterator[str]:
    """R1: what a row names is there."""
    accounts = set(models.PersonalAccount.objects.values_list("id", flat=True))
    services = set(models.Service.objects.values_list("code", flat=True))
    known = {
        "account_id": accounts,
        "service_id": services,
        "supplier_id": set(models.Supplier.objects.values_list("code", flat=True)),
        "branch_id": set(models.Branch.objects.values_list("code", flat=True)),
        "bank_id": set(models.Bank.objects.values_list("code", flat=True)),
        "meter_id": set(models.Meter.objects.values_list("id", flat=True)),
    }
    for model in (
        models.Service,
        models.Tariff,
        models.TariffBand,
        models.PersonalAccount,
        models.Terms,
        models.Meter,
        models.Reading,
        models.LedgerEntry,
        models.Charge,
        models.Adjustment,
        models.Payment,
        models.Receipt,
    ):
        names = [name for name in known if _has(model, name)]
        for row in model.objects.values(*names):
            for name, value in row.items():
                if value not in known[name]:
                    yield f"R1 {model.__name__}: no {name} {value}"
    tariffs = set(models.Tariff.objects.values_list("service_id", "plan", "valid_from"))
    for key in models.TariffBand.objects.values_list("service_id", "plan", "valid_from"):
        if key not in tariffs:
            yield f"R1 TariffBand: no tariff {key}"
    meters = set(models.Meter.objects.values_list("account_id", "service_id", "serial"))
    for key in _charged("account_id", "service_id", "serial"):
        if key not in meters:
            yield f"R1 Charge: no meter {key}"


def _has(model: Any, attribute: str) -> bool:
    return any(getattr(field, "attname", "") == attribute for field in model._meta.get_fields())


def _charged(*names: str) -> Any:
    """Columns of the lines that a meter counted."""
    return models.Charge.objects.filter(serial__isnull=False).values_list(*names)


def _keys() -> Iterator[str]:
    """R9: what stands once."""
    for number, times in Counter(models.Receipt.objects.values_list("number", flat=True)).items():
        if times > 1:
            yield f"R9 receipt number {number} stands {times} times"
    if models.Supplier.objects.filter(issuer=True).count() > 1:
        yield "R9 two issuers"


def _balances() -> Iterator[str]:
    for row in models.LedgerEntry.objects.all():
        if row.closing != row.opening + row.accrued + row.adjusted - row.paid:
            yield f"R2 {row}"


def _chains() -> Iterator[str]:
    closings = {_next(row): row.closing for row in models.LedgerEntry.objects.all()}
    for row in models.LedgerEntry.objects.all():
        before = closings.get((row.account_id, row.service_id, row.month), row.opening)
        if row.opening != before:
            yield f"R3 {row}: opens with {row.opening} after {before}"


def _next(row: models.LedgerEntry) -> tuple[Any, ...]:
    month = (row.month + dt.timedelta(days=31)).replace(day=1)
    return row.account_id, row.service_id, month


def _sums() -> Iterator[str]:
    for figure, model in (
        ("accrued", models.Charge),
        ("adjusted", models.Adjustment),
        ("paid", models.Payment),
    ):
        sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for *key, amount in model.objects.values_list(
            "account_id", "service_id", "month", "amount"
        ):
            sums[tuple(key)] += amount
        for row in models.LedgerEntry.objects.all():
            found = sums[row.account_id, row.service_id, row.month]
            if getattr(row, figure) != found:
                yield f"R4 {row}: {figure} {getattr(row, figure)}, lines come to {found}"


def _round(meter: models.Meter) -> int:
    """After how much the meter shows zero again."""
    return 10**meter.digits


def _passed(old: Decimal, new: Decimal, meter: models.Meter) -> bool:
    return new < old and new + _round(meter) - old <= Decimal(_round(meter)) / 10


def _quantities() -> Iterator[str]:
    meters = {(m.account_id, m.service_id, m.serial): m for m in models.Meter.objects.all()}
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    interval = ("account_id", "service_id", "serial", "month", "from_on", "to_on")
    for *key, quantity in _charged(*interval, "from_value", "to_value", "quantity"):
        sums[tuple(key)] += quantity
    for key, quantity in sums.items():
        old, new = key[-2:]
        if meter := meters.get(key[:3]):
            counted = new - old + (_round(meter) if _passed(old, new, meter) else 0)
            wanted = (counted * meter.ratio).quantize(THOUSANDTH, ROUND_HALF_UP)
            if quantity != wanted:
                yield f"R5 {key}: lines come to {quantity}, the meter to {wanted}"


def _readings() -> Iterator[str]:
    series = defaultdict(list)
    rows = models.Reading.objects.select_related("meter").order_by("taken_on")
    for row in rows:
        series[row.meter_id, row.source].append(row)
        if not 0 <= row.value < _round(row.meter):
            yield f"R6 {row}: {row.value} of {row.meter.digits} digits"
    for readings in series.values():
        for old, new in pairwise(readings):
            if new.value < old.value and not _passed(old.value, new.value, new.meter):
                yield f"R6 {new}: {new.value} after {old.value}"


def _dues() -> Iterator[str]:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for *key, closing in models.LedgerEntry.objects.values_list("account_id", "month", "closing"):
        sums[tuple(key)] += closing
    for row in models.Receipt.objects.all():
        if row.amount_due != sums[row.account_id, row.month]:
            yield f"R7 {row}: {row.amount_due}, not {sums[row.account_id, row.month]}"


def _bands() -> Iterator[str]:
    """R8: for each kind of home, since a band may be for one kind or for both."""
    tariffs = defaultdict(list)
    for band in models.TariffBand.objects.order_by("level"):
        tariffs[band.service_id, band.plan, band.valid_from].append(band)
    for key, bands in tariffs.items():
        for stove, privileged in product((False, True), repeat=2):
            own = [
                band
                for band in bands
                if band.electric_stove in (None, stove) and band.privileged in (None, privileged)
            ]
            levels = [band.level for band in own]
            limits = [
                Decimal("Infinity") if band.limit_per_resident is None else band.limit_per_resident
                for band in own
            ]
            if levels != list(range(1, len(own) + 1)):
                yield f"R8 {key}: levels {levels}"
            if (own and limits[-1].is_finite()) or any(a >= b for a, b in pairwise(limits)):
                yield f"R8 {key}: limits {limits}"


def _intervals() -> Iterator[str]:
    """R8: on each day of a charged interval there are terms, VAT, and a tariff of their plan."""
    terms = defaultdict(list)
    for row in models.Terms.objects.order_by("valid_from"):
        terms[row.account_id].append(row)
    rates = list(models.Vat.objects.values_list("valid_from", flat=True))
    tariffs = defaultdict(list)
    for service, plan, day in models.Tariff.objects.values_list("service_id", "plan", "valid_from"):
        tariffs[service, plan].append(day)

    for account, service, first, last in set(
        _charged("account_id", "service_id", "from_on", "to_on")
    ):
        place = f"{account} {service} {first} … {last}"
        own = terms[account]
        # What is there once is there for ever: only new terms can ask for another tariff.
        for day in [first, *(row.valid_from for row in own if first < row.valid_from < last)]:
            in_force = [row for row in own if row.valid_from <= day]
            if not in_force:
                yield f"R8 {place}: no terms on {day}"
            elif all(start > day for start in tariffs[service, in_force[-1].plan]):
                yield f"R8 {place}: no tariff {in_force[-1].plan} on {day}"
            if all(start > day for start in rates):
                yield f"R8 {place}: no VAT on {day}"


def _meters() -> Iterator[str]:
    """R9: one meter of a service is in place on a day; one gives way on the day the next comes."""
    places = defaultdict(list)
    for meter in models.Meter.objects.all():
        last = meter.removed_on or dt.date.max
        if meter.installed_on < last:
            places[meter.account_id, meter.service_id].append((meter.installed_on, last, meter))
    for meters in places.values():
        for (first, last, one), (other_first, other_last, other) in combinations(meters, 2):
            if first < other_last and other_first < last:
                yield f"R9 meters {one} and {other} of account {one.account_id} overlap"
