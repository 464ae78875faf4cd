"""What must hold of each row: what it names exists, keys are unique, cells agree (R1, R9)."""

import copy

import pytest

from billing import models
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db

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
    meters = rows(COLUMNS["meters"], f"{SECOND},88,EL,,6,1,2018-03-01,2019-03-01,,")
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


def test_r9_one_supplier_is_the_issuer(loaded, refuse):
    loaded["suppliers"][0]["issuer"] = "0"
    assert refuse({"suppliers": loaded["suppliers"]}) == [("suppliers", 2, "issuer", "0", "R9")]


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


def test_problems_of_several_accounts_are_all_told(loaded, refuse):
    of(loaded, "accounts", number=FIRST)["closed_on"] = "2000-01-01"
    of(loaded, "payments", account=SECOND, id="P2")["bank"] = "NONE"
    assert refuse(copy.deepcopy(loaded)) == [
        ("accounts", 2, "closed_on", "2000-01-01", "R9"),
        ("payments", 7, "bank", "NONE", "R1"),
    ]
