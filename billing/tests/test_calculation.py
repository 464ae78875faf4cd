"""The policy `per_day_30_5`: vectors, its rules one by one, and what must hold of any input."""

import ast
import datetime as dt
import sys
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing import calculation
from billing.calculation import (
    Band,
    Conditions,
    Dated,
    Home,
    Piece,
    Prices,
    counted,
    exact_cost,
    may_have_passed_zero,
    per_day_30_5,
    pieces_between,
    round_half_up,
)

D = Decimal
VAT = D("0.12")
PUBLISHED = ("17.53", "22.66", "28.32")  # with VAT, of a bill of July 2021
NO_STOVE, STOVE = ("90", "160"), ("115", "190")
DAY = dt.date(2026, 3, 1)


def bands(limits, prices):
    """Levels up to these limits, and one above them."""
    pairs = zip([*map(D, limits), None], map(D, prices), strict=True)
    return tuple(Band(level, *pair) for level, pair in enumerate(pairs, 1))


def conditions(residents=2, limits=NO_STOVE, prices=PUBLISHED, *, with_vat=True, rate=VAT):
    home = Home(residents, electric_stove=False, privileged=False, plan="tiered")
    return Conditions(home, Prices(bands(limits, prices), with_vat), rate)


def bill(quantity, *pieces):
    """Of pieces given as days and conditions."""
    made = [Piece(Fraction(days), each) for days, each in pieces]
    return per_day_30_5(D(quantity), made)


def amounts(made):
    return [line.amount for line in made.lines]


# Vectors


def test_the_published_bill_of_four_with_a_stove():
    days = pieces_between(
        dt.date(2021, 5, 30),
        dt.date(2021, 6, 30),
        [Dated(DAY.replace(year=2021), conditions(4, STOVE))],
    )
    made = per_day_30_5(counted(D(8590), D(8799)), days)
    (line,) = made.lines
    assert (made.quantity, made.days, line.level, made.amount) == (209, 31, 1, D("3663.77"))
    assert line.limit == D("467.541")


def test_the_published_bill_of_one():
    home = conditions(1, ("100", "180"), ("14.32", "19.72", "24.65"), with_vat=False)
    made = bill("210", (Fraction(61, 2), home))
    assert amounts(made) == [D("1603.84"), D("1766.91"), D("828.24")]
    assert made.amount == D("4198.99")
    assert [line.quantity for line in made.lines] == [100, 80, 30]


@pytest.mark.parametrize(
    ("days", "amount"),
    [(28, "5985.54"), (30, "5889.74"), (31, "5859.46"), (33, "5798.91"), (61, "5259.00")],
)
def test_three_hundred_units_in_so_many_days(days, amount):
    assert bill("300", (days, conditions())).amount == D(amount)


def test_the_story_of_an_august():
    """2.4 times the usual volume is about three times the money."""
    usual, august = (bill(units, (31, conditions())) for units in ("160", "390"))
    assert (usual.amount, august.amount) == (D("2804.80"), D("8265.36"))
    assert D("2.9") < august.amount / usual.amount < D("3.1")


# Rule 1: what a meter counted


@pytest.mark.parametrize(
    ("old", "new", "given", "units"),
    [
        ("8590", "8799", {}, "209"),
        ("0", "0", {}, "0"),
        ("12.5", "13.125", {"ratio": D(20)}, "12.5"),
        ("1", "2", {"ratio": D("0.0005")}, "0.001"),  # half a thousandth, upwards
        ("9990.5", "20.5", {"passed_zero_of": 4}, "30"),
        ("99999", "0", {"passed_zero_of": 5, "ratio": D(30)}, "30"),
    ],
)
def test_units_between_two_readings(old, new, given, units):
    assert counted(D(old), D(new), **given) == D(units)


def test_a_meter_does_not_run_backwards():
    with pytest.raises(ValueError, match="smaller"):
        counted(D(10), D(9))


@pytest.mark.parametrize(
    ("old", "new", "digits", "may"),
    [
        ("9900", "900", 4, True),  # 1 000 units: a tenth of the round
        ("9900", "900.001", 4, False),
        ("9999.999", "0", 4, True),
        ("9900", "9901", 4, False),  # it did not fall
        ("9900", "9900", 4, False),
        ("9900", "50", 5, False),
        ("10000", "5", 4, False),  # no reading of such a meter
    ],
)
def test_when_it_may_have_passed_zero(old, new, digits, may):
    assert may_have_passed_zero(D(old), D(new), digits) is may


