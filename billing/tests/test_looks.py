"""Residents see which role and branch looked at their data, and when."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import AuditEntryFactory
from billing.models import Holding
from cabinet.tests.pages import Page

URL = "/settings/looks/"


@pytest.fixture
def operator(home):
    home.support.branch = home.account.branch_id
    home.support.save()
    return home.support


def looks(client, person):
    client.force_login(person)
    page = Page(client.get(URL))
    return [row[1:] for table in page.tables for row in table[1:]]


def test_nobody_yet(client, home):
    assert looks(client, home.owner) == []


def test_looks_of_staff(client, home, operator, settings):
    client.force_login(operator)
    change = f"/admin/billing/personalaccount/{home.account.pk}/"
    client.get(f"{change}change/")
    client.get(f"{change}months/2025-12/")
    client.get(f"{change}statement.pdf?from=2025-12&to=2026-01")
    client.get(f"/admin/accounts/user/{home.owner.pk}/change/")
    who = f"оператор, {home.account.branch.name_kk}"
    at_account = [
        [who, "үзінді көшірмені ашты", home.account.number],
        [who, "дербес шоттың бір айын қарады", home.account.number],
        [who, "дербес шотты қарады", home.account.number],
    ]
    assert looks(client, home.owner) == [[who, "пайдаланушыны қарады", "—"], *at_account]
    assert looks(client, home.second) == at_account
    for person in (home.stranger, home.former, home.suspended):
        assert looks(client, person) == []
    assert home.support.full_name not in client.get(URL).content.decode()


def test_what_was_before_one_held_it_is_the_former_owner_s(client, home):
    now = timezone.now()
    for days in (10, 1):
        AuditEntryFactory(
            action="looked_at_account",
            account_id=home.account.pk,
            account_number=home.account.number,
            at=now - dt.timedelta(days=days),
        )
    Holding.objects.filter(user=home.owner).update(since=now - dt.timedelta(days=5))
    assert len(looks(client, home.owner)) == 1


def test_one_s_own_actions_and_searches_are_none(client, home):
    client.force_login(home.owner)
    client.post("/language/", {"language": "kk"})
    for kind, action in (("resident", "looked_at_account"), ("staff", "account_linked")):
        AuditEntryFactory(actor_kind=kind, action=action, account_id=home.account.pk)
    assert looks(client, home.owner) == []


def test_queries_do_not_grow(client, home):
    client.force_login(home.owner)
    client.get(URL)
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
        AuditEntryFactory.create_batch(
            30, action="looked_at_account", account_id=home.account.pk, account_number="1"
        )
    assert counts[0] == counts[1] <= 5


def test_markup_in_an_entry_is_text(client, home):
    AuditEntryFactory(
        action="looked_at_account",
        account_id=home.account.pk,
        account_number="<b>&amp;</b>",
        role="<i>x</i>",
    )
    assert looks(client, home.owner) == [["<i>x</i>", "дербес шотты қарады", "<b>&amp;</b>"]]


def test_others_of_the_same_number(client, home):
    """After an account is gone, its key may not be another's, but its number may."""
    AuditEntryFactory(
        action="looked_at_account", account_id=999_999, account_number=home.account.number
    )
    assert looks(client, home.owner) == []
