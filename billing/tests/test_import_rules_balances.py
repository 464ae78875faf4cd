"""What must hold of the ledger: R2 in a month, R3 from month to month, R4 of its sums."""

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows, shift

pytestmark = pytest.mark.django_db

# R2: a month's balance


@pytest.mark.parametrize("column", ["opening", "accrued", "adjusted", "paid", "closing"])
def test_r2_closing_is_what_the_rest_comes_to(loaded, refuse, column):
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    row[column] = "1.01"
    assert refuse({"ledger": [row]}) == [("ledger", 2, "closing", row["closing"], "R2")]


# R3: from month to month


def test_r3_opening_is_the_closing_of_the_month_before_in_the_set(loaded, refuse):
    shift(of(loaded, "ledger", account=FIRST, service="MS", month="2026-03"), "-1")
    of(loaded, "receipts", number="R-2")["amount_due"] = "1755"
    assert refuse(loaded) == [("ledger", 5, "opening", "115", "R3")]


def test_r3_opening_is_the_closing_of_the_month_before_loaded_earlier(refuse):
    late = one("ledger", f"{FIRST},MS,2026-04,115.99,0,0,0,115.99")
    assert refuse(late) == [("ledger", 2, "opening", "115.99", "R3")]


def test_r3_closing_is_the_opening_of_the_month_after_loaded_earlier(refuse):
    early = one("ledger", f"{FIRST},MS,2026-01,0.01,0,0,0,0.01")
    assert refuse(early) == [("ledger", 2, "closing", "0.01", "R3")]


def test_r3_holds_on_both_sides_of_a_corrected_month(loaded, tmp_path, refuse):
    april = one("ledger", f"{FIRST},MS,2026-04,116,0,0,0,116")
    assert sets.load(sets.write(tmp_path / "april", april)).loaded
    middle = of(loaded, "ledger", account=FIRST, service="MS", month="2026-03")
    shift(middle, "1")
    assert refuse({"ledger": [middle]}) == [
        ("ledger", 2, "closing", "117", "R3"),
        ("ledger", 2, "closing", "117", "R7"),
        ("ledger", 2, "opening", "117", "R3"),
    ]


def test_r3_correction_of_an_old_month_without_the_later_ones(refuse):
    correction = {
        **one("ledger", f"{FIRST},MS,2026-02,0,116,-16,0,100.00"),
        **one("adjustments", f"{FIRST},MS,2026-02,1,a,b,,-16"),
        **one("receipts", f"{FIRST},2026-02,R-1,2026-03-05,2026-03-25,2678.89"),
    }
    assert refuse(correction) == [("ledger", 2, "closing", "100.00", "R3")]


def test_r3_correction_of_an_old_month_with_the_later_ones(loaded, tmp_path):
    of(loaded, "ledger", account=FIRST, service="MS", month="2026-02").update(
        adjusted="-16", closing="100"
    )
    shift(of(loaded, "ledger", account=FIRST, service="MS", month="2026-03"), "-16")
    of(loaded, "receipts", number="R-1")["amount_due"] = "2678.89"
    of(loaded, "receipts", number="R-2")["amount_due"] = "1740"
    loaded["adjustments"] += rows(COLUMNS["adjustments"], f"{FIRST},MS,2026-02,1,a,b,,-16")
    changed = {name: loaded[name] for name in ("ledger", "adjustments", "receipts")}
    assert sets.load(sets.write(tmp_path / "set", changed)).problems == []
    assert sets.holds(loaded)


def test_r3_is_not_asked_over_a_gap_or_of_another_service(tmp_path, loaded):
    june = one("ledger", f"{FIRST},MS,2026-06,7,0,0,0,7")
    assert sets.load(sets.write(tmp_path / "set", june)).problems == []


def test_r3_turns_with_the_year(loaded, tmp_path, refuse):
    december = one("ledger", f"{FIRST},MS,2024-12,0,0,0,0,0")
    assert sets.load(sets.write(tmp_path / "december", december)).loaded
    assert refuse(one("ledger", f"{FIRST},MS,2025-01,0.01,0,0,0,0.01")) == [
        ("ledger", 2, "opening", "0.01", "R3")
    ]


# R4: a closed month's sums


def test_r4_accrued_is_the_sum_of_charges(loaded, refuse):
    line = of(loaded, "charges", account=FIRST, service="MS", month="2026-02")
    assert refuse({"charges": [{**line, "amount": "115.99"}]}) == [
        ("charges", 2, "amount", "115.99", "R4")
    ]


