"""One worker's way with tasks, letters and what has grown old."""

import datetime as dt
import threading
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from cabinet import pruning, worker
from cabinet.models import Letter, TaskLease
from cabinet.tests import tasks
from cabinet.tests.factories import LetterFactory, MailingFactory, TaskLeaseFactory
from cabinet.worker import MOST_TRIES, Worker

SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace"


def lines(trace):
    return trace.read_text().split() if trace.exists() else []


def states():
    return list(DBTaskResult.objects.order_by("enqueued_at").values_list("status", flat=True))


def work():
    Worker().run_until_idle()


def left_by(workers, **lease):
    """A task that was begun by so many workers, the last of which may be alive."""
    result = tasks.note.enqueue(str(lease.pop("trace")))
    names = [f"worker {number}" for number in range(workers)]
    DBTaskResult.objects.filter(pk=result.id).update(status="RUNNING", worker_ids=names)
    if lease:
        TaskLeaseFactory(task=result.id, **lease)
    return DBTaskResult.objects.get(pk=result.id)


def test_tasks_are_run(db, trace):
    tasks.note.enqueue(str(trace))
    tasks.note.enqueue(str(trace))
    work()
    assert lines(trace) == ["begun", "ended"] * 2
    assert states() == ["SUCCESSFUL"] * 2
    assert set(DBTaskResult.objects.values_list("return_value", flat=True)) == {"done"}
    assert not TaskLease.objects.exists()


def test_one_that_is_to_wait_waits(db, trace):
    tasks.note.using(run_after=timezone.now() + DAY).enqueue(str(trace))
    work()
    assert states() == ["READY"]


def test_one_that_raises_stays_failed(db, trace):
    tasks.fail.enqueue()
    tasks.note.enqueue(str(trace))
    work()
    work()
    assert states() == ["FAILED", "SUCCESSFUL"]
    failed = DBTaskResult.objects.get(status="FAILED")
    assert (failed.exception_class_path, len(failed.worker_ids)) == ("builtins.RuntimeError", 1)
    assert failed.traceback.endswith("RuntimeError: out of order\n")


def test_what_a_dead_worker_left_is_run_again(db, trace):
    left = left_by(1, trace=trace, until=timezone.now())
    work()
    assert lines(trace) == ["begun", "ended"]
    left.refresh_from_db()
    assert (left.status, len(left.worker_ids)) == ("SUCCESSFUL", 2)
    assert not TaskLease.objects.exists()


def test_what_nobody_has_a_lease_of_is_run_again(db, trace):
    left_by(1, trace=trace)
    work()
    assert states() == ["SUCCESSFUL"]


def test_what_a_living_worker_runs_is_left_to_it(db, trace):
    left = left_by(1, trace=trace, until=timezone.now() + 60 * SECOND)
    tasks.note.enqueue(str(trace))
    work()
    assert states() == ["RUNNING", "SUCCESSFUL"]
    assert lines(trace) == ["begun", "ended"]
    assert not Worker()._take_lease(left)  # should it have seemed dead for a moment


