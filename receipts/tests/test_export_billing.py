"""What residents told us, as billing gets it: `manage.py export_billing`."""

import csv
import io
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import audit, events
from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_register import in_threads, somebody_waits_for_us
from billing import holdings
from billing.models import Holding
from billing.tests.factories import HoldingFactory, PersonalAccountFactory
from cabinet.tests import people
from receipts import subscriptions
from receipts.exports import changes, folders
from receipts.models import Subscription, SubscriptionChange
from receipts.tests.factories import SubscriptionChangeFactory

SUBSCRIPTIONS = (
    "account,subscriber,e_receipts,email,language,form,attached,paper,reminders,payments"
    ",changed_at,why"
)
MORNING = "2026-04-10T10:00:00+05:00"
LATER = people.TODAY.replace(day=20)
BY_MAIL_ONLY = {"receipts": True, "paper": False}


@pytest.fixture(autouse=True)
def known_action(monkeypatch):
    monkeypatch.setitem(audit.ACTIONS, "data_exported", "handed over what residents told")


@pytest.fixture
def export_billing(tmp_path, capsys):
    """Runs the command, to a new path unless another is given: its exit code, stdout, stderr."""
    paths = (tmp_path / f"export-{number}" for number in range(1000))

    def run(*options, to=None):
        path = to or next(paths)
        try:
            call_command("export_billing", "--to", str(path), *options)
            code = 0
        except SystemExit as stop:
            code = stop.code
        return path, code, *capsys.readouterr()

    return run


@pytest.fixture
def exported(export_billing):
    """Runs the command, which has to go well: the rows of each file, without the header."""

    def run(*options):
        path, code, _out, err = export_billing(*options)
        assert (code, err) == (0, "")
        return read(path)

    return run


def read(folder):
    return {path.stem: rows_of(path.read_text()) for path in folder.iterdir()}


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def asking(user):
    request = RequestFactory().post("/")
    request.user = user
    return request


def choose(user, account, **chosen):
    """As the resident does it; a new subscriber of an account, who holds it, wants receipts."""
    own = subscriptions.of(user, account)
    assert subscriptions.choose(asking(user), own, chosen or {"receipts": True})
    return Subscription.objects.get(user=user, account=account)


def row(user, cells, account="000000101"):
    return [account, str(user.pk), *cells.split(",")]


ON = f"1,{{}},both,normal,1,1,0,0,{MORNING},{{}}"
OFF = f"0,,both,normal,1,1,0,0,{MORNING},{{}}"


# What is told


def test_a_household(home, export_billing):
    wanted = {**BY_MAIL_ONLY, "language": "kk", "form": "large", "attached": False}
    choose(home.owner, home.account, **wanted, reminders=True, payments=True)
    choose(home.second, home.account, receipts=False, reminders=True)
    choose(home.stranger, home.strangers)
    last = SubscriptionChange.objects.latest("pk").pk
    owner, second, stranger = home.owner.pk, home.second.pk, home.stranger.pk
    path, code, out, err = export_billing()
    assert (code, err) == (0, "")
    assert {file.name: file.read_bytes().decode().split("\r\n") for file in path.iterdir()} == {
        "subscriptions.csv": [
            SUBSCRIPTIONS,
            f"000000101,{owner},1,owner@example.kz,kk,large,0,0,1,1,{MORNING},chosen",
            f"000000101,{second},0,second@example.kz,both,normal,1,1,1,0,{MORNING},chosen",
            f"000000202,{stranger},1,stranger@example.kz,both,normal,1,1,0,0,{MORNING},chosen",
            "",
        ],
        "paper.csv": ["account,paper", "000000101,0", "000000202,1", ""],
        "totals.csv": ["file,rows,sum", "subscriptions,3,", "paper,2,", ""],
        "export.csv": [
            "version,since,until,made_at",
            f"1,,{last},{read(path)['export'][0][3]}",
            "",
        ],
    }
    assert out.splitlines() == [
        "file           rows",
        "subscriptions     3",
        "paper             2",
        f"The next export goes on with --since {last}.",
    ]


