"""Keeps what receipts showed before a set changes it, and counts their versions.

A receipt shows the tables as they are. Before rows behind it change, what it showed is
kept; when the change has made a figure differ, it gets another version.
"""

from billing.exchange.staging import execute, value_of
from billing.models import Import
from billing.shown import LAST_DAY, MONTH, PRINTED_LINES, SHOWN

_HEAD = "number, issued_on, due_on, amount_due"


def freeze_what_changes(files: set[str]) -> None:
    """Keeps what the loaded receipts show whose facts the set is about to change.

    Reads `billed`, `gone` and the deltas, before any of them is written.
    """
    if not value_of("SELECT EXISTS (SELECT FROM billing_receipt)"):
        return
    execute(
        f"""CREATE TEMP TABLE printed AS
        SELECT {MONTH}, r.{_HEAD.replace(", ", ", r.")}, r.version, r.made_by_id
        FROM ({" UNION ".join(_changing(files))}) b JOIN billing_receipt r USING ({MONTH})
        WHERE NOT EXISTS (SELECT FROM billing_frozenreceipt f WHERE f.account_id = r.account_id
                          AND f.month = r.month AND f.version = r.version)"""
    )
    if value_of("SELECT EXISTS (SELECT FROM printed)"):
        _gather()
        _store_facts()
        execute(
            f"""INSERT INTO billing_frozenreceipt
                ({MONTH}, version, {_HEAD}, figures, readings, payer_id, home_id, made_by_id)
            SELECT {MONTH}, version, {_HEAD}, figures, readings, payer.id, home.id, made_by_id
            FROM shown
            JOIN billing_frozenfact payer ON payer.digest = payer_digest
            JOIN billing_frozenfact home ON home.digest = home_digest"""
        )
        execute("DROP TABLE shown")
    execute("DROP TABLE printed")


def _changing(files: set[str]) -> list[str]:
    """Selects of accounts and months behind which something changes."""
    last_day = LAST_DAY.format(month="r.month")
    every = "JOIN billing_receipt r USING (account_id)"
    selects = [f"SELECT {MONTH} FROM billed"]
    if "accounts" in files:
        selects.append(
            """SELECT r.account_id, r.month FROM delta_accounts d
            JOIN billing_personalaccount a USING (number)
            JOIN billing_receipt r ON r.account_id = a.id WHERE d.known"""
        )
    terms = ["SELECT account_id, valid_from FROM gone WHERE file = 'terms'"]
    if "terms" in files:
        terms.append("SELECT account_id, valid_from FROM delta_terms")
    selects.append(
        f"""SELECT r.account_id, r.month FROM ({" UNION ALL ".join(terms)}) d {every}
        WHERE {last_day} >= d.valid_from"""
    )
    meters = ["SELECT account_id FROM gone WHERE file = 'meters'"]
    if "meters" in files:
        meters.append("SELECT account_id FROM delta_meters WHERE known")
    selects.append(f"SELECT r.account_id, r.month FROM ({' UNION ALL '.join(meters)}) d {every}")
    readings = ["SELECT account_id, taken_on FROM gone WHERE file = 'readings'"]
    if "readings" in files:
        readings.append("SELECT account_id, taken_on FROM delta_readings")
    selects.append(
        f"""SELECT r.account_id, r.month FROM ({" UNION ALL ".join(readings)}) d {every}
        WHERE {last_day} >= d.taken_on AND EXISTS (
            SELECT FROM billing_charge c WHERE c.account_id = r.account_id
            AND c.month = r.month AND c.from_on <= d.taken_on)"""
    )
    return selects


def number_versions(record: Import) -> int:
    """Gives each touched receipt that was kept before its version; how many are new ones.

    It is a further version if a figure, the terms or a meter on it differs from the last
    one kept, and else that one still.
    """
    execute(
        f"""CREATE TEMP TABLE printed AS
        SELECT {MONTH}, r.{_HEAD.replace(", ", ", r.")}, r.version,
               r.made_by_id, f.version AS last
        FROM billed b JOIN billing_receipt r USING ({MONTH})
        JOIN (SELECT {MONTH}, max(version) AS version FROM billing_frozenreceipt
              GROUP BY {MONTH}) f USING ({MONTH})
        WHERE r.version <= f.version"""
    )
    further = 0
    if value_of("SELECT EXISTS (SELECT FROM printed)"):
        _gather()
        last = """FROM shown p JOIN billing_frozenreceipt f
              ON f.account_id = p.account_id AND f.month = p.month AND f.version = p.last
            JOIN billing_frozenfact home ON home.id = f.home_id
            WHERE p.account_id = r.account_id AND p.month = r.month"""
        further = execute(
            f"""UPDATE billing_receipt r SET version = p.last + 1, made_by_id = {record.pk:d} {last}
            AND ((f.{_HEAD.replace(", ", ", f.")}, f.figures)
                 IS DISTINCT FROM (p.{_HEAD.replace(", ", ", p.")}, p.figures)
                 OR home.digest <> p.home_digest)"""
        )
        execute(
            f"""UPDATE billing_receipt r SET version = p.last, made_by_id = f.made_by_id {last}
            AND r.version < p.last"""
        )
        execute("DROP TABLE shown")
    execute("DROP TABLE printed")
    return further


def _gather() -> None:
    """Makes `shown`: `printed`, and what the tables hold behind each of its receipts."""
    execute(f"ANALYZE printed ({MONTH})")
    execute(f"CREATE TEMP TABLE printed_line AS {PRINTED_LINES}")
    execute(
        f"""CREATE TEMP TABLE shown AS
        SELECT *, sha256(convert_to(payer::text, 'UTF8')) AS payer_digest,
               sha256(convert_to(home::text, 'UTF8')) AS home_digest FROM ({SHOWN}) s"""
    )
    execute("DROP TABLE printed_line")


def _store_facts() -> None:
    """Stores payers and homes that are shown, once each."""
    for name in ("payer", "home"):
        execute(
            f"""INSERT INTO billing_frozenfact (digest, content)
            SELECT DISTINCT {name}_digest, {name} FROM shown
            WHERE NOT EXISTS (SELECT FROM billing_frozenfact o WHERE o.digest = {name}_digest)"""
        )


def store_texts() -> int:
    """The number of the fact that holds the texts of suppliers, services, branches and banks."""
    tables = {"suppliers": "supplier", "services": "service", "branches": "branch", "banks": "bank"}
    rows = ", ".join(
        f"'{name}', (SELECT jsonb_object_agg(code, to_jsonb(x) - 'code') FROM billing_{table} x)"
        for name, table in tables.items()
    )
    texts = f"""(SELECT content, sha256(convert_to(content::text, 'UTF8')) AS digest
        FROM (SELECT jsonb_build_object({rows}) AS content) t) t"""
    execute(
        f"""INSERT INTO billing_frozenfact (digest, content) SELECT t.digest, t.content FROM {texts}
        WHERE NOT EXISTS (SELECT FROM billing_frozenfact f WHERE f.digest = t.digest)"""
    )
    return value_of(f"SELECT f.id FROM billing_frozenfact f JOIN {texts} USING (digest)")
