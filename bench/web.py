"""The web server as production has it, signed-in residents, and who asks for their pages.

Two gunicorn workers, and wrk (Debian's package), which asks over a few connections that stay open
for pages that come compressed, as to browsers.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.database import BASE_DIR
from cabinet import threads
from cabinet.serve import listen

HELD = 20  # accounts of a user
MOST_USERS = 5_000
PASSWORD = "Tal-qaiyng-7-terek"  # noqa: S105 - of invented people
CONNECTIONS = 4  # at full load
CALM = 16  # connections at part of it, most of which are waiting
WRK = "wrk"
FIRST_PORT = 18_000
SCRIPT = """
local requests = {}
for line in io.lines(os.getenv("REQUESTS")) do
  local path, cookie = line:match("^(%S+) (%S+)$")
  requests[#requests + 1] = wrk.format("GET", path, {
    Cookie = cookie, Host = "testserver", ["X-Forwarded-Proto"] = "https",
    ["Accept-Encoding"] = "gzip, br", ["Sec-Fetch-Site"] = "same-origin",
    ["Connection"] = os.getenv("CONNECTION"),
  })
end
local seeded, pause = false, tonumber(os.getenv("PAUSE"))
request = function()
  if not seeded then math.randomseed(os.time()); seeded = true end
  return requests[math.random(#requests)]
end
if pause > 0 then
  delay = function() return math.floor(-pause * math.log(1 - math.random()) + math.random()) end
end
done = function(summary, latency, requests)
  io.write(string.format("answers %d seconds %.3f failed %d p50 %.1f p99 %.1f\\n",
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


EACH = 5  # milliseconds that an answer takes, more or less

Requests = list[tuple[str, str]]  # paths and cookies


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

    def ask(
        self, requests: Requests, seconds: float, connections: int = CONNECTIONS, pause: float = 0
    ) -> Answers:
        """Answers to `(path, cookie)` chosen at random; SystemExit if any is not 200.

        With a pause, each waits for so many milliseconds in the mean before it asks again, over a
        new connection as a proxy does: whichever worker is free takes it.
        """
        listed = self.folder / f"requests{self.port}"
        listed.write_text("".join(f"{path} {cookie}\n" for path, cookie in requests))
        command = [WRK, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "-s"]
        command += [str(self.folder / "ask.lua"), f"http://127.0.0.1:{self.port}/"]
        said = subprocess.run(
            command,
            env={
                "REQUESTS": str(listed),
                "PAUSE": str(pause),
                "CONNECTION": "close" if pause else "keep-alive",
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = re.search(
            r"answers (\d+) seconds ([\d.]+) failed (\d+) p50 ([\d.]+) p99 ([\d.]+)", said
        )
        if not found or int(found[3]):
            raise SystemExit(f"The server did not answer well:\n{said}")
        return Answers(int(found[1]) / float(found[2]), float(found[4]), float(found[5]))

    def calmly(self, requests: Requests, rate: float, seconds: float) -> Answers:
        """The same at about so many a second, at moments that are left to chance."""
        return self.ask(requests, seconds, CALM, max(CALM / rate * 1000 - EACH, 1))


@contextmanager
def server(**environment: str) -> Iterator[int]:
    """Gunicorn with two workers as production has it, on the database in use; its port."""
    with listen("127.0.0.1", FIRST_PORT) as listener:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "cabinet.wsgi", "--preload"),
                *(f"--bind=fd://{listener.fileno()}", "--workers=2"),
                *("--worker-class=gthread", f"--threads={threads.MANY}"),
                *("--no-control-socket", "--log-level=warning", "--keep-alive=30"),
            ],
            cwd=BASE_DIR,
            pass_fds=(listener.fileno(),),
            env={**os.environ, **environment},
        )
        try:
            time.sleep(3)
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


def residents() -> list[tuple[str, list[str]]]:
    """Sessions of residents who hold accounts between them: cookie and numbers. Who is there
    already stays.
    """
    from importlib import import_module

    from allauth.account.models import EmailAddress
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password

    from accounts.models import User
    from billing.models import Holding, PersonalAccount

    if not User.objects.filter(login__startswith="bench").exists():
        keys = list(
            PersonalAccount.objects.order_by("?").values_list("pk", flat=True)[: MOST_USERS * HELD]
        )
        hashed = make_password(PASSWORD)  # one hash for all: who signs in pays for his own
        users = User.objects.bulk_create(
            User(
                login=f"bench{n}",
                email=f"bench{n}@example.kz",
                full_name="Бенчмарк Айгүл",
                password=hashed,
            )
            for n in range(-(-len(keys) // HELD))
        )
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        Holding.objects.bulk_create(
            (Holding(user=users[n // HELD], account_id=pk) for n, pk in enumerate(keys)),
            batch_size=5000,
        )
    users = list(User.objects.filter(login__startswith="bench"))
    held: dict[int, list[str]] = {user.pk: [] for user in users}
    for pk, number in Holding.objects.filter(user__in=users).values_list(
        "user_id", "account__number"
    ):
        held[pk].append(number)
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
