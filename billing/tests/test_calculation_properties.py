"""What must hold of any bill by the policy `per_day_30_5`, whatever the tariff and the home."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

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
TIYN, THOUSANDTH = Fraction(1, 100), Fraction(1, 1000)
FIRST = dt.date(2025, 12, 1)

quantities = st.one_of(
    st.sampled_from([D(0), D("0.001"), D("999999999.999")]),
    st.decimals(0, 2000, places=3),
    st.decimals(0, 10**9, places=3),
)
prices = st.one_of(st.decimals(0, 50, places=2), st.decimals(0, 999_999, places=6))
usual_prices = st.decimals(20, 30, places=6)  # with VAT, none above another by more than 10 tenge
limits = st.one_of(st.integers(1, 300).map(D), st.decimals("0.001", 10**6, places=3))
rates = st.sampled_from([D("0.12"), D("0.16"), D(0), D("0.9999")])
either = st.booleans()
MOST_LEVELS = 9


@st.composite
def any_conditions(draw, price=prices, with_vat=either, rising=False):
    """Up to nine levels whose limits rise; their prices need not, unless `rising`."""
    levels = draw(st.integers(1, MOST_LEVELS))
    ends = draw(st.lists(limits, min_size=levels - 1, max_size=levels - 1, unique=True))
    costs = draw(st.lists(price, min_size=levels, max_size=levels))
    home = Home(draw(st.integers(0, 99)), electric_stove=False, privileged=False, plan="tiered")
    bands = made_bands([*sorted(ends), None], sorted(costs) if rising else costs)
    return Conditions(home, Prices(bands, draw(with_vat)), draw(rates))


def made_bands(ends, costs):
    pairs = zip(ends, costs, strict=True)
    return tuple(Band(level, *pair) for level, pair in enumerate(pairs, 1))


def in_pieces(each, most=3):
    piece = st.builds(Piece, st.integers(1, 400).map(Fraction), each)
    return st.lists(piece, min_size=1, max_size=most)


def with_bands(piece, bands):
    """The same days and home at other prices."""
    conditions = piece.conditions
    return piece._replace(
        conditions=conditions._replace(prices=conditions.prices._replace(bands=bands))
    )


def with_residents(piece, residents):
    conditions = piece.conditions
    home = conditions.home._replace(residents=residents)
    return piece._replace(conditions=conditions._replace(home=home))


def lost_by_rounding(*bills):
    """By how much their sums may be off the exact cost, in tenge.

    Half a tiyn a line by rule 6. By rule 5 a line may begin half a thousandth of a unit off its
    place, which costs as much as the prices on either side differ.
    """
    lost = Fraction(0)
    for each in bills:
        costs = [line.conditions.price_with_vat(line.band) for line in each.lines]
        lost += len(costs) * TIYN / 2
        lost += sum(abs(one - other) for one, other in pairwise(costs)) * THOUSANDTH / 2
    return lost


# The policy once more, straight from its rules, with nothing of the module


def by_the_rules(quantity, pieces):
    """Days, level, limit, quantity, price without VAT, amount and VAT of each line."""
    whole = sum(piece.days for piece in pieces)
    exact = []
    for days, (home, (bands, with_vat), rate) in pieces:
        left, below = Fraction(quantity) * days / whole, Fraction(0)
        for level, limit, price in bands:
            end = None if limit is None else Fraction(limit) * 2 / 61 * days * (home[0] or 1)
            here = left if end is None else min(left, end - below)
            left, below = left - here, end
            if here:
                exact.append((days, level, end, here, Fraction(price), with_vat, Fraction(rate)))
    if not exact:
        _days, (_home, (bands, with_vat), rate) = pieces[0]
        exact = [(whole, bands[0][0], None, 0, Fraction(bands[0][2]), with_vat, Fraction(rate))]
    lines, given_out, running = [], 0, Fraction(0)
    for days, level, end, here, price, with_vat, rate in exact:
        running += here
        upto = half_up(running, 3)
        units, given_out = upto - given_out, upto
        amount = half_up(units * (price if with_vat else price * (1 + rate)), 2)
        lines.append(
            (
                *(days, level, None if end is None else half_up(end, 3), units),
                half_up(price / (1 + rate), 6) if with_vat else price,
                *(amount, amount - half_up(amount / (1 + rate), 2)),
            )
        )
    return lines


def half_up(value, places):
    """By way of whole numbers."""
    scaled = Fraction(value) * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    return Fraction(whole + (2 * rest >= scaled.denominator), 10**places)


@settings(max_examples=250)
@given(quantities, in_pieces(any_conditions()))
def test_exact_against_the_rules_in_fractions(quantity, pieces):
    lines = [
        (*(each.days, each.level, each.limit, each.quantity, each.price), each.amount, each.vat)
        for each in per_day_30_5(quantity, pieces).lines
    ]
    assert lines == by_the_rules(quantity, pieces)
    assert {type(figure) for line in lines for figure in line} <= {
        *(Fraction, Decimal, int, type(None)),
    }


@settings(max_examples=100)
@given(
    st.integers(1, 400),
    st.sets(st.integers(1, 420), max_size=4),
    st.lists(st.integers(-400, 0), min_size=1, max_size=2, unique=True),
)
def test_each_day_lies_in_one_piece(days, inside, before):
    """Day by day: what was in force when it began."""
    changes = [*sorted(before), *sorted(inside)]
    rate = dict(zip(changes, map(D, range(len(changes))), strict=True))
    home = Home(1, electric_stove=False, privileged=False, plan="flat")
    flat = Prices((Band(1, None, D(1)),), with_vat=True)
    made = pieces_between(
        FIRST,
        FIRST + dt.timedelta(days=days),
        [
            Dated(FIRST + dt.timedelta(days=day), Conditions(home, flat, rate[day]))
            for day in changes
        ],
    )
    in_force = [max((day for day in changes if day <= each), default=None) for each in range(days)]
    assert [piece.conditions.vat_rate for piece in made for _day in range(int(piece.days))] == [
        rate[each] for each in in_force
    ]
    assert all(piece.days >= 1 for piece in made)


# Quantities and amounts


@settings(max_examples=200)
@given(quantities, in_pieces(any_conditions()))
def test_lines_add_up_and_each_multiplies_out(quantity, pieces):
    """By the figures alone that a line prints."""
    made = per_day_30_5(quantity, pieces)
    assert sum(Fraction(line.quantity) for line in made.lines) == Fraction(quantity)
    assert made.quantity == quantity
    assert made.amount == sum(line.amount for line in made.lines)
    for line in made.lines:
        assert line.quantity >= 0
        price = Fraction(line.band.price)
        if not line.conditions.prices.with_vat:
            price *= 1 + Fraction(line.vat_rate)
        assert line.amount == half_up(Fraction(line.quantity) * price, 2)


@settings(max_examples=200)
@given(quantities, in_pieces(any_conditions()))
def test_how_far_rounding_may_lead(quantity, pieces):
    made = per_day_30_5(quantity, pieces)
    assert abs(Fraction(made.amount) - exact_cost(Fraction(quantity), pieces)) <= (
        lost_by_rounding(made)
    )


@settings(max_examples=150)
@given(quantities, in_pieces(any_conditions(usual_prices, st.just(True))))
def test_rounding_is_a_tiyn_a_line_at_most_where_prices_are_near(quantity, pieces):
    """Where no price is 10 tenge above another, which is so of every tariff that is known."""
    made = per_day_30_5(quantity, pieces)
    off = abs(Fraction(made.amount) - exact_cost(Fraction(quantity), pieces))
    assert off <= TIYN * len(made.lines)


# What cannot cost less, and what cannot cost more


@settings(max_examples=150)
@given(quantities, quantities, in_pieces(any_conditions()))
def test_more_units_never_cost_less(one, other, pieces):
    """Before rounding, exactly; the sums of bills may lose what rounding takes from either."""
    less, more = sorted((one, other))
    assert exact_cost(Fraction(less), pieces) <= exact_cost(Fraction(more), pieces)
    low, high = per_day_30_5(less, pieces), per_day_30_5(more, pieces)
    assert low.amount - high.amount <= lost_by_rounding(low, high)


@settings(max_examples=200)
@given(quantities, st.one_of(st.just(D("0.001")), quantities), any_conditions(), st.integers(1, 90))
def test_where_nothing_changes_more_units_never_cost_a_tiyn_less(quantity, more, each, days):
    """Without a split no line ever shrinks, so that it holds of rounded sums as well."""
    pieces = [Piece(Fraction(days), each)]
    assert per_day_30_5(quantity, pieces).amount <= per_day_30_5(quantity + more, pieces).amount


@settings(max_examples=150)
@given(quantities, in_pieces(any_conditions(rising=True)), st.integers(0, 99), st.integers(0, 99))
def test_more_residents_never_cost_more(quantity, pieces, one, other):
    """Where no level is cheaper than the one below it."""
    fewer, more = (
        [with_residents(piece, residents) for piece in pieces] for residents in sorted((one, other))
    )
    check_not_dearer(quantity, more, fewer)


@settings(max_examples=150)
@given(quantities, in_pieces(any_conditions(rising=True)), st.data())
def test_higher_limits_never_cost_more(quantity, pieces, data):
    raised = []
    for piece in pieces:
        bands = piece.conditions.prices.bands
        ends = [band.limit for band in bands[:-1]]
        others = data.draw(st.lists(limits, min_size=len(ends), max_size=len(ends)))
        higher = map(max, zip(ends, sorted(others), strict=True))
        costs = [band.price for band in bands]
        raised.append(with_bands(piece, made_bands([*higher, None], costs)))
    check_not_dearer(quantity, raised, pieces)


@settings(max_examples=100)
@given(quantities, any_conditions(rising=True), st.integers(1, 90), st.integers(1, 90))
def test_more_days_never_cost_more(quantity, each, days, further):
    few, many = ([Piece(Fraction(count), each)] for count in (days, days + further))
    check_not_dearer(quantity, many, few)


def check_not_dearer(quantity, these, than):
    """Exactly before rounding, and after it but for what rounding takes."""
    units = Fraction(quantity)
    assert exact_cost(units, these) <= exact_cost(units, than)
    bill, dearer = per_day_30_5(quantity, these), per_day_30_5(quantity, than)
    assert bill.amount - dearer.amount <= lost_by_rounding(bill, dearer)


# What must come to the same


@settings(max_examples=150)
@given(quantities, in_pieces(any_conditions(), most=2), prices)
def test_flat_equals_tiered_with_equal_prices(quantity, pieces, price):
    tiered, flat = [], []
    for piece in pieces:
        bands = piece.conditions.prices.bands
        tiered.append(with_bands(piece, tuple(band._replace(price=price) for band in bands)))
        flat.append(with_bands(piece, (Band(1, None, price),)))
    check_same(quantity, tiered, flat)
    assert per_day_30_5(quantity, flat).is_at_one_price


@settings(max_examples=150)
@given(quantities, any_conditions(), st.integers(2, 400), st.data())
def test_a_split_where_nothing_changes_alters_only_rounding(quantity, each, days, data):
    first = data.draw(st.integers(1, days - 1))
    split = [Piece(Fraction(first), each), Piece(Fraction(days - first), each)]
    check_same(quantity, [Piece(Fraction(days), each)], split)


def check_same(quantity, these, those):
    units = Fraction(quantity)
    assert exact_cost(units, these) == exact_cost(units, those)
    one, other = per_day_30_5(quantity, these), per_day_30_5(quantity, those)
    assert one.quantity == other.quantity
    assert abs(one.amount - other.amount) <= lost_by_rounding(one, other)


# Readings and rounding


@settings(max_examples=100)
@given(st.integers(1, 10), st.data())
def test_passing_zero_counts_as_if_the_meter_had_one_more_digit(digits, data):
    values = st.decimals(0, 10**digits - D("0.001"), places=3)
    old, new = data.draw(values), data.draw(values)
    ratio = data.draw(st.sampled_from([D(1), D(20), D("0.5")]))
    round_ = D(10) ** digits
    assert counted(old, new, ratio, passed_zero_of=digits) == counted(old, new + round_, ratio)
    fell = new < old
    assert may_have_passed_zero(old, new, digits) == (
        fell and counted(old, new, passed_zero_of=digits) <= round_ / 10
    )


@settings(max_examples=100)
@given(st.fractions(-(10**6), 10**6), st.sampled_from([D("0.01"), D("0.001"), D("0.000001")]))
def test_rounding_is_to_the_nearest_step(value, step):
    found = round_half_up(value, step)
    assert abs(Fraction(found) - value) <= Fraction(step) / 2
    assert (Fraction(found) / Fraction(step)).denominator == 1
    assert round_half_up(-value, step) == -found
