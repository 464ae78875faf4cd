"""What must hold of meters, readings and metered lines after a set is applied."""

import itertools

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def accept(loaded, tmp_path):
    """Loads sets, one after the other, each without a problem."""

    numbers = itertools.count()

    def accepted(*several):
        for files in several:
            report = sets.load(sets.write(tmp_path / f"accepted{next(numbers)}", files))
            assert sets.told(report) == []

    return accepted


def april(*, before, after, quantity, serial="77"):
    """The second account's line of April, not closed yet."""
    meter = f"{serial},2026-03-25,{before},2026-04-25,{after},31,{quantity}"
    return one("charges", f"{SECOND},EL,2026-04,1,{meter},1,,25,0.16,1")


def series(*values):
    """Readings of the second account's meter of 5 digits: April, May …; it stood at 610."""
    lines = [
        f"{SECOND},77,2026-{month:02}-25,network,{value}" for month, value in enumerate(values, 4)
    ]
    return {"readings": rows(COLUMNS["readings"], *lines)}


def meters(*lines):
    return {"meters": rows(COLUMNS["meters"], *lines)}


def withdrawn(*lines):
    """The rows of deletions.csv: each a file and a key."""
    return {"deletions": rows(("file", "key"), *lines)}


# R1: lines and readings name a meter that is there


def test_r1_each_line_with_an_unknown_meter_is_told(loaded, refuse):
    lines = [
        {**row, "serial": "78"}
        for row in loaded["charges"]
        if (row["account"], row["service"], row["month"]) == (FIRST, "EL", "2026-02")
    ]
    assert refuse({"charges": lines}) == [
        ("charges", 2, "serial", "78", "R1"),
        ("charges", 3, "serial", "78", "R1"),
    ]


def test_r1_line_of_a_meter_of_another_service(loaded, refuse):
    line = {**of(loaded, "charges", account=SECOND, service="MS", month="2026-02")}
    metered = of(loaded, "charges", account=SECOND, service="EL", month="2026-02")
    names = ("serial", "from_on", "from_value", "to_on", "to_value", "days")
    line |= {name: metered[name] for name in names}
    assert refuse({"charges": [line]}) == [("charges", 2, "serial", "77", "R1")]


def test_r1_meter_that_moves_to_another_service_leaves_its_lines(loaded, refuse):
    meter = {**of(loaded, "meters", account=SECOND), "service": "MS"}
    assert refuse({"meters": [meter]}) == [("meters", 2, "serial", "77", "R1")]


def test_r1_withdrawn_meter_with_readings_left(accept, refuse):
    accept(
        meters(f"{FIRST},70,EL,,5,1,2015-03-01,2019-03-01,,")
        | one("readings", f"{FIRST},70,2019-03-01,removed,9000")
    )
    assert refuse(withdrawn(f"meters,{FIRST}|70")) == [
        ("deletions", 2, "key", f"{FIRST}|70", "R1"),
    ]


def test_r1_withdrawn_meter_with_charges_left(loaded, refuse):
    readings = [
        f"readings,{SECOND}|77|{row['taken_on']}|{row['source']}"
        for row in loaded["readings"]
        if row["account"] == SECOND
    ]
    assert refuse(withdrawn(f"meters,{SECOND}|77", *readings)) == [
        ("deletions", 2, "key", f"{SECOND}|77", "R1")
    ]


def test_r1_withdrawn_meter_with_both_left(refuse):
    assert refuse(withdrawn(f"meters,{SECOND}|77")) == 2 * [  # its readings and its charges
        ("deletions", 2, "key", f"{SECOND}|77", "R1")
    ]


# R5: what the meter counted


