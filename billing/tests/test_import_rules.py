"""What must hold after a set is applied: each break is told once, at the row it comes from."""

import copy

import pytest

from billing import models
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, rows

pytestmark = pytest.mark.django_db


def of(files, name, **key):
    """The one row of the file with that key."""
    (row,) = [row for row in files[name] if key.items() <= row.items()]
    return row


def one(name, line):
    """A set of one row."""
    return {name: rows(COLUMNS[name], line)}


@pytest.fixture
def refuse(loaded, tmp_path):
    """Loads the set, which changes nothing; what was told."""

    def refused(files):
        before = sets.physical_rows()
        report = sets.load(sets.write(tmp_path / "set", files))
        assert not report.loaded
        assert sets.physical_rows() == before
        assert all(problem.message and "%(" not in problem.message for problem in report.problems)
        return sets.told(report)

    return refused


# R1: what is named exists

UNKNOWN = [
    ("services", "supplier", "MS,NONE,a,b,c,d,0"),
    ("tariffs", "service", "NONE,flat,2026-01-01,,0"),
    ("tariff_bands", "service", "NONE,flat,2025-07-15,,,1,,1"),
    ("accounts", "branch", f"{FIRST},NONE,a,b,c,2019-03-01,2019-03-01,"),
    ("terms", "account", "9999,2019-03-01,1,0,0,flat"),
    ("meters", "account", "9999,77,EL,,6,1,2019-03-01,,,"),
    ("meters", "service", f"{FIRST},88,NONE,,6,1,2019-03-01,,,"),
    ("readings", "account", "9999,77,2026-02-25,network,1"),
    ("readings", "serial", f"{FIRST},78,2026-02-25,network,1"),
    ("ledger", "account", "9999,EL,2026-04,0,0,0,0,0"),
    ("ledger", "service", f"{FIRST},NONE,2026-04,0,0,0,0,0"),
    ("charges", "account", "9999,MS,2026-04,1,,,,,,,1,,,100,0.16,116"),
    ("charges", "service", f"{FIRST},NONE,2026-04,1,,,,,,,1,,,100,0.16,116"),
    (
        "charges",
        "serial",
        f"{FIRST},EL,2026-04,1,78,2026-03-25,1300,2026-04-25,1301,31,1,1,,15,0.16,17.40",
    ),
    ("adjustments", "account", "9999,EL,2026-04,1,a,b,,1"),
    ("adjustments", "service", f"{FIRST},NONE,2026-04,1,a,b,,1"),
    ("payments", "account", "9999,P9,EL,2026-04-01,2026-04,1,HAL"),
    ("payments", "service", f"{FIRST},P9,NONE,2026-04-01,2026-04,1,HAL"),
    ("payments", "bank", f"{FIRST},P9,EL,2026-04-01,2026-04,1,NONE"),
    ("receipts", "account", "9999,2026-04,R-9,2026-05-05,2026-05-25,0"),
]


@pytest.mark.parametrize(
    ("name", "column", "line"), UNKNOWN, ids=[f"{case[0]}.{case[1]}" for case in UNKNOWN]
)
def test_r1_what_a_row_names_exists(loaded, refuse, name, column, line):
    (row,) = rows(COLUMNS[name], line)
    alone = {name: [row]}
    assert refuse(alone) == [(name, 2, column, row[column], "R1")]


def test_r1_is_asked_of_every_reference():
    references = {"supplier", "service", "branch", "account", "bank", "serial"}
    wanted = {
        (name, column)
        for name, columns in COLUMNS.items()
        for column in columns
        if column in references and (name, column) != ("meters", "serial")
    }
    assert {case[:2] for case in UNKNOWN} == wanted


def test_r1_bands_belong_to_a_tariff(refuse):
    wrong_day = one("tariff_bands", "EL,flat,2025-07-16,,,1,,1")
    assert refuse(wrong_day) == [("tariff_bands", 2, "valid_from", "2025-07-16", "R1")]


