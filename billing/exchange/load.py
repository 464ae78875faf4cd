"""Loads a set: all of it or nothing, in one transaction.

Files → staging → what is wrong with each row by itself → applied in dependency order,
R1 on the way → what must hold over months → commit, or roll back when any row is bad.
An account with a bad row falls out before its other rows are judged, so that one
mistake is reported once and not as a hundred consequences.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction

from billing.exchange import apply, rules, staging
from billing.exchange.apply import Counts
from billing.exchange.layout import FILES, File
from billing.exchange.problems import NotASet, Problem, sentence
from billing.exchange.reader import TOTALS, Source, find, hash_unread
from billing.exchange.totals import find_broken_totals
from billing.models import Import
from billing.models.imports import Outcome

IMPORT_LOCK = 0x5A4B4942  # one import at a time, over all machines


class Busy(Exception):
    """Another import is running."""


class Refused(Exception):
    """Rows are bad; rolls the transaction back."""


@dataclass
class Report:
    """What came of a set: counts by file, and the bad rows."""

    counts: dict[str, Counts] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    seconds: float = 0.0

    @property
    def loaded(self) -> bool:
        return not self.problem_count


@dataclass
class Progress:
    """What the loader tells while it works: a phase's name, bytes read."""

    phase: Callable[[str], object] = field(default=lambda name: None)
    reading: Callable[[int], object] = field(default=lambda total: None)
    on_bytes: Callable[[int], object] = field(default=lambda count: None)


def load(folder: Path, by: str, progress: Progress | None = None, limit: int = 1000) -> Report:
    """Loads the folder's set and records it; at most `limit` problems are told in full.

    Raises NotASet for what is no set and Busy while another import runs.
    """
    progress = progress or Progress()
    started = time.monotonic()
    record = Import(by=by, name=folder.resolve().name[:255], outcome=Outcome.FAILED)
    sources: list[Source] = []
    report = Report()
    try:
        sources.extend(find(folder))
        with transaction.atomic():
            if not staging.value_of("SELECT pg_try_advisory_xact_lock(%s)", IMPORT_LOCK):
                raise Busy
            _load(sources, report, progress, limit)
        record.outcome = Outcome.LOADED
    except Refused:
        record.outcome = Outcome.REFUSED
    except NotASet:
        record.outcome = Outcome.NOT_A_SET
        hash_unread(sources)
        raise
    except Busy:
        record.outcome = Outcome.BUSY
        hash_unread(sources)
        raise
    finally:
        report.seconds = time.monotonic() - started
        record.seconds = round(report.seconds, 3)
        record.files = _files(sources, report)
        if connection.is_usable():
            record.save()
    return report


def _files(sources: list[Source], report: Report) -> dict[str, object]:
    return {
        source.path.name: {
            "sha256": source.sha256,
            "rows": source.rows,
            **vars(report.counts.get(source.name, Counts())),
        }
        for source in sources
    }


def _load(sources: list[Source], report: Report, progress: Progress, limit: int) -> None:
    by_name = {source.name: source for source in sources}
    files = [file for file in FILES if file.name in by_name]
    shared = [file for file in files if not file.owner]
    owned = [file for file in files if file.owner]

    staging.prepare()
    progress.reading(sum(source.size for source in sources))
    for file in files:
        by_name[file.name].on_bytes = progress.on_bytes
        staging.stage(by_name[file.name], file)

    progress.phase("rows")
    for file in files:
        staging.find_broken_conditions(file)
        staging.find_duplicates(file)
    if TOTALS in by_name:
        find_broken_totals(by_name)
    if _shared_are_good(shared):
        report.counts.update(_apply_shared(shared))
    if _shared_are_good(shared):
        report.counts.update(_apply_owned(owned, progress))
        progress.phase("balances")
        rules.find_touched(owned)
        rules.find_broken_balances(owned)

    _read_problems(report, limit)
    for file in files:
        report.counts.setdefault(file.name, Counts())
    if not report.loaded:
        raise Refused
    staging.discard()


def _shared_are_good(shared: list[File]) -> bool:
    return staging.shared_rows_are_good([file.name for file in shared])


def _apply_shared(shared: list[File]) -> dict[str, Counts]:
    counts = {}
    for file in shared:
        if file.name == "suppliers":
            staging.find_second_issuer()
        apply.resolve(file)
        counts[file.name] = apply.upsert(file)
    return counts


def _apply_owned(owned: list[File], progress: Progress) -> dict[str, Counts]:
    counts = {}
    staging.drop_fallen(owned)
    for file in owned:
        progress.phase(file.name)
        apply.resolve(file)
        if file.name == "payments":
            rules.note_moved_payments()
        staging.drop_fallen(owned)
        counts[file.name] = apply.upsert(file)
    return counts


def _read_problems(report: Report, limit: int) -> None:
    report.problem_count = staging.value_of("SELECT count(*) FROM problem")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT file, line, col, coalesce(value, ''), rule, sentence, coalesce(detail, '')"
            " FROM problem ORDER BY file, line, col, rule LIMIT %s",
            [limit],
        )
        for file, line, column, value, rule, name, detail in cursor:
            text = sentence(name, {"value": value, "detail": detail})
            report.problems.append(Problem(file, line, column, value, rule, text))
        cursor.execute("SELECT file, count(DISTINCT line) FROM problem GROUP BY file")
        for file, count in cursor:
            report.counts.setdefault(file, Counts()).rejected = count
