"""Reads a set's files into what PostgreSQL's COPY takes: memory stays flat whatever their size.

A piece of a file whose every row has its plain form is handed on as it stands. Any other
piece is read cell by cell, by which every fault is found in its place. What is plain is
good, so both ways give the same rows.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.exchange.cells import Wrong
from billing.exchange.layout import Column, File
from billing.exchange.problems import NotASet
from billing.exchange.sources import LONGEST_LINE, Source, whole_lines

csv.field_size_limit(LONGEST_LINE)  # what is too long for its column is told as such
BYTE_ORDER_MARK = "\ufeff"


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


class Misshapen(NamedTuple):
    """A record that is no CSV, or has another number of cells than the header."""

    cells: list[str] | None
    wanted: int
    text: str = ""  # of the line on which it stopped being CSV

    def fault(self) -> tuple[str, str, str, str, str]:
        """Column, value, rule, sentence and detail."""
        if self.cells is None:
            return "", "", "F", "csv", ""
        return "", str(len(self.cells)), "F", "cells", str(self.wanted)


class Text:
    """A file's text in pieces of whole lines, of which the lines not yet taken are known."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._pieces = whole_lines(source)
        self._lines: list[str] = []
        self._taken = 0
        self.piece = self.last = ""
        self.first_line = 1
        self._next_piece()
        self.piece = self.piece.removeprefix(BYTE_ORDER_MARK)

    @property
    def line(self) -> int:
        """The physical number of the next line."""
        return self.first_line + self._taken

    @property
    def is_fresh(self) -> bool:
        """Whether no line of the piece was taken."""
        return not self._taken

    def __iter__(self) -> "Text":
        return self

    def __next__(self) -> str:
        if not self._lines:
            self._lines = list(io.StringIO(self.piece, newline=""))
        if self._taken == len(self._lines):
            raise StopIteration
        self.last = line = self._lines[self._taken]
        self._taken += 1
        if self._taken == len(self._lines):
            self.first_line += self._taken
            self._next_piece()
        return line

    def drop_piece(self, lines: int) -> None:
        """Leaves a piece of so many lines behind."""
        self.first_line += lines
        self._next_piece()

    def forget_taken(self) -> None:
        """Makes a fresh piece of what is left of it."""
        self.piece = "".join(self._lines[self._taken :]) if self._lines else self.piece
        self.first_line += self._taken
        self._lines, self._taken = [], 0

    def _next_piece(self) -> None:
        self._lines, self._taken = [], 0
        try:
            self.piece = next(self._pieces, b"").decode()
        except UnicodeDecodeError as error:
            raise NotASet(_("%(file)s is not UTF-8.") % {"file": self.source.file_name}) from error


