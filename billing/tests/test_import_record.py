"""Each import is recorded: who, which files with their hashes, counts, and what came of it."""

import hashlib

import pytest

from billing.exchange.load import Progress
from billing.exchange.problems import NotASet
from billing.models import Import
from billing.tests import exchange_sets as sets

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
