"""Brings staged rows into the tables: one statement each for what changed and what is new."""

from dataclasses import dataclass

from django.db import models

from billing.exchange.layout import BY_NAME, LINES, File
from billing.exchange.staging import execute, value_of


@dataclass
class Counts:
    """What became of a file's rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    deleted: int = 0
    rejected: int = 0


def resolve(file: File) -> None:
    """Copies a file's good rows into `set_<file>`, its names replaced by the tables' keys.

    R1: what names nothing is a problem and is left out.
    """
    _find_unknown(file)
    account = 'JOIN billing_personalaccount a ON a.number = s."account"'
    meter = 'JOIN billing_meter m ON m.account_id = a.id AND m.serial = s."serial"'
    joins = {"readings": f"{account} {meter}", "accounts": ""}.get(
        file.name, account if file.owner else ""
    )
    keys = {"readings": "a.id AS account_id, m.id AS meter_id,", "accounts": ""}.get(
        file.name, "a.id AS account_id," if file.owner else ""
    )
    execute(
        f"""CREATE TEMP TABLE set_{file.name} AS
        SELECT {keys} s.* FROM stage_{file.name} s {joins}
        WHERE NOT EXISTS (SELECT FROM problem p
                          WHERE p.file = '{file.name}' AND p.line = s.row_line)"""
    )
    if file.key[: len(LINES)] == LINES:  # its rows are looked up by month
        execute(f"CREATE INDEX ON set_{file.name} (account_id, service, month)")
    execute(f"ANALYZE set_{file.name}")


def _find_unknown(file: File) -> None:
    owner = f's."{file.owner}"' if file.owner else "''"
    for column in file.columns:
        if not column.refers:
            continue
        named = BY_NAME[column.refers]
        execute(
            f"""INSERT INTO problem
            SELECT '{file.name}', s.row_line, '{column.name}', s."{column.name}", 'R1',
                   'unknown', '{named.name}.csv', {owner}
            FROM stage_{file.name} s
            LEFT JOIN {named.table} t ON t.{named.key[0]} = s."{column.name}"
            WHERE t.{named.key[0]} IS NULL"""
        )
    if file.name in ("readings", "charges"):
        _find_unknown_meters(file)
    if file.name == "tariff_bands":
        _find_unknown_tariffs(file)
    if file.name == "receipts":
        _find_taken_numbers()


def _find_unknown_meters(file: File) -> None:
    """A serial names a meter of the same account, and of the same service where one is given."""
    service = known = ""
    if file.name == "charges":
        service = " AND m.service_id = s.service"
        known = " AND s.service IN (SELECT code FROM billing_service)"
    execute(
        f"""INSERT INTO problem
        SELECT '{file.name}', s.row_line, 'serial', s.serial, 'R1', 'unknown', 'meters.csv',
               s.account
        FROM stage_{file.name} s
        JOIN billing_personalaccount a ON a.number = s.account
        LEFT JOIN billing_meter m ON m.account_id = a.id AND m.serial = s.serial{service}
        WHERE s.serial IS NOT NULL AND m.id IS NULL{known}"""
    )


def _find_unknown_tariffs(file: File) -> None:
    execute(
        f"""INSERT INTO problem
        SELECT '{file.name}', s.row_line, 'valid_from', s.valid_from::text, 'R1', 'unknown',
               'tariffs.csv', ''
        FROM stage_{file.name} s
        LEFT JOIN billing_tariff t
          ON t.service_id = s.service AND t.plan = s.plan AND t.valid_from = s.valid_from
        WHERE t.service_id IS NULL AND s.service IN (SELECT code FROM billing_service)"""
    )


def _find_taken_numbers() -> None:
    """R9: a receipt's number stands on no other receipt, once all of the set's are applied."""
    execute(
        """INSERT INTO problem
        SELECT 'receipts', s.row_line, 'number', s.number, 'R9', 'number_taken', NULL, s.account
        FROM (SELECT *, min(row_line) OVER (PARTITION BY number) AS first
              FROM stage_receipts) s
        LEFT JOIN billing_receipt t ON t.number = s.number
        LEFT JOIN billing_personalaccount a ON a.id = t.account_id
        LEFT JOIN stage_receipts o ON o.account = a.number AND o.month = t.month
        WHERE s.row_line > s.first OR t.number IS NOT NULL AND o.number IS NULL"""
    )


def upsert(file: File) -> Counts:
    """Changes what differs, adds what is new, withdraws what is replaced; writes nothing else."""
    pairs = _pairs(file)
    keys = _keys(file)
    match = " AND ".join(f't."{name}" IS NOT DISTINCT FROM {source}' for name, source in keys)
    if not any(column.name in file.key and not column.required for column in file.columns):
        match = match.replace("IS NOT DISTINCT FROM", "=")
    counts = Counts()
    if file.replaces:
        counts.deleted = execute(_withdrawal(file, match))
    rest = [(name, source) for name, source in pairs if (name, source) not in keys]
    if rest:
        change = (
            f"UPDATE {file.table} t SET "
            + ", ".join(f'"{name}" = {source}' for name, source in rest)
            + f" FROM set_{file.name} s WHERE {match} AND ("
            + ", ".join(f't."{name}"' for name, _source in rest)
            + ") IS DISTINCT FROM ("
            + ", ".join(source for _name, source in rest)
            + ")"
        )
        if file.name == "suppliers":  # one issuer gives way before the next one comes
            counts.changed += execute(f"{change} AND NOT s.issuer")
        counts.changed += execute(change)
    counts.new = execute(
        f"INSERT INTO {file.table} ("
        + ", ".join(f'"{name}"' for name, _source in pairs)
        + ") SELECT "
        + ", ".join(source for _name, source in pairs)
        + f" FROM set_{file.name} s WHERE NOT EXISTS (SELECT FROM {file.table} t WHERE {match})"
    )
    counts.same = value_of(f"SELECT count(*) FROM set_{file.name}") - counts.new - counts.changed
    _renew_statistics(file, counts.new)
    return counts


def _renew_statistics(file: File, added: int) -> None:
    """Tells the planner of a table that grew by a tenth or more: the rules that follow join it."""
    if added * 10 >= value_of(
        "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", file.table
    ):
        execute(f"ANALYZE {file.table}")


def _withdrawal(file: File, match: str) -> str:
    """Lines of a group that the set mentions, but which it does not name any more."""
    group = ", ".join("account_id" if name == "account" else name for name in file.replaces)
    return (
        f"DELETE FROM {file.table} t USING (SELECT DISTINCT {group} FROM set_{file.name}) g"
        " WHERE t.account_id = g.account_id AND t.service_id = g.service AND t.month = g.month"
        f" AND NOT EXISTS (SELECT FROM set_{file.name} s WHERE {match})"
    )


def _pairs(file: File) -> list[tuple[str, str]]:
    """(the table's column, where its value comes from) for each column of the file."""
    if file.name == "readings":
        return [("meter_id", "s.meter_id"), *_plain(file, {"account", "serial"})]
    if file.owner == "account":
        return [("account_id", "s.account_id"), *_plain(file, {"account"})]
    return _plain(file, set())


def _keys(file: File) -> list[tuple[str, str]]:
    names = {column.target for column in file.columns if column.name in file.key}
    return [pair for pair in _pairs(file) if pair[0] in names or pair[0] == "meter_id"]


def _plain(file: File, without: set[str]) -> list[tuple[str, str]]:
    pairs = []
    for column in file.columns:
        if column.name in without:
            continue
        stored = file.model._meta.get_field(column.target.removesuffix("_id"))
        source = f's."{column.name}"'
        if not column.required and not stored.null and isinstance(stored, models.CharField):
            source = f"coalesce({source}, '')"
        pairs.append((column.target, source))
    return pairs
