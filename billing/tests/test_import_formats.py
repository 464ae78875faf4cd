"""Each cell has a form: what breaks it is told with its place, and nothing is loaded."""

import csv
import datetime as dt

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND

pytestmark = pytest.mark.django_db

TODAY = dt.date.today()


def latest(years):
    """A day that many years ahead, and one that is too far."""
    last = dt.date(TODAY.year + years, TODAY.month, min(TODAY.day, 28))
    return last.isoformat(), (last + dt.timedelta(days=4)).isoformat()


NOT_DATES = ["2026-2-01", "01.02.2026", "2026-02-30", "20260201", "2026-02-01 ", "٢٠٢٦-٠٢-٠١"]
NOT_FIGURES = ["1e3", "NaN", "Infinity", "1 000", "1,5", "1.", ".5", "+1", " 1", "0x1", "１"]
NOT_WHOLE = ["-1", "1.0", "1 ", "1e1", "1000000000"]
BAD = {
    "code": ["A B", "Ж", "x" * 21, "EL;"],
    "number": ["123", "1" * 21, "12a4", "-1234", "１２３４"],
    "boolean": ["2", "true", " 1", "01"],
    "plan": ["zones", "Flat"],
    "source": ["guess", "NETWORK"],
    "date": NOT_DATES,
    "old_date": NOT_DATES,
    "far_date": NOT_DATES,
    "month": ["2026-13", "2026-00", "2026-2", "2026-02-01", "02.2026", "2026-02 "],
    "rate": [*NOT_FIGURES, "0.12345", "12%", "-0.1", "10"],
    "price": [*NOT_FIGURES, "1.0000001", "1234567", "-1"],
    "quantity": [*NOT_FIGURES, "1.0001", "123456789012", "-1"],
    "signed_quantity": [*NOT_FIGURES, "1.0001", "123456789012", "--1", "-"],
    "ratio": [*NOT_FIGURES, "1.0001", "0", "0.000", "-1"],
    "balance": [*NOT_FIGURES, "1.001", "1234567890123", "--1", "-"],
    "amount": [*NOT_FIGURES, "1.001", "1234567890123", "-1"],
    "not_zero": [*NOT_FIGURES, "1.001", "1234567890123", "0", "-0.00"],
    "integer": NOT_WHOLE,
    "line": [*NOT_WHOLE, "0"],
    "level": [*NOT_WHOLE, "0", "10"],
    "digits": [*NOT_WHOLE, "0", "11"],
    "bin": ["99124000001", "9912400000130", "99124000001X"],
    "iik": ["KZ639990KZT00000000", "RU639990KZT000000001", "KZ639990kzt000000001"],
    "bik": ["ADLBKZK", "ADLBKZKA1", "adlbkzka"],
    "kbe": ["7", "177", "1a"],
}
OUT_OF_RANGE = {
    "date": ["1999-12-31", latest(1)[1]],
    "old_date": ["1949-12-31", latest(1)[1]],
    "far_date": ["1999-12-31", latest(30)[1]],
    "month": ["1999-12", f"{TODAY.year + 2}-01"],
}


def faults(kind):
    """(value, rule) of what the kind of cell does not take."""
    name = kind.removesuffix("?")
    bad = BAD.get(name) or ["x" * (int(name.removeprefix("text")) + 1)]
    if not kind.endswith("?"):
        bad = ["", *bad, *(["  ", "\u00a0"] if name.startswith("text") else [])]
    return [(value, "F") for value in bad] + [(value, "R9") for value in OUT_OF_RANGE.get(name, [])]


@pytest.mark.parametrize("name", sets.COLUMNS)
def test_every_bad_cell_is_told_and_nothing_is_loaded(loaded, tmp_path, name):
    good = loaded[name][0]
    content, expected = [good], []
    for column, kind in sets.COLUMNS[name].items():
        for value, rule in faults(kind):
            content.append({**good, column: value})
            expected.append((name, len(content) + 1, column, value, rule))
    before = sets.physical_rows()

    report = sets.load(sets.write(tmp_path / "set", {name: content}))

    assert sets.told(report) == expected
    assert all(problem.message and "%" not in problem.message for problem in report.problems)
    assert not report.loaded
    assert report.counts[name].rejected == len(expected)
    assert sets.physical_rows() == before


def test_every_bad_cell_of_a_row_is_told(loaded, tmp_path):
    row = {**loaded["payments"][0], "service": "", "amount": "0", "paid_on": "soon"}
    report = sets.load(sets.write(tmp_path / "set", {"payments": [row]}))
    assert sets.told(report) == [
        ("payments", 2, "amount", "0", "F"),
        ("payments", 2, "paid_on", "soon", "F"),
        ("payments", 2, "service", "", "F"),
    ]
    assert report.counts["payments"].rejected == 1


