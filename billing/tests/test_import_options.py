"""Options of `import_billing`: checks, reports, rejects, waiting, and what is kept how long."""

import datetime as dt
import errno
import json
import os
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from billing.exchange.load import NoRoom, Progress
from billing.models import Import
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND, of

pytestmark = pytest.mark.django_db


def mode(path):
    """The permissions of a file or folder."""
    return oct(path.stat().st_mode & 0o777)


@pytest.fixture
def bad_set(loaded, tmp_path):
    """Two bad rows of the second account and a good change of the first one."""
    of(loaded, "payments", id="P4")["amount"] = "501"
    of(loaded, "payments", account=SECOND, id="P1")["amount"] = "much"
    of(loaded, "accounts", number=SECOND)["payer"] = ""
    return sets.write(tmp_path / "bad", loaded)


# --check


@pytest.mark.parametrize(("content", "code"), [("good", 0), ("bad", 1), ("none", 2)])
def test_a_check_exits_as_the_import_would_and_changes_nothing(
    loaded, import_billing, tmp_path, content, code
):
    of(loaded, "payments", id="P4")["amount"] = {"good": "501", "bad": "much", "none": "\0"}[
        content
    ]
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", loaded)
    assert import_billing(folder, "--check")[0] == code
    assert sets.physical_rows() == before
    record = Import.objects.get(name="set")
    assert record.is_check
    assert record.outcome == {"good": "checked", "bad": "refused", "none": "not_a_set"}[content]


def test_a_check_tells_what_would_change(loaded, tmp_path):
    of(loaded, "payments", id="P4")["amount"] = "501"
    folder = sets.write(tmp_path / "set", {"payments": loaded["payments"]})
    checked, loaded_now = sets.load(folder, check=True), sets.load(folder)
    assert checked.counts == loaded_now.counts
    assert (checked.is_check, loaded_now.is_check) == (True, False)


# --report


def test_a_report_tells_all_bad_rows(bad_set, import_billing, tmp_path):
    path = tmp_path / "report.json"
    code, out, _err = import_billing(bad_set, "--report", str(path), "--language", "ru")
    assert code == 1
    problems = json.loads(path.read_text(encoding="utf-8"))
    assert [list(problem) for problem in problems] == 2 * [
        ["file", "line", "column", "value", "rule", "message"]
    ]
    assert [list(problem.values())[:5] for problem in problems] == [
        ["accounts.csv", 3, "payer", "", "F"],
        ["payments.csv", 6, "amount", "much", "F"],
    ]
    assert all(problem["message"] in out for problem in problems)
    assert mode(path) == "0o600"


def test_a_report_has_no_limit(loaded, import_billing, tmp_path):
    good = loaded["payments"][0]
    content = [{**good, "id": f"N{n}", "amount": "much"} for n in range(1234)]
    path = tmp_path / "report.json"
    folder = sets.write(tmp_path / "set", {"payments": content})
    import_billing(folder, "--report", str(path))
    assert [problem["line"] for problem in json.loads(path.read_text())] == list(range(2, 1236))


def test_a_report_of_a_good_set_is_empty_and_replaces_an_earlier_one(
    loaded, import_billing, tmp_path
):
    path = tmp_path / "report.json"
    path.write_text("earlier")
    path.chmod(0o644)
    assert import_billing(sets.write(tmp_path / "set", loaded), "--report", str(path))[0] == 0
    assert json.loads(path.read_text()) == []
    assert mode(path) == "0o600"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["report.json", "set"]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_report_takes_the_place_of_files_alone(loaded, import_billing, tmp_path, make):
    path = tmp_path / "report.json"
    make(path)
    code, out, err = import_billing(
        sets.write(tmp_path / "set", loaded), "--report", str(path), "--language", "ru"
    )
    assert (code, out) == (2, "")
    assert err == f"{path} – не файл.\n"
    assert not path.is_file()


def test_nothing_is_changed_where_the_report_cannot_be_written(loaded, import_billing, tmp_path):
    of(loaded, "payments", id="P4")["amount"] = "501"
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", loaded)
    code, out, err = import_billing(folder, "--report", str(tmp_path / "no" / "report.json"))
    assert (code, out) == (2, "")
    assert "report.json" in err
    assert sets.physical_rows() == before
    assert Import.objects.get(name="set").outcome == "failed"


# --rejects


def test_rejects_of_a_refused_set_are_its_bad_rows(bad_set, import_billing, tmp_path):
    folder = tmp_path / "new" / "rejects"
    assert import_billing(bad_set, "--rejects", str(folder))[0] == 1
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.csv", "payments.csv"]
    accounts, payments = sets.read(folder / "accounts.csv"), sets.read(folder / "payments.csv")
    assert [row["number"] for row in accounts] == [SECOND]
    assert [(row["account"], row["id"]) for row in payments] == [(SECOND, "P1")]
    assert list(payments[0]) == ["error", *sets.COLUMNS["payments"]]
    assert payments[0]["error"].startswith("F amount ")
    assert {mode(path) for path in folder.iterdir()} == {"0o600"}
    assert mode(folder) == "0o700"


def test_later_rejects_replace_earlier_ones(bad_set, loaded, import_billing, tmp_path):
    folder = tmp_path / "rejects"
    import_billing(bad_set, "--rejects", str(folder))
    good = sets.write(tmp_path / "good", {"banks": loaded["banks"]})
    assert import_billing(good, "--rejects", str(folder))[0] == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", "payments.csv", "folder"])
