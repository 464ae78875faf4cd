"""A link that is older than the present payer shows nothing until it is proved again."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from billing.models import Holding
from billing.tests import exchange_sets as sets
from billing.tests import factories
from billing.tests.exchange_sets import FIRST, SECOND
from billing.tests.test_holding_add import RIGHT, actions, add, numbers, written
from cabinet.models import Letter
from cabinet.tests.pages import Page, text

NUMBER = "000000101"
PAGES = (
    *("", "services/", "services.csv", "services/2026-03/", "services/statement/"),
    *("services/statement.pdf", "payments/", "payments.xlsx", "receipts/", "nickname/"),
)


@pytest.fixture
def suspended(client, home):
    """Somebody who held the account before its owner changed."""
    user = home.suspended
    user.holdings.update(nickname="ескі пәтер")
    client.force_login(user)
    return user


def test_every_page_is_hidden(client, suspended):
    for page in PAGES:
        assert client.get(f"/accounts/{NUMBER}/{page}").status_code == 404
    assert client.post(f"/accounts/{NUMBER}/nickname/", {"nickname": "x"}).status_code == 404
    assert numbers(suspended) == []
    assert suspended.accounts.count() == 0
    assert not suspended.accounts.exists()


def test_the_list_says_why_and_shows_nothing_of_the_present_payer(client, suspended, home):
    assert client.get("/").url == "/accounts/"
    page = Page(client.get("/accounts/"))
    section = page.find("section.suspended")
    assert text(section.find("h2")) == "Тоқтатылған: иесі ауысты, қайта растаңыз"
    assert [text(row) for row in section.iter("li")] == [f"{NUMBER} ескі пәтер Қайта растау Жою"]
    assert page.links["Қайта растау"] == "/accounts/add/"
    assert page.all("ul.accounts") == []
    assert home.account.payer not in page.content
    assert home.account.address_kk not in page.content


def test_it_is_neither_a_holder_to_others_nor_told_of_them(client, home, suspended):
    client.force_login(home.owner)
    content = Page(client.get(f"/accounts/{NUMBER}/")).content
    assert content.count("***") == 3  # the second holder's three names
    client.force_login(UserFactory())
    add(client)
    assert written() == [
        ("holder_joined", "owner@example.kz"),
        ("holder_joined", "second@example.kz"),
    ]


def test_it_is_proved_again(client, suspended):
    pk = suspended.holdings.get().pk
    assert add(client).status_code == 302
    holding = suspended.holdings.get()
    assert (holding.pk, holding.since, holding.nickname) == (pk, timezone.now(), "ескі пәтер")
    assert client.get(f"/accounts/{NUMBER}/").status_code == 200
    assert actions(suspended) == [("account_added", NUMBER, {})]


def test_a_wrong_proof_leaves_it_suspended(client, suspended):
    add(client, **{**RIGHT, "amount": "1"})
    assert numbers(suspended) == []


def test_a_proof_outlasts_a_payer_who_is_still_to_come(client, suspended, home):
    home.account.owner_since = dt.date(2026, 5, 1)
    home.account.save()
    add(client)
    assert numbers(suspended) == [NUMBER]
    assert numbers(home.owner) == [NUMBER]  # linked in November


def test_it_can_be_removed(client, suspended, home):
    page = Page(client.get(f"/accounts/{NUMBER}/remove/"))
    assert page.heading == "Дербес шот жойылсын ба?"
    assert home.account.address_kk not in page.content
    assert client.post(f"/accounts/{NUMBER}/remove/", {"confirm": "yes"}).status_code == 302
    assert not suspended.holdings.exists()
    assert client.get("/").url == "/accounts/add/"


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        (dt.datetime(2026, 3, 1, 18, 59, 59, tzinfo=dt.UTC), False),  # in Almaty, 1 March
        (dt.datetime(2026, 3, 1, 19, 0, tzinfo=dt.UTC), True),  # in Almaty, 2 March
    ],
    ids=["the day before", "on the day"],
)
def test_the_day_is_almaty_s(since, shown, db):
    user = UserFactory()
    factories.HoldingFactory(
        user=user, account__owner_since=dt.date(2026, 3, 2), account__number=NUMBER, since=since
    )
    assert (numbers(user) == [NUMBER]) is shown
    holding = user.holdings.select_related("account").get()
    assert holding.is_suspended is not shown
    assert Holding.objects.in_force().exists() is shown
    assert Holding.objects.suspended().exists() is not shown


# Imports


@pytest.fixture
def holders(loaded):
    """Of either account; one of the first has been suspended already."""
    people = {}
    for login, number, since in (
        *(("old", FIRST, 2018), ("first", FIRST, 2024), ("late", FIRST, 2026)),
        ("second", SECOND, 2024),
    ):
        people[login] = UserFactory(login=login, language="ru" if login == "first" else "kk")
        factories.HoldingFactory(
            user=people[login],
            account=sets.MODELS["accounts"].objects.get(number=number),
            since=dt.datetime(since, 6, 1, tzinfo=dt.UTC),
        )
    return people


def bring(files, tmp_path, **options):
    return sets.load(sets.write(tmp_path / "set", files), **options)


def test_who_is_suspended_by_an_import_is_told(holders, loaded, tmp_path):
    for row in loaded["accounts"]:
        row["payer"] += " жаңа"
    loaded["accounts"][0]["owner_since"] = "2026-02-01"
    assert bring(loaded, tmp_path).loaded
    assert written() == [("account_suspended", "first@example.kz")]
    letter = Letter.objects.get()
    assert "Лицевой счёт вам больше не виден" in letter.subject
    assert "01.02.2026" in letter.text
    assert "жаңа" not in letter.text
    assert {login: numbers(user) for login, user in holders.items()} == {
        **{"old": [], "first": [], "late": [FIRST]},
        "second": [SECOND],
    }
    bring(loaded, tmp_path / "again")
    assert len(written()) == 1


@pytest.mark.parametrize("how", ["checked", "refused", "taken back"])
def test_nobody_is_told_of_what_is_not_done(how, holders, loaded, tmp_path):
    loaded["accounts"][0]["owner_since"] = "2018-01-01" if how == "taken back" else "2026-02-01"
    if how == "refused":
        loaded["payments"][0]["amount"] = "much"
    bring(loaded, tmp_path, check=how == "checked")
    assert written() == []
    assert numbers(holders["first"]) == [FIRST]
    assert numbers(holders["old"]) == ([FIRST] if how == "taken back" else [])


def test_accounts_that_fell_out_stay_as_they_were(holders, loaded, tmp_path):
    for row in loaded["accounts"]:
        row["owner_since"] = "2026-02-01"
    of_first = [row for row in loaded["payments"] if row["account"] == FIRST]
    of_first[0]["amount"] = "much"
    assert bring(loaded, tmp_path, accept_valid=True).in_part
    assert written() == [("account_suspended", "second@example.kz")]
    assert numbers(holders["first"]) == [FIRST]
