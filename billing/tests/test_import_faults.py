"""Imports that are killed, lose their database, meet one another or are looked past."""

import csv
import datetime as dt
import hashlib
import json
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from accounts.tests.factories import UserFactory
from bench.generate import account_number, generate
from billing.exchange.load import IMPORT_LOCK, Busy, Progress
from billing.models import FrozenFact, FrozenReceipt, Import, Meter, PersonalAccount
from billing.tests import exchange_sets as sets
from billing.tests import factories
from cabinet.embedded_postgres import Cluster
from cabinet.tests import people
from cabinet.tests.pages import Page

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "8"))
SEED = int(os.environ.get("KILLS_SEED", "1"))
CRASHES = int(os.environ.get("CRASHES", "2"))
ACCOUNTS = 200
LETS_GO = 3  # seconds in which the server notices that a loader is dead

# Ready and waiting for a line, so that a moment is counted from the import's own start.
PROGRAM = """
import sys
import django
django.setup()
from django.core.management import call_command
import billing.management.commands.import_billing
print("ready", flush=True)
sys.stdin.readline()
call_command("import_billing", *sys.argv[1:])
"""
TELL = """
import json
import django
django.setup()
from billing.models import Import
from billing.tests.test_import_faults import digest
print(json.dumps([digest(), list(Import.objects.order_by("pk").values_list("outcome", flat=True))]))
"""

# What stands for the rows that have no key but a number that another import would not give.
NATURAL = {
    PersonalAccount: ["number"],
    Meter: ["account__number", "serial"],
    FrozenFact: ["digest"],
    Import: ["name"],
}


def columns(model):
    """The model's columns as paths, whatever numbers the database has given."""
    found = []
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model in NATURAL:
            found += [f"{field.name}__{name}" for name in NATURAL[field.related_model]]
        elif field.name != "id" or model not in NATURAL:
            found.append(field.attname)
    return found


def digest():
    """Over every row of billing's tables but the record of imports."""
    whole = hashlib.sha256()
    for model in apps.get_app_config("billing").get_models():
        if model is not Import:
            whole.update(f"\n\n{model._meta.db_table}".encode())
            rows = model.objects.values_list(*columns(model))
            for row in sorted(repr(list(map(plain, row))) for row in rows.iterator()):
                whole.update(f"\n{row}".encode())
    return whole.hexdigest()


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


