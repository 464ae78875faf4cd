"""Sends a month's receipts to the subscribers who have not got them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cabinet import months
from receipts import deliveries


class Command(BaseCommand):
    help = (
        "Makes the mailing of a month's receipts to all subscribers who have not got the version "
        "in force; workers send it. Imports make theirs by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", required=True, metavar="YYYY-MM", help="of the receipts")
        parser.add_argument("--dry-run", action="store_true", help="only count, change nothing")

    def handle(self, *args: Any, month: str, dry_run: bool, **options: Any) -> None:
        if not months.is_code(month):
            raise CommandError(f"--month is {month!r}: a month is YYYY-MM.", returncode=2)
        mailing, domains = deliveries.deliver(months.parse(month), dry_run=dry_run)
        for domain, count in domains.items():
            self.stdout.write(f"{count:>9}  {domain}")
        total = sum(domains.values())
        if not total:
            self.stdout.write("Nobody is left to send it to.")
        elif mailing is None:
            self.stdout.write(f"{total:>9}  letters would be sent. Nothing was changed.")
        else:
            self.stdout.write(f"{total:>9}  letters wait for the workers (mailing {mailing.pk}).")
