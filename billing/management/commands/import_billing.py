"""Loads a set of the exchange: `manage.py import_billing PATH`."""

import getpass
import os
import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _
from tqdm import tqdm

from billing.exchange.load import PHASES, Busy, NoRoom, Options, Progress, Report, load
from billing.exchange.problems import NotASet
from billing.models.imports import Outcome
from cabinet import figures

SHOWN = 1000
EXIT_CODES = {
    Outcome.LOADED: 0,
    Outcome.CHECKED: 0,
    Outcome.REFUSED: 1,
    Outcome.PARTLY: 3,
}
NOT_A_SET, BUSY, NO_DATABASE = 2, 4, 5


class Command(BaseCommand):
    help = "Loads a set of billing's CSV files: all of it, or nothing when any row is bad."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder or zip that holds the files")
        parser.add_argument("--check", action="store_true", help="do everything but the change")
        parser.add_argument(
            "--accept-valid",
            action="store_true",
            help="leave out accounts with any bad row, and load the rest",
        )
        parser.add_argument(
            "--rejects", type=Path, metavar="DIR", help="write rejected rows there, as CSV"
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE.json", help="write all bad rows there, as JSON"
        )
        parser.add_argument("--wait", action="store_true", help="wait while another import runs")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="the language of the report",
        )

    def handle(self, *args: Any, path: Path, language: str, **options: Any) -> None:
        """Exits 0 when all is good, 1 when rows are bad, 2 for no set or a full disk, 3 when
        loaded in part, 4 while another import runs, 5 when the database is gone.
        """
        wanted = Options(
            check=options["check"],
            accept_valid=options["accept_valid"],
            wait=options["wait"],
            rejects=options["rejects"],
            report=options["report"],
            limit=SHOWN,
        )
        with translation.override(language):
            try:
                report = self.load(path, wanted)
            except (NotASet, NoRoom) as error:
                self.stop(str(error), NOT_A_SET)
            except Busy:
                self.stop(_("Another import is running."), BUSY)
            except OSError as error:
                reason = _("The system refuses a file: %(file)s (%(code)s).")
                self.stop(reason % {"file": error.filename, "code": error.errno}, NOT_A_SET)
            except (OperationalError, InterfaceError):
                self.stop(
                    _(
                        "The database is gone. The data are as before or as after;"
                        " the record of imports tells which."
                    ),
                    NO_DATABASE,
                )
            try:
                self.tell(report)
                self.stdout.flush()
            except OSError:  # nobody reads it; what was done stays as it is
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(3 if report.in_part else EXIT_CODES[report.outcome])

    def stop(self, reason: str, code: int) -> None:
        """Ends with the reason on stderr."""
        self.stderr.write(reason.encode(errors="replace").decode())
        sys.exit(code)

    def load(self, path: Path, options: Options) -> Report:
        """Loads with a bar of the bytes read, where someone is watching."""
        with tqdm(unit="B", unit_scale=True, disable=None, leave=False, file=sys.stderr) as bar:
            progress = Progress(
                phase=lambda phase, file: bar.set_postfix_str(f"{_(PHASES[phase])} {file}"),
                reading=lambda total: bar.reset(total),
                on_bytes=bar.update,
            )
            return load(path, getpass.getuser(), options, progress)

    def tell(self, report: Report) -> None:
        """The bad rows, then the table of counts, then the outcome in a sentence."""
        for problem in report.problems:
            place = f"{problem.file}.csv:{problem.line}"
            cell = f"{problem.column}={problem.value!r}" if problem.column else ""
            self.stdout.write(" ".join(filter(None, [place, problem.rule, cell, problem.message])))
        if report.problem_count > len(report.problems):
            self.stdout.write(
                _("… and %(count)s more.") % {"count": report.problem_count - len(report.problems)}
            )
        self.table(report)
        rows = sum(sum(vars(counts).values()) - counts.deleted for counts in report.counts.values())
        self.stdout.write(
            _("%(rows)s rows in %(seconds)s s, %(rate)s rows a second.")
            % {
                "rows": figures.number(Decimal(rows), 0),
                "seconds": figures.number(Decimal(report.seconds), 1),
                "rate": figures.number(Decimal(rows) / Decimal(max(report.seconds, 0.001)), 0),
            }
        )
        self.stdout.write(outcome_in_words(report))

    def table(self, report: Report) -> None:
        """A line per file: new, changed, same, deleted, rejected."""
        heads = [_("file"), _("new"), _("changed"), _("same"), _("deleted"), _("rejected")]
        rows = [
            [name, *(str(count) for count in vars(counts).values())]
            for name, counts in report.counts.items()
        ]
        widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
        for row in [heads, *rows]:
            name, *figures = (
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self.stdout.write("  ".join([name, *figures]))


def outcome_in_words(report: Report) -> str:
    """What came of the set, in a sentence."""
    if report.refused:
        return _("Refused because of rows: nothing was changed.")
    if report.is_check:
        return (
            _("Only checked: it would be loaded without the rejected accounts.")
            if report.in_part
            else _("Only checked: all is good, nothing was changed.")
        )
    return _("Loaded without the rejected accounts.") if report.in_part else _("Loaded.")