def test_without_any_change(home, exported):
    (about,) = exported().pop("export")
    assert about[:3] == ["1", "", "0"]
    assert {name: rows for name, rows in exported().items() if name != "export"} == {
        "subscriptions": [],
        "paper": [],
        "totals": [["subscriptions", "0", ""], ["paper", "0", ""]],
    }


def test_the_last_of_several_changes(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY)
    subscriptions.unsubscribe(asking(home.owner), own.key, "receipts")
    files = exported()
    assert files["subscriptions"] == [row(home.owner, OFF.format("link"))]
    assert files["paper"] == [["000000101", "1"]]


def test_an_address_is_quoted_and_otherwise_as_it_is(home, exported):
    for user, address in ((home.owner, '"a,b"@example.kz'), (home.second, "=1+1@example.kz")):
        user.email = address
        user.save()
        choose(user, home.account)
    emails = [cells[3] for cells in exported()["subscriptions"]]
    assert emails == ['"a,b"@example.kz', "=1+1@example.kz"]


def test_another_address(home, exported):
    choose(home.owner, home.account)
    home.owner.email = "new@example.kz"
    home.owner.save()
    events.moved(home.owner)
    expected = [row(home.owner, ON.format("new@example.kz", "moved"))]
    assert exported()["subscriptions"] == expected


def test_an_address_that_takes_no_letters(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY)
    subscriptions.refuse(own, "owner@example.kz", "550 no such mailbox")
    files = exported()
    assert files["subscriptions"] == [row(home.owner, ON.format("", "refused"))]
    assert files["paper"] == [["000000101", "1"]]


def test_a_user_who_is_deleted(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY, language="ru")
    subscriber = home.owner.pk
    events.leaving(home.owner, "deleted")
    home.owner.delete()
    home.owner.pk = subscriber
    files = exported()
    assert not Subscription.objects.filter(pk=own.pk).exists()
    cells = OFF.format("deleted").replace("both", "ru")
    assert files["subscriptions"] == [row(home.owner, cells)]
    assert files["paper"] == [["000000101", "1"]]


def suspended(home):
    home.account.holdings.filter(user=home.owner).update(since=people.TODAY.replace(year=2010))
    holdings.end(Holding.objects.filter(user=home.owner), "suspended")


def stopped(home):
    home.owner.is_active = False
    home.owner.save()
    events.leaving(home.owner, "stopped")


def removed(home):
    holdings.remove(asking(home.owner), home.account)


def unlinked(home):
    (link,) = Holding.objects.filter(user=home.owner)
    holdings.unlink_by_staff(asking(home.support), link, "by mistake")


@pytest.mark.parametrize("end", [suspended, stopped, removed, unlinked])
def test_what_ends_by_itself(home, exported, end):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    end(home)
    files = exported()
    assert files["subscriptions"] == [row(home.owner, OFF.format(end.__name__))]
    assert files["paper"] == [["000000101", "1"]]


@pytest.mark.parametrize("end", [stopped, removed])
def test_no_paper_while_one_of_two_holders_wants_none(home, exported, end):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    choose(home.second, home.account, **BY_MAIL_ONLY)
    last = exported()["export"][0][2]
    end(home)
    files = exported("--since", last)
    assert [cells[1] for cells in files["subscriptions"]] == [str(home.owner.pk)]
    assert files["paper"] == [["000000101", "0"]]


def test_who_lost_the_right_otherwise_is_not_told_by_address(home, exported):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    Holding.objects.filter(user=home.owner).delete()
    files = exported()
    assert files["subscriptions"][0][2:4] == ["1", ""]
    assert files["paper"] == [["000000101", "1"]]


# Since when


def test_since_an_earlier_export(home, exported, monkeypatch):
    choose(home.owner, home.account)
    first = exported()
    second = exported("--since", first["export"][0][2])
    choose(home.second, home.account, **BY_MAIL_ONLY)
    third = exported("--since", second["export"][0][2])
    assert [len(files["subscriptions"]) for files in (first, second, third)] == [1, 0, 1]
    assert third["subscriptions"][0][1] == str(home.second.pk)
    assert [files["export"][0][1] for files in (second, third)] == [
        files["export"][0][2] for files in (first, second)
    ]


