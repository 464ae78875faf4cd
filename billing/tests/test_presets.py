"""Links to the periods that are asked for most, right for what is loaded."""

import datetime as dt

import pytest
from django.utils import translation

from billing.presets import Loaded, Span
from billing.tests import factories
from cabinet import months
from cabinet.tests.pages import Page, text

ACCOUNT = "/accounts/000000101/"
NAMES = ["3 ай", "12 ай", "2026", "2025", "Барлық уақыт"]
MONTHS = {
    "3 ай": "?from=2026-01&to=2026-03",
    "12 ай": "?from=2025-04&to=2026-03",
    "2025": "?from=2025-01&to=2025-12",
    "Барлық уақыт": "?from=2025-02&to=2026-03",
}


def presets(page):
    shown = [each for each in page.all("ul") if each.get("class") == "presets"]
    return {text(link): link.get("href") for each in shown for link in each.iter("a")}


def chosen(page):
    links = [each for each in page.all("a") if each.get("aria-current") == "true"]
    return [text(each) for each in links if (each.get("href") or "").startswith("?")]


@pytest.mark.parametrize("path", ["services/", "services/statement/", "receipts/"])
def test_months(path, client, home):
    client.force_login(home.owner)
    page = Page(client.get(ACCOUNT + path))
    assert presets(page) == MONTHS
    assert chosen(page) == ["12 ай"]
    for name, query in MONTHS.items():
        page = Page(client.get(ACCOUNT + path + query))
        assert (page.status, chosen(page)) == (200, [name])
    assert chosen(Page(client.get(f"{ACCOUNT}{path}?from=2025-05&to=2026-01"))) == []


def test_days_of_payments(client, home):
    client.force_login(home.owner)
    expected = {
        "3 ай": "?from=2026-01-01&to=2026-04-05",
        "12 ай": "?from=2025-04-01&to=2026-04-05",
        "2025": "?from=2025-01-01&to=2025-12-31",
        "Барлық уақыт": "?from=2025-03-10&to=2026-04-05",
    }
    page = Page(client.get(f"{ACCOUNT}payments/"))
    assert presets(page) == expected
    assert chosen(page) == ["12 ай"]
    for name, query in expected.items():
        page = Page(client.get(f"{ACCOUNT}payments/{query}"))
        assert (page.status, chosen(page)) == (200, [name])


def test_the_service_is_kept(client, home):
    client.force_login(home.owner)
    page = Page(client.get(f"{ACCOUNT}services/?service=EL&from=2026-01&to=2026-03"))
    assert presets(page)["2025"] == "?service=EL&from=2025-01&to=2025-12"
    assert chosen(page) == ["3 ай"]
    wrong = Page(client.get(f'{ACCOUNT}services/?service="><b>&from=2026-01&to=2026-03'))
    assert presets(wrong) == MONTHS


def test_of_a_wrong_period_none_is_chosen(client, home):
    client.force_login(home.owner)
    page = Page(client.get(f"{ACCOUNT}services/?from=2026-03&to=2026-01"))
    assert (page.status, chosen(page)) == (400, [])
    assert presets(page) == MONTHS


def test_nothing_is_offered_where_nothing_is_loaded(client, home):
    account = factories.PersonalAccountFactory(number="000000303")
    factories.HoldingFactory(user=home.owner, account=account)
    client.force_login(home.owner)
    for path in ("services/", "payments/", "receipts/", "services/statement/"):
        page = Page(client.get(f"/accounts/000000303/{path}"))
        assert (page.status, presets(page)) == (200, {})


def test_staff_have_them_too(client, home):
    client.force_login(home.support)
    path = f"/admin/billing/personalaccount/{home.account.pk}/change/"
    assert presets(Page(client.get(path))) == MONTHS


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        ("2025-12", "2025-12", {"3 ай": "2025-10", "12 ай": "2025-01", "Барлық уақыт": "2025-12"}),
        ("2025-01", "2025-12", {"3 ай": "2025-10", "12 ай": "2025-01"}),
        (
            "2001-01",
            "2026-05",
            {
                "3 ай": "2026-03",
                "12 ай": "2025-06",
                "2026": "2026-01",
                "2025": "2025-01",
                "Барлық уақыт": "2016-06",
            },
        ),
    ],
)
def test_none_is_empty_or_stands_there_twice(earliest, latest, expected):
    last = months.parse(latest)
    twelve = Span(months.plus(last, -11), last)
    with translation.override("kk"):
        spans = Loaded(months.parse(earliest), twelve, months.first_day).spans(120)
    assert {name: months.code(span.first) for name, span in spans.items()} == expected


def test_all_the_days_there_may_be_is_a_period_that_is_taken(client, home):
    """Ten years before the latest payment, though the latest closed month is before that."""
    factories.PaymentFactory(account=home.account, paid_on=dt.date(2001, 1, 1))
    client.force_login(home.owner)
    everything = presets(Page(client.get(f"{ACCOUNT}payments/")))["Барлық уақыт"]
    assert everything == "?from=2016-05-01&to=2026-04-05"
    assert client.get(f"{ACCOUNT}payments/{everything}").status_code == 200
