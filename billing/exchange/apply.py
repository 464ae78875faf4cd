"""Brings staged rows into the tables: one statement each for what changed and what is new.

`delta_<file>` holds the rows that differ from what is loaded, with the table's columns;
`gone` the keys of rows that the set withdraws. Both are known before anything is written.
Rules ask about these alone: what did not change still holds.
"""

from dataclasses import dataclass

from billing.exchange.layout import BY_NAME, File
from billing.exchange.staging import execute, quoted, row_of, value_of
from billing.exchange.targets import Target, target_of


@dataclass
class Counts:
    """What became of a file's rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    deleted: int = 0
    rejected: int = 0


def prepare() -> None:
    """An empty table for what is withdrawn: each row's file, its line of deletions.csv, its key.

    The line is empty for lines of a month whose lines came anew.
    """
    execute(
        "CREATE TEMP TABLE gone (file text, row_line integer, account_id bigint, service_id text,"
        " month date, line integer, meter_id bigint, serial text, taken_on date, source text,"
        " valid_from date)"
    )


# What later files name by its own key: new rows are added before later files are looked at.
NAMED = ("accounts", "meters")


def bring(file: File) -> Counts:
    """Adds and changes the rows of a file that all accounts share."""
    differing = compare(file)
    return write(file, differing)


def compare(file: File) -> int:
    """Makes `delta_<file>` of the rows that differ from what is loaded; their number.

    R1: a row that names no account or meter is a problem and is left out.
    """
    target = target_of(file)
    _find_unknown_codes(file)
    differing = _make_delta(file, target)
    if file.replaces:
        _find_excess_lines(file, target)
    if differing and target.resolved:
        differing -= _leave_out_unresolved(file, target)
    return differing


def write(file: File, differing: int, added: int = 0, **constants: int) -> Counts:
    """Withdraws, changes and adds what `compare` found; `added` rows were added before."""
    target = target_of(file)
    counts = Counts(new=added)
    if file.name == "receipts" and differing:
        differing -= _leave_out_taken_numbers()
    if file.replaces:
        counts.deleted = _withdraw_excess_lines(file, target)
    if differing > added:
        counts.changed = _change(file, target)
        if added + counts.changed < differing:
            counts.new += add(file, **constants)
    counts.same = value_of(f"SELECT count(*) FROM stage_{file.name}") - counts.new - counts.changed
    return counts


def _make_delta(file: File, target: Target) -> int:
    """Makes `delta_<file>` and `known` in it: whether the table has the row's key."""
    columns = [f'{value} AS "{name}"' for name, value in target.values.items()]
    if file.name == "readings":
        columns.append("a.id AS account_id")
    if file.name == "accounts":  # whose it was so far
        columns += ["t.id AS id", "t.owner_since AS old_owner_since"]
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


def _leave_out_taken_numbers() -> int:
    """R9: a receipt's number stands on no other receipt, once all of the set's are applied.

    Rows with a taken number are left out: the table would refuse them.
    """
    taken = """
        SELECT d.row_line FROM delta_receipts d
        JOIN (SELECT number, min(row_line) AS first FROM stage_receipts
              GROUP BY number HAVING count(*) > 1) o USING (number)
        WHERE o.first < d.row_line
        UNION
        SELECT d.row_line FROM delta_receipts d
        JOIN billing_receipt t ON t.number = d.number
         AND (t.account_id, t.month) <> (d.account_id, d.month)
        LEFT JOIN delta_receipts n ON n.known AND n.account_id = t.account_id
         AND n.month = t.month AND n.number <> t.number
        WHERE n.row_line IS NULL"""
    found = execute(
        f"""INSERT INTO problem
        SELECT 'receipts', row_line, 'number', number, 'R9', 'number_taken', NULL, account
        FROM ({taken}) t JOIN stage_receipts s USING (row_line)"""
    )
    if found:
        found = execute(
            "DELETE FROM delta_receipts d USING problem p"
            " WHERE p.file = 'receipts' AND p.line = d.row_line AND p.sentence = 'number_taken'"
        )
    return found


def _find_excess_lines(file: File, target: Target) -> None:
    """Lines of a month that the set mentions, but which it does not name any more."""
    resolved = target.joins.replace("LEFT ", "")
    key = ", ".join(f"{target.values[name]} AS {name}" for name in target.key)
    month = key.rpartition(", ")[0]
    lines = f"""{target.table} t WHERE (account_id, service_id, month) IN (
        SELECT {month} FROM stage_{file.name} s {resolved})"""
    there, named = row_of(
        f"""SELECT (SELECT count(*) FROM {lines}), (SELECT count(*) FROM stage_{file.name})
            - (SELECT count(*) FROM delta_{file.name} WHERE NOT known)"""
    )
    if there == named:
        return
    execute(
        f"""INSERT INTO gone (file, account_id, service_id, month, line)
        SELECT '{file.name}', t.* FROM (
            SELECT t.account_id, t.service_id, t.month, t.line FROM {lines}
            EXCEPT
            SELECT {key} FROM stage_{file.name} s {resolved}) t"""
    )


def _withdraw_excess_lines(file: File, target: Target) -> int:
    return execute(
        f"""DELETE FROM {target.table} t USING gone g
        WHERE g.file = '{file.name}' AND g.row_line IS NULL AND t.account_id = g.account_id
        AND t.service_id = g.service_id AND t.month = g.month AND t.line = g.line"""
    )


def note_accounts(names: set[str], made_by: int) -> None:
    """Keeps which accounts the import changed anything of."""
    changed = [f"SELECT account_id FROM delta_{name}" for name in names if name != "accounts"]
    if "accounts" in names:
        by_number = "delta_accounts JOIN billing_personalaccount a USING (number)"
        changed.append(f"SELECT a.id AS account_id FROM {by_number}")
    changed.append("SELECT account_id FROM gone")
    execute(
        "INSERT INTO billing_accountimport (account_id, made_by_id)"
        f" SELECT DISTINCT account_id, %s FROM ({' UNION ALL '.join(changed)}) c",
        made_by,
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


def add(file: File, **constants: int) -> int:
    """Adds the rows whose keys the table lacks, with the same constants in each; their number."""
    target = target_of(file)
    names = quoted([*target.values, *constants])
    values = ", ".join([quoted(target.values), *map(str, constants.values())])
    added = execute(
        f"INSERT INTO {target.table} ({names})"
        f" SELECT {values} FROM delta_{file.name} WHERE NOT known"
    )
    # Tells the planner of a table that grew by a tenth or more: the rules that follow join it.
    known = value_of("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", target.table)
    if added and added * 10 >= known:
        execute(f"ANALYZE {target.table}")
    return added
