"""The months of a service with their totals, as pages and papers show them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.balances import Balance
from billing.models import PersonalAccount, Service
from billing.models.ledger import LedgerQuerySet
from cabinet import months

NOTHING = Decimal("0.00")
COLUMNS = ("month", "opening", "accrued", "adjusted", "paid", "closing")


@dataclass(frozen=True)
class Row:
    """A closed month, in tenge."""

    month: dt.date
    opening: Decimal
    accrued: Decimal
    adjusted: Decimal
    paid: Decimal
    closing: Decimal


@dataclass(frozen=True)
class ServiceLedger:
    """A service's months, oldest first, and their totals; one without any is there too."""

    service: Service
    rows: tuple[Row, ...]

    @property
    def newest_first(self) -> tuple[Row, ...]:
        return self.rows[::-1]

    @property
    def opening(self) -> Decimal:
        """The first month's opening balance."""
        return self.rows[0].opening if self.rows else NOTHING

    @property
    def accrued(self) -> Decimal:
        return sum((row.accrued for row in self.rows), NOTHING)

    @property
    def adjusted(self) -> Decimal:
        return sum((row.adjusted for row in self.rows), NOTHING)

    @property
    def paid(self) -> Decimal:
        return sum((row.paid for row in self.rows), NOTHING)

    @property
    def closing(self) -> Decimal:
        """The last month's closing balance."""
        return self.rows[-1].closing if self.rows else NOTHING

    @property
    def closed_on(self) -> dt.date | None:
        """The last month's last day: that of the closing balance."""
        return months.last_day(self.rows[-1].month) if self.rows else None

    @property
    def balance(self) -> Balance:
        """The closing balance in words; unknown where no month is closed."""
        return Balance(self.closing if self.rows else None)


def closed(
    account: PersonalAccount, services: Sequence[Service], first: dt.date, last: dt.date
) -> LedgerQuerySet:
    """The closed months of these services, oldest first."""
    ledger = account.ledger.for_period(first, last)
    return ledger.filter(service__in=services).order_by("month")


def for_period(
    account: PersonalAccount, services: Sequence[Service], first: dt.date, last: dt.date
) -> tuple[ServiceLedger, ...]:
    """A ledger for each of the services, from the first month to the last; one query."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for entry in closed(account, services, first, last).values("service_id", *COLUMNS):
        rows[entry.pop("service_id")].append(Row(**entry))
    return tuple(ServiceLedger(service, tuple(rows[service.pk])) for service in services)
