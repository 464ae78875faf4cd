"""A set of files that stands under its name once it is whole, for its owner alone."""

import csv
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any

PRIVATE = 0o600
UNFINISHED = ".unfinished"
BROKEN_OFF = 24 * 60 * 60  # seconds after which what is unfinished was killed


class Exists(Exception):
    """Something of that name is there already."""


def refuse_existing(path: Path) -> None:
    """Exists where something, be it a link that leads nowhere, has that name."""
    if os.path.lexists(path):
        raise Exists(path)


@contextmanager
def in_one_piece(path: Path) -> Iterator[Path]:
    """A folder beside the path, to write files into and to `seal()`. After that they take the
    path's place at once; what was killed is deleted by whoever comes a day later.
    """
    refuse_existing(path)
    _delete_broken_off(path.parent)
    folder = Path(mkdtemp(prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent))
    try:
        yield folder
        refuse_existing(path)
        _sealed(folder, path).rename(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(folder: Path, path: Path) -> None:
    """The files are on the disk for good, packed where the path is that of a zip."""
    if is_zip(path):
        files = sorted(folder.iterdir())
        with (
            _private(folder / path.name, "wb") as packed,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for file in files:
                archive.write(file, file.name)
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


@contextmanager
def table(folder: Path, name: str, columns: tuple[str, ...]) -> Iterator[Any]:
    """A CSV file's writer, as RFC 4180 has it, its header written."""
    with _private(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        yield writer


def _private(path: Path, mode: str, **options: Any) -> IO[Any]:
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, PRIVATE), **options)


def _sealed(folder: Path, path: Path) -> Path:
    return folder / path.name if is_zip(path) else folder


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _delete_broken_off(parent: Path) -> None:
    for found in parent.glob(f".*{UNFINISHED}"):
        if found.is_dir() and found.lstat().st_mtime < time.time() - BROKEN_OFF:
            shutil.rmtree(found, ignore_errors=True)