class Apart(subprocess.Popen):
    """An import in a process of its own, ready to go; killed when the test leaves it."""

    def __init__(self, *arguments, url=None):
        super().__init__(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": url or test_database()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __exit__(self, *error):
        self.kill()
        super().__exit__(*error)

    def go(self):
        assert self.stdout.readline() == "ready\n", self.stderr.read()
        self.stdin.write("\n")
        self.stdin.flush()
        return self

    def end(self):
        """Its exit code, and what it printed to stdout and stderr."""
        out, err = self.communicate(timeout=60)
        return self.returncode, out, err


def test_database():
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


test_database.__test__ = False


def history_and_close(folder, accounts):
    """Three closed months, and a fourth that also renames every payer and a bank."""
    history, close = folder / "history", folder / "close"
    generate({history: range(1, 4), close: range(4, 5)}, accounts, 4)
    for name, column in (("accounts", "payer"), ("banks", "name_ru")):
        rows = sets.read(history / f"{name}.csv")
        with open(close / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows({**row, column: f"{row[column]} II"} for row in rows)
    (close / "totals.csv").unlink()
    return history, close


class Copy:
    """Billing's tables as they are now, to be had again at once.

    It is kept in a session of its own: an import drops all temporary tables of its session.
    """

    def __init__(self):
        self.names = [model._meta.db_table for model in apps.get_app_config("billing").get_models()]
        self.session = connection.copy()
        with self.session.cursor() as cursor:
            for name in self.names:
                cursor.execute(f"CREATE TEMP TABLE copy_of_{name} AS TABLE {name}")

    def restore(self):
        with self.session.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f"TRUNCATE {', '.join(self.names)} CASCADE")
            for name in self.names:
                cursor.execute(
                    "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
                    " WHERE attrelid = %s::regclass AND attnum > 0"
                    " AND attgenerated = '' AND NOT attisdropped",
                    [name],
                )
                listed = cursor.fetchone()[0]
                cursor.execute(
                    f"INSERT INTO {name} ({listed}) SELECT {listed} FROM copy_of_{name}"  # noqa: S608
                )
            cursor.execute("COMMIT")


@pytest.fixture
def make_copy():
    """Makes a Copy that is gone after the test."""
    made = []

    def make():
        made.append(Copy())
        return made[-1]

    yield make
    for each in made:
        each.session.close()


@pytest.fixture
def own_session(transactional_db):
    """What a test sets on its connection goes with it."""
    yield connection
    connection.close()


def next_import(folder):
    """Within seconds the lock is free for the next import, and no dead one is said to run."""
    end = time.monotonic() + LETS_GO
    while True:
        try:
            assert sets.load(folder).loaded
            if not Import.objects.filter(outcome="running").exists():
                return
            found = "a dead import is recorded as running"
        except Busy:
            found = "a dead import holds the lock"
        assert time.monotonic() < end, found
        time.sleep(0.02)


def seeded():
    return random.Random(SEED)  # noqa: S311 - moments, the same in every run


def moments(count, rng, seconds):
    """Random ones, spread over the seconds, in no order."""
    found = [(place + rng.random()) / count * seconds for place in range(count)]
    rng.shuffle(found)
    return found


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_it_has_loaded_all_or_nothing(make_copy, tmp_path):
    history, close = history_and_close(tmp_path, ACCOUNTS)
    nothing_new = sets.write(tmp_path / "nothing-new", {"vat": sets.read(history / "vat.csv")})
    assert sets.load(history).loaded
    before, copy = digest(), make_copy()

    with Apart(close) as undisturbed:
        undisturbed.go()
        started = time.monotonic()
        code, out, err = undisturbed.end()
        seconds = time.monotonic() - started
    assert (code, err) == (0, ""), out
    after = digest()
    assert after != before
    assert FrozenReceipt.objects.exists()
    copy.restore()
    assert digest() == before

    ends = {"before": 0, "after": 0}
    for moment in moments(KILLS, seeded(), seconds * 1.02):
        told = f"killed after {moment:.4f} of {seconds:.4f} s"
        last = Import.objects.latest("pk").pk
        with Apart(close) as victim:
            victim.go()
            time.sleep(moment)
            victim.kill()
            assert victim.wait() in (0, -signal.SIGKILL), told
        next_import(nothing_new)
        state = digest()
        assert state in (before, after), told
        records = Import.objects.filter(pk__gt=last, name="close")
        outcomes = list(records.values_list("outcome", flat=True))
        if state == after:
            assert outcomes == ["loaded"], told
            copy.restore()
        else:
            assert outcomes in ([], ["failed"]), told  # none: it had not even begun
        ends["after" if state == after else "before"] += 1
    assert ends["before"] >= KILLS // 4, ends


@pytest.fixture
def cluster():
    """A PostgreSQL that may be killed; its path is short and open to the user it runs as."""
    place = Path(tempfile.mkdtemp(prefix="cabinet-faults-"))
    place.chmod(0o755)
    cluster = Cluster(place / "var", durable=True)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(place)


def told_by(cluster):
    """The digest of its database, and the outcomes in its record of imports."""
    ended = run(cluster, "-c", TELL)
    return json.loads(ended.stdout)


def run(cluster, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": cluster.url()},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def is_calm(err):
    """A line of the command itself, said once: no traceback, no words of PostgreSQL's.

    But for those that libpq may print before anybody has asked it anything.
    """
    err = re.sub(r"\AFATAL:  terminating connection .*\n", "", err)
    said = err.removesuffix("\n").split(".")
    return (
        err.endswith(".\n")
        and err.count("\n") == 1
        and len(set(said)) == len(said)
        and not re.search(r"traceback|error|psycopg|server|connection|line \d", err, re.IGNORECASE)
    )


def test_when_the_database_dies_it_has_loaded_all_or_nothing(cluster, tmp_path):
    rng = seeded()
    folders = {tmp_path / f"close{n}": range(n, n + 1) for n in range(1, CRASHES + 2)}
    first, *closes = folders
    generate(folders, ACCOUNTS, CRASHES + 1)
    run(cluster, "manage.py", "migrate", "-v0")
    with Apart(first, url=cluster.url()) as history:
        history.go()
        started = time.monotonic()
        assert history.end()[0] == 0
        seconds = time.monotonic() - started
    before, _outcomes = told_by(cluster)

    for close, moment in zip(closes, moments(CRASHES, rng, seconds * 0.9), strict=True):
        how = rng.choice([signal.SIGKILL, signal.SIGQUIT])
        told = f"{how.name} after {moment:.4f} of {seconds:.4f} s"
        with Apart(close, url=cluster.url()) as victim:
            victim.go()
            time.sleep(moment)
            postmaster = cluster._pid()
            os.kill(postmaster, how)
            code, _out, err = victim.end()
        if code:
            assert code == 5, f"{told}: {err}"
            assert is_calm(err), f"{told}: {err}"
        else:
            assert not err, told

        while cluster._pid() == postmaster:
            time.sleep(0.02)
        cluster.start()
        state, _outcomes = told_by(cluster)
        with Apart(close, url=cluster.url()) as again:
            started = time.monotonic()
            code_again, out, err = again.go().end()
            seconds = time.monotonic() - started
        assert (code_again, err) == (0, ""), f"{told}: {out}"
        after, outcomes = told_by(cluster)
        assert after != before
        assert state in (before, after), told
        if code == 0:
            assert state == after, told
        # The one that died is in the record as what it was, unless it died before that.
        assert outcomes[-1] == "loaded", told
        assert "running" not in outcomes, told
        before = after

    cluster.stop()
    with Apart(first, url=cluster.url()) as late:
        code, out, err = late.go().end()
    assert (code, out) == (5, "")
    assert is_calm(err)


def wait_for_lock(granted):
    """Until an import holds the lock, or waits for it."""
    end = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE d.datname = current_database() AND locktype = 'advisory'"
                " AND classid = 0 AND objid = %s AND granted = %s)",
                [IMPORT_LOCK, granted],
            )
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.005)
    return False


