"""Keeping what a worker has in hand, for as long as it takes."""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, connection

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)


@contextmanager
def kept(renew: Callable[[], object], lease: dt.timedelta) -> Iterator[None]:
    """Renews a lease now and then, on a connection of its own, until what is inside has ended."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(lease.total_seconds() / 4):
            try:
                renew()
            except Error:
                logger.warning("A lease could not be renewed: it is tried again.")
            finally:
                connection.close()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
