"""Before Django's settings are read: a database for the tests, and settings as in production."""

import atexit
import fcntl
import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.http import HttpRequest
from django.test import Client
from hypothesis import settings as hypothesis_settings
from whitenoise.base import WhiteNoise

from cabinet import catalogues
from cabinet.embedded_postgres import Cluster
from cabinet.serve import collect_static

BASE_DIR = Path(__file__).resolve().parent


def database_url() -> str:
    """That of the environment, else of the checkout's test cluster.

    Runs at the same time share the cluster, each with databases of its own; the last one
    stops it.
    """
    if given := os.environ.get("DATABASE_URL"):
        return given
    cluster = Cluster.for_tests(BASE_DIR)
    cluster.var.mkdir(exist_ok=True)
    users = open(cluster.var / f"{cluster.name}.users", "a")  # noqa: SIM115 - held to the end
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:
        alone = False
    fcntl.flock(users, fcntl.LOCK_SH)
    cluster.start()

    def leave() -> None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        cluster.leave_memory()

    atexit.register(leave)
    return cluster.url("cabinet" if alone else f"cabinet_{os.getpid()}")


if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit what the controller has set
    os.environ |= {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": "for-tests-only-" + "0123456789abcdef" * 4,
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "DEBUG": "0",
        "DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "cabinet.settings",
        # Whoever tidies up knows of no file that another database has.
        "ATTACHMENTS_FOLDER": str(BASE_DIR / "var" / "attachments-of-tests"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(BASE_DIR / "var" / "hypothesis"),
    }
    catalogues.compile_all()
# Here rather than by pytest-django, which would be too early for the above and, after the
# conftest.py of the apps, too late for their imports of models.
django.setup()
# The threads of a live server let go of the test database with each request.
connections.settings["default"]["CONN_MAX_AGE"] = 0
hypothesis_settings.register_profile("cabinet", deadline=None)  # a busy machine is no fault
hypothesis_settings.load_profile("cabinet")


from django.contrib.auth import (  # noqa: E402
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402

from accounts.middleware import SEEN, SINCE  # noqa: E402
from accounts.tests.factories import hashed  # noqa: E402
from cabinet import memory  # noqa: E402
from cabinet.tests import people  # noqa: E402 - its models need what stands above

if "PYTEST_XDIST_WORKER" not in os.environ:
    collect_static()

# Tests at the same time wait for no turns of each other.
settings.DOCUMENTS_FOLDER = BASE_DIR / "var" / f"turns-of-tests-{os.getpid()}"

# Threads of a test stand for processes, which do not wait for one another.
settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "one_at_a_time" not in each]

# A hash costs a sixth of a second on purpose: in tests next to nothing, but by `full_hashing`.
_COST = {name: getattr(Argon2PasswordHasher, name) for name in ("time_cost", "memory_cost")}
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64

# Every client has a chain of middleware of its own, in which WhiteNoise would read its folder anew.
_files: dict[tuple[str, str], dict[str, Any]] = {}
_read_files = WhiteNoise.update_files_dictionary


def read_files_once(whitenoise: WhiteNoise, root: str, prefix: str) -> None:
    if (root, prefix) not in _files:
        _read_files(whitenoise, root, prefix)
        _files[root, prefix] = dict(whitenoise.files)
    whitenoise.files |= _files[root, prefix]


WhiteNoise.update_files_dictionary = read_files_once


class HttpsClient(Client):
    """As people come: in production plain http is only ever redirected."""

    def _login(self, user: Any, backend: str | None = None) -> None:
        """As by the form, but in one statement: in a new session, which is noted as seen."""
        request, now = HttpRequest(), time.time()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore()
        request.session.update(
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: backend or user.backend,
                HASH_SESSION_KEY: user.get_session_auth_hash(),
                SINCE: now,
                SEEN: now,
            }
        )
        if user.is_staff:  # with a second step
            request.session.update(people.second_step_of(user))
        request.session.save()
        self._set_login_cookies(request)

    def generic(self, *args: Any, secure: bool = True, **kwargs: Any) -> Any:
        return super().generic(*args, secure=True, **kwargs)


def pytest_xdist_auto_num_workers() -> int:
    """More than processors, since many tests wait: for a browser, a dead worker, a mail server."""
    return (os.cpu_count() or 1) * 3 // 2 or 1


@pytest.fixture(autouse=True)
def nothing_remembered(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """What a test left in the process's memory and in the cache is not there for the next one.

    The cache is a table, so that a test's transaction takes back what was put there.
    """
    memory.forget()
    yield
    marker = request.node.get_closest_marker("django_db")
    lasting = "transactional_db" in request.fixturenames or "live_server" in request.fixturenames
    if lasting or (marker and marker.kwargs.get("transaction")):
        with django_db_blocker.unblock():
            cache.clear()


@pytest.fixture
def home(db: None, monkeypatch: pytest.MonkeyPatch) -> people.Home:
    """A household and its account, on a day that stands still."""
    people.at(people.TODAY, monkeypatch)
    return people.household()


@pytest.fixture
def client() -> HttpsClient:
    return HttpsClient()


@pytest.fixture
def full_hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are hashed at the price they have in production."""
    for name, value in _COST.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)
    hashed.cache_clear()
    yield
    hashed.cache_clear()
