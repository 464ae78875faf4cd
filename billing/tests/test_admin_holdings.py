"""Operators link users to accounts after seeing papers, supervisors unlink; all with a reason."""

import pytest

from accounts.models import AuditEntry, User
from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import written
from billing.models import Holding
from cabinet.tests.pages import Page, text

REASON = "Жеке куәлік № 045, сату-сатып алу шарты"
MARKUP = "<script>alert('&amp;')</script> {{ 7 * 7 }}"


@pytest.fixture
def url(home):
    return f"/admin/billing/personalaccount/{home.account.pk}/"


@pytest.fixture
def operator(client, home):
    client.force_login(home.support)
    return client


@pytest.fixture
def supervisor(client, home):
    client.force_login(home.supervisor)
    return client


def link(client, url, **more):
    return client.post(f"{url}link/", {"who": "stranger", "papers": "on", "reason": REASON, **more})


def entry(action):
    found = AuditEntry.objects.get(action=action)
    return found.actor_login, found.subject_login, found.account_number, found.about


def test_a_user_is_linked(operator, home, url):
    response = link(operator, url, who=" STRANGER@example.kz ")
    assert response.url == f"{url}change/"
    holding = Holding.objects.get(user=home.stranger, account=home.account)
    assert (holding.by_staff, holding.reason) == (True, REASON)
    number = home.account.number
    assert entry("account_linked") == ("support", "stranger", number, {"reason": REASON})
    assert written() == [
        ("account_linked", "stranger@example.kz"),
        ("holder_joined", "owner@example.kz"),
        ("holder_joined", "second@example.kz"),
    ]
    operator.force_login(home.stranger)
    assert operator.get(f"/accounts/{number}/").status_code == 200


REFUSED = {
    "nobody": {"who": ""},
    "an unknown one": {"who": "nobody"},
    "not by number": {"who": "1"},
    "without papers": {"papers": ""},
    "without a reason": {"reason": "  "},
    "a long reason": {"reason": "x" * 501},
    "a NUL": {"who": "a\0"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_linked(case, operator, home, url):
    page = Page(link(operator, url, **REFUSED[case]))
    assert [text(item) for box in page.all("ul.errorlist") for item in box.iter("li")] != []
    assert home.stranger.holdings.count() == 1
    assert not AuditEntry.objects.filter(action="account_linked").exists()
    assert written() == []


@pytest.mark.parametrize("fields", [{"confirmed": False}, {"is_active": False}], ids=str)
def test_nor_whoever_cannot_sign_in(fields, operator, url):
    UserFactory(login="half", **fields)
    assert link(operator, url, who="half").status_code == 200
    assert not Holding.objects.filter(user__login="half").exists()


def test_twice_is_once(operator, home, url):
    assert link(operator, url).status_code == link(operator, url).status_code == 302
    assert Holding.objects.filter(user=home.stranger, account=home.account).count() == 1
    assert AuditEntry.objects.filter(action="account_linked").count() == 1


def test_a_suspended_one_sees_it_again(operator, home, url):
    link(operator, url, who="suspended")
    operator.force_login(home.suspended)
    assert operator.get(f"/accounts/{home.account.number}/").status_code == 200


def test_a_link_is_taken_away(supervisor, home, url):
    holding = home.second.holdings.get()
    page = Page(supervisor.get(f"{url}change/"))
    assert f"{url}unlink/{holding.pk}/" in [a.get("href") for a in page.root.iter("a")]
    assert supervisor.post(f"{url}unlink/{holding.pk}/", {"reason": " "}).status_code == 200
    assert home.second.holdings.exists()
    supervisor.post(f"{url}unlink/{holding.pk}/", {"reason": REASON})
    assert not home.second.holdings.exists()
    number = home.account.number
    assert entry("account_unlinked") == ("supervisor", "second", number, {"reason": REASON})
    assert written() == [("account_unlinked", "second@example.kz")]
    supervisor.force_login(home.second)
    assert supervisor.get(f"/accounts/{number}/").status_code == 404


def test_by_another_account_s_path_nothing_is_found(supervisor, home):
    holding = home.second.holdings.get()
    other = f"/admin/billing/personalaccount/{home.strangers.pk}/unlink/{holding.pk}/"
    assert supervisor.post(other, {"reason": REASON}).status_code == 404
    assert home.second.holdings.exists()


def test_least_rights(client, home, url):
    holding = home.second.holdings.get()
    client.force_login(home.support)
    assert client.post(f"{url}unlink/{holding.pk}/", {"reason": REASON}).status_code == 403
    page = Page(client.get(f"{url}change/"))
    assert not [a for a in page.root.iter("a") if "/unlink/" in a.get("href", "")]
    client.force_login(home.supervisor)
    assert link(client, url).status_code == 403
    assert Holding.objects.filter(account=home.account).count() == 3


def test_the_user_s_page_tells_what_is_held(operator, home, url):
    link(operator, url, reason=MARKUP)
    page = Page(operator.get(f"/admin/accounts/user/{home.stranger.pk}/change/"))
    held = [text(each) for each in page.all("dl.facts") for each in each.iter("dt")]
    assert held == [home.account.number, home.strangers.number]
    assert MARKUP in page.content
    scripts = [each.get("src") for each in page.root.iter("script")]
    assert all(scripts)


def test_only_the_user_and_the_reason_are_taken(operator, home, url):
    link(
        operator,
        url,
        account=home.strangers.pk,
        user=home.owner.pk,
        since="2020-01-01",
        by_staff="",
    )
    holding = Holding.objects.get(user=home.stranger, account=home.account)
    assert (holding.by_staff, holding.since.year) == (True, 2026)
    assert User.objects.filter(holdings__account=home.strangers).count() == 1


def test_nobody_links_oneself(operator, home, url):
    assert link(operator, url, who="support").status_code == 403
    assert not home.support.holdings.exists()


def test_the_question_is_a_look(supervisor, home, url):
    holding = home.second.holdings.get()
    supervisor.get(f"{url}unlink/{holding.pk}/")
    assert entry("looked_at_account")[:3] == ("supervisor", "second", home.account.number)
