"""Brings staged rows into the tables: one statement each for what changed and what is new.

`delta_<file>` holds the rows that differ from what is loaded, with the table's columns;
`gone` holds the keys of rows that the set withdraws. Rules ask about these alone: what
did not change still holds.
"""

from dataclasses import dataclass

from billing.exchange.layout import BY_NAME, File
from billing.exchange.staging import execute, quoted, value_of
from billing.exchange.targets import Target, target_of


@dataclass
class Counts:
    """What became of a file's rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    deleted: int = 0
    rejected: int = 0


# What tells a withdrawn row, by the file that it belonged to; the line is that of
# deletions.csv, and empty for a line of a month whose lines came anew.
GONE = {
    "terms": ("account_id",),
    "meters": ("account_id", "meter_id", "serial"),
    "readings": ("meter_id", "taken_on", "source"),
    "ledger": ("account_id", "service_id", "month"),
    "charges": ("account_id", "service_id", "month"),
    "adjustments": ("account_id", "service_id", "month"),
    "payments": ("account_id", "service_id", "month"),
    "receipts": ("account_id", "month"),
}


def prepare() -> None:
    """An empty table for what is withdrawn."""
    execute(
        "CREATE TEMP TABLE gone (file text, row_line integer, account_id bigint, service_id text,"
        " month date, meter_id bigint, serial text, taken_on date, source text)"
    )


def bring(file: File) -> Counts:
    """Adds, changes and withdraws rows of the file's table as the staged rows say.

    R1: a row that names no account or meter is a problem and is left out.
    """
    target = target_of(file)
    _find_unknown_codes(file)
    differing = _make_delta(file, target)
    counts = Counts()
    if differing and target.resolved:
        differing -= _leave_out_unresolved(file, target)
    if file.name == "receipts" and differing:
        _find_taken_numbers()
    if file.replaces:
        counts.deleted = _withdraw_lines(file, target)
    if differing:
        counts.changed = _change(file, target)
        counts.new = _add(file, target) if counts.changed < differing else 0
    counts.same = value_of(f"SELECT count(*) FROM stage_{file.name}") - counts.new - counts.changed
    return counts


def _make_delta(file: File, target: Target) -> int:
    """Makes `delta_<file>` and `known` in it: whether the table has the row's key."""
    columns = [f'{value} AS "{name}"' for name, value in target.values.items()]
    if file.name == "readings":
        columns.append("a.id AS account_id")
    if file.name == "payments":  # where it was booked so far
        columns += [
            "t.service_id AS old_service_id",
            "t.month AS old_month",
            "t.amount AS old_amount",
        ]
    known = f't."{target.key[0]}" IS NOT NULL'
    differs = (
        f"({quoted_of('t', target.rest)}) IS DISTINCT FROM"
        f" ({', '.join(target.values[name] for name in target.rest)})"
        if target.rest
        else "FALSE"
    )
    return execute(
        f"""CREATE TEMP TABLE delta_{file.name} AS
        SELECT s.row_line, {", ".join(columns)}, {known} AS known
        FROM stage_{file.name} s {target.joins}
        LEFT JOIN {target.table} t ON {target.match}
        WHERE NOT ({known}) OR {differs}"""
    )


def quoted_of(row: str, names: list[str]) -> str:
    """The row's columns as SQL lists them."""
    return ", ".join(f'{row}."{name}"' for name in names)


def _leave_out_unresolved(file: File, target: Target) -> int:
    unresolved = " OR ".join(f"{name} IS NULL" for name in target.resolved)
    if not value_of(f"SELECT EXISTS (SELECT FROM delta_{file.name} WHERE {unresolved})"):
        return 0
    for name, given, before in (
        ("account_id", "account", "TRUE"),
        ("meter_id", "serial", "d.account_id IS NOT NULL"),
    ):
        if name in target.resolved:
            where = f"d.{name} IS NULL AND {before}"
            named = {"account": "accounts.csv", "serial": "meters.csv"}[given]
            execute(
                f"""INSERT INTO problem
                SELECT '{file.name}', s.row_line, '{given}', s."{given}", 'R1', 'unknown',
                       '{named}', s.account
                FROM delta_{file.name} d JOIN stage_{file.name} s USING (row_line)
                WHERE {where}"""
            )
    return execute(f"DELETE FROM delta_{file.name} WHERE {unresolved}")


