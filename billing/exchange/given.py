"""The values of bad cells as the files write them: rules know them as typed columns alone."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from django.db import connection

from billing.exchange.reader import Misshapen, Records
from billing.exchange.sources import Source
from billing.exchange.staging import execute, spooled


def write_values_as_given(sources: Iterable[Source]) -> None:
    """Gives each problem the cell of its file, word for word."""
    execute("CREATE TEMP TABLE given (file text, line integer, col text, value text)")
    with spooled("given") as enter:
        for source in sources:
            for line, column, cell in _cells(source):
                enter(source.name, line, column, cell)
    execute(
        """UPDATE problem p SET value = g.value FROM given g
        WHERE p.file = g.file AND p.line = g.line AND p.col = g.col"""
    )
    execute("DROP TABLE given")


def _cells(source: Source) -> Iterator[tuple[int, str, str]]:
    """The file's bad cells: line, column and what stands there."""
    told = groupby(_places(source.name), itemgetter(0))
    wanted = next(told, None)
    if not wanted:
        return
    records = Records(source)
    for line, record in records:
        while wanted and wanted[0] < line:
            wanted = next(told, None)
        if not wanted:
            return
        if wanted[0] == line and not isinstance(record, Misshapen):
            for _line, column in wanted[1]:
                yield line, column, record[records.header.index(column)]


def _places(name: str) -> Iterator[tuple[int, str]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT line, col FROM problem WHERE file = %s AND col <> '' ORDER BY line",
            [name],
        )
        yield from cursor
