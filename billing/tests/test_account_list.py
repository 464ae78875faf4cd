"""«Қолжетімді дербес шоттар», and where one comes after signing in."""

from decimal import Decimal

import pytest

from accounts.tests.factories import UserFactory
from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, select, text

URL = "/accounts/"


def see(client, person, url=URL):
    client.force_login(person)
    return Page(client.get(url))


def listed(page):
    """Each account's number, balance, state of it, payer and address."""
    return [
        (
            text(select(item, "span.accounts-number")[0]),
            text(select(item, "span.accounts-balance")[0]),
            select(item, "span.accounts-balance")[0].get("class").split()[-1],
            text(select(item, "span.accounts-payer")[0]),
            text(select(item, "span.accounts-address")[0]),
        )
        for item in page.find("ul.accounts")
    ]


def test_accounts_with_their_balances(client, home):
    states = {"000000303": "-120.00", "000000404": "0.00"}
    for number, closing in states.items():
        account = factories.PersonalAccountFactory(number=number, payer=f"Төлеуші {number}")
        factories.HoldingFactory(user=home.owner, account=account)
        factories.LedgerEntryFactory(account=account, opening=Decimal(closing), accrued=0, paid=0)
    factories.HoldingFactory(user=home.owner, account=home.strangers)
    page = see(client, home.owner)
    assert page.status == 200
    assert page.heading == "Қолжетімді дербес шоттар"
    assert page.title == "Қолжетімді дербес шоттар – Жеке кабинет"
    address = "Алматы қ., Абай даңғ., 181-үй, 34-пәтер"
    assert listed(page) == [
        (
            "000000101",
            "төлеуге 1_102,20_₸",
            "to-pay",
            "Құдайбергенова Мәдина Бейбітқызы",
            address,
        ),
        ("000000202", "әзірге дерек жоқ", "unknown", "Иванов Пётр", address),
        ("000000303", "артық төлем 120,00_₸", "overpaid", "Төлеуші 000000303", address),
        ("000000404", "төлейтін ештеңе жоқ", "settled", "Төлеуші 000000404", address),
    ]
    assert [item.get("href") for item in page.all("a.accounts-one")] == [
        "/accounts/000000101/",
        "/accounts/000000202/",
        "/accounts/000000303/",
        "/accounts/000000404/",
    ]


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home.owner)
    assert page.heading == "Доступные лицевые счета"
    assert listed(page) == [
        (
            "000000101",
            "к оплате 1_102,20_₸",
            "to-pay",
            "Құдайбергенова Мәдина Бейбітқызы",
            "г. Алматы, пр. Абая, д. 181, кв. 34",
        )
    ]


def test_the_other_holder_sees_the_same_account(client, home):
    assert listed(see(client, home.second)) == listed(see(client, home.owner))


def test_a_stranger_sees_only_the_own(client, home):
    assert [row[0] for row in listed(see(client, home.stranger))] == ["000000202"]


def test_no_account_yet(client, home):
    page = see(client, home.support)
    assert page.status == 200
    assert page.all("ul.accounts") == []
    assert "Әзірге дербес шот қосылмаған." in page.content


def test_account_items_of_the_menu_lead_to_the_start(client, home):
    (menu,) = see(client, home.owner).all("nav.menu-beside")
    assert [(text(item), item.get("href")) for item in menu.iter("a")] == [
        ("Қолжетімді дербес шоттар", "/accounts/"),
        ("Дербес шот бойынша ақпарат", "/"),
        ("Қызметтер бойынша ақпарат", "/"),
        ("Электр энергиясы бойынша төлемдерді есептеу", "/"),
        ("Төлемдер", "/"),
        ("Түбіртектер", "/"),
        ("Өтінім беру", "/applications/"),
        ("Құпиясөзді өзгерту", "/settings/password/"),
        ("E-mail мекенжайын өзгерту", "/settings/email/"),
        ("Дербес баптаулар", "/settings/profile/"),
    ]


@pytest.mark.parametrize(
    ("held", "leads_to"), [(0, "/accounts/add/"), (1, "/accounts/000000505/"), (2, URL)]
)
def test_where_one_comes_after_signing_in(held, leads_to, client, db):
    user = UserFactory()
    for number in ("000000505", "000000606")[:held]:
        factories.HoldingFactory(user=user, account__number=number)
    client.force_login(user)
    response = client.get("/")
    assert (response.status_code, response.url) == (302, leads_to)


@pytest.mark.parametrize("url", ["/", URL])
def test_nobody_is_sent_to_sign_in(url, client, home):
    for response in (client.get(url), client.post(url)):
        assert (response.status_code, response.url) == (302, f"/login/?next={url}")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("url", ["/", URL])
def test_only_looking_is_allowed(url, method, client, home):
    client.force_login(home.owner)
    assert client.generic(method, url).status_code == 405


def test_queries(client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.stranger)
    few = asks.queries(client, URL)
    for number in range(900_000_000, 900_000_020):
        factories.HoldingFactory(user=home.owner, account__number=str(number))
    client.force_login(home.owner)
    assert few == asks.queries(client, URL) <= 5
