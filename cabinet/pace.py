"""How fast mailings go: so many letters a second at all, and to one mail domain, over all machines.

Each letter takes a turn of a row in the database. A domain that puts letters off several times in
a row rests, longer each time. Letters that somebody waits for do not ask here.
"""

import datetime as dt
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from cabinet.attempts import pause
from cabinet.models import Pace

EVERYBODY = ""  # the row of all domains together
AHEAD = dt.timedelta(seconds=1)  # how far a domain's turn may lie ahead for it to be waited for
MANY = 1000  # letters put off at once
PATIENCE = 5  # letters put off in a row before a domain rests
LONGEST_REST = dt.timedelta(hours=1)


class Turn(NamedTuple):
    """A domain's turn: in how many seconds it is, and whether letters were put off before it."""

    seconds: float
    was_put_off: bool


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def of_domain(name: str) -> Turn | None:
    """Takes the next turn of a mail domain; None when it is not soon, or the domain rests."""
    gap = _gap(settings.MAIL_PER_SECOND_AND_DOMAIN)
    values: dict[str, Any] = {"name": name, "gap": gap, "ahead": max(AHEAD, 2 * gap)}
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO cabinet_pace AS p (name, next_at)
            VALUES (%(name)s, statement_timestamp() + %(gap)s)
            ON CONFLICT (name) DO UPDATE
            SET next_at = greatest(p.next_at, statement_timestamp()) + %(gap)s, rests_until = NULL
            WHERE p.next_at <= statement_timestamp() + %(ahead)s
            AND (p.rests_until IS NULL OR p.rests_until <= statement_timestamp())
            RETURNING extract(epoch FROM next_at - %(gap)s - statement_timestamp()), put_off""",
            values,
        )
        row = cursor.fetchone()
    return Turn(max(float(row[0]), 0.0), row[1] > 0) if row else None


def of_all() -> float:
    """Takes the next turn of all; in how many seconds it is."""
    if not settings.MAIL_PER_SECOND:
        return 0.0
    values: dict[str, Any] = {"name": EVERYBODY, "gap": _gap(settings.MAIL_PER_SECOND)}
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO cabinet_pace AS p (name, next_at)
            VALUES (%(name)s, statement_timestamp() + %(gap)s)
            ON CONFLICT (name) DO UPDATE
            SET next_at = greatest(p.next_at, statement_timestamp()) + %(gap)s
            RETURNING extract(epoch FROM next_at - %(gap)s - statement_timestamp())""",
            values,
        )
        return max(float(cursor.fetchone()[0]), 0.0)


def _gap(per_second: float) -> dt.timedelta:
    """Between two letters; none without a bound."""
    return dt.timedelta(seconds=1 / per_second) if per_second else dt.timedelta()


def put_off(name: str, first_pause: dt.timedelta) -> None:
    """The domain has put a letter off, because there are too many: it may have to rest."""
    domain = Pace.objects.filter(name=name)
    domain.update(put_off=F("put_off") + 1)
    times = domain.values_list("put_off", flat=True).first() or 0
    if times >= PATIENCE:
        rest = pause(first_pause, times - PATIENCE, LONGEST_REST)
        domain.update(rests_until=Now() + rest)


def went_well(name: str) -> None:
    """The domain takes letters again."""
    Pace.objects.filter(name=name).update(put_off=0, rests_until=None)


def postpone(mailing: int | None, name: str) -> None:
    """Lets the mailing's letters to a domain that does not take any now wait until it does, so
    that those to others get their turn: many at once, since they would all be looked at else, each
    with a turn of its own behind those that were put off before.
    """
    gap = _gap(settings.MAIL_PER_SECOND_AND_DOMAIN)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """SELECT greatest(next_at, rests_until, put_off_until, statement_timestamp())
            FROM cabinet_pace WHERE name = %s FOR UPDATE""",
            [name],
        )
        found = cursor.fetchone()
        if found is None:
            return
        values: dict[str, Any] = {"name": name, "mailing": mailing, "many": MANY}
        values |= {"start": found[0], "gap": gap}
        # Materialized: in a nested loop it would be found anew for each letter, less those before.
        cursor.execute(
            """WITH found AS MATERIALIZED (
                SELECT id FROM cabinet_letter
                WHERE mailing_id = %(mailing)s AND state = 'waiting'
                AND due_at <= statement_timestamp()
                AND (leased_until IS NULL OR leased_until < statement_timestamp())
                AND lower(split_part(recipient, '@', 2)) = %(name)s
                LIMIT %(many)s FOR UPDATE SKIP LOCKED
            ), placed AS MATERIALIZED (SELECT id, row_number() OVER () AS place FROM found)
            UPDATE cabinet_letter l SET leased_by = '', leased_until = NULL,
                due_at = %(start)s + %(gap)s * placed.place
            FROM placed WHERE l.id = placed.id""",
            values,
        )
        until = found[0] + gap * cursor.rowcount
        Pace.objects.filter(name=name).update(put_off_until=until)
