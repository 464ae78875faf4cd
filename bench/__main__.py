"""What is measured, each part on databases of its own.

    make bench [ARGS="import pages --accounts 1000000 --months 12"]

Without parts named, those of PARTS at the size that is asked for: papers, the import beside a raw
COPY of its files, pages as the web server answers them, staff's search, pages while people sign in
and while a month is imported, what it takes on disk; in the end, a table of it all beside what
must be reached. `deliveries` is how fast e-receipts go out; `documents`, a receipt beside other
ways to make it; `sign-in`, whether its time tells who exists. Everything that is compared happens
in one run, in turns (A, B, A, B), so that the ratios hold on a noisy machine.

What was loaded is kept for the next run, unless the import is to be measured; `--fresh` forgets it.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import (
    busy,
    database,
    deliveries,
    disk,
    documents,
    exchange,
    pages,
    search,
    sign_in,
    table,
    web,
)
from bench.database import BASE_DIR
from bench.generate import generate

SAMPLE = BASE_DIR / "billing" / "sample"
TURNS = 5
ACCOUNT = "000007919"
FEW = 10_000  # accounts beside which the others are measured
PARTS = ("papers", "import", "pages", "search", "storm", "disk", "meanwhile")
ASKED_FOR = (*PARTS, "deliveries", "documents", "sign-in")


def median_ms(*works: Callable[[], object], turns: int = TURNS) -> list[float]:
    """The median milliseconds of each, done in turn so many times."""
    seconds: list[list[float]] = [[] for _work in works]
    for _turn in range(turns):
        for taken, work in zip(seconds, works, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) * 1000 for taken in seconds]


def clear() -> None:
    """An empty cabinet."""
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)


def first_load() -> None:
    clear()
    again()


def again() -> None:
    from billing.exchange.load import load

    load(SAMPLE, by="bench")


def papers() -> None:
    """The sample set's loading, and a statement made without the web server."""
    from django.test import Client

    from billing.residents import create_resident

    cleared, loaded, repeated = median_ms(clear, first_load, again)
    tell("sample set: first load", loaded - cleared)
    tell("sample set: loaded again", repeated)
    client = Client()
    client.force_login(create_resident("bench", "b@example.kz", "bench-only-1", "Bench", [ACCOUNT]))
    path = f"/accounts/{ACCOUNT}/services/statement.pdf?service=EL"

    def statement() -> bytes:
        return client.get(path, secure=True).content

    statement()
    (taken,) = median_ms(statement, turns=20)
    tell("statement PDF, kept by the process", taken)


def tell(name: str, milliseconds: float) -> None:
    print(f"{name:32} {milliseconds:10.1f} ms")


class Sets:
    """The sets of a history, of its last month's close and of the next one, made when needed."""

    def __init__(self, folder: Path, accounts: int, months: int) -> None:
        self.history, self.close, self.next = (folder / part for part in ("1", "2", "3"))
        self._sizes = accounts, months

    def made(self) -> "Sets":
        """Writes them, unless they are there."""
        accounts, months = self._sizes
        if not self.history.exists():
            spans = (range(1, months), range(months, months + 1), range(months + 1, months + 2))
            folders = (self.history, self.close, self.next)
            generate(dict(zip(folders, spans, strict=True)), accounts, months + 1)
        return self

    def load(self) -> None:
        """Loads the history and its last close."""
        self.made()
        exchange.fill(self.history, self.close)


def of_size(parts: set[str], accounts: int, months: int, folder: Path) -> None:
    """What is measured on a database of so many accounts and months."""
    name, few = f"bench_{accounts}_{months}", f"bench_{FEW}_{months}"
    sets = Sets(folder / "sets", accounts, months)
    print(f"{accounts:,} accounts, {months} months\n", flush=True)

    if "import" in parts:
        made = sets.made()
        database.forget(name)
        database.kept(name, partial(exchange.measure, made.history, made.close, name))
    database.kept(name, sets.load)
    if "pages" in parts:
        database.kept(few, Sets(folder / "small", FEW, months).load)
        pages.measure({FEW: few, accounts: name} if accounts > FEW else {FEW: few}, months)
    if "search" in parts:
        database.use(name)
        search.measure(accounts)
    if "storm" in parts:
        busy.sign_ins(accounts, months, name)
    if "disk" in parts:
        database.use(name)
        disk.measure(accounts, months)
    if "meanwhile" in parts:
        busy.imports(accounts, months, name, sets.made().next)
        database.forget(name)  # it has a month too many


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(ASKED_FOR))
    parser.add_argument("--accounts", type=int, default=100_000, help="100 000 unless given")
    parser.add_argument("--months", type=int, default=12, help="12 unless given")
    parser.add_argument("--subscribers", type=int, default=2000, help="of deliveries; 2 000")
    parser.add_argument("--fresh", action="store_true", help="forget what was loaded")
    options = parser.parse_args()
    parts = set(options.parts or PARTS)
    if unknown := parts - set(ASKED_FOR):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if parts & {"pages", "storm", "meanwhile"} and not shutil.which(web.WRK):
        parser.error("wrk is missing: sudo apt-get install wrk")
    with database.server(), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if options.fresh:
            for accounts in (FEW, options.accounts):
                database.forget(f"bench_{accounts}_{options.months}")
        if "papers" in parts:
            papers()
            clear()
        if "documents" in parts:
            first_load()
            documents.measure(ACCOUNT)
            clear()
        if "deliveries" in parts:
            deliveries.measure(options.subscribers, options.accounts)
            clear()
        if "sign-in" in parts:
            sign_in.measure()
            clear()
        if parts & {"import", "pages", "search", "storm", "disk", "meanwhile"}:
            of_size(parts, options.accounts, options.months, Path(folder))
    table.show()


if __name__ == "__main__":
    sys.exit(main())