def test_r1_bands_belong_to_a_tariff_of_their_plan(refuse):
    assert refuse(one("tariff_bands", "MS,tiered,2010-01-01,,,1,,1")) == [
        ("tariff_bands", 2, "valid_from", "2010-01-01", "R1")
    ]


def test_r1_a_serial_is_sought_among_the_meters_of_its_own_account(loaded, refuse):
    meters = rows(COLUMNS["meters"], f"{SECOND},88,EL,,6,1,2019-03-01,,,")
    readings = rows(COLUMNS["readings"], f"{FIRST},88,2026-02-25,network,1")
    assert refuse({"meters": meters, "readings": readings}) == [
        ("readings", 2, "serial", "88", "R1")
    ]


def test_r1_a_line_names_a_meter_of_its_own_service(loaded, refuse):
    line = {**of(loaded, "charges", account=SECOND, service="MS", month="2026-02")}
    metered = of(loaded, "charges", account=SECOND, service="EL", month="2026-02")
    line |= {name: metered[name] for name in ("serial", "from_on", "from_value")}
    line |= {"to_on": "2026-01-25", "to_value": "500", "days": "0"}
    assert refuse({"charges": [line]})[0] == ("charges", 2, "serial", "77", "R1")


def test_a_bad_account_is_told_once_and_not_by_its_rows(loaded, refuse):
    of(loaded, "accounts", number=SECOND)["branch"] = "NONE"
    assert refuse(loaded) == [("accounts", 3, "branch", "NONE", "R1")]


def test_a_new_account_is_missed_by_none_of_its_rows_when_it_is_bad(nothing_loaded, tmp_path):
    files = sets.small_set()
    files["accounts"][0]["opened_on"] = "never"
    report = sets.load(sets.write(tmp_path / "set", files))
    assert sets.told(report) == [("accounts", 2, "opened_on", "never", "F")]
    assert not models.PersonalAccount.objects.exists()
    assert not models.Supplier.objects.exists()


# R2: a month's balance


@pytest.mark.parametrize("column", ["opening", "accrued", "adjusted", "paid", "closing"])
def test_r2_closing_is_what_the_rest_comes_to(loaded, refuse, column):
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    row[column] = "1.01"
    assert refuse({"ledger": [row]}) == [
        ("ledger", 2, "closing", row["closing"] + ("" if column == "closing" else ".00"), "R2")
    ]


# R3: from month to month


def shift(row, tenge):
    """The ledger row with another opening, and so another closing."""
    row["opening"] = f"{float(row['opening']) + tenge:.2f}"
    row["closing"] = f"{float(row['closing']) + tenge:.2f}"


