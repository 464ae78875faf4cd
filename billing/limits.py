"""How many wrong tries at adding accounts there may be, and what one more comes to.

The rows of a try are locked while it is judged, always in the order of their kinds, so that no
two tries wait for each other. A try costs as many queries whether it is judged or not.
"""

import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_network
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from billing.models import Tries
from billing.models.tries import Kind

WINDOW = dt.timedelta(hours=24)  # in which tries count, and for which the limit holds then
PAUSE = dt.timedelta(minutes=15)  # between a user's tries at a slowed number
MOST = {Kind.ADDRESS: 30, Kind.NUMBER: 20, Kind.USER: 10, Kind.USER_NUMBER: 5}


class Lock(NamedTuple):
    """A user tries nothing until then: no account at all, or none of that number."""

    number: str
    until: dt.datetime | None


@dataclass
class Judge:
    """The rows of one try, locked until the end of the transaction."""

    rows: dict[str, Tries]
    now: dt.datetime

    @property
    def refusal(self) -> str:
        """Why the try is not looked at: `locked`, `slowed`; empty when it is."""
        if any(self._waits(kind) for kind in (Kind.ADDRESS, Kind.USER, Kind.USER_NUMBER)):
            return "locked"
        own = self.rows[Kind.USER_NUMBER].wrong
        if self._waits(Kind.NUMBER) and own and own[-1] > self.now - PAUSE:
            return "slowed"
        return ""

    def right(self) -> None:
        """The user's wrong tries at the number are forgotten."""
        self.rows[Kind.USER_NUMBER].wrong = []
        self._keep()

    def wrong(self) -> Tries | None:
        """Counts the try; the row of the number if that is slowed from now on."""
        was_slow = self._waits(Kind.NUMBER)
        for kind, row in self.rows.items():
            if kind == Kind.ADDRESS and not row.address:
                continue
            most = MOST[Kind(kind)]
            recent = [at for at in row.wrong if at > self.now - WINDOW]
            row.wrong, row.at = [*recent, self.now][-most:], self.now
            if len(row.wrong) == most:
                # A number is slow as long as so many tries at it lie within the window.
                begun = row.wrong[0] if kind == Kind.NUMBER else self.now
                row.until = begun + WINDOW
                row.wrong = row.wrong if kind == Kind.NUMBER else []
        self._keep()
        return self.rows[Kind.NUMBER] if self._waits(Kind.NUMBER) and not was_slow else None

    def leave(self) -> None:
        """Counts nothing, at the price of counting."""
        self._keep()

    def _waits(self, kind: str) -> bool:
        until = self.rows[kind].until
        return until is not None and until > self.now

    def _keep(self) -> None:
        Tries.objects.bulk_update(self.rows.values(), ["wrong", "until", "at"])


def judge(user: User, number: str, address: str) -> Judge:
    """Locks what a try by the user, at the number, from the network address counts for.

    Whoever has no address that is known is not limited by it.
    """
    now = timezone.now()
    rows = [
        Tries(kind=Kind.ADDRESS, address=_network(address), at=now),
        Tries(kind=Kind.NUMBER, number=number, at=now),
        Tries(kind=Kind.USER, user=user, at=now),
        Tries(kind=Kind.USER_NUMBER, user=user, number=number, at=now),
    ]
    found: dict[str, Tries] = {}
    while len(found) < len(rows):  # again, if an old row was just pruned
        Tries.objects.bulk_create(rows, ignore_conflicts=True)
        found = {row.kind: row for row in _locked(rows)}
    return Judge(found, timezone.now())


def _locked(rows: list[Tries]) -> QuerySet[Tries]:
    same = Q()
    for row in rows:
        whose = {"user": row.user} if row.user else {"user__isnull": True}
        same |= Q(kind=row.kind, number=row.number, address=row.address, **whose)
    return Tries.objects.select_for_update().filter(same).order_by("kind")


def _network(address: str) -> str:
    """Of IPv6, the network that one home has; else the address itself."""
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address


def locks(user: User) -> list[Lock]:
    """Which of the user's tries nobody looks at, and until when."""
    rows = user.tries.holding(timezone.now()).order_by("number")
    return [Lock(*row) for row in rows.values_list("number", "until")]


def unlock(user: User) -> int:
    """Forgets the user's wrong tries; how many rows there were."""
    return user.tries.all().delete()[0]


def old(now: dt.datetime) -> QuerySet[Tries]:
    """Rows that no longer count."""
    return Tries.objects.filter(at__lt=now - WINDOW).order_by("at")
