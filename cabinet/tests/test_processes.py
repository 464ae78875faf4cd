"""The worker of `make run` is there for as long as the rest is, and no longer."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from cabinet import mail, processes, serve
from cabinet.processes import LOG_LIMIT, Restarted
from cabinet.tests.post_office import until

WORKER = [sys.executable, "manage.py", "worker"]
# It starts a worker, tells its number, and waits.
PROGRAM = """
import sys
from pathlib import Path
from cabinet.processes import Restarted
print(Restarted([sys.executable, "manage.py", "worker"], Path(sys.argv[1])).process.pid, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log" / "worker.log"


@pytest.fixture
def restarted(log, monkeypatch):
    monkeypatch.setattr(processes, "BREATH", 0.5)
    restarted = Restarted(WORKER, log)
    yield restarted
    restarted.stop()


def listens(pid: int) -> bool:
    """Whether it has come so far that it stops when asked to."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(re.search(r"^SigCgt:\t(\w+)$", status, re.MULTILINE)[1], 16)
    return bool(caught & 1 << (signal.SIGTERM - 1))


def ended(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()  # nobody has asked yet how it ended
    except OSError:
        return True


def test_it_ends_cleanly(restarted, log):
    until(lambda: listens(restarted.process.pid))
    restarted.stop()
    assert restarted.process.returncode == 0
    assert log.stat().st_mode & 0o777 == 0o600


def test_it_is_started_again_but_not_without_end(restarted):
    first = restarted.process
    restarted.keep()
    assert restarted.process is first
    first.kill()
    first.wait()
    restarted.keep()
    assert restarted.process is first  # it has only just begun
    time.sleep(0.5)
    restarted.keep()
    assert restarted.process is not first
    assert restarted.process.poll() is None


def test_it_does_not_outlive_us(log):
    us = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, log],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with us:
        worker = int(us.stdout.readline())
        until(lambda: listens(worker))
        us.kill()
    until(lambda: ended(worker))


def test_a_long_log_begins_anew(log):
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT + 1)
    os.chmod(log, 0o600)
    Restarted([sys.executable, "-c", "print('anew')"], log).process.wait()
    assert log.read_text() == "anew\n"
    assert log.with_name("worker.log.1").stat().st_size == LOG_LIMIT + 1


@pytest.mark.parametrize(
    ("backend", "demo", "told"),
    [
        (mail.BACKEND, True, "http://x/demo/mail/   (the letters that it would send)"),
        (mail.BACKEND, False, "Letters are kept in var/mail."),
        (
            "django.core.mail.backends.smtp.EmailBackend",
            True,
            "Letters go to post.example.kz.",
        ),
    ],
)
def test_where_letters_are_is_told(backend, demo, told, settings):
    settings.EMAIL_BACKEND, settings.DEMO = backend, demo
    settings.EMAIL_HOST = "post.example.kz"
    settings.EMAIL_FILE_PATH = settings.BASE_DIR / "var" / "mail"
    assert serve.where_letters_are("http://x/") == told
