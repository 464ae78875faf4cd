"""Control totals hold, where a set gives them: R10."""

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import one, rows

pytestmark = pytest.mark.django_db


def test_r10_totals_that_hold(loaded, tmp_path):
    loaded["totals"] = rows(
        sets.TOTALS,
        "suppliers,1,",
        "ledger,8,7988.89",
        "charges,9,8972.89",
        "adjustments,1,-100",
        "payments,6,5644.89",
        "receipts,4,7988.89",
    )
    assert sets.load(sets.write(tmp_path / "set", loaded)).problems == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("suppliers,2,", ("rows", "2", "R10")),
        ("suppliers,,", ("rows", "", "R10")),
        ("ledger,8,0.01", ("sum", "0.01", "R10")),
        ("charges,9,0", ("sum", "0", "R10")),
        ("adjustments,1,100.00", ("sum", "100.00", "R10")),
        ("payments,6,-1", ("sum", "-1", "R10")),
        ("receipts,4,7988.88", ("sum", "7988.88", "R10")),
        ("receipts,4,7.98889e3", ("sum", "7.98889e3", "F")),
        ("receipts,4,NaN", ("sum", "NaN", "F")),
        ("nothing,0,", ("file", "nothing", "R1")),
        (",0,", ("file", "", "R1")),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_r10_totals_that_do_not_hold(loaded, refuse, line, problem):
    loaded["totals"] = rows(sets.TOTALS, "banks,1,", line)
    assert refuse(loaded) == [("totals", 3, *problem)]


def test_r10_of_a_file_that_the_set_lacks(refuse):
    assert refuse({"totals": rows(sets.TOTALS, "banks,0,")}) == [
        ("totals", 2, "file", "banks", "R10")
    ]


def test_r10_is_given_once_for_a_file(loaded, refuse):
    loaded["totals"] = rows(sets.TOTALS, "banks,1,", "banks,1,")
    assert refuse(loaded) == [("totals", 3, "file", "banks", "R9")]


def test_r10_is_not_one_more_problem_beside_a_bad_row(loaded, refuse):
    loaded["payments"][1]["amount"] = "much"
    loaded["totals"] = rows(sets.TOTALS, "payments,6,5644.89")
    assert refuse(loaded) == [("payments", 3, "amount", "much", "F")]


@pytest.mark.parametrize("total", ["5", "0", "abc"])
def test_r10_no_sum_of_a_file_that_has_none(refuse, total):
    files = {**one("banks", "KAS,a,b"), "totals": rows(("file", "rows", "sum"), f"banks,1,{total}")}
    assert refuse(files) == [("totals", 2, "sum", total, "R10")]


@pytest.mark.parametrize(("amount", "told"), [("0", True), ("much", False)])
def test_r10_rows_that_could_not_be_taken_count_too(refuse, amount, told):
    payments = rows(
        sets.COLUMNS["payments"],
        f"{sets.FIRST},N9,EL,2026-04-12,2026-04,{amount},HAL",
        f"{sets.SECOND},N9,EL,2026-04-12,2026-04,7,HAL",
    )
    totals = rows(("file", "rows", "sum"), "payments,2,99999.00")
    wrong = [("totals", 2, "sum", "99999.00", "R10")] if told else []
    assert refuse({"payments": payments, "totals": totals}) == [
        ("payments", 2, "amount", amount, "F"),
        *wrong,
    ]
