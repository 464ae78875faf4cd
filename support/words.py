"""An application in one line that anybody understands: where it is, and how long it still takes."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from cabinet import days
from support import clock
from support.models import Application, Change
from support.states import OVER, State

# What was done, by the code of a change.
DONE = {
    "submit": pgettext_lazy("application", "registered"),
    "take": gettext_lazy("taken into work"),
    "ask": gettext_lazy("a question was asked; the days stand still"),
    "answer": gettext_lazy("the question was answered; the days run on"),
    "go_on": gettext_lazy("taken up again; the days run on"),
    "finish": gettext_lazy("answered"),
    "decline": gettext_lazy("declined"),
    "reopen": gettext_lazy("reopened"),
    "withdraw": gettext_lazy("withdrawn"),
    "rated": gettext_lazy("rated"),
    "kind": gettext_lazy("put under another kind"),
    "merged": gettext_lazy("merged with another one"),
    "assigned": gettext_lazy("given into other hands"),
}


def of_change(change: Change) -> str:
    return str(DONE.get(change.what, change.what))


def of_state(application: Application) -> str:
    """The state for staff; its own name speaks to the applicant."""
    if application.state == State.WAITING:
        return _("waiting for the applicant")
    return str(application.get_state_display())


def of_clock(application: Application) -> str:
    """By when it is answered, and how many days that still is; or what has become of it."""
    if application.state in OVER or application.due_on is None:
        return _of_the_end(application)
    due_on, left = application.due_on, _left(application, application.due_on)
    if application.state == State.WAITING:
        said = ngettext(
            "The days to answer stand still until you answer; %(count)s day is left then.",
            "The days to answer stand still until you answer; %(count)s days are left then.",
            max(left, 0),
        )
        return said % {"count": max(left, 0)}
    if left < 0:
        first = _("It stands first in the queue; you may also call us.")
        return f"{_overdue(due_on, -left)} {first}"
    if left == 0:
        return _("You are answered today at the latest.")
    said = ngettext(
        "You are answered by %(day)s: %(count)s day is left.",
        "You are answered by %(day)s: %(count)s days are left.",
        left,
    )
    return said % {"day": days.day(due_on), "count": left}


def for_staff(application: Application) -> str:
    """The same to whoever is to answer."""
    if application.state in OVER or application.due_on is None:
        return _of_the_end(application)
    due_on, left = application.due_on, _left(application, application.due_on)
    if application.state == State.WAITING:
        said = ngettext(
            "The days stand still until the applicant answers; %(count)s day is left then.",
            "The days stand still until the applicant answers; %(count)s days are left then.",
            max(left, 0),
        )
        return said % {"count": max(left, 0)}
    if left < 0:
        return _overdue(due_on, -left)
    if left == 0:
        return _("To be answered today at the latest.")
    said = ngettext(
        "To be answered by %(day)s: %(count)s day is left.",
        "To be answered by %(day)s: %(count)s days are left.",
        left,
    )
    return said % {"day": days.day(due_on), "count": left}


def _left(application: Application, due_on: dt.date) -> int:
    """Days to answer, below zero once they have run out."""
    today = application.waiting_since or timezone.localdate()
    return clock.left(application.kind, due_on, today)


def _overdue(due_on: dt.date, ago: int) -> str:
    said = ngettext(
        "It should have been answered by %(day)s, %(count)s day ago.",
        "It should have been answered by %(day)s, %(count)s days ago.",
        ago,
    )
    return said % {"day": days.day(due_on), "count": ago}


def _of_the_end(application: Application) -> str:
    if application.closed_at is None:
        return ""
    given = {"moment": days.moment(application.closed_at)}
    if application.state == State.WITHDRAWN:
        return _("Withdrawn: %(moment)s") % given
    return _("Answered: %(moment)s") % given
