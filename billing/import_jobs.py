"""Imports asked for in the admin, run by `manage.py worker` with the code of `import_billing`.

A task may run twice when a worker dies: what a killed worker had begun was never committed, and
what it had committed is found in the record of imports, so that it is not done again.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_noop as N_
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from accounts import audit
from accounts.models import User
from billing import import_files
from billing.exchange.load import Busy, NoRoom, Options, Progress, load
from billing.exchange.problems import NotASet
from billing.exchange.sources import find
from billing.import_files import KeptUpload
from billing.models import Import, ImportJob
from billing.models.imports import Outcome
from billing.models.jobs import JobState
from cabinet.leases import kept
from cabinet.pruning import DAYS

NAME_LENGTH = 255
TOLD_EVERY = dt.timedelta(seconds=4)  # four times in it
ACTIONS = {
    Outcome.CHECKED: "import_checked",
    Outcome.LOADED: "import_loaded",
    Outcome.PARTLY: "import_loaded",
    Outcome.REFUSED: "import_refused",
}
UNDER_WAY = (JobState.WAITING, JobState.RUNNING)
ASKED = ("sha256", "is_check", "accept_valid")


class UnderWay(Exception):
    """The user's set before this one is not done yet."""


def take(
    request: HttpRequest, upload: KeptUpload, *, is_check: bool, accept_valid: bool
) -> ImportJob:
    """Has the uploaded set checked or loaded; sent twice while it is under way, it is one job.

    Raises NotASet for what is no set, UnderWay. The upload is the job's if their keys are equal.
    """
    import_files.forget_strays()
    name = _shown(upload.name or "")
    path = import_files.folder(upload.key) / "set.zip"
    try:
        find(path)
    except NotASet as error:
        raise NotASet(str(error).replace(str(path), name)) from error
    fields: dict[str, Any] = {
        "sha256": upload.sha256,
        "is_check": is_check,
        "accept_valid": accept_valid,
    }
    with transaction.atomic():
        user = _locked(request)
        for job in _under_way(user):
            if all(getattr(job, each) == fields[each] for each in ASKED):
                return job
            raise UnderWay
        job = ImportJob.objects.create(
            key=upload.key, name=name, size=upload.size or 0, **_by(user), **fields
        )
        audit.record("import_uploaded", request, set=job.name, sha256=job.sha256)
        _enqueue(job)
    return job


def _shown(name: str) -> str:
    """A file's name for people: one line, without what no name has."""
    return "".join(letter for letter in name if letter.isprintable())[-NAME_LENGTH:] or "set.zip"


def _locked(request: HttpRequest) -> User:
    """Whoever asks, who is thus asking for one thing at a time."""
    return User.objects.select_for_update().get(pk=request.user.pk)  # type: ignore[misc]


def _under_way(user: User) -> Iterable[ImportJob]:
    jobs = ImportJob.objects.filter(user=user, state__in=UNDER_WAY)
    return [job for job in map(settled, jobs) if not job.is_over]


def _by(user: User) -> dict[str, Any]:
    return {"user": user, "by": user.login, "language": get_language() or user.language}


def _enqueue(job: ImportJob) -> None:
    """In the transaction under way."""
    job.task = uuid.UUID(run.enqueue(job.pk).id)
    job.save(update_fields=["task"])


def settled(job: ImportJob) -> ImportJob:
    """The job, as broken off when all workers that took its task died of it."""
    if job.is_over or job.task is None:
        return job
    if DBTaskResult.objects.finished().filter(pk=job.task).exists():
        job.refresh_from_db()
        if not job.is_over:
            _end(job, _broken_off(N_("The worker broke off. Nothing is half done.")))
            job.refresh_from_db()
    return job


def _broken_off(error: str) -> dict[str, Any]:
    return {"state": JobState.FAILED, "error": error}


@transaction.atomic
def load_checked(request: HttpRequest, checked: ImportJob) -> ImportJob:
    """Has the set loaded that was checked; asked twice, or after a break, it is one job.

    Raises UnderWay.
    """
    user = _locked(request)
    job = ImportJob.objects.filter(key=checked.key, is_check=False).first()
    if job:
        return job
    if _under_way(user):
        raise UnderWay
    fields = {name: getattr(checked, name) for name in ("name", "size", "sha256", "accept_valid")}
    job, made = ImportJob.objects.get_or_create(
        key=checked.key, is_check=False, defaults={**fields, **_by(user)}
    )
    if made:
        _enqueue(job)
        audit.record("import_asked", request, set=job.name, sha256=job.sha256)
    return job


