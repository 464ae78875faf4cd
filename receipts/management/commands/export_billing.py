"""Writes what residents told us, for billing: `manage.py export_billing --to PATH`."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils import translation

from billing.exchange.load import NoRoom
from receipts.exports import changes
from receipts.exports.changes import Busy, WrongSince
from receipts.exports.export import Report, export
from receipts.exports.folders import Exists

WRONG, BUSY, NO_DATABASE = 2, 4, 5


class Command(BaseCommand):
    help = "Writes what residents told us of their receipts as CSV files for billing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help="what changed from then on: a day, a time with its offset, or `until` of an"
            " earlier export, after which this one goes on; else all there ever was",
        )
        parser.add_argument(
            "--to", type=Path, required=True, metavar="PATH", help="a new folder, or a new .zip"
        )

    def handle(self, *args: Any, since: str | None, to: Path, **options: Any) -> None:
        """Exits 0 when it is written, 2 for wrong usage or a full disk, 4 when residents or an
        import are in the middle of changes for too long, 5 when the database is gone.
        """
        try:
            with translation.override(None):
                report = export(to, since if since is None else changes.parsed(since))
        except (WrongSince, NoRoom) as error:
            self.stop(str(error), WRONG)
        except Exists:
            self.stop(f"{to} is there already.", WRONG)
        except Busy:
            self.stop("Somebody is in the middle of changes for too long. Try again later.", BUSY)
        except OSError as error:
            self.stop(f"The system refuses a file: {error.filename} ({error.errno}).", WRONG)
        except (OperationalError, InterfaceError):
            self.stop("The database is gone. Nothing was written.", NO_DATABASE)
        self.tell(report)

    def stop(self, reason: str, code: int) -> NoReturn:
        """Ends with the reason on stderr."""
        self.stderr.write(reason.encode(errors="replace").decode())
        sys.exit(code)

    def tell(self, report: Report) -> None:
        """A line per file, then where the next export goes on."""
        rows = {"file": "rows", **{name: str(count) for name, count in report.rows.items()}}
        first, second = (max(map(len, column)) for column in (rows, rows.values()))
        for name, count in rows.items():
            self.stdout.write(f"{name.ljust(first)}  {count.rjust(second)}")
        self.stdout.write(f"The next export goes on with --since {report.moment.last}.")