# Rules 2 and 3: days and pieces


def dated(*days):
    """Conditions that change on each of these days, told apart by their residents."""
    return [
        Dated(DAY + dt.timedelta(days=day), conditions(residents))
        for residents, day in enumerate(days, 1)
    ]


def pieces(days, *changes):
    made = pieces_between(DAY, DAY + dt.timedelta(days=days), dated(*changes))
    return [(int(piece.days), piece.conditions.home.residents) for piece in made]


def test_a_day_belongs_to_the_piece_that_holds_its_beginning():
    assert pieces(30, -400) == [(30, 1)]
    assert pieces(30, -400, 10) == [(10, 1), (20, 2)]
    assert pieces(30, -400, 1, 29) == [(1, 1), (28, 2), (1, 3)]
    assert pieces(30, -400, 0) == [(30, 2)]  # from the first day on
    assert pieces(30, -400, 30) == [(30, 1)]  # from the last reading's day on
    assert pieces(30, -400, -200, 10, 40) == [(10, 2), (20, 3)]


@pytest.mark.parametrize("days", [0, -1])
def test_a_period_has_a_day_at_least(days):
    with pytest.raises(ValueError, match="no day"):
        pieces(days, -400)


@pytest.mark.parametrize("changes", [(), (1,)])
def test_something_is_in_force_on_the_first_day(changes):
    with pytest.raises(ValueError, match="in force"):
        pieces(30, *changes)


def test_the_quantity_is_spread_evenly_over_the_days():
    old, new = conditions(9, prices=PUBLISHED), conditions(9, prices=("20", "30", "40"))
    made = bill("100", (7, old), (23, new))
    # 23.3333… and 76.6666…, so that both are 100.
    assert [line.quantity for line in made.lines] == [D("23.333"), D("76.667")]
    assert [line.days for line in made.lines] == [7, 23]


def test_both_vat_rates_across_the_new_year():
    old, new = (
        conditions(9, prices=("20", "30", "40"), with_vat=False, rate=D(rate))
        for rate in ("0.12", "0.16")
    )
    made = bill("100", (10, old), (10, new))
    assert amounts(made) == [D("1120.00"), D("1160.00")]
    assert [line.vat for line in made.lines] == [D("120.00"), D("160.00")]


# Rule 4: limits


def test_limits_follow_days_and_residents():
    (line, *_rest) = bill("1000", (31, conditions(3))).lines
    assert line.exact_limit == Fraction(90) / Fraction(61, 2) * 31 * 3
    assert line.limit == D("274.426")
    assert line.quantity == D("274.426")


def test_nobody_counts_as_one():
    assert (
        bill("300", (30, conditions(0))).lines[0].limit
        == bill("300", (30, conditions(1))).lines[0].limit
    )


def test_a_level_takes_what_lies_between_its_limit_and_the_one_below():
    made = bill("300", (Fraction(61, 2), conditions(1, NO_STOVE)))
    assert [(line.level, line.limit, line.quantity) for line in made.lines] == [
        (1, D("90.000"), 90),
        (2, D("160.000"), 70),
        (3, None, 140),
    ]
    assert made.has_limits
    assert not made.is_at_one_price


# Rule 5: lines


def test_a_level_that_holds_nothing_has_no_line():
    assert [line.level for line in bill("90", (Fraction(61, 2), conditions(1))).lines] == [1]


def test_nothing_used_is_one_line_of_zero():
    made = bill("0", (10, conditions()), (20, conditions(3)))
    (line,) = made.lines
    assert (line.level, line.limit, line.quantity, line.amount) == (1, None, 0, D("0.00"))
    assert (line.days, made.days, made.amount) == (30, 30, D("0.00"))


def test_quantities_add_up_to_the_whole():
    thirds = [(1, conditions(9))] * 3
    assert [line.quantity for line in bill("1", *thirds).lines] == [
        *(D("0.333"), D("0.334"), D("0.333"))
    ]


# Rule 6: amounts


