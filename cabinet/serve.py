"""What `make run` runs: database, web server, worker; Ctrl-C ends them together."""

import errno
import fcntl
import hashlib
import http.client
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

import django
import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections

from cabinet import mail, threads
from cabinet.embedded_postgres import Cluster, ClusterError
from cabinet.processes import GRACE, Restarted, begin_log, start, stop

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
LOG = VAR / "log" / "web.log"
WORKER_LOG = VAR / "log" / "worker.log"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop."""


class Failed(Exception):
    """It cannot run, for the reason given."""


# What a sentence is enough for; anything else is a fault of ours and shows where.
REASONS = (
    ClusterError,
    CommandError,
    Failed,
    ImproperlyConfigured,
    OperationalError,
    PermissionError,
)


def main() -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # whatever the terminal can show
    VAR.mkdir(exist_ok=True)
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            try:
                run(stack)
            finally:
                for number in SIGNALS:  # what has begun to stop is let finish
                    signal.signal(number, signal.SIG_IGN)
    except Stopped:
        say("Stopped.")
    except REASONS as error:
        say(str(error).strip())
        return 1
    return 0


def run(stack: ExitStack) -> None:
    """Start everything, each with what stops it, and watch it."""
    address = stack.enter_context(alone(VAR / "serve.lock"))
    set_environment()
    cluster = None
    if not os.environ.get("DATABASE_URL"):
        say("  database …")
        cluster = Cluster(VAR, say=lambda line: say(f"    {line}"))
        stack.callback(cluster.stop)
        cluster.start()
    ways_in = prepare()
    say("  web server …")
    host, port, server = start_server(stack)
    wait_for_page(host, port)
    worker = Restarted([sys.executable, "manage.py", "worker"], WORKER_LOG)
    stack.callback(worker.stop)
    url = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/"
    address.write(url)
    address.flush()
    say(f"\n{ways_in}\n  {url}   (Ctrl-C stops it, its log is {LOG.relative_to(BASE_DIR)})")
    say(f"  {where_letters_are(url)}\n")
    watch(server, worker, cluster)


def _stop(number: int, frame: FrameType | None) -> None:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped


def say(line: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(line, flush=True)


@contextmanager
def alone(path: Path) -> Iterator[TextIO]:
    """One run of a checkout at a time; the file tells the others where."""
    with open(path, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            where = file.read() or "just starting"
            raise Failed(f"This checkout is running already: {where}") from error
        file.truncate(0)
        yield file


def set_environment() -> None:
    """As in production, with the sample data; what the person has set stands."""
    environ.Env.read_env(BASE_DIR / ".env")
    os.environ["DJANGO_SETTINGS_MODULE"] = "cabinet.settings"
    os.environ.setdefault("DEBUG", "0")
    os.environ.setdefault("DEMO", "1")
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secret_key(VAR / "secret-key")


def secret_key(path: Path) -> str:
    """The key of this checkout, made the first time."""
    if not path.exists() or not path.stat().st_size:
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text()


def prepare() -> str:
    """Catalogues, tables, static files, sample data; returns the ways to sign in."""
    django.setup()
    say("  translations …")
    call_command("catalogues", verbosity=0, stdout=io.StringIO())
    say("  tables …")
    call_command("migrate", interactive=False, verbosity=0)
    say("  static files …")
    collect_static()
    ways_in = io.StringIO()
    if settings.DEMO:
        say("  sample data …")
        call_command("load_demo", stdout=ways_in)
    connections.close_all()
    return ways_in.getvalue()


def collect_static() -> None:
    """Only when a file has changed, since to compress them all takes seconds; one at a time."""
    from django.contrib.staticfiles.finders import get_finders

    state = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            state.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    folder = Path(settings.STATIC_ROOT)
    stamp = folder / ".state"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == state.hexdigest():
            return
        stamp.unlink(missing_ok=True)
        # What was collected before stays, for whoever serves it or has a page of it open.
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(state.hexdigest())


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on that port or, when it is taken, on the next free one."""
    for candidate in range(port, min(port + 100, 65536)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A browser opens connections before it needs them; workers see them with a request only.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
        try:
            listener.bind((host, candidate))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise Failed(f"{host} cannot be listened on: {error}.") from error
            continue
        if candidate != port:
            say(f"    port {port} is not free")
        return listener
    raise Failed(f"No port from {port} on is free.")


def start_server(stack: ExitStack) -> tuple[str, int, subprocess.Popen[bytes]]:
    """Gunicorn on the first free port."""
    begin_log(LOG)
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise Failed(f"PORT is {port!r}: it must be a number from 1 to 65535.")
    listener = listen(host, int(port))
    options = {
        "bind": f"fd://{listener.fileno()}",
        "workers": os.environ.get("WEB_CONCURRENCY") or "2",
        "worker-class": "gthread",  # keeps connections
        "threads": str(threads.MANY),
        "graceful-timeout": str(GRACE),
        "error-logfile": str(LOG),
    }
    command = [sys.executable, "-m", "gunicorn", "cabinet.wsgi", "--preload", "--capture-output"]
    command += ["--no-control-socket", *(f"--{name}={value}" for name, value in options.items())]
    # Where letters and papers lead, unless it was said; the worker is told the same.
    os.environ.setdefault("SITE_URL", f"http://localhost:{listener.getsockname()[1]}")
    with listener:
        server = start(command, pass_fds=(listener.fileno(),))
        stack.callback(stop, server)
        return host, listener.getsockname()[1], server


def where_letters_are(url: str) -> str:
    if settings.EMAIL_BACKEND != mail.BACKEND:
        return f"Letters go to {settings.EMAIL_HOST}."
    if settings.DEMO:
        return f"{url}demo/mail/   (the letters that it would send)"
    return f"Letters are kept in {Path(settings.EMAIL_FILE_PATH).relative_to(BASE_DIR)}."


def wait_for_page(host: str, port: int) -> None:
    """Until the page of signing in is there: the request waits for the first worker."""
    name = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip(" .*")
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        connection.request("GET", "/login/", headers={"Host": name or "localhost"})
        status = connection.getresponse().status
    except OSError as error:
        raise Failed(f"The web server did not start:\n{last_lines()}") from error
    finally:
        connection.close()
    if status >= http.HTTPStatus.BAD_REQUEST:
        raise Failed(f"/login/ answers {status}:\n{last_lines()}")


def watch(server: subprocess.Popen[bytes], worker: Restarted, cluster: Cluster | None) -> None:
    """Until the web server ends; a database or a worker that was killed is started again."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            server.wait(1)
            raise Failed(f"The web server has ended:\n{last_lines()}")
        if cluster and not cluster.running():
            say("PostgreSQL has ended: starting it again.")
            cluster.start()
        worker.keep()


def last_lines(count: int = 15) -> str:
    return "\n".join(f"    {line}" for line in LOG.read_text().splitlines()[-count:])


if __name__ == "__main__":
    sys.exit(main())
