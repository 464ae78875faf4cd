"""A personal account as support staff see it: all that its holders see, and who they are."""

import datetime as dt

import pytest

from billing.models import Import, PersonalAccount
from billing.tests import factories
from cabinet.tests.pages import Page, text


@pytest.fixture
def url(home):
    return f"/admin/billing/personalaccount/{home.account.pk}/"


def see(client, person, path):
    client.force_login(person)
    return Page(client.get(path))


def shown(page, tag="table"):
    """The texts of these elements of the part that holders see too."""
    (part,) = page.all("div.cabinet")
    return [text(each) for each in part.iter(tag)]


def test_months_payments_and_receipts_are_those_of_its_holders(client, home, url):
    query = "?from=2025-11&to=2026-03"
    account = f"/accounts/{home.account.number}"
    ledgers = see(client, home.owner, f"{account}/services/{query}").tables
    payments = see(client, home.owner, f"{account}/payments/?from=2025-11-01&to=2026-04-30").tables
    receipts = see(client, home.owner, f"{account}/receipts/{query}").tables
    page = see(client, home.support, f"{url}change/{query}")
    _users, _billing, _letters, _support, *tables = page.tables
    assert tables[: len(ledgers) + 2] == [*ledgers, *payments, *receipts]


def test_the_balance_is_told_in_the_same_words(client, home, url):
    own = see(client, home.owner, f"/accounts/{home.account.number}/")
    page = see(client, home.support, f"{url}change/")
    parts = ("p.sum-word", "p.sum-figure", "p.sum-when", "div.sum-why")
    assert [text(page.find(part)) for part in parts] == [text(own.find(part)) for part in parts]


def test_terms_meters_and_readings(client, home, url):
    page = see(client, home.support, f"{url}change/")
    assert page.tables[-2:] == [
        [
            [
                "Қолданылатын күні",
                "Тұрақты тұратындардың саны",
                *("Тариф түрі", "Электр плитасы", "Жалғыз басты тұрғын"),
            ],
            ["01.06.2025", "3", "сараланған тариф", "жоқ", "жоқ"],
            ["01.03.2019", "2", "сараланған тариф", "жоқ", "жоқ"],
        ],
        [
            ["Күні", "Есептегіш", "Дереккөзі", "Көрсеткіш"],
            ["25.03.2026", "222", "тұтынушы", "12_237"],
            ["25.02.2026", "222", "энергия беруші ұйым", "1_195,5"],
        ],
    ]
    assert {"№ 222 Меркурий 201", "№ 111 СО-И446"} <= set(shown(page, "h3"))


def test_holders_and_the_imports_that_changed_it(client, home, url):
    made = Import.objects.create(
        name="2026-03",
        by="operator",
        outcome="loaded",
        started_at=dt.datetime(2026, 4, 5, tzinfo=dt.UTC),
    )
    Import.objects.create(name="other", by="operator", outcome="loaded")
    factories.AccountImportFactory(account=home.account, made_by=made)
    late = dt.datetime(2026, 4, 9, 19, 30, tzinfo=dt.UTC)  # the 10th in Almaty
    home.account.holdings.update(since=late)
    page = see(client, home.support, f"{url}change/")
    assert [
        (user.full_name, f"{user.login}, {user.email} қосылған күні: 10.04.2026 00:30")
        for user in (home.owner, home.second, home.suspended)
    ] in page.facts
    assert page.facts[-1] == [("05.04.2026 05:00", "2026-03 operator")]


def test_an_account_without_anything(client, home):
    page = see(client, home.support, f"/admin/billing/personalaccount/{home.strangers.pk}/change/")
    assert page.status == 200
    for told in (
        "Әзірге дерек жоқ",
        "Бұл кезеңде төлем жоқ.",
        "Бұл кезеңде түбіртек жоқ.",
        "Бұл дербес шотта есептегіш жоқ.",
        "Әзірге жоқ.",
    ):
        assert told in " ".join(shown(page, "div") + shown(page, "p"))


def test_nobody_holds_it(client, home, url):
    home.account.holdings.all().delete()
    assert "Бұл дербес шотты әзірге ешкім қоспаған." in shown(
        see(client, home.support, f"{url}change/"), "p"
    )


def test_a_wrong_period_is_told_beside_the_field(client, home, url):
    page = see(client, home.support, f"{url}change/?from=2026-03&to=2026-01")
    assert page.status == 400
    assert page.beside == {"from": "Кезеңнің басы аяғынан кейін тұр."}
    assert "Төлемдер" not in shown(page, "h2")


def test_a_wrong_period_of_the_statement_leads_back(client, home, url):
    client.force_login(home.support)
    response = client.get(f"{url}statement.pdf?from=2026-03&to=2026-01")
    assert (response.status_code, response.url) == (302, f"{url}change/?from=2026-03&to=2026-01")


def test_a_month_is_that_of_its_holders(client, home, url):
    own = see(client, home.owner, f"/accounts/{home.account.number}/services/2025-12/")
    page = see(client, home.support, f"{url}months/2025-12/")
    assert (page.tables[4:], page.facts) == (own.tables, own.facts)
    change = see(client, home.support, f"{url}change/")
    assert f"{url}months/2025-12/" in [link.get("href") for link in change.root.iter("a")]


def test_the_statement_is_that_of_its_holders(client, home, url):
    query = "?service=EL&from=2025-11&to=2026-03"
    client.force_login(home.owner)
    own = client.get(f"/accounts/{home.account.number}/services/statement.pdf{query}")
    page = see(client, home.support, f"{url}change/{query}")
    (link,) = [a.get("href") for a in page.root.iter("a") if "statement.pdf" in a.get("href", "")]
    paper = client.get(link)
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.content == own.content


def test_in_russian(client, home, url):
    home.support.language = "ru"
    home.support.save()
    page = see(client, home.support, f"{url}change/")
    assert shown(page, "h2") == [
        *("Кто видит этот счёт", "По электронной почте"),
        *("Информация по услугам", "Платежи", "Квитанции"),
        *("Условия начисления", "Счётчики", "Показания", "Импорты, изменившие его"),
    ]


def test_nothing_can_be_changed(client, home, url):
    before = list(PersonalAccount.objects.values())
    client.force_login(home.support)
    response = client.post(f"{url}change/", {"payer": "Басқа"})
    assert response.status_code == 403
    assert list(PersonalAccount.objects.values()) == before
    page = Page(client.get(f"{url}change/"))
    assert page.all("input.default") == []


@pytest.mark.parametrize("page", ["change/", "months/2025-12/", "statement.pdf"])
def test_staff_without_the_permission_are_refused(page, client, home, url):
    home.support.groups.clear()
    client.force_login(home.support)
    assert client.get(url + page).status_code == 403


@pytest.mark.parametrize("page", ["months/2025-12/", "statement.pdf"])
def test_no_such_account(page, client, home):
    client.force_login(home.support)
    assert client.get(f"/admin/billing/personalaccount/987654/{page}").status_code == 404
