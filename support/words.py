"""An application in one line that anybody understands: where it is, and how long it still takes."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cabinet import days
from support import clock
from support.models import Application, Change
from support.states import OVER, RUNNING, State

# What was done, by the code of a change.
DONE = {
    "submit": gettext_lazy("registered"),
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


def of_clock(application: Application) -> str:
    """By when it is answered, and how many days that still is; or what has become of it."""
    if application.state in OVER or application.due_on is None:
        return _of_the_end(application)
    today = application.waiting_since or timezone.localdate()
    left = clock.left(application.kind, application.due_on, today)
    if application.state == State.WAITING:
        count = max(left, 0)
        return ngettext(
            "The days to answer stand still until you answer; %(count)s day is left then.",
            "The days to answer stand still until you answer; %(count)s days are left then.",
            count,
        ) % {"count": count}
    given = {"day": days.day(application.due_on), "count": abs(left)}
    if left < 0:
        said = ngettext(
            "It should have been answered by %(day)s, %(count)s day ago.",
            "It should have been answered by %(day)s, %(count)s days ago.",
            abs(left),
        )
        first = _("It stands first in the queue; you may also call us.")
        return f"{said % given} {first}"
    if left == 0:
        return _("You are answered today at the latest.")
    return (
        ngettext(
            "You are answered by %(day)s: %(count)s day is left.",
            "You are answered by %(day)s: %(count)s days are left.",
            left,
        )
        % given
    )


def _of_the_end(application: Application) -> str:
    if application.closed_at is None:
        return ""
    given = {"moment": days.moment(application.closed_at)}
    if application.state == State.WITHDRAWN:
        return _("Withdrawn: %(moment)s") % given
    return _("Answered: %(moment)s") % given


def is_overdue(application: Application) -> bool:
    today = timezone.localdate()
    return bool(application.state in RUNNING and application.due_on and application.due_on < today)
