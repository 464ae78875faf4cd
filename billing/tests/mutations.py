"""Hypothesis mutates the small set: in bytes, cells, rows, columns and files."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND

SMALL = {
    name: [list(sets.COLUMNS[name]), *(list(row.values()) for row in rows)]
    for name, rows in sets.small_set().items()
}
MONTHLY = ("ledger", "charges", "adjustments", "payments", "receipts")
SUMS = {"ledger": "closing", "charges": "amount", "adjustments": "amount"} | {
    "payments": "amount",
    "receipts": "amount_due",
}
TODAY = dt.date.today()
NEXT_YEAR = (TODAY + dt.timedelta(days=365)).isoformat()
AFTER_NEXT_YEAR = (TODAY + dt.timedelta(days=367)).isoformat()

DAYS = (
    *("1950-01-01", "2000-01-01", "2009-12-31", "2010-01-01", "2010-01-02", "2024-02-29"),
    *("2025-07-14", "2025-07-15", "2025-07-16", "2025-12-31", "2026-01-01", "2026-01-24"),
    *("2026-01-25", "2026-01-26", "2026-02-10", "2026-02-24", "2026-02-25", "2026-02-26"),
    *("2026-03-24", "2026-03-25", "2026-03-26", "2026-04-01", NEXT_YEAR),
)
MONTHS = ("2000-01", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
NUMBERS = (
    *("0", "1", "2", "3", "4", "5", "6", "9", "10", "50", "90", "99", "100", "1000", "1200"),
    *("0.01", "0.001", "0.5", "0.16", "1.000", "-1", "-0.01", "-100", "99999", "999999"),
)
ODD = (
    *("1949-12-31", "1999-12-31", AFTER_NEXT_YEAR, "2026-02-29", "2026-02-30", "0000-00-00"),
    *("0001-01-01", "9999-12-31", "2026-2-1", "20260201", "2026-W05-1", "2026-02-01T00:00"),
    *("٢٠٢٦-٠٢-٠١", "01.02.2026", "1999-12", "2099-01", "2026-00", "2026-13", "2026-2"),
    *("-0", "00", "0.0", "0.005", "0.0001", "0.000001", "1.", ".5", "11", "2147483647"),
    *("100000000000000", "99999999999999", "999999999999.99", "-999999999999.99"),
    *("99999999999.999", "9999999999", "10000000000", "2147483648", "32767", "32768", "999999999"),
    *("9223372036854775808", "9" * 30, "9" * 400, "0" * 50 + "1", "0." + "0" * 400, "1" * 5000),
    *("NaN", "nan", "Infinity", "-Infinity", "1e3", "1E400", "1e-400", "0x10", "1_000", "+1"),
    *("1,5", "1 000", "1\u00a0000", "٣", "１２", "²", "½", "−1", "--1", "1-", "TRUE", "t"),
)
TEXTS = (
    *("", " ", "\u00a0", "\u2003", "\u200b", "\ufeff", "\t", "\n", "\r", "\r\n", "\v", "\f"),
    *("\x1c", "\x85", "\u2028", "\x01", "\x7f", "\\", "\\N", "\\.", "\\t", "\\\\N", "a\\", "a\tb"),
    *(
        "a\nb",
        "a\rb",
        "a\r\nb",
        "\na",
        '"',
        '""',
        'a"b',
        "'",
        ",",
        ";",
        "|",
        "a|b",
        "%",
        "%s",
        "{}",
    ),
    *("=1+1", '=HYPERLINK("http://a.example")', "@SUM(A1)", "+1-1", "-1+1", "'; DROP TABLE x; --"),
    *("x" * 20, "x" * 21, "x" * 40, "x" * 41, "x" * 200, "x" * 201, "x" * 301, "x" * 501),
    *("ұ" * 200, "😀" * 200, "😀" * 201, "e\u0301", "\u202e", "ﷺ", "İ", "ß"),
    *(
        "NULL",
        "None",
        "null",
        "true",
        "network",
        "consumer",
        "installed",
        "flat",
        "tiered",
        "TIERED",
    ),
    *("ADE", "EL", "MS", "HAL", "ALM", "ade", "XX", "77", "78", "077", "R-1", "R-4", "P1", "P4"),
    *(
        FIRST,
        SECOND,
        "0000303",
        "101",
        "000",
        "9" * 20,
        "9" * 21,
        "991240000013",
        "KZ639990KZT000000001",
    ),
)
# What is done to a cell as it stands.
EDITS: dict[str, Callable[[str], str]] = {
    "spaces around": lambda cell: f" {cell} ",
    "a no-break space before": lambda cell: f"\u00a0{cell}",
    "a line's end after": lambda cell: f"{cell}\n",
    "a return after": lambda cell: f"{cell}\r",
    "a zero before": lambda cell: f"0{cell}",
    "a zero after": lambda cell: f"{cell}0",
    "zeros after a point": lambda cell: f"{cell}.00",
    "a minus": lambda cell: f"-{cell}",
    "an exponent": lambda cell: f"{cell}e0",
    "Arabic digits": lambda cell: cell.translate({48 + n: 0x660 + n for n in range(10)}),
    "wide digits": lambda cell: cell.translate({48 + n: 0xFF10 + n for n in range(10)}),
    "an apostrophe": lambda cell: f"'{cell}",
    "capitals": str.swapcase,
    "doubled": lambda cell: cell + cell,
    "cut": lambda cell: cell[:-1],
    "backwards": lambda cell: cell[::-1],
}
BYTES = {
    "NUL": b"\0",
    "no UTF-8": b"\xff",
    "half a letter": b"\xd0",
    "a surrogate": b"\xed\xa0\x80",
    "an overlong NUL": b"\xc0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "a mark": b"\xef\xbb\xbf",
    "UTF-16's mark": b"\xff\xfe",
    "a line's end": b"\n",
    "a return": b"\r",
    "both": b"\r\n",
    "an empty line": b"\n\n",
    "a quote": b'"',
    "two quotes": b'""',
    "a comma": b",",
    "a backslash": b"\\",
    "the end of a COPY": b"\n\\.\n",
    "a tab": b"\t",
    "a no-break space": b"\xc2\xa0",
    "a line separator": b"\xe2\x80\xa8",
    "a form feed": b"\f",
    "a digit": b"7",
    "a control": b"\x1a",
}


@dataclass
class Mutated:
    """A set, and what was done to it, which is what Hypothesis shows."""

    tables: dict[str, list[list[str]]]
    steps: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    archive: bytes = b""

    def __repr__(self) -> str:
        return f"<{'; '.join(self.steps)}>"

    def write(self, folder: Path) -> Path:
        """Writes it to the folder, under a name of its own; where it is."""
        path = folder / ("set.zip" if self.archive else "set")
        if self.archive:
            path.write_bytes(self.archive)
        else:
            path.mkdir()
            for name, content in self.files.items():
                (path / name).write_bytes(content)
        return path


Draw = Callable[[st.SearchStrategy], Any]


@st.composite
def mutated(draw: Draw, few: bool) -> Mutated:
    """The small set, or a few of its files, with one to three mutations."""
    found = Mutated(deepcopy(SMALL))
    if few and draw(st.booleans()):
        names = draw(st.lists(st.sampled_from(sorted(SMALL)), min_size=1, max_size=5, unique=True))
        found.tables = {name: found.tables[name] for name in SMALL if name in names}
        found.steps.append(f"only {', '.join(found.tables)}")
    in_bytes = []
    for _number in range(draw(st.integers(1, 3))):
        step = draw(st.sampled_from(STEPS))
        if step in (_bytes, _file, _zip_bytes):
            in_bytes.append(step)  # once all rows are there
        else:
            step(draw, found)
    if draw(st.booleans()):
        _settle(found)
    quoting = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    end = draw(st.sampled_from(("\n", "\r\n")))
    found.files = {
        f"{name}.csv": _encoded(table, quoting, end) for name, table in found.tables.items()
    }
    if quoting or end != "\n":
        found.steps.append(f"quoting {quoting}, end {end!r}")
    for step in in_bytes:
        if step is not _zip_bytes:
            step(draw, found)
    if _zip_bytes in in_bytes or draw(st.sampled_from((False, False, True))):
        packing = draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
        found.archive = _packed(found.files, packing)
        found.steps.append(f"zip of packing {packing}")
    if _zip_bytes in in_bytes:
        _zip_bytes(draw, found)
    return found


def _encoded(table: list[list[str]], quoting: Any, end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(table)
    return text.getvalue().encode()


def _packed(files: dict[str, bytes], packing: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _place(draw: Draw, found: Mutated) -> tuple[str, list[list[str]], int] | None:
    """A row, not the header: its file, the file's table and its place in that; None without any."""
    names = [name for name, table in found.tables.items() if len(table) > 1]
    if not names:
        return None
    name = draw(st.sampled_from(names))
    table = found.tables[name]
    return name, table, draw(st.integers(1, len(table) - 1))


