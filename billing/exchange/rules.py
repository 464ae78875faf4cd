"""What must hold of balances after a set is applied: over what it touches, old and new.

A problem points at the row of the set that speaks of the figure: the ledger's own row
where the set has one, else the lines that brought the difference.
"""

from billing.exchange.speakers import MONTH, Speaker, of_month, tell, withdrawn
from billing.exchange.staging import execute, value_of

LINES = ("ledger", "charges", "adjustments", "payments")
_KEY = "account_id, service_id, month"
# (the ledger's figure, the file whose rows it sums up, the table of these)
_SUMS = (
    ("accrued", "charges", "charged"),
    ("adjusted", "adjustments", "billing_adjustment"),
    ("paid", "payments", "billing_payment"),
)


def find_touched(files: set[str]) -> None:
    """Makes `touched`, keys of the ledger whose lines the set touches without their own row,
    and `billed`, the months of all that it touches; before anything is written.
    """
    lines = [
        f"SELECT {_KEY}, '{name}' AS file FROM delta_{name}" for name in LINES[1:] if name in files
    ]
    if "payments" in files:
        lines.append(
            "SELECT account_id, old_service_id, old_month, 'payments'"
            " FROM delta_payments WHERE known"
        )
    lines.append(f"SELECT {_KEY}, file FROM gone WHERE service_id IS NOT NULL")
    flags = ", ".join(f"bool_or(file = '{name}') AS {name}" for name in LINES[1:])
    own = _is_not_in("delta_ledger", "k") if "ledger" in files else "TRUE"
    execute(
        f"CREATE TEMP TABLE touched AS SELECT {_KEY}, {flags}"
        f" FROM ({' UNION ALL '.join(lines)}) k WHERE {own} GROUP BY {_KEY}"
    )
    execute(f"ANALYZE touched ({_KEY})")
    months = ["touched", *(f"delta_{name}" for name in ("ledger", "receipts") if name in files)]
    selects = [f"SELECT account_id, month FROM {name}" for name in months]
    selects.append("SELECT account_id, month FROM gone WHERE file = 'receipts'")
    execute(f"CREATE TEMP TABLE billed AS {' UNION '.join(selects)}")
    execute("ANALYZE billed (account_id, month)")


def _is_not_in(table: str, row: str) -> str:
    """The row's key is not there. A hash join at any size, which NOT IN is only while the table's
    keys fit into memory: beyond that it reads the table anew for each row.
    """
    same = " AND ".join(f"x.{name} = {row}.{name}" for name in _KEY.split(", "))
    return f"NOT EXISTS (SELECT FROM {table} x WHERE {same})"


def find_written(files: set[str]) -> None:
    """Makes `closed`, the ledger's rows of all that is touched, and `charged`, their intervals."""
    figures = "opening, accrued, adjusted, paid, closing"
    rows = [
        f"""SELECT k.*, FALSE AS ledger, {figures}
        FROM touched k JOIN billing_ledgerentry l USING ({_KEY})"""
    ]
    if "ledger" in files:
        rows.append(f"SELECT {_KEY}, FALSE, FALSE, FALSE, TRUE, {figures} FROM delta_ledger")
    execute(f"CREATE TEMP TABLE closed AS {' UNION ALL '.join(rows)}")
    execute(f"ANALYZE closed ({_KEY})")
    interval = f"{_KEY}, serial, from_on, to_on, from_value, to_value"
    sums = "sum(quantity) AS quantity, sum(amount) AS amount"
    if _charges_are_new(files):
        execute(
            f"""CREATE TEMP TABLE others AS SELECT {_KEY} FROM closed k
            WHERE {_is_not_in("delta_charges", "k")}"""
        )
        # Each touched month has the set's own lines alone, or none of them.
        charges = f"""delta_charges UNION ALL
            SELECT {interval}, quantity, amount FROM others JOIN billing_charge c USING ({_KEY})"""
        charges = f"(SELECT {interval}, quantity, amount FROM {charges}) c"
    else:
        charges = f"""(SELECT {_KEY} FROM touched UNION SELECT {_KEY} FROM closed) k
            JOIN billing_charge c USING ({_KEY})"""
    execute(
        f"CREATE TEMP TABLE charged AS SELECT {interval}, {sums} FROM {charges} GROUP BY {interval}"
    )


def _charges_are_new(files: set[str]) -> bool:
    """Whether no month that the set's charges mention had any before."""
    return "charges" in files and not value_of(
        """SELECT EXISTS (SELECT FROM delta_charges WHERE known)
        OR EXISTS (SELECT FROM gone WHERE file = 'charges')
        OR (SELECT count(*) FROM delta_charges) < (SELECT count(*) FROM stage_charges)"""
    )


def find_broken_balances(files: set[str]) -> None:
    """R3, R4 and R7 over all that is touched."""
    if "ledger" in files:
        _find_broken_chain()
    _find_broken_sums(files)
    if "payments" in files:
        _find_payments_without_ledger(files)
    _find_broken_dues(files)


