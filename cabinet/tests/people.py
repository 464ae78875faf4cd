"""A home with its people, and a day on which they look at it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.apps import apps
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from accounts.staff import granted
from accounts.tests.factories import UserFactory
from billing import models
from billing.tests import factories
from cabinet import memory, months
from cabinet.tests import copies

TODAY = dt.date(2026, 4, 10)
LATEST = dt.date(2026, 3, 1)  # the last closed month
MONTHS = 14
FEE = Decimal("120.00")  # without VAT
VAT_CHANGED = dt.date(2026, 1, 1)


@dataclass(frozen=True)
class Home:
    """An account with two holders, others who held it once, somebody else, and staff.

    `suspended` held it before its owner changed, `former` until the link was removed.
    """

    account: models.PersonalAccount
    owner: User
    second: User
    stranger: User
    strangers: models.PersonalAccount
    support: User
    former: User
    suspended: User
    biller: User
    supervisor: User


# What was made once, by all that it depends on.
_made: dict[tuple[Any, ...], copies.Copy] = {}


def at(day: dt.date, monkeypatch: Any) -> None:
    """It is the morning of that day in Almaty, and nothing is remembered from before."""
    now = dt.datetime.combine(day, dt.time(5), dt.UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    memory.forget()


def household(count: int = MONTHS) -> Home:
    """That many months closed, the last in March 2026.

    Each month's bill is paid on the 10th of the next, both services in one sum, but for
    February's payment of electricity, which was reversed and made again. 500 ₸ paid in
    April wait for their month. An adjustment in December 2025.
    """
    make_groups()
    groups = tuple(Group.objects.order_by("pk").values_list("pk", "name"))
    of_what = count, timezone.now(), Argon2PasswordHasher.memory_cost, groups
    with connection.cursor() as cursor:
        if not copies.nothing_is_there(cursor):
            return make_household(count)
        if of_what not in _made:
            home = make_household(count)
            _made[of_what] = copies.taken(cursor, home)
            return home
        return copies.put_back(cursor, _made[of_what])


def make_household(count: int) -> Home:
    """As `household()` says, row by row."""
    owner, second, stranger = (
        UserFactory(login=login) for login in ("owner", "second", "stranger")
    )
    account = factories.PersonalAccountFactory(number="000000101")
    other = factories.PersonalAccountFactory(number="000000202", payer="Иванов Пётр")
    for user, held in ((owner, account), (second, account), (stranger, other)):
        factories.HoldingFactory(user=user, account=held)
    former, suspended = UserFactory(login="former"), UserFactory(login="suspended")
    factories.HoldingFactory(user=former, account=account).delete()
    before = dt.datetime.combine(account.owner_since, dt.time(), dt.UTC) - dt.timedelta(days=9)
    factories.HoldingFactory(user=suspended, account=account, since=before)
    bill(account, count)
    others = former, suspended, member("billing operator"), member("supervisor")
    return Home(account, owner, second, stranger, other, support(), *others)


def support() -> User:
    """The operator."""
    user = member("operator", login="support")
    user.full_name = "Әсел Қанатқызы Іскендірова"
    user.save()
    return user


RIGHTS = (
    "accounts.migrations.0005_groups",
    "billing.migrations.0008_difference_rights",
    "receipts.migrations.0003_mailing_rights",
    "support.migrations.0003_text_rights",
    "support.migrations.0005_application_rights",
)


def make_groups() -> None:
    """As the migrations make them, if a test that emptied the database has taken them along."""
    if Group.objects.exists():
        return
    for migration in RIGHTS:
        granted(import_module(migration).RIGHTS)(apps, SimpleNamespace(connection=connection))


def member(*groups: str, **fields: Any) -> User:
    """A member of staff in those groups."""
    make_groups()
    user = UserFactory(**{"login": groups[0].replace(" ", "-"), "is_staff": True, **fields})
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def second_step_of(user: User) -> dict[str, Any]:
    """What the session of a user who has shown a second step holds of it."""
    step, _made = Authenticator.objects.get_or_create(
        user=user, type="totp", defaults={"data": {"secret": encrypt("A" * 32)}}
    )
    return {
        "account_authentication_methods": [{"method": "mfa", "id": step.pk}],
        "account_authentication_methods_user": str(user.pk),
    }


def bill(account: models.PersonalAccount, count: int) -> None:
    """Two services, so many months, as `household()` says."""
    electricity = factories.ServiceFactory()
    upkeep = factories.ServiceFactory(unmetered=True)
    bank = factories.BankFactory()
    factories.TermsFactory(account=account)
    factories.TermsFactory(account=account, valid_from=dt.date(2025, 6, 1), residents=3)
    old = factories.MeterFactory(
        account=account, serial="111", model="СО-И446", removed_on=dt.date(2024, 5, 20)
    )
    meter = factories.MeterFactory(account=account, serial="222", installed_on=old.removed_on)
    factories.ReadingFactory(meter=meter, value=Decimal("1195.500"))
    factories.ReadingFactory(
        meter=meter, value=Decimal("12237"), taken_on=dt.date(2026, 3, 25), source="consumer"
    )
    own = {"account": account}
    ledger, charges, payments, receipts = [], [], [], []
    electric = partial(factories.PaymentFactory.build, **own, service=electricity, bank=bank)
    owed = Decimal("0.00"), Decimal("0.00")
    for index in range(count):
        month = months.plus(LATEST, index + 1 - count)
        day = month.replace(day=10)
        rate = Decimal("0.16") if month >= VAT_CHANGED else Decimal("0.12")
        accrued = Decimal(1450 + index)
        adjusted = Decimal("-123.45") if month == dt.date(2025, 12, 1) else Decimal("0.00")
        fee = FEE * (1 + rate)
        row = partial(factories.LedgerEntryFactory.build, **own, month=month)
        ledger += [
            row(
                service=electricity,
                opening=owed[0],
                accrued=accrued,
                adjusted=adjusted,
                paid=owed[0],
            ),
            row(service=upkeep, opening=owed[1], accrued=fee, paid=owed[1]),
        ]
        line = partial(factories.ChargeFactory.build, **own, month=month, vat_rate=rate)
        prices = ("20", "15") if month == LATEST else ("25",)
        charges += [
            line(
                service=electricity,
                line=number,
                price=Decimal(price),
                amount=accrued / len(prices),
            )
            for number, price in enumerate(prices, start=1)
        ]
        charges.append(line(service=upkeep, unmetered=True, line=1))
        if adjusted:
            factories.AdjustmentFactory(**own, service=electricity, month=month, amount=adjusted)
        if index:
            paid = partial(electric, month=month, paid_on=day)
            payments += [paid(amount=owed[0]), paid(amount=owed[1], service=upkeep)]
            if month == dt.date(2026, 2, 1):
                payments += [
                    paid(amount=-owed[0], paid_on=day.replace(day=12)),
                    paid(amount=owed[0], paid_on=day.replace(day=20)),
                ]
        owed = accrued + adjusted, fee
        due = months.plus(month, 1)
        receipts.append(
            factories.ReceiptFactory.build(
                **own,
                month=month,
                issued_on=due.replace(day=5),
                due_on=due.replace(day=25),
                amount_due=sum(owed),
            )
        )
    payments.append(
        electric(month=months.plus(LATEST, 1), paid_on=dt.date(2026, 4, 5), amount=Decimal(500))
    )
    for rows in (ledger, charges, payments, receipts):
        _write(rows)


def _write(rows: Iterable[Model]) -> None:
    rows = list(rows)
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)


# What tests in a real browser, or of several connections, have left in the audit log for good.
WITHOUT_EARLIER_ENTRIES = """
    ALTER TABLE accounts_auditentry DISABLE TRIGGER audit_only_added_to;
    DELETE FROM accounts_auditentry;
    ALTER TABLE accounts_auditentry ENABLE ALWAYS TRIGGER audit_only_added_to"""


@contextmanager
def lasting_household(blocker: Any, count: int = MONTHS) -> Iterator[Home]:
    """The household for the tests of a module, gone after them."""
    with blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        at(TODAY, patch)
        with connection.cursor() as cursor:
            cursor.execute(WITHOUT_EARLIER_ENTRIES)
        yield household(count)
        transaction.set_rollback(True)