def test_r4_is_told_at_the_ledger_where_the_set_has_its_row(loaded, refuse):
    of(loaded, "charges", account=FIRST, service="MS", month="2026-02")["amount"] = "115.99"
    assert refuse(loaded) == [("ledger", 4, "accrued", "116", "R4")]


def test_r4_withdrawn_line(loaded, refuse):
    line = of(loaded, "charges", account=FIRST, service="EL", month="2026-02", line="1")
    assert refuse({"charges": [line]}) == [
        ("charges", 2, "amount", "3183.35", "R4"),
        ("charges", 2, "quantity", "182.951", "R5"),
    ]


def test_r4_adjusted_is_the_sum_of_adjustments(loaded, refuse):
    line = loaded["adjustments"][0]
    assert refuse({"adjustments": [{**line, "amount": "-99.99"}]}) == [
        ("adjustments", 2, "amount", "-99.99", "R4")
    ]


def test_r4_adjustment_of_a_month_that_had_none(refuse):
    assert refuse(one("adjustments", f"{SECOND},EL,2026-03,1,a,b,,0.01")) == [
        ("adjustments", 2, "amount", "0.01", "R4")
    ]


def test_r4_late_payment_to_a_closed_month(refuse):
    assert refuse(one("payments", f"{FIRST},P9,EL,2026-04-02,2026-03,5,HAL")) == [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_late_payment_with_its_ledger_row(loaded, tmp_path):
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    row.update(paid="2583.89", closing="1635")
    receipt = of(loaded, "receipts", number="R-2")
    receipt["amount_due"] = "1751"
    payment = rows(COLUMNS["payments"], f"{FIRST},P9,EL,2026-04-02,2026-03,5,HAL")
    late = {"ledger": [row], "receipts": [receipt], "payments": payment}
    assert sets.load(sets.write(tmp_path / "set", late)).problems == []


def test_r4_changed_payment(loaded, refuse):
    payment = of(loaded, "payments", account=FIRST, id="P2")
    assert refuse({"payments": [{**payment, "amount": "2578.88"}]}) == [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_payment_that_leaves_a_closed_month(loaded, refuse):
    payment = of(loaded, "payments", account=FIRST, id="P1")
    assert refuse({"payments": [{**payment, "month": "2026-04"}]}) == [
        ("payments", 2, "month", "2026-04", "R4")
    ]


def test_r4_payment_that_leaves_a_month_is_told_at_its_ledger_where_the_set_has_it(loaded, refuse):
    payment = of(loaded, "payments", account=FIRST, id="P1")
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-02")
    assert refuse({"payments": [{**payment, "month": "2026-04"}], "ledger": [ledger]}) == [
        ("ledger", 2, "paid", "1000", "R4")
    ]


def test_r4_payment_that_moves_between_closed_months(loaded, refuse):
    payment = of(loaded, "payments", account=FIRST, id="P1")
    assert refuse({"payments": [{**payment, "month": "2026-03"}]}) == 2 * [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_payment_that_moves_to_another_service(loaded, refuse):
    payment = of(loaded, "payments", account=FIRST, id="P3")
    assert refuse({"payments": [{**payment, "service": "EL"}]}) == 2 * [
        ("payments", 2, "month", "2026-03", "R4")
    ]


@pytest.mark.parametrize(
    ("column", "line"),
    [
        ("accrued", f"{FIRST},MS,2026-04,116,0.01,0,0,116.01"),
        ("adjusted", f"{FIRST},MS,2026-04,116,0,0.01,0,116.01"),
        ("paid", f"{FIRST},MS,2026-04,116,0,0,0.01,115.99"),
    ],
)
def test_r4_ledger_of_a_month_without_lines(refuse, column, line):
    assert refuse(one("ledger", line)) == [("ledger", 2, column, "0.01", "R4")]


def test_r4_is_not_asked_of_months_not_closed(loaded, tmp_path):
    open_month = {
        **one("charges", f"{FIRST},MS,2026-04,1,,,,,,,1,,,100,0.16,116"),
        **one("adjustments", f"{FIRST},MS,2026-04,1,a,b,,5"),
        **one("payments", f"{FIRST},P9,MS,2026-04-02,2026-04,5,HAL"),
    }
    assert sets.load(sets.write(tmp_path / "set", open_month)).problems == []
