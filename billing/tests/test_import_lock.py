"""One import at a time, over all machines."""

import threading

import pytest
from django.db import connection

from billing.exchange.load import IMPORT_LOCK
from billing.models import Bank, Import
from billing.tests import exchange_sets as sets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def try_lock():
    """Takes the lock as another session does, until the test ends; whether it was free."""
    other = connection.copy()

    def taken():
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [IMPORT_LOCK])
            return cursor.fetchone()[0]

    yield taken
    other.close()


@pytest.fixture
def folder(tmp_path):
    return sets.write(tmp_path / "set", {"banks": sets.small_set()["banks"]})


def test_while_another_runs_it_exits_4_and_changes_nothing(try_lock, folder, import_billing):
    assert try_lock()
    code, out, err = import_billing(folder)
    assert (code, out) == (4, "")
    assert err.strip()
    assert Import.objects.get().outcome == "busy"
    assert not Bank.objects.exists()


@pytest.mark.parametrize("code", [0, 1, 2])
def test_it_leaves_the_lock_however_it_ends(try_lock, folder, import_billing, code):
    with open(folder / "banks.csv", "a") as file:
        file.write(["", "KAS,a,\n", "\0"][code])
    assert import_billing(folder)[0] == code
    assert try_lock()
    assert Bank.objects.exists() == (code == 0)


def test_it_waits_until_another_import_lets_go(import_billing, folder):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
    other.inc_thread_sharing()
    seen = []

    def let_go():
        seen.append(Bank.objects.using("default").exists())
        connection.close()  # the thread's own
        other.close()

    timer = threading.Timer(0.5, let_go)
    timer.start()
    code = import_billing(folder, "--wait")[0]
    timer.join()
    assert (code, seen) == (0, [False])
    assert Bank.objects.exists()
