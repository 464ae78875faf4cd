"""How fast a set is imported, beside a raw COPY of the same files in the same run.

A history is loaded first; then the last month's close as billing would send it, then the
same set again. Before and after each load, the files go by raw COPY into tables of three
kinds: what a COPY costs at the least, with the columns' types in tables that survive a
crash, and with the files' keys too, which is what the import's own tables keep.
"""

import csv
import resource
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.generate import generate

AGAIN = 3

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


@contextmanager
def sets(accounts: int, months: int) -> Iterator[tuple[Path, Path]]:
    """The folders of a history and of the close of its last month."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        generate(folder / "history", accounts, months, to_month=months - 1)
        generate(folder / "close", accounts, months, only_last=True)
        yield folder / "history", folder / "close"
    finally:
        shutil.rmtree(folder)


def measure(accounts: int, months: int) -> None:
    """Prints what loading takes, as multiples of the raw COPY around it."""
    with sets(accounts, months) as (history, close):
        print(f"{accounts:,} accounts, {months - 1} months loaded, then one more\n")
        for name, folder in (("history", history), ("close", close)):
            tell(name, folder, 1)
        before = written()
        tell("close again", close, AGAIN)
        print(f"rows written meanwhile: {[b - a for a, b in zip(before, written(), strict=True)]}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"memory of the process at its peak: {peak:.0f} MB")


def tell(name: str, folder: Path, times: int) -> None:
    """Loads the folder so many times, each between two raw copies of each kind."""
    raw: dict[str, list[float]] = {into: [] for into in RAW}
    loads = []
    for turn in range(times + 1):
        for into, taken in raw.items():
            taken.append(raw_copy(folder, into))
        if turn < times:
            loads.append(load(folder))
    seconds, phases, rows = sorted(loads, key=lambda load: load[0])[len(loads) // 2]
    total = sum(rows.values())
    print(f"{name}: {total:,} rows in {seconds:.1f} s, {total / seconds:,.0f} a second")
    for into, taken in raw.items():
        base = statistics.median(taken)
        print(f"  {seconds / base:4.1f} × the raw COPY into tables {into} ({base:.2f} s)")
    parts = ", ".join(f"{phase} {taken:.1f}" for phase, taken in phases.items())
    print(f"  seconds by phase: {parts}\n")
