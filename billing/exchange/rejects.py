"""What an import writes for the people who mend a set: the report and the rejected rows.

Both hold personal data: files are readable by their owner alone, and `prune_imports`
deletes them after a while.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.db import connection
from django.utils.translation import gettext as _

from billing.exchange.layout import BY_NAME
from billing.exchange.problems import NotASet, Problem, sentence
from billing.exchange.reader import Misshapen, Records
from billing.exchange.sources import DELETIONS, Source

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
BATCH = 5000
_ORDER = "ORDER BY file, line, col, rule"


def problems(limit: int | None = None) -> Iterator[Problem]:
    """The problems found, in the order of files and lines, in the language in force."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT file, line, col, coalesce(value, ''), rule, sentence, coalesce(detail, '')"
            f" FROM problem {_ORDER} LIMIT %s",
            [limit],
        )
        for file, line, column, value, rule, name, detail in cursor:
            text = sentence(name, {"value": value, "detail": detail})
            yield Problem(file, line, column, value, rule, text)


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A file for its owner alone, which stands under its name once it is whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_report(path: Path) -> None:
    """All problems as JSON: `[{file, line, column, value, rule, message}]`."""
    with private_file(path) as file:
        file.write("[")
        for number, problem in enumerate(problems()):
            values = {**vars(problem), "file": f"{problem.file}.csv"}
            file.write(",\n" if number else "\n")
            json.dump(values, file, ensure_ascii=False)
        file.write("\n]\n")


def refuse_devices(path: Path) -> None:
    """NotASet where the report would take the place of anything but a file, or of a name that
    is no text and could not be recorded.
    """
    if not _is_text(path) or (path.exists() and not path.is_file()):
        raise NotASet(_("%(file)s is not a file.") % {"file": path})


def prepare_folder(folder: Path, path: Path, report: Path | None) -> None:
    """Makes the folder for rejects; NotASet when it holds anything but earlier rejects and the
    report.
    """
    if not _is_text(folder):
        raise NotASet(_("%(file)s is not a file.") % {"file": folder})
    if folder.resolve() == path.resolve():
        raise NotASet(_("The rejects would overwrite the set."))
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    for found in folder.iterdir():
        if not _is_rejects(found) and not (report and found == folder / report.name):
            raise NotASet(
                _("%(folder)s holds other files than rejects: %(file)s.")
                % {"folder": folder, "file": found.name}
            )


def _is_text(path: Path) -> bool:
    name = str(path)
    return name.encode(errors="replace").decode() == name


def _is_rejects(path: Path) -> bool:
    known = path.suffix == ".csv" and path.stem in {*BY_NAME, DELETIONS, "totals"}
    if not known or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline(BATCH).startswith(b"error,")


def write_rejects(folder: Path, sources: list[Source], *, with_fallen: bool) -> list[Path]:
    """The bad rows as files of the exchange, the reason in a first column `error`.

    With `with_fallen`, all rows of the accounts that fell out, good ones too. The files
    that were written.
    """
    for earlier in folder.glob("*.csv"):
        earlier.unlink()
    return [path for source in sources if (path := _write_rejects(folder, source, with_fallen))]


def _write_rejects(folder: Path, source: Source, with_fallen: bool) -> Path | None:
    path = folder / source.file_name
    rows = _rejected(source, with_fallen)
    first = next(rows, None)
    if first is None:
        return None
    with private_file(path) as file:
        writer = csv.writer(file)
        writer.writerow(["error", *(name for name in Records(source).header if name != "error")])
        writer.writerow(first)
        writer.writerows(rows)
    return path


def _rejected(source: Source, with_fallen: bool) -> Iterator[list[str]]:
    """The rows that are rejected, each with its reasons before it."""
    records = Records(source)
    error = records.header.index("error") if "error" in records.header else None
    owner = _owner_place(source.name, records.header)
    told = _told(source.name)
    line, reasons = next(told, (0, ""))
    numbered = iter(records)
    while batch := list(islice(numbered, BATCH)):
        fallen = _fallen({_owner(cells, owner) for _line, cells in batch}) if with_fallen else set()
        for number, record in batch:
            while line and line < number:
                line, reasons = next(told, (0, ""))
            if number != line and _owner(record, owner) not in fallen:
                continue
            if isinstance(record, Misshapen):
                cells = list(record.cells or [record.text])
            else:
                cells = list(record)
            if error is not None and error < len(cells):
                cells.pop(error)
            yield [reasons if number == line else "", *cells]


def _told(name: str) -> Iterator[tuple[int, str]]:
    """The file's bad lines in order, each with all that is wrong with it."""
    line = 0
    reasons: list[str] = []
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT line, col, coalesce(value, ''), rule, sentence, coalesce(detail, '')"
            f" FROM problem WHERE file = %s {_ORDER}",
            [name],
        )
        for number, column, value, rule, key, detail in cursor:
            if number != line:
                if reasons:
                    yield line, "; ".join(reasons)
                line, reasons = number, []
            text = sentence(key, {"value": value, "detail": detail})
            reasons.append(" ".join(filter(None, [rule, column, text])))
    if reasons:
        yield line, "; ".join(reasons)


def _owner_place(name: str, header: list[str]) -> int | None:
    column = "key" if name == DELETIONS else BY_NAME[name].owner if name in BY_NAME else ""
    return header.index(column) if column in header else None


def _owner(record: list[str] | Misshapen, place: int | None) -> str:
    if place is None or isinstance(record, Misshapen):
        return ""
    return record[place].split("|", 1)[0].strip()


def _fallen(owners: set[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT owner FROM fallen WHERE owner = ANY(%s)", [list(owners)])
        return {owner for (owner,) in cursor}


def kept(paths: list[Path]) -> list[dict[str, Any]]:
    """What is recorded of written files, so that they can be found and told apart later."""
    found = []
    for path in paths:
        with path.open("rb") as file:
            found.append(
                {
                    "path": str(path.resolve()),
                    "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
                }
            )
    return found
