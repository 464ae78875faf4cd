"""A set's rows in temporary tables, and what is wrong with them, before anything is applied.

Every table here goes with the transaction: dropped at its end, or never there.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db import DataError, connection, transaction
from psycopg2 import DatabaseError

from billing.exchange.layout import File
from billing.exchange.reader import Rows, escaped
from billing.exchange.sources import Source

COPY_CHUNK = 1 << 18
SPOOL_BYTES = 1 << 20
PROBLEM = ("file", "line", "col", "value", "rule", "sentence", "detail", "owner")
_PROBLEM_TYPES = ("text", "integer", "text", "text", "text", "text", "text", "text")


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
    """Room to work in, and empty tables for problems and for the accounts that fall out."""
    with suppress(DataError), transaction.atomic():  # it can't be changed once they are in use
        execute("SET LOCAL temp_buffers = '64MB'")
    execute("SET LOCAL work_mem = '64MB'")
    execute("SET LOCAL jit = off")
    execute("SET LOCAL default_statistics_target = 30")
    # A loader that was killed lets go of the lock within a second.
    execute("SET LOCAL client_connection_check_interval = '1s'")
    columns = ", ".join(" ".join(pair) for pair in zip(PROBLEM, _PROBLEM_TYPES, strict=True))
    execute(f"CREATE TEMP TABLE problem ({columns})")
    execute("CREATE TEMP TABLE fallen (owner text PRIMARY KEY)")
    execute("CREATE TEMP SEQUENCE stage_line CACHE 1000")


def discard() -> None:
    """Drops all of the import's temporary tables."""
    execute(
        """DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT oid::regclass::text FROM pg_class
                    WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
        LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
        DROP SEQUENCE stage_line; END $$"""
    )


def stage(source: Source, file: File) -> None:
    """Copies the file into `stage_<file>`: its line numbers and typed columns."""
    columns = ", ".join(f'"{column.name}" {column.kind.sql}' for column in file.columns)
    # The names come from the layout, never from a set.
    execute(
        f"CREATE TEMP TABLE stage_{file.name}"
        f" (row_line integer DEFAULT nextval('stage_line'), {columns})"
    )
    with spooled("problem") as enter:
        rows = Rows(
            source,
            file,
            lambda fault: enter(
                file.name,
                fault.line,
                fault.column,
                fault.value,
                fault.rule,
                fault.sentence,
                fault.detail,
                fault.owner,
            ),
        )
        try:
            _copy(rows, file)
        except DatabaseError:
            if rows.refusal:  # COPY itself knows only that reading failed
                raise rows.refusal from None
            raise
    execute(f"ANALYZE stage_{file.name} ({quoted(file.key)})")


def quoted(names: Iterable[str]) -> str:
    """The columns as SQL lists them."""
    return ", ".join(f'"{name}"' for name in names)


def _copy(rows: Rows, file: File) -> None:
    in_header = quoted(rows.records.header)
    in_layout = quoted(column.name for column in file.columns)
    with connection.cursor() as cursor:
        while run := rows.next_run():
            if run == "plain":
                cursor.execute("SELECT setval('stage_line', %s, false)", [rows.text.line])
                into, style = in_header, "(FORMAT csv)"
            else:
                into, style = f"row_line, {in_layout}", ""
            copy = f"COPY stage_{file.name} ({into}) FROM STDIN {style}"
            cursor.copy_expert(copy, rows, COPY_CHUNK)


@contextmanager
def spooled(table: str) -> Iterator[Any]:
    """Takes rows of the table while another COPY may be under way; enters them at the end."""
    with SpooledTemporaryFile(SPOOL_BYTES, "w+", encoding="utf-8", newline="\n") as spool:
        yield lambda *values: spool.write("\t".join(escaped(str(v)) for v in values) + "\n")
        spool.seek(0)
        _copy_into(table, spool)


def _copy_into(table: str, stream: IO[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN", stream, COPY_CHUNK)


def enter_problem(*values: Any) -> None:
    """Enters one problem, by PROBLEM's values."""
    places = ", ".join(["%s"] * len(PROBLEM))
    execute(f"INSERT INTO problem VALUES ({places})", *values)


def undo_all_but_problems(savepoint: str) -> None:
    """Rolls back to the savepoint; the problems that were found since are kept."""
    with SpooledTemporaryFile(SPOOL_BYTES, "w+b") as spool:
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY problem TO STDOUT", spool, COPY_CHUNK)
        execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
        execute("DELETE FROM problem")
        spool.seek(0)
        _copy_into("problem", spool)


def find_duplicates(file: File) -> None:
    """R9: a key stands once in a file. The later rows are the bad ones."""
    keys = quoted(file.key)
    twice = f"SELECT {keys} FROM stage_{file.name} GROUP BY {keys} HAVING count(*) > 1"
    if not value_of(f"SELECT EXISTS ({twice})"):
        return
    owner = f's."{file.owner}"' if file.owner else "''"
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


def find_no_issuer() -> None:
    """R9: once a set's suppliers are applied, one of all is the issuer."""
    execute(
        """INSERT INTO problem
        SELECT 'suppliers', min(s.row_line), 'issuer', '0', 'R9', 'no_issuer', NULL, ''
        FROM stage_suppliers s
        WHERE NOT EXISTS (SELECT FROM billing_supplier WHERE issuer)
        HAVING count(*) > 0"""
    )


def find_broken_conditions(file: File) -> None:
    """What a row must satisfy by itself."""
    owner = f's."{file.owner}"' if file.owner else "''"
    broken = " OR ".join(f"({condition.holds}) IS FALSE" for condition in file.conditions)
    if not broken or not value_of(
        f"SELECT EXISTS (SELECT FROM stage_{file.name} s WHERE {broken})"
    ):
        return
    for condition in file.conditions:
        execute(
            f"""INSERT INTO problem
            SELECT '{file.name}', s.row_line, '{condition.column}', {file.given(condition.column)},
                   '{condition.rule}', '{condition.sentence}', ({condition.detail})::text, {owner}
            FROM stage_{file.name} s WHERE ({condition.holds}) IS FALSE"""
        )


def shared_rows_are_good(shared: Iterable[File]) -> bool:
    """Whether no row of the files that all accounts share is bad, nor any row without account."""
    return not value_of(
        "SELECT EXISTS (SELECT FROM problem WHERE file = ANY(%s) OR coalesce(owner, '') = '')",
        [file.name for file in shared],
    )


def note_fallen() -> None:
    """Enters the accounts with any bad row."""
    execute(
        "INSERT INTO fallen SELECT DISTINCT owner FROM problem WHERE owner <> ''"
        " ON CONFLICT DO NOTHING"
    )


def number_of_fallen() -> int:
    """How many accounts have a bad row, as far as they were noted."""
    return value_of("SELECT count(*) FROM fallen")


def drop_fallen(tables: Iterable[tuple[str, str]]) -> None:
    """Takes the rows of fallen accounts out of tables, given with the column of the account."""
    note_fallen()
    if number_of_fallen():
        for table, owner in tables:
            execute(f'DELETE FROM {table} s USING fallen WHERE fallen.owner = s."{owner}"')
