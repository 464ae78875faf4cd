"""A database of a benchmark's own, empty, in which commits reach the disk as in production."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from cabinet.embedded_postgres import Cluster

BASE_DIR = Path(__file__).resolve().parent.parent


@contextmanager
def scratch(name: str) -> Iterator[None]:
    """Django set up on an empty database of that name; the server stops at the end."""
    cluster = Cluster(BASE_DIR / "var", "bench-postgres", durable=True)
    cluster.start()
    try:
        _make(cluster, name)
        os.environ |= {
            "DATABASE_URL": cluster.url(name),
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
        cluster.stop()


def _make(cluster: Cluster, name: str) -> None:
    import psycopg2

    connection = psycopg2.connect(cluster.url("postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
