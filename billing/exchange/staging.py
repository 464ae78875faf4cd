"""A set's rows in temporary tables, and what is wrong with them, before anything is applied.

Every table here goes with the transaction: dropped at its end, or never there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db import connection
from psycopg2 import DatabaseError

from billing.exchange.layout import File
from billing.exchange.reader import Fault, Rows, Source, escaped

COPY_CHUNK = 1 << 18
SPOOL_BYTES = 1 << 20


def execute(sql: str, *values: Any) -> int:
    """Runs one statement; the number of rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.rowcount


def row_of(sql: str, *values: Any) -> Any:
    """The first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchone()


def value_of(sql: str, *values: Any) -> Any:
    """The first value of the first row."""
    return row_of(sql, *values)[0]


def prepare() -> None:
    """Empty tables for the problems found and for the accounts that fall out because of them."""
    execute(
        "CREATE TEMP TABLE problem (file text, line integer, col text, value text, rule text,"
        " sentence text, detail text, owner text)"
    )
    execute("CREATE TEMP TABLE fallen (owner text PRIMARY KEY)")


def discard() -> None:
    """Drops all of the import's temporary tables."""
    execute(
        """DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT oid::regclass::text FROM pg_class
                    WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
        LOOP EXECUTE 'DROP TABLE ' || name; END LOOP; END $$"""
    )


def stage(source: Source, file: File) -> None:
    """Copies the file into `stage_<file>`: its line numbers and typed columns."""
    columns = ", ".join(f'"{column.name}" {column.kind.sql}' for column in file.columns)
    # The names come from the layout, never from a set.
    execute(f"CREATE TEMP TABLE stage_{file.name} (row_line integer, {columns})")
    with _spool(file) as on_fault, connection.cursor() as cursor:
        rows = Rows(source, file, on_fault)
        try:
            cursor.copy_expert(f"COPY stage_{file.name} FROM STDIN", rows, COPY_CHUNK)
        except DatabaseError:
            if rows.refusal:  # COPY itself knows only that reading failed
                raise rows.refusal from None
            raise
    execute(f"ANALYZE stage_{file.name}")


@contextmanager
def _spool(file: File) -> Iterator[Any]:
    """Takes faults while a COPY is under way, and enters them when it is done."""
    with SpooledTemporaryFile(SPOOL_BYTES, "w+", encoding="utf-8", newline="\n") as spool:
        yield lambda fault: spool.write(_as_copy(file, fault))
        spool.seek(0)
        copy_problems(spool)


def copy_problems(stream: IO[str]) -> None:
    """Enters problems given in COPY's text format."""
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY problem FROM STDIN", stream, COPY_CHUNK)


def _as_copy(file: File, fault: Fault) -> str:
    cells = (
        file.name,
        str(fault.line),
        fault.column,
        fault.value,
        fault.rule,
        fault.sentence,
        fault.detail,
        fault.owner,
    )
    return "\t".join(map(escaped, cells)) + "\n"


def find_duplicates(file: File) -> None:
    """R9: a key stands once in a file. The later rows are the bad ones."""
    keys = ", ".join(f'"{name}"' for name in file.key)
    owner = f'"{file.owner}"' if file.owner else "''"
    last = file.key[-1]
    execute(
        f"""INSERT INTO problem
        SELECT '{file.name}', row_line, '{last}', {file.given(last)}, 'R9',
               'duplicate', first::text, {owner}
        FROM (SELECT *, min(row_line) OVER (PARTITION BY {keys}) AS first
              FROM stage_{file.name}) s
        WHERE row_line > first"""
    )


def find_second_issuer() -> None:
    """R9: one issuer, over the set and what is loaded."""
    execute(
        """INSERT INTO problem
        SELECT 'suppliers', s.row_line, 'issuer', '1', 'R9', 'issuer', NULL, ''
        FROM stage_suppliers s WHERE s.issuer AND (
            EXISTS (SELECT FROM stage_suppliers o WHERE o.issuer AND o.row_line < s.row_line)
            OR EXISTS (SELECT FROM billing_supplier t WHERE t.issuer AND t.code <> s.code
                       AND t.code NOT IN (SELECT code FROM stage_suppliers)))"""
    )


def find_broken_conditions(file: File) -> None:
    """What a row must satisfy by itself."""
    owner = f's."{file.owner}"' if file.owner else "''"
    for condition in file.conditions:
        execute(
            f"""INSERT INTO problem
            SELECT '{file.name}', s.row_line, '{condition.column}', {file.given(condition.column)},
                   '{condition.rule}', '{condition.sentence}', ({condition.detail})::text, {owner}
            FROM stage_{file.name} s WHERE ({condition.holds}) IS FALSE"""
        )


def shared_rows_are_good(names: list[str]) -> bool:
    """Whether no row of the files that all accounts share is bad, nor any row without account."""
    return not value_of(
        "SELECT EXISTS (SELECT FROM problem WHERE file = ANY(%s) OR coalesce(owner, '') = '')",
        names,
    )


def drop_fallen(files: list[File]) -> None:
    """Takes the rows of accounts with any bad row out of all files."""
    added = execute(
        "INSERT INTO fallen SELECT DISTINCT owner FROM problem WHERE owner <> ''"
        " ON CONFLICT DO NOTHING"
    )
    if not added:
        return
    for file in files:
        execute(
            f'DELETE FROM stage_{file.name} s USING fallen WHERE fallen.owner = s."{file.owner}"'
        )
