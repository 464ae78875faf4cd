"""What the pages of an account show, as tables for files; rows stand as on the page."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.utils.translation import gettext as _

from accounts import export
from billing.breakdowns import Line
from billing.issued import Issued
from billing.ledgers import NOTHING, ServiceLedger
from billing.models import Bank, Payment, PersonalAccount, Reading, Service
from billing.models.accounts import Source
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


def charges(account: PersonalAccount, period: Period | None = None) -> Table:
    """The lines of each month's accrual, of all months without a period: quantities in the unit,
    sums in tenge.
    """
    columns = [
        Column("service", _("Service")),
        Column("month", _("Month/Year"), "month"),
        Column("meter", _("Meter")),
        Column("from", _("From"), "day"),
        Column("previous", _("Previous reading"), "sum"),
        Column("to", _("To"), "day"),
        Column("current", _("Current reading"), "sum"),
        Column("days", _("Days")),
        Column("level", _("Level")),
        Column("limit", _("Limit"), "sum"),
        Column("quantity", _("Quantity"), "sum"),
        Column("unit", _("Unit")),
        Column("price", _("Price without VAT"), "sum"),
        Column("vat", _("VAT rate"), "sum"),
        Column("amount", _("Amount"), "sum"),
    ]
    lines = account.charges.order_by("service_id", "-month", "line")
    if period:
        lines = lines.filter(month__gte=period.first, month__lte=period.last)
    found = list(lines.values_list("service_id", "month", *Line._fields, named=True))
    services = Service.objects.of({each.service_id for each in found})
    rows = [
        (
            services[each.service_id].name,
            each.month,
            each.serial,
            each.from_on,
            each.from_value,
            each.to_on,
            each.to_value,
            _number(each.days),
            _number(each.level),
            each.limit,
            each.quantity,
            services[each.service_id].unit,
            each.price,
            each.vat_rate,
            each.amount,
        )
        for each in found
    ]
    return _of_period(_("Charges"), account, period, columns, rows)


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def readings(account: PersonalAccount, period: Period | None = None) -> Table:
    """What the account's meters showed, in a period's months or ever, the newest first."""
    columns = [
        Column("meter", _("Meter")),
        Column("date", _("Date"), "day"),
        Column("source", _("Source")),
        Column("reading", _("Reading"), "sum"),
    ]
    found = Reading.objects.filter(meter__account=account)
    if period:
        days = period.first, months.last_day(period.last)
        found = found.filter(taken_on__range=days)
    rows = [
        (serial, taken_on, str(Source(source).label), value)
        for serial, taken_on, source, value in found.order_by(
            "meter__serial", "-taken_on", "-value", "source"
        ).values_list("meter__serial", "taken_on", "source", "value")
    ]
    return _of_period(_("Readings"), account, period, columns, rows)


def _of_period(
    title: str,
    account: PersonalAccount,
    period: Period | None,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
) -> Table:
    if period is None:
        return export.table([*columns], rows)
    ends = months.code(period.first), months.code(period.last)
    return Table(title, account.number, *ends, columns, rows)


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
