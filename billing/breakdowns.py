"""How a month was made up: the lines behind each figure of its ledger row."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import JSONField, Model, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404
from django.utils import timezone

from billing import models
from billing.consumption import level_of
from billing.ledgers import Row
from billing.models import Bank, PersonalAccount, Service
from billing.models.accounts import PersonalAccountQuerySet
from billing.models.columns import in_language
from billing.models.facts import ExactDecoder
from billing.payments import total
from cabinet import months


class Line(NamedTuple):
    """A charge: quantities in the service's unit, the price without VAT, the amount with it."""

    serial: str | None
    from_on: dt.date | None
    from_value: Decimal | None
    to_on: dt.date | None
    to_value: Decimal | None
    days: int | None
    quantity: Decimal
    level: int | None
    limit: Decimal | None
    price: Decimal
    vat_rate: Decimal
    amount: Decimal


class Interval(NamedTuple):
    """Lines between the same two readings of a meter; without a meter there are no readings."""

    lines: tuple[Line, ...]

    @property
    def first(self) -> Line:
        """Any line knows the meter and its readings."""
        return self.lines[0]

    @property
    def has_limits(self) -> bool:
        """Whether any level ends at a limit."""
        return any(line.limit is not None for line in self.lines)

    @property
    def is_at_one_price(self) -> bool:
        """Whether nothing is said of levels."""
        return not any(level_of(line.level, line.limit) for line in self.lines)

    @property
    def days(self) -> int:
        """From the one reading to the other."""
        first = self.first
        return (first.to_on - first.from_on).days if first.from_on and first.to_on else 0

    @property
    def quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), Decimal(0))

    @property
    def amount(self) -> Decimal:
        return total(self.lines)


class Adjustment(NamedTuple):
    """A correction in tenge, with its reason in either language."""

    reason_kk: str
    reason_ru: str
    quantity: Decimal | None
    amount: Decimal

    @property
    def reason(self) -> str:
        """In the language in force."""
        return in_language(self, "reason")


class Payment(NamedTuple):
    """Money received, in tenge; below zero when a payment was reversed."""

    paid_on: dt.date
    amount: Decimal
    bank_id: str

    @property
    def bank(self) -> Bank:
        """Through whom it came."""
        return Bank.objects.of({self.bank_id})[self.bank_id]


@dataclass(frozen=True)
class Breakdown:
    """A month of a service; without a `row` it is not closed."""

    service: Service
    row: Row | None
    intervals: tuple[Interval, ...]
    adjustments: tuple[Adjustment, ...]
    payments: tuple[Payment, ...]

    @property
    def paid(self) -> Decimal:
        return total(self.payments)


PARTS: dict[str, tuple[type[Model], Any, str]] = {
    "month_rows": (models.LedgerEntry, Row, "month"),
    "month_lines": (models.Charge, Line, "line"),
    "month_adjustments": (models.Adjustment, Adjustment, "line"),
    "month_payments": (models.Payment, Payment, "paid_on"),
}
EXACT = ArrayField(JSONField(decoder=ExactDecoder))


def with_month(accounts: PersonalAccountQuerySet, month: dt.date) -> PersonalAccountQuerySet:
    """Adds what each account has in the month, which `of()` makes breakdowns of."""
    selects = {}
    for name, (model, made, order) in PARTS.items():
        own = model._default_manager.filter(account=OuterRef("pk"), month=month).order_by(order)
        fields = JSONObject(service="service_id", **{field: field for field in made._fields})
        selects[name] = ArraySubquery(own.values(json=fields), output_field=EXACT)
    return accounts.annotate(**selects)


def of(account: PersonalAccount) -> tuple[Breakdown, ...]:
    """The services that have anything in the month; of an account fetched `with_month()`."""
    rows, lines, adjustments, payments = (
        _by_service(getattr(account, name), made) for name, (_model, made, _order) in PARTS.items()
    )
    return tuple(
        Breakdown(
            service,
            rows[code][0] if rows[code] else None,
            intervals(lines[code]),
            tuple(adjustments[code]),
            tuple(payments[code]),
        )
        for code, service in Service.objects.of({*rows, *lines, *adjustments, *payments}).items()
    )


def of_month(account: PersonalAccount, month: dt.date) -> tuple[Breakdown, ...]:
    """As `of()`, of an account fetched `with_months_beside()` too; Http404 for a month in which
    nothing was and, as later ones are closed or it lies in the future, nothing is to come.
    """
    found = of(account)
    is_open = account.month_after is None and month <= months.first_day(timezone.localdate())
    if not found and not is_open:
        raise Http404
    return found


def at(account: PersonalAccount, month: dt.date) -> tuple[Breakdown, ...]:
    """The breakdowns of another month of an account; one query."""
    return of(with_month(PersonalAccount.objects.filter(pk=account.pk), month).get())


def _by_service(rows: list[dict[str, Any]], made: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        code = row.pop("service")
        found[code].append(made(**{name: _value(name, value) for name, value in row.items()}))
    return found


def _value(name: str, value: Any) -> Any:
    day = name.endswith("_on") or name == "month"
    return dt.date.fromisoformat(value) if day and value else value


MONTH = ("account_id", "service_id", "month")


def charged(
    lines: QuerySet[models.Charge],
) -> Iterator[tuple[tuple[int, str, dt.date], tuple[Interval, ...]]]:
    """What these lines were charged between, by account, service and month; one query."""
    rows = lines.order_by(*MONTH, "line").values_list(*MONTH, *Line._fields).iterator()
    for key, group in groupby(rows, key=lambda row: row[:3]):
        yield key, intervals(Line(*row[3:]) for row in group)


def intervals(lines: Iterable[Line]) -> tuple[Interval, ...]:
    """A month's lines by what they were charged between, whatever stands between them; in the
    order of the first line of each.
    """
    found: dict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        found[line[:5]].append(line)
    return tuple(Interval(tuple(group)) for group in found.values())
