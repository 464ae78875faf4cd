"""«Түбіртектер»: what each month asked for, and whether it has been paid."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Receipt
from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page

PAGE = "receipts/"
URL = "/accounts/000000101/receipts/"
PAPERS = ["Қарау", "Қарау екі жағы"]  # of the front, and of the outer side
HEAD = [
    *("Ай/Жыл", "Берілген күні", "Төлеу мерзімі", "Төлеуге", "Төленуі"),
    *("Түбіртек", "Шоттың сыртқы жағы"),
]
APRIL, DECEMBER = dt.date(2026, 4, 1), dt.date(2025, 12, 1)


def see(client, home, **query):
    client.force_login(home.owner)
    return Page(client.get(URL, query))


def state(page):
    """Of the latest receipt: what it asks for, and whether it is paid."""
    return tuple(page.tables[0][1][3:5])


@pytest.fixture
def pay(home):
    """A payment that waits for April."""

    def pays(amount):
        factories.PaymentFactory(
            account=home.account, paid_on=people.TODAY, month=APRIL, amount=Decimal(amount)
        )

    return pays


def test_newest_first(client, home):
    numbers = dict(home.account.receipts.values_list("month", "number"))
    page = see(client, home, **{"from": "2025-12", "to": "2026-03"})
    assert (page.status, page.heading) == (200, "Түбіртектер")
    head, *rows = page.tables[0]
    assert head == HEAD
    names = {2: "ақпан", 3: "наурыз", 1: "қаңтар", 12: "желтоқсан"}
    assert [row.pop(0) for row in rows] == [
        f"{month.year} ж. {names[month.month]} № {numbers[month]}"
        for month in (dt.date(2026, 3, 1), dt.date(2026, 2, 1), dt.date(2026, 1, 1), DECEMBER)
    ]
    assert rows == [
        ["05.04.2026", "25.04.2026", "1_602,20", "Қалғаны: 1_102,20_₸", *PAPERS],
        ["05.03.2026", "25.03.2026", "1_601,20", "✓ Төленген", *PAPERS],
        ["05.02.2026", "25.02.2026", "1_600,20", "✓ Төленген", *PAPERS],
        ["05.01.2026", "25.01.2026", "1_470,95", "✓ Төленген", *PAPERS],
    ]
    assert page.links["2026 ж. наурыз"] == "/accounts/000000101/services/2026-03/"


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home)
    assert page.heading == "Квитанции"
    assert page.tables[0][0] == [
        *("Месяц/Год", "Дата выдачи", "Оплатить до", "К оплате", "Оплата"),
        *("Квитанция", "Внешняя сторона счёта"),
    ]
    assert state(page) == ("1_602,20", "Осталось: 1_102,20_₸")


def test_the_last_twelve_months_unless_asked(client, home):
    page = see(client, home)
    assert page.values == {"from": "2025-04", "to": "2026-03"}
    assert len(page.tables[0]) == 13


def test_not_paid(client, home):
    home.account.payments.filter(month=APRIL).delete()
    assert state(see(client, home)) == ("1_602,20", "Төленбеген")


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1102.19", "Қалғаны: 0,01_₸"),
        ("1102.20", "✓ Төленген"),
        ("5000", "✓ Төленген"),
        ("-499.99", "Қалғаны: 1_602,19_₸"),
        ("-500", "Төленбеген"),
        ("-700", "Төленбеген"),
    ],
)
def test_paid_since_its_month_closed(amount, told, client, home, pay):
    pay(amount)
    assert state(see(client, home)) == ("1_602,20", told)


@pytest.mark.parametrize(("due", "shown"), [("0", "0,00"), ("-120.50", "−120,50")])
def test_nothing_to_pay(due, shown, client, home):
    Receipt.objects.filter(account=home.account, month=people.LATEST).update(
        amount_due=Decimal(due)
    )
    assert state(see(client, home)) == (shown, "Төлейтін ештеңе жоқ")


def test_what_was_paid_before_its_month_closed_does_not_count(client, home):
    factories.PaymentFactory(
        account=home.account, paid_on=people.TODAY, month=people.LATEST, amount=Decimal(9000)
    )
    assert state(see(client, home)) == ("1_602,20", "Қалғаны: 1_102,20_₸")


def test_none_yet(client, home):
    client.force_login(home.stranger)
    page = Page(client.get("/accounts/000000202/receipts/"))
    assert (page.status, page.tables) == (200, [])
    assert "Бұл кезеңде түбіртек жоқ." in page.content


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


@pytest.mark.parametrize(
    ("query", "messages"),
    [each for each in asks.WRONG_MONTHS if "service" not in each[0]],
    ids=lambda q: str(q)[:50],
)
def test_wrong_periods(query, messages, client, home):
    asks.is_told_beside_the_field(see(client, home, **query), messages)


def test_queries(client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    many = asks.queries(client, f"{URL}?from=2016-04&to=2026-03")
    few = asks.queries(client, f"{URL}?from=2026-03&to=2026-03")
    assert many == few <= 5
