"""What pages ask of an account beside its own row, in SQL.

Django takes milliseconds to write the same, at each request; PostgreSQL answers each in one
index. A question is of the account's row in the query that it is added to.
"""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import RawSQL

_ACCOUNT = '"billing_personalaccount"."id"'
_TENGE = models.DecimalField(max_digits=14, decimal_places=2)
_DAY = models.DateField()

_CLOSED = f"""
    SELECT sum(latest.closing) AS tenge FROM billing_service s CROSS JOIN LATERAL (
        SELECT l.closing FROM billing_ledgerentry l
        WHERE l.account_id = {_ACCOUNT} AND l.service_id = s.code
        ORDER BY l.month DESC LIMIT 1) latest"""
_WAITING = f"""
    SELECT sum(p.amount) AS tenge FROM billing_payment p
    WHERE p.account_id = {_ACCOUNT} AND NOT EXISTS (
        SELECT FROM billing_ledgerentry l WHERE l.account_id = p.account_id
        AND l.service_id = p.service_id AND l.month = p.month)"""
_BALANCE = f"""
    SELECT CASE WHEN closed.tenge IS NOT NULL OR waiting.tenge IS NOT NULL
        THEN coalesce(closed.tenge, 0.00) - coalesce(waiting.tenge, 0.00) END
    FROM ({_CLOSED}) closed, ({_WAITING}) waiting"""

_LAST_PAID = f"""
    SELECT {{}} FROM billing_payment p
    WHERE p.account_id = {_ACCOUNT} AND amount > 0 AND NOT EXISTS (
        SELECT FROM billing_payment r WHERE r.account_id = p.account_id
        AND r.service_id = p.service_id AND r.amount = -p.amount AND r.paid_on >= p.paid_on)
    GROUP BY paid_on ORDER BY paid_on DESC LIMIT 1"""
_OTHER_HOLDERS = f"""
    SELECT array_agg(u.full_name ORDER BY h.since, h.id)
    FROM billing_holding h JOIN accounts_user u ON u.id = h.user_id
    WHERE h.account_id = {_ACCOUNT} AND h.user_id <> %s
    AND h.since_day >= "billing_personalaccount"."owner_since"
"""


def _question(sql: str, answer: models.Field, *values: dt.date | int) -> RawSQL:
    return RawSQL(sql, values, answer)  # noqa: S611 - but for values, it is all written here


def balance() -> RawSQL:
    """In tenge: the latest closings of all services, less the payments received but booked to
    months not closed; NULL where billing has sent neither.
    """
    return _question(_BALANCE, _TENGE)


def latest_month() -> RawSQL:
    """The latest closed month."""
    sql = f"SELECT max(l.month) FROM billing_ledgerentry l WHERE l.account_id = {_ACCOUNT}"
    return _question(sql, _DAY)


def month_beside(which: str, sign: str, month: dt.date) -> RawSQL:
    """The nearest closed month before (`max`, `<`) or after (`min`, `>`) a month."""
    sql = f"""SELECT {which}(l.month) FROM billing_ledgerentry l
        WHERE l.account_id = {_ACCOUNT} AND l.month {sign} %s"""
    return _question(sql, _DAY, month)


def latest_paid_on() -> RawSQL:
    """The day of the latest payment."""
    sql = f"SELECT max(p.paid_on) FROM billing_payment p WHERE p.account_id = {_ACCOUNT}"
    return _question(sql, _DAY)


def first_paid_on() -> RawSQL:
    """The day of the first payment."""
    sql = f"SELECT min(p.paid_on) FROM billing_payment p WHERE p.account_id = {_ACCOUNT}"
    return _question(sql, _DAY)


def last_paid_on() -> RawSQL:
    """The last day on which something was paid that has not been taken back since."""
    return _question(_LAST_PAID.format("paid_on"), _DAY)


def last_paid() -> RawSQL:
    """All that was paid on that day, in tenge."""
    return _question(_LAST_PAID.format("sum(amount)"), _TENGE)


def latest_due_on() -> RawSQL:
    """The latest day by which a receipt is to be paid."""
    sql = f"SELECT max(r.due_on) FROM billing_receipt r WHERE r.account_id = {_ACCOUNT}"
    return _question(sql, _DAY)


def latest_receipt() -> RawSQL:
    """The month of the latest receipt."""
    sql = f"SELECT max(r.month) FROM billing_receipt r WHERE r.account_id = {_ACCOUNT}"
    return _question(sql, _DAY)


def other_holders(user: int) -> RawSQL:
    """The full names of who else holds the account, the first one first; NULL for nobody."""
    return _question(_OTHER_HOLDERS, ArrayField(models.TextField()), user)
