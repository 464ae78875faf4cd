"""One import at a time, over all machines."""

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