def counts(out):
    """The rows that the command says are new, changed and the same."""
    rows = re.findall(r"^\w+ +(\d+) +(\d+) +(\d+) +0 +0$", out, re.MULTILINE)
    assert rows, out
    return tuple(sum(map(int, column)) for column in zip(*rows, strict=True))


@pytest.mark.django_db(transaction=True)
def test_a_second_one_gives_way_or_waits(tmp_path):
    history, close = history_and_close(tmp_path, ACCOUNTS)
    assert sets.load(history).loaded
    before = digest()
    with Apart(close) as first, Apart(close) as second, Apart(close, "--wait") as patient:
        first.go()
        assert wait_for_lock(granted=True)
        first.send_signal(signal.SIGSTOP)
        patient.go()
        assert wait_for_lock(granted=False)

        code, out, err = second.go().end()
        assert (code, out) == (4, "")
        assert is_calm(err)
        assert digest() == before
        assert patient.poll() is None

        first.send_signal(signal.SIGCONT)
        code, out, err = first.end()
        assert (code, err) == (0, "")
        new, changed, same = counts(out)
        assert new
        assert changed
        code, out, err = patient.end()
        assert (code, err) == (0, "")
        assert counts(out) == (0, 0, new + changed + same)
    outcomes = Import.objects.filter(name="close").order_by("outcome")
    assert list(outcomes.values_list("outcome", flat=True)) == ["busy", "loaded", "loaded"]


@pytest.mark.django_db(transaction=True)
def test_of_three_at_once_one_loads_and_the_others_find_it_done(tmp_path):
    history, close = history_and_close(tmp_path, ACCOUNTS)
    assert sets.load(history).loaded
    processes = [Apart(close, "--wait") for _each in range(3)]
    with processes[0], processes[1], processes[2]:
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
        for process in processes:
            process.stdin.write("\n")
        for process in processes:
            process.stdin.flush()
        ends = [process.end() for process in processes]
    assert [(code, err) for code, _out, err in ends] == [(0, "")] * 3
    found = sorted(counts(out) for _code, out, _err in ends)
    total = sum(found[2])
    assert found[:2] == [(0, 0, total)] * 2
    assert found[2][0]
    outcomes = Import.objects.filter(name="close").values_list("outcome", flat=True)
    assert list(outcomes) == ["loaded"] * 3


class Stepwise:
    """An import in a thread that stands still at each phase until it is told to go on."""

    def __init__(self, folder):
        self.reached, self.go_on = queue.Queue(), queue.Queue()
        self.report = None
        self._folder = folder
        self._thread = threading.Thread(target=self._load, daemon=True)

    def _load(self):
        try:
            self.report = sets.load(self._folder, Progress(phase=self._pause))
        finally:
            connection.close()
            self.reached.put(None)

    def _pause(self, phase, file):
        self.reached.put((phase, file))
        self.go_on.get(timeout=60)

    def __iter__(self):
        self._thread.start()
        while place := self.reached.get(timeout=60):
            yield place
            self.go_on.put(None)
        self._thread.join()


def test_pages_answer_with_the_old_figures_meanwhile(own_session, client, tmp_path, monkeypatch):
    people.at(dt.date(2026, 11, 10), monkeypatch)
    history, close = history_and_close(tmp_path, 40)
    assert sets.load(history).loaded
    number = account_number(3)
    account = PersonalAccount.objects.get(number=number)
    user = UserFactory()
    factories.HoldingFactory(user=user, account=account)
    client.force_login(user)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '2s'")

    def look():
        page = Page(client.get(f"/accounts/{number}/services/"))
        assert page.status == 200
        return page

    before = look()
    assert before.tables
    running = Stepwise(close)
    places = []
    for place in running:
        places.append(place)
        assert look().tables == before.tables, place
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("2s",)
    assert running.report.loaded
    assert {phase for phase, _file in places} == {
        "read",
        "judge",
        "compare",
        "receipts",
        "write",
        "rules",
    }

    after = look()
    assert [len(table) for table in after.tables] == [len(table) + 1 for table in before.tables]
    closings = {
        Decimal(row["closing"])
        for row in sets.read(close / "ledger.csv")
        if row["account"] == number
    }
    shown = {figure(table[1][-1]) for table in after.tables}
    assert shown == closings


def figure(cell):
    """«−1_336,55» as a number."""
    return Decimal(cell.replace("_", "").replace("−", "-").replace(",", "."))
