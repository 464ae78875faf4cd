"""What the pages of an account show, as tables for files; rows stand as on the page."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Protocol

from django.utils.translation import gettext as _

from billing.issued import Issued
from billing.ledgers import NOTHING, ServiceLedger
from billing.models import Bank, Payment, PersonalAccount, Service
from cabinet import months
from cabinet.downloads import Column, Table


class Period(Protocol):
    """Days or months, both included; of a form they are those of a valid one."""

    @property
    def first(self) -> dt.date: ...
    @property
    def last(self) -> dt.date: ...


class MonthPeriod(Period, Protocol):
    """With the months that were chosen."""

    @property
    def chosen(self) -> tuple[ServiceLedger, ...]: ...


def services(account: PersonalAccount, period: MonthPeriod) -> Table:
    """The closed months of each service, the newest first."""
    return Table(
        _("Service information"),
        account.number,
        months.code(period.first),
        months.code(period.last),
        [*of_service(), *of_month()],
        [
            (each.service.name, each.service.supplier.name, *row)
            for each in period.chosen
            for row in each.newest_first
        ],
    )


def payments(account: PersonalAccount, period: Period, rows: Sequence[Payment]) -> Table:
    """The payments of the period, fetched `with_waiting()`."""
    services = Service.objects.of({row.service_id for row in rows})
    banks = Bank.objects.of({row.bank_id for row in rows})
    return Table(
        _("Payments"),
        account.number,
        period.first.isoformat(),
        period.last.isoformat(),
        [
            Column("date", _("Date"), "day"),
            Column("service", _("Service")),
            Column("amount", _("Amount"), "sum"),
            Column("bank", _("Bank")),
            Column("booked_to", _("Booked to"), "month"),
            Column("waiting", _("Not on a receipt yet"), "yes_no"),
        ],
        [
            (
                row.paid_on,
                services[row.service_id].name,
                row.amount,
                banks[row.bank_id].name,
                row.month,
                row.is_waiting,
            )
            for row in rows
        ],
    )


def receipts(account: PersonalAccount, period: Period, rows: Iterable[Issued]) -> Table:
    """The receipts of the period; what is paid of one is never more than it asked for."""
    return Table(
        _("Receipts"),
        account.number,
        months.code(period.first),
        months.code(period.last),
        [
            Column("month", _("Month/Year"), "month"),
            Column("number", _("Number")),
            Column("issued_on", _("Issued on"), "day"),
            Column("due_on", _("Pay by"), "day"),
            Column("amount_due", _("Amount due"), "sum"),
            Column("paid", _("Paid so far"), "sum"),
            Column("left", _("Left to pay"), "sum"),
        ],
        [
            (
                row.month,
                row.number,
                row.issued_on,
                row.due_on,
                row.amount_due,
                max(row.amount_due, NOTHING) - row.left,
                row.left,
            )
            for row in rows
        ],
    )


def of_service() -> tuple[Column, ...]:
    """What a row belongs to, where several services stand in one table."""
    return Column("service", _("Service")), Column("supplier", _("Supplier"))


def of_month() -> tuple[Column, ...]:
    """The columns of a `ledgers.Row`."""
    return (
        Column("month", _("Month/Year"), "month"),
        Column("opening", _("Opening balance"), "sum"),
        Column("accrued", _("Accrued"), "sum"),
        Column("adjusted", _("Adjustments"), "sum"),
        Column("paid", _("Payments"), "sum"),
        Column("closing", _("Closing balance"), "sum"),
    )
