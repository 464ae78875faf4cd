"""The outbox: letters are written in the transaction of what they tell of, and sent by workers.

Any number of workers claim what is due, each for the time of a lease, and record what became of
a letter right after sending it: one that is killed loses nothing, and at most the letter that it
was handing over goes out twice, under the same Message-ID. All times are the database's.
"""

import datetime as dt
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, Q
from django.db.models.functions import Now
from django.utils import translation

from cabinet import pace
from cabinet.attempts import Verdict, attempt, pause, unreachable
from cabinet.leases import LEASE, kept
from cabinet.letters import TOLD, Content, rendered
from cabinet.models import Letter, Mailing, State

logger = logging.getLogger(__name__)

FIRST, BULK = 0, 10  # priorities: what somebody waits for goes before what goes to many
GLANCE = 0.1  # seconds after which whoever waits for a turn sees that it is to stop
CHUNK = 20  # letters claimed at once, and sent over one connection
FIRST_PAUSE = dt.timedelta(seconds=30)  # before the second attempt; then doubled each time
LONGEST_PAUSE = dt.timedelta(hours=6)
MOST_ATTEMPTS = 22  # with these pauses, about three days
LINE_BREAK = re.compile(r"[\r\n]")


class NoServer(Exception):
    """The mail server takes no letters now, for the reason given; it took `sent` before."""

    sent = 0


def post(
    to: str,
    kind: str,
    language: str,
    content: Content,
    *,
    priority: int = FIRST,
    headers: Mapping[str, str] | None = None,
) -> Letter:
    """Puts a letter into the outbox, in the transaction under way.

    ValueError when an address or a header has a line break; a subject is made one line.
    """
    headers = dict(headers or {})
    if any(LINE_BREAK.search(part) for part in (to, *headers, *headers.values())):
        raise ValueError("An address or a header has a line break.")
    with translation.override(language):
        text, html = rendered(content)
    return Letter.objects.create(
        message_id=f"<{uuid.uuid4()}@{domain()}>",
        priority=priority,
        kind=kind,
        language=language,
        recipient=to,
        subject=" ".join(content.subject.split()),
        text=text,
        html=html,
        headers=headers,
    )


