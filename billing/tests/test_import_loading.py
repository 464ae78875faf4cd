"""What a good set leaves in the database, and what a second one changes."""

import copy
import shutil

import pytest

from billing import models
from billing.exchange.apply import Counts
from billing.exchange.layout import FILES
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND, of

pytestmark = pytest.mark.django_db


def test_layout_has_the_files_and_columns_of_the_format():
    assert {file.name: [column.name for column in file.columns] for file in FILES} == {
        name: list(columns) for name, columns in sets.COLUMNS.items()
    }


@pytest.mark.parametrize("folder", [sets.SAMPLE, sets.HARD], ids=["sample", "hard"])
def test_every_row_is_stored_as_given_and_a_second_load_writes_nothing(nothing_loaded, folder):
    files = {name: sets.read(folder / f"{name}.csv") for name in sets.COLUMNS}

    first = sets.load(folder)
    assert first.problems == []
    assert first.counts == {name: Counts(new=len(content)) for name, content in files.items()}
    assert sets.holds(files)

    before = sets.physical_rows()
    second = sets.load(folder)
    assert second.problems == []
    assert second.counts == {name: Counts(same=len(content)) for name, content in files.items()}
    assert sets.physical_rows() == before


def test_small_set_is_stored_as_given(loaded):
    assert sets.holds(loaded)
    waiting = models.Payment.objects.waiting().values_list("reference", flat=True)
    assert list(waiting) == ["P4"]


def test_rows_of_a_set_may_come_in_any_order(nothing_loaded, tmp_path):
    files = {name: content[::-1] for name, content in sets.small_set().items()}
    assert sets.load(sets.write(tmp_path / "set", files)).loaded
    assert sets.holds(files)


def test_a_file_may_be_empty_but_for_its_header(loaded, tmp_path):
    report = sets.load(sets.write(tmp_path / "set", {"charges": [], "suppliers": []}))
    assert report.counts == {"charges": Counts(), "suppliers": Counts()}
    assert sets.holds(loaded)