def test_a_folder_with_other_files_is_left_alone(bad_set, import_billing, tmp_path, name):
    folder = tmp_path / "rejects"
    folder.mkdir()
    if name == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).write_text("account,id\n")
    code, out, err = import_billing(bad_set, "--rejects", str(folder))
    assert (code, out) == (2, "")
    assert name in err
    assert [path.name for path in folder.iterdir()] == [name]


def test_the_set_itself_is_no_folder_for_rejects(bad_set, import_billing):
    before = {path.name: path.read_bytes() for path in bad_set.iterdir()}
    code, out, err = import_billing(bad_set, "--rejects", str(bad_set))
    assert (code, out) == (2, "")
    assert err
    assert {path.name: path.read_bytes() for path in bad_set.iterdir()} == before


# A full disk


def test_a_full_disk_under_the_report(loaded, import_billing, tmp_path, monkeypatch):
    of(loaded, "payments", id="P4")["amount"] = "501"
    open_file = os.open

    def open_on_full_disk(path, *args, **options):
        if str(path).endswith(".part"):
            return open_file("/dev/full", os.O_WRONLY)
        return open_file(path, *args, **options)

    monkeypatch.setattr(os, "open", open_on_full_disk)
    before = sets.physical_rows()
    folder = sets.write(tmp_path / "set", loaded)
    code, out, err = import_billing(folder, "--report", str(tmp_path / "report.json"))
    assert (code, out) == (2, "")
    assert err.strip()
    assert sets.physical_rows() == before
    assert not (tmp_path / "report.json").exists()
    assert Import.objects.get(name="set").outcome == "failed"


def test_a_full_disk_under_the_database(loaded, import_billing, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_room BEFORE UPDATE ON billing_payment"
            " FOR EACH ROW EXECUTE FUNCTION no_room()"
        )
    of(loaded, "payments", id="P4")["amount"] = "501"
    loaded["banks"][0]["name_ru"] = "Другой банк"
    before = sets.physical_rows()
    code, out, err = import_billing(sets.write(tmp_path / "set", loaded))
    assert (code, out) == (2, "")
    assert err.strip()
    assert sets.physical_rows() == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_anywhere(loaded, tmp_path, code):
    def full(_phase, _file):
        raise OSError(code, os.strerror(code))

    folder = sets.write(tmp_path / "set", {"banks": loaded["banks"]})
    with pytest.raises(NoRoom):
        sets.load(folder, progress=Progress(phase=full))


# What was kept goes after 30 days


def age(record, days):
    """Makes the import so many days old."""
    record.started_at = timezone.now() - dt.timedelta(days=days)
    record.save()


@pytest.fixture
def kept(bad_set, import_billing, tmp_path):
    """An import, its report and its rejects."""
    report, rejects = tmp_path / "report.json", tmp_path / "rejects"
    import_billing(bad_set, "--report", str(report), "--rejects", str(rejects))
    record = Import.objects.get(name="bad")
    return record, [report, *sorted(rejects.iterdir())]


def test_files_older_than_thirty_days_are_deleted(kept, capsys):
    record, files = kept
    assert [file["path"] for file in record.kept] == [str(path) for path in files]
    age(record, 31)
    call_command("prune_imports")
    assert capsys.readouterr().out == "3 files deleted\n"
    assert [path for path in files if path.exists()] == []
    record.refresh_from_db()
    assert (record.kept, record.outcome) == ([], "refused")
    call_command("prune_imports")
    assert capsys.readouterr().out == "0 files deleted\n"


def test_younger_files_stay(kept):
    record, files = kept
    age(record, 29)
    call_command("prune_imports")
    assert all(path.exists() for path in files)
    call_command("prune_imports", "--days", "28")
    assert not any(path.exists() for path in files)


def test_a_file_that_somebody_changed_stays(kept, capsys):
    record, (report, accounts, payments) = kept
    payments.write_text(payments.read_text(encoding="utf-8") + f"mended,{FIRST}\n")
    accounts.unlink()
    age(record, 31)
    call_command("prune_imports")
    assert capsys.readouterr().out == "1 files deleted\n"
    assert [path.exists() for path in (report, accounts, payments)] == [False, False, True]


def test_what_a_later_import_wrote_in_the_same_place_stays(kept, bad_set, import_billing, loaded):
    record, (report, *_rejects) = kept
    age(record, 31)
    of(loaded, "payments", account=SECOND, id="P2")["bank"] = ""
    folder = sets.write(bad_set.with_name("later"), loaded)
    import_billing(folder, "--report", str(report))
    call_command("prune_imports")
    assert report.exists()


def test_a_report_may_lie_among_the_rejects(bad_set, import_billing, tmp_path):
    folder = tmp_path / "out"
    for _turn in range(2):
        options = ("--rejects", str(folder), "--report", str(folder / "report.json"))
        assert import_billing(bad_set, *options)[0] == 1
    assert (folder / "report.json").is_file()


def test_links_that_lead_to_one_another(db, import_billing, tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert import_billing(tmp_path / "a")[0] == 2


def test_a_row_that_is_no_csv_is_among_the_rejects_as_it_stands(loaded, import_billing, tmp_path):
    folder = sets.write(tmp_path / "set", {"banks": loaded["banks"]})
    with open(folder / "banks.csv", "a", encoding="utf-8") as file:
        file.write('"K"AS,a,b\n')
    import_billing(folder, "--rejects", str(tmp_path / "rejects"))
    (row,) = sets.read(tmp_path / "rejects" / "banks.csv")
    assert row["error"].startswith("F ")
    assert row["code"] == '"K"AS,a,b'
