"""The machine's turns at something that is costly, shared by all its processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

GLANCE = 0.02  # seconds after which whoever waits looks again


class NoTurn(Exception):
    """None became free in time."""


@contextmanager
def turn(name: str, at_once: int, patience: float) -> Iterator[None]:
    """One of so many turns of that name; NoTurn when none becomes free in so many seconds. A
    process that dies gives its turn back.
    """
    folder = Path(settings.DOCUMENTS_FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + patience
    while True:
        for place in range(at_once):
            file = os.open(folder / f"{name}{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            try:
                yield
            finally:
                os.close(file)
            return
        if time.monotonic() >= until:
            raise NoTurn
        time.sleep(GLANCE)
