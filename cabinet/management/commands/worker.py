"""Sends letters and runs tasks."""

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cabinet.leases import LEASE
from cabinet.outbox import FIRST_PAUSE, NoServer
from cabinet.worker import Worker


def seconds(text: str) -> dt.timedelta:
    """A time that is given in seconds."""
    found = dt.timedelta(seconds=float(text))
    if found <= dt.timedelta():
        raise ValueError
    return found


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # so that it is there at once when it starts anew
    help = "Sends letters and runs tasks until SIGTERM or SIGINT; a second signal ends it at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="only until nothing is due")
        parser.add_argument(
            "--lease",
            type=seconds,
            default=LEASE,
            metavar="SECONDS",
            help="after which the work of a dead worker is another's",
        )
        parser.add_argument(
            "--pause",
            type=seconds,
            default=FIRST_PAUSE,
            metavar="SECONDS",
            help="until the second attempt at a letter; doubled before each further one",
        )

    def handle(
        self,
        *args: Any,
        once: bool,
        lease: dt.timedelta,
        pause: dt.timedelta,
        **options: Any,
    ) -> None:
        worker = Worker(lease, pause)
        if not once:
            sys.exit(0 if worker.run() else 1)
        try:
            worker.run_until_idle()
        except NoServer as error:
            raise CommandError(f"The mail server takes no letters: {error}") from error
