"""Staff of billing hand sets in: checked, loaded and told of by the same code as the command."""

import datetime as dt
import io
import json
import os
import uuid
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEntry
from billing import import_files, import_jobs
from billing.exchange import load
from billing.models import Import, ImportJob, PersonalAccount
from billing.tests.exchange_sets import SAMPLE
from billing.tests.factories import ImportJobFactory
from cabinet import pruning
from cabinet.tests import people
from cabinet.tests.pages import Page, text
from cabinet.worker import Worker

LIST = "/admin/billing/import/"
UPLOAD = f"{LIST}upload/"
BUSY = "Соңғы жинағыңыз әлі біткен жоқ. Аяқталғанын күтіңіз."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.IMPORTS_FOLDER = tmp_path / "imports"
    return settings.IMPORTS_FOLDER


@pytest.fixture
def biller(db, client):
    client.force_login(people.member("billing operator", login="biller"))
    return client


def packed(*files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return file.getvalue()


def zipped(changes=None):
    """The sample set, each file as `changes` has it."""
    return packed(
        *(
            (path.name, (changes or {}).get(path.name, bytes)(path.read_bytes()))
            for path in sorted(SAMPLE.glob("*.csv"))
        )
    )


def defective(value=b"x" * 20):
    """The terms' last row begins on no day."""

    def change(content):
        *rows, last = content.splitlines()
        account, _valid_from, *cells = last.split(b",")
        return b"\n".join([*rows, b",".join([account, value, *cells])])

    return zipped({"terms.csv": change})


def upload(client, content, name="2026-03.zip", **more):
    file = SimpleUploadedFile(name, content, "application/zip")
    return client.post(UPLOAD, {"file": file, "do": "check", **more})


def ending(page):
    return text(page.find("p.import-ending").find(".//strong")).rstrip(".")


def buttons(page):
    acts = [each for box in page.all("div.import-acts") for each in box.iter()]
    return [text(each) for each in acts if each.tag in ("a", "button")]


def work():
    Worker().run_until_idle()


def uploaded(client, content, **more):
    """The page of the job once it is over, and the job."""
    response = upload(client, content, **more)
    assert response.status_code == 302, text(Page(response).root)
    work()
    return Page(client.get(response.url)), ImportJob.objects.get()


def errors(response):
    return [text(each) for box in Page(response).all("ul.errorlist") for each in box.iter("li")]


def actions():
    found = AuditEntry.objects.filter(action__contains="import").order_by("pk")
    return [(each.action, each.actor_login) for each in found]


def press(client, job, what):
    return client.post(f"{LIST}jobs/{job.pk}/{what}/").url


def shown(client, job):
    return Page(client.get(f"{LIST}jobs/{job.pk}/"))


def test_checked_and_loaded(biller, django_capture_on_commit_callbacks):
    content = zipped()
    page, job = uploaded(biller, content)
    assert ending(page) == "Тек тексерілді"
    assert buttons(page) == ["Жүктеу"]
    assert PersonalAccount.objects.count() == 0
    assert import_files.folder(job.key).stat().st_mode & 0o777 == 0o700
    assert import_files.set_of(job).stat().st_mode & 0o777 == 0o600
    assert import_files.set_of(job).read_bytes() == content
    first, second = (press(biller, job, "load") for _press in range(2))
    assert first == second
    assert DBTaskResult.objects.ready().count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        work()
    page = Page(biller.get(first))
    assert ending(page) == "Жүктелді"
    assert buttons(page) == []
    counts = {row[0]: row[1:] for row in page.tables[-1][1:]}
    assert counts["accounts.csv"] == [str(PersonalAccount.objects.count()), "0", "0", "0", "0"]
    assert not import_files.set_of(job).exists()
    assert list(Import.objects.values_list("name", "by", "is_check", "outcome")) == [
        ("2026-03.zip", "biller", False, "loaded"),
        ("2026-03.zip", "biller", True, "checked"),
    ]
    assert actions() == [
        ("import_uploaded", "biller"),
        ("import_checked", "biller"),
        ("import_asked", "biller"),
        ("import_loaded", "biller"),
    ]
    listed = Page(biller.get(LIST)).find("table#result_list").find("tbody")
    assert [[text(cell) for cell in row][1:5] for row in listed] == [
        ["2026-03.zip", "biller", "жоқ", "жүктелді"],
        ["2026-03.zip", "biller", "иә", "тек тексерілді"],
    ]
    record = Page(biller.get(f"{LIST}{Import.objects.first().pk}/change/"))
    assert record.tables[-1] == page.tables[-1]
    assert f"{first}" in [each.get("href") for each in record.all("a")]


def test_a_bad_set_is_refused_and_told_of(biller):
    page, job = uploaded(biller, defective(b"<b>no day</b>"), do="load")
    assert ending(page) == "Жолдарына бола қабылданбады"
    assert buttons(page) == ["Есеп, JSON", "Қабылданбаған жолдар, zip"]
    last = len((SAMPLE / "terms.csv").read_bytes().splitlines())
    row = ["terms.csv", str(last), "F", "valid_from", "<b>no day</b>"]
    assert page.tables[-1][1:] == [[*row, "Күн ЖЖЖЖ-АА-КК түрінде жазылады."]]
    assert PersonalAccount.objects.count() == 0
    report = biller.get(f"{LIST}jobs/{job.pk}/report.json")
    (told,) = json.loads(b"".join(report.streaming_content))
    assert [str(told[name]) for name in ("file", "line", "rule", "column", "value")] == row
    rejects = biller.get(f"{LIST}jobs/{job.pk}/rejects.zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(rejects.streaming_content))) as archive:
        assert archive.namelist() == ["terms.csv"]
        assert archive.read("terms.csv").startswith(b"error,")
    for response, name in ((report, "report-{}.json"), (rejects, "rejects-{}.zip")):
        disposition = f'attachment; filename="{name.format(job.pk)}"'
        assert response.headers["Content-Disposition"] == disposition
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert actions() == [
        ("import_uploaded", "biller"),
        ("import_refused", "biller"),
        *[("looked_at_import_report", "biller")] * 3,
    ]
    assert not [value for value in Import.objects.values_list("files") if "no day" in str(value)]
    for path in import_files.folder(job.key).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_bad_rows_are_told_in_the_readers_language(biller):
    _page, job = uploaded(biller, defective())
    biller.cookies["django_language"] = "ru"
    page = shown(biller, job)
    assert page.tables[-1][1][-1] == "Дата пишется в виде ГГГГ-ММ-ДД."
    report = b"".join(biller.get(f"{LIST}jobs/{job.pk}/report.json").streaming_content)
    assert json.loads(report)[0]["message"] == "Дата пишется в виде ГГГГ-ММ-ДД."


def test_accounts_with_bad_rows_are_left_out(biller):
    page, job = uploaded(biller, defective(), accept_valid="on")
    assert "Қате жолдары бар шоттар жүктелмейді." in text(page.find("p.import-ending"))
    Page(biller.get(press(biller, job, "load")))
    work()
    loading = ImportJob.objects.first()
    assert ending(shown(biller, loading)) == "Ішінара жүктелді"
    assert (loading.record.outcome, loading.problems) == ("partly", 1)
    fallen = (SAMPLE / "terms.csv").read_text().splitlines()[-1].split(",")[0]
    assert PersonalAccount.objects.exists()
    assert not PersonalAccount.objects.filter(number=fallen).exists()


def test_a_refused_set_is_not_loaded(biller):
    page, job = uploaded(biller, defective())
    assert "Жүктеу" not in buttons(page)
    press(biller, job, "load")
    assert ImportJob.objects.count() == 1
    assert not DBTaskResult.objects.ready().exists()


NOT_SETS = {
    "no zip": (b"accounts", "март.zip – қалта да, zip те емес."),
    "empty": (b"", "Жіберілген файл бос."),
    "cut off": (zipped()[:-100], "март.zip – қалта да, zip те емес."),
    "outside": (packed(("../accounts.csv", "x")), None),
    "unknown": (packed(("accounts.txt", "x")), None),
    "bomb": (packed(("accounts.csv", b"0" * 10_000_000)), None),
}


@pytest.mark.parametrize("case", NOT_SETS)
def test_what_is_no_set_leaves_nothing(case, biller, folder):
    content, told = NOT_SETS[case]
    (error,) = errors(upload(biller, content, name="март.zip"))
    assert error == told or not told
    assert str(folder) not in error
    assert list(folder.iterdir()) == []
    assert ImportJob.objects.count() == 0


def test_what_is_found_out_later_is_told_in_words(biller):
    page, job = uploaded(biller, packed(("accounts.csv", b"number,colour\n1,red\n")))
    assert ending(page) == "Үзілді"
    assert "accounts.csv" in text(page.find("p.import-ending"))
    assert (job.state, job.record.outcome) == ("failed", "not_a_set")
    assert actions()[-1] == ("import_failed", "biller")


@pytest.mark.parametrize("excess", [0, 1])
def test_too_large(excess, biller, settings, folder):
    content = zipped()
    settings.IMPORTS_LARGEST = len(content) - excess
    response = upload(biller, content)
    if not excess:
        assert response.status_code == 302
        return
    (error,) = errors(response)
    assert error.startswith("Файл 111,0")
    assert list(folder.iterdir()) == []
    assert 'value="check"' in response.content.decode()  # what stood after the file is there too


def test_no_room(biller, monkeypatch, folder):
    full = SimpleNamespace(**vars(os))
    full.open = lambda path, *rest: os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(import_files, "os", full)
    assert errors(upload(biller, zipped())) == ["Дискіде орын жоқ."]
    assert list(folder.iterdir()) == []


def test_one_at_a_time(biller, folder):
    content = zipped()
    first = upload(biller, content)
    assert upload(biller, content).url == first.url
    assert errors(upload(biller, defective())) == [BUSY]
    assert errors(upload(biller, content, do="load")) == [BUSY]
    assert ImportJob.objects.count() == DBTaskResult.objects.count() == 1
    assert [path.name for path in folder.iterdir()] == [str(ImportJob.objects.get().key)]


def test_nothing_is_loaded_beside_another_set_of_the_same_user(biller):
    _page, job = uploaded(biller, zipped())
    upload(biller, defective())
    press(biller, job, "load")
    assert text(shown(biller, job).find("ul.messagelist")) == BUSY
    assert not ImportJob.objects.filter(is_check=False).exists()


class Killed(BaseException):
    """As SIGKILL: nobody catches it, and what was not committed is gone."""


def killed(*_args, **_more):
    raise Killed


def test_killed_while_loading_it_is_done_again(biller, monkeypatch):
    upload(biller, zipped(), do="load")
    job = ImportJob.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(load, "_write", killed)
        with pytest.raises(Killed):
            import_jobs.run.func(job.pk)
    assert PersonalAccount.objects.count() == 0
    import_jobs.run.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.record.outcome) == ("done", "loaded")
    assert PersonalAccount.objects.exists()
    assert [each for each, _by in actions()] == ["import_uploaded", "import_loaded"]


def test_progress_is_told_while_it_runs(biller, monkeypatch):
    @contextmanager
    def told_at_the_end(tell, _every):
        yield
        tell()

    upload(biller, zipped())
    with monkeypatch.context() as patch:
        patch.setattr(import_jobs, "kept", told_at_the_end)
        patch.setattr(import_jobs, "_end", killed)
        with pytest.raises(Killed):
            import_jobs.run.func(ImportJob.objects.get().pk)
    job = ImportJob.objects.get()
    assert (job.state, job.phase, job.file) == ("running", "receipts", "")
    whole = sum(path.stat().st_size for path in SAMPLE.glob("*.csv"))
    assert (job.bytes_whole, job.bytes_read) == (whole, whole)


@pytest.mark.parametrize("case", ["loaded", "partly", "refused"])
def test_killed_once_it_was_loaded_it_is_not_done_again(case, biller, monkeypatch):
    bad = case != "loaded"
    accept = {"accept_valid": "on"} if case == "partly" else {}
    upload(biller, defective() if bad else zipped(), do="load", **accept)
    job = ImportJob.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(import_jobs, "_end", killed)
        with pytest.raises(Killed):
            import_jobs.run.func(job.pk)
    import_jobs.run.func(job.pk)
    import_jobs.run.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.record.outcome, job.problems) == ("done", case, int(bad))
    assert Import.objects.count() == 1
    assert len(actions()) == 2


