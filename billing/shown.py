"""What a receipt shows: by the tables as they are, or as an import kept it before a change.

The same SQL makes both, so that a version is the same document before it is kept and after.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.db import connection

from billing.models import FrozenReceipt, PersonalAccount
from billing.models.facts import ExactDecoder

MONTH = "account_id, month"
_KEY = "account_id, service_id, month"
LAST_DAY = "({month} + interval '1 month - 1 day')::date"

# Selects of the table `printed`, which holds rows of receipts, and of `printed_line`, which
# holds their charges; `SHOWN` adds what stands on them.
PRINTED_LINES = f"SELECT c.* FROM printed p JOIN billing_charge c USING ({MONTH})"


def _lines(name: str, rows: str, cells: str, order: str) -> str:
    return f"""LEFT JOIN (
        SELECT {_KEY}, jsonb_agg(jsonb_build_array({cells}) ORDER BY {order}) AS {name}
        FROM {rows} x GROUP BY {_KEY}) {name} USING ({_KEY})"""


def _printed(table: str) -> str:
    return f"(SELECT x.* FROM printed p JOIN {table} x USING ({MONTH}))"


_CHARGE = (
    "x.line, x.serial, x.from_on, x.from_value, x.to_on, x.to_value, x.days, x.quantity,"
    ' x.level, x."limit", x.price, x.vat_rate, x.amount'
)
_ADJUSTMENT = "x.line, x.reason_kk, x.reason_ru, x.quantity, x.amount"
_PAYMENT = "x.reference, x.paid_on, x.amount"
_FIGURES = f"""
    SELECT {MONTH}, jsonb_object_agg(service_id, jsonb_build_object(
        'balance', jsonb_build_array(l.opening, l.accrued, l.adjusted, l.paid, l.closing),
        'charges', coalesce(charges, '[]'), 'adjustments', coalesce(adjustments, '[]'),
        'payments', coalesce(payments, '[]'))) AS figures
    FROM printed p JOIN billing_ledgerentry l USING ({MONTH})
    {_lines("charges", "printed_line", _CHARGE, "x.line")}
    {_lines("adjustments", _printed("billing_adjustment"), _ADJUSTMENT, "x.line")}
    {_lines("payments", _printed("billing_payment"), _PAYMENT, "x.paid_on, x.reference")}
    GROUP BY {MONTH}"""

# Terms are those in force from the first charged day to the month's end; readings those of
# the charged meters over the same days.
_LAST = LAST_DAY.format(month="p.month")
_HOMES = f"""
    SELECT {MONTH}, i.readings,
        jsonb_build_object('payer', a.payer, 'address_kk', a.address_kk,
                           'address_ru', a.address_ru, 'branch', a.branch_id) AS payer,
        jsonb_build_object('terms', t.terms, 'meters', i.meters) AS home
    FROM printed p
    JOIN billing_personalaccount a ON a.id = p.account_id
    LEFT JOIN (
        SELECT {MONTH}, min(from_on) AS first, array_agg(DISTINCT serial) AS serials
        FROM printed_line WHERE serial IS NOT NULL GROUP BY {MONTH}) c USING ({MONTH})
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(t.valid_from, t.residents, t.electric_stove,
                                  t.privileged, t.plan) ORDER BY t.valid_from), '[]') AS terms
        FROM billing_terms t
        WHERE t.account_id = p.account_id AND t.valid_from <= {_LAST}
        AND NOT EXISTS (SELECT FROM billing_terms later WHERE later.account_id = t.account_id
                        AND later.valid_from > t.valid_from
                        AND later.valid_from <= coalesce(c.first, p.month))) t
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(m.serial, m.service_id, m.digits, m.ratio)
                                  ORDER BY m.serial), '[]') AS meters,
               coalesce(jsonb_agg(r.readings ORDER BY m.serial), '[]') AS readings
        FROM billing_meter m
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(jsonb_build_array(m.serial, r.taken_on, r.source, r.value)
                                      ORDER BY r.taken_on, r.source), '[]') AS readings
            FROM billing_reading r
            WHERE r.meter_id = m.id AND r.taken_on BETWEEN c.first AND {_LAST}) r
        WHERE m.account_id = p.account_id AND m.serial = ANY(c.serials)) i"""
SHOWN = f"""
    SELECT p.*, coalesce(g.figures, '{{}}') AS figures, h.readings, h.payer, h.home
    FROM printed p LEFT JOIN ({_FIGURES}) g USING ({MONTH}) JOIN ({_HOMES}) h USING ({MONTH})"""


@dataclass(frozen=True)
class Shown:
    """A version of a receipt, and the facts on it as `FrozenReceipt` describes them.

    `made_by` is the number of the import that made the version; None for what is older.
    """

    month: dt.date
    number: str
    issued_on: dt.date
    due_on: dt.date
    amount_due: Decimal
    version: int
    made_by: int | None
    figures: dict[str, dict[str, Any]]
    readings: list[list[list[Any]]]
    payer: dict[str, str]
    home: dict[str, list[list[Any]]]

    @classmethod
    def kept(cls, receipt: FrozenReceipt) -> Self:
        """As an import kept it."""
        row: list[Any] = [getattr(receipt, name) for name in (*_HEAD, "made_by_id")]
        row += [receipt.figures, receipt.readings, receipt.payer.content, receipt.home.content]
        return cls(*row)


_HEAD = ("month", "number", "issued_on", "due_on", "amount_due", "version")
_NOW = f"""
    WITH printed AS (
        SELECT account_id, {", ".join(_HEAD)}, made_by_id FROM billing_receipt
        WHERE account_id = %s {{which}}),
    printed_line AS ({PRINTED_LINES})
    SELECT {", ".join(_HEAD)}, made_by_id, figures::text, readings::text, payer::text, home::text
    FROM ({SHOWN}) s ORDER BY month DESC"""


def now(account: PersonalAccount, months: Iterable[dt.date]) -> list[Shown]:
    """The receipts of these months by the tables as they are, the latest first; one query."""
    return _ask("AND month = ANY(%s)", account.pk, list(months))


def latest(account: PersonalAccount, count: int) -> list[Shown]:
    """The account's last receipts by the tables as they are, the latest first; one query."""
    which = """AND month IN (SELECT month FROM billing_receipt WHERE account_id = %s
                             ORDER BY month DESC LIMIT %s)"""
    return _ask(which, account.pk, account.pk, count)


