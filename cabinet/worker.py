"""What `manage.py worker` does: letters in one thread, tasks in the other, until it is stopped.

Tasks are those of django-tasks, whose own worker neither takes up what a killed one left nor
lives through a restart of the database: here a lease tells who is at work on what. A task may
thus run twice, and has to bear it.
"""

import datetime as dt
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import cached_property
from types import FrameType
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from cabinet import mailings
from cabinet.attempts import pause
from cabinet.leases import LEASE, kept
from cabinet.models import TaskLease
from cabinet.outbox import FIRST_PAUSE, NoServer, Sender

logger = logging.getLogger(__name__)

# What the apps want looked after about once a minute, by each worker; they add to it when ready.
DUTIES: list[Callable[[], object]] = []

SIGNALS = (signal.SIGTERM, signal.SIGINT)
IDLE = 0.5  # seconds until it looks again when nothing is due
GLANCE = 0.1  # seconds after which a sleeper sees that it is to stop
HOUSEKEEPING = 60  # seconds
MOST_TRIES = 5  # of a task whose worker dies each time
SHORTEST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=1), dt.timedelta(minutes=5)  # for the server


class Abandoned(Exception):
    """Every worker that took the task died of it."""


class Worker:
    """One process; any number of them share the work, on any number of machines."""

    def __init__(self, lease: dt.timedelta = LEASE, first_pause: dt.timedelta = FIRST_PAUSE):
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.lease = lease
        self.sender = Sender(self.name, lease, first_pause, lambda: self.stopping)
        self.stopping = self.failed = False
        self.failures = 0  # of the mail server, one after another
        self.next_look = self.next_tidying = 0.0

    def run(self) -> bool:
        """Until it is stopped; whether it ended well."""
        for number in SIGNALS:
            signal.signal(number, self.stop)
        letters = threading.Thread(target=self._guarded, args=[self.send_letters], daemon=True)
        letters.start()
        self._guarded(self.work)
        letters.join()
        return not self.failed

    def stop(self, number: int, frame: FrameType | None) -> None:
        """What is in hand is finished; a second signal ends it at once."""
        self.stopping = True
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    def run_until_idle(self) -> None:
        """Until nothing is due; NoServer when letters are, and nobody takes them."""
        while self.sender.send_due() or self.run_task():
            pass

    def _guarded(self, step: Callable[[], float]) -> None:
        """Takes the step again and again, after the seconds that it says; waits for a database."""
        gone = False
        try:
            while not self.stopping:
                close_old_connections()
                try:
                    wait = step()
                    gone = False
                except Error as error:
                    if not gone:
                        logger.warning("The database is gone: %s", type(error).__name__)
                    gone, wait = True, 1.0
                    connection.close()
                self._sleep(wait)
        except Exception:
            logger.exception("The worker ends.")
            self.failed = self.stopping = True
        finally:
            connection.close()

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < end:
            time.sleep(min(GLANCE, seconds))

    def send_letters(self) -> float:
        try:
            sent = self.sender.send_due()
        except NoServer as error:
            self.failures = 0 if error.sent else self.failures + 1
            logger.warning("The mail server takes no letters: %s", error)
            return pause(SHORTEST_WAIT, self.failures, LONGEST_WAIT).total_seconds()
        self.failures = 0
        return 0 if sent else IDLE

    def work(self) -> float:
        if time.monotonic() >= self.next_tidying:
            self.next_tidying = time.monotonic() + HOUSEKEEPING
            TaskLease.objects.filter(until__lt=Now()).delete()
            forget_expired()
            mailings.settle()
            for duty in DUTIES:
                duty()
        return 0 if self.run_task() else IDLE

    # Tasks

    def run_task(self) -> bool:
        """Runs a task that is due or was abandoned; whether there was one."""
        found = self._claim()
        if not found:
            return False
        ours = TaskLease.objects.filter(task=found.pk, worker=self.name)
        with kept(lambda: ours.update(until=Now() + self.lease), self.lease):
            if len(found.worker_ids) > MOST_TRIES:
                found.set_failed(Abandoned(f"{MOST_TRIES} workers died of it."))
            else:
                self._runner.run_task(found)
        ours.delete()
        return True

    def _claim(self) -> DBTaskResult | None:
        with transaction.atomic():
            found = self._abandoned() or DBTaskResult.objects.ready().get_locked()
            if not found or not self._take_lease(found):
                return None
            found.claim(self.name)
        return found

    def _abandoned(self) -> DBTaskResult | None:
        """One whose worker is dead; to look for them reads all tasks, so it is done seldom."""
        if time.monotonic() < self.next_look:
            return None
        alive = TaskLease.objects.filter(task=OuterRef("pk"), until__gt=Now())
        running = DBTaskResult.objects.running()
        found = running.filter(~Exists(alive.exclude(worker=self.name))).get_locked()
        if not found:
            self.next_look = time.monotonic() + self.lease.total_seconds() / 4
        return found

    def _take_lease(self, task: DBTaskResult) -> bool:
        """False when another worker has just taken it."""
        held: dict[str, Any] = {"task": task.pk, "worker": self.name, "lease": self.lease}
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO cabinet_tasklease AS held (task, worker, until)
                VALUES (%(task)s, %(worker)s, statement_timestamp() + %(lease)s)
                ON CONFLICT (task) DO UPDATE SET worker = excluded.worker, until = excluded.until
                WHERE held.until <= statement_timestamp() OR held.worker = excluded.worker""",
                held,
            )
            return cursor.rowcount == 1

    @cached_property
    def _runner(self) -> db_worker.Worker:
        return db_worker.Worker(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=self.name,
            excluded_queue_names=[],
        )


def forget_expired() -> None:
    """Deletes what the table of the cache holds beyond its time: Django only skips it."""
    cache = caches["default"]
    if isinstance(cache, DatabaseCache):
        table = connection.ops.quote_name(cache._table)  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute(
                f"""DELETE FROM {table} WHERE cache_key IN (
                    SELECT cache_key FROM {table} WHERE expires < statement_timestamp()
                    FOR UPDATE SKIP LOCKED)"""  # noqa: S608 - a name of our settings
            )
