"""Passwords are hashed beside pages: who waits lets others pass, and not too many wait."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import hashing
from accounts.hashing import WAITING, Argon2Aside
from accounts.tests.factories import PASSWORD
from accounts.tests.test_login import aigul, sign_in, signed_in  # noqa: F401
from accounts.tests.test_register import hashes  # noqa: F401
from cabinet import threads
from cabinet.tests.pages import Page
from cabinet.tests.post_office import until


@pytest.fixture
def slow(monkeypatch):
    """A hash that lasts until it is let go."""
    begun, go = threading.Event(), threading.Event()

    def hasher(work, *arguments):
        begun.set()
        assert go.wait(10)
        return b"$hash"

    monkeypatch.setattr(hashing, "hasher", hasher)
    yield begun, go
    go.set()


@pytest.fixture
def hasher():
    """The process that hashes."""
    hasher = hashing.Hasher()
    yield hasher
    hasher.stop()


@pytest.fixture
def crowd(monkeypatch):
    """As many wait for a hash as may."""
    monkeypatch.setattr(hashing, "_waiting", {object() for _place in range(WAITING)})


def request():
    return RequestFactory().get("/")


def test_one_request_at_a_time():
    """A second one waits until the first has been answered."""
    inside, go = threading.Event(), threading.Event()
    seen = []

    def view(about):
        seen.append(about.path)
        inside.set()
        assert go.wait(10)
        return HttpResponse()

    handle = threads.one_at_a_time(view)
    both = [threading.Thread(target=handle, args=(request(),)) for _each in range(2)]
    for each in both:
        each.start()
    assert inside.wait(10)
    both[1].join(0.1)
    assert len(seen) == 1
    go.set()
    for each in both:
        each.join(10)
    assert len(seen) == 2


def at_request(work):
    """What it gives in a web process."""
    told = []
    threads.one_at_a_time(lambda about: told.append(work()))(request())
    return told[0]


def test_others_pass_while_one_waits_for_a_hash(slow):
    begun, go = slow
    told = []
    first = threading.Thread(
        target=lambda: told.append(at_request(lambda: Argon2Aside().encode("a", "salt")))
    )
    first.start()
    assert begun.wait(10)
    assert at_request(lambda: "page") == "page"  # would stand still for ever
    assert not told
    go.set()
    first.join(10)
    assert told == ["argon2$hash"]


def test_a_fault_lets_others_pass_too(monkeypatch):
    monkeypatch.setattr(hashing, "hasher", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        at_request(lambda: Argon2Aside().encode("a", "salt"))
    assert at_request(lambda: "page") == "page"


def test_it_is_django_s_own_hash():
    """In a web process and elsewhere."""
    ours, django_s = Argon2Aside(), Argon2PasswordHasher()
    encoded = at_request(lambda: ours.encode(PASSWORD, "salt-for-tests-only"))
    assert encoded == django_s.encode(PASSWORD, "salt-for-tests-only")
    assert encoded == ours.encode(PASSWORD, "salt-for-tests-only")
    for hasher in (ours, django_s):
        for typed, right in ((PASSWORD, True), (PASSWORD + "x", False)):
            assert at_request(lambda: hasher.verify(typed, encoded)) is right  # noqa: B023
            assert hasher.verify(typed, encoded) is right
    hashing.hasher.stop()


def test_the_process_works_when_nobody_else_does(hasher):
    assert hasher(os.sched_getscheduler, 0) == os.SCHED_IDLE
    assert hasher(os.getpid) not in (0, os.getpid())


def test_one_that_was_killed_is_started_anew(hasher):
    first = hasher(os.getpid)
    os.kill(first, signal.SIGKILL)
    second = hasher(os.getpid)
    assert second != first
    assert hasher(os.getpid) == second


def test_what_it_raises_is_raised(hasher):
    with pytest.raises(ValueError, match="x"):
        hasher(int, "x")
    assert hasher(int, "1") == 1


def test_it_ends_with_whom_it_works_for():
    program = (
        "import os; from accounts.hashing import hasher;"
        " print(hasher(os.getpid), flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "cabinet.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    gone = Path("/proc", done.stdout.strip())
    until(lambda: not gone.exists() or "zombie" in (gone / "status").read_text())


@pytest.mark.parametrize("path", ["/login/", "/register/"])
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_when_too_many_wait(path, language, client, aigul, crowd, hashes):  # noqa: F811
    """It says so at once and counts no try; looking at the form is as ever."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for _try in range(6):
        response = client.post(path, {"login": "aigul", "password": PASSWORD})
        assert (response.status_code, response["Retry-After"]) == (503, "5")
    words = {"kk": "бірнеше секундтан кейін", "ru": "через несколько секунд"}
    assert words[language] in Page(response).find("main").text_content()
    assert hashes == []
    assert client.get(path).status_code == 200
    hashing._waiting.clear()
    sign_in(client, "aigul")
    assert signed_in(client) == "aigul"


def test_fewer_may_wait_than_there_are_threads():
    assert WAITING < threads.MANY
