"""Pages and receipts of the hard set agree with `hard-expected.json`, given with the set."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import translation

from accounts.tests.factories import UserFactory
from billing.exchange.load import load
from billing.models import Holding, PersonalAccount
from cabinet import figures, months
from cabinet.months import name as month_name
from cabinet.tests import people
from cabinet.tests.pages import Page, select, text
from cabinet.tests.test_figures_of_sample import SETS, TODAY, day

EXPECTED = json.loads(Path(settings.BASE_DIR, "billing/tests/hard-expected.json").read_text())
SERVICES = {"EL": "Электроэнергия", "MS": "Обслуживание прибора учёта"}
EVER = {"services": "from=2017-01&to=2026-11", "payments": "from=2017-01-01&to=2026-11-30"}
WAITING = "Получено; будет в квитанции"


def money(value: str) -> str:
    return seen(figures.money(Decimal(value)))


def month(code: str) -> str:
    with translation.override("ru"):
        return seen(month_name(months.parse(code)))


def seen(written: str) -> str:
    """As `pages` tells it."""
    return written.replace(figures.NO_BREAK_SPACE, "_")


@pytest.fixture(scope="module")
def holder(django_db_setup, django_db_blocker):
    """Who holds every account of the hard set and reads Russian."""
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        people.at(TODAY, patch)
        assert load(Path(settings.BASE_DIR, SETS["hard"]), by="test").loaded
        user = UserFactory(language="ru")
        Holding.objects.bulk_create(
            Holding(user=user, account=account) for account in PersonalAccount.objects.all()
        )
        yield user
        transaction.set_rollback(True)


@pytest.fixture
def see(holder, client, db):
    """The page at a path, as the holder sees it."""

    def page(path: str) -> Page:
        response = client.get(path)
        assert response.status_code == 200, path
        return Page(response)

    client.force_login(holder)
    return page


def test_every_month_of_every_service(see):
    for number, account in EXPECTED.items():
        page = see(f"/accounts/{number}/services/?{EVER['services']}")
        shown = {
            text(select(ledger, "h2")[0]): table[1:-1]
            for ledger, table in zip(page.all("section.ledger"), page.tables, strict=True)
        }
        assert shown == {
            name: [
                [month(closed["month"]), *map(money, closed["rows"][code])]
                for closed in reversed(account["months"])
            ]
            for code, name in SERVICES.items()
        }, number


def test_payment_in_transit_waits_for_the_month_to_come(see):
    for number, account in EXPECTED.items():
        page = see(f"/accounts/{number}/payments/?{EVER['payments']}")
        shown = [row[:3] for table in page.tables for row in table if WAITING in " ".join(row)]
        wanted = []
        if account["tail"]:
            paid_on, amount = account["tail"]
            told = f"{SERVICES['EL']} {WAITING}: {month(paid_on[:7])}"
            wanted = [[day(paid_on), told, money(amount)]]
        assert shown == wanted, number


def to_pay(account) -> str:
    """What is due on the last receipt less the payment in transit."""
    _paid_on, in_transit = account["tail"] or (None, 0)
    return seen(figures.tenge(Decimal(account["months"][-1]["due"]) - Decimal(in_transit)))


def test_payer_address_residents_and_balance(see):
    for number, account in EXPECTED.items():
        page = see(f"/accounts/{number}/")
        shown = [text(page.find(each)) for each in ("p.sum-word", "p.sum-figure")]
        assert shown == ["К оплате", to_pay(account)], number
        facts = [fact for fact in page.facts[0] if fact[0] != "Нынешний плательщик с"]
        assert facts[:4] == [
            ("Номер лицевого счёта", number),
            ("Плательщик", account["payer"]),
            ("Адрес", account["address_ru"]),
            ("Количество постоянно проживающих", str(account["residents"])),
        ]


def test_list_of_accounts(see):
    parts = ("number", "payer", "address", "balance")
    shown = [
        tuple(text(select(item, f"span.accounts-{part}")[0]) for part in parts)
        for item in see("/accounts/").find("ul.accounts")
    ]
    assert shown == [
        (number, account["payer"], account["address_ru"], f"к оплате {to_pay(account)}")
        for number, account in sorted(EXPECTED.items())
    ]


def test_amount_due_of_every_receipt(see):
    for number, account in EXPECTED.items():
        page = see(f"/accounts/{number}/receipts/?{EVER['services']}")
        rows = [row for table in page.tables for row in table[1:]]
        shown = [(row[0].partition(" № ")[0], row[3]) for row in rows]
        assert shown == [
            (month(closed["month"]), money(closed["due"])) for closed in reversed(account["months"])
        ], number
