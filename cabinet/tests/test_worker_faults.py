"""Workers that are killed, lose their database or their mail server, or are told to stop."""

import os
import random
import signal
import threading
import time

import pytest
from django_tasks_db.models import DBTaskResult

from cabinet.models import Letter
from cabinet.tests import tasks
from cabinet.tests.factories import LetterFactory
from cabinet.tests.post_office import LETS_GO, TAKEN, until
from cabinet.tests.workers import LEASE, all_done, an_office, counts, cut_off, workers_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("KILLS", "15"))
LETTERS = 20 * KILLS  # enough for workers to be busy until the last kill
SEED = int(os.environ.get("KILLS_SEED", "1"))


@pytest.fixture
def office():
    with an_office() as office:
        yield office


@pytest.fixture
def workers(office):
    with workers_of(office) as start:
        yield start


def test_killed_at_any_moment_nothing_is_lost(office, workers):
    rng = random.Random(SEED)  # noqa: S311 - moments, the same in every run
    written = {letter.message_id for letter in LetterFactory.create_batch(LETTERS)}
    office.delay = 0.05
    two = [workers(), workers()]
    for kill in range(KILLS):
        before = len(office.received)
        until(lambda before=before: len(office.received) > before or all_done())
        assert not all_done(), f"only {kill} kills"
        time.sleep(rng.uniform(0, 0.3))
        victim = rng.randrange(2)
        two[victim].kill()
        assert two[victim].wait() == -signal.SIGKILL
        two[victim] = workers()
    office.delay = 0
    until(all_done, 5 * LETS_GO)
    times = office.times
    assert counts() == {"sent": LETTERS}
    assert set(times) == written
    doubles = {name: count for name, count in times.items() if count > 1}
    assert sum(count - 1 for count in doubles.values()) <= KILLS
    assert doubles, "no kill fell where it matters"


def test_a_server_that_puts_off_every_third_gets_all(office, workers):
    letters = LetterFactory.create_batch(LETTERS)
    put_off = {letter.recipient for letter in letters[::3]}

    def first_no_then_yes(address):
        if address in put_off:
            put_off.remove(address)
            return "451 4.7.1 Try again later"
        return TAKEN

    office.to_recipient = first_no_then_yes
    workers(), workers()
    until(all_done)
    assert counts() == {"sent": LETTERS}
    assert office.times == {letter.message_id: 1 for letter in letters}
    assert Letter.objects.filter(attempts=2).count() == LETTERS / 3


def test_a_server_that_is_gone_for_a_while_gets_all(office, workers):
    letters = LetterFactory.create_batch(LETTERS)
    office.delay = 0.005
    workers(), workers()
    until(lambda: len(office.received) > 50)
    office.close()
    time.sleep(1)
    assert not all_done()
    office.open()
    until(all_done)
    assert counts() == {"sent": LETTERS}
    assert set(office.times) == {letter.message_id for letter in letters}
    assert len(office.received) <= LETTERS + 2  # each worker had one in hand


def test_refusals_are_recorded_by_whoever_met_them(office, workers):
    letters = LetterFactory.create_batch(60)
    gone = {letter.recipient for letter in letters[::4]}
    office.to_recipient = lambda address: "550 5.1.1 No such user" if address in gone else TAKEN
    workers(), workers()
    until(all_done)
    assert counts() == {"sent": 45, "refused": 15}
    refused = Letter.objects.filter(state="refused", last_error="550 5.1.1 No such user")
    assert {letter.recipient for letter in refused} == gone


def test_cut_off_from_the_database_it_comes_back(office, workers):
    """Within five seconds, and it sends nothing twice."""
    letters = LetterFactory.create_batch(LETTERS)
    office.delay = 0.02
    two = workers(), workers()
    for seconds in (0, 2, 0):
        before = len(office.received)
        until(lambda before=before: len(office.received) > before + 10)
        cut_off(seconds)
        before = len(office.received)
        until(lambda before=before: len(office.received) > before + 4, 5)
    office.delay = 0
    until(all_done)
    assert counts() == {"sent": LETTERS}
    assert office.times == {letter.message_id: 1 for letter in letters}
    assert [worker.poll() for worker in two] == [None, None]


def test_a_slow_letter_stays_its_workers(office, workers):
    """It takes three leases, and the other worker has nothing else to do."""
    letter = LetterFactory()
    office.delay = 3 * LEASE
    workers(), workers()
    until(all_done)
    assert office.times == {letter.message_id: 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_it_has_in_hand(number, office, workers, tmp_path):
    letters = LetterFactory.create_batch(5)
    tasks.note.enqueue(str(tmp_path / "trace"), 1)
    office.delay = 1
    worker = workers()
    until(lambda: office.received and (tmp_path / "trace").exists())
    worker.send_signal(number)
    assert worker.ends() == 0
    assert office.times == {letters[0].message_id: 1}
    assert counts() == {"sent": 1, "waiting": 4}
    assert not Letter.objects.exclude(leased_by="").exists()
    assert (tmp_path / "trace").read_text() == "begun\nended\n"
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_told_twice_it_ends_at_once(office, workers, tmp_path):
    tasks.note.enqueue(str(tmp_path / "trace"), 60)
    worker = workers()
    until((tmp_path / "trace").exists)
    worker.terminate()
    time.sleep(0.3)
    assert worker.poll() is None
    worker.terminate()
    assert worker.ends() == -signal.SIGTERM


def test_once_ends_when_nothing_is_due(office, workers, tmp_path):
    LetterFactory.create_batch(30)
    tasks.note.enqueue(str(tmp_path / "trace"))
    assert workers("--once").ends() == 0
    assert counts() == {"sent": 30}
    assert (tmp_path / "trace").read_text() == "begun\nended\n"


def test_what_a_killed_worker_ran_another_runs(office, workers, tmp_path):
    """Not before its lease has passed: a task of several leases is not run by two."""
    trace = tmp_path / "trace"
    tasks.note.enqueue(str(trace), 2.5 * LEASE)
    victim = workers()
    until(trace.exists)
    other = workers()
    time.sleep(2 * LEASE)
    assert trace.read_text() == "begun\n"
    victim.kill()
    until(lambda: DBTaskResult.objects.get().status == "SUCCESSFUL")
    assert trace.read_text() == "begun\nbegun\nended\n"
    assert len(DBTaskResult.objects.get().worker_ids) == 2
    assert other.poll() is None


def test_a_task_that_could_not_be_recorded_is_run_again(office, workers, tmp_path):
    trace = tmp_path / "trace"
    tasks.note.enqueue(str(trace), 0.5)
    worker = workers()
    until(trace.exists)
    cut_off(0)
    until(lambda: DBTaskResult.objects.get().status == "SUCCESSFUL")
    assert trace.read_text() == "begun\nended\n" * 2
    assert worker.poll() is None


def test_a_task_that_kills_every_worker_is_given_up(office, workers, tmp_path):
    trace = tmp_path / "trace"
    tasks.kill.enqueue(str(trace))
    stop = threading.Event()

    def keep_one_alive():
        while not stop.is_set():
            workers().wait()

    keeper = threading.Thread(target=keep_one_alive, daemon=True)
    keeper.start()
    until(lambda: DBTaskResult.objects.get().status == "FAILED", 40)
    stop.set()
    assert trace.read_text() == "begun\n" * 5
    assert DBTaskResult.objects.get().exception_class_path == "cabinet.worker.Abandoned"