def _odd_cell(draw: Draw, name: str, table: list[list[str]], row: int, place: int) -> str:
    cell = table[row][place] if place < len(table[row]) else ""
    ways = ("edit", "odd", "any", *["likely"] * 4, *["same column"] * 3)
    way = draw(st.sampled_from(ways))
    if way == "edit":
        return EDITS[draw(st.sampled_from(sorted(EDITS)))](cell)
    if way == "odd":
        return draw(st.sampled_from((*TEXTS, *ODD)))
    if way == "likely":
        kind = sets.COLUMNS.get(name, {}).get(table[0][place], "")
        if "date" in kind:
            return draw(st.sampled_from(("", *DAYS)))
        if kind == "month":
            return draw(st.sampled_from(MONTHS))
        if kind.removesuffix("?") in sets.FIGURES:
            return draw(st.sampled_from(("", *NUMBERS)))
    if way != "any":
        same = [r[place] for r in table[1:] if place < len(r)]
        # Values of the same column elsewhere: another account's, service's or month's.
        for other in SMALL.values():
            if table[0][place] in other[0]:
                same += [r[other[0].index(table[0][place])] for r in other[1:]]
        return draw(st.sampled_from(sorted({*same, ""})))
    return draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=8))


def _cell(draw: Draw, found: Mutated) -> None:
    if place := _place(draw, found):
        name, table, row = place
        column = draw(st.integers(0, len(table[0]) - 1))
        value = _odd_cell(draw, name, table, row, column)
        if column < len(table[row]):
            found.steps.append(f"{name} {row} {table[0][column]}: {table[row][column]!r}→{value!r}")
            table[row][column] = value


