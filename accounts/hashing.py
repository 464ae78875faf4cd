"""Argon2 beside pages.

A hash takes a tenth of a second or two of the processor, and 100 MB. So a web process has one made
at a time, by another process of the lowest priority, while pages go on. Of strangers a few may wait
for theirs; the others are told to come back in some seconds.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import wraps
from multiprocessing.connection import Connection
from typing import Any

import argon2
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpRequest, HttpResponse

from cabinet import threads
from cabinet.views import later

WAITING = 6  # of the threads of a process (docs/running.md), so that pages always find one

_waiting: set[HttpRequest] = set()


class Hasher:
    """The process that hashes for this one, started when it is first needed."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: Connection | None = None
        self._owner = 0

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What the work, a function of a module or a method of what can be pickled, gives."""
        with self._turn:
            try:
                answer = self._ask(work, arguments)
            except (EOFError, OSError):  # it was killed: once more, with a new one
                self.stop()
                answer = self._ask(work, arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        """Ends it, if it is this process's."""
        if self._asked:
            self._asked.close()
        if self._process and self._owner == os.getpid():
            self._process.wait()
        self._asked = self._process = None

    def _ask(self, work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        asked = self._asked
        if asked is None or self._owner != os.getpid():  # after a fork it is another's
            self.stop()
            asked = self._start()
        asked.send((work, arguments))
        return asked.recv()

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "accounts.hasher", str(theirs.fileno())]
            self._process = subprocess.Popen(  # noqa: S603
                command, cwd=settings.BASE_DIR, pass_fds=(theirs.fileno(),)
            )
        self._asked, self._owner = Connection(ours.detach()), os.getpid()
        return self._asked


hasher = Hasher()


class Argon2Aside(Argon2PasswordHasher):
    """Django's own; of a web process, other requests go on in the meantime."""

    def encode(self, password: str, salt: str) -> str:
        if not threads.at_request():
            return super().encode(password, salt)
        price = self.params()
        made = _aside(
            argon2.low_level.hash_secret,
            *(password.encode(), salt.encode()),
            *(price.time_cost, price.memory_cost, price.parallelism, price.hash_len, price.type),
        )
        return f"{self.algorithm}{made.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        if not threads.at_request():
            return super().verify(password, encoded)
        try:
            return bool(
                _aside(
                    argon2.PasswordHasher().verify,
                    encoded.removeprefix(str(self.algorithm)),
                    password,
                )
            )
        except argon2.exceptions.VerificationError:
            return False


def beside_pages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Forms that cost a hash: pages go on meanwhile. 503 at once when as many are under way as may
    be, before anything is asked.
    """

    @wraps(view)
    def handle(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *arguments, **named)
        if len(_waiting) >= WAITING:
            return _full(request)
        _waiting.add(request)
        try:
            with threads.aside():
                return view(request, *arguments, **named)
        finally:
            _waiting.remove(request)

    return handle


def _full(request: HttpRequest) -> HttpResponse:
    response = later(request, "accounts/full.html")
    # No fault of ours, and there are many of them.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _aside(work: Callable[..., Any], *arguments: Any) -> Any:
    with threads.aside():
        return hasher(work, *arguments)
