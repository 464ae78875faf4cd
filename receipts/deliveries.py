"""Mailings of e-receipts, reminders and word of payments: to whom each goes, and of what.

One statement writes all letters of a mailing, without words: whoever sends one makes it, and asks
once more whether it is wanted. A mailing is made once for what it is made for, in the transaction
of the import that it follows.
"""

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing.models import Import, Receipt
from cabinet import months
from cabinet.models import Mailing
from cabinet.outbox import BULK, domain
from receipts.models import Delivery, Subscription

RECEIPT, REMINDER, PAYMENT = "receipt", "reminder", "payment"
# Which choice of a subscription brings letters of a kind.
NOTICE = {RECEIPT: "receipts", REMINDER: "reminders", PAYMENT: "payments"}
MAKING_LOCK = 0x5A4B46  # one mailing is made at a time, over all machines
REMIND_BEFORE = 3  # days before the day of payment
REMIND_FROM, REMIND_UNTIL = 9, 20  # o'clock in Almaty
NEWS = 31  # days after which a payment is no news

# Subscriptions in force, as `Subscription.objects.in_force()` has them: s, and u, the user.
_IN_FORCE = """receipts_subscription s
    JOIN accounts_user u ON u.id = s.user_id AND u.is_active AND u.email <> s.refused_address
    JOIN billing_holding h ON h.user_id = s.user_id AND h.account_id = s.account_id
    JOIN billing_personalaccount a ON a.id = s.account_id AND a.owner_since <= h.since_day"""

# Each selects the columns of `receipts_delivery` but for the letter; `since` is the first month
# that was corrected. A letter that waits is not sent once a later one waits too, which then tells
# of what that one would have told.
_UNTOLD = """(SELECT min(d.since)
    FROM receipts_delivery d JOIN cabinet_letter l ON l.id = d.letter_id
    WHERE d.subscription_id = s.id AND l.kind = 'receipt' AND l.state = 'waiting'
    AND d.month <= r.month)"""
_OF_IMPORT = f"""
    SELECT s.id, r.month, r.version, least(m.corrected, {_UNTOLD}), '[]'::jsonb
    FROM {_IN_FORCE}
    CROSS JOIN LATERAL (
        SELECT max(month) AS latest, max(month) FILTER (WHERE made_by_id = %(made_by)s) AS month,
               min(month) FILTER (WHERE made_by_id = %(made_by)s AND version > 1) AS corrected
        FROM billing_receipt WHERE account_id = s.account_id) m
    JOIN billing_receipt r ON r.account_id = s.account_id AND r.month = m.month
    WHERE s.receipts AND (r.month = m.latest OR m.corrected IS NOT NULL)"""
_OF_MONTH = f"""
    SELECT s.id, r.month, r.version, least(CASE WHEN r.version > 1 THEN r.month END, {_UNTOLD}),
        '[]'::jsonb
    FROM {_IN_FORCE}
    JOIN billing_receipt r ON r.account_id = s.account_id AND r.month = %(month)s
    WHERE s.receipts AND NOT EXISTS (
        SELECT FROM receipts_delivery d JOIN cabinet_letter l ON l.id = d.letter_id
        WHERE d.subscription_id = s.id AND l.kind = 'receipt' AND l.state IN ('waiting', 'sent')
        AND d.month = r.month AND d.version >= r.version)"""
_OF_PAYMENTS = f"""
    SELECT s.id, NULL::date, NULL::integer, NULL::date, d.payments
    FROM {_IN_FORCE}
    JOIN (SELECT account_id, jsonb_agg(reference ORDER BY paid_on, reference) AS payments
          FROM delta_payments WHERE NOT known AND paid_on > %(since)s
          GROUP BY account_id) d ON d.account_id = s.account_id
    WHERE s.payments"""
_OF_DUE = f"""
    SELECT s.id, r.month, r.version, NULL::date, '[]'::jsonb
    FROM {_IN_FORCE}
    CROSS JOIN LATERAL (SELECT month, version, due_on, amount_due FROM billing_receipt
                        WHERE account_id = s.account_id ORDER BY month DESC LIMIT 1) r
    WHERE s.reminders AND r.due_on BETWEEN %(first)s AND %(last)s
    AND r.amount_due > coalesce((SELECT sum(amount) FROM billing_payment p
                                 WHERE p.account_id = s.account_id AND p.month > r.month), 0)
    AND NOT EXISTS (
        SELECT FROM receipts_delivery d JOIN cabinet_letter l ON l.id = d.letter_id
        WHERE d.subscription_id = s.id AND l.kind = 'reminder' AND d.month = r.month)"""


_OF_LATEST = f"""
    SELECT s.id, r.month, r.version, {_UNTOLD}, '[]'::jsonb
    FROM receipts_subscription s JOIN billing_receipt r ON r.account_id = s.account_id
    WHERE s.id = %(subscription)s ORDER BY r.month DESC LIMIT 1"""


