"""The processes of `make run`: each in a session of its own, with a log, gone when we are."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent
LOG_LIMIT = 10_000_000  # bytes; beyond it the next start begins a new one
GRACE = 5  # seconds for what is under way when it stops
BREATH = 5  # seconds at least from one start of a process to the next
PR_SET_PDEATHSIG = 1


def begin_log(path: Path) -> None:
    """Goes on with the log, or begins a new one when it has grown long."""
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(f"{path}.1")


def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """A process in a session of its own, since Ctrl-C is for us alone; it dies when we do."""
    libc = ctypes.CDLL(None)
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,  # its log tells of people
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        **options,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE + 5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Restarted:
    """A process that is started again when it has ended, though not without end at once."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.command, self.log = command, log
        begin_log(log)
        self._start()

    def _start(self) -> None:
        log = os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            self.process = start(self.command, stdout=log, stderr=log)
        finally:
            os.close(log)
        self.not_before = time.monotonic() + BREATH

    def keep(self) -> None:
        if self.process.poll() is not None and time.monotonic() >= self.not_before:
            self._start()

    def stop(self) -> None:
        stop(self.process)
