"""Workers in processes of their own, and what befalls them."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from cabinet.models import Letter
from cabinet.tests.post_office import PostOffice

LEASE = 1  # seconds, of the workers here


class Apart(subprocess.Popen):
    """A worker on the test's database and mail server; of options given twice the last counts."""

    def __init__(self, office, *arguments):
        name = connection.settings_dict["NAME"]
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        unhurried = {"MAIL_PER_SECOND": "0", "MAIL_PER_SECOND_AND_DOMAIN": "0"}
        super().__init__(
            [sys.executable, "manage.py", "worker", f"--lease={LEASE}", "--pause=0.2", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, **unhurried, "DATABASE_URL": url, "EMAIL_URL": office.url},
        )

    def ends(self):
        """Its exit code, once it has ended by itself."""
        return self.wait(20)


@contextmanager
def an_office():
    """A mail server, open until the end unless it is closed before."""
    office = PostOffice().open()
    try:
        yield office
    finally:
        if office.is_open:
            office.close()


@contextmanager
def workers_of(office):
    """Starts `manage.py worker` in a process of its own; all of them are dead at the end."""
    started = []

    def start(*arguments):
        started.append(Apart(office, *arguments))
        return started[-1]

    try:
        yield start
    finally:
        for each in started:
            each.kill()
            each.wait()


def all_done():
    return not Letter.objects.filter(state="waiting").exists()


def counts():
    states = list(Letter.objects.values_list("state", flat=True))
    return {state: states.count(state) for state in set(states)}


def cut_off(seconds):
    """Ends every other connection to the test's database, and lets none in for so long."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 1")
        try:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0]
            time.sleep(seconds)
        finally:
            cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
