"""How many pages a second the web server answers among few accounts and among very many.

A server for each size, asked in turns (A, B, A, B), each page beside the barest signed-in page of
the same server, so that the ratios hold on a noisy machine. Of several turns the best one is told,
for each page alike: at times all connections come to one of the workers, and the other one has
nothing to do. Then the same at half of that rate, for how long an answer takes when nobody has to
queue. What the pages say is compared with what was loaded; what their queries read is shown.
"""

import random
import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import database, table, web
from bench.web import Answers, Asker, Requests

TURNS, SECONDS = 6, 3
CALM_SECONDS = 8
SAMPLE = 200  # accounts whose pages are compared with what was loaded
BARE, YEAR = "bare signed-in page", "services, 12 months"
MOST_QUERIES = 5


def addresses(months: int, latest: str) -> dict[str, str]:
    """What is asked for, by name; `bare` stands for the least that a signed-in page is."""
    first = f"{int(latest[:4]) - months // 12 + 1}-01"
    asked = {
        BARE: "/site-map/",
        "list of 20 accounts": "/accounts/",
        YEAR: "/accounts/{number}/services/",
        "account": "/accounts/{number}/",
        "payments, 12 months": "/accounts/{number}/payments/",
        "receipts, 12 months": "/accounts/{number}/receipts/",
    }
    if months > 12:
        asked[f"services, {months} months"] = (
            f"/accounts/{{number}}/services/?from={first}&to={latest}"
        )
    return asked


class Site:
    """A database of so many accounts with its residents, and what can be asked of it."""

    def __init__(self, accounts: int, months: int) -> None:
        from billing.models import LedgerEntry
        from cabinet.months import code

        self.accounts = accounts
        latest = code(LedgerEntry.objects.order_by("-month").values_list("month", flat=True)[0])
        self.addresses = addresses(months, latest)
        sessions = web.residents()
        self.pairs = [(number, cookie) for cookie, numbers in sessions for number in numbers]
        self.requests: dict[str, Requests] = {
            name: [(path.format(number=number), cookie) for number, cookie in self.pairs]
            for name, path in self.addresses.items()
        }


def measure(sizes: dict[int, str], months: int) -> None:
    """Prints answers a second for each page and size; `sizes` are the names of their databases."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        sites, askers = [], []
        for accounts, name in sizes.items():
            database.use(name)
            site = Site(accounts, months)
            check(site)
            sites.append(site)
            askers.append(Asker(stack.enter_context(web.server()), Path(folder)))
        best = in_turns(sites, askers)
        _show_rates(sites, askers, best)
    _show_plans(sites, list(sizes.values()))


def in_turns(sites: list[Site], askers: list[Asker]) -> list[dict[str, Answers]]:
    """The best answers of each site, by page."""
    found: list[dict[str, list[Answers]]] = [{name: [] for name in s.requests} for s in sites]
    for turn in range(TURNS + 1):
        for name in sites[0].requests:
            for site, asker, each in zip(sites, askers, found, strict=True):
                answers = asker.ask(site.requests[name], SECONDS if turn else 2)
                if turn:  # the first turn warms everything
                    each[name].append(answers)
    return [
        {name: max(all_, key=lambda answers: answers.rate) for name, all_ in each.items()}
        for each in found
    ]


def _show_rates(sites: list[Site], askers: list[Asker], best: list[dict[str, Answers]]) -> None:
    fewest = best[0]
    for site, asker, rates in zip(sites, askers, best, strict=True):
        bare = rates[BARE].rate
        print(f"\n{site.accounts:,} accounts")
        print(f"{'page':26}{'a second':>10}{'of bare':>9}{'p99 ms':>9}{'at half':>9}{'p99 ms':>9}")
        worst = 0.0
        for name, answers in rates.items():
            calm = asker.calmly(site.requests[name], answers.rate / 2, CALM_SECONDS)
            worst = max(worst, calm.p99)
            ratio = answers.rate / bare
            print(
                f"{name:26}{answers.rate:10.0f}{ratio:9.2f}{answers.p99:9.1f}"
                f"{calm.rate:9.0f}{calm.p99:9.1f}"
            )
        of = f" of {site.accounts:,} accounts".replace(",", " ")
        table.at_least(f"{YEAR}, a second{of}", rates[YEAR].rate, 600)
        table.at_least(f"{YEAR}, of a bare page{of}", rates[YEAR].rate / bare, 0.5)
        for name, answers in rates.items():
            if name.startswith("services") and name != YEAR:
                table.at_least(f"{name}, a second{of}", answers.rate, 452)
        if site is not sites[0]:
            ratio = rates[YEAR].rate / fewest[YEAR].rate
            table.at_least(f"{YEAR}, of the rate of {sites[0].accounts:,}{of}", ratio, 0.85)
        table.at_most(f"any page at half load, 99 %{of}", worst, 60, " ms")


# What the pages say


def check(site: Site) -> None:
    """Compares rows and totals of a sample of pages with the ledger; SystemExit if one differs."""
    for number, cookie in random.Random(3).sample(site.pairs, SAMPLE):
        page = _signed_in(cookie).get(site.addresses[YEAR].format(number=number), secure=True)
        said = read(page.content.decode())
        if said != owed(number):
            raise SystemExit(f"The page of {number} says {said} rather than {owed(number)}.")


def _signed_in(cookie: str) -> Any:
    """A client with that session."""
    from django.test import Client

    client = Client(SERVER_NAME="testserver")
    name, _equals, key = cookie.partition("=")
    client.cookies[name] = key
    return client


def read(page: str) -> list[list[str]]:
    """The figures in the rows of the page's tables, totals included."""
    from lxml import html

    tree: Any = html.fromstring(page)
    rows = []
    for row in tree.xpath("//main//table//tr[td]"):
        cells = [cell.text_content() for cell in row.xpath("td")]
        rows.append([re.sub(r"[^\d,−-]", "", cell).replace("−", "-") for cell in cells])
    return rows


