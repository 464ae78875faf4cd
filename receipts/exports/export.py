"""Writes an export: all of it or nothing, with its entry in the audit log."""

import getpass
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from django.db import transaction

from accounts import audit
from billing.exchange.load import full_disks_told
from receipts.exports import changes, folders
from receipts.exports.changes import Moment, Since, Told, shown

VERSION = 1
SUBSCRIPTIONS, PAPER, TOTALS, EXPORT = "subscriptions", "paper", "totals", "export"
COLUMNS: dict[str, tuple[str, ...]] = {
    SUBSCRIPTIONS: Told._fields[:-1],
    PAPER: ("account", "paper"),
    TOTALS: ("file", "rows", "sum"),
    EXPORT: ("version", "since", "until", "made_at"),
}


@dataclass
class Report:
    """What was written: rows by file, from where on, and where the next export goes on."""

    since: Since
    moment: Moment
    rows: dict[str, int] = field(default_factory=lambda: {SUBSCRIPTIONS: 0, PAPER: 0})


def export(path: Path, since: Since) -> Report:
    """Writes what was told since then as a folder or a zip.

    Raises WrongSince for what is still to come, Busy while somebody is in the middle of a change,
    Exists where there is something of that name, NoRoom when a disk is full. The audit entry is
    there before the files are.
    """
    folders.refuse_existing(path)
    report = Report(since, changes.settled())
    changes.refuse_future(since, report.moment)
    with full_disks_told(), folders.in_one_piece(path) as folder, transaction.atomic():
        _write(folder, report)
        folders.seal(folder, path)
        audit.record(
            "data_exported",
            None,
            since=shown(since),
            until=report.moment.last,
            rows=report.rows[SUBSCRIPTIONS],
            run_by=getpass.getuser(),
        )
    return report


def _write(folder: Path, report: Report) -> None:
    _write_told(folder, report)
    with folders.table(folder, TOTALS, COLUMNS[TOTALS]) as totals:
        totals.writerows([name, count, ""] for name, count in report.rows.items())
    with folders.table(folder, EXPORT, COLUMNS[EXPORT]) as about:
        about.writerow([VERSION, *map(shown, (report.since, *report.moment))])


def _write_told(folder: Path, report: Report) -> None:
    """In one go, so that both files are of the same moment and nothing is kept in memory."""
    with (
        folders.table(folder, SUBSCRIPTIONS, COLUMNS[SUBSCRIPTIONS]) as subscriptions,
        folders.table(folder, PAPER, COLUMNS[PAPER]) as papers,
        closing(changes.told(report.since)) as told,
    ):
        for account, rows in groupby(told, attrgetter("account")):
            for row in rows:
                subscriptions.writerow(map(shown, row[:-1]))
                report.rows[SUBSCRIPTIONS] += 1
            papers.writerow([account, shown(not row.without_paper)])
            report.rows[PAPER] += 1