def test_all_workers_died_of_it(biller):
    response = upload(biller, zipped(), do="load")
    job = ImportJob.objects.get()
    DBTaskResult.objects.get().set_failed(RuntimeError("died"))
    page = Page(biller.get(response.url))
    assert ending(page) == "Үзілді"
    assert "Жартылай жүктелген ештеңе жоқ." in text(page.find("p.import-ending"))
    assert buttons(page) == ["Қайталап көру"]
    for _press in range(2):
        press(biller, job, "again")
    assert DBTaskResult.objects.ready().count() == 1
    work()
    job.refresh_from_db()
    assert (job.state, job.record.outcome) == ("done", "loaded")


def test_progress(biller):
    response = upload(biller, zipped())
    page = Page(biller.get(response.url))
    assert text(page.find("section").find("p")) == ("Кезекте тұр")
    ImportJob.objects.update(state="running")
    page = Page(biller.get(response.url))
    assert text(page.find("section").find("p")) == "Басқа импорттың аяқталуын күтуде"
    ImportJob.objects.update(phase="read", file="ledger", bytes_whole=200, bytes_read=50)
    page = Page(biller.get(response.url))
    assert text(page.find("section").find("p")) == "Жолдарды оқу ledger"
    assert page.find("progress").get("value") == "25"
    assert '<noscript><meta http-equiv="refresh"' in biller.get(response.url).content.decode()
    work()
    assert 'http-equiv="refresh"' not in biller.get(response.url).content.decode()


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>.zip", "a \"b\" 'c' && d.zip", "й" * 300 + ".zip", "a\r\nb: c.zip"],
    ids=["markup", "quotes", "long", "lines"],
)
def test_any_name_is_only_shown(name, biller, folder):
    response = upload(biller, zipped(), name=name)
    job = ImportJob.objects.get()
    page = Page(biller.get(response.url))
    assert job.name.isprintable()
    assert text(page.all("h1")[-1]) == job.name.replace("  ", " ")
    assert all(each.get("src") for each in page.all("script"))
    assert [path.name for path in folder.rglob("*.zip")] == ["set.zip"]


