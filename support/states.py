"""The states of an application, and who may bring it from which to which: the one table of it."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """Where an application is."""

    DRAFT = "draft", _("draft")
    REGISTERED = "registered", pgettext_lazy("application", "registered")
    IN_PROGRESS = "in_progress", _("in progress")
    WAITING = "waiting", _("waiting for you")
    DONE = "done", _("done")
    DECLINED = "declined", _("declined")
    REOPENED = "reopened", _("reopened")
    WITHDRAWN = "withdrawn", _("withdrawn")


OPEN = (State.REGISTERED, State.IN_PROGRESS, State.WAITING, State.REOPENED)
RUNNING = (State.REGISTERED, State.IN_PROGRESS, State.REOPENED)  # whose clock runs
ANSWERED = (State.DONE, State.DECLINED)
OVER = (*ANSWERED, State.WITHDRAWN)


class Step(NamedTuple):
    """From which states a step leads to which; `by_staff` or by the applicant; whether it wants a
    text: an answer, a question, a reason.
    """

    sources: tuple[State, ...]
    target: State
    by_staff: bool
    wants_text: bool = False


STEPS: Mapping[str, Step] = {
    "submit": Step((State.DRAFT,), State.REGISTERED, by_staff=False),
    "take": Step((State.REGISTERED, State.REOPENED), State.IN_PROGRESS, by_staff=True),
    "ask": Step(RUNNING, State.WAITING, by_staff=True, wants_text=True),
    "answer": Step((State.WAITING,), State.IN_PROGRESS, by_staff=False, wants_text=True),
    "go_on": Step((State.WAITING,), State.IN_PROGRESS, by_staff=True),
    "finish": Step((*RUNNING, State.WAITING), State.DONE, by_staff=True, wants_text=True),
    "decline": Step((*RUNNING, State.WAITING), State.DECLINED, by_staff=True, wants_text=True),
    "reopen": Step(ANSWERED, State.REOPENED, by_staff=False, wants_text=True),
    "withdraw": Step(OPEN, State.WITHDRAWN, by_staff=False),
}
