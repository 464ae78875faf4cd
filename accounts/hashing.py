"""Argon2 beside pages.

A hash takes a tenth of a second or two of the processor, and 100 MB. So a process makes one at a
time, in a thread of the lowest priority, while pages go on. Of strangers a few may wait for theirs;
the others are told to come back in some seconds.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, wraps
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cabinet import threads

WAITING = 6  # of the threads of a process (docs/running.md), so that pages always find one
LOWEST = 19  # the system's priority
RETRY_AFTER = 5  # seconds

_waiting: set[object] = set()


class Argon2Aside(Argon2PasswordHasher):
    """Django's own; other requests go on in the meantime."""

    def encode(self, password: str, salt: str) -> str:
        return str(_aside(super().encode, password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return bool(_aside(super().verify, password, encoded))


def not_when_full(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Forms that cost a hash: 503 at once when as many wait as may, before anything is asked."""

    @wraps(view)
    def refusing(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if request.method != "POST" or len(_waiting) < WAITING:
            return view(request, *arguments, **named)
        response = render(request, "accounts/full.html", status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        # No fault of ours, and there are many of them.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return refusing


def _aside(work: Callable[..., Any], *arguments: str) -> Any:
    place = object()
    _waiting.add(place)
    try:
        with threads.aside():
            return _hasher(os.getpid()).submit(work, *arguments).result()
    finally:
        _waiting.remove(place)


@cache
def _hasher(process: int) -> ThreadPoolExecutor:
    """The thread that hashes; it does not outlive a fork, so each process has its own."""
    return ThreadPoolExecutor(1, "hash", _give_way)


def _give_way() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST)