@pytest.mark.parametrize(
    ("since", "written", "rows"),
    [
        ("2026-04-10", "2026-04-10T00:00:00+05:00", 2),
        ("2026-04-11", "2026-04-11T00:00:00+05:00", 1),
        ("2026-04-20", "2026-04-20T00:00:00+05:00", 1),
        ("2026-04-21", "2026-04-21T00:00:00+05:00", 0),
        ("2026-04-20T10:00:00+05:00", "2026-04-20T10:00:00+05:00", 1),
        ("2026-04-20T05:00Z", "2026-04-20T10:00:00+05:00", 1),
        ("2026-04-20T10:00:00.000001+05:00", "2026-04-20T10:00:00.000001+05:00", 0),
        ("2026-04-20T10:00:00+04:00", "2026-04-20T11:00:00+05:00", 0),
        ("2024-01-01", "2024-01-01T00:00:00+06:00", 2),
    ],
)
def test_since_a_day_or_a_time(home, exported, monkeypatch, since, written, rows):
    choose(home.owner, home.account)
    people.at(LATER, monkeypatch)
    choose(home.second, home.account)
    files = exported("--since", since)
    assert len(files["subscriptions"]) == rows
    assert files["export"][0][1] == written


def test_paper_counts_those_who_changed_nothing_since(home, exported, monkeypatch):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    people.at(LATER, monkeypatch)
    choose(home.second, home.account)
    files = exported("--since", "2026-04-20")
    assert [cells[1] for cells in files["subscriptions"]] == [str(home.second.pk)]
    assert files["paper"] == [["000000101", "0"]]


NONSENSE = [
    *(
        "",
        " ",
        "yesterday",
        "-1",
        "1.5",
        "10.04.2026",
        "2026-4-1",
        "2026-02-30",
        "2026-04-10T25:00Z",
    ),
    *("2026-04-10T10:00", "2026-04-10 10:00+05:00", "20260410T100000Z", "٢٠٢٦-٠٤-١٠", "٣"),
    *("1999-12-31", "0001-01-01", "2026-04-10\n", "1" * 19, "x" * 5000),
]


@pytest.mark.parametrize("since", NONSENSE, ids=lambda since: ascii(since)[:30])
def test_since_nonsense(db, export_billing, since):
    path, code, out, err = export_billing(f"--since={since}")
    assert (code, out) == (2, "")
    assert err == (
        f"{since!r} is neither a day like 2026-04-10, nor a time like 2026-04-10T09:30:00+05:00,"
        " nor the number that ended an earlier export.\n"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2099-01-01", "2099-01-01T00:00:00+05:00 is still to come.\n"),
        ("2099-12-31T23:59:59-12:00", "2099-12-31T23:59:59-12:00 is still to come.\n"),
        ("8", "There is no change 8 yet: the last one is 7.\n"),
    ],
)
def test_since_what_is_still_to_come(home, export_billing, since, told):
    SubscriptionChangeFactory(pk=7, account=home.account)
    path, code, out, err = export_billing("--since", since)
    assert (code, out, err) == (2, "", told)
    assert not path.exists()


# On the disk


def modes(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_for_its_owner_alone(home, export_billing, tmp_path):
    before = os.umask(0)
    try:
        folder, *_rest = export_billing()
        packed, *_rest = export_billing(to=tmp_path / "export.zip")
    finally:
        os.umask(before)
    assert modes(folder) == 0o700
    assert {modes(file) for file in folder.iterdir()} == {0o600}
    assert modes(packed) == 0o600


def test_a_zip(home, export_billing, tmp_path):
    choose(home.owner, home.account)
    path, code, _out, err = export_billing(to=tmp_path / "export.ZIP")
    assert (code, err) == (0, "")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        rows = rows_of(archive.read("subscriptions.csv").decode())
    assert names == ["export.csv", "paper.csv", "subscriptions.csv", "totals.csv"]
    assert rows == [row(home.owner, ON.format("owner@example.kz", "chosen"))]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["there", "there.zip"])