def test_who_may_not_load_sees_no_bad_rows(biller, client):
    _page, job = uploaded(biller, defective())
    looker = people.member("operator", login="looker")
    looker.user_permissions.add(Permission.objects.get(codename="view_import"))
    client.force_login(looker)
    page = shown(client, job)
    assert ending(page) == "Жолдарына бола қабылданбады"
    assert "counts" in page.find("table.figures").get("class")
    assert buttons(page) == []
    assert "x" * 20 not in text(page.root)
    assert client.get(LIST).status_code == 200
    for path in ("upload/", f"jobs/{job.pk}/report.json", f"jobs/{job.pk}/rejects.zip"):
        assert client.get(LIST + path).status_code == 403
    assert upload(client, zipped()).status_code == 403
    for what in ("load", "again"):
        assert client.post(f"{LIST}jobs/{job.pk}/{what}/").status_code == 403
    assert "looker" not in [by for _action, by in actions()]


@pytest.mark.parametrize("group", ["operator", "supervisor"])
def test_other_staff_are_refused(group, biller, client, folder):
    job = ImportJobFactory()
    client.force_login(people.member(group, login="other"))
    for path in ("", "upload/", f"jobs/{job.pk}/", f"jobs/{job.pk}/report.json"):
        assert client.get(LIST + path).status_code == 403
    assert upload(client, zipped()).status_code == 403
    assert not folder.exists()