def test_r5_quantity_is_what_the_meter_counted(loaded, refuse):
    line = of(loaded, "charges", account=FIRST, service="EL", month="2026-03")
    assert refuse({"charges": [{**line, "quantity": "99.999"}]}) == [
        ("charges", 2, "quantity", "99.999", "R5")
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_r5_is_told_of_the_line_whose_figures_do_not_multiply_out(loaded, refuse, number):
    lines = [
        row
        for row in loaded["charges"]
        if (row["account"], row["service"], row["month"]) == (FIRST, "EL", "2026-02")
    ]
    lines[number]["quantity"] = "100.001"
    assert refuse({"charges": lines}) == [("charges", 2 + number, "quantity", "100.001", "R5")]


def test_r5_reading_of_a_line_is_wrong(loaded, refuse):
    line = of(loaded, "charges", account=FIRST, service="EL", month="2026-03")
    wrong = {**line, "to_value": "1300.001", "quantity": "100.000"}
    assert refuse({"charges": [wrong]}) == [("charges", 2, "quantity", "100.000", "R5")]


def test_r5_lines_of_one_interval_have_the_same_readings(loaded, refuse):
    lines = [
        {**row, "to_value": f"1200.00{row['line']}"}
        for row in loaded["charges"]
        if (row["account"], row["service"], row["month"]) == (FIRST, "EL", "2026-02")
    ]
    assert refuse({"charges": lines}) == [
        ("charges", 2, "quantity", "182.951", "R5"),
        ("charges", 3, "quantity", "17.049", "R5"),
    ]


def test_r5_ratio_of_a_meter_with_lines_changes(loaded, refuse):
    meter = {**of(loaded, "meters", account=FIRST), "ratio": "1.001"}
    assert refuse({"meters": [meter]}) == [("meters", 2, "ratio", "1.001", "R5")]


def test_r5_ratio_changes_with_some_of_its_lines(loaded, refuse):
    meter = {**of(loaded, "meters", account=SECOND), "ratio": "2"}
    line = of(loaded, "charges", account=SECOND, service="EL", month="2026-02")
    right = {**line, "quantity": "100", "price": "12.5"}
    assert refuse({"meters": [meter], "charges": [right]}) == [("meters", 2, "ratio", "2", "R5")]


def test_r5_ratio_changes_with_all_of_its_lines(loaded, accept):
    meter = {**of(loaded, "meters", account=SECOND), "ratio": "2"}
    lines = [
        {**row, "quantity": quantity, "price": "12.5"}
        for row in loaded["charges"]
        for month, quantity in (("2026-02", "100"), ("2026-03", "120"))
        if (row["account"], row["service"], row["month"]) == (SECOND, "EL", month)
    ]
    accept({"meters": [meter], "charges": lines})


def test_r5_line_withdrawn_under_an_interval(loaded, refuse):
    key = f"{FIRST}|EL|2026-02|2"
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-02")
    told = refuse({"ledger": [ledger], **withdrawn(f"charges,{key}")})
    assert ("deletions", 2, "key", key, "R5") in told


@pytest.mark.parametrize(
    ("before", "after", "quantity"),
    [("99990", "15.5", "25.5"), ("90000", "0", "10000"), ("99999.999", "0", "0.001")],
)
def test_r5_holds_over_zero(accept, before, after, quantity):
    accept(april(before=before, after=after, quantity=quantity))


@pytest.mark.parametrize(
    ("before", "after", "quantity"),
    [
        ("99990", "15.5", "25.499"),
        ("99990", "15.5", "0.000"),
        # further than a tenth of the round: the meter did not pass over zero
        ("89999.999", "0", "10000.001"),
        ("610", "600", "99990.000"),
        ("610", "600", "10.000"),
    ],
)
def test_r5_is_broken_over_zero(refuse, before, after, quantity):
    assert refuse(april(before=before, after=after, quantity=quantity)) == [
        ("charges", 2, "quantity", quantity, "R5")
    ]


@pytest.mark.parametrize("quantity", ["310", "15.500"])
def test_r5_ratio_multiplies_what_passed_over_zero(accept, refuse, quantity):
    accept(
        meters(
            f"{SECOND},77,EL,,5,1.000,2019-03-01,2026-03-25,,",
            f"{SECOND},88,EL,,4,20,2026-03-25,,,",
        )
    )
    files = april(before="9990", after="5.5", quantity=quantity, serial="88")
    if quantity == "310":
        accept(files)
    else:
        assert refuse(files) == [("charges", 2, "quantity", "15.500", "R5")]


# R6: readings rise


def test_r6_reading_falls(refuse):
    assert refuse(one("readings", f"{FIRST},77,2026-04-25,network,1299.999")) == [
        ("readings", 2, "value", "1299.999", "R6")
    ]


def test_r6_reading_may_stay(accept):
    accept(one("readings", f"{FIRST},77,2026-04-25,network,1300"))


def test_r6_is_asked_within_one_source(accept):
    accept(one("readings", f"{FIRST},77,2026-03-26,consumer,1195.5"))


def test_r6_is_asked_within_one_meter(accept):
    accept(one("readings", f"{SECOND},77,2026-04-25,network,610"))


def test_r6_later_reading_loaded_already_is_lower(refuse):
    assert refuse(one("readings", f"{FIRST},77,2026-03-01,network,1300.001")) == [
        ("readings", 2, "value", "1300.001", "R6")
    ]


@pytest.mark.parametrize("value", ["999.999", "1300.001"])
def test_r6_changed_reading_lies_between_its_neighbours(loaded, refuse, value):
    reading = of(loaded, "readings", account=FIRST, source="network", taken_on="2026-02-25")
    assert refuse({"readings": [{**reading, "value": value}]}) == [
        ("readings", 2, "value", value, "R6")
    ]


def test_r6_fall_between_two_rows_of_a_set_is_told_of_the_later_one(refuse):
    assert refuse(series("700", "699.999")) == [("readings", 3, "value", "699.999", "R6")]


@pytest.mark.parametrize("values", [("99999.999", "0", "5"), ("90000", "0"), ("99999", "9999")])
def test_r6_plausible_pass_over_zero(accept, values):
    accept(series(*values))


@pytest.mark.parametrize(
    "values", [("89999.999", "0.000"), ("99999.000", "9999.001"), ("99999.000", "99998.000")]
)
def test_r6_implausible_pass_over_zero(refuse, values):
    assert refuse(series(*values)) == [("readings", 3, "value", values[1], "R6")]


def test_r6_value_within_the_digits(accept):
    accept(series("99999.999"))


def test_r6_value_beyond_the_digits(refuse):
    assert refuse(series("100000.000")) == [("readings", 2, "value", "100000.000", "R6")]


def test_r6_digits_become_too_few_for_what_was_read(loaded, refuse):
    meter = {**of(loaded, "meters", account=SECOND), "digits": "2"}
    assert refuse({"meters": [meter]}) == [("meters", 2, "digits", "2", "R6")]


def test_r6_digits_are_just_enough_for_what_was_read(loaded, accept):
    accept({"meters": [{**of(loaded, "meters", account=SECOND), "digits": "3"}]})


def test_r6_digits_become_too_many_for_a_pass_over_zero(loaded, accept, refuse):
    accept(series("99990", "15"))
    meter = {**of(loaded, "meters", account=SECOND), "digits": "6"}
    assert refuse({"meters": [meter]}) == [("meters", 2, "digits", "6", "R6")]


def test_r6_reading_withdrawn_between_two(accept, refuse):
    accept(series("94000", "99000", "4500"))
    key = f"{SECOND}|77|2026-05-25|network"
    assert refuse(withdrawn(f"readings,{key}")) == [("deletions", 2, "key", key, "R6")]


# R9: one meter of a service in place


def test_r9_meter_is_replaced_on_the_day_it_is_removed(accept):
    accept(
        meters(
            f"{SECOND},77,EL,,5,1.000,2019-03-01,2026-03-25,,",
            f"{SECOND},88,EL,,5,1.000,2026-03-25,,,",
        )
    )


def test_r9_meters_of_two_services_are_in_place(loaded, accept):
    water = {**of(loaded, "services", code="EL"), "code": "HW"}
    accept({"services": [water], **meters(f"{SECOND},88,HW,,5,1,2019-03-01,,,")})


def test_r9_second_meter_in_place(refuse):
    assert refuse(meters(f"{SECOND},88,EL,,5,1,2026-03-25,,,")) == [
        ("meters", 2, "installed_on", "2026-03-25", "R9")
    ]


def test_r9_earlier_meter_goes_too_late(refuse):
    assert refuse(meters(f"{SECOND},70,EL,,5,1,2015-03-01,2019-03-02,,")) == [
        ("meters", 2, "installed_on", "2015-03-01", "R9")
    ]


@pytest.mark.parametrize(("order", "told"), [(1, "2026-03-24"), (-1, "2019-03-01")])
def test_r9_of_two_rows_in_place_the_later_is_told(refuse, order, told):
    lines = (
        f"{SECOND},77,EL,,5,1.000,2019-03-01,2026-03-25,,",
        f"{SECOND},88,EL,,5,1.000,2026-03-24,,,",
    )[::order]
    assert refuse(meters(*lines)) == [("meters", 3, "installed_on", told, "R9")]


def test_r9_removed_meter_comes_back_beside_its_successor(loaded, accept, refuse):
    accept(
        meters(
            f"{SECOND},77,EL,,5,1.000,2019-03-01,2026-03-25,,",
            f"{SECOND},88,EL,,5,1.000,2026-03-25,,,",
        )
    )
    assert refuse({"meters": [of(loaded, "meters", account=SECOND)]}) == [
        ("meters", 2, "installed_on", "2019-03-01", "R9")
    ]


# Lines of a meter


def test_r6_readings_of_a_line_lie_within_the_digits(refuse):
    wrong = april(before="99999", after="100000", quantity="1")
    assert refuse(wrong) == [("charges", 2, "to_value", "100000", "R6")]


def test_line_of_a_service_without_meters_has_none(accept, refuse):
    accept(meters(f"{SECOND},88,MS,,5,1,2019-03-01,,,"))
    line = f"{SECOND},MS,2026-04,1,88,2026-03-25,0,2026-04-25,1,31,1,,,100,0.16,116"
    assert refuse(one("charges", line)) == [("charges", 2, "serial", "88", "F")]
