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
        SELECT t.account_id, t.service_id AS service, t.month, s.account, s.row_line,
               s.month AS moved_to
        FROM set_payments s
        JOIN billing_payment t ON t.account_id = s.account_id AND t.reference = s.id
        WHERE (t.service_id, t.month) IS DISTINCT FROM (s.service, s.month)"""
    )


def find_touched(files: list[File]) -> None:
    """The ledger's keys that the set touches."""
    names = [file.name for file in files if file.name in LINES]
    if "payments" in names:
        names.append("moved")
    execute("CREATE TEMP TABLE touched (account_id bigint, service text, month date)")
    if names:
        keys = (f"SELECT account_id, service, month FROM set_{name}" for name in names)
        execute(f"INSERT INTO touched SELECT DISTINCT * FROM ({' UNION ALL '.join(keys)}) k")
    execute("ANALYZE touched")


def find_broken_balances(files: list[File]) -> None:
    """R3 and R4 over all touched keys."""
    names = [file.name for file in files]
    if "ledger" in names:
        _find_broken_chain(names)
    _find_broken_sums(names)


def _find_broken_chain(names: list[str]) -> None:
    """R3: a month opens with what the month before closed with.

    A break between two rows of the set is told once, of the later one.
    """
    told = """EXISTS (SELECT FROM set_ledger o WHERE o.account_id = n.account_id
                      AND o.service = n.service_id AND o.month = n.month)"""
    for sentence, column, step, figure, elsewhere in (
        ("before", "opening", "-", "closing", "FALSE"),
        ("after", "closing", "+", "opening", told),
    ):
        _report(
            names,
            column,
            "R3",
            sentence,
            f"""SELECT s.account_id, s.service, s.month, n.{figure} AS wanted FROM set_ledger s
            JOIN billing_ledgerentry n ON n.account_id = s.account_id
             AND n.service_id = s.service AND n.month = (s.month {step} interval '1 month')::date
            WHERE n.{figure} <> s.{column} AND NOT {elsewhere}""",
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
            f"""SELECT k.*, coalesce(sum(x.amount), 0.00) AS wanted
            FROM touched k
            JOIN billing_ledgerentry l ON l.account_id = k.account_id
             AND l.service_id = k.service AND l.month = k.month
            LEFT JOIN {table} x ON x.account_id = k.account_id
             AND x.service_id = k.service AND x.month = k.month
            GROUP BY k.account_id, k.service, k.month, l.{column}
            HAVING coalesce(sum(x.amount), 0) <> l.{column}""",
            ["ledger", file],
        )


def _report(
    names: list[str], column: str, rule: str, sentence: str, broken: str, files: list[str]
) -> None:
    """Enters each broken key as a problem of the row of the set that speaks of it."""
    execute(f"CREATE TEMP TABLE broken AS {broken}")
    if value_of("SELECT count(*) FROM broken"):
        present = dict.fromkeys(name for name in (*files, *LINES) if name in names)
        # (the row's file, its table, the cell that is shown, its value, the sentence)
        speakers = [(name, f"set_{name}", *_cell_of(name, column), sentence) for name in present]
        if "payments" in present:
            month = "to_char(s.moved_to, 'YYYY-MM')"
            speakers.append(("payments", "set_moved", "month", month, "left"))
        rows = " UNION ALL ".join(
            f"""SELECT {rank} AS rank, '{file}' AS file, s.row_line, '{cell}' AS col,
                {value} AS value, '{said}' AS sentence, s.account, account_id, service, month
            FROM {table} s"""
            for rank, (file, table, cell, value, said) in enumerate(speakers)
        )
        execute(
            f"""INSERT INTO problem
            SELECT DISTINCT ON (b.account_id, b.service, b.month)
                r.file, r.row_line, r.col, r.value, '{rule}', r.sentence, b.wanted::text, r.account
            FROM broken b JOIN ({rows}) r USING (account_id, service, month)
            WHERE NOT EXISTS (SELECT FROM fallen f WHERE f.owner = r.account)
            ORDER BY b.account_id, b.service, b.month, r.rank, r.row_line"""
        )
    execute("DROP TABLE broken")


def _cell_of(file: str, figure: str) -> tuple[str, str]:
    """The column of a file's row that speaks of a ledger's figure, and its value in SQL."""
    if file == "ledger":
        return figure, f"s.{figure}::text"
    if file == "payments":
        return "month", "to_char(s.month, 'YYYY-MM')"
    return "amount", "s.amount::text"
