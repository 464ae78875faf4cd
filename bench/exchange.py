"""How fast a set is imported, beside a raw COPY of the same files in the same run.

A history is loaded first; then the last month's close as billing would send it, then the
same set again. Before and after each load, the files go by raw COPY into tables of three
kinds: what a COPY costs at the least, with the columns' types in tables that survive a
crash, and with the files' keys too, which is what the import's own tables keep. What is raw
goes into the database of scratch, and so does not share the loaded one's statistics.
"""

import csv
import resource
import statistics
import time
from collections import defaultdict
from pathlib import Path

from bench import database, table

AGAIN = 3
# Of a close: times the raw COPY into bare tables, and megabytes.
MOST, MOST_AGAIN, MOST_MEMORY = 8, 5, 300

# What the raw rows go into, from the barest to what keeps as much as the import does.
BARE, KEYED = "bare unlogged text", "typed, logged, with the files' keys"
RAW = (BARE, "typed and logged", KEYED)


def raw_copy(folder: Path, into: str) -> float:
    """Seconds to copy the set's files into tables of one of the kinds in RAW."""
    from django.db import connection

    tables = {path: raw_table(path, into) for path in sorted(folder.glob("*.csv"))}
    started = time.perf_counter()
    with connection.cursor() as cursor:
        for path, table in tables.items():
            cursor.execute(table)
            with path.open("rb") as stream:
                copy = f"COPY raw_{path.stem} FROM STDIN CSV HEADER"
                cursor.copy_expert(copy, stream, 1 << 18)
    taken = time.perf_counter() - started
    with connection.cursor() as cursor:
        for path in tables:
            cursor.execute(f"DROP TABLE raw_{path.stem}")
    return taken


def raw_table(path: Path, into: str) -> str:
    """Creates the table for a file."""
    from billing.exchange.layout import BY_NAME

    with path.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    file = BY_NAME.get(path.stem)
    kinds = {column.name: column.kind.sql for column in file.columns} if file else {}
    typed = into != BARE
    columns = [f'"{name}" {kinds.get(name, "text") if typed else "text"}' for name in header]
    if file and into == KEYED:
        key = ", ".join(f'"{name}"' for name in file.key)
        columns.append(f"UNIQUE NULLS NOT DISTINCT ({key})")
    unlogged = "" if typed else "UNLOGGED"
    return f"CREATE {unlogged} TABLE raw_{path.stem} ({', '.join(columns)})"


class Timing:
    """Seconds by phase of the import, and by file for those that have one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.began = time.perf_counter()
        self.running = ""

    def phase(self, phase: str, file: str) -> None:
        """What ran until now took as long as it did."""
        now = time.perf_counter()
        if self.running:
            self.seconds[self.running] += now - self.began
        self.running, self.began = phase, now


def load(folder: Path) -> tuple[float, dict[str, float], dict[str, int]]:
    """Seconds in all and by phase, and rows by what became of them."""
    from billing.exchange.load import Progress
    from billing.exchange.load import load as load_set

    timing = Timing()
    report = load_set(folder, "bench", progress=Progress(phase=timing.phase))
    timing.phase("", "")
    if not report.loaded:
        raise SystemExit(f"The set is bad: {report.problems[:3]}")
    rows: dict[str, int] = defaultdict(int)
    for counts in report.counts.values():
        for name, count in vars(counts).items():
            rows[name] += count
    return report.seconds, timing.seconds, rows


def written() -> tuple[int, int, int]:
    """Rows inserted, updated and deleted in billing's tables so far, by the server's statistics."""
    from django.db import connection

    connection.close()  # a session reports its statistics at its end
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins)::int, sum(n_tup_upd)::int, sum(n_tup_del)::int"
            " FROM pg_stat_user_tables WHERE relname LIKE 'billing\\_%%'"
            " AND relname <> 'billing_import'",
            [],
        )
        return cursor.fetchone()


def fill(history: Path, close: Path) -> None:
    """Loads a history and its last month's close, without measuring."""
    for folder in (history, close):
        load(folder)


def measure(history: Path, close: Path, name: str) -> None:
    """Prints what loading into the database in use, of that name, takes: as multiples of the raw
    COPY around it.
    """
    tell("history", history, name, 1)
    least = tell("close", close, name, 1)
    before = written()
    again = tell("close again", close, name, AGAIN)
    rows = [b - a for a, b in zip(before, written(), strict=True)]
    print(f"rows written when a close is loaded again: {rows}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.at_most("import of a month, of raw COPY", least, MOST, " ×")
    table.at_most("the same month again, of raw COPY", again, MOST_AGAIN, " ×")
    table.at_most("rows written again", sum(rows), 0)
    table.at_most("memory of the importing process", peak, MOST_MEMORY, " MB")


def tell(told: str, folder: Path, name: str, times: int) -> float:
    """Loads the folder so many times, each between two raw copies of each kind; how many times the
    barest copy it takes.
    """
    raw: dict[str, list[float]] = {into: [] for into in RAW}
    loads = []
    for turn in range(times + 1):
        database.use(database.SCRATCH)
        for into, taken in raw.items():
            taken.append(raw_copy(folder, into))
        database.use(name)
        if turn < times:
            loads.append(load(folder))
    seconds, phases, rows = sorted(loads, key=lambda load: load[0])[len(loads) // 2]
    total = sum(rows.values())
    print(f"{told}: {total:,} rows in {seconds:.1f} s, {total / seconds:,.0f} a second")
    for into, taken in raw.items():
        base = statistics.median(taken)
        print(f"  {seconds / base:4.1f} × the raw COPY into tables {into} ({base:.2f} s)")
    parts = ", ".join(f"{phase} {taken:.1f}" for phase, taken in phases.items())
    print(f"  seconds by phase: {parts}\n", flush=True)
    return seconds / statistics.median(raw[BARE])
