"""Our own bill beside billing's charges: line by line of both sets, and what makes a difference."""

import datetime as dt
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from billing import breakdowns
from billing.breakdowns import Interval, Line
from billing.calculation import Band, Home
from billing.computations import Dial, Facts, facts_of, with_facts
from billing.exchange.load import load
from billing.models import Charge, PersonalAccount
from billing.tariffs import Book, DatedHome, Version, book
from billing.tests import factories
from cabinet.tests.test_figures_of_sample import SETS, read

D = Decimal
TIYN = D("0.01")
FEBRUARY = dt.date(2026, 2, 1)
SINCE, JANUARY = dt.date(2025, 7, 15), dt.date(2026, 1, 1)
SERIAL = "87447638"
HOME = Home(2, electric_stove=False, privileged=False, plan="tiered")

# Billing prints of a line of zero the days of the first part; ours are those of the whole.
DAYS_OF_ZERO = {
    "sample": {("000071271", "EL", "2024-10", "1"): (21, 29)},
    "hard": {
        ("000197975", "EL", "2025-07", "1"): (21, 32),
        ("000419707", "EL", "2024-10", "1"): (18, 27),
    },
}


# Both sets


@pytest.fixture(scope="module", params=sorted(SETS))
def both(request, django_db_setup, django_db_blocker):
    """A set's name, its rows as the csv module reads them, and the database that holds them."""
    folder = Path(settings.BASE_DIR, SETS[request.param])
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(folder, by="test").loaded
        yield request.param, read(folder)
        transaction.set_rollback(True)


def computed_of_all():
    """All intervals of each account, service and month, in the order of its lines."""
    facts = {
        account.pk: (account.number, facts_of(account))
        for account in with_facts(PersonalAccount.objects.all())
    }
    for (account, service, month), intervals in breakdowns.charged(Charge.objects.all()):
        number, own = facts[account]
        yield (number, service, f"{month:%Y-%m}"), own.of_intervals(service, month, intervals)


def test_every_charge_line_by_line(both, db):
    name, files = both
    charged = {
        tuple(row[column] for column in ("account", "service", "month", "line")): row
        for row in files["charges"]
    }
    days_differ, compared = {}, set()
    for key, computed in computed_of_all():
        assert all(each.bill and each.agrees for each in computed), key
        ours = [line for each in computed for line in each.bill.lines]
        for place, line in enumerate(ours, 1):
            of_line = (*key, str(place))
            row = charged[of_line]
            assert printed(line, row) == as_given(row), of_line
            if row["serial"] and line.days != int(row["days"]):
                days_differ[of_line] = (int(row["days"]), line.days)
                assert (line.quantity, line.limit, row["limit"]) == (0, None, "")
            compared.add(of_line)
    assert compared == set(charged)
    assert len(charged) > 2000
    assert days_differ == DAYS_OF_ZERO[name]


def printed(line, row):
    """What a bill prints of our line; without a meter there are no levels."""
    level = line.level if row["serial"] else None
    return line.quantity, level, line.limit, line.price, line.vat_rate, line.amount, line.vat


def as_given(row):
    """The same of billing's row; VAT by the exchange's own words."""
    amount, rate = D(row["amount"]), D(row["vat_rate"])
    return (
        D(row["quantity"]),
        int(row["level"]) if row["level"] else None,
        D(row["limit"]) if row["limit"] else None,
        *(D(row["price"]), rate, amount),
        amount - (amount / (1 + rate)).quantize(TIYN, ROUND_HALF_UP),
    )


def test_every_month_comes_to_what_was_accrued(both, db):
    _name, files = both
    ours = {key: sum(each.bill.amount for each in computed) for key, computed in computed_of_all()}
    accrued = {
        (row["account"], row["service"], row["month"]): D(row["accrued"]) for row in files["ledger"]
    }
    assert ours == {key: sum_ for key, sum_ in accrued.items() if sum_ or key in ours}