def test_a_price_with_vat_is_used_as_it_is():
    (line,) = bill("3", (30, conditions(prices=("0.335", "1", "1")))).lines
    assert line.amount == D("1.01")  # 1.005, half up
    assert line.price == D("0.299107")  # as bills print it
    assert line.vat == D("0.11")


def test_the_amount_is_that_of_the_rounded_quantity():
    home = conditions(9, prices=("100", "1", "1"))
    made = bill("1", (1, home), (2, home))
    assert amounts(made) == [D("33.30"), D("66.70")]


def test_at_one_price():
    flat = Conditions(
        Home(2, electric_stove=False, privileged=False, plan="flat"),
        Prices(bands((), ("27.59",)), with_vat=False),
        VAT,
    )
    made = bill("100", (30, flat))
    assert made.is_at_one_price
    assert not made.has_limits
    assert amounts(made) == [D("3090.08")]


def test_half_up_is_away_from_zero():
    halves = [Fraction(5, 1000), Fraction(-5, 1000), Fraction(15, 1000), Fraction(4999, 10**6)]
    assert [round_half_up(half) for half in halves] == [D("0.01"), D("-0.01"), D("0.02"), D(0)]


def test_the_core_is_pure():
    """It knows neither Django nor the rest, and no float."""
    tree = ast.parse(Path(calculation.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"time", "os", "random"}
    floats = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert floats == []
    clocks = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert not {"today", "now"} & set(clocks)


# What must hold of anything

money = st.decimals(0, 999, places=6)
quantities = st.decimals(0, 10**6, places=3)


@st.composite
def any_conditions(draw, count=None, price=money):
    """Up to five levels whose limits rise; prices need not."""
    levels = draw(st.integers(1, 5)) if count is None else count
    limits = sorted(
        draw(
            st.lists(
                st.decimals(1, 5000, places=3),
                min_size=levels - 1,
                max_size=levels - 1,
                unique=True,
            )
        )
    )
    prices = draw(st.lists(price, min_size=levels, max_size=levels))
    made = Prices(bands(map(str, limits), map(str, prices)), draw(st.booleans()))
    home = Home(draw(st.integers(0, 99)), electric_stove=False, privileged=False, plan="tiered")
    return Conditions(home, made, draw(st.sampled_from([VAT, D("0.16"), D(0), D("0.9999")])))


@st.composite
def rising_conditions(draw):
    """Where no level is cheaper than the one below it."""
    found = draw(any_conditions())
    prices = sorted(band.price for band in found.prices.bands)
    rising = tuple(
        band._replace(price=price) for band, price in zip(found.prices.bands, prices, strict=True)
    )
    return found._replace(prices=found.prices._replace(bands=rising))


def in_pieces(each, most=3):
    piece = st.builds(Piece, st.integers(1, 400).map(Fraction), each)
    return st.lists(piece, min_size=1, max_size=most)


def by_the_rules(quantity, made):
    """The policy once more, straight from its rules, with nothing of the module."""
    whole = sum(piece.days for piece in made)
    exact = []
    for piece in made:
        left = Fraction(quantity) * piece.days / whole
        home, below = piece.conditions, Fraction(0)
        for level, limit, price in home.prices.bands:
            end = None
            if limit is not None:
                people = home.home.residents or 1
                end = Fraction(limit) * 2 / 61 * piece.days * people
            here = left if end is None else min(left, end - below)
            left -= here
            below = below if end is None else end
            if here:
                vat = 1 if home.prices.with_vat else 1 + Fraction(home.vat_rate)
                exact.append((level, end, here, Fraction(price) * vat))
    lines, given_out, running = [], D(0), Fraction(0)
    for level, end, here, price in exact:
        running += here
        upto = half_up(running, 3)
        units, given_out = upto - given_out, upto
        lines.append((level, end, units, half_up(Fraction(units) * price, 2)))
    return lines or [(made[0].conditions.prices.bands[0].level, None, D(0), D(0))]


def half_up(value, places):
    """By way of whole numbers."""
    scaled = value * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    return D(whole + (2 * rest >= scaled.denominator)).scaleb(-places)


@settings(max_examples=200)
@given(quantities, in_pieces(any_conditions()))
def test_exact_against_the_rules_in_fractions(quantity, made):
    found = per_day_30_5(quantity, made)
    assert [
        (line.level, line.exact_limit, line.quantity, line.amount) for line in found.lines
    ] == by_the_rules(quantity, made)


@settings(max_examples=200)
@given(quantities, in_pieces(any_conditions()))
def test_lines_add_up_and_each_multiplies_out(quantity, made):
    found = per_day_30_5(quantity, made)
    assert found.quantity == quantity
    assert found.amount == sum(amounts(found))
    for line in found.lines:
        assert line.quantity >= 0
        price = line.band.price
        if not line.conditions.prices.with_vat:
            price *= 1 + line.vat_rate
        assert line.amount == (line.quantity * price).quantize(D("0.01"), ROUND_HALF_UP)


@settings(max_examples=150)
@given(quantities, quantities, in_pieces(any_conditions()))
def test_more_units_never_cost_less(one, other, made):
    """Exactly so before rounding; a printed sum may lose what its lines are rounded by."""
    less, more = sorted((one, other))
    assert exact_cost(Fraction(less), made) <= exact_cost(Fraction(more), made)
    low, high = per_day_30_5(less, made), per_day_30_5(more, made)
    assert low.amount <= high.amount + lost_by_rounding(low, high)


def lost_by_rounding(*bills):
    """Half a tiyn a line, and half a thousandth of a unit at either end of a line."""
    lines = [line for each in bills for line in each.lines]
    dearest = max(line.conditions.price_with_vat(line.band) for line in lines)
    return D(len(lines)) * (D("0.005") + D("0.001") * D(-(-dearest // 1)))


@settings(max_examples=150)
@given(quantities, in_pieces(any_conditions(), most=2), money)
def test_flat_equals_tiered_with_equal_prices(quantity, made, price):
    tiered, flat = [], []
    for piece in made:
        prices = piece.conditions.prices
        equal = tuple(band._replace(price=price) for band in prices.bands)
        tiered.append(with_bands(piece, equal))
        flat.append(with_bands(piece, (Band(1, None, price),)))
    assert exact_cost(Fraction(quantity), tiered) == exact_cost(Fraction(quantity), flat)
    one, other = per_day_30_5(quantity, tiered), per_day_30_5(quantity, flat)
    assert abs(one.amount - other.amount) <= lost_by_rounding(one, other)


def with_bands(piece, made):
    conditions = piece.conditions
    prices = conditions.prices._replace(bands=made)
    return piece._replace(conditions=conditions._replace(prices=prices))


@settings(max_examples=150)
@given(quantities, any_conditions(), st.integers(2, 400), st.data())
def test_a_split_where_nothing_changes_alters_only_rounding(quantity, each, days, data):
    first = data.draw(st.integers(1, days - 1))
    whole = [Piece(Fraction(days), each)]
    split = [Piece(Fraction(first), each), Piece(Fraction(days - first), each)]
    assert exact_cost(Fraction(quantity), whole) == exact_cost(Fraction(quantity), split)
    one, other = per_day_30_5(quantity, whole), per_day_30_5(quantity, split)
    assert one.quantity == other.quantity
    assert abs(one.amount - other.amount) <= lost_by_rounding(one, other)


@settings(max_examples=100)
@given(quantities, rising_conditions(), st.integers(1, 90), st.integers(1, 90))
def test_neither_more_residents_nor_more_days_cost_more(quantity, each, residents, days):
    assume(each.prices.bands)
    fewer = each._replace(home=each.home._replace(residents=residents))
    more = each._replace(home=each.home._replace(residents=residents + 1))
    units = Fraction(quantity)
    cost = exact_cost(units, [Piece(Fraction(days), fewer)])
    assert exact_cost(units, [Piece(Fraction(days), more)]) <= cost
    assert exact_cost(units, [Piece(Fraction(days + 1), fewer)]) <= cost


@settings(max_examples=100)
@given(st.fractions(-(10**6), 10**6), st.sampled_from([D("0.01"), D("0.001"), D("0.000001")]))
def test_rounding_is_to_the_nearest_step(value, step):
    found = round_half_up(value, step)
    assert abs(Fraction(found) - value) <= Fraction(step) / 2
    assert Fraction(found) / Fraction(step) == int(Fraction(found) / Fraction(step))
    assert round_half_up(-value, step) == -found
