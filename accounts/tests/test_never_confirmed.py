"""Whoever registered and never confirmed an address is gone after a week."""

import datetime as dt
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import connection

from accounts.models import Consent, User
from accounts.tests.factories import ConsentFactory, UserFactory
from cabinet import pruning

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
OLD = NOW - 30 * DAY


@pytest.fixture(autouse=True)
def day(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def registered(login, joined_at=OLD, **about):
    """Somebody who was sent a link to confirm the address."""
    user = UserFactory(login=login, joined_at=joined_at, confirmed=False, **about)
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    ConsentFactory(user=user)
    return user


def prune():
    """What the command says of registrations."""
    out = StringIO()
    call_command("prune", stdout=out)
    (line,) = [line for line in out.getvalue().splitlines() if "registrations" in line]
    return line


def left():
    return list(User.objects.values_list("login", flat=True))


def test_after_a_week():
    registered("aigul", NOW - 7 * DAY - SECOND)
    registered("bolat", NOW - 7 * DAY)
    registered("daniyar", NOW - SECOND)
    assert prune() == "1 registrations deleted"
    assert left() == ["bolat", "daniyar"]


def test_with_all_that_is_theirs():
    registered("aigul")
    registered("bolat", NOW)
    prune()
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["bolat@example.kz"]
    assert list(Consent.objects.values_list("user__login", flat=True)) == ["bolat"]


def test_without_any_address_too():
    UserFactory(login="aigul", joined_at=OLD, confirmed=False)
    assert prune() == "1 registrations deleted"
    assert left() == []


def test_whoever_has_confirmed_stays():
    UserFactory(login="aigul", joined_at=OLD)
    assert prune() == "0 registrations deleted"
    assert left() == ["aigul"]


def test_whoever_waits_for_another_address_stays():
    """The one before it was confirmed, and is until the new one is."""
    user = UserFactory(login="aigul", joined_at=OLD)
    EmailAddress.objects.create(user=user, email="new@example.kz")
    assert prune() == "0 registrations deleted"
    assert left() == ["aigul"]


def test_another_s_confirmation_is_not_one_s_own():
    UserFactory(login="aigul", joined_at=OLD, email="shared@example.kz")
    registered("bolat", email="shared@example.kz")
    assert prune() == "1 registrations deleted"
    assert left() == ["aigul"]
    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize("more", [{}, {"is_superuser": True}, {"is_active": False}])
def test_staff_stay(more):
    """A colleague has made them, and may not have asked for an address."""
    registered("staff", is_staff=True, **more)
    assert prune() == "0 registrations deleted"
    assert left() == ["staff"]


def test_the_login_and_the_address_are_free_again():
    registered("aigul")
    prune()
    user = UserFactory(login="aigul", email="aigul@example.kz")
    assert user.confirm_email().verified


def test_batch_by_batch(monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    for number in range(5):
        registered(f"user.{number}")
    UserFactory(login="aigul", joined_at=OLD)
    assert prune() == "5 registrations deleted"
    assert left() == ["aigul"]


def test_whoever_confirms_meanwhile_stays():
    """Somebody presses the button between the look for what is old and its deletion."""
    late = registered("aigul")
    registered("bolat")
    looked = []

    def press(execute, sql, *rest):
        result = execute(sql, *rest)
        if not looked and "account_emailaddress" in sql:
            looked.append(sql)
            late.confirm_email()
        return result

    with connection.execute_wrapper(press):
        prune()
    assert len(looked) == 1
    assert left() == ["aigul"]
    assert EmailAddress.objects.get().verified
