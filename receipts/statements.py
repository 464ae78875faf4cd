"""«Қызмет бойынша үзінді көшірме»: what a statement says of an account's services."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.balances import Balance
from billing.ledgers import NOTHING, ServiceLedger
from billing.models import PersonalAccount
from cabinet import figures, months


class StatementRow(NamedTuple):
    """A closed month and its tariff: the month's prices with VAT, rising."""

    month: dt.date
    opening: Decimal
    accrued: Decimal
    adjusted: Decimal
    paid: Decimal
    closing: Decimal
    tariff: tuple[Decimal, ...]


@dataclass(frozen=True)
class ServiceStatement(ServiceLedger):
    """A service's ledger with the tariff of each month."""

    rows: tuple[StatementRow, ...]  # type: ignore[assignment]


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
    account: PersonalAccount, ledgers: Sequence[ServiceLedger], first: dt.date, last: dt.date
) -> Statement:
    """The statement of these ledgers of the account, which hold the period; one query."""
    prices: dict[tuple[str, dt.date], set[Decimal]] = defaultdict(set)
    charges = account.charges.filter(month__gte=first, month__lte=last)
    for service, month, price, rate in charges.values_list(
        "service_id", "month", "price", "vat_rate"
    ):
        prices[service, month].add(figures.round_half_up(price * (1 + rate)))
    return Statement(
        account,
        first,
        last,
        tuple(
            ServiceStatement(
                each.service,
                tuple(
                    StatementRow(*row, tariff=tuple(sorted(prices[each.service.pk, row.month])))
                    for row in each.rows
                ),
            )
            for each in ledgers
        ),
    )


def filename(statement: Statement) -> str:
    """`Үзінді көшірме 000007919 2025-11 – 2026-10.pdf`, in the reader's language."""
    return _("Statement %(account)s %(first)s – %(last)s.pdf") % {
        "account": statement.account.number,
        "first": months.code(statement.first),
        "last": months.code(statement.last),
    }