def test_a_task_that_ends_every_worker_fails_in_the_end(db, trace):
    left = left_by(MOST_TRIES - 1, trace=trace, until=timezone.now())
    work()
    left.refresh_from_db()
    assert (left.status, lines(trace)) == ("SUCCESSFUL", ["begun", "ended"])
    left = left_by(MOST_TRIES, trace=trace, until=timezone.now())
    work()
    left.refresh_from_db()
    assert (left.status, lines(trace)) == ("FAILED", ["begun", "ended"])
    assert left.exception_class_path == "cabinet.worker.Abandoned"
    assert not TaskLease.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_run_each_task_once(trace):
    """Half of the tasks are new, half of them left by a dead worker."""
    for _number in range(6):
        tasks.note.enqueue(str(trace))
        left_by(1, trace=trace, until=timezone.now())
    together = threading.Barrier(8)

    def one():
        together.wait()
        work()
        connection.close()

    threads = [threading.Thread(target=one) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    work()
    assert states() == ["SUCCESSFUL"] * 12
    assert sorted(lines(trace)) == ["begun"] * 12 + ["ended"] * 12


def test_what_a_task_writes_is_sent_too(db, mailoutbox):
    tasks.write.enqueue("a@example.kz")
    work()
    assert [message.to for message in mailoutbox] == [["a@example.kz"]]
    assert Letter.objects.get().state == "sent"


def test_once_says_when_the_server_takes_nothing(db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    LetterFactory()
    with pytest.raises(CommandError) as error:
        call_command("worker", once=True)
    assert str(error.value) == (
        "The mail server takes no letters: The mail server cannot be reached."
    )


@pytest.mark.parametrize("wrong", ["0", "-1", "soon", "nan"])
def test_a_wrong_lease_is_refused(wrong):
    with pytest.raises(CommandError, match="--lease"):
        call_command("worker", f"--lease={wrong}")


# What has grown old


def kept():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cabinet_cache ORDER BY 1")
        return [key.split(":")[-1] for (key,) in cursor]


def test_what_has_expired_leaves_the_cache(db, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cabinet_cache",
        }
    }
    cache.clear()
    for name, seconds in (("old", 60), ("new", 600), ("lasting", None)):
        cache.set(name, 1, seconds)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cabinet_cache SET expires = now() - interval '1s' WHERE cache_key LIKE '%old'"
        )
    TaskLeaseFactory(until=timezone.now())
    living = TaskLeaseFactory()
    Worker().work()
    assert kept() == ["lasting", "new"]
    assert TaskLease.objects.get() == living
    cache.clear()


def test_another_cache_is_left_alone(db, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.set("name", 1, 600)
    worker.forget_expired()
    assert cache.get("name") == 1


def test_the_cache_is_there_and_has_no_log(db):
    out = StringIO()
    call_command("createcachetable", stdout=out, verbosity=1)
    assert out.getvalue() == "Cache table 'cabinet_cache' already exists.\n"
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'cabinet_cache'")
        assert cursor.fetchone() == ("u",)


def test_what_is_old_is_pruned(db, monkeypatch, trace):
    monkeypatch.setattr(pruning, "BATCH", 2)
    now = timezone.now()
    done = {"text": "", "html": ""}
    mailing = MailingFactory()
    for days in (29, 31, 32, 33):
        LetterFactory(state="sent", done_at=now - days * DAY, **done)
        LetterFactory(state="refused", done_at=now - days * DAY, **done)
        LetterFactory(created_at=now - days * DAY)
        Session.objects.create(session_key=f"old {days}", expire_date=now - days * SECOND)
        Session.objects.create(session_key=f"new {days}", expire_date=now + days * SECOND)
        for status in ("SUCCESSFUL", "FAILED", "READY"):
            result = tasks.note.enqueue(str(trace))
            DBTaskResult.objects.filter(pk=result.id).update(
                status=status, finished_at=None if status == "READY" else now - days * DAY
            )
    for days in (399, 401):
        LetterFactory(state="sent", done_at=now - days * DAY, mailing=mailing, **done)
    out = StringIO()
    call_command("prune", stdout=out)
    found = {"sessions": 4, "letters": 7, "tasks": 6}
    assert out.getvalue().splitlines() == [
        f"{found.get(name, 0)} {name} deleted" for name in pruning.OLD
    ]
    assert sorted(Letter.objects.values_list("state", flat=True)) == [
        "refused",
        *["sent"] * 2,
        *["waiting"] * 4,
    ]
    assert sorted(Session.objects.values_list("session_key", flat=True)) == [
        f"new {days}" for days in (29, 31, 32, 33)
    ]
    assert sorted(states()) == ["FAILED", *["READY"] * 4, "SUCCESSFUL"]
    again = StringIO()
    with transaction.atomic():
        call_command("prune", stdout=again)
    assert again.getvalue().splitlines() == [f"0 {name} deleted" for name in pruning.OLD]