@pytest.mark.parametrize(
    ("name", "key", "column", "value"),
    [
        ("suppliers", {"code": "ADE"}, "phone", "+7 727 111 1111"),
        ("services", {"code": "MS"}, "unit_ru", "месяц"),
        ("branches", {"code": "ALM"}, "hours_kk", "Дс–Сн 9:00–18:00"),
        ("banks", {"code": "HAL"}, "name_ru", "АО «Другой Банк»"),
        ("vat", {"valid_from": "2026-01-01"}, "rate", "0.1601"),
        ("tariffs", {"plan": "tiered"}, "order_ref", "№ 7"),
        ("tariffs", {"service": "EL", "plan": "flat"}, "order_ref", ""),
        ("tariff_bands", {"service": "MS"}, "price", "100.000001"),
        ("tariff_bands", {"electric_stove": "0", "level": "2"}, "limit_per_resident", "165"),
        ("accounts", {"number": FIRST}, "closed_on", "2026-03-31"),
        ("terms", {"account": FIRST}, "residents", "0"),
        ("meters", {"account": SECOND}, "verified_on", "2026-01-01"),
        ("meters", {"account": FIRST}, "model", ""),
        ("readings", {"account": FIRST, "source": "consumer"}, "value", "1195.499"),
        ("charges", {"account": FIRST, "service": "EL", "line": "2"}, "price", "20.000001"),
        ("adjustments", {"account": FIRST}, "reason_kk", "Есеп түзетілді"),
        ("payments", {"account": FIRST, "id": "P4"}, "amount", "500.01"),
        ("receipts", {"number": "R-4"}, "due_on", "2026-04-26"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_changed_row_is_the_only_one_written(loaded, tmp_path, name, key, column, value):
    changed = copy.deepcopy(loaded)
    of(changed, name, **key)[column] = value
    before = sets.physical_rows()

    report = sets.load(sets.write(tmp_path / "set", changed))

    assert report.problems == []
    same = {file: Counts(same=len(content)) for file, content in loaded.items()}
    assert report.counts == {**same, name: Counts(changed=1, same=len(loaded[name]) - 1)}
    assert sets.holds(changed)
    rewritten = {
        table: len(set(content) - set(before[table]))
        for table, content in sets.physical_rows().items()
        if content != before[table]
    }
    # A receipt shows them: it becomes another version.
    shown = {"billing_receipt": 1} if name in ("charges", "adjustments") else {}
    assert rewritten == {sets.MODELS[name]._meta.db_table: 1, **shown}


def test_rows_that_a_set_does_not_mention_stay(loaded, tmp_path):
    feed = {
        "payments": sets.rows(
            sets.COLUMNS["payments"],
            f"{SECOND},P1,EL,2026-03-11,2026-03,1600,HAL",
            f"{SECOND},P3,EL,2026-04-11,2026-04,200,HAL",
        )
    }
    report = sets.load(sets.write(tmp_path / "set", feed))
    assert report.counts == {"payments": Counts(new=1, same=1)}
    assert sets.holds({**loaded, "payments": loaded["payments"] + feed["payments"][1:]})


def test_lines_of_a_mentioned_month_are_replaced_and_other_months_stay(loaded, tmp_path):
    one_line = of(loaded, "charges", account=FIRST, service="EL", month="2026-02", line="1")
    correction = {
        "charges": [{**one_line, "quantity": "200", "limit": "", "amount": "3578.89"}],
    }
    report = sets.load(sets.write(tmp_path / "set", correction))
    assert report.problems == []
    assert report.counts == {"charges": Counts(changed=1, deleted=1)}
    others = [
        row
        for row in loaded["charges"]
        if (row["account"], row["service"], row["month"]) != (FIRST, "EL", "2026-02")
    ]
    assert sets.holds({**loaded, "charges": correction["charges"] + others})


def test_a_line_may_come_under_another_number(loaded, tmp_path):
    line = of(loaded, "charges", account=SECOND, service="MS", month="2026-03")
    report = sets.load(sets.write(tmp_path / "set", {"charges": [{**line, "line": "2"}]}))
    assert report.counts == {"charges": Counts(new=1, deleted=1)}
    models.Charge.objects.get(account__number=SECOND, service="MS", month="2026-03-01", line=2)


def test_adjustments_of_a_mentioned_month_are_replaced(loaded, tmp_path):
    line = loaded["adjustments"][0]
    correction = {
        "adjustments": [
            {**line, "line": "2", "amount": "-60"},
            {**line, "line": "3", "amount": "-40", "quantity": ""},
        ]
    }
    report = sets.load(sets.write(tmp_path / "set", correction))
    assert report.problems == []
    assert report.counts == {"adjustments": Counts(new=2, deleted=1)}
    assert sets.holds({**loaded, **correction})


def test_a_payment_moves_with_the_ledgers_of_both_months(loaded, tmp_path):
    moved = copy.deepcopy(loaded)
    of(moved, "payments", account=FIRST, id="P1")["month"] = "2026-03"
    of(moved, "ledger", account=FIRST, service="EL", month="2026-02").update(
        paid="0", closing="3578.89"
    )
    of(moved, "ledger", account=FIRST, service="EL", month="2026-03").update(
        opening="3578.89", paid="3578.89"
    )
    of(moved, "receipts", number="R-1")["amount_due"] = "3694.89"
    report = sets.load(sets.write(tmp_path / "set", moved))
    assert report.problems == []
    assert report.counts["payments"] == Counts(changed=1, same=5)
    assert report.counts["ledger"] == Counts(changed=2, same=6)
    assert sets.holds(moved)


def test_a_waiting_payment_may_move_by_itself(loaded, tmp_path):
    payment = {**of(loaded, "payments", id="P4"), "month": "2026-05"}
    report = sets.load(sets.write(tmp_path / "set", {"payments": [payment]}))
    assert report.counts == {"payments": Counts(changed=1)}


def test_a_month_closes(loaded, tmp_path):
    close = {"ledger": sets.rows(sets.COLUMNS["ledger"], f"{FIRST},EL,2026-04,1640,0,0,500,1140")}
    report = sets.load(sets.write(tmp_path / "set", close))
    assert report.problems == []
    assert report.counts == {"ledger": Counts(new=1)}
    assert not models.Payment.objects.waiting().exists()


@pytest.mark.parametrize("order", [1, -1])
def test_another_supplier_becomes_the_issuer_and_back(loaded, tmp_path, order):
    for issuer in ("NEW", "ADE", "NEW", "ADE"):
        content = [
            {**loaded["suppliers"][0], "code": code, "issuer": str(int(code == issuer))}
            for code in ("NEW", "ADE")[::order]
        ]
        folder = sets.write(tmp_path / "set", {"suppliers": content})
        assert sets.load(folder).problems == []
        assert models.Supplier.objects.get(issuer=True).code == issuer
        shutil.rmtree(folder)


def test_receipts_may_change_numbers_between_them(loaded, tmp_path):
    changed = copy.deepcopy(loaded)
    numbers = {"R-1": "R-2", "R-2": "R-3", "R-3": "R-1"}
    for row in changed["receipts"]:
        row["number"] = numbers.get(row["number"], row["number"])
    report = sets.load(sets.write(tmp_path / "set", {"receipts": changed["receipts"]}))
    assert report.problems == []
    assert report.counts == {"receipts": Counts(changed=3, same=1)}
    assert sets.holds(changed)
