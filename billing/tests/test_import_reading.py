"""Rows in their plain form go to the database as they stand; what is read says the same."""

import csv
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.exchange.layout import BY_NAME, FILES
from billing.exchange.reader import Rows, plain_form, take
from billing.exchange.sources import BLOCK, find
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST

PLAIN_ROWS = {
    file.name: plain_form(file, tuple(column.name for column in file.columns)) for file in FILES
}
PAYMENT = f"{FIRST},{{}},EL,2026-04-01,2026-04,5,HAL"
HEADER = ",".join(COLUMNS["payments"])


@pytest.mark.parametrize("name", [name for name, form in PLAIN_ROWS.items() if form])
@given(data=st.data())
def test_what_has_its_plain_form_is_taken_cell_by_cell(name, data):
    for column in BY_NAME[name].columns:
        cell = data.draw(st.from_regex(column.kind.plain(), fullmatch=True))
        if cell.startswith('"'):
            cell = cell[1:-1].replace('""', '"')
        assert isinstance(take(column, cell), str), (column.name, cell)


def test_only_requisites_have_no_plain_form():
    assert [name for name, form in PLAIN_ROWS.items() if not form] == ["suppliers"]


@pytest.mark.parametrize("folder", [sets.SAMPLE, sets.HARD], ids=["sample", "hard"])
def test_a_real_set_is_plain_but_for_its_supplier(folder):
    for source in find(folder):
        if source.name in BY_NAME:
            rows = Rows(source, BY_NAME[source.name], on_fault=print)
            assert rows.next_run() == ("read" if source.name == "suppliers" else "plain")


def payments(tmp_path, lines, end="\n"):
    folder = tmp_path / "set"
    folder.mkdir()
    text = end.join([HEADER, *lines]) + end
    (folder / "payments.csv").write_bytes(text.encode())
    return folder


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_lines_are_counted_through_pieces_of_both_kinds(loaded, tmp_path, end):
    chance = random.Random(5)  # noqa: S311
    lines, bad, number = [], [], 2
    while number < 4 * BLOCK // len(PAYMENT):
        line = PAYMENT.format(f"N{number}")
        roll = chance.random() if len(lines) % 9000 > 7000 else 1  # long stretches are plain
        if roll < 0.001:
            line = PAYMENT.format(f'"N{number}{end}x"')
        elif roll < 0.002:
            line = PAYMENT.format(f" N{number} ")
        elif roll < 0.003:
            line = ""
        elif roll < 0.004:
            line = PAYMENT.format(f"N{number}").replace("HAL", "H A L")
            bad.append(number)
        lines.append(line)
        number += 1 + line.count("\n")
    lines.append(PAYMENT.format(f"N{number}").replace(",5,", ",much,"))
    report = sets.load(payments(tmp_path, lines, end))
    assert [problem.line for problem in report.problems] == [*bad, number]
    assert len(bad) > 3
    assert report.problems[-1].value == "much"


@pytest.mark.django_db
@pytest.mark.parametrize("folder", [sets.SAMPLE, sets.HARD], ids=["sample", "hard"])
def test_read_cell_by_cell_the_rows_are_the_same(nothing_loaded, tmp_path, folder):
    files = {name: sets.read(folder / f"{name}.csv") for name in COLUMNS}
    with_error = {
        name: [{"error": "", **row} for row in content] for name, content in files.items()
    }
    read = sets.write(tmp_path / "read", with_error)
    runs = {
        source.name: Rows(source, BY_NAME[source.name], print).next_run() for source in find(read)
    }
    assert set(runs.values()) == {"read"}
    assert sets.told(sets.load(read)) == []
    assert sets.holds(files)
    before = sets.physical_rows()
    assert sets.told(sets.load(folder)) == []
    assert sets.physical_rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["\\.", "\\N", "NULL", "\\", "a\\tb", "''", 'a"b', "\u200b", "#"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_text_at_a_lines_beginning_and_end_survives(loaded, tmp_path, text, quoting):
    bank = {"name_ru": text, "code": "KAS", "name_kk": text}
    folder = sets.write(tmp_path / "set", {"banks": [bank]}, quoting=quoting)
    assert sets.told(sets.load(folder)) == []
    banks = [bank, *loaded["banks"]]
    assert sets.stored("banks") == sets.wanted("banks", banks)


def adjustments(reason, first, count):
    """So many adjustments of a month that is not closed."""
    return [
        dict(
            zip(
                COLUMNS["adjustments"],
                [FIRST, "EL", "2026-04", str(first + n), reason, "б", "", "1"],
                strict=True,
            )
        )
        for n in range(count)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_rows_of_plain_pieces_and_others_are_all_stored(loaded, tmp_path, newline):
    in_lines = newline.join(100 * ["а"])
    content = [
        *loaded["adjustments"],
        *adjustments("а" * 200, 1, 2000),
        *adjustments(in_lines, 2001, 2000),
        *adjustments("а" * 200, 4001, 2000),
    ]
    folder = sets.write(tmp_path / "set", {"adjustments": content}, lineterminator=newline)
    report = sets.load(folder)
    assert sets.told(report) == []
    assert report.counts["adjustments"].new == 6000
    assert sets.stored("adjustments") == sets.wanted("adjustments", content)
