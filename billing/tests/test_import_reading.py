"""Rows in their plain form go to the database as they stand; what is read says the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.exchange.layout import BY_NAME, FILES
from billing.exchange.reader import Rows, plain_form, take
from billing.exchange.sources import BLOCK, find
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST

PLAIN_ROWS = {
    file.name: plain_form(file, tuple(column.name for column in file.columns)) for file in FILES
}
PAYMENT = f"{FIRST},{{}},EL,2026-04-01,2026-04,5,HAL"
HEADER = ",".join(sets.COLUMNS["payments"])


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
def test_both_ways_store_the_same(loaded, tmp_path):
    plain = [f"{FIRST},N{n},EL,2026-04-{n % 28 + 1:02},2026-04,{n + 1}.5,HAL" for n in range(300)]
    assert sets.load(payments(tmp_path, plain)).problems == []
    stored = sets.stored("payments")
    (tmp_path / "set" / "payments.csv").write_text(
        "\n".join([HEADER + ",error", *(f" {line},x" for line in plain)])
    )
    report = sets.load(tmp_path / "set")
    assert report.problems == []
    assert report.counts["payments"].same == 300
    assert sets.stored("payments") == stored