def test_what_is_there_stays(home, export_billing, tmp_path, name):
    path = tmp_path / name
    for make in (path.touch, path.mkdir, lambda: path.symlink_to("nowhere")):
        make()
        assert export_billing(to=path)[1:] == (2, "", f"{path} is there already.\n")
        assert list(tmp_path.iterdir()) == [path]
        path.rmdir() if path.is_dir() else path.unlink()
    assert not AuditEntry.objects.filter(action="data_exported").exists()


def test_what_comes_meanwhile_stays(home, tmp_path):
    path = tmp_path / "export"
    with pytest.raises(folders.Exists), folders.in_one_piece(path):
        path.write_text("of somebody else")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "of somebody else"


def test_a_folder_that_is_not_there(home, export_billing, tmp_path):
    path, code, out, err = export_billing(to=tmp_path / "none" / "export")
    assert (code, out) == (2, "")
    assert err.startswith("The system refuses a file: ")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk at hand")
def test_a_full_disk(home, export_billing, tmp_path, monkeypatch):
    """Where the file for the subscriptions should be is a disk without room."""
    make = folders.mkdtemp

    def full(**options):
        folder = make(**options)
        os.symlink("/dev/full", f"{folder}/subscriptions.csv")
        return folder

    monkeypatch.setattr(folders, "mkdtemp", full)
    choose(home.owner, home.account)
    assert export_billing()[1:] == (2, "", "There is no room on the disk.\n")
    assert list(tmp_path.iterdir()) == []
    assert not AuditEntry.objects.filter(action="data_exported").exists()


