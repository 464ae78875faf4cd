"""Several at once give one result, and no wrong try goes uncounted."""

import datetime as dt
from functools import partial

import pytest
from django.db import connection
from django.test import RequestFactory

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_register import in_threads
from billing import holdings
from billing.models import Holding, Tries
from billing.tests import factories
from billing.tests.test_holding_add import written

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4
NUMBER = "000000101"
LONG_AGO = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def account():
    return factories.PersonalAccountFactory(number=NUMBER)


@pytest.fixture
def aigul():
    return UserFactory(login="aigul")


@pytest.fixture
def slow_changes(transactional_db):
    """Each change of a link takes a while, so that those at once do meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.05); RETURN coalesce(NEW, OLD); END';
            CREATE TRIGGER slowly BEFORE INSERT OR UPDATE OR DELETE ON billing_holding
            FOR EACH ROW EXECUTE FUNCTION slowly()"""
        )
        yield
        cursor.execute("DROP FUNCTION slowly CASCADE")


@pytest.fixture
def done(transactional_db):
    """What the log says was done in this test: it is never emptied."""
    last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = AuditEntry.objects.filter(pk__gt=last)
    return lambda: sorted(entries.all().values_list("action", flat=True))


def asking(user, address="203.0.113.7"):
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    request.user = user
    return request


def add(user, number=NUMBER, right=True, address="203.0.113.7"):
    def proof(account):
        return bool(account.pk) and right

    return holdings.add(asking(user, address), number, proof).name


def test_several_add_the_same_account(account, aigul, slow_changes, done):
    other = UserFactory()
    factories.HoldingFactory(user=other, account=account)
    answers = in_threads(*[partial(add, aigul)] * AT_ONCE)
    assert sorted(answers) == ["ADDED", *["OWN"] * (AT_ONCE - 1)]
    assert (aigul.holdings.count(), done()) == (1, ["account_added"])
    assert written() == [("holder_joined", other.email)]


def test_staff_link_while_the_user_adds(account, aigul, slow_changes, done):
    staff = UserFactory(is_staff=True)
    link = partial(holdings.link_by_staff, asking(staff), aigul, account, "Жеке куәлік")
    in_threads(partial(add, aigul), link, link)
    assert aigul.holdings.count() == 1
    assert done() in (["account_added"], ["account_linked"])


def test_several_prove_a_suspended_account(account, aigul, slow_changes, done):
    factories.HoldingFactory(user=aigul, account=account, since=LONG_AGO)
    answers = in_threads(*[partial(add, aigul)] * AT_ONCE)
    assert sorted(answers) == ["ADDED", *["OWN"] * (AT_ONCE - 1)]
    assert (aigul.holdings.count(), done()) == (1, ["account_added"])


def test_several_remove_the_same_account(account, aigul, slow_changes, done):
    factories.HoldingFactory(user=aigul, account=account)
    answers = in_threads(*[partial(holdings.remove, asking(aigul), account)] * AT_ONCE)
    assert sorted(answers) == [False] * (AT_ONCE - 1) + [True]
    assert (aigul.holdings.count(), done()) == (0, ["account_removed"])


def test_add_and_remove(account, aigul, slow_changes, done):
    factories.HoldingFactory(user=aigul, account=account)
    removed, added = in_threads(
        partial(holdings.remove, asking(aigul), account), partial(add, aigul)
    )
    assert removed
    assert aigul.holdings.count() == (added == "ADDED")
    assert done().count("account_removed") == 1


def test_add_and_remove_by_forms(client, account, aigul, slow_changes):
    """Whatever comes first: an answer and no error."""
    factories.HoldingFactory(user=aigul, account=account)

    def post(path, **form):
        browser = type(client)()
        browser.force_login(aigul)
        return browser.post(path, form).status_code

    form = {"number": NUMBER, "paid_on": "2026-04-05", "amount": "500"}
    remove = partial(post, f"/accounts/{NUMBER}/remove/", confirm="yes")
    answers = in_threads(remove, remove, partial(post, "/accounts/add/", **form))
    assert set(answers) <= {200, 302, 404}
    assert not Holding.objects.filter(user=aigul).exists()


def test_no_wrong_try_is_left_uncounted(account, aigul):
    """Six at once: five are judged, of which the fifth locks."""
    in_threads(*[partial(add, aigul, right=False)] * 6)
    rows = {row.kind: (len(row.wrong), row.until is not None) for row in Tries.objects.all()}
    assert rows == {
        "1-address": (5, False),
        "2-number": (5, False),
        "3-user": (5, False),
        "4-user-number": (0, True),
    }


def test_no_deadlock_among_users_and_numbers_at_one_address(account):
    users = [UserFactory() for _user in range(3)]
    numbers = (NUMBER, "999999999", "999999998")
    works = [
        partial(add, user, number, right=False)
        for user, first in zip(users, range(3), strict=True)
        for number in (*numbers[first:], *numbers[:first])
    ]
    assert in_threads(*works) == ["REFUSED"] * 9
    assert len(Tries.objects.get(kind="1-address").wrong) == 9
    assert [len(row.wrong) for row in Tries.objects.filter(kind="2-number")] == [3] * 3
