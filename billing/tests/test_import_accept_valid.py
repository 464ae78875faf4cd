"""`--accept-valid`: an account with any bad row falls out whole, the rest is loaded."""

import copy

import pytest

from billing import models
from billing.exchange.apply import Counts
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db

SHARED = ("suppliers", "services", "branches", "banks", "vat", "tariffs", "tariff_bands")


def owned(files, *numbers):
    """The files' rows of accounts, and those that all accounts share."""
    return {
        name: [
            row
            for row in content
            if name in SHARED or row.get("account", row.get("number")) in numbers
        ]
        for name, content in files.items()
    }


def accept(folder, rejects, **options):
    return sets.load(folder, accept_valid=True, rejects=rejects, **options)


def rejected(folder):
    """The rejects without their reasons."""
    return {
        path.stem: [
            {name: cell for name, cell in row.items() if name != "error"} for row in sets.read(path)
        ]
        for path in folder.glob("*.csv")
    }


def reasons(folder):
    """The first word of the reason of each row that has one: the rules that it breaks."""
    return {
        (path.stem, line): row["error"].split()[0]
        for path in folder.glob("*.csv")
        for line, row in enumerate(sets.read(path), start=2)
        if row["error"]
    }


# What breaks the second account: file, key, changes, and the rule. A row of the key `None` is new.
BAD = {
    "format": ("payments", {"id": "P1"}, {"amount": "much"}, "F"),
    "empty": ("accounts", {"number": SECOND}, {"payer": ""}, "F"),
    "R1 bank": ("payments", {"id": "P2"}, {"bank": "NONE"}, "R1"),
    "R1 meter": ("readings", {"taken_on": "2026-02-25"}, {"serial": "78"}, "R1"),
    "R2": ("ledger", {"service": "MS", "month": "2026-03"}, {"closing": "231"}, "R2"),
    "R3": (
        "ledger",
        {"service": "MS", "month": "2026-03"},
        {"opening": "115", "closing": "231"},
        "R3",
    ),
    "R4": (
        "ledger",
        {"service": "MS", "month": "2026-02"},
        {"accrued": "115", "closing": "115"},
        "R4",
    ),
    "R5": ("charges", {"service": "EL", "month": "2026-03"}, {"quantity": "61"}, "R5"),
    "R6": ("readings", {"taken_on": "2026-03-25"}, {"value": "549"}, "R6"),
    "R7": ("receipts", {"month": "2026-03"}, {"amount_due": "1971"}, "R7"),
    "R8": ("terms", {}, {"valid_from": "2026-03-01"}, "R8"),
    "R9 order": ("meters", {}, {"removed_on": "2019-02-28"}, "R9"),
    "R9 range": ("terms", {}, {"residents": "100"}, "R9"),
    "R9 number": ("receipts", {"month": "2026-03"}, {"number": "R-1"}, "R9"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_account_with_a_bad_row_falls_out_whole(nothing_loaded, tmp_path, case):
    name, key, changes, rule = BAD[case]
    good = sets.small_set()
    files = copy.deepcopy(good)
    key = key if "number" in key else {**key, "account": SECOND}
    of(files, name, **key).update(changes)

    report = accept(sets.write(tmp_path / "set", files), tmp_path / "rejects")

    assert report.in_part
    assert sets.holds(owned(good, FIRST))
    fallen = {
        name: content
        for name, content in owned(files, SECOND).items()
        if name not in SHARED and content
    }
    assert rejected(tmp_path / "rejects") == fallen
    assert rule in reasons(tmp_path / "rejects").values()
    expected = {
        name: Counts(
            new=len(content) - len(fallen.get(name, [])), rejected=len(fallen.get(name, []))
        )
        for name, content in files.items()
    }
    assert report.counts == expected
    assert models.Import.objects.get(name="set").outcome == "partly"

    # Mended, the rejects load as they are; the column `error` is ignored.
    for name in fallen:
        path = tmp_path / "rejects" / f"{name}.csv"
        reason = [row["error"] for row in sets.read(path)]
        mended = owned(good, SECOND)[name]
        content = [{"error": r, **row} for r, row in zip(reason, mended, strict=True)]
        path.unlink()
        sets.write(tmp_path / f"one {name}", {name: content})
        (tmp_path / f"one {name}" / f"{name}.csv").rename(path)
    assert sets.told(sets.load(tmp_path / "rejects")) == []
    assert sets.holds(good)


def test_the_exit_code_tells_of_a_part_and_of_mended_rejects(loaded, import_billing, tmp_path):
    payment = of(loaded, "payments", id="P4")
    feed = {
        "payments": [
            {**payment, "id": "P8", "amount": "much"},
            {**payment, "id": "P9", "amount": "7"},
            {**payment, "account": SECOND, "id": "P9"},
        ]
    }
    options = ("--accept-valid", "--rejects", str(tmp_path / "rejects"))
    assert import_billing(sets.write(tmp_path / "set", feed), *options)[0] == 3
    assert [row["account"] for row in sets.read(tmp_path / "rejects" / "payments.csv")] == [
        FIRST,
        FIRST,
    ]
    path = tmp_path / "rejects" / "payments.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("much", "8"), encoding="utf-8")
    assert import_billing(tmp_path / "rejects")[0] == 0
    assert sorted(
        models.Payment.objects.filter(reference__in=["P8", "P9"]).values_list(
            "account__number", "amount"
        )
    ) == [(FIRST, 7), (FIRST, 8), (SECOND, 500)]


def test_the_reason_stands_by_the_bad_row_and_not_by_the_good_ones(loaded, tmp_path):
    loaded["payments"][4]["amount"] = "much"
    loaded["payments"][4]["paid_on"] = "soon"
    accept(sets.write(tmp_path / "set", loaded), tmp_path / "rejects")
    payments = sets.read(tmp_path / "rejects" / "payments.csv")
    assert [row["id"] for row in payments] == ["P1", "P2"]
    assert payments[1]["error"] == ""
    assert [reason.split()[:2] for reason in payments[0]["error"].split("; ")] == [
        ["F", "amount"],
        ["F", "paid_on"],
    ]
    assert reasons(tmp_path / "rejects") == {("payments", 2): "F"}


@pytest.mark.parametrize("known", [True, False], ids=["loaded before", "new"])
def test_every_account_is_bad(known, request, tmp_path, import_billing):
    request.getfixturevalue("loaded" if known else "nothing_loaded")
    files = sets.small_set()
    of(files, "accounts", number=FIRST)["payer"] = ""
    of(files, "charges", account=SECOND, service="EL", month="2026-03")["quantity"] = "61"
    files["banks"][0]["name_kk"] = "Басқа"
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", files)
    assert import_billing(folder, "--accept-valid", "--rejects", str(tmp_path / "rejects"))[0] == 1
    assert sets.physical_rows() == before
    assert rejected(tmp_path / "rejects") == {
        name: content for name, content in files.items() if name not in SHARED
    }


BAD_SHARED = {
    "suppliers": {"bin": "991240000014"},
    "services": {"supplier": "NONE"},
    "branches": {"phone": ""},
    "banks": {"code": "?"},
    "vat": {"rate": "1"},
    "tariffs": {"plan": "zones"},
    "tariff_bands": {"limit_per_resident": "1"},
}


@pytest.mark.parametrize("name", SHARED)
def test_a_bad_row_that_all_accounts_share_refuses_the_whole_set(
    loaded, import_billing, tmp_path, name
):
    loaded[name][0].update(BAD_SHARED[name])
    loaded["payments"][3]["amount"] = "501"
    loaded["payments"][4]["amount"] = "much"
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", loaded)
    assert import_billing(folder, "--accept-valid")[0] == 1
    assert sets.physical_rows() == before


def test_totals_that_do_not_hold_refuse_the_whole_set(loaded, import_billing, tmp_path):
    loaded["totals"] = rows(sets.TOTALS, "payments,7,")
    loaded["payments"][3]["amount"] = "501"
    before = sets.physical_rows()
    assert import_billing(sets.write(tmp_path / "set", loaded), "--accept-valid")[0] == 1
    assert sets.physical_rows() == before


def test_totals_are_of_the_set_as_it_was_handed_in(loaded, tmp_path):
    loaded["totals"] = rows(sets.TOTALS, "payments,6,", "receipts,4,7988.89")
    of(loaded, "charges", account=SECOND, service="EL", month="2026-03")["quantity"] = "61"
    report = accept(sets.write(tmp_path / "set", loaded), tmp_path / "rejects")
    assert report.in_part
    assert sets.told(report) == [("charges", 8, "quantity", "61", "R5")]


@pytest.mark.parametrize("name", ["payments", "deletions"])
def test_a_row_whose_account_cannot_be_told_refuses_the_whole_set(
    loaded, import_billing, tmp_path, name
):
    files = {
        "payments": [{**of(loaded, "payments", id="P4"), "id": "P9"}],
        "deletions": [{"file": "payments", "key": f"{SECOND}|P9"}],
    }
    if name == "payments":
        files["payments"].append({**files["payments"][0], "account": ""})
    else:
        files["deletions"].append({"file": "payments", "key": "?"})
    before = sets.physical_rows()
    assert import_billing(sets.write(tmp_path / "set", files), "--accept-valid")[0] == 1
    assert sets.physical_rows() == before


def test_a_bad_deletion_takes_its_account_along(loaded, tmp_path):
    payment = of(loaded, "payments", id="P4")
    files = {
        "payments": [{**payment, "id": "P9"}, {**payment, "account": SECOND, "id": "P9"}],
        "deletions": [
            {"file": "payments", "key": f"{FIRST}|P4"},
            {"file": "payments", "key": f"{FIRST}|P2"},
            {"file": "payments", "key": f"{SECOND}|P8"},
        ],
    }
    report = accept(sets.write(tmp_path / "set", files), tmp_path / "rejects")
    assert report.in_part
    assert rejected(tmp_path / "rejects") == {
        "payments": files["payments"][:1],
        "deletions": files["deletions"][:2],
    }
    assert sets.holds({**loaded, "payments": loaded["payments"] + files["payments"][1:]})


def test_a_row_of_too_few_cells_takes_its_account_along(loaded, tmp_path):
    payment = {**of(loaded, "payments", id="P4"), "account": SECOND, "id": "P9"}
    folder = sets.write(tmp_path / "set", {"payments": [payment]})
    with open(folder / "payments.csv", "a", encoding="utf-8") as file:
        file.write(f"{FIRST},P8,EL\n")
    report = accept(folder, tmp_path / "rejects")
    assert report.in_part
    assert report.counts == {"payments": Counts(new=1, rejected=1)}
    lines = (tmp_path / "rejects" / "payments.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].endswith(f",{FIRST},P8,EL")


def test_a_receipt_number_is_not_taken_over_from_an_account_that_falls_out(loaded, tmp_path):
    of(loaded, "receipts", number="R-3")["number"] = "R-9"
    of(loaded, "receipts", number="R-1")["number"] = "R-3"
    of(loaded, "payments", account=SECOND, id="P1")["amount"] = "much"
    banks = one("banks", "KAS,a,b")["banks"]
    third = one("accounts", "0000303,ALM,Ли,a,b,2026-03-01,2026-03-01,")["accounts"]
    files = {**loaded, "banks": loaded["banks"] + banks, "accounts": loaded["accounts"] + third}
    report = accept(sets.write(tmp_path / "set", files), tmp_path / "rejects")
    assert report.in_part
    assert sets.told(report) == [
        ("payments", 6, "amount", "much", "F"),
        ("receipts", 2, "number", "R-3", "R9"),
    ]
    unchanged = sets.small_set()
    assert sets.holds(
        {**unchanged, "banks": files["banks"], "accounts": unchanged["accounts"] + third}
    )


def test_a_check_tells_the_part_and_changes_nothing(loaded, import_billing, tmp_path):
    loaded["payments"][3]["amount"] = "501"
    loaded["payments"][4]["amount"] = "much"
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", loaded)
    options = ("--check", "--accept-valid", "--rejects", str(tmp_path / "rejects"))
    assert import_billing(folder, *options)[0] == 3
    assert sets.physical_rows() == before
    assert set(reasons(tmp_path / "rejects")) == {("payments", 2)}


def test_without_bad_rows_all_is_loaded(loaded, import_billing, tmp_path):
    loaded["payments"][3]["amount"] = "501"
    folder = sets.write(tmp_path / "set", loaded)
    assert import_billing(folder, "--accept-valid", "--rejects", str(tmp_path / "rejects"))[0] == 0
    assert list((tmp_path / "rejects").iterdir()) == []
    assert sets.holds(loaded)
