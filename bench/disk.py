"""What the tables take on disk, for each account and month, and what that makes of many.

A table grows with accounts and months, with accounts alone, or with neither: which of them is
said here, the bytes are measured.
"""

from typing import NamedTuple

from bench import table

# Rows of an account for each month; those of the others come once for an account.
MONTHLY = ("ledgerentry", "charge", "adjustment", "payment", "receipt", "reading")
ONCE = ("personalaccount", "terms", "meter")
MONTHS = 60
MANY = (1_000_000, 10_000_000, 100_000_000)

SIZES = """
SELECT relname, greatest(reltuples, 0)::bigint, pg_table_size(oid), pg_indexes_size(oid)
FROM pg_class WHERE relkind = 'r' AND relname LIKE 'billing\\_%%'
ORDER BY pg_total_relation_size(oid) DESC"""


class Size(NamedTuple):
    """A table's rows, and the bytes of its own and of its indexes."""

    name: str
    rows: int
    own: int
    indexes: int


def sizes() -> list[Size]:
    """Of billing's tables, the largest first."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(SIZES, [])
        return [
            Size(name.removeprefix("billing_"), *figures) for name, *figures in cursor.fetchall()
        ]


def measure(accounts: int, months: int) -> None:
    """Prints bytes by table, and what 60 months of many accounts would take."""
    print(
        f"\n{'table':18}{'rows':>13}{'bytes a row':>13}{'its indexes':>13}{'a month':>9}{'once':>7}"
    )
    monthly = once = 0.0
    for name, rows, own, indexes in sizes():
        if name not in MONTHLY + ONCE:
            continue
        each = (own + indexes) / accounts
        if name in MONTHLY:
            monthly += each / months
            shown = f"{each / months:9.0f}{'':7}"
        else:
            once += each
            shown = f"{'':9}{each:7.0f}"
        counted = max(rows, 1)
        print(f"{name:18}{rows:13,}{own / counted:13.0f}{indexes / counted:13.0f}{shown}")
    table.told("disk, an account and month", monthly, " bytes")
    table.told("disk, an account besides", once, " bytes")
    for many in MANY:
        total = many * (monthly * MONTHS + once) / 1e9
        table.told(f"disk, {many // 1_000_000} M accounts × {MONTHS} months", total, " GB")
