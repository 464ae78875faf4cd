"""What residents told us since some change or moment, read for billing.

Changes are told by their numbers, not by clocks: the number of the last one, chosen while nobody
is in the middle of another, is where the next export goes on. Later ones all have larger numbers,
whatever the clocks of the machines say that write them.
"""

import datetime as dt
import re
import time
from collections.abc import Generator
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from receipts.models import Subscription, SubscriptionChange
from receipts.subscriptions import EXPORT_LOCK

# The number of a change, of which later ones are told; or a moment, with its own changes; or all.
Since = int | dt.datetime | None

NUMBER = re.compile(r"[0-9]{1,18}")
DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    rf"{DAY.pattern}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})"
)

PATIENCE = 600.0  # seconds in all: an import that ends subscriptions may take a while
TURN = 200  # milliseconds that we stand in the way of others who only begin to write
PAUSE = 0.5  # seconds in which they go first
LOCK_NOT_AVAILABLE = "55P03"


class WrongSince(Exception):
    """No such moment, or one that is still to come; says why."""


class Busy(Exception):
    """Somebody has been in the middle of a change all the time."""


class Moment(NamedTuple):
    """All changes to the number `last` are there for all to see; the database's clock then."""

    last: int
    at: dt.datetime


class Told(NamedTuple):
    """What a subscriber wants of an account, and why it last changed. `without_paper` is true
    where the account's paper receipts have ended: somebody wants none, and nobody wants them.
    """

    account: str
    subscriber: int
    e_receipts: bool
    email: str
    language: str
    form: str
    attached: bool
    paper: bool
    reminders: bool
    payments: bool
    changed_at: dt.datetime
    why: str
    without_paper: bool


# A user who was deleted has left nothing but the changes.
_TOLD = """
    SELECT a.number, t.subscriber, coalesce(s.receipts, false),
        CASE WHEN s.receipts OR s.reminders OR s.payments THEN coalesce(r.email, '') ELSE '' END,
        coalesce(s.language, t.language), coalesce(s.form, t.form),
        coalesce(s.attached, t.attached), coalesce(s.paper, true),
        coalesce(s.reminders, false), coalesce(s.payments, false),
        t.at, CASE WHEN s.id IS NULL THEN 'deleted' ELSE t.why END,
        e.account_id IS NOT NULL
    FROM told t
    JOIN billing_personalaccount a ON a.id = t.account_id
    LEFT JOIN receipts_subscription s ON s.account_id = t.account_id AND s.user_id = t.subscriber
    LEFT JOIN reached r ON r.id = s.id
    LEFT JOIN (SELECT account_id FROM reached GROUP BY account_id
               HAVING bool_or(receipts AND NOT paper) AND NOT bool_or(paper)) e
        ON e.account_id = t.account_id
    ORDER BY a.number, t.subscriber"""


def parsed(text: str) -> int | dt.datetime:
    """The number of a change, or a moment: of a day it is midnight in Almaty."""
    if NUMBER.fullmatch(text):
        return int(text)
    try:
        if DAY.fullmatch(text):
            midnight = dt.datetime.combine(dt.date.fromisoformat(text), dt.time())
            return midnight.replace(tzinfo=timezone.get_default_timezone())
        if INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:  # there is no such day or time
        pass
    raise WrongSince(
        f"{text!r} is neither a day like 2026-04-10, nor a time like 2026-04-10T09:30:00+05:00,"
        " nor the number that ended an earlier export."
    )


def settled() -> Moment:
    """A moment at which nobody is in the middle of a change; Busy when there is none for long."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return _locked()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) != LOCK_NOT_AVAILABLE:
                raise
            if time.monotonic() >= end:
                raise Busy from error
        time.sleep(PAUSE)


@transaction.atomic(durable=True)
def _locked() -> Moment:
    """Whoever writes holds the lock from before a change gets its number to the end of the
    transaction. Those who come while we wait for it wait behind us, so we never wait long.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{TURN}ms"])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EXPORT_LOCK])
        cursor.execute(
            "SELECT coalesce(max(id), 0), clock_timestamp() FROM receipts_subscriptionchange"
        )
        return Moment(*cursor.fetchone())


def refuse_future(since: Since, moment: Moment) -> None:
    """WrongSince for what is still to come: then the next export would miss what is between."""
    if isinstance(since, int) and since > moment.last:
        raise WrongSince(f"There is no change {since} yet: the last one is {moment.last}.")
    if isinstance(since, dt.datetime) and since > moment.at:
        raise WrongSince(f"{since.isoformat()} is still to come.")


def told(since: Since) -> Generator[Told]:
    """What each subscriber of each account wants now, where that changed; by account number.

    One statement, so that all of it is of one moment; read in parts, within a transaction.
    """
    changes = SubscriptionChange.objects.filter(_after(since))
    latest = (
        changes.order_by("account_id", "subscriber", "-pk")
        .distinct("account_id", "subscriber")
        .values_list("account_id", "subscriber", "at", "why", "language", "form", "attached")
    )
    reached = (
        Subscription.objects.in_force()
        .anything_on()
        .filter(account__in=changes.values("account"))
        .values_list("pk", "account_id", "user__email", "receipts", "paper")
    )
    told_sql, told_values = latest.query.sql_with_params()
    reached_sql, reached_values = reached.query.sql_with_params()
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "WITH told (account_id, subscriber, at, why, language, form, attached) AS"
            f" ({told_sql}), reached (id, account_id, email, receipts, paper) AS"
            f" ({reached_sql}) {_TOLD}",
            [*told_values, *reached_values],
        )
        yield from map(Told._make, cursor)


def _after(since: Since) -> Q:
    if since is None:
        return Q()
    return Q(pk__gt=since) if isinstance(since, int) else Q(at__gte=since)


def shown(value: Any) -> Any:
    """A cell, as the exchange has it: booleans as 0 and 1, moments with Almaty's offset."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dt.datetime):
        return timezone.localtime(value, timezone.get_default_timezone()).isoformat()
    return value
