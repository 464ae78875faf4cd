"""«Қызмет бойынша үзінді көшірме»: what a statement says of an account's services."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing import ledgers
from billing.balances import Balance
from billing.ledgers import NOTHING, Row, ServiceLedger
from billing.models import PersonalAccount, Service
from cabinet import figures, months


@dataclass(frozen=True)
class StatementRow(Row):
    """A closed month and its tariff: the month's prices with VAT, rising."""

    tariff: tuple[Decimal, ...]


@dataclass(frozen=True)
class ServiceStatement(ServiceLedger):
    """A service's ledger with the tariff of each month."""

    rows: tuple[StatementRow, ...]


@dataclass(frozen=True)
class Statement:
    """The services of an account from the first month to the last, both included."""

    account: PersonalAccount
    first: dt.date
    last: dt.date
    services: tuple[ServiceStatement, ...]

    @property
    def last_day(self) -> dt.date:
        """The period's last day."""
        return months.last_day(self.last)

    @property
    def closed_on(self) -> dt.date | None:
        """The latest day that any of the services is closed to."""
        return max((each.closed_on for each in self.services if each.closed_on), default=None)

    @property
    def balance(self) -> Balance:
        """The closing balances of all services together, in words."""
        closed = [each.closing for each in self.services if each.rows]
        return Balance(sum(closed, NOTHING) if closed else None)


def build(
    account: PersonalAccount, services: Sequence[Service], first: dt.date, last: dt.date
) -> Statement:
    """The statement of these services, which are the account's own; two queries."""
    prices = _prices(account, services, first, last)

    def with_tariff(service: Service, row: Row) -> StatementRow:
        return StatementRow(**vars(row), tariff=tuple(sorted(prices[service.pk, row.month])))

    return Statement(
        account,
        first,
        last,
        tuple(
            ServiceStatement(
                ledger.service, tuple(with_tariff(ledger.service, row) for row in ledger.rows)
            )
            for ledger in ledgers.for_period(account, services, first, last)
        ),
    )


def _prices(
    account: PersonalAccount, services: Sequence[Service], first: dt.date, last: dt.date
) -> dict[tuple[str, dt.date], set[Decimal]]:
    """The prices with VAT, to the tiyn, of each service and month."""
    charges = account.charges.filter(service__in=services, month__gte=first, month__lte=last)
    prices = defaultdict(set)
    for code, month, price, vat_rate in charges.values_list(
        "service_id", "month", "price", "vat_rate"
    ).distinct():
        prices[code, month].add(figures.round_half_up(price * (1 + vat_rate)))
    return prices


def filename(statement: Statement) -> str:
    """`Үзінді көшірме 000007919 2025-11 – 2026-10.pdf`, in the reader's language."""
    return _("Statement %(account)s %(first)s – %(last)s.pdf") % {
        "account": statement.account.number,
        "first": months.code(statement.first),
        "last": months.code(statement.last),
    }
