"""What billing has of the accounts that a user holds, for the user to take away."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import export
from accounts.models import User
from billing import downloads, issued, ledgers, looks
from billing.ledgers import ServiceLedger
from billing.models import PersonalAccount, Service
from cabinet.downloads import Column, Table


@dataclass(frozen=True)
class Everything:
    """From the first day that there is to the last."""

    first: dt.date
    last: dt.date
    chosen: tuple[ServiceLedger, ...] = ()


def tables(user: User) -> Iterator[tuple[str, Table]]:
    """The accounts, and all that billing has of each, by the name of their file."""
    held = [
        (each.account, each.since, each.nickname)
        for each in user.holdings.in_force().select_related("account").order_by("account__number")
    ]
    columns = [
        Column("number", _("Account number")),
        Column("nickname", _("Own name for it")),
        Column("payer", _("Payer")),
        Column("address", _("Address")),
        Column("held_since", _("Linked since"), "moment"),
    ]
    rows = [
        (account.number, nickname, account.payer, account.address, since)
        for account, since, nickname in held
    ]
    yield "accounts", export.table(columns, rows)
    yield "looks", _looks(user)
    for account, _since, _nickname in held:
        chosen = ledgers.of_account(account)
        closed = [row.month for each in chosen for row in each.rows]
        if closed:
            every = Everything(min(closed), max(closed), chosen)
            yield f"{account.number}/months", downloads.services(account, every)
        for name, make in (("charges", downloads.charges), ("adjustments", adjustments)):
            if (table := make(account)).rows:
                yield f"{account.number}/{name}", table
        payments = list(account.payments.order_by("paid_on", "pk").with_waiting())
        if payments:
            every = Everything(payments[0].paid_on, payments[-1].paid_on)
            yield f"{account.number}/payments", downloads.payments(account, every, payments)
        receipts = issued.of_account(account)
        if receipts:
            every = Everything(receipts[-1].month, receipts[0].month)
            yield f"{account.number}/receipts", downloads.receipts(account, every, receipts)
        if (table := downloads.readings(account)).rows:
            yield f"{account.number}/readings", table


def adjustments(account: PersonalAccount) -> Table:
    """The corrections of months, with their reasons."""
    columns = [
        Column("service", _("Service")),
        Column("month", _("Month/Year"), "month"),
        Column("reason", _("Reason")),
        Column("quantity", _("Quantity"), "sum"),
        Column("amount", _("Amount"), "sum"),
    ]
    found = list(account.adjustments.order_by("service_id", "-month", "line"))
    services = Service.objects.of({each.service_id for each in found})
    rows = [
        (services[each.service_id].name, each.month, each.reason, each.quantity, each.amount)
        for each in found
    ]
    return export.table(columns, rows)


def _looks(user: User) -> Table:
    """Which role and branch of staff looked at the user's data, and when; the latest ones."""
    columns = [
        Column("at", _("When"), "moment"),
        Column("what", _("What")),
        Column("number", _("Account number")),
        Column("role", _("Role")),
        Column("branch", _("Branch")),
    ]
    return export.table(columns, looks.at_data_of(user))
