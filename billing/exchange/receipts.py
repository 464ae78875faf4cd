"""Freezes the receipts that a set brings or whose figures it changes."""

from billing.exchange.staging import execute, value_of
from billing.models import Import

_MONTH = "account_id, month"
_KEY = "account_id, service_id, month"
_LAST_DAY = "(p.month + interval '1 month - 1 day')::date"

# What every receipt of one import has in common, in both languages.
_TEXTS = """
    SELECT jsonb_build_object(
        'suppliers', (SELECT jsonb_object_agg(code, to_jsonb(x) - 'code') FROM billing_supplier x),
        'services', (SELECT jsonb_object_agg(code, to_jsonb(x) - 'code') FROM billing_service x),
        'branches', (SELECT jsonb_object_agg(code, to_jsonb(x) - 'code') FROM billing_branch x),
        'banks', (SELECT jsonb_object_agg(code, to_jsonb(x) - 'code') FROM billing_bank x))"""


def freeze_receipts(files: set[str], record: Import) -> int:
    """Makes a version of each touched receipt that has none with these figures; their number.

    Reads `billed`, the months that the set touches.
    """
    _find_printed()
    if not value_of("SELECT count(*) FROM printed"):
        return 0
    _gather_figures()
    _gather_home()
    _store_facts()
    columns = "number, issued_on, due_on, amount_due, figures"
    return execute(
        f"""INSERT INTO billing_frozenreceipt
            ({_MONTH}, version, {columns}, readings, payer_id, home_id, texts_id, made_by_id)
        SELECT {_MONTH}, coalesce(f.version, 0) + 1, p.number, p.issued_on, p.due_on, p.amount_due,
               coalesce(g.figures, '{{}}'), coalesce(h.readings, '[]'), payer.id, home.id,
               {_fact_of(_TEXTS)}, %s
        FROM printed p
        LEFT JOIN figured g USING ({_MONTH})
        JOIN at_home h USING ({_MONTH})
        JOIN billing_frozenfact payer ON payer.digest = h.payer_digest
        JOIN billing_frozenfact home ON home.digest = h.home_digest
        LEFT JOIN LATERAL (
            SELECT version, home_id, {columns} FROM billing_frozenreceipt o
            WHERE o.account_id = p.account_id AND o.month = p.month
            ORDER BY version DESC LIMIT 1) f ON TRUE
        WHERE (f.number, f.issued_on, f.due_on, f.amount_due, f.figures, f.home_id)
            IS DISTINCT FROM
            (p.number, p.issued_on, p.due_on, p.amount_due, coalesce(g.figures, '{{}}'), home.id)""",
        record.pk,
    )


def _find_printed() -> None:
    execute(
        f"""CREATE TEMP TABLE printed AS
        SELECT {_MONTH}, r.number, r.issued_on, r.due_on, r.amount_due
        FROM billed b JOIN billing_receipt r USING ({_MONTH})"""
    )
    execute(f"ANALYZE printed ({_MONTH})")
    execute(
        f"""CREATE TEMP TABLE printed_line AS
        SELECT c.* FROM printed p JOIN billing_charge c USING ({_MONTH})"""
    )


def _gather_figures() -> None:
    """Makes `figured`: per receipt its balances and lines by service."""

    def lines(name: str, rows: str, cells: str, order: str) -> str:
        return f"""LEFT JOIN (
            SELECT {_KEY}, jsonb_agg(jsonb_build_array({cells}) ORDER BY {order}) AS {name}
            FROM {rows} x GROUP BY {_KEY}) {name} USING ({_KEY})"""

    charge = (
        "x.line, x.serial, x.from_on, x.from_value, x.to_on, x.to_value, x.days, x.quantity,"
        ' x.level, x."limit", x.price, x.vat_rate, x.amount'
    )
    adjustment = "x.line, x.reason_kk, x.reason_ru, x.quantity, x.amount"
    printed = f"(SELECT x.* FROM printed p JOIN {{table}} x USING ({_MONTH}))"
    execute(
        f"""CREATE TEMP TABLE figured AS
        SELECT {_MONTH}, jsonb_object_agg(service_id, jsonb_build_object(
            'balance', jsonb_build_array(l.opening, l.accrued, l.adjusted, l.paid, l.closing),
            'charges', coalesce(charges, '[]'), 'adjustments', coalesce(adjustments, '[]'),
            'payments', coalesce(payments, '[]'))) AS figures
        FROM printed p JOIN billing_ledgerentry l USING ({_MONTH})
        {lines("charges", "printed_line", charge, "x.line")}
        {lines("adjustments", printed.format(table="billing_adjustment"), adjustment, "x.line")}
        {
            lines(
                "payments",
                printed.format(table="billing_payment"),
                "x.reference, x.paid_on, x.amount",
                "x.paid_on, x.reference",
            )
        }
        GROUP BY {_MONTH}"""
    )
    execute(f"ANALYZE figured ({_MONTH})")