# One interval


def version(since, *bands):
    """A tariff without VAT for homes of every kind; each band as level, limit and price."""
    return Version(since, False, tuple((None, None, Band(*band)) for band in bands))


TIERED = version(SINCE, (1, D(90), D(15)), (2, D(160), D(20)), (3, None, D(25)))
FEES = version(JANUARY, (1, None, D(100))), version(dt.date(2026, 2, 2), (1, None, D(200)))
BOOK = Book({("EL", "tiered"): (TIERED,), ("MS", "flat"): FEES}, ((JANUARY, D("0.16")),))
FACTS = Facts(BOOK, (DatedHome(SINCE, HOME),), {SERIAL: Dial(6, D("1.000"))})


def charge(quantity, level, limit, price, amount, **changes):
    """A line of billing's from 25 January to 25 February 2026: 1150 to 1350."""
    line = Line(
        *(SERIAL, dt.date(2026, 1, 25), D(1150), dt.date(2026, 2, 25), D(1350), 31),
        *(D(quantity), level, limit and D(limit), D(price), D("0.16"), D(amount)),
    )
    return line._replace(**changes)


LINES = (
    charge("182.951", 1, "182.951", "15", "3183.35"),
    charge("17.049", 2, "325.246", "20", "395.54"),
)


def of(facts, *lines, service="EL", month=FEBRUARY):
    return facts.of_interval(service, month, Interval(lines))


def billed(*more):
    """Billing's lines, each by so many tiyn more than right."""
    return [
        line._replace(amount=line.amount + tiyn * TIYN)
        for line, tiyn in zip(LINES, more, strict=True)
    ]


def test_what_was_charged_is_computed_alike():
    found = of(FACTS, *LINES)
    assert found.bill.amount == D("3578.89")
    assert found.difference == 0
    assert found.agrees
    assert found.pairs == list(zip(LINES, found.bill.lines, strict=True))


@pytest.mark.parametrize(
    ("more", "difference", "agrees"),
    [
        ((1, 0), "0.01", True),
        ((1, 1), "0.02", True),
        ((-1, -1), "-0.02", True),
        ((2, 0), "0.02", False),
        ((0, -2), "-0.02", False),
        ((100_000, 0), "1000.00", False),
        ((500, -500), "0.00", False),  # as much too much as too little
    ],
)
def test_a_tiyn_a_line_is_rounding_and_more_is_a_difference(more, difference, agrees):
    found = of(FACTS, *billed(*more))
    assert (found.difference, found.agrees) == (D(difference), agrees)


@pytest.mark.parametrize(("amount", "agrees"), [("3578.90", True), ("3578.91", False)])
def test_where_the_lines_are_not_the_same_the_sums_are_compared(amount, agrees):
    """Billing has all in one line, so that none of ours stands beside it."""
    line = charge("200", 1, None, "15", amount)
    found = of(FACTS, line)
    assert found.agrees is agrees
    assert found.pairs == [(line, None)]


def test_residents_other_than_billed_are_a_difference():
    alone = replace(FACTS, homes=(DatedHome(SINCE, HOME._replace(residents=1)),))
    found = of(alone, *LINES)
    assert (found.difference < 0, found.agrees) == (True, False)


@pytest.mark.parametrize(
    ("from_value", "to_value", "dial", "quantity"),
    [
        (9990, 20, Dial(4, D(1)), 30),
        (9990, 10, Dial(4, D(5)), 100),
        (99, 104, Dial(6, D(20)), 100),
        (150, 150, Dial(6, D(20)), 0),
    ],
)
def test_the_quantity_is_that_of_the_readings(from_value, to_value, dial, quantity):
    """Over zero and by the ratio; whatever quantity billing gives."""
    line = LINES[0]._replace(from_value=D(from_value), to_value=D(to_value))
    assert of(replace(FACTS, meters={SERIAL: dial}), line).bill.quantity == quantity


