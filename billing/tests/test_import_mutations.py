"""Whatever is done to a set, an import ends well: it loads what holds, or changes nothing.

MUTATIONS is the number of examples over all tests here (80).
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import models
from billing.exchange.problems import NotASet
from billing.models.imports import Outcome
from billing.tests import exchange_sets as sets
from billing.tests import invariants
from billing.tests.mutations import Mutated, mutated

EXAMPLES = settings(
    max_examples=(int(os.environ.get("MUTATIONS", 80)) + 1) // 2,
    derandomize=True,
    deadline=None,
    database=None,
    # The fixtures only put the database in place; each example undoes what it does.
    suppress_health_check=list(HealthCheck),
)
OPTIONS = st.fixed_dictionaries(
    {"accept_valid": st.booleans(), "check": st.sampled_from((False, False, True))}
)


@pytest.mark.slow
@pytest.mark.django_db
@EXAMPLES
@given(found=mutated(few=False), options=OPTIONS)
def test_any_first_set_ends_well(nothing_loaded, found, options):
    ends_well(found, options)


@pytest.mark.slow
@pytest.mark.django_db
@EXAMPLES
@given(found=mutated(few=True), options=OPTIONS)
def test_any_further_set_ends_well(loaded, found, options):
    ends_well(found, options)


def ends_well(found: Mutated, options: dict[str, bool]) -> None:
    """Loads it, and undoes that."""
    folder = Path(tempfile.mkdtemp())
    try:
        with transaction.atomic():
            _load(found.write(folder), options)
            transaction.set_rollback(True)
    finally:
        shutil.rmtree(folder)


def _load(path: Path, options: dict[str, bool]) -> None:
    before = contents()
    try:
        report = sets.load(path, **options)
    except NotASet:
        assert contents() == before
        return
    if report.refused or options["check"]:
        assert contents() == before
    if options["check"]:
        told = sets.told(report), report.counts
        report = sets.load(path, accept_valid=options["accept_valid"])
        assert (sets.told(report), report.counts) == told, "a check tells what a load does"
    if report.refused:
        assert contents() == before
        return
    assert report.outcome == (Outcome.PARTLY if report.in_part else Outcome.LOADED)
    assert invariants.broken() == []
    if report.loaded and path.is_dir():
        assert not missing(path)

    before = contents()
    again = sets.load(path, accept_valid=options["accept_valid"])
    assert sets.told(again) == sets.told(report)
    assert {
        name: (count.new, count.changed, count.deleted)
        for name, count in again.counts.items()
        if count.new or count.changed or count.deleted
    } == {}
    assert contents() == before


def contents() -> dict[str, list[str]]:
    """All rows of billing's tables, but for the record of imports."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("billing").get_models():
            if model is not models.Import:
                table = model._meta.db_table
                cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608
                found[table] = [row for (row,) in cursor]
    return found


def missing(folder: Path) -> dict[str, set[Any]]:
    """The rows of a set that the database does not hold as they are given, by file."""
    found = {}
    for name in sets.COLUMNS:
        if (folder / f"{name}.csv").exists():
            given = [
                {(column or "").strip(): cell for column, cell in row.items()}
                for row in sets.read(folder / f"{name}.csv")
            ]
            if rows := {*sets.wanted(name, given)} - {*sets.stored(name)}:
                found[name] = rows
    return found
