"""How many pages a second the web server answers: signed in, a random account each time.

Two gunicorn workers as in production, and wrk (Debian's package) to ask them over a few
connections that stay open; the pages come compressed, as to browsers. Each is measured in turn
with the barest signed-in page of the same server, so that the ratio holds on a noisy machine.
Of several turns the best one is told, for each page alike: at times all connections come to one
of the workers, and the other one has nothing to do.
"""

import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.database import BASE_DIR
from bench.generate import generate

USERS = 500
TURNS, SECONDS, CONNECTIONS = 6, 3, 4
WRK = "wrk"
SCRIPT = """
local requests = {}
for line in io.lines(os.getenv("REQUESTS")) do
  local path, cookie = line:match("^(%S+) (%S+)$")
  requests[#requests + 1] = wrk.format("GET", path, {
    Cookie = cookie, Host = "testserver", ["X-Forwarded-Proto"] = "https",
    ["Accept-Encoding"] = "gzip, br", ["Sec-Fetch-Site"] = "same-origin",
  })
end
local seeded = false
request = function()
  if not seeded then math.randomseed(os.time()); seeded = true end
  return requests[math.random(#requests)]
end
done = function(summary, latency, requests)
  io.write(string.format("answers %d seconds %.3f failed %d p50 %.1f p99 %.1f\\n",
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Answers:
    """What came of asking for a while: answers a second, milliseconds of half and nearly all."""

    rate: float
    p50: float
    p99: float


class Asker:
    """Asks for random ones of a page's addresses, each with a signed-in session."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        (folder / "ask.lua").write_text(SCRIPT)

    def ask(self, requests: list[tuple[str, str]], seconds: float, connections: int) -> Answers:
        """Answers to `(path, cookie)` chosen at random; SystemExit if any is not 200."""
        listed = self.folder / "requests"
        listed.write_text("".join(f"{path} {cookie}\n" for path, cookie in requests))
        command = [WRK, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "-s"]
        command += [str(self.folder / "ask.lua"), f"http://127.0.0.1:{self.port}/"]
        said = subprocess.run(
            command, env={"REQUESTS": str(listed)}, capture_output=True, text=True, check=True
        ).stdout
        found = re.search(
            r"answers (\d+) seconds ([\d.]+) failed (\d+) p50 ([\d.]+) p99 ([\d.]+)", said
        )
        if not found or int(found[3]):
            raise SystemExit(f"The server did not answer well:\n{said}")
        return Answers(int(found[1]) / float(found[2]), float(found[4]), float(found[5]))


@contextmanager
def server() -> Iterator[int]:
    """Gunicorn with two workers as production has it; its port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "cabinet.wsgi", "--preload"),
                *(f"--bind=fd://{listener.fileno()}", "--workers=2"),
                *(
                    "--worker-class=gthread",
                    "--threads=1",
                    "--no-control-socket",
                    "--log-level=warning",
                ),
            ],
            cwd=BASE_DIR,
            pass_fds=(listener.fileno(),),
        )
        try:
            time.sleep(3)
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


def sign_in(accounts: int) -> list[tuple[str, list[str]]]:
    """Sessions of residents who hold the accounts between them: cookie and numbers."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import User
    from billing.models import Holding, PersonalAccount

    users = User.objects.bulk_create(
        User(
            login=f"bench{n}",
            email=f"bench{n}@example.kz",
            full_name="Бенчмарк Айгүл",
            password="!",  # noqa: S106 - nobody signs in by it
        )
        for n in range(USERS)
    )
    held: dict[int, list[str]] = {user.pk: [] for user in users}
    rows = PersonalAccount.objects.order_by("?").values_list("pk", "number")[:accounts]
    holdings = []
    for place, (pk, number) in enumerate(rows):
        user = users[place % USERS]
        held[user.pk].append(number)
        holdings.append(Holding(user=user, account_id=pk))
    Holding.objects.bulk_create(holdings, batch_size=5000)
    sessions = []
    for user in users:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        sessions.append((cookie, held[user.pk]))
    return sessions


def pages(months: int, latest: str) -> dict[str, str]:
    """What is asked for, by name; `bare` stands for the least that a signed-in page is."""
    first = f"{int(latest[:4]) - months // 12 + 1}-01"
    return {
        "bare signed-in page": "/site-map/",
        "list of accounts": "/accounts/",
        "services, 12 months": "/accounts/{number}/services/",
        f"services, {months} months": f"/accounts/{{number}}/services/?from={first}&to={latest}",
        "account": "/accounts/{number}/",
        "payments, 12 months": "/accounts/{number}/payments/",
        "receipts, 12 months": "/accounts/{number}/receipts/",
    }


def measure(accounts: int, months: int) -> None:
    """Prints answers a second for each page, beside the bare page's in the same turns."""
    from billing.exchange.load import load
    from billing.models import LedgerEntry
    from cabinet.months import code

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        generate(folder / "set", accounts, months)
        report = load(folder / "set", "bench")
        if not report.loaded:
            raise SystemExit(f"The set is bad: {report.problems[:3]}")
        shutil.rmtree(folder / "set")
        print(f"{accounts:,} accounts, {months} months, loaded in {report.seconds:.0f} s\n")
        sessions = sign_in(accounts)
        latest = code(LedgerEntry.objects.order_by("-month").values_list("month", flat=True)[0])
        with server() as port:
            tell(Asker(port, folder), sessions, pages(months, latest))


def tell(
    asker: Asker,
    sessions: list[tuple[str, list[str]]],
    asked: dict[str, str],
) -> None:
    """The table: rate, its ratio to the bare page, milliseconds at full and at half load."""
    chance = random.Random(5)
    pairs = [(number, cookie) for cookie, numbers in sessions for number in numbers]
    chosen = chance.sample(pairs, min(len(pairs), 4000))
    requests = {
        name: [(path.format(number=number), cookie) for number, cookie in chosen]
        for name, path in asked.items()
    }
    found: dict[str, list[Answers]] = {name: [] for name in asked}
    for turn in range(TURNS + 1):
        for name, listed in requests.items():
            answers = asker.ask(listed, SECONDS if turn else 2, CONNECTIONS)
            if turn:  # the first turn warms everything
                found[name].append(answers)
    best = {name: max(each, key=lambda answers: answers.rate) for name, each in found.items()}
    bare = next(iter(best.values())).rate
    print(f"{'page':26}{'a second':>10}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}{'one, ms':>9}")
    for name, answers in best.items():
        alone = asker.ask(requests[name], 2, connections=1)
        print(
            f"{name:26}{answers.rate:10.0f}{answers.rate / bare:8.2f}"
            f"{answers.p50:9.1f}{answers.p99:9.1f}{alone.p50:9.1f}"
        )
