"""How long pages take while something else keeps the machine busy, beside when nothing does.

Pages are asked for at half of what the server can answer. An import runs beside them once; people
sign in fifty times a second for a minute, in turns with a while in which nobody does (A, B, A, B).
"""

import http.client
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench import database, table, web
from bench.pages import YEAR, Site
from bench.web import Answers, Asker, Requests

TURNS, CALM_SECONDS, STORM_SECONDS = 2, 20, 60
SIGN_INS = 50  # a second
AT_ONCE = 100  # sign-ins under way before further ones are put off
MOST = 2.0  # times what pages take when nobody is busy


@contextmanager
def asked(accounts: int, months: int, name: str) -> Iterator[tuple[Asker, Requests, float]]:
    """A server on the database of that name, what is asked of it, and half of what it can."""
    database.use(name)
    site = Site(accounts, months)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        web.server(TRUSTED_PROXIES="127.0.0.1") as port,
    ):
        asker = Asker(port, Path(folder))
        requests = site.requests[YEAR]
        asker.ask(requests, 3)
        yield asker, requests, asker.ask(requests, 6).rate / 2


def sign_ins(accounts: int, months: int, name: str) -> None:
    """Prints what a storm of sign-ins does to pages, and what comes of the sign-ins."""
    with asked(accounts, months, name) as (asker, requests, rate):
        calm, stormy = [], []
        came: Counter[int] = Counter()
        waited: list[float] = []
        for _turn in range(TURNS):
            calm.append(asker.calmly(requests, rate, CALM_SECONDS))
            with storm(asker.port, came, waited):
                stormy.append(asker.calmly(requests, rate, STORM_SECONDS))
        _show("pages while fifty a second sign in", calm, stormy)
        for status, count in sorted(came.items()):
            print(
                f"  sign-ins answered with {status}: {count / TURNS / STORM_SECONDS:.1f} a second"
            )
        if waited:
            half, most = statistics.median(waited), statistics.quantiles(waited, n=100)[98]
            print(
                f"  who got in waited {half * 1000:.0f} ms, 99 of 100 {most * 1000:.0f} ms at most"
            )
            table.told("sign-ins a second in the storm", len(waited) / TURNS / STORM_SECONDS)


def imports(accounts: int, months: int, name: str, folder: Path) -> None:
    """Prints what loading the set in the folder does to pages."""
    with asked(accounts, months, name) as (asker, requests, rate):
        calm = [asker.calmly(requests, rate, CALM_SECONDS)]
        command = [sys.executable, "manage.py", "import_billing", str(folder)]
        started = time.monotonic()
        loading = subprocess.Popen(command, cwd=database.BASE_DIR, stdout=subprocess.DEVNULL)
        busy = []
        while loading.poll() is None:
            busy.append(asker.calmly(requests, rate, 10))
        if loading.returncode:
            raise SystemExit("The set was not loaded.")
        print(f"\nloaded beside pages in {time.monotonic() - started:.0f} s")
        calm.append(asker.calmly(requests, rate, CALM_SECONDS))
        _show("pages while a month is imported", calm, busy)


def _show(what: str, calm: list[Answers], busy: list[Answers]) -> None:
    before = statistics.median(each.p99 for each in calm)
    meanwhile = statistics.median(each.p99 for each in busy)
    print(
        f"\n{what}: 99 % within {meanwhile:.1f} ms ({busy[0].rate:.0f} a second),"
        f" otherwise {before:.1f} ms ({calm[0].rate:.0f} a second)"
    )
    table.at_most(f"{what}, 99 % beside otherwise", meanwhile / before, MOST, " ×")


@contextmanager
def storm(port: int, came: Counter[int], waited: list[float]) -> Iterator[None]:
    """People sign in until the end of the block: what came of it by status, and the seconds that
    those who got in have waited.
    """
    over = threading.Event()
    free = threading.Semaphore(AT_ONCE)
    each = _sign_in(port)

    def sign_in() -> None:
        with free:
            started = time.monotonic()
            status = each()
            came[status] += 1
            if status == http.client.FOUND:
                waited.append(time.monotonic() - started)

    def send() -> None:
        due = time.monotonic()
        while not over.is_set():
            threading.Thread(target=sign_in, daemon=True).start()
            due += random.expovariate(SIGN_INS)
            time.sleep(max(due - time.monotonic(), 0))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
        for _place in range(AT_ONCE):
            free.acquire()


def _sign_in(port: int) -> Callable[[], int]:
    """What one does who signs in: the page with the form, then the form; the answer's status."""
    from accounts.models import User

    users = User.objects.filter(login__startswith="bench").count()

    def ask(method: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(
            method,
            "/login/",
            body or None,
            {"Host": "testserver", "X-Forwarded-Proto": "https", **headers},
        )
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def sign_in() -> int:
        address = ".".join(str(random.randrange(1, 250)) for _part in range(4))
        try:
            page = ask("GET", **{"X-Forwarded-For": address})
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)  # type: ignore[attr-defined]
            if not token:
                return page.status
            cookies = "; ".join(
                value.partition(";")[0] for value in page.headers.get_all("Set-Cookie", [])
            )
            fields = {
                "csrfmiddlewaretoken": token[1],
                "login": f"bench{random.randrange(users)}",
                "password": web.PASSWORD,
            }
            return ask(
                "POST",
                urlencode(fields),
                Cookie=cookies,
                Referer="https://testserver/login/",
                **{
                    "X-Forwarded-For": address,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            ).status
        except OSError:
            return 0

    return sign_in
