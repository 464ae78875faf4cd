"""«Қызмет бойынша үзінді көшірме»: what a statement says of an account's services."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DecimalField, ExpressionWrapper, F, OuterRef
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
    """The statement of these services, which are the account's own; one query."""
    rows: dict[str, list[StatementRow]] = defaultdict(list)
    entries = ledgers.closed(account, services, first, last).annotate(prices=_prices(account))
    for entry in entries.values("service_id", "prices", *ledgers.COLUMNS):
        service, prices = entry.pop("service_id"), entry.pop("prices")
        tariff = sorted({figures.round_half_up(price) for price in prices})
        rows[service].append(StatementRow(**entry, tariff=tuple(tariff)))
    return Statement(
        account,
        first,
        last,
        tuple(ServiceStatement(service, tuple(rows[service.pk])) for service in services),
    )


def _prices(account: PersonalAccount) -> ArraySubquery:
    """The prices with VAT of a ledger entry's charges, as exact as they are."""
    charges = account.charges.filter(service=OuterRef("service"), month=OuterRef("month"))
    with_vat = ExpressionWrapper(
        F("price") * (1 + F("vat_rate")), DecimalField(max_digits=20, decimal_places=10)
    )
    return ArraySubquery(charges.values(with_vat=with_vat).distinct())


def filename(statement: Statement) -> str:
    """`Үзінді көшірме 000007919 2025-11 – 2026-10.pdf`, in the reader's language."""
    return _("Statement %(account)s %(first)s – %(last)s.pdf") % {
        "account": statement.account.number,
        "first": months.code(statement.first),
        "last": months.code(statement.last),
    }
