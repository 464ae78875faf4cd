"""Why a month costs more or less than another one: causes one by one, and that they add up."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import calculation, causes
from billing.calculation import Band, Conditions, Home, Piece, Prices
from billing.causes import Cause, Kind, Month, Span

DAY = dt.date(2025, 6, 25)
HOME = Home(2, electric_stove=False, privileged=False, plan="tiered")
OLD = ("20", "30", "40")
NEW = ("22", "33", "44")
RATE, NEW_RATE = Decimal("0.12"), Decimal("0.16")


def prices(*per_level: str) -> Prices:
    """As many levels as prices, which are without VAT."""
    limits = *(Decimal(90), Decimal(160))[: len(per_level) - 1], None
    bands = zip(range(1, 4), limits, map(Decimal, per_level), strict=False)
    return Prices(tuple(Band(*band) for band in bands), with_vat=False)


def month(days=30, units=100, home=HOME, per_level=OLD, rate=RATE, adjusted="0.00", **more):
    """A month without any change inside, with billing's sum as ours."""
    piece = Piece(Fraction(days), Conditions(home, prices(*per_level), rate))
    return of_pieces([(units, piece)], adjusted=adjusted, **more)


def of_pieces(used, adjusted="0.00", metered=True, off="0.00"):
    """Spans one after another, each billed by itself; billing's sum is that much off ours."""
    spans, computed, day = [], Decimal("0.00"), DAY
    for units, piece in used:
        spans.append(Span(day, Fraction(units), piece))
        computed += calculation.per_day_30_5(Decimal(units), [piece]).amount
        day += dt.timedelta(days=int(piece.days))
    return Month(tuple(spans), computed + Decimal(off), Decimal(adjusted), computed, metered)


def tariffs(home, day):
    return prices(*OLD) if day < dt.date(2025, 7, 15) else prices(*NEW)


def told(before, after):
    return [(each.kind, each.amount) for each in causes.between(before, after, tariffs)]


def test_more_days_at_the_same_use_a_day():
    # 100 units in 30 days, 120 in 36: six days at 100 / 30 × 20 × 1.12.
    (cause,) = causes.between(month(30, 100), month(36, 120), tariffs)
    assert cause == Cause(Kind.DAYS, Decimal("448.00"), Fraction(20), {1: Fraction(20)})


def test_more_used_and_where_it_fell():
    # 177.049 is the end of level 1 for two residents and 30 days.
    (cause,) = causes.between(month(30, 100), month(30, 200), tariffs)
    end = Fraction(90 * 2 * 30 * 2, 61)
    assert cause.kind == Kind.USE
    assert cause.units == 100
    assert cause.levels == {1: end - 100, 2: 200 - end}
    assert cause.amount == Decimal("2497.05")  # (77.049 × 20 + 22.951 × 30) × 1.12


def test_days_and_use_are_told_apart():
    found = causes.between(month(30, 150), month(31, 140), tariffs)
    assert [(each.kind, each.amount, each.units) for each in found] == [
        (Kind.DAYS, Decimal("112.00"), Fraction(5)),
        (Kind.USE, Decimal("-336.00"), Fraction(-15)),
    ]


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        # Of 200 units 22.951 were in level 2; for four nothing is, at 10 less each.
        ({"home": HOME._replace(residents=4)}, "-257.05"),
        # For one, level 1 ends at 88.525 and level 2 at 157.377.
        ({"home": HOME._replace(residents=1)}, "1468.85"),
        ({"home": HOME._replace(residents=0)}, "1468.85"),  # counts as one
    ],
)
def test_residents(change, amount):
    found = told(month(30, 200), month(30, 200, **change))
    assert found == [(Kind.HOME, Decimal(amount))]


def test_a_plan_by_the_tariff_of_the_day():
    flat = HOME._replace(plan="flat")

    def plans(home, day):
        return prices("25") if home.plan == "flat" else tariffs(home, day)

    found = causes.between(
        month(30, 100), month(30, 100, home=flat, per_level=("27",), rate=NEW_RATE), plans
    )
    assert [(each.kind, each.amount) for each in found] == [
        (Kind.HOME, Decimal("560.00")),  # 5 ₸ each
        (Kind.PRICE, Decimal("224.00")),  # 2 ₸ each
        (Kind.VAT, Decimal("108.00")),  # 4 % of 2 700
    ]