def _find_broken_chain() -> None:
    """R3: a month opens with what the month before closed with.

    A break between two rows of the set is told once, of the later one.
    """
    told = """EXISTS (SELECT FROM closed o WHERE o.ledger AND o.account_id = n.account_id
                       AND o.service_id = n.service_id AND o.month = n.month)"""
    for sentence, column, step, figure, elsewhere in (
        ("before", "opening", "-", "closing", "FALSE"),
        ("after", "closing", "+", "opening", told),
    ):
        tell(
            f"""SELECT c.account_id, c.service_id, c.month, n.{figure} AS wanted FROM closed c
            JOIN billing_ledgerentry n ON n.account_id = c.account_id
             AND n.service_id = c.service_id
             AND n.month = (c.month {step} interval '1 month')::date
            WHERE c.ledger AND n.{figure} <> c.{column} AND NOT {elsewhere}""",
            "R3",
            [of_month("ledger", column, sentence)],
        )


def _find_broken_sums(files: set[str]) -> None:
    """R4: a closed month's figures are the sums of its charges, adjustments and payments."""
    for figure, file, table in _SUMS:
        lines = table if table == "charged" else f"closed JOIN {table} USING ({_KEY})"
        tell(
            f"""SELECT {_KEY}, coalesce(x.amount, 0.00) AS wanted FROM closed k
            LEFT JOIN (SELECT {_KEY}, sum(amount) AS amount
                       FROM {lines} GROUP BY {_KEY}) x USING ({_KEY})
            WHERE (k.ledger OR k.{file}) AND coalesce(x.amount, 0) <> k.{figure}""",
            "R4",
            _speakers(files, figure, file),
        )


def _speakers(files: set[str], figure: str, sentence: str) -> list[Speaker]:
    """Who speaks of a ledger's figure: its own row, the lines it sums up, any other line."""
    names = [name for name in dict.fromkeys(("ledger", sentence, *LINES)) if name in files]
    columns = {"ledger": figure, "payments": "month"}
    speakers = [of_month(name, columns.get(name, "amount"), sentence) for name in names]
    if "payments" in files:
        left = "d.old_service_id = b.service_id AND d.old_month = b.month"
        speakers.append(
            Speaker(
                "payments",
                f"delta_payments d ON d.account_id = a.id AND {left}"
                " JOIN stage_payments s USING (row_line)",
                "month",
                "s.month",
                "left",
                line="row_line",
            )
        )
    if "deletions" in files:
        speakers += [withdrawn(name, "account_id service_id month", sentence) for name in LINES]
    return speakers


def _find_payments_without_ledger(files: set[str]) -> None:
    """R4: a payment to a closed month, new or changed, comes with the ledger's row, even if sums
    agree.
    """
    row = (
        f"(SELECT FROM stage_ledger s WHERE {MONTH})"
        if "ledger" in files
        else "(SELECT WHERE FALSE)"
    )
    tell(
        f"""SELECT b.account_id, b.service_id, b.month, b.paid AS wanted
        FROM closed b JOIN billing_personalaccount a ON a.id = b.account_id
        WHERE b.payments AND NOT b.ledger AND EXISTS (
            SELECT FROM delta_payments d WHERE d.account_id = b.account_id
            AND d.service_id = b.service_id AND d.month = b.month)
        AND NOT EXISTS {row}
        AND NOT EXISTS (SELECT FROM problem p WHERE p.rule = 'R4' AND p.owner = a.number)""",
        "R4",
        [of_month("payments", "month", "no_ledger")],
    )


def _find_broken_dues(files: set[str]) -> None:
    """R7: a receipt's amount due is what the account's services closed the month with."""
    speakers = []
    if "receipts" in files:
        speakers.append(
            Speaker(
                "receipts",
                "stage_receipts s ON s.account = a.number"
                " AND s.month = to_char(b.month, 'YYYY-MM')",
                "amount_due",
                "s.amount_due",
                "due",
            )
        )
    if "ledger" in files:
        speakers.append(
            Speaker(
                "ledger",
                "stage_ledger s ON s.account = a.number AND s.month = to_char(b.month, 'YYYY-MM')",
                "closing",
                "s.closing",
                "receipt",
            )
        )
    if "deletions" in files:
        speakers.append(withdrawn("ledger", "account_id month", "receipt"))
    if not speakers:
        return
    tell(
        """SELECT account_id, month, coalesce(sum(l.closing), 0.00) AS wanted
        FROM billed b JOIN billing_receipt r USING (account_id, month)
        LEFT JOIN billing_ledgerentry l USING (account_id, month)
        GROUP BY account_id, month, r.amount_due
        HAVING coalesce(sum(l.closing), 0) <> r.amount_due""",
        "R7",
        speakers,
    )