def owed(number: str) -> list[list[str]]:
    """The same from the ledger: the last twelve months of each service, the newest first."""
    from django.db import connection

    sql = """
        WITH l AS (SELECT l.* FROM billing_ledgerentry l
            JOIN billing_personalaccount a ON a.id = l.account_id WHERE a.number = %s),
        year AS (SELECT * FROM l
            WHERE month > (SELECT max(month) FROM l) - interval '12 months')
        SELECT service_id, month, opening, accrued, adjusted, paid, closing FROM year
        UNION ALL SELECT service_id, NULL,
            (array_agg(opening ORDER BY month))[1], sum(accrued), sum(adjusted), sum(paid),
            (array_agg(closing ORDER BY month DESC))[1]
        FROM year GROUP BY service_id
        ORDER BY service_id, month DESC NULLS LAST"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [number])
        rows = cursor.fetchall()
    return [[f"{sum_:.2f}".replace(".", ",") for sum_ in row[2:]] for row in rows]


# What their queries read


def _show_plans(sites: list[Site], names: list[str]) -> None:
    print(f"\n{'page':26}{'queries':>8}{'  blocks read, by size':24}what is read beside indexes")
    for page in sites[0].addresses:
        counts, blocks, scanned = [], [], set()
        for site, name in zip(sites, names, strict=True):
            database.use(name)
            queries, read_, whole = plans(site, page)
            counts.append(queries)
            blocks.append(f"{read_:.0f}")
            scanned |= whole
        print(f"{page:26}{max(counts):8.0f}  {' '.join(blocks):22}{', '.join(sorted(scanned))}")
        if page != BARE:
            table.at_most(f"queries of «{page}»", max(counts), MOST_QUERIES)


def plans(site: Site, page: str) -> tuple[float, float, set[str]]:
    """A page's queries, the blocks they read and the tables they read whole, of some accounts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    queries, blocks, whole = 0, [], set()
    for number, cookie in random.Random(4).sample(site.pairs, 12):
        client = _signed_in(cookie)
        path = site.addresses[page].format(number=number)
        client.get(path, secure=True)  # what is remembered for a minute is no page's own
        with CaptureQueriesContext(connection) as asked:
            client.get(path, secure=True)
        queries = max(queries, len(asked))
        total = 0
        for query in asked.captured_queries:
            if query["sql"].lstrip().startswith(("SELECT", "WITH")):
                plan = _explained(query["sql"])
                total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
                scans = [node for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
                whole |= {node["Relation Name"] for node in scans}
        blocks.append(total)
    return queries, statistics.mean(blocks), whole


def _explained(sql: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}")
        return cursor.fetchone()[0][0]["Plan"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", ())
        yield node