class Records:
    """A file's header and its records, each with its first physical line."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = Text(source)
        self._reader = csv.reader(self.text, strict=True)
        try:
            self.header = [cell.strip() for cell in next(self._reader, [])]
        except csv.Error:
            self.header = []

    def __iter__(self) -> Iterator[tuple[int, list[str] | Misshapen]]:
        while record := self.next():
            yield record

    def next(self) -> tuple[int, list[str] | Misshapen] | None:
        """The next record that is not an empty line; None at the end."""
        width = len(self.header)
        while True:
            line = self.text.line
            try:
                cells = next(self._reader)
            except StopIteration:
                return None
            except csv.Error:
                return line, Misshapen(None, width, self.text.last.rstrip("\r\n"))
            if cells:
                return line, cells if len(cells) == width else Misshapen(cells, width)

    def places(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        """Where each column stands; NotASet unless the header has these columns alone."""
        name = self.source.file_name
        for cell in self.header:
            if self.header.count(cell) > 1:
                raise NotASet(
                    _("%(file)s: the column “%(column)s” is there twice.")
                    % {"file": name, "column": cell}
                )
            if cell not in columns and cell != "error":
                raise NotASet(
                    _("%(file)s: the column “%(column)s” is unknown.")
                    % {"file": name, "column": cell}
                )
        for column in columns:
            if column not in self.header:
                raise NotASet(
                    _("%(file)s: the column “%(column)s” is missing.")
                    % {"file": name, "column": column}
                )
        return tuple(self.header.index(column) for column in columns)


class Rows:
    """The rows of a file as COPY takes them, run by run; what cannot be taken is set aside.

    `next_run()` says how the run that follows is to be copied; `read()` gives it.
    """

    def __init__(self, source: Source, file: File, on_fault: Callable[[Fault], object]) -> None:
        self.source = source
        self.file = file
        self.on_fault = on_fault
        self.refusal: NotASet | None = None
        self.records = Records(source)
        self.text = self.records.text
        names = tuple(column.name for column in file.columns)
        self.places = self.records.places(names)
        self.owner = names.index(file.owner) if file.owner else None
        self.plain = plain_form(file, tuple(self.records.header))
        self.text.forget_taken()
        self.run_is_plain = False
        self._plain_piece: tuple[int, str | None] = (0, None)

    def next_run(self) -> str | None:
        """`plain` (CSV, from line `text.line` on), `read` (text with line numbers), or None."""
        if not self.text.piece:
            return None
        self.run_is_plain = self._plain() is not None
        return "plain" if self.run_is_plain else "read"

    def read(self, size: int = -1) -> bytes:
        """The run's next part; empty at its end."""
        try:
            return self._plain_part() if self.run_is_plain else self._read_part()
        except NotASet as error:
            self.refusal = error
            raise

    def _plain(self) -> str | None:
        """The piece with plain ends of lines, if all of its rows have their plain form."""
        if self.plain is None or not self.text.is_fresh:
            return None
        if self._plain_piece[0] != self.text.first_line:
            text = self.text.piece.replace("\r\n", "\n")
            found = text if self.plain.fullmatch(text) else None
            self._plain_piece = (self.text.first_line, found)
        return self._plain_piece[1]

    def _plain_part(self) -> bytes:
        piece = self._plain()
        if not piece:
            return b""
        lines = piece.count("\n") + (not piece.endswith("\n"))
        self.source.rows += lines
        self.text.drop_piece(lines)
        return piece.encode()

    def _read_part(self) -> bytes:
        parts: list[str] = []
        while not parts and self.text.piece and self._plain() is None:
            piece_begins = self.text.first_line
            while self.text.piece and self.text.first_line == piece_begins:
                if record := self.records.next():
                    self.source.rows += 1
                    if row := self._row(*record):
                        parts.append(row)
        return "".join(parts).encode()

    def _row(self, line: int, cells: list[str] | Misshapen) -> str:
        if isinstance(cells, Misshapen):
            self.on_fault(Fault(line, *cells.fault(), owner=self._owner_of(cells.cells or [])))
            return ""
        owner = cells[self.places[self.owner]].strip() if self.owner is not None else ""
        out = [str(line)]
        faults = 0
        for place, column in zip(self.places, self.file.columns, strict=True):
            taken = take(column, cells[place])
            if isinstance(taken, tuple):
                faults += 1
                self.on_fault(Fault(line, column.name, cells[place], *taken, owner))
            else:
                out.append("\\N" if taken is None else escaped(taken))
        return "" if faults else "\t".join(out) + "\n"

    def _owner_of(self, cells: list[str]) -> str:
        """The account of a record with too few or too many cells, where one stands in its place."""
        if self.owner is None or self.places[self.owner] >= len(cells):
            return ""
        owner = cells[self.places[self.owner]].strip()
        return owner if self.file.columns[self.owner].kind.pattern.fullmatch(owner) else ""


def plain_form(file: File, header: tuple[str, ...]) -> re.Pattern[str] | None:
    """Matches rows all of whose cells have their plain form; None where a column has none."""
    by_name = {column.name: column for column in file.columns}
    forms = []
    for name in header:
        column = by_name.get(name)
        if column is None or column.kind.plain is None:
            return None
        forms.append(column.kind.plain() if column.required else f"(?:{column.kind.plain()})?")
    row = ",".join(forms)
    return re.compile(rf"(?:{row}\n)*+(?:{row})?")


def escaped(text: str) -> str:
    """The text as COPY's text format writes it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def take(column: Column, cell: str) -> str | Wrong | None:
    """The cell as it is stored, None for an empty one, or what is wrong with it."""
    kind = column.kind
    if kind.trimmed:
        cell = cell.strip()
    if not cell:
        return ("F", "empty", "") if column.required else None
    if not kind.pattern.fullmatch(cell):
        return ("F", kind.sentence, kind.detail)
    if kind.check and (wrong := kind.check(cell)):
        return wrong
    return cell
