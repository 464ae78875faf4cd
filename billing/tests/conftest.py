"""The small set of the exchange, loaded once for all tests of a module, and the command."""

import copy

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from billing.tests import exchange_sets

SMALL_SET = exchange_sets.small_set()


@pytest.fixture(scope="module")
def _small_set_in_database(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange") / "loaded"
    with django_db_blocker.unblock(), transaction.atomic():
        assert exchange_sets.load(exchange_sets.write(folder, SMALL_SET)).problems == []
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(_small_set_in_database, db):
    """The small set, which the database holds already; the test may change it."""
    return copy.deepcopy(SMALL_SET)


@pytest.fixture
def nothing_loaded(db):
    """Billing's tables are empty for the test, whatever the module has loaded."""
    if not any(model.objects.exists() for model in exchange_sets.MODELS.values()):
        return
    tables = ", ".join(model._meta.db_table for model in exchange_sets.MODELS.values())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is truncated with checks due
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def refuse(loaded, tmp_path):
    """Loads the set, which changes nothing; what was told. Without the bad accounts the same is
    told, and rows of theirs are left as they were.
    """

    def refused(files):
        before = exchange_sets.physical_rows()
        folder = exchange_sets.write(tmp_path / "set", files)
        report = exchange_sets.load(folder)
        assert report.refused
        assert exchange_sets.physical_rows() == before
        assert all(problem.message and "%(" not in problem.message for problem in report.problems)
        told = exchange_sets.told(report)
        with transaction.atomic():
            assert exchange_sets.told(exchange_sets.load(folder, accept_valid=True)) == told
            left = exchange_sets.rows_of(fallen(files, told))
            transaction.set_rollback(True)
        assert left == exchange_sets.rows_of(fallen(files, told))
        return told

    return refused


def fallen(files, told):
    """The accounts that the told rows are of."""
    for name, line, *_rest in told:
        row = files[name][line - 2] if name in files and line > 1 else {}
        number = row.get("account") or row.get("number") or row.get("key", "").split("|")[0]
        if number.isdigit():
            yield number


@pytest.fixture
def import_billing(capsys):
    """Runs the command: its exit code, and what it printed to stdout and stderr."""

    def run(path, *options):
        try:
            call_command("import_billing", str(path), *options)
            code = 0
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run
