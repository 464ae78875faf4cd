"""What a set withdraws: `deletions.csv`, each row a file and a key of it."""

from billing.exchange.apply import Counts
from billing.exchange.layout import BY_NAME, FILES, File
from billing.exchange.reader import Misshapen, Records, take
from billing.exchange.sources import DELETIONS, Source
from billing.exchange.staging import execute, spooled, value_of
from billing.exchange.targets import target_of

COLUMNS = ("file", "key")
# In this order: what names a meter goes before the meter.
WITHDRAWN = tuple(file for file in reversed(FILES) if file.owner == "account")
# What tells a withdrawn row to the rules, by its file.
_TELLING = {
    "terms": {"account_id": "t.account_id", "valid_from": "t.valid_from"},
    "meters": {"account_id": "t.account_id", "meter_id": "t.id", "serial": "t.serial"},
    "readings": {
        "account_id": "a.id",
        "meter_id": "t.meter_id",
        "taken_on": "t.taken_on",
        "source": "t.source",
    },
    "receipts": {"account_id": "t.account_id", "month": "t.month"},
}
_OF_MONTH = {"account_id": "t.account_id", "service_id": "t.service_id", "month": "t.month"}
# Files whose last part of the key may hold the sign that joins the parts.
_LAST_IS_FREE = ("meters", "payments")


def stage_deletions(source: Source) -> None:
    """Reads the file into `stage_deletions`, each part of a key in a column of its own."""
    kinds = {
        column.name: column.kind.sql
        for file in WITHDRAWN
        for column in file.columns
        if column.name in file.key
    }
    parts = ", ".join(f'"{name}" {sql}' for name, sql in kinds.items())
    execute(f"CREATE TEMP TABLE stage_deletions (row_line integer, file text, key text, {parts})")
    records = Records(source)
    places = records.places(COLUMNS)
    with spooled("problem") as enter:
        for line, record in records:
            source.rows += 1
            if isinstance(record, Misshapen):
                enter(DELETIONS, line, *record.fault(), "")
                continue
            name, key = (record[place].strip() for place in places)
            if name not in {file.name for file in WITHDRAWN}:
                known = ", ".join(sorted(file.name for file in WITHDRAWN))
                enter(DELETIONS, line, "file", name, "F", "choice", known, "")
            else:
                _stage_key(line, BY_NAME[name], key, enter)


def _stage_key(line: int, file: File, key: str, enter: object) -> None:
    columns = [next(c for c in file.columns if c.name == name) for name in file.key]
    cells = _parts(file, key)
    owner = cells[0].strip() if columns[0].kind.pattern.fullmatch(cells[0].strip()) else ""
    wrong = len(cells) != len(columns)
    taken = [] if wrong else [take(c, cell) for c, cell in zip(columns, cells, strict=True)]
    if wrong or any(not isinstance(part, str) for part in taken):
        fault = next((part for part in taken if part and part[0] == "R9"), None)
        fault = fault or ("F", "key", "|".join(file.key))
        enter(DELETIONS, line, "key", key, *fault, owner)  # type: ignore[operator]
        return
    names = ", ".join(f'"{column.name}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    execute(
        f"INSERT INTO stage_deletions (row_line, file, key, {names}) VALUES (%s, %s, %s, {places})",
        line,
        file.name,
        key,
        *taken,
    )


def _parts(file: File, key: str) -> list[str]:
    if file.name in _LAST_IS_FREE:
        return key.split("|", 1)
    if file.name == "readings":  # a serial may hold the sign too
        account, _sign, rest = key.partition("|")
        return [account, *rest.rsplit("|", 2)]
    return key.split("|")


def find_contradictions(files: list[File]) -> None:
    """R9: a key is withdrawn once, and not brought by the same set."""
    for file in WITHDRAWN:
        same = " AND ".join(f'o."{name}" = s."{name}"' for name in file.key)
        again = f"""SELECT s.row_line, s.key, s.account, min(o.row_line)::text AS first
            FROM stage_deletions s JOIN stage_deletions o ON o.file = s.file
             AND o.row_line < s.row_line AND {same}
            WHERE s.file = '{file.name}' GROUP BY 1, 2, 3"""
        _enter("duplicate", again)
        if file in files:
            brought = f"""SELECT s.row_line, s.key, s.account, o.row_line::text AS first
                FROM stage_deletions s JOIN stage_{file.name} o ON {same}
                WHERE s.file = '{file.name}'"""
            _enter("brought", brought)


def _enter(sentence: str, found: str) -> None:
    execute(
        f"""INSERT INTO problem
        SELECT '{DELETIONS}', row_line, 'key', key, 'R9', '{sentence}', first, account
        FROM ({found}) f"""
    )


def find_gone() -> None:
    """Enters what is withdrawn in `gone`.

    R1: an account or a service that a key names exists. What is gone already stays so.
    """
    _find_unknown("account", "accounts.csv", "SELECT number FROM billing_personalaccount")
    _find_unknown("service", "services.csv", "SELECT code FROM billing_service")
    for file in WITHDRAWN:
        telling = _TELLING.get(file.name, _OF_MONTH)
        execute(
            f"""INSERT INTO gone (file, row_line, {", ".join(telling)})
            SELECT '{file.name}', s.row_line, {", ".join(telling.values())} {_rows(file)}"""
        )


def withdraw() -> dict[str, Counts]:
    """Deletes what is withdrawn; the counts of each file, and of deletions.csv itself."""
    counts = {DELETIONS: Counts()}
    for file in WITHDRAWN:
        target = target_of(file)
        key = ", ".join(f't."{name}"' for name in target.key)
        deleted = execute(
            f"DELETE FROM {target.table} t WHERE ({key}) IN (SELECT {key} {_rows(file)})"
        )
        if deleted:
            counts[file.name] = Counts(deleted=deleted)
            counts[DELETIONS].deleted += deleted
    staged = value_of("SELECT count(*) FROM stage_deletions")
    counts[DELETIONS].same = staged - counts[DELETIONS].deleted
    return counts


def _rows(file: File) -> str:
    """A FROM clause of the file's rows that are withdrawn: `t`, by `s`, of account `a`."""
    target = target_of(file)
    return f"""FROM stage_deletions s {target.joins.replace("LEFT ", "")}
        JOIN {target.table} t ON {target.match} WHERE s.file = '{file.name}'"""


def _find_unknown(column: str, file: str, known: str) -> None:
    execute(
        f"""INSERT INTO problem
        SELECT '{DELETIONS}', s.row_line, 'key', s.key, 'R1', 'unknown', '{file}', s.account
        FROM stage_deletions s WHERE s."{column}" IN (
            SELECT "{column}" FROM stage_deletions EXCEPT ({known}))"""
    )