def test_whoever_may_load_sees_all_jobs(biller, client):
    _page, job = uploaded(biller, defective())
    client.force_login(people.member("billing operator", login="colleague"))
    assert ending(shown(client, job)) == "Жолдарына бола қабылданбады"
    assert actions()[-1] == ("looked_at_import_report", "colleague")


def test_without_a_token_nothing_is_taken(client, folder):
    strict = type(client)(enforce_csrf_checks=True, headers={"referer": "https://testserver/"})
    strict.force_login(people.member("billing operator"))
    token = strict.get(UPLOAD).context["csrf_token"]
    assert upload(strict, zipped()).status_code == 403
    assert list(folder.iterdir()) == []
    assert upload(strict, zipped(), csrfmiddlewaretoken=str(token)).status_code == 302


def test_after_a_month_nothing_is_left(biller, folder):
    _page, job = uploaded(biller, zipped())
    press(biller, job, "load")
    month = dt.timedelta(days=30)
    ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - month)
    pruning.delete(import_jobs.old(timezone.now()))
    assert ImportJob.objects.count() == 2  # the later one needs the set
    assert import_files.set_of(job).exists()
    pruning.delete(import_jobs.old(timezone.now() + month))
    assert list(folder.iterdir()) == []
    assert ImportJob.objects.count() == 0


def test_what_a_killed_server_left_goes_with_the_next_upload(biller, folder):
    stray, fresh = (folder / str(uuid.uuid4()) for _each in range(2))
    for each in (stray, fresh, folder / "theirs"):
        each.mkdir(parents=True)
        if each != fresh:
            os.utime(each, (0, 0))
    upload(biller, zipped())
    kept = {str(ImportJob.objects.get().key), fresh.name, "theirs"}
    assert {path.name for path in folder.iterdir()} == kept
