"""Deletes reports and rejects of imports once they are old: they hold personal data."""

import datetime as dt
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing.models import Import

DAYS = 30  # the exchange format's rule for what holds personal data


def delete_if_same(path: Path, sha256: str) -> bool:
    """Deletes the file if it is still the one that was written; whether it did."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True


class Command(BaseCommand):
    help = "Deletes what imports wrote for people to read; the records of imports stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help="how long files are kept")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        """A file that somebody has changed since is left alone: it is theirs."""
        before = timezone.now() - dt.timedelta(days=days)
        deleted = 0
        for record in Import.objects.filter(started_at__lt=before).exclude(kept=[]):
            for file in record.kept:
                deleted += delete_if_same(Path(file["path"]), file["sha256"])
            record.kept = []
            record.save(update_fields=["kept"])
        self.stdout.write(f"{deleted} files deleted")
