"""What stands on top of pages: outages and news of this moment, some of them of one branch."""

import datetime as dt
from typing import Any, NamedTuple

from django.utils import formats, timezone

from cabinet.memory import SECONDS, remembered
from support.models import Announcement
from support.models.texts import Subject


class Told(NamedTuple):
    """An announcement in the language in force; `branch` is empty when it concerns everybody."""

    is_outage: bool
    text: str
    branch: str
    posted: str


def told_to(user: Any) -> list[Told]:
    """Those of this moment that concern the user, who may be nobody; outages first.

    Only when one is for a branch alone are the user's branches asked for.
    """
    current = [each for each in _remembered() if each.is_shown]
    if any(each.branch_id for each in current):
        own = _branches(user)
        current = [each for each in current if each.branch_id is None or each.branch_id in own]
    return [_told(each) for each in current]


@remembered
def _remembered() -> list[Announcement]:
    """With those that begin within the minute for which they are remembered."""
    within = dt.timedelta(seconds=SECONDS)
    return list(Announcement.objects.shown(within).select_related("branch"))


def _branches(user: Any) -> set[str]:
    """The codes of the branches where the user holds an account."""
    if not user.is_authenticated:
        return set()
    return set(user.accounts.order_by().values_list("branch", flat=True).distinct())


def _told(announcement: Announcement) -> Told:
    branch = announcement.branch
    return Told(
        is_outage=announcement.kind == Subject.OUTAGE,
        text=str(announcement.text),
        branch=str(branch.name) if branch else "",
        posted=in_words(announcement.shown_from),
    )


def in_words(moment: dt.datetime) -> str:
    """`2026 ж. 10 сәуір, 14:30`, `10 апреля 2026 г., 14:30`, in Almaty."""
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
