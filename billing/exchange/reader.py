"""Reads a set's files row by row: memory stays flat whatever their size."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.exchange.layout import BY_NAME, Column, File
from billing.exchange.problems import NotASet

TOTALS = "totals"


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be taken, as the reader finds it; `owner` is the row's account."""

    line: int
    column: str
    value: str
    rule: str
    sentence: str
    detail: str
    owner: str


@dataclass
class Source:
    """A file of a set on disk: what it is, how large, and what was read from it."""

    path: Path
    name: str
    size: int
    sha256: str = ""
    rows: int = 0
    on_bytes: Callable[[int], object] = field(default=lambda count: None, repr=False)


class _Watched(io.RawIOBase):
    """A file that hashes and counts what is read from it, and refuses NUL bytes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.file = source.path.open("rb")
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        count = self.file.readinto(buffer)
        chunk = bytes(buffer[:count])
        if b"\0" in chunk:
            raise NotASet(
                _("%(file)s: there is a NUL byte in it.") % {"file": self.source.path.name}
            )
        self.hash.update(chunk)
        if not count:
            self.source.sha256 = self.hash.hexdigest()
        self.source.on_bytes(count)
        return count

    def close(self) -> None:
        self.file.close()
        super().close()


def hash_unread(sources: list[Source]) -> None:
    """The hashes of files that were not read to their end."""
    for source in sources:
        if not source.sha256:
            with source.path.open("rb") as file:
                source.sha256 = hashlib.file_digest(file, "sha256").hexdigest()


def find(folder: Path) -> list[Source]:
    """The files of the set; NotASet for anything that is not a folder of known files."""
    if not folder.is_dir():
        raise NotASet(_("There is no folder %(path)s.") % {"path": folder})
    sources = []
    for path in sorted(folder.iterdir()):
        name = path.name.removesuffix(".csv")
        if path.suffix != ".csv" or not (name in BY_NAME or name == TOTALS) or not path.is_file():
            raise NotASet(_("%(file)s is not a file of the exchange.") % {"file": path.name})
        sources.append(Source(path, name, path.stat().st_size))
    if not sources:
        raise NotASet(_("There are no files in %(path)s.") % {"path": folder})
    return sources


class Misshapen(NamedTuple):
    """A record that is no CSV, or has another number of cells than the header."""

    cells: list[str] | None
    wanted: int

    def fault(self) -> tuple[str, str, str, str, str]:
        """Column, value, rule, sentence and detail."""
        if self.cells is None:
            return "", "", "F", "csv", ""
        return "", str(len(self.cells)), "F", "cells", str(self.wanted)


def records(
    source: Source, columns: tuple[str, ...]
) -> Iterator[tuple[int, list[str] | Misshapen]]:
    """Each record of the file: its first physical line and its cells in the order given.

    NotASet when the file is not UTF-8 or its header is not the one wanted.
    """
    name = source.path.name
    with io.TextIOWrapper(
        io.BufferedReader(_Watched(source), 1 << 18), encoding="utf-8-sig", newline=""
    ) as stream:
        try:
            yield from _records(csv.reader(stream, strict=True), source, columns)
        except UnicodeDecodeError as error:
            raise NotASet(_("%(file)s is not UTF-8.") % {"file": name}) from error


def _records(
    reader: Iterator[list[str]], source: Source, columns: tuple[str, ...]
) -> Iterator[tuple[int, list[str] | Misshapen]]:
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error:
        header = []
    places = _places(source.path.name, header, columns)
    width = len(header)
    while True:
        line = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            source.rows += 1
            yield line, Misshapen(None, width)
            continue
        if not cells:
            continue
        source.rows += 1
        if len(cells) == width:
            yield line, [cells[place] for place in places]
        else:
            yield line, Misshapen(cells, width)


def _places(name: str, header: list[str], columns: tuple[str, ...]) -> tuple[int, ...]:
    for cell in header:
        if header.count(cell) > 1:
            raise NotASet(
                _("%(file)s: the column “%(column)s” is there twice.")
                % {"file": name, "column": cell}
            )
        if cell not in columns and cell != "error":
            raise NotASet(
                _("%(file)s: the column “%(column)s” is unknown.") % {"file": name, "column": cell}
            )
    for column in columns:
        if column not in header:
            raise NotASet(
                _("%(file)s: the column “%(column)s” is missing.")
                % {"file": name, "column": column}
            )
    return tuple(header.index(column) for column in columns)


class Rows:
    """The rows of a file as PostgreSQL's COPY takes them; what cannot be taken is set aside."""

    def __init__(self, source: Source, file: File, on_fault: Callable[[Fault], object]) -> None:
        self.source = source
        self.file = file
        self.on_fault = on_fault
        names = tuple(column.name for column in file.columns)
        self.records = records(source, names)
        self.owner = names.index(file.owner) if file.owner else None
        self.lines = self._lines()
        self.refusal: NotASet | None = None

    def read(self, size: int = -1) -> str:
        """Up to about `size` characters of COPY's text format; empty at the end."""
        parts, length = [], 0
        try:
            for line in self.lines:
                parts.append(line)
                length += len(line)
                if 0 <= size <= length:
                    break
        except NotASet as error:
            self.refusal = error
            raise
        return "".join(parts)

    def _lines(self) -> Iterator[str]:
        takers = tuple(enumerate(self.file.columns))
        for line, cells in self.records:
            if isinstance(cells, Misshapen):
                self.on_fault(Fault(line, *cells.fault(), owner=""))
                continue
            owner = cells[self.owner].strip() if self.owner is not None else ""
            out = [str(line)]
            faults = 0
            for place, column in takers:
                taken = _take(column, cells[place])
                if isinstance(taken, str):
                    out.append(taken)
                else:
                    faults += 1
                    self.on_fault(Fault(line, column.name, cells[place], *taken, owner))
            if not faults:
                yield "\t".join(out) + "\n"


def escaped(text: str) -> str:
    """The text as COPY's text format writes it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _take(column: Column, cell: str) -> str | tuple[str, str, str]:
    """The cell for COPY, or (rule, sentence, detail) of what is wrong with it."""
    kind = column.kind
    if kind.trimmed:
        cell = cell.strip()
    if not cell:
        return ("F", "empty", "") if column.required else "\\N"
    if not kind.pattern.fullmatch(cell):
        return ("F", kind.sentence, kind.detail)
    if kind.check and (wrong := kind.check(cell)):
        return wrong
    return (escaped(cell) if kind.trimmed else cell) + kind.suffix