def _ask(which: str, *values: Any) -> list[Shown]:
    with connection.cursor() as cursor:
        cursor.execute(_NOW.replace("{which}", which), values)
        rows = cursor.fetchall()
    decode = ExactDecoder().decode
    return [Shown(*row[:7], *map(decode, row[7:])) for row in rows]


def kept(account: PersonalAccount, months: Iterable[dt.date]) -> list[Shown]:
    """What imports have kept of the receipts of these months, the latest version first; one
    query.
    """
    rows = account.frozen_receipts.filter(month__in=list(months)).order_by("-month", "-version")
    return [Shown.kept(row) for row in rows.select_related("payer", "home")]


def versions(account: PersonalAccount, month: dt.date) -> tuple[int | None, list[Shown]]:
    """The version in force, None where billing has none or has withdrawn it; and every version of
    the month's receipt, the latest first.

    Of the latest, what was kept counts: the tables may have another payer by now.
    """
    current = now(account, [month])
    return current[0].version if current else None, _together(current, kept(account, [month]))


def every(account: PersonalAccount, months: list[dt.date]) -> list[Shown]:
    """Every version of these months' receipts, the latest first; two queries."""
    return _together(now(account, months), kept(account, months))


def _together(current: list[Shown], found: list[Shown]) -> list[Shown]:
    known = {(each.month, each.version) for each in found}
    added = [each for each in current if (each.month, each.version) not in known]
    return sorted([*added, *found], key=lambda each: (each.month, each.version), reverse=True)