@pytest.mark.parametrize(
    "changes",
    [
        {"homes": ()},
        {"homes": (DatedHome(dt.date(2026, 1, 26), HOME),)},
        {"homes": (DatedHome(SINCE, HOME._replace(plan="flat")),)},
        {"meters": {}},
        {"meters": {"1" + SERIAL: Dial(6, D(1))}},
    ],
    ids=["no terms", "terms too late", "no tariff", "no meter", "another meter"],
)
def test_what_cannot_be_computed_has_no_bill(changes):
    check_no_bill(of(replace(FACTS, **changes), *LINES))


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in ("from_on", "to_on", "from_value", "to_value")),
        {"to_on": dt.date(2026, 1, 25)},
        {"to_value": D(1149)},  # it fell, and by far too much to have passed zero
        {"from_on": dt.date(2025, 12, 31)},  # the only VAT rate is that of 2026
    ],
    ids=["from_on", "to_on", "from_value", "to_value", "no day", "a reading fell", "no VAT rate"],
)
def test_what_billing_has_told_wrong_has_no_bill(changes):
    check_no_bill(of(FACTS, *(line._replace(**changes) for line in LINES)))


def check_no_bill(found):
    """Nothing is said of it either way."""
    assert found.bill is None
    assert (found.difference, found.agrees) == (0, True)
    assert found.pairs == [(line, None) for line in found.interval.lines]


# Services without a meter


def fee(amount="116.00", quantity="1"):
    return Line(*(None,) * 6, D(quantity), None, None, D(100), D("0.16"), D(amount))


def test_without_a_meter_the_price_is_that_of_the_months_first_day():
    facts = replace(FACTS, homes=(), meters={})  # it needs neither
    assert of(facts, fee(), service="MS").bill.amount == D("116.00")
    assert of(facts, fee("348.00", "3"), service="MS").agrees
    assert not of(facts, fee("116.02"), service="MS").agrees
    march = of(facts, fee(), service="MS", month=dt.date(2026, 3, 1))
    assert march.bill.amount == D("232.00")
    check_no_bill(of(facts, fee(), service="MS", month=dt.date(2025, 12, 1)))


def test_without_a_meter_and_with_two_plans_there_is_no_telling_which():
    tariffs = {**BOOK.tariffs, ("MS", "tiered"): FEES}
    facts = replace(FACTS, book=BOOK._replace(tariffs=tariffs))
    check_no_bill(of(facts, fee(), service="MS"))


# Facts out of the database


def test_facts_of_an_account(db, django_assert_num_queries):
    account = factories.PersonalAccountFactory()
    later = dt.date(2026, 1, 10)
    factories.TermsFactory(account=account, valid_from=later, residents=0, privileged=True)
    factories.TermsFactory(account=account, valid_from=SINCE, electric_stove=True, plan="flat")
    factories.MeterFactory(account=account, serial="1", digits=5, ratio=D("0.5"))
    factories.MeterFactory(account=account, serial="2", ratio=D(20))
    factories.TermsFactory()  # a stranger's
    book()
    with django_assert_num_queries(1):  # tariffs are remembered
        found = facts_of(with_facts(PersonalAccount.objects.filter(pk=account.pk)).get())
    first = Home(2, electric_stove=True, privileged=False, plan="flat")
    second = Home(0, electric_stove=False, privileged=True, plan="tiered")
    assert found.homes == (DatedHome(SINCE, first), DatedHome(later, second))
    assert found.meters == {"1": Dial(5, D("0.5")), "2": Dial(6, D(20))}
    assert [type(dial.ratio) for dial in found.meters.values()] == [Decimal, Decimal]
    assert found.book is book()
    assert [
        found.home_on(day) for day in (dt.date(2025, 7, 14), SINCE, dt.date(2026, 1, 9), later)
    ] == [None, first, first, second]
