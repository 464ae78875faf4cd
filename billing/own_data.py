"""What billing has of the accounts that a user holds, for the user to take away."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from billing import downloads, issued, ledgers
from billing.ledgers import ServiceLedger
from cabinet.downloads import Column, Table


@dataclass(frozen=True)
class Everything:
    """From the first day that there is to the last."""

    first: dt.date
    last: dt.date
    chosen: tuple[ServiceLedger, ...] = ()


def tables(user: User) -> Iterator[tuple[str, Table]]:
    """The accounts, and the months, payments and receipts of each, by the name of their file."""
    held = [
        (each.account, each.since)
        for each in user.holdings.select_related("account").order_by("account__number")
    ]
    columns = [
        Column("number", _("Account number")),
        Column("payer", _("Payer")),
        Column("address", _("Address")),
        Column("held_since", _("Linked since"), "moment"),
    ]
    rows = [(account.number, account.payer, account.address, since) for account, since in held]
    yield "accounts", Table("", "", "", "", columns, rows)
    for account, _since in held:
        chosen = ledgers.of_account(account)
        closed = [row.month for each in chosen for row in each.rows]
        if closed:
            every = Everything(min(closed), max(closed), chosen)
            yield f"{account.number}/months", downloads.services(account, every)
        payments = list(account.payments.order_by("paid_on", "pk").with_waiting())
        if payments:
            every = Everything(payments[0].paid_on, payments[-1].paid_on)
            yield f"{account.number}/payments", downloads.payments(account, every, payments)
        receipts = issued.of_account(account)
        if receipts:
            every = Everything(receipts[-1].month, receipts[0].month)
            yield f"{account.number}/receipts", downloads.receipts(account, every, receipts)