def domain() -> str:
    """What is right of the `@` in our own addresses, and in the numbers of letters."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]


def claim(worker: str, count: int, lease: dt.timedelta = LEASE) -> Sequence[Letter]:
    """At most so many letters that are due and nobody else's, now leased to this worker: those
    that somebody waits for, else some of a mailing that is under way.
    """
    letters = _claim(worker, count, lease, "mailing_id IS NULL", "priority, due_at")
    if not letters:
        for mailing in Mailing.objects.under_way().values_list("pk", flat=True):
            letters = _claim(worker, count, lease, f"mailing_id = {mailing:d}", "due_at")
            if letters:
                break
    return sorted(letters, key=lambda letter: (letter.priority, letter.due_at, letter.pk))


def _claim(
    worker: str, count: int, lease: dt.timedelta, which: str, order: str
) -> Sequence[Letter]:
    """Those of `which`, in that order; both are SQL of ours."""
    return list(
        Letter.objects.raw(
            f"""UPDATE cabinet_letter
            SET leased_by = %(worker)s, leased_until = statement_timestamp() + %(lease)s
            WHERE id = ANY (ARRAY (
                SELECT id FROM cabinet_letter
                WHERE state = 'waiting' AND due_at <= statement_timestamp() AND {which}
                  AND (leased_until IS NULL OR leased_until < statement_timestamp()
                       OR leased_by = %(worker)s)
                ORDER BY {order}
                LIMIT %(count)s
                FOR UPDATE SKIP LOCKED))
            RETURNING *""",  # noqa: S608 - as said
            {"worker": worker, "lease": lease, "count": count},
        )
    )


def goes_on(mailing: int | None) -> bool:
    """Whether the mailing's next letter may go: it is not paused, and no letter is due that goes
    before those of mailings.
    """
    now = {"due_at__lte": Now(), "state": State.WAITING, "mailing": None}
    before = Letter.objects.filter(Q(leased_until=None) | Q(leased_until__lt=Now()), **now)
    return Mailing.objects.under_way().filter(~Exists(before), pk=mailing or 0).exists()


@dataclass(frozen=True)
class Sender:
    """A worker's way with letters; `stopping` tells when it is to begin no further one."""

    worker: str
    lease: dt.timedelta = LEASE
    first_pause: dt.timedelta = FIRST_PAUSE
    stopping: Callable[[], bool] = lambda: False

    def send_due(self) -> int:
        """Sends some letters that are due; how many there were. NoServer when none are taken."""
        letters = claim(self.worker, CHUNK, self.lease)
        if letters:
            mail, full = get_connection(), set[str]()
            try:
                self._send(letters, mail, full)
            except NoServer as gone:
                self._ours(letters).update(last_error=gone.args[0])
                raise
            finally:
                self._release(letters)
                for name in full:
                    pace.postpone(letters[0].mailing_id, name)
                with suppress(OSError):
                    mail.close()
        return len(letters)

    def _send(self, letters: Sequence[Letter], mail: Any, full: set[str]) -> None:
        """Adds to `full` the mail domains that take no more of a mailing's letters for now."""
        try:
            mail.open()
        except OSError as error:  # as is all that smtplib raises
            raise NoServer(unreachable(error)) from error
        for place, letter in enumerate(letters):
            if self.stopping() or (letter.mailing_id and not goes_on(letter.mailing_id)):
                return
            turn = None
            if letter.mailing_id:
                turn = self._turn(letter, full)
                if turn is None:
                    continue
            if not self._renew(letter):  # another worker has taken it over
                continue
            with kept(partial(self._renew, letter), self.lease):
                verdict = attempt(letter, mail)
            insist(partial(self._record, letter, verdict))
            if turn:
                self._note_pace(pace.domain_of(letter.recipient), turn, verdict)
            if verdict.ends_all:
                gone = NoServer(verdict.reason)
                gone.sent = place
                raise gone

    def _turn(self, letter: Letter, full: set[str]) -> pace.Turn | None:
        """Waits for the turn of a mailing's letter; None when its domain takes none soon, or when
        the mailing or the worker is to stop.
        """
        name = pace.domain_of(letter.recipient)
        turn = None if name in full else pace.of_domain(name)
        if turn is None:
            full.add(name)
            return None
        until = time.monotonic() + max(turn.seconds, pace.of_all())
        while (left := until - time.monotonic()) > 0:
            if self.stopping() or (left > 2 * GLANCE and not goes_on(letter.mailing_id)):
                return None
            time.sleep(min(left, GLANCE))
        return turn

    def _note_pace(self, domain: str, turn: pace.Turn, verdict: Verdict) -> None:
        if verdict.slower:
            pace.put_off(domain, self.first_pause)
        elif turn.was_put_off and verdict.state == State.SENT:
            pace.went_well(domain)

    def _renew(self, letter: Letter) -> bool:
        """Whether the letter is still this worker's, now for a whole lease."""
        # Due later: should it end the worker each time, others get their turn.
        changes = {"leased_until": Now() + self.lease, "due_at": Now() + self.lease}
        return self._ours([letter]).update(**changes) == 1

    def _release(self, letters: Sequence[Letter]) -> None:
        """Lets others have what was claimed and not sent."""
        self._ours(letters).update(leased_by="", leased_until=None)

    def _ours(self, letters: Sequence[Letter]) -> Any:
        keys = [letter.pk for letter in letters]
        return Letter.objects.filter(pk__in=keys, state=State.WAITING, leased_by=self.worker)

    def _record(self, letter: Letter, verdict: Verdict) -> None:
        """What became of it; what was sent is so, whoever holds the lease by now."""
        with transaction.atomic():
            if self._save(letter, verdict) and letter.kind in TOLD:
                TOLD[letter.kind](letter, verdict)

    def _save(self, letter: Letter, verdict: Verdict) -> bool:
        state, attempts = verdict.state, letter.attempts + verdict.counts
        if state == State.WAITING and attempts >= MOST_ATTEMPTS:
            state = State.GIVEN_UP
        changes: dict[str, Any] = {
            "state": state,
            "attempts": attempts,
            "last_error": verdict.reason,
            "recipient": letter.recipient,
            "subject": letter.subject,
            "leased_by": "",
            "leased_until": None,
        }
        if state == State.WAITING:
            wait = pause(self.first_pause, letter.attempts, LONGEST_PAUSE)
            changes["due_at"] = Now() + (wait if verdict.counts else dt.timedelta())
        else:
            changes |= {"done_at": Now(), "text": "", "html": ""}
        ours = self._ours([letter])
        if state == State.SENT:
            ours = Letter.objects.filter(pk=letter.pk, state=State.WAITING)
        return ours.update(**changes) == 1


def insist(change: Callable[[], object]) -> None:
    """Makes a change that must not be lost, however often the database goes away meanwhile."""
    gone = False
    while True:
        try:
            change()
            return
        except (OperationalError, InterfaceError):
            if not gone:
                logger.warning("The database is gone: what was done is recorded once it is back.")
            gone = True
            connection.close()
            time.sleep(1)
