"""What a page shows of an account, as a file: CSV, XLSX or JSON."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import xlsxwriter
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from xlsxwriter.utility import xl_range

from cabinet import days, figures, months
from cabinet.jinja import yes_no

# A spreadsheet takes a cell that begins so for a formula (OWASP ASVS 1.2.10).
FORMULA = tuple("=+-@\t\r\n\0")
# A day for all files, so that the same data are the same bytes.
CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
NUMBERS = {"sum": "#,##0.00", "prices": "#,##0.00", "day": "dd.mm.yyyy", "month": "mm.yyyy"}
LONGEST_TITLE, WIDEST = 31, 60

Value = str | Decimal | tuple[Decimal, ...] | dt.date | bool | None
Holds = Literal["text", "sum", "prices", "day", "moment", "month", "yes_no"]


class Column(NamedTuple):
    """Its name for machines, its head in the reader's language, and what it holds."""

    key: str
    head: str
    holds: Holds = "text"


@dataclass(frozen=True)
class Table:
    """Rows, mostly an account's from the first day or month to the last.

    `first` and `last` are as `from` and `to` write them.
    """

    title: str
    account: str
    first: str
    last: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]

    @property
    def name(self) -> str:
        """`Төлемдер 000007919 2025-11-01 – 2026-10-31`"""
        return f"{self.title} {self.account} {self.first} – {self.last}"


def as_file(table: Table, kind: str) -> HttpResponse:
    """The file, to be saved; `kind` is one of KINDS."""
    content_type, make = KINDS[kind]
    disposition = content_disposition_header(True, f"{table.name}.{kind}")
    return HttpResponse(
        make(table),
        content_type=content_type,
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-cache"},
    )


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value


def _sum(value: Decimal) -> str:
    return f"{value:f}"


PLAIN: dict[Holds, Callable[[Any], str]] = {
    "text": _text,
    "sum": _sum,
    "prices": lambda prices: " / ".join(map(_sum, prices)),
    "day": dt.date.isoformat,
    "moment": days.moment,
    "month": months.code,
    "yes_no": yes_no,
}
MACHINE: dict[Holds, Callable[[Any], Any]] = {
    **PLAIN,
    "text": str,
    "prices": lambda prices: [*map(_sum, prices)],
    "moment": dt.datetime.isoformat,
    "yes_no": bool,
}


def _cells(table: Table, row: Sequence[Value]) -> list[str]:
    return [
        "" if value is None else PLAIN[column.holds](value)
        for column, value in zip(table.columns, row, strict=True)
    ]


def csv_of(table: Table) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it; decimals with a point."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_text(column.head) for column in table.columns)
    writer.writerows(_cells(table, row) for row in table.rows)
    return file.getvalue().encode("utf-8-sig")


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The rows for machines: values by the columns' keys."""
    return [
        {
            column.key: None if value is None else MACHINE[column.holds](value)
            for column, value in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]


def _json(table: Table) -> bytes:
    content = {
        "account": table.account,
        "from": table.first,
        "to": table.last,
        "rows": rows_of(table),
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _xlsx(table: Table) -> bytes:
    """One sheet; numbers and days are such, text is never a formula or a link."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet(table.title[:LONGEST_TITLE])
        sheet.freeze_panes(1, 0)
        every = xl_range(0, 0, len(table.rows), len(table.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": every})
        for place, width in enumerate(_widths(table)):
            sheet.set_column(place, place, width)
        bold = {side: book.add_format({"bold": True, "align": side}) for side in ("left", "right")}
        for place, column in enumerate(table.columns):
            side = "right" if column.holds in NUMBERS else "left"
            sheet.write_string(0, place, column.head, bold[side])
        formats = {
            holds: book.add_format({"num_format": form, "align": "right"})
            for holds, form in NUMBERS.items()
        }
        for line, row in enumerate(table.rows, start=1):
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                _write(sheet, (line, place), column.holds, value, formats.get(column.holds))
    return content.getvalue()


def _widths(table: Table) -> list[int]:
    """In letters of each column's longest cell, with room for what parts thousands."""
    lines = [[column.head for column in table.columns]]
    lines += [_cells(table, row) for row in table.rows]
    return [min(max(map(len, cells)) + 4, WIDEST) for cells in zip(*lines, strict=True)]


def _write(sheet: Any, cell: tuple[int, int], holds: Holds, value: Any, form: Any) -> None:
    if value is None or value == ():
        return
    if holds == "prices":  # one is a number, several are a text as on the page
        several = " / ".join(map(figures.money, value))
        holds, value = ("sum", value[0]) if len(value) == 1 else ("text", several)
    if holds == "sum":
        sheet.write_number(*cell, value, form)
    elif holds in ("day", "month"):
        sheet.write_datetime(*cell, value, form)
    else:
        sheet.write_string(*cell, PLAIN[holds](value) if holds != "text" else value, form)


KINDS: dict[str, tuple[str, Callable[[Table], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "json": ("application/json", _json),
}