def _whole_column(draw: Draw, found: Mutated) -> None:
    """The same value in every row that has the first one's."""
    if place := _place(draw, found):
        name, table, row = place
        column = draw(st.integers(0, len(table[0]) - 1))
        if column >= len(table[row]):
            return
        old = table[row][column]
        value = _odd_cell(draw, name, table, row, column)
        every = draw(st.booleans())
        for other, rows in found.tables.items():
            if (every or other == name) and table[0][column] in rows[0]:
                where = rows[0].index(table[0][column])
                for cells in rows[1:]:
                    if where < len(cells) and cells[where] == old:
                        cells[where] = value
        files = "every file" if every else name
        found.steps.append(f"{files}: {table[0][column]} {old!r}→{value!r} in all rows")


def _row(draw: Draw, found: Mutated) -> None:
    if not (place := _place(draw, found)):
        return
    name, table, row = place
    ways = ["drop", "double", "like", "like", "shuffle", "long"]
    way = draw(st.sampled_from([*ways, "swap", "cut"] if table[row] else ways))
    found.steps.append(f"{name} {row} {way}")
    if way == "drop":
        del table[row]
    elif way == "double":
        table.insert(draw(st.integers(1, len(table))), list(table[row]))
    elif way == "like":  # one more row, but for a cell or two
        new = list(table[row])
        for _number in range(draw(st.integers(1, 2))):
            column = draw(st.integers(0, len(table[0]) - 1))
            if column < len(new):
                new[column] = _odd_cell(draw, name, table, row, column)
        table.append(new)
        found.steps[-1] += f" {','.join(new)!r}"
    elif way == "shuffle":
        table[1:] = draw(st.permutations(table[1:]))
    elif way == "swap":
        one, other = (draw(st.integers(0, len(table[row]) - 1)) for _each in range(2))
        table[row][one], table[row][other] = table[row][other], table[row][one]
        found.steps[-1] += f" {one} {other}"
    elif way == "cut":
        table[row] = table[row][: draw(st.integers(0, len(table[row]) - 1))]
    else:
        table[row].append(draw(st.sampled_from(("", "x", FIRST))))


def _column(draw: Draw, found: Mutated) -> None:
    if not found.tables:
        return
    name = draw(st.sampled_from(list(found.tables)))
    table = found.tables[name]
    place = draw(st.integers(0, len(table[0]) - 1))
    way = draw(st.sampled_from(("drop", "double", "error", "unknown", "name", "order", "order")))
    found.steps.append(f"{name}: column {table[0][place]} {way}")
    if way == "order":
        order = draw(st.permutations(range(len(table[0]))))
        table[:] = [[r[n] for n in order if n < len(r)] for r in table]
        return
    extra = draw(st.sampled_from(TEXTS))
    title = "error" if way == "error" else draw(st.sampled_from(TEXTS))
    for number, cells in enumerate(table):
        if way == "drop":
            del cells[place : place + 1]
        elif way == "double":
            cells.append(cells[place] if place < len(cells) else "")
        elif way in ("error", "unknown"):
            cells.insert(place, extra if number else title)
    if way == "name":
        table[0][place] = draw(
            st.sampled_from((table[0][place].upper(), f" {table[0][place]}", ""))
        )


