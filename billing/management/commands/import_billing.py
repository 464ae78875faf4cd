"""Loads a set of the exchange: `manage.py import_billing PATH`."""

import getpass
import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from django.utils.translation import gettext as _
from tqdm import tqdm

from billing.exchange.load import Busy, Progress, Report, load
from billing.exchange.problems import NotASet
from cabinet import figures

SHOWN = 1000


class Command(BaseCommand):
    help = "Loads a set of billing's CSV files: all of it, or nothing when any row is bad."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder that holds the files")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="the language of the report",
        )

    def handle(self, *args: Any, path: Path, language: str, **options: Any) -> None:
        """Exits 0 when loaded, 1 when rows are bad, 2 for no set, 4 while another one runs."""
        with translation.override(language):
            try:
                report = self.load(path)
            except NotASet as error:
                self.stderr.write(str(error))
                sys.exit(2)
            except Busy:
                self.stderr.write(_("Another import is running."))
                sys.exit(4)
            self.tell(report)
        if not report.loaded:
            sys.exit(1)

    def load(self, path: Path) -> Report:
        """Loads with a bar of the bytes read, where someone is watching."""
        with tqdm(unit="B", unit_scale=True, disable=None, leave=False, file=sys.stderr) as bar:
            progress = Progress(
                phase=lambda name: bar.set_postfix_str(name),
                reading=lambda total: bar.reset(total),
                on_bytes=bar.update,
            )
            return load(path, by=getpass.getuser(), progress=progress, limit=SHOWN)

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
        self.stdout.write(
            _("Loaded.") if report.loaded else _("Refused because of rows: nothing was changed.")
        )

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
