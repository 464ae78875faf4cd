"""Times pages and a PDF on the sample set, then the import beside a raw COPY of its files.

    make bench [ARGS="--accounts 100000 --months 2"]

Everything happens in one run on a database of its own, each pair in turn (A, B, A, B), so
that the ratios hold on a noisy machine.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from bench import exchange
from bench.database import BASE_DIR, scratch

SAMPLE = BASE_DIR / "billing" / "sample"
TURNS = 5
ACCOUNT = "000007919"


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


def page(client: object, path: str) -> Callable[[], object]:
    """A signed-in request for the page, to its last byte, without the web server."""
    return lambda: client.get(path, secure=True).content  # type: ignore[attr-defined]


def measure() -> None:
    from django.core.management import call_command
    from django.test import Client

    from billing.residents import create_resident
    from cabinet.serve import collect_static

    for command in ("catalogues", "migrate"):
        call_command(command, verbosity=0)
    collect_static()
    cleared, loaded, repeated = median_ms(clear, first_load, again)
    tell("sample set: first load", loaded - cleared)
    tell("sample set: loaded again", repeated)

    client = Client()
    client.force_login(create_resident("bench", "b@example.kz", "bench-only-1", "Bench", [ACCOUNT]))
    services = page(client, f"/accounts/{ACCOUNT}/services/")
    bare = page(client, "/accounts/")
    statement = page(client, f"/accounts/{ACCOUNT}/services/statement.pdf?service=EL")
    services(), statement()
    for name, taken in zip(
        ("list of accounts", "services, 12 months", "statement PDF, 12 months"),
        median_ms(bare, services, statement, turns=20),
        strict=True,
    ):
        tell(name, taken)


def tell(name: str, milliseconds: float) -> None:
    print(f"{name:32} {milliseconds:10.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("--accounts", type=int, default=100_000, help="of the set to import")
    parser.add_argument("--months", type=int, default=2, help="of which the last is its close")
    options = parser.parse_args()
    with scratch("bench"):
        measure()
        clear()
        exchange.measure(options.accounts, options.months)


if __name__ == "__main__":
    sys.exit(main())
