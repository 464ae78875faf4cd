"""Mailings from their first letter to the last: how far each is, and what staff do about it."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone

from cabinet.models import FAILED, Letter, Mailing, State

RECENT = dt.timedelta(minutes=5)  # by which the rate is measured


@dataclass(frozen=True)
class Progress:
    """How far a mailing is: letters by state, and why some failed; letters a second."""

    states: dict[str, int]
    reasons: list[tuple[str, int]]
    rate: Decimal | None = None
    ends_at: dt.datetime | None = None

    @property
    def waiting(self) -> int:
        return self.states.get(State.WAITING, 0)

    @property
    def sent(self) -> int:
        return self.states.get(State.SENT, 0)

    @property
    def failed(self) -> int:
        return sum(self.states.get(state, 0) for state in FAILED)

    @property
    def withdrawn(self) -> int:
        return self.states.get(State.WITHDRAWN, 0)

    @property
    def total(self) -> int:
        return sum(self.states.values())


def progress(mailing: Mailing) -> Progress:
    """As it is now; of one that has ended as it was then."""
    if mailing.ended_at:
        counts = mailing.counts
        return Progress(counts["states"], [(text, number) for text, number in counts["reasons"]])
    counts = _counts(mailing)
    rate, ends_at = _rate(mailing, counts["states"].get(State.WAITING, 0))
    return Progress(counts["states"], counts["reasons"], rate, ends_at)


def _counts(mailing: Mailing) -> dict[str, Any]:
    states = mailing.letters.order_by().values_list("state").annotate(Count("pk"))
    failed = mailing.letters.filter(state__in=FAILED).order_by()
    reasons = Counter(dict(failed.values_list("last_error").annotate(Count("pk"))))
    return {"states": dict(states), "reasons": reasons.most_common()}


def _rate(mailing: Mailing, waiting: int) -> tuple[Decimal | None, dt.datetime | None]:
    """Letters a second in the last minutes, and when it ends if that goes on."""
    now = timezone.now()
    recent = mailing.letters.filter(
        state__in=[state for state in State if state != State.WAITING], done_at__gt=now - RECENT
    ).aggregate(first=Min("done_at"), count=Count("pk"))
    seconds = (now - recent["first"]).total_seconds() if recent["first"] else 0
    if seconds < 1:
        return None, None
    rate = Decimal(recent["count"]) / Decimal(seconds)
    ends_at = None
    if not mailing.paused_at:
        ends_at = now + dt.timedelta(seconds=float(Decimal(waiting) / rate))
    return rate.quantize(Decimal("0.1")), ends_at


def settle() -> None:
    """Writes down what mailings without a waiting letter have come to."""
    for mailing in Mailing.objects.filter(ended_at=None):
        with transaction.atomic():
            found = Mailing.objects.select_for_update().get(pk=mailing.pk)
            if found.ended_at or found.letters.filter(state=State.WAITING).exists():
                continue
            found.ended_at, found.counts = timezone.now(), _counts(found)
            found.save(update_fields=["ended_at", "counts"])


def pause(mailing: Mailing) -> bool:
    """No further letter of it goes out, but for what workers have in hand; False if that is so
    already, or it has ended.
    """
    running = Mailing.objects.filter(pk=mailing.pk, paused_at=None, ended_at=None)
    return running.update(paused_at=Now()) == 1


def resume(mailing: Mailing) -> bool:
    """It goes on; False if it does already."""
    paused = Mailing.objects.filter(pk=mailing.pk, paused_at__isnull=False)
    return paused.update(paused_at=None) == 1


def retry(mailing: Mailing) -> int:
    """Has those letters sent anew that were refused or given up; how many there are."""
    Mailing.objects.select_for_update().get(pk=mailing.pk)
    failed = Letter.objects.filter(mailing=mailing, state__in=FAILED)
    count = failed.update(
        state=State.WAITING, attempts=0, due_at=Now(), done_at=None, last_error=""
    )
    if count:
        Mailing.objects.filter(pk=mailing.pk).update(ended_at=None, counts={})
    return count
