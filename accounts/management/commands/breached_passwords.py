"""`python manage.py breached_passwords DOWNLOAD LIST`: a longer list than the one built in."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.breached import write

SHORTEST = len("0" * 40 + ":1\n")


def digests(download: Path, seen: int) -> Iterator[bytes]:
    """The hashes of passwords that leaked at least so many times."""
    with download.open("rb") as lines:
        for number, line in enumerate(tqdm(lines, unit=" passwords", disable=None), 1):
            digest, _, count = line.partition(b":")
            try:
                if len(digest) != 40:
                    raise ValueError
                if int(count) >= seen:
                    yield bytes.fromhex(digest.decode("ascii"))
            except ValueError as error:
                raise CommandError(
                    f"Line {number} is not a SHA-1 hash, a colon, a count."
                ) from error


class Command(BaseCommand):
    help = (
        "Makes a list of breached passwords from a download of Pwned Passwords (one file of "
        "SHA-1 hashes, ordered by hash); BREACHED_PASSWORDS then names the list."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("download", type=Path)
        parser.add_argument("list", type=Path)
        parser.add_argument(
            "--seen", type=int, default=1, help="leave out what leaked fewer times than this"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The old list stays when the download turns out to be none."""
        download, path, seen = options["download"], options["list"], options["seen"]
        try:
            count = write(path, digests(download, seen), download.stat().st_size // SHORTEST)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} passwords in {path}")