def _find_unknown_codes(file: File) -> None:
    """R1: the services, branches, banks and suppliers that rows name exist."""
    owner = f's."{file.owner}"' if file.owner else "''"
    for column in file.columns:
        if not column.refers or column.refers == "accounts":
            continue
        named = BY_NAME[column.refers]
        execute(
            f"""INSERT INTO problem
            SELECT '{file.name}', s.row_line, '{column.name}', s."{column.name}", 'R1',
                   'unknown', '{named.name}.csv', {owner}
            FROM stage_{file.name} s
            WHERE s."{column.name}" NOT IN (SELECT {named.key[0]} FROM {named.table})"""
        )
    if file.name == "tariff_bands":
        _find_unknown_tariffs()


def _find_unknown_tariffs() -> None:
    execute(
        """INSERT INTO problem
        SELECT 'tariff_bands', s.row_line, 'valid_from', s.valid_from::text, 'R1', 'unknown',
               'tariffs.csv', ''
        FROM stage_tariff_bands s
        LEFT JOIN billing_tariff t
          ON t.service_id = s.service AND t.plan = s.plan AND t.valid_from = s.valid_from
        WHERE t.service_id IS NULL AND s.service IN (SELECT code FROM billing_service)"""
    )


def _find_taken_numbers() -> None:
    """R9: a receipt's number stands on no other receipt, once all of the set's are applied.

    Rows with a taken number are left out: the table would refuse them.
    """
    found = execute(
        """INSERT INTO problem
        SELECT 'receipts', d.row_line, 'number', d.number, 'R9', 'number_taken', NULL, a.number
        FROM delta_receipts d JOIN billing_personalaccount a ON a.id = d.account_id
        WHERE EXISTS (SELECT FROM stage_receipts o
                      WHERE o.number = d.number AND o.row_line < d.row_line)
           OR EXISTS (SELECT FROM billing_receipt t WHERE t.number = d.number
                      AND (t.account_id, t.month) <> (d.account_id, d.month)
                      AND NOT EXISTS (SELECT FROM delta_receipts n WHERE n.known
                                      AND n.account_id = t.account_id AND n.month = t.month
                                      AND n.number <> t.number))"""
    )
    if found:
        execute(
            "DELETE FROM delta_receipts d USING problem p"
            " WHERE p.file = 'receipts' AND p.line = d.row_line AND p.sentence = 'number_taken'"
        )


def _withdraw_lines(file: File, target: Target) -> int:
    """Lines of a month that the set mentions, but which it does not name any more."""
    return execute(
        f"""WITH mentioned AS (
            SELECT a.id AS account_id, g.service, (g.month || '-01')::date AS month
            FROM (SELECT DISTINCT account, service, month FROM stage_{file.name}) g
            JOIN billing_personalaccount a ON a.number = g.account),
        withdrawn AS (
            DELETE FROM {target.table} t USING mentioned g
            WHERE t.account_id = g.account_id AND t.service_id = g.service AND t.month = g.month
            AND NOT EXISTS (
                SELECT FROM stage_{file.name} s {target.joins.replace("LEFT ", "")}
                WHERE {target.match})
            RETURNING t.account_id, t.service_id, t.month)
        INSERT INTO gone (file, account_id, service_id, month)
        SELECT '{file.name}', * FROM withdrawn"""
    )


def _change(file: File, target: Target) -> int:
    if not target.rest:
        return 0
    change = (
        f"UPDATE {target.table} t SET "
        + ", ".join(f'"{name}" = d."{name}"' for name in target.rest)
        + f" FROM delta_{file.name} d WHERE d.known AND {target.match_row('d')}"
    )
    changed = 0
    if file.name == "suppliers":  # one issuer gives way before the next one comes
        changed += execute(f"{change} AND NOT d.issuer")
        change += " AND d.issuer"
    return changed + execute(change)


def _add(file: File, target: Target) -> int:
    names = quoted(target.values)
    added = execute(
        f"INSERT INTO {target.table} ({names})"
        f" SELECT {names} FROM delta_{file.name} WHERE NOT known"
    )
    # Tells the planner of a table that grew by a tenth or more: the rules that follow join it.
    known = value_of("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", target.table)
    if added * 10 >= known:
        execute(f"ANALYZE {target.table}")
    return added
