"""The months of a service with their totals, as pages and papers show them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.models import LedgerEntry, PersonalAccount, Service

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class ServiceLedger:
    """One service's months, oldest first."""

    service: Service
    entries: tuple[LedgerEntry, ...]

    @property
    def newest_first(self) -> tuple[LedgerEntry, ...]:
        return self.entries[::-1]

    @property
    def opening(self) -> Decimal:
        """The first month's opening balance, in tenge."""
        return self.entries[0].opening if self.entries else NOTHING

    @property
    def accrued(self) -> Decimal:
        return sum((entry.accrued for entry in self.entries), NOTHING)

    @property
    def adjusted(self) -> Decimal:
        return sum((entry.adjusted for entry in self.entries), NOTHING)

    @property
    def paid(self) -> Decimal:
        return sum((entry.paid for entry in self.entries), NOTHING)

    @property
    def closing(self) -> Decimal:
        """The last month's closing balance, in tenge."""
        return self.entries[-1].closing if self.entries else NOTHING


def for_period(
    account: PersonalAccount, services: Sequence[Service], first: dt.date, last: dt.date
) -> tuple[ServiceLedger, ...]:
    """A ledger for each of the services, from the first month to the last; one query."""
    entries = list(
        account.ledger.for_period(first, last).filter(service__in=services).order_by("month")
    )
    return tuple(
        ServiceLedger(service, tuple(entry for entry in entries if entry.service_id == service.pk))
        for service in services
    )
