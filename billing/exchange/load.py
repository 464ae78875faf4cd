"""Loads a set: all of it or nothing, in one transaction.

Files → staging → what is wrong with each row by itself → applied in dependency order,
R1 on the way → what must hold over months → commit, or roll back when any row is bad.
An account with a bad row falls out before its other rows are judged, so that one
mistake is reported once and not as a hundred consequences.
"""

import errno
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import override

from billing.exchange import (
    apply,
    changes,
    deletions,
    meters,
    owners,
    receipts,
    rejects,
    rules,
    staging,
    tariffs,
)
from billing.exchange.apply import Counts
from billing.exchange.given import write_values_as_given
from billing.exchange.layout import FILES, File
from billing.exchange.problems import NotASet, Problem
from billing.exchange.sources import DELETIONS, TOTALS, Source, find
from billing.exchange.totals import find_broken_totals
from billing.models import Import
from billing.models.imports import Outcome

IMPORT_LOCK = 0x5A4B4942  # one import at a time, over all machines
RUNNING_LOCK = 0x5A4B  # with an import's number: it is alive
DISK_FULL = "53100"


# What follows of a set that is applied, in its transaction: the record, and the files' names.
# Other apps add to it when they are ready.
FOLLOWS: list[Callable[[Import, set[str]], object]] = []

PHASES = {
    "read": N_("reading rows"),
    "judge": N_("checking rows"),
    "compare": N_("comparing"),
    "write": N_("writing"),
    "rules": N_("checking balances"),
    "receipts": N_("counting receipts"),
}


class Busy(Exception):
    """Another import is running."""


class NoRoom(Exception):
    """A disk is full: nothing was changed."""


class _Undone(Exception):
    """Rolls the transaction back, once all is told."""


@dataclass(frozen=True)
class Options:
    """How a set is to be taken.

    `check` does everything but the change; `accept_valid` loads the accounts without any
    bad row; `wait` waits for another import; all problems go to `report`, and to the `reports`
    in the languages that are their keys; bad rows to the folder `rejects`; of the problems
    `limit` are told in full.
    """

    check: bool = False
    accept_valid: bool = False
    wait: bool = False
    rejects: Path | None = None
    report: Path | None = None
    reports: Mapping[str, Path] = field(default_factory=dict)
    limit: int = 1000


@dataclass
class Report:
    """What came of a set: counts by file, and the bad rows."""

    outcome: Outcome = Outcome.FAILED
    is_check: bool = False
    counts: dict[str, Counts] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    in_part: bool = False
    receipts_made: int = 0
    seconds: float = 0.0

    @property
    def loaded(self) -> bool:
        """Whether all of the set was good."""
        return not self.problem_count

    @property
    def refused(self) -> bool:
        """Whether rows are bad and nothing was, or would be, changed."""
        return not self.loaded and not self.in_part


@dataclass
class Progress:
    """What the loader tells while it works: its record, before anything is changed; a phase (of
    PHASES) and its file; bytes read.
    """

    began: Callable[[Import], object] = field(default=lambda record: None)
    phase: Callable[[str, str], object] = field(default=lambda phase, file: None)
    reading: Callable[[int], object] = field(default=lambda total: None)
    on_bytes: Callable[[int], object] = field(default=lambda count: None)


def load(
    path: Path, by: str, options: Options | None = None, progress: Progress | None = None
) -> Report:
    """Loads the set in a folder or a zip, and records it.

    Raises NotASet for what is no set, Busy while another import runs, NoRoom when a disk
    is full.
    """
    options = options or Options()
    started = time.monotonic()
    _mark_broken_off()
    record = Import.objects.create(
        by=by,
        name=_name(path),
        outcome=Outcome.RUNNING,
        is_check=options.check,
    )
    progress = progress or Progress()
    progress.began(record)
    report = Report(is_check=options.check)
    sources: list[Source] = []

    def note() -> None:
        report.seconds = time.monotonic() - started
        record.outcome = report.outcome
        record.seconds = round(report.seconds, 3)
        record.files = _files(sources, report)
        record.save()

    try:
        if options.report:
            rejects.refuse_devices(options.report)
        if options.rejects:
            rejects.prepare_folder(options.rejects, path, options.report)
        sources.extend(find(path))
        with full_disks_told(), transaction.atomic():
            _take_locks(record, options)
            _load(sources, report, options, progress, record)
            if report.refused or options.check:
                raise _Undone
            report.outcome = Outcome.PARTLY if report.in_part else Outcome.LOADED
            if report.receipts_made:
                record.texts_id = receipts.store_texts()
            note()
    except _Undone:
        report.outcome = Outcome.REFUSED if report.refused else Outcome.CHECKED
        note()
    except Exception as error:
        report.outcome = {NotASet: Outcome.NOT_A_SET, Busy: Outcome.BUSY}.get(
            type(error), Outcome.FAILED
        )
        for source in sources:
            source.hash_unread()
        if connection.is_usable():
            note()
        raise
    return report


