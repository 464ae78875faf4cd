"""An export is whole or not there, misses nothing, and is for its owner alone."""

# ruff: noqa: F401, F811 - fixtures are imported

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
from django.db import connection, transaction

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_register import in_threads, somebody_waits_for_us
from billing.tests.factories import HoldingFactory, PersonalAccountFactory
from receipts import subscriptions
from receipts.exports import changes, folders
from receipts.models import Subscription, SubscriptionChange
from receipts.tests.factories import SubscriptionChangeFactory
from receipts.tests.test_export_billing import (
    ON,
    SUBSCRIPTIONS,
    choose,
    export_billing,
    read,
    row,
    rows_of,
)

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
    _path, code, out, err = export_billing(to=tmp_path / "none" / "export")
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
call_command("export_billing", "--to", sys.argv[1])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), end="")
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


@pytest.mark.django_db(transaction=True)
def test_when_the_database_lets_go_of_it_nothing_is_left(tmp_path):
    SubscriptionChangeFactory()
    with transaction.atomic(), connection.cursor() as cursor, apart(tmp_path / "export") as victim:
        cursor.execute("LOCK TABLE accounts_auditentry IN SHARE MODE")
        wait_for(somebody_waits_for_us)
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        victim.wait(20)
    assert victim.returncode == 5
    assert list(tmp_path.iterdir()) == []


ROWS, KILOBYTES = 200_000, 10_000  # what so many rows may take beyond what one takes


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells the peak")
@pytest.mark.django_db(transaction=True)
def test_memory_stays_flat(tmp_path):
    change = SubscriptionChangeFactory()
    peaks = []
    for rows in (1, ROWS):
        columns = "account_id, at, why, receipts, reminders, payments, language, form, attached"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO receipts_subscriptionchange (subscriber, {columns}, paper)"  # noqa: S608
                f" SELECT generate_series(2, %s), {columns}, paper"
                " FROM receipts_subscriptionchange",
                [rows],
            )
        with apart(tmp_path / f"export-{rows}") as ended:
            out = ended.communicate(timeout=120)[0].splitlines()
        assert ended.returncode == 0
        assert out[1].split() == ["subscriptions", str(rows)]
        assert out[3] == f"The next export goes on with --since {change.pk + rows - 1}."
        peaks.append(int(out[4].split()[1]))
    assert peaks[1] - peaks[0] < KILOBYTES
