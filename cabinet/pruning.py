"""What is deleted once nobody needs it any more: rows by what they are called."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django_tasks_db.models import DBTaskResult

from cabinet.models import Letter

DAYS = 30
MAILED_DAYS = 400  # letters of mailings: «did the October receipt go out?»
BATCH = 5_000  # rows in one transaction, so that nobody waits long for them


def expired_sessions(now: dt.datetime) -> QuerySet[Any]:
    return Session.objects.filter(expire_date__lt=now).order_by("expire_date")


def done_letters(now: dt.datetime) -> QuerySet[Any]:
    single, mailed = (now - dt.timedelta(days=days) for days in (DAYS, MAILED_DAYS))
    old = Q(done_at__lt=single, mailing=None) | Q(done_at__lt=mailed)
    return Letter.objects.filter(old).order_by("pk")


def done_tasks(now: dt.datetime) -> QuerySet[Any]:
    return DBTaskResult.objects.finished().filter(finished_at__lt=now - dt.timedelta(days=DAYS))


# What is old at a moment. Other apps add theirs when they are ready.
OLD: dict[str, Callable[[dt.datetime], QuerySet[Any]]] = {
    "sessions": expired_sessions,
    "letters": done_letters,
    "tasks": done_tasks,
}


def delete(old: QuerySet[Any]) -> int:
    """Deletes the rows batch by batch, but for those that are no longer old; how many they were."""
    deleted = 0
    while keys := list(old.values_list("pk", flat=True)[:BATCH]):
        old.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