def test_a_plan_that_had_no_tariff_then_is_priced_by_its_first_one():
    flat = HOME._replace(plan="flat")
    found = causes.between(
        month(30, 100), month(30, 100, home=flat, per_level=("27",)), lambda home, day: None
    )
    assert [(each.kind, each.amount) for each in found] == [(Kind.HOME, Decimal("784.00"))]


def test_price_then_vat():
    found = told(month(30, 100), month(30, 100, per_level=NEW, rate=NEW_RATE))
    assert found == [(Kind.PRICE, Decimal("224.00")), (Kind.VAT, Decimal("88.00"))]


def test_prices_with_vat_do_not_change_with_the_rate():
    def with_vat(rate):
        gross = Prices((Band(1, None, Decimal(30)),), with_vat=True)
        return of_pieces([(100, Piece(Fraction(30), Conditions(HOME, gross, rate)))])

    assert told(with_vat(RATE), with_vat(NEW_RATE)) == []


def test_a_tariff_that_changed_inside_the_month_before_has_its_other_half_now():
    old, new = (Piece(Fraction(15), Conditions(HOME, prices(*each), RATE)) for each in (OLD, NEW))
    before, after = of_pieces([(50, old), (50, new)]), of_pieces([(50, new), (50, new)])
    assert told(before, after) == [(Kind.PRICE, Decimal("112.00"))]


def test_adjustments_rounding_and_what_billing_makes_of_it():
    before, after = month(30, 100, adjusted="10.00"), month(30, 100, adjusted="-5.50", off="3.21")
    assert told(before, after) == [
        (Kind.ADJUSTMENTS, Decimal("-15.50")),
        (Kind.OTHER, Decimal("3.21")),
    ]


def test_rounding_is_what_the_lines_were_rounded_by():
    line = Decimal("10.004"), Piece(Fraction(10), Conditions(HOME, prices("1"), RATE))
    found = causes.between(of_pieces([]), of_pieces([line] * 4), tariffs)
    assert [(each.kind, each.amount) for each in found] == [
        (Kind.USE, Decimal("44.82")),
        (Kind.ROUNDING, Decimal("-0.02")),  # four lines of 11.20
    ]


def test_from_nothing_and_to_nothing():
    empty = of_pieces([])
    assert told(empty, month(30, 100)) == [(Kind.USE, Decimal("2240.00"))]
    assert told(month(30, 100), empty) == [(Kind.USE, Decimal("-2240.00"))]
    assert told(empty, empty) == []


def test_without_a_computation_only_adjustments_are_told_apart():
    unknown = Month((), Decimal("900.00"), Decimal("1.00"), None)
    assert told(unknown, month(30, 100)) == [
        (Kind.ADJUSTMENTS, Decimal("-1.00")),
        (Kind.OTHER, Decimal("1340.00")),
    ]


def test_of_a_service_without_a_meter_no_day_counts():
    before = month(1, 1, per_level=("120",), metered=False)
    after = month(1, 2, per_level=("120",), metered=False)
    assert told(before, after) == [(Kind.USE, Decimal("134.40"))]


spans = st.lists(
    st.tuples(
        st.decimals(0, 900, places=3),
        st.builds(
            Piece,
            st.integers(1, 40).map(Fraction),
            st.builds(
                Conditions,
                st.builds(Home, st.integers(0, 9), st.booleans(), st.booleans(), st.just("tiered")),
                st.sampled_from([prices(*OLD), prices(*NEW), prices("27.59")]),
                st.sampled_from([RATE, NEW_RATE, Decimal(0)]),
            ),
        ),
    ),
    max_size=4,
)
sums = st.decimals(-999, 999, places=2).map(str)
any_month = st.builds(of_pieces, spans, adjusted=sums, metered=st.booleans(), off=sums)


@settings(max_examples=150)
@given(any_month, any_month)
def test_causes_add_up_and_come_in_order(before, after):
    found = causes.between(before, after, tariffs)
    wanted = after.accrued + after.adjusted - before.accrued - before.adjusted
    assert sum((each.amount for each in found), Decimal(0)) == wanted
    assert [each.kind for each in found] == [
        kind for kind in Kind if kind in {each.kind for each in found}
    ]
    assert all(each.amount for each in found)
    lines = 3 * (len(before.spans) + len(after.spans))
    for each in found:
        if each.kind == Kind.ROUNDING:  # half a tiyn a line, and half a thousandth of a unit
            assert abs(each.amount) <= Decimal("0.01") + lines * Decimal("0.04")


@settings(max_examples=50)
@given(any_month)
def test_nothing_caused_nothing(month):
    assert causes.between(month, month, tariffs) == []