def test_widest_values_are_taken(nothing_loaded, tmp_path):
    files = sets.small_set()
    number = "0" * 20
    files["accounts"].append(
        {
            **files["accounts"][0],
            "number": number,
            "payer": "\U00020000" * 200,
            "address_kk": "ә" * 300,
            "opened_on": "1950-01-01",
            "owner_since": latest(1)[0],
            "closed_on": "2000-01-01",
        }
    )
    files["meters"].append(
        {
            **files["meters"][0],
            "account": number,
            "serial": "№" * 40,
            "digits": "10",
            "ratio": "99999999999.999",
            "installed_on": "1950-01-01",
            "next_verification_on": latest(30)[0],
        }
    )
    files["readings"].append(
        {**files["readings"][0], "account": number, "serial": "№" * 40, "value": "9999999999.999"}
    )
    files["banks"].append({**files["banks"][0], "code": "A-b_9" * 4})
    files["vat"].append({"valid_from": latest(1)[0], "rate": "0.9999"})
    files["tariffs"].append({**files["tariffs"][0], "valid_from": "2000-01-01"})
    files["tariff_bands"].append(
        {**files["tariff_bands"][0], "valid_from": "2000-01-01", "price": "999999.999999"}
    )
    files["payments"].append(
        {
            **files["payments"][3],
            "id": "i" * 40,
            "amount": "-999999999999.99",
            "bank": "A-b_9" * 4,
        }
    )
    report = sets.load(sets.write(tmp_path / "set", files))
    assert report.problems == []
    assert sets.holds(files)


@pytest.mark.parametrize(
    "text",
    [
        "tab\there",
        "two\nlines",
        "two\r\nlines",
        "a\rreturn",
        "back\\slash \\n \\t \\\\",
        "\\N",
        "\\.",
        'quote " and ""',
        "comma, semicolon; 'apostrophe' $1 %s {0}",
        "😀 𐍈 е\u0301 \u200b \u2028 \ufeff inside",
        "\u0001\u001f\u007f\u0085x",
        "NULL",
    ],
)
def test_text_survives(loaded, tmp_path, text):
    loaded["accounts"][0]["payer"] = text
    loaded["banks"][0]["name_kk"] = text
    loaded["charges"] = loaded["ledger"] = []
    report = sets.load(sets.write(tmp_path / "set", loaded, quoting=csv.QUOTE_ALL))
    assert report.problems == []
    assert sets.stored("accounts") == sets.wanted("accounts", loaded["accounts"])
    assert sets.stored("banks") == sets.wanted("banks", loaded["banks"])


def test_text_is_trimmed_and_empty_is_null(loaded, tmp_path):
    row = {**loaded["accounts"][0], "payer": " \t Ли  Ән \u00a0\n", "number": f" {FIRST} "}
    meter = {**loaded["meters"][0], "model": "  ", "removed_on": "", "verified_on": ""}
    report = sets.load(sets.write(tmp_path / "set", {"accounts": [row], "meters": [meter]}))
    assert report.problems == []
    payers = [account[2] for account in sets.stored("accounts")]
    assert payers == ["Ли  Ән", "Иванов Пётр"]
    first = sets.stored("meters")[0]
    assert (first[3], first[7], first[8]) == ("", None, None)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "BOM"])
def test_place_is_the_physical_line_where_the_record_begins(loaded, tmp_path, newline, mark):
    lines = [
        ",".join(sets.COLUMNS["accounts"]),
        f'{FIRST},ALM,"Two',
        'lines","a ""quoted""',
        "",
        'address",b,2019-03-01,2019-03-01,',
        "",
        '0000303,ALM,"Bad',
        'branch and day",a,b,2019-03-01,soon,',
        f"{SECOND},ALM,Short row,a,b,2019-03-01",
        '0000404,ALM,"Broken" quotes,a,b,2019-03-01,2019-03-01,',
        "0000505,NONE,Payer,a,b,2019-03-01,2019-03-01,2018-01-01",
        '0000606,ALM,"Never closed,a,b,2019-03-01,2019-03-01,',
    ]
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "accounts.csv").write_bytes((mark + newline.join(lines)).encode())
    assert sets.told(sets.load(folder)) == [
        ("accounts", 7, "owner_since", "soon", "F"),
        ("accounts", 9, "", "6", "F"),
        ("accounts", 10, "", "", "F"),
        ("accounts", 11, "closed_on", "2018-01-01", "R9"),
        ("accounts", 12, "", "", "F"),
    ]


def test_a_row_of_too_many_cells_is_told(loaded, tmp_path):
    folder = sets.write(tmp_path / "set", {"banks": loaded["banks"]})
    with open(folder / "banks.csv", "a", encoding="utf-8") as file:
        file.write("KAS,a,b,c\n")
    assert sets.told(sets.load(folder)) == [("banks", 3, "", "4", "F")]


def test_a_cell_of_any_length_is_told_and_the_rest_is_read(loaded, tmp_path):
    folder = sets.write(tmp_path / "set", {"banks": loaded["banks"]})
    with open(folder / "banks.csv", "a", encoding="utf-8") as file:
        file.write(f"KAS,{'x' * 200_000},b\nK S,a,b\n")
    assert sets.told(sets.load(folder)) == [
        ("banks", 3, "name_kk", "x" * 200_000, "F"),
        ("banks", 4, "code", "K S", "F"),
    ]