def test_r3_opening_is_the_closing_of_the_month_before_in_the_set(loaded, refuse):
    shift(of(loaded, "ledger", account=FIRST, service="MS", month="2026-03"), -1)
    of(loaded, "receipts", number="R-2")["amount_due"] = "1755"
    assert refuse(loaded) == [("ledger", 5, "opening", "115.00", "R3")]


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
    shift(middle, 1)
    assert refuse({"ledger": [middle]}) == [
        ("ledger", 2, "closing", "117.00", "R3"),
        ("ledger", 2, "opening", "117.00", "R3"),
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
    shift(of(loaded, "ledger", account=FIRST, service="MS", month="2026-03"), -16)
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
    assert refuse(loaded) == [("ledger", 4, "accrued", "116.00", "R4")]


def test_r4_withdrawn_line(loaded, refuse):
    line = of(loaded, "charges", account=FIRST, service="EL", month="2026-02", line="1")
    assert refuse({"charges": [line]}) == [("charges", 2, "amount", "3183.35", "R4")]


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
        ("ledger", 2, "paid", "1000.00", "R4")
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


# R9: keys and order


@pytest.mark.parametrize("name", COLUMNS)
def test_r9_a_key_stands_once_in_a_file(loaded, refuse, name):
    last = {
        "accounts": "number",
        "ledger": "month",
        "receipts": "month",
        "terms": "valid_from",
        "vat": "valid_from",
        "tariffs": "valid_from",
        "tariff_bands": "level",
        "meters": "serial",
        "readings": "source",
        "charges": "line",
        "adjustments": "line",
        "payments": "id",
    }.get(name, "code")
    content = [*loaded[name], loaded[name][0], loaded[name][0]]
    line = len(content)
    assert refuse({name: content}) == [
        (name, line, last, loaded[name][0][last], "R9"),
        (name, line + 1, last, loaded[name][0][last], "R9"),
    ]


def test_r9_one_issuer_in_the_set(loaded, refuse):
    second = {**loaded["suppliers"][0], "code": "B"}
    assert refuse({"suppliers": [*loaded["suppliers"], second]}) == [
        ("suppliers", 3, "issuer", "1", "R9")
    ]


def test_r9_one_issuer_over_the_set_and_what_is_loaded(loaded, refuse):
    second = {**loaded["suppliers"][0], "code": "B"}
    assert refuse({"suppliers": [second]}) == [("suppliers", 2, "issuer", "1", "R9")]


def test_r9_receipt_numbers_are_unique_in_the_set(loaded, refuse):
    loaded["receipts"][2]["number"] = "R-1"
    assert refuse({"receipts": loaded["receipts"]}) == [("receipts", 4, "number", "R-1", "R9")]


def test_r9_receipt_numbers_are_unique_over_what_is_loaded(refuse):
    assert refuse(one("receipts", f"{FIRST},2026-04,R-4,2026-05-05,2026-05-25,0")) == [
        ("receipts", 2, "number", "R-4", "R9")
    ]


def test_r9_meter_is_not_removed_before_it_is_installed(loaded, refuse):
    meter = {**loaded["meters"][0], "removed_on": "2019-02-28"}
    assert refuse({"meters": [meter]}) == [("meters", 2, "removed_on", "2019-02-28", "R9")]


def test_r9_account_is_not_closed_before_it_is_opened(loaded, refuse):
    account = {**loaded["accounts"][0], "closed_on": "2019-02-28"}
    assert refuse({"accounts": [account]}) == [("accounts", 2, "closed_on", "2019-02-28", "R9")]


def test_r9_residents_are_at_most_99(loaded, refuse):
    loaded["terms"][0]["residents"] = "99"
    loaded["terms"][1]["residents"] = "100"
    assert refuse({"terms": loaded["terms"]}) == [("terms", 3, "residents", "100", "R9")]


# What a row must be by itself


def test_rate_of_vat_is_below_one(loaded, refuse):
    assert refuse({"vat": [{"valid_from": "2026-02-01", "rate": "1.0000"}]}) == [
        ("vat", 2, "rate", "1.0000", "F")
    ]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"vat_rate": "1.0000"}, "vat_rate"),
        ({"to_on": "2026-01-24"}, "to_on"),
        ({"serial": ""}, "serial"),
        ({"from_on": ""}, "serial"),
        ({"from_value": ""}, "serial"),
        ({"to_on": ""}, "serial"),
        ({"to_value": ""}, "serial"),
        ({"days": ""}, "serial"),
    ],
    ids=lambda part: part if isinstance(part, str) else next(iter(part)),
)
def test_line_of_a_meter_is_whole(loaded, refuse, changes, column):
    lines = [row for row in loaded["charges"] if row["account"] == FIRST]
    lines[1] |= changes
    assert refuse({"charges": lines}) == [("charges", 3, column, lines[1][column], "F")]


@pytest.mark.parametrize("column", ["level", "limit"])
def test_line_without_a_meter_has_no_level(loaded, refuse, column):
    line = of(loaded, "charges", account=FIRST, service="MS", month="2026-02")
    assert refuse({"charges": [{**line, column: "1"}]}) == [("charges", 2, "serial", "", "F")]


# R10: control totals


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


def test_problems_of_several_accounts_are_all_told(loaded, refuse):
    of(loaded, "accounts", number=FIRST)["closed_on"] = "2000-01-01"
    of(loaded, "payments", account=SECOND, id="P2")["bank"] = "NONE"
    assert refuse(copy.deepcopy(loaded)) == [
        ("accounts", 2, "closed_on", "2000-01-01", "R9"),
        ("payments", 7, "bank", "NONE", "R1"),
    ]
