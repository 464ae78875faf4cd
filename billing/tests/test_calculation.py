"""The policy `per_day_30_5`: published vectors, and its rules one by one."""

import ast
import datetime as dt
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from billing import calculation
from billing.calculation import (
    Band,
    Conditions,
    Dated,
    Home,
    Piece,
    Prices,
    counted,
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


@pytest.mark.parametrize(
    ("old", "new", "given"),
    [("10", "9", {}), ("10", "9.999", {"ratio": D(20)}), ("10001", "0", {"passed_zero_of": 4})],
)
def test_a_meter_does_not_run_backwards(old, new, given):
    with pytest.raises(ValueError, match="smaller"):
        counted(D(old), D(new), **given)


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


def test_nine_levels_each_take_their_share():
    limits = [str(10 * level) for level in range(1, 9)]
    made = bill("100", (Fraction(61, 2), conditions(1, limits, [str(n) for n in range(1, 10)])))
    assert [(line.level, line.quantity, line.amount) for line in made.lines] == [
        *((level, 10, D(10 * level)) for level in range(1, 9)),
        (9, 20, D(180)),
    ]


# Rule 5: lines


def test_a_level_that_holds_nothing_has_no_line():
    assert [line.level for line in bill("90", (Fraction(61, 2), conditions(1))).lines] == [1]


def test_a_thousandth_above_the_limit_begins_the_next_level():
    month = Fraction(61, 2), conditions(1)
    assert [line.quantity for line in bill("90.001", month).lines] == [90, D("0.001")]
    assert [line.quantity for line in bill("89.999", month).lines] == [D("89.999")]


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


def test_the_sum_is_that_of_rounded_amounts():
    """Three times 0.005 are three tiyn, though together they were 0.015."""
    made = bill("0.03", *[(1, conditions(prices=("0.5", "1", "1")))] * 3)
    assert (amounts(made), made.amount) == ([D("0.01")] * 3, D("0.03"))


def test_a_thousandth_more_may_cost_less_where_prices_are_far_apart():
    """It moves from a part at 100 tenge to one at 1: no more than rule 5 can move."""
    parts = [(1, conditions(9, prices=(price, "200", "300"))) for price in ("1", "100", "1")]
    assert [bill(units, *parts).amount for units in ("0.001", "0.002")] == [D("0.10"), D("0.00")]


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