def _gather_home() -> None:
    """Makes `at_home`: per receipt the payer, the terms and meters, and the readings.

    Terms are those in force from the first charged day to the month's end; readings those
    of the charged meters over the same days.
    """
    execute(
        f"""CREATE TEMP TABLE at_home AS
        SELECT {_MONTH}, x.payer, x.home, i.readings,
               sha256(convert_to(x.payer::text, 'UTF8')) AS payer_digest,
               sha256(convert_to(x.home::text, 'UTF8')) AS home_digest
        FROM printed p
        JOIN billing_personalaccount a ON a.id = p.account_id
        LEFT JOIN (
            SELECT {_MONTH}, min(from_on) AS first, array_agg(DISTINCT serial) AS serials
            FROM printed_line WHERE serial IS NOT NULL GROUP BY {_MONTH}) c USING ({_MONTH})
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_array(t.valid_from, t.residents, t.electric_stove,
                                               t.privileged, t.plan) ORDER BY t.valid_from) AS terms
            FROM billing_terms t
            WHERE t.account_id = p.account_id AND t.valid_from <= {_LAST_DAY}
            AND NOT EXISTS (SELECT FROM billing_terms later WHERE later.account_id = t.account_id
                            AND later.valid_from > t.valid_from
                            AND later.valid_from <= coalesce(c.first, p.month))) t
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_array(m.serial, m.service_id, m.digits, m.ratio)
                             ORDER BY m.serial) AS meters,
                   jsonb_agg(r.readings ORDER BY m.serial) AS readings
            FROM billing_meter m
            CROSS JOIN LATERAL (
                SELECT jsonb_agg(jsonb_build_array(m.serial, r.taken_on, r.source, r.value)
                                 ORDER BY r.taken_on, r.source) AS readings
                FROM billing_reading r
                WHERE r.meter_id = m.id AND r.taken_on BETWEEN c.first AND {_LAST_DAY}) r
            WHERE m.account_id = p.account_id AND m.serial = ANY(c.serials)) i
        CROSS JOIN LATERAL (SELECT
            jsonb_build_object('payer', a.payer, 'address_kk', a.address_kk,
                               'address_ru', a.address_ru, 'branch', a.branch_id) AS payer,
            jsonb_build_object('terms', t.terms, 'meters', i.meters) AS home) x"""
    )
    execute(f"ANALYZE at_home ({_MONTH})")


def _store_facts() -> None:
    """Stores what repeats, once each."""
    for facts in (
        "SELECT DISTINCT payer_digest, payer FROM at_home",
        "SELECT DISTINCT home_digest, home FROM at_home",
        f"SELECT sha256(convert_to(x.c::text, 'UTF8')), x.c FROM ({_TEXTS} AS c) x",
    ):
        execute(
            f"""INSERT INTO billing_frozenfact (digest, content)
            SELECT f.digest, f.content FROM ({facts}) f (digest, content)
            WHERE NOT EXISTS (SELECT FROM billing_frozenfact o WHERE o.digest = f.digest)"""
        )


def _fact_of(content: str) -> str:
    return f"""(SELECT f.id FROM billing_frozenfact f
        WHERE f.digest = (SELECT sha256(convert_to(x.c::text, 'UTF8')) FROM ({content} AS c) x))"""
