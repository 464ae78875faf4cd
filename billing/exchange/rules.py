"""What must hold after a set is applied: rules over what it touches, old and new keys alike.

A problem points at the row of the set that speaks of the figure: the ledger's own row
where the set has one, else the lines that brought the difference.
"""

from billing.exchange.layout import File
from billing.exchange.staging import execute, value_of

LINES = ("ledger", "charges", "adjustments", "payments")


def note_moved_payments() -> None:
    """Keeps the months that payments are about to leave; before they are applied."""
    execute(
        """CREATE TEMP TABLE set_moved AS
        SELECT t.account_id, t.service_id AS service, t.month, s.account, s.row_line
        FROM set_payments s
        JOIN billing_payment t ON t.account_id = s.account_id AND t.reference = s.id
        WHERE (t.service_id, t.month) IS DISTINCT FROM (s.service, s.month)"""
    )


def find_touched(files: list[File]) -> None:
    """The ledger's keys that the set touches."""
    names = [file.name for file in files if file.name in LINES]
    if "payments" in names:
        names.append("moved")
    keys = " UNION ".join(f"SELECT account_id, service, month FROM set_{name}" for name in names)
    keys = keys or "SELECT NULL::bigint AS account_id, NULL AS service, NULL::date AS month"
    execute(f"CREATE TEMP TABLE touched AS {keys}")
    execute("ANALYZE touched")


def find_broken_balances(files: list[File]) -> None:
    """R3 and R4 over all touched keys."""
    names = [file.name for file in files]
    _find_broken_chain(names)
    _find_broken_sums(names)
    if "receipts" in names:
        _find_taken_numbers()


_LEDGER = """touched k JOIN billing_ledgerentry l ON l.account_id = k.account_id
    AND l.service_id = k.service AND l.month = k.month"""


def _find_broken_chain(names: list[str]) -> None:
    """R3: a month opens with what the month before closed with."""
    neighbour = "n.account_id = l.account_id AND n.service_id = l.service_id"
    _report(
        names,
        "opening",
        "R3",
        "before",
        f"""SELECT k.*, l.opening AS given, n.closing AS wanted FROM {_LEDGER}
        JOIN billing_ledgerentry n ON {neighbour}
         AND n.month = (l.month - interval '1 month')::date
        WHERE n.closing <> l.opening""",
        ["ledger"],
    )
    _report(
        names,
        "closing",
        "R3",
        "after",
        f"""SELECT k.*, l.closing AS given, n.opening AS wanted FROM {_LEDGER}
        JOIN billing_ledgerentry n ON {neighbour}
         AND n.month = (l.month + interval '1 month')::date
        LEFT JOIN touched already ON already.account_id = n.account_id
         AND already.service = n.service_id AND already.month = n.month
        WHERE n.opening <> l.closing AND already.account_id IS NULL""",
        ["ledger"],
    )


def _find_broken_sums(names: list[str]) -> None:
    """R4: a closed month's figures are the sums of its charges, adjustments and payments."""
    for column, file, table in (
        ("accrued", "charges", "billing_charge"),
        ("adjusted", "adjustments", "billing_adjustment"),
        ("paid", "payments", "billing_payment"),
    ):
        _report(
            names,
            column,
            "R4",
            file,
            f"""SELECT k.*, l.{column} AS given, coalesce(x.total, 0.00) AS wanted FROM {_LEDGER}
            LEFT JOIN (SELECT y.account_id, y.service_id, y.month, sum(y.amount) AS total
                       FROM {table} y
                       JOIN touched z ON z.account_id = y.account_id
                        AND z.service = y.service_id AND z.month = y.month
                       GROUP BY 1, 2, 3) x
              ON x.account_id = l.account_id AND x.service_id = l.service_id
             AND x.month = l.month
            WHERE coalesce(x.total, 0) <> l.{column}""",
            ["ledger", file],
        )


def _report(
    names: list[str], column: str, rule: str, sentence: str, broken: str, files: list[str]
) -> None:
    """Enters each broken key as a problem of the row of the set that speaks of it."""
    execute(f"CREATE TEMP TABLE broken AS {broken}")
    if value_of("SELECT count(*) FROM broken"):
        present = [name for name in (*files, *LINES) if name in names]
        if "payments" in present:
            present.append("moved")
        rows = " UNION ALL ".join(
            f"""SELECT {rank} AS rank, '{"payments" if name == "moved" else name}' AS file,
                s.row_line, s.account, account_id, service, month FROM set_{name} s"""
            for rank, name in enumerate(dict.fromkeys(present))
        )
        execute(
            f"""INSERT INTO problem
            SELECT DISTINCT ON (b.account_id, b.service, b.month)
                r.file, r.row_line,
                CASE r.file WHEN 'ledger' THEN '{column}' WHEN 'payments' THEN 'month'
                            ELSE 'amount' END,
                CASE r.file WHEN 'ledger' THEN b.given::text
                            WHEN 'payments' THEN to_char(b.month, 'YYYY-MM') END,
                '{rule}', '{sentence}', b.wanted::text, r.account
            FROM broken b JOIN ({rows}) r USING (account_id, service, month)
            WHERE NOT EXISTS (SELECT FROM fallen f WHERE f.owner = r.account)
            ORDER BY b.account_id, b.service, b.month, r.rank, r.row_line"""
        )
    execute("DROP TABLE broken")


def _find_taken_numbers() -> None:
    """R9: receipt numbers are unique."""
    execute(
        """INSERT INTO problem
        SELECT 'receipts', s.row_line, 'number', s.number, 'R9', 'number_taken', NULL, s.account
        FROM set_receipts s
        WHERE (SELECT count(*) FROM billing_receipt t WHERE t.number = s.number) > 1"""
    )
