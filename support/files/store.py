"""Where attachments are: a folder that only the server's own user enters, a file for each."""

import datetime as dt
import logging
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from support.models import Attachment

UNFINISHED = ".part"
DAY = dt.timedelta(days=1)

logger = logging.getLogger(__name__)
_next_look = 0.0


def path_of(attachment: Attachment) -> Path:
    """`ab/ab0f….`: no extension by which anybody could take it for a program."""
    return _path(attachment.key)


def _path(key: uuid.UUID) -> Path:
    return Path(settings.ATTACHMENTS_FOLDER) / key.hex[:2] / str(key)


def keep(content: bytes) -> uuid.UUID:
    """Writes a file so that it is there as a whole, and for good, or not at all; its key."""
    key = uuid.uuid4()
    path = _path(key)
    unfinished = path.with_suffix(UNFINISHED)
    try:
        _make_folder(path.parent)
        _write(unfinished, content)
        unfinished.rename(path)
        _sync(path.parent)
    except BaseException:
        for each in (unfinished, path):
            each.unlink(missing_ok=True)
        raise
    return key


def _make_folder(folder: Path) -> None:
    """For the server's own user alone, and so is the one around it."""
    for each in (folder.parent, folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(each.parent)


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Names in it outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def forget(key: uuid.UUID) -> None:
    _path(key).unlink(missing_ok=True)


def remove(attachment: Attachment) -> None:
    """Deletes an attachment; its file once that is certain."""
    key = attachment.key
    with transaction.atomic():
        attachment.delete()
        transaction.on_commit(lambda: forget(key))


def strays(now: dt.datetime) -> int:
    """Deletes files, a day old, that no attachment has; how many there were.

    They are of transactions that came to nothing, of killed processes, and of attachments that
    went with their application or user. What is not named as ours is left alone.
    """
    deleted = 0
    for folder in _folders():
        found = dict(_old_files(folder, (now - DAY).timestamp()))
        keys = Attachment.objects.filter(pk__in=set(found.values())).values_list("pk", flat=True)
        kept = set(keys)
        for path, key in found.items():
            if path.suffix == UNFINISHED or key not in kept:
                path.unlink(missing_ok=True)
                deleted += 1
    return deleted


def _folders() -> Iterable[Path]:
    root = Path(settings.ATTACHMENTS_FOLDER)
    return sorted(root.glob("[0-9a-f][0-9a-f]/"))


def _old_files(folder: Path, before: float) -> Iterator[tuple[Path, uuid.UUID]]:
    for path in folder.iterdir():
        with suppress(ValueError, FileNotFoundError):
            key = uuid.UUID(path.stem)
            is_ours = path in (_path(key), _path(key).with_suffix(UNFINISHED))
            if is_ours and path.lstat().st_mtime < before:
                yield path, key


def tidy() -> None:
    """A duty of the worker: deletes strays, not oftener than once a day by each worker."""
    global _next_look
    if time.monotonic() >= _next_look:
        _next_look = time.monotonic() + DAY.total_seconds()
        try:
            strays(timezone.now())
        except OSError as error:  # no reason for the worker to end
            logger.error("Stray attachments cannot be deleted: %s", error)
