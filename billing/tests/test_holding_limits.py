"""Wrong tries at adding accounts are limited, and nobody can shut a family out."""

import datetime as dt

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import staff
from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from billing import holdings, limits
from billing.models import Tries
from billing.tests import factories
from billing.tests.test_holding_add import NUMBER, RIGHT, URL, numbers, written
from cabinet import pruning

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
OTHER = "999999999"


@pytest.fixture
def later(monkeypatch, home):
    """Lets time pass."""

    def pass_(time):
        now = timezone.now() + time
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    return pass_


@pytest.fixture
def person(client, home):
    """Somebody new, at a network address of their own if no other is said."""

    def come(login, address=""):
        user = UserFactory(login=login)
        browser = type(client)(REMOTE_ADDR=address or f"203.0.113.{user.pk % 250}")
        browser.force_login(user)
        browser.user = user
        return browser

    return come


def wrong(browser, number=NUMBER, times=1):
    for _time in range(times):
        assert browser.post(URL, {"number": number, **RIGHT, "amount": "1"}).status_code == 200


def right(browser):
    """Whether the right proof is taken now."""
    before = numbers(browser.user)
    browser.post(URL, {"number": NUMBER, **RIGHT})
    return numbers(browser.user) != before


def test_five_wrong_tries_of_a_user_at_a_number(person, later):
    aigul, other = person("aigul"), person("other")
    wrong(aigul, times=4)
    later(23 * HOUR)
    wrong(aigul)
    later(24 * HOUR - MINUTE)
    assert not right(aigul)
    assert limits.locks(aigul.user) == [(NUMBER, timezone.now() + MINUTE)]
    assert right(other)
    later(MINUTE)
    assert limits.locks(aigul.user) == []
    assert right(aigul)


def test_tries_of_more_than_a_day_ago_do_not_count(person, later):
    aigul = person("aigul")
    wrong(aigul, times=4)
    later(24 * HOUR)
    wrong(aigul, times=4)
    assert right(aigul)


def test_a_right_proof_starts_the_count_anew(person, home):
    aigul = person("aigul")
    wrong(aigul, times=4)
    assert right(aigul)
    aigul.user.holdings.all().delete()
    wrong(aigul, times=4)
    assert right(aigul)


def test_ten_wrong_tries_of_a_user_at_whatever_number(person, later):
    aigul = person("aigul")
    for number in range(1000, 1010):
        assert not limits.locks(aigul.user)
        wrong(aigul, number)
    assert limits.locks(aigul.user) == [("", timezone.now() + 24 * HOUR)]
    assert not right(aigul)
    later(24 * HOUR)
    assert right(aigul)


def test_tries_while_locked_count_nothing(person, later):
    aigul = person("aigul")
    wrong(aigul, times=5)
    before = list(Tries.objects.order_by("pk").values())
    later(HOUR)
    wrong(aigul, times=3)
    assert list(Tries.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("first", "second", "limited"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8::7", "2001:db8::ffff:8", True),
        ("2001:db8::7", "2001:db8:0:1::7", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_thirty_wrong_tries_from_a_network_address(first, second, limited, person, later):
    for index in range(8):
        wrong(person(f"user.{index}", first), f"{5000 + index}", times=4)
    aigul = person("aigul", second)
    assert right(aigul) is not limited
    later(24 * HOUR)
    assert right(aigul) is limited


def slow(person):
    """Four users try the number, five times each."""
    for index in range(4):
        wrong(person(f"user.{index}"), times=5)


def told():
    for task in DBTaskResult.objects.filter(status="READY"):
        task.task.func(*task.args_kwargs["args"])
    DBTaskResult.objects.all().delete()
    return [kind for kind, _to in written() if kind == "account_slowed"]


def test_a_slowed_account_lets_the_family_in(person, home):
    slow(person)
    assert list(holdings.slowed_accounts()) == [home.account]
    assert right(person("aigul"))


def test_a_slowed_account_looks_at_a_user_once_in_a_quarter_of_an_hour(person, later):
    slow(person)
    aigul, slow_one = person("aigul"), person("slow")
    wrong(slow_one)
    wrong(aigul)
    before = list(Tries.objects.order_by("pk").values())
    later(14 * MINUTE)
    assert not right(aigul)
    wrong(aigul)
    assert list(Tries.objects.order_by("pk").values()) == before
    later(MINUTE)
    assert right(aigul)
    later(24 * HOUR)
    assert not holdings.slowed_accounts().exists()
    wrong(slow_one)
    assert right(slow_one)


def test_holders_and_staff_are_told_once_in_a_day(person, home, later):
    wrong(person("user.9"), times=4)
    slow(person)
    assert told() == ["account_slowed"] * 2
    assert {to for _kind, to in written()} == {"owner@example.kz", "second@example.kz"}
    entry = AuditEntry.objects.get(action="account_slowed")
    assert (entry.account_number, entry.actor_kind, entry.actor_id) == (NUMBER, "cabinet", None)
    row = Tries.objects.get(kind="2-number", number=NUMBER)
    holdings.tell_of_slowed.func(row.pk)  # a worker that died has left the task behind
    assert told() == ["account_slowed"] * 2
    later(24 * HOUR)
    for index in range(4):
        wrong(person(f"again.{index}"), times=5)
    assert told() == ["account_slowed"] * 4


def test_of_an_unknown_number_nobody_is_told(person, home):
    for index in range(4):
        wrong(person(f"user.{index}"), OTHER, times=5)
    assert told() == []
    assert not AuditEntry.objects.filter(action="account_slowed").exists()
    assert not holdings.slowed_accounts().exists()


def test_staff_unlock_a_user(person):
    aigul, other = person("aigul"), person("other")
    for browser in (aigul, other):
        wrong(browser, times=5)
    assert limits.unlock in staff.UNLOCKS
    limits.unlock(aigul.user)
    assert limits.locks(aigul.user) == []
    assert right(aigul)
    assert not right(other)


def test_old_rows_go(person, later):
    aigul = person("aigul")
    wrong(aigul, times=5)
    later(24 * HOUR)
    assert not pruning.OLD["tries at adding accounts"](timezone.now()).exists()
    wrong(aigul, OTHER)
    later(MINUTE)
    assert pruning.delete(pruning.OLD["tries at adding accounts"](timezone.now())) == 2
    assert {row.number for row in Tries.objects.all()} == {OTHER, ""}


def test_a_user_s_tries_go_with_the_user(person):
    aigul = person("aigul")
    wrong(aigul)
    aigul.user.delete()
    assert sorted(Tries.objects.values_list("kind", flat=True)) == ["1-address", "2-number"]


def test_a_row_that_is_pruned_meanwhile_is_made_again(home, monkeypatch):
    made = factories.TriesFactory(kind="2-number", user=None, number=NUMBER)
    locked = limits._locked

    def pruned(rows):
        Tries.objects.filter(pk=made.pk).delete()
        return locked(rows)

    monkeypatch.setattr(limits, "_locked", pruned)
    assert len(limits.judge(home.stranger, NUMBER, "").rows) == 4
