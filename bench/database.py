"""Databases of the benchmarks' own, in which commits reach the disk as in production.

One server keeps them all, set as docs/running.md advises for a machine of 8 GB. Django speaks
to one at a time: that which `use` names.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from cabinet.embedded_postgres import Cluster

BASE_DIR = Path(__file__).resolve().parent.parent
SCRATCH = "bench"  # empty at the beginning of each run
SETTINGS = {
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}

_cluster = Cluster(BASE_DIR / "var", "bench-postgres", durable=True, settings=SETTINGS)


@contextmanager
def server() -> Iterator[None]:
    """Django set up on an empty database; the server stops at the end."""
    _cluster.start()
    try:
        _drop(SCRATCH)
        _make(SCRATCH)
        os.environ |= {
            "DATABASE_URL": _cluster.url(SCRATCH),
            "SECRET_KEY": "for-measuring-only-" + "0" * 40,
            "ALLOWED_HOSTS": "testserver",
            "BEHIND_TLS_PROXY": "1",
            "DEBUG": "0",
            "DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "cabinet.settings",
        }
        django.setup()
        from django.core.management import call_command

        from cabinet.serve import collect_static

        for command in ("catalogues", "migrate"):
            call_command(command, verbosity=0)
        collect_static()
        yield
    finally:
        _cluster.stop()


def use(name: str) -> None:
    """What Django, and any process started from now on, speaks to."""
    from django.db import connection

    from cabinet import memory

    connection.close()
    connection.settings_dict["NAME"] = name
    os.environ["DATABASE_URL"] = _cluster.url(name)
    memory.forget()


def kept(name: str, fill: Callable[[], None]) -> None:
    """Uses the database of that name, which `fill` fills once and later runs find as it was left.

    One that was not filled to the end is made anew.
    """
    from django.core.management import call_command
    from django.db import connection

    if not _ask(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", name
    ):
        _drop(name)
        _make(name)
        use(name)
        call_command("migrate", verbosity=0)
        fill()
        with connection.cursor() as cursor:
            cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS 'filled'")
    use(name)


def forget(name: str) -> None:
    """Drops the database."""
    use(SCRATCH)
    _drop(name)


def _drop(name: str) -> None:
    _ask(f'DROP DATABASE IF EXISTS "{name}"')


def _make(name: str) -> None:
    _ask(f'CREATE DATABASE "{name}"')


def _ask(sql: str, *values: str) -> str | None:
    """The first value of the first row, asked outside of any transaction."""
    import psycopg2

    connection = psycopg2.connect(_cluster.url("postgres"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
    finally:
        connection.close()
