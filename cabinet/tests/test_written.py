"""Queries that are written once give what Django's own give."""

import datetime as dt

import pytest
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from billing import held
from billing.computations import with_facts
from billing.models import PersonalAccount
from billing.tests.factories import HoldingFactory
from cabinet.written import Written

DAY = dt.date(2026, 2, 1)


@pytest.fixture
def holding(db):
    return HoldingFactory()


def known(row):
    """All that an object has of its row."""
    return {name: value for name, value in vars(row).items() if name != "_state"}


def everything(user, number, day):
    accounts = with_facts(User(pk=user).accounts.filter(number=number)).select_related("branch")
    return accounts.with_balance().with_latest().with_terms(day).with_others(user)


def test_the_same_rows_with_one_query(holding, django_assert_num_queries):
    of = (holding.user.pk, holding.account.number, DAY)
    written = Written(everything, int, str, dt.date)
    with django_assert_num_queries(1):
        (found,) = written.all(*of)
        branch = found.branch
    (expected,) = everything(*of)
    assert branch == expected.branch
    assert known(found) == known(expected)
    assert not found._state.adding


def test_other_values_give_other_rows(holding):
    other = HoldingFactory()
    written = Written(lambda user: User(pk=user).accounts.all(), int)
    for each in (holding, other, holding):
        assert written.all(each.user.pk) == [each.account]


def test_a_value_may_stand_more_than_once_and_beside_constants(holding):
    written = Written(
        lambda number: PersonalAccount.objects.filter(
            number__gte=number, number__lte=number, opened_on__gt=dt.date(1900, 1, 1)
        ),
        str,
    )
    assert written.all(holding.account.number) == [holding.account]
    assert written.all("x") == []


def test_rows_are_converted_as_django_does(holding):
    """JSON, arrays and moments."""
    written = Written(lambda now: User.objects.filter(joined_at__lt=now), dt.datetime)
    (user,) = written.all(timezone.now() + dt.timedelta(days=1))
    assert user == holding.user
    assert user.joined_at.tzinfo
    facts = Written(lambda pk: with_facts(PersonalAccount.objects.filter(pk=pk)), int)
    assert facts.get(holding.account.pk).facts_of_terms == []


def test_none_is_a_404(holding, rf):
    request = rf.get("/")
    request.user = holding.user
    assert held.account(request, holding.account.number) == holding.account
    request.user = HoldingFactory().user
    with pytest.raises(Http404):
        held.account(request, holding.account.number)


def test_values_are_tuples(holding):
    written = Written(
        lambda number: PersonalAccount.objects.filter(number=number).values_list("pk", "number"),
        str,
    )
    assert written.all(holding.account.number) == [(holding.account.pk, holding.account.number)]