def follow_import(record: Import, files: set[str]) -> None:
    """Makes the mailings of an import, in its transaction: of the receipts that it made or
    corrected, and of the payments that it brought. After a first load there is none.
    """
    key = f"import {record.pk}"
    if Receipt.objects.exclude(made_by=record.pk).exists():
        made = Receipt.objects.filter(made_by=record.pk).order_by("-month").first()
        if made:
            about = months.code(made.month)
            _make(RECEIPT, key, about, _OF_IMPORT, {"made_by": record.pk})
    if "payments" in files:
        since = timezone.localdate() - dt.timedelta(days=NEWS)
        about = timezone.localdate().isoformat()
        _make(PAYMENT, key, about, _OF_PAYMENTS, {"since": since})


def deliver(month: dt.date, *, dry_run: bool = False) -> tuple[Mailing | None, dict[str, int]]:
    """Makes the mailing of a month's receipts to whoever has not got them; and the number of
    letters by mail domain. A dry run only counts.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT lower(split_part(u.email, '@', 2)), count(*)
            FROM ({_OF_MONTH}) d (subscription, month, version, since, payments)
            JOIN receipts_subscription s ON s.id = d.subscription
            JOIN accounts_user u ON u.id = s.user_id GROUP BY 1 ORDER BY 2 DESC, 1""",
            {"month": month},
        )
        domains = dict(cursor.fetchall())
        if dry_run:
            return None, domains
        about, key = months.code(month), f"by hand {timezone.now().isoformat()}"
        return _make(RECEIPT, key, about, _OF_MONTH, {"month": month}), domains


def remind() -> None:
    """Makes the day's mailing of reminders, once, in the hours when people are up."""
    now = timezone.localtime()
    day = now.date()
    if not REMIND_FROM <= now.hour < REMIND_UNTIL:
        return
    key = day.isoformat()
    if Mailing.objects.filter(kind=REMINDER, key=key).exists():
        return
    bounds = {
        "first": day + dt.timedelta(days=1),
        "last": day + dt.timedelta(days=REMIND_BEFORE),
    }
    _make(REMINDER, key, key, _OF_DUE, bounds, each_day=True)


@transaction.atomic
def _make(
    kind: str, key: str, about: str, select: str, values: dict[str, Any], each_day: bool = False
) -> Mailing | None:
    """Writes the letters for all rows of a select of ours; None when there are none, or they are
    there already. Subscriptions are not deleted meanwhile, and those that are just being deleted
    get none. What is made each day is noted even without letters, and tried anew in a minute while
    another mailing is being made.
    """
    with connection.cursor() as cursor:
        if each_day:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [MAKING_LOCK])
            if not cursor.fetchone()[0]:
                return None
        else:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING_LOCK])
    if Mailing.objects.filter(kind=kind, key=key).exists():
        return None
    mailing = Mailing.objects.create(kind=kind, key=key, about=about)
    mailing.total = _write(kind, mailing.pk, select, values)
    if not mailing.total and not each_day:
        mailing.delete()
        return None
    mailing.save(update_fields=["total"])
    return mailing


def _write(kind: str, mailing: int | None, select: str, values: dict[str, Any]) -> int:
    """The letters and deliveries of a select, in one statement; how many there are."""
    letter: dict[str, Any] = {
        "domain": domain(),
        "priority": BULK,
        "kind": kind,
        "mailing": mailing,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH d AS MATERIALIZED (
                SELECT nextval(pg_get_serial_sequence('cabinet_letter', 'id')) AS letter, d.*
                FROM ({select} FOR KEY SHARE OF s SKIP LOCKED)
                    d (subscription, month, version, since, payments)),
            letters AS (
                INSERT INTO cabinet_letter (id, message_id, priority, kind, language,
                    recipient, subject, text, html, headers, state, attempts, leased_by,
                    last_error, mailing_id)
                SELECT d.letter, format('<%%s@%%s>', gen_random_uuid(), %(domain)s::text),
                    %(priority)s, %(kind)s,
                    CASE s.language WHEN 'both' THEN u.language ELSE s.language END,
                    u.email, '', '', '', '{{}}', 'waiting', 0, '', '', %(mailing)s
                FROM d JOIN receipts_subscription s ON s.id = d.subscription
                JOIN accounts_user u ON u.id = s.user_id)
            INSERT INTO receipts_delivery
                (letter_id, subscription_id, month, version, since, payments)
            SELECT letter, subscription, month, version, since, payments FROM d""",
            {**values, **letter},
        )
        return int(cursor.rowcount)


@transaction.atomic
def send_again(subscription: Subscription) -> Delivery | None:
    """Has the account's latest receipt sent to a subscriber once more; None without one, or when
    the subscription brings no receipts.
    """
    in_force = Subscription.objects.in_force().filter(pk=subscription.pk, receipts=True)
    if not in_force.exists():
        return None
    if not _write(RECEIPT, None, _OF_LATEST, {"subscription": subscription.pk}):
        return None
    return Delivery.objects.filter(subscription=subscription).latest("letter_id")
