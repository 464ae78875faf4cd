"""What is measured, each part on a database of its own.

    make bench [ARGS="papers import pages --accounts 100000 --months 2"]

Without parts named, three of them: the sample set and its papers; the import beside a raw COPY
of its files; pages as the web server answers them. `deliveries` is how fast e-receipts go out;
`documents`, a receipt beside other ways to make it; `sign-in`, what signing in takes and whether
its time tells who exists; `search`, staff's search among a million accounts. Everything that is
compared happens in one run, in turns (A, B, A, B), so that the ratios hold on a noisy machine.
"""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable

from bench import deliveries, documents, exchange, search, sign_in, web
from bench.database import BASE_DIR, scratch

SAMPLE = BASE_DIR / "billing" / "sample"
TURNS = 5
ACCOUNT = "000007919"
PARTS = ("papers", "import", "pages")
# The last one wants a million accounts first.
ASKED_FOR = (*PARTS, "deliveries", "documents", "sign-in", "search")


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
    tell("statement PDF, 12 months", taken)


def tell(name: str, milliseconds: float) -> None:
    print(f"{name:32} {milliseconds:10.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(ASKED_FOR))
    parser.add_argument(
        "--accounts", type=int, help="by default 100 000, 10 000 for pages, 1 000 000 for search"
    )
    parser.add_argument("--subscribers", type=int, default=2000, help="of deliveries; 2 000")
    parser.add_argument("--months", type=int, help="2 to import, the last as its close; 60")
    options = parser.parse_args()
    parts = options.parts or PARTS
    if unknown := set(parts) - set(ASKED_FOR):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if "pages" in parts and not shutil.which(web.WRK):
        parser.error("wrk is missing: sudo apt-get install wrk")
    with scratch("bench"):
        if "papers" in parts:
            papers()
            clear()
        if "documents" in parts:
            first_load()
            documents.measure(ACCOUNT)
            clear()
        if "import" in parts:
            exchange.measure(options.accounts or 100_000, options.months or 2)
            clear()
        if "pages" in parts:
            web.measure(options.accounts or 10_000, options.months or 60)
            clear()
        if "deliveries" in parts:
            deliveries.measure(options.subscribers, options.accounts or 100_000)
            clear()
        if "sign-in" in parts:
            sign_in.measure()
            clear()
        if "search" in parts:
            search.make(options.accounts or 1_000_000)
            search.measure(options.accounts or 1_000_000)


if __name__ == "__main__":
    sys.exit(main())