def _totals(draw: Draw, found: Mutated) -> None:
    """A control total: most often a right one, of the files as they are now."""
    name = draw(st.sampled_from((*SMALL, "deletions", "totals", "", "ledger.csv", " ledger")))
    rows = found.tables.get(name, [[]])
    total = ""
    if name in SUMS and draw(st.booleans()):
        place = rows[0].index(SUMS[name]) if SUMS[name] in rows[0] else 0
        total = _total(cells[place] for cells in rows[1:] if place < len(cells))
    count = str(len(rows) - 1)
    if draw(st.sampled_from((False, False, True))):
        count = draw(st.sampled_from((*NUMBERS, *ODD)))
    if draw(st.sampled_from((False, False, True))):
        total = draw(st.sampled_from((*NUMBERS, *ODD, "")))
    table = found.tables.setdefault("totals", [list(sets.TOTALS)])
    table.append([name, count, total][: len(table[0])])
    found.steps.append(f"totals {table[-1]}")


def _total(cells: Any) -> str:
    try:
        return f"{sum(round(float(cell) * 100) for cell in cells) / 100:.2f}"
    except (ValueError, OverflowError):
        return ""


def _key(name: str, header: list[str], cells: list[str]) -> str:
    by_column = dict(zip(header, cells, strict=False))
    return "|".join(by_column.get(column, "") for column in sets.KEYS[name])


def _deletion(draw: Draw, found: Mutated) -> None:
    """A row withdrawn: a real one, and then most often not there any more, or an odd one."""
    name = draw(st.sampled_from(sorted(sets.KEYS)))
    row = draw(st.sampled_from(SMALL[name][1:]))
    key = _key(name, SMALL[name][0], row)
    if name in found.tables and draw(st.sampled_from((True, True, False))):
        found.tables[name] = [cells for cells in found.tables[name] if cells != row]
        found.steps.append("its row is gone")
    if draw(st.sampled_from((False, False, True))):
        parts = key.split("|")
        place = draw(st.integers(0, len(parts) - 1))
        parts[place] = draw(st.sampled_from((*TEXTS, *ODD)))
        key = "|".join(parts)
    if draw(st.sampled_from((False,) * 5 + (True,))):
        name = draw(
            st.sampled_from(("accounts", "banks", "totals", "deletions", "", "LEDGER", " terms"))
        )
    _delete(found, name, key)


def _delete(found: Mutated, name: str, key: str) -> None:
    table = found.tables.setdefault("deletions", [["file", "key"]])
    table.append([name, key][: len(table[0])])
    found.steps.append(f"deletions {name} {key!r}")


def _withdrawal(draw: Draw, found: Mutated) -> None:
    """All of an account's month withdrawn, or of one of its services, or all of a meter."""
    account = draw(st.sampled_from((FIRST, SECOND)))
    what = draw(st.sampled_from(("2026-02", "2026-03", "2026-04", "77")))
    service = draw(st.sampled_from(("EL", "MS", None)))
    for name in draw(st.permutations(list(sets.KEYS))):
        header = SMALL[name][0]
        for cells in SMALL[name][1:]:
            row = dict(zip(header, cells, strict=True))
            if row["account"] != account or what not in (row.get("month"), row.get("serial")):
                continue
            if service and row.get("service", service) != service:
                continue
            _delete(found, name, _key(name, header, cells))
            if name in found.tables:
                found.tables[name] = [other for other in found.tables[name] if other != cells]


def _settle(found: Mutated) -> None:
    """Makes balances and dues follow from the lines, so that the set may be good once more."""
    tables: dict[str, list[dict[str, str]]] = {}
    for name in MONTHLY:
        header, *rows = found.tables.get(name, [[]])
        if set(header) != set(sets.COLUMNS[name]) or any(len(r) != len(header) for r in rows):
            return
        tables[name] = [dict(zip(header, row, strict=True)) for row in rows]
    try:
        _settle_rows(tables)
    except ArithmeticError:
        return
    for name in ("ledger", "receipts"):
        header = found.tables[name][0]
        found.tables[name][1:] = [[row[column] for column in header] for row in tables[name]]
    found.steps.append("settled")


