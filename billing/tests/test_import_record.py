"""Each import is recorded: who, which files with their hashes, counts, and what came of it."""

import hashlib

import pytest

from billing.exchange.load import Progress
from billing.exchange.problems import NotASet
from billing.models import AccountImport, Import
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_loaded_set(loaded, tmp_path):
    loaded["payments"][3]["amount"] = "501"
    loaded["charges"] = loaded["charges"][:2]
    folder = sets.write(tmp_path / "2026-03", loaded, lineterminator="\r\n")
    (folder / "totals.csv").write_text("\ufefffile,rows,sum\nbanks,1,\n", encoding="utf-8")

    report = sets.load(folder)

    record = Import.objects.get(name="2026-03")
    assert record.outcome == "loaded"
    assert record.by == "operator"
    assert 0 < record.seconds == round(record.seconds, 3)
    assert float(record.seconds) == pytest.approx(report.seconds, abs=0.001)
    nothing = {"new": 0, "changed": 0, "same": 0, "deleted": 0, "rejected": 0}
    expected = {
        f"{name}.csv": {
            **nothing,
            "sha256": sha256(folder / f"{name}.csv"),
            "rows": len(content),
            "same": len(content),
        }
        for name, content in loaded.items()
    }
    expected["payments.csv"] |= {"changed": 1, "same": 5}
    expected["totals.csv"] = {**nothing, "sha256": sha256(folder / "totals.csv"), "rows": 1}
    assert record.files == expected


def test_a_refused_set(loaded, tmp_path):
    loaded["payments"][3]["amount"] = "much"
    loaded["payments"][4]["bank"] = ""
    folder = sets.write(tmp_path / "refused", loaded)
    sets.load(folder)
    record = Import.objects.get(name="refused")
    assert record.outcome == "refused"
    assert record.files["payments.csv"]["rejected"] == 2
    assert {
        name: (content["sha256"], content["rows"]) for name, content in record.files.items()
    } == {
        f"{name}.csv": (sha256(folder / f"{name}.csv"), len(content))
        for name, content in loaded.items()
    }


@pytest.mark.parametrize(
    "ending",
    [b"\0", b"\xff", b"x\n" * 200_000 + b"\0" + b"x\n" * 200_000],
    ids=["NUL", "not UTF-8", "in the midst"],
)
def test_what_is_no_set(loaded, tmp_path, ending):
    folder = sets.write(tmp_path / "no set", {name: loaded[name] for name in ("banks", "vat")})
    with open(folder / "banks.csv", "ab") as file:
        file.write(ending)
    with pytest.raises(NotASet):
        sets.load(folder)
    record = Import.objects.get(name="no set")
    assert record.outcome == "not_a_set"
    assert {name: content["sha256"] for name, content in record.files.items()} == {
        name: sha256(folder / name) for name in ("banks.csv", "vat.csv")
    }


def test_every_attempt_is_one_record(loaded, tmp_path):
    folder = sets.write(tmp_path / "daily", {"banks": loaded["banks"]})
    sets.load(folder)
    sets.load(folder)
    assert Import.objects.filter(name="daily", outcome="loaded").count() == 2


def test_an_import_that_breaks_off(loaded, tmp_path):
    folder = sets.write(tmp_path / "broken", {"banks": loaded["banks"]})

    def disk_fails(_phase, _file):
        raise OSError("the disk is gone")

    before = sets.physical_rows()
    with pytest.raises(OSError, match="disk"):
        sets.load(folder, progress=Progress(phase=disk_fails))
    assert Import.objects.get(name="broken").outcome == "failed"
    assert sets.physical_rows() == before


def test_the_temporary_tables_are_gone(loaded, tmp_path):
    for name, amount in (("good", "500"), ("bad", "much")):
        loaded["payments"][3]["amount"] = amount
        sets.load(sets.write(tmp_path / name, loaded))
        assert sets.temporary_tables() == []


def changed_by(name):
    """The accounts of which the import changed anything."""
    found = AccountImport.objects.filter(made_by__name=name)
    return sorted(found.values_list("account__number", flat=True))


@pytest.mark.parametrize(
    ("files", "numbers"),
    [
        (lambda loaded: loaded, []),
        (
            lambda loaded: {"accounts": [{**of(loaded, "accounts", number=FIRST), "payer": "Х"}]},
            [FIRST],
        ),
        (lambda loaded: one("payments", f"{SECOND},P9,EL,2026-04-11,2026-04,5,HAL"), [SECOND]),
        (lambda loaded: one("readings", f"{FIRST},77,2026-04-25,network,1300"), [FIRST]),
        (lambda loaded: {"deletions": rows(("file", "key"), f"payments,{FIRST}|P4")}, [FIRST]),
        (lambda loaded: one("banks", "KAS,a,b"), []),
    ],
    ids=["the-same", "accounts", "payments", "readings", "deletions", "banks"],
)
def test_which_accounts_were_changed(loaded, tmp_path, files, numbers):
    assert changed_by("loaded") == [FIRST, SECOND]
    assert sets.told(sets.load(sets.write(tmp_path / "later", files(loaded)))) == []
    assert changed_by("later") == numbers


def test_a_check_and_accounts_that_fall_out_are_not_noted(loaded, tmp_path):
    good = one("payments", f"{SECOND},P9,EL,2026-04-11,2026-04,5,HAL")
    bad = one("payments", f"{FIRST},P9,EL,2026-04-11,2026-03,5,HAL")
    folder = sets.write(tmp_path / "later", {"payments": good["payments"] + bad["payments"]})
    sets.load(folder, check=True, accept_valid=True)
    assert changed_by("later") == []
    assert sets.load(folder, accept_valid=True).in_part
    assert changed_by("later") == [SECOND]
