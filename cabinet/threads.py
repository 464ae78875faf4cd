"""A process works at one request at a time; whoever only waits lets others pass.

Web servers keep several threads so that a sign-in, which waits for its password's hash, does not
keep pages waiting. What they do besides that would only contend for the interpreter, and not all
of it is made for several threads at once (papers are not).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.http.response import HttpResponseBase

MANY = 8  # threads of a web server's process, most of which have nothing to do

_at_work = threading.Lock()
_mine = threading.local()


def one_at_a_time(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware before all others."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        with _at_work:
            _mine.held = _mine.serves = True
            try:
                return get_response(request)
            finally:
                _mine.held = _mine.serves = False

    return handle


def at_request() -> bool:
    """Whether this thread is at a request of a web process."""
    return getattr(_mine, "serves", False)


@contextmanager
def aside() -> Iterator[None]:
    """Others may work in the meantime, if they wait for this thread."""
    if not getattr(_mine, "held", False):
        yield
        return
    _mine.held = False
    _at_work.release()
    try:
        yield
    finally:
        _at_work.acquire()
        _mine.held = True