def _settle_rows(tables: dict[str, list[dict[str, str]]]) -> None:
    def total(file: str, column: str, *key: str) -> Decimal:
        own = [
            row for row in tables[file] if (row["account"], row.get("service"), row["month"]) == key
        ]
        return sum((Decimal(row[column]) for row in own), Decimal(0))

    closings: dict[tuple[str, str], str] = {}
    dues: dict[tuple[str, str], Decimal] = {}
    for row in sorted(tables["ledger"], key=lambda row: row["month"]):
        key = (row["account"], row["service"], row["month"])
        row["opening"] = closings.get(key[:2], row["opening"])
        figures = [total(file, "amount", *key) for file in ("charges", "adjustments", "payments")]
        row["accrued"], row["adjusted"], row["paid"] = map(str, figures)
        closing = Decimal(row["opening"]) + figures[0] + figures[1] - figures[2]
        row["closing"] = closings[key[:2]] = str(closing)
        due = (row["account"], row["month"])
        dues[due] = dues.get(due, Decimal(0)) + closing
    for row in tables["receipts"]:
        row["amount_due"] = str(dues.get((row["account"], row["month"]), 0))


def _file(draw: Draw, found: Mutated) -> None:
    ways = ("drop", "drop", "name", "empty", "header", "mark", "swap", "again", "cut")
    way = draw(st.sampled_from(ways))
    if not found.files:
        return
    name = draw(st.sampled_from(sorted(found.files)))
    content = found.files.pop(name)
    other = name
    if way == "drop":
        found.steps.append(f"no {name}")
        return
    if way == "name":
        odd = ("ledgers.csv", "ledger.txt", "Ledger.csv", ".ledger.csv", "ledger.csv.csv", ".csv")
        other = draw(
            st.sampled_from((*odd, "csv", "ledger", "ledger.csv ", "лицевые.csv", "x" * 200))
        )
    elif way in ("swap", "again"):
        other = draw(st.sampled_from([f"{file}.csv" for file in (*SMALL, "totals", "deletions")]))
        if way == "again":
            found.files[name] = content
        elif other in found.files:
            found.files[name] = found.files[other]
    elif way == "empty":
        content = draw(st.sampled_from((b"", b"\n", b"\r\n\r\n", b" ", b'"', b"\xef\xbb\xbf")))
    elif way == "header":
        content = content.splitlines(keepends=True)[0] if content else b""
        content = content.rstrip() if draw(st.booleans()) else content
    elif way == "mark":
        content = b"\xef\xbb\xbf" + content
    else:
        content = content[: draw(st.integers(0, len(content)))]
    found.files[other] = content
    found.steps.append(f"{name} {way} {other}: {content[:40]!r} … {len(content)} bytes")


def _bytes(draw: Draw, found: Mutated) -> None:
    if found.files:
        name = draw(st.sampled_from(sorted(found.files)))
        found.files[name] = _with_odd_bytes(draw, found, name, found.files[name])


def _zip_bytes(draw: Draw, found: Mutated) -> None:
    found.archive = _with_odd_bytes(draw, found, "zip", found.archive) or b"PK"


def _with_odd_bytes(draw: Draw, found: Mutated, name: str, content: bytes) -> bytes:
    way = draw(st.sampled_from(("flip", "insert", "insert", "insert", "delete", "put")))
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if draw(st.sampled_from((False, False, True))):  # at a cell's edge
        edges = [n for n, byte in enumerate(content) if byte in b",\n"]
        if edges:
            place = draw(st.sampled_from(edges)) + draw(st.integers(0, 1))
    before, after = content[:place], content[place:]
    if way == "flip":
        bit = 1 << draw(st.integers(0, 7))
        content = before + bytes([after[0] ^ bit]) + after[1:] if after else before
        found.steps.append(f"{name} byte {place} ^ {bit}")
    elif way == "delete":
        count = draw(st.integers(1, 5))
        content = before + after[count:]
        found.steps.append(f"{name} without bytes {place} + {count}")
    else:
        what = draw(st.sampled_from(sorted(BYTES)))
        content = before + BYTES[what] + after[len(BYTES[what]) if way == "put" else 0 :]
        found.steps.append(f"{name} {way} {what} at {place}")
    return content


STEPS = (
    *[_cell] * 7,
    *[_whole_column] * 3,
    *[_row] * 5,
    *[_deletion] * 3,
    *[_bytes] * 3,
    _withdrawal,
    _column,
    _file,
    _totals,
    _zip_bytes,
)