def test_what_was_killed_is_gone_a_day_later(home, export_billing, tmp_path):
    old, new, other = (tmp_path / name for name in (".a.x.unfinished", ".b.y.unfinished", "c"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "subscriptions.csv").touch()
        os.utime(folder, (0, 0))
    os.utime(new)
    path, code, *_rest = export_billing()
    assert code == 0
    assert sorted(tmp_path.iterdir()) == sorted([new, other, path])


def test_it_is_written_down(home, exported):
    choose(home.owner, home.account)
    files = exported("--since", "2026-04-01")
    entry = AuditEntry.objects.get(action="data_exported")
    assert (entry.actor_kind, entry.account_number, entry.subject_login) == ("cabinet", "", "")
    assert entry.about.pop("run_by")
    assert entry.about == {
        "since": "2026-04-01T00:00:00+05:00",
        "until": int(files["export"][0][2]),
        "rows": 1,
    }


def test_queries(home, exported):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            exported()
        return len(captured)

    choose(home.owner, home.account)
    few = queries()
    for _each in range(20):
        user, account = UserFactory(), PersonalAccountFactory()
        HoldingFactory(user=user, account=account)
        choose(user, account)
    assert queries() == few


# Several at once


@pytest.fixture
def busy_writer(db):
    """Another connection is in the middle of a change."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [subscriptions.EXPORT_LOCK])
    yield other
    other.close()


def test_it_gives_up_after_a_while(busy_writer, export_billing, monkeypatch):
    monkeypatch.setattr(changes, "PATIENCE", 0.1)
    path, code, out, err = export_billing()
    assert (code, out) == (4, "")
    assert err == "Somebody is in the middle of changes for too long. Try again later.\n"
    assert not path.exists()
    busy_writer.close()
    assert export_billing()[1] == 0


def wait_for(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.django_db(transaction=True)
def test_a_change_under_way_is_waited_for(export_billing):
    """It has an earlier number than another one that is done; meanwhile others go on."""
    account = PersonalAccountFactory(number="000000101")
    slow, quick, late = users = [UserFactory() for _each in range(3)]
    for user in users:
        HoldingFactory(user=user, account=account)
    begun, exporting = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            choose(slow, account)
            begun.set()
            exporting.wait(20)
            wait_for(somebody_waits_for_us)
            in_threads(lambda: choose(late, account))

    def write_quickly_and_export():
        begun.wait(20)
        choose(quick, account)
        exporting.set()
        return export_billing()

    _none, (path, code, _out, err) = in_threads(write_slowly, write_quickly_and_export)
    assert (code, err) == (0, "")
    files = read(path)
    assert [cells[1] for cells in files["subscriptions"]] == [str(user.pk) for user in users]
    numbers = SubscriptionChange.objects.order_by("pk").values_list("subscriber", flat=True)
    assert list(numbers) == [user.pk for user in users]
    path, code, *_rest = export_billing("--since", files["export"][0][2])
    assert code == 0
    assert read(path)["subscriptions"] == []


@pytest.mark.django_db(transaction=True)
def test_chained_exports_miss_nothing(export_billing, monkeypatch):
    monkeypatch.setattr(changes, "PAUSE", 0.01)
    account = PersonalAccountFactory(number="000000101")
    users = [UserFactory() for _each in range(4)]
    for user in users:
        HoldingFactory(user=user, account=account)
    told, since, working = {}, "0", threading.Event()

    def write(user):
        for turn in range(25):
            with transaction.atomic():
                choose(user, account, receipts=turn % 2 == 0, reminders=True)
                time.sleep(0.001 * (user.pk % 4) * (turn % 3))

    def export():
        nonlocal since
        path, code, _out, err = export_billing("--since", since)
        assert (code, err) == (0, "")
        files = read(path)
        since = files["export"][0][2]
        told.update({int(cells[1]): (cells[2], cells[10]) for cells in files["subscriptions"]})
        return len(files["subscriptions"])

    def keep_exporting():
        count = 0
        while not working.is_set():
            export()
            count += 1
        return count

    def write_all():
        in_threads(*[lambda user=user: write(user) for user in users])
        working.set()

    _none, count = in_threads(write_all, keep_exporting)
    export()
    assert count > 1
    assert export() == 0
    assert since == str(SubscriptionChange.objects.latest("pk").pk)
    assert told == {
        each.user_id: (str(int(each.receipts)), changes.shown(each.changed_at))
        for each in Subscription.objects.all()
    }


# In a process of its own

PROGRAM = """
import sys
import django
django.setup()
from django.core.management import call_command
from accounts import audit
audit.ACTIONS.setdefault("data_exported", "")
call_command("export_billing", "--to", sys.argv[1])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def apart(path):
    name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_killed_just_before_the_end_it_leaves_nothing_of_that_name(tmp_path, name):
    path = tmp_path / name
    SubscriptionChangeFactory()
    with transaction.atomic(), connection.cursor() as cursor, apart(path) as victim:
        cursor.execute("LOCK TABLE accounts_auditentry IN SHARE MODE")
        wait_for(somebody_waits_for_us)
        os.kill(victim.pid, signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".unfinished")
    assert modes(left) == 0o700
    assert (left / "subscriptions.csv").stat().st_size > len(SUBSCRIPTIONS) + 2


ROWS, MEGABYTES = 300_000, 100  # Django alone takes about 50


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells the peak")
@pytest.mark.django_db(transaction=True)
def test_memory_stays_flat(tmp_path):
    change = SubscriptionChangeFactory()
    columns = "account_id, at, why, receipts, reminders, payments, language, form, attached, paper"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO receipts_subscriptionchange (subscriber, {columns})"  # noqa: S608
            f" SELECT generate_series(2, %s), {columns} FROM receipts_subscriptionchange",
            [ROWS],
        )
    with apart(tmp_path / "export") as ended:
        out = ended.communicate(timeout=120)[0].splitlines()
    assert ended.returncode == 0
    assert out[1].split() == ["subscriptions", str(ROWS)]
    assert out[3].endswith(f" {change.pk + ROWS - 1}.")
    assert int(out[-1].split()[1]) // 1024 < MEGABYTES