def _name(path: Path) -> str:
    """The set's name as the record takes it, whatever bytes the system's name is made of."""
    with suppress(RuntimeError):  # links that lead to one another
        path = path.resolve()
    return path.name.encode(errors="replace").decode()[:255]


def _mark_broken_off() -> None:
    """Imports that were killed: recorded as running, but nobody holds their locks."""
    with transaction.atomic():
        for record in Import.objects.filter(outcome=Outcome.RUNNING):
            if staging.value_of(
                "SELECT pg_try_advisory_xact_lock(%s, %s)", RUNNING_LOCK, record.pk
            ):
                record.outcome = Outcome.FAILED
                record.save(update_fields=["outcome"])


def _take_locks(record: Import, options: Options) -> None:
    staging.execute("SELECT pg_advisory_xact_lock(%s, %s)", RUNNING_LOCK, record.pk)
    if options.wait:
        staging.execute("SELECT pg_advisory_xact_lock(%s)", IMPORT_LOCK)
    elif not staging.value_of("SELECT pg_try_advisory_xact_lock(%s)", IMPORT_LOCK):
        raise Busy


@contextmanager
def full_disks_told() -> Iterator[None]:
    """Raises NoRoom where the database or a file finds its disk full."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != DISK_FULL:
            raise
        raise NoRoom(_("There is no room on the database's disk.")) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoRoom(_("There is no room on the disk.")) from error


def _files(sources: list[Source], report: Report) -> dict[str, object]:
    return {
        source.file_name: {
            "sha256": source.sha256,
            "rows": source.rows,
            **vars(report.counts.get(source.name, Counts())),
        }
        for source in sources
    }


def _load(
    sources: list[Source], report: Report, options: Options, progress: Progress, record: Import
) -> None:
    by_name = {source.name: source for source in sources}
    names = set(by_name)
    files = [file for file in FILES if file.name in by_name]
    shared = [file for file in files if not file.owner]
    owned = [file for file in files if file.owner]

    staging.prepare()
    apply.prepare()
    staging.execute("CREATE TEMP TABLE told_of AS SELECT unnest(%s) AS file", sorted(names))
    _stage(by_name, files, progress)
    for file in files:
        progress.phase("judge", file.name)
        staging.find_broken_conditions(file)
        staging.find_duplicates(file)
    if DELETIONS in names:
        deletions.find_contradictions(owned)
    if TOTALS in names:
        find_broken_totals(by_name)

    if staging.shared_rows_are_good(shared):
        _apply_shared(shared, names, report)
    if staging.shared_rows_are_good(shared):
        _apply_owned_until_good(owned, names, report, options, progress, record)

    _count_rejected(by_name, files, report)
    report.problem_count = staging.value_of("SELECT count(*) FROM problem")
    if report.problem_count:
        write_values_as_given(sources)
    report.problems = list(rejects.problems(options.limit))
    _write(sources, report, options, record)
    staging.discard()


def _stage(by_name: dict[str, Source], files: list[File], progress: Progress) -> None:
    progress.reading(sum(source.size for source in by_name.values()))
    for source in by_name.values():
        source.on_bytes = progress.on_bytes
    for file in files:
        progress.phase("read", file.name)
        staging.stage(by_name[file.name], file)
    if DELETIONS in by_name:
        deletions.stage_deletions(by_name[DELETIONS])


def _apply_shared(shared: list[File], names: set[str], report: Report) -> None:
    for file in shared:
        if file.name == "suppliers":
            staging.find_second_issuer()
            if not staging.shared_rows_are_good(shared):
                return
        report.counts[file.name] = apply.bring(file)
        if file.name == "suppliers":
            staging.find_no_issuer()
    if names & {"tariffs", "tariff_bands"}:
        tariffs.find_broken_bands(names)


def _apply_owned_until_good(
    owned: list[File],
    names: set[str],
    report: Report,
    options: Options,
    progress: Progress,
    record: Import,
) -> None:
    """Applies the accounts' rows; with `accept_valid`, anew without those that fell out,
    until none falls out any more.
    """
    tables = [(f"stage_{file.name}", file.owner) for file in owned]
    if DELETIONS in names:
        tables.append(("stage_deletions", "account"))
    while True:
        staging.drop_fallen(tables)
        fallen = staging.number_of_fallen()
        staging.execute("SAVEPOINT applied")
        counts = _apply_owned(owned, names, progress, record)
        staging.note_fallen()
        if staging.number_of_fallen() == fallen:
            break
        if not options.accept_valid:
            return report.counts.update(counts)
        staging.undo_all_but_problems("applied")
    progress.phase("receipts", "")
    further = receipts.number_versions(record)
    apply.note_accounts({file.name for file in owned}, record.pk)
    changes.have_charges_compared(names, record.pk)
    if "accounts" in names:
        owners.tell_former_holders()
    report.receipts_made = further + counts.get("receipts", Counts()).new
    if not options.check:
        for follow in FOLLOWS:
            follow(record, names)
    report.counts.update(counts)
    some_left = any(
        staging.value_of(f"SELECT EXISTS (SELECT FROM {table})") for table, _owner in tables
    )
    report.in_part = bool(options.accept_valid and fallen and some_left)


def _apply_owned(
    owned: list[File], names: set[str], progress: Progress, record: Import
) -> dict[str, Counts]:
    differing, added = {}, {}
    for file in owned:
        progress.phase("compare", file.name)
        differing[file.name] = apply.compare(file)
        if file.name in apply.NAMED:
            added[file.name] = apply.add(file)
    if DELETIONS in names:
        deletions.find_gone()
    progress.phase("receipts", "")
    rules.find_touched(names)
    receipts.freeze_what_changes(names)
    counts: dict[str, Counts] = {}
    withdrawn = deletions.withdraw() if DELETIONS in names else {}
    for file in owned:
        progress.phase("write", file.name)
        constants = {"made_by_id": record.pk} if file.name == "receipts" else {}
        counts[file.name] = apply.write(
            file, differing[file.name], added.get(file.name, 0), **constants
        )
    for name, taken in withdrawn.items():
        of_file = counts.setdefault(name, Counts())
        of_file.deleted += taken.deleted
        of_file.same += taken.same
    staging.note_fallen()
    progress.phase("rules", "")
    rules.find_written(names)
    meters.widen_charged(names)
    rules.find_broken_balances(names)
    meters.find_unknown_meters(names)
    meters.find_wrong_lines(names)
    meters.find_broken_quantities(names)
    meters.find_broken_readings(names)
    if "meters" in names:
        meters.find_overlapping_meters()
    tariffs.find_uncovered_intervals(names)
    return counts


def _count_rejected(by_name: dict[str, Source], files: list[File], report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT file, count(DISTINCT line) FROM problem GROUP BY file")
        told = dict(cursor.fetchall())
    staged = {file.name for file in files} | ({DELETIONS} & set(by_name))
    for name, source in by_name.items():
        if name == TOTALS and name not in told:
            continue
        counts = report.counts.setdefault(name, Counts())
        counts.rejected = told.get(name, 0)
        if report.in_part and name in staged:
            left = staging.value_of(f"SELECT count(*) FROM stage_{name}")
            counts.rejected = source.rows - left


def _write(sources: list[Source], report: Report, options: Options, record: Import) -> None:
    """Before anything is committed, so that what cannot be told is not done either."""
    written = []
    if options.report:
        rejects.write_report(options.report)
        written.append(options.report)
    for language, path in options.reports.items():
        with override(language):
            rejects.write_report(path)
        written.append(path)
    if options.rejects:
        bad = sources if report.problem_count else []  # to find their bad rows, all is read again
        written += rejects.write_rejects(options.rejects, bad, with_fallen=options.accept_valid)
    record.kept = rejects.kept(written)