@transaction.atomic
def again(request: HttpRequest, job: ImportJob) -> None:
    """One that was broken off is run once more, for whoever asks. Raises UnderWay."""
    user = _locked(request)
    failed = ImportJob.objects.select_for_update().filter(pk=job.pk, state=JobState.FAILED).first()
    if not failed:
        return
    if _under_way(user):
        raise UnderWay
    afresh = {"state": JobState.WAITING, "error": "", "done_at": None, "phase": "", "file": ""}
    for name, value in {**afresh, "bytes_read": 0, "bytes_whole": 0, **_by(user)}.items():
        setattr(failed, name, value)
    failed.save()
    _enqueue(failed)
    audit.record("import_asked", request, set=job.name, sha256=job.sha256)


@task()
def run(pk: int) -> None:
    """Checks or loads a job's set, unless that is done already."""
    job = ImportJob.objects.select_related("user", "record").get(pk=pk)
    if job.is_over:
        return
    told: dict[str, Any] = {"state": JobState.RUNNING}
    with override(job.language), kept(lambda: _tell(pk, told), TOLD_EVERY):
        ended = _run(job, told)
    _end(job, ended)


def _tell(pk: int, told: dict[str, Any]) -> None:
    """How far it is: by a connection that is not the import's own."""
    ImportJob.objects.filter(pk=pk, state__in=UNDER_WAY).update(**told)


def _run(job: ImportJob, told: dict[str, Any]) -> dict[str, Any]:
    """What is to be written of the job once it is over."""
    if job.record and job.record.outcome in ACTIONS:  # the worker died between that and this
        return _done(job, sum(1 for _row in import_files.problems(job, job.language)))
    path = import_files.set_of(job)
    options = Options(
        check=job.is_check,
        accept_valid=job.accept_valid,
        wait=True,
        rejects=import_files.rejects_of(job),
        reports={code: import_files.report_of(job, code) for code, _name in settings.LANGUAGES},
    )
    progress = Progress(
        began=lambda record: _note_record(job, record),
        phase=lambda phase, file: told.update(phase=phase, file=file),
        reading=lambda total: told.update(bytes_whole=total, bytes_read=0),
        on_bytes=lambda count: told.update(bytes_read=told.get("bytes_read", 0) + count),
    )
    try:
        report = load(path, job.by, options, progress)
    except (NotASet, NoRoom) as error:
        return _broken_off(str(error).replace(str(path), job.name))
    except Busy:
        return _broken_off(N_("Another import is running."))
    except (OperationalError, InterfaceError):
        connection.close()
        return _broken_off(N_("The database was gone. Nothing is half done; try again."))
    return _done(job, report.problem_count)


def _note_record(job: ImportJob, record: Import) -> None:
    """Before anything is changed."""
    job.record, record.name = record, job.name
    record.save(update_fields=["name"])
    ImportJob.objects.filter(pk=job.pk).update(record=record)


def _done(job: ImportJob, problems: int) -> dict[str, Any]:
    return {"state": JobState.DONE, "record": job.record, "problems": problems}


@transaction.atomic
def _end(job: ImportJob, ended: dict[str, Any]) -> None:
    """Notes how it ended; a set that is loaded is kept no longer."""
    ours = ImportJob.objects.filter(pk=job.pk, state__in=UNDER_WAY)
    if not ours.update(**ended, done_at=timezone.now()):
        return
    record = ended.get("record")
    action = ACTIONS[record.outcome] if record else "import_failed"
    audit.record(action, job.user, set=job.name, sha256=job.sha256)
    if record and record.outcome in (Outcome.LOADED, Outcome.PARTLY):
        transaction.on_commit(lambda: import_files.set_of(job).unlink(missing_ok=True))


class _OldJobs(QuerySet[ImportJob]):
    """With their folders, which hold personal data."""

    def delete(self) -> tuple[int, dict[str, int]]:
        for key in set(self.values_list("key", flat=True)):
            import_files.forget(key)
        return super().delete()


def old(now: dt.datetime) -> QuerySet[ImportJob]:
    """Jobs of sets for which nothing was asked for a month."""
    since = now - dt.timedelta(days=DAYS)
    later = ImportJob.objects.filter(key=OuterRef("key"), created_at__gte=since)
    return _OldJobs(ImportJob).filter(~Exists(later)).order_by("pk")
