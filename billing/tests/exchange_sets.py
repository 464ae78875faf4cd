"""Sets of the exchange for tests, and what the database then holds.

The columns are written down here once more, from the format's description, so that a
mistake in the importer's own layout shows.
"""

import csv
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from billing import models
from billing.exchange.load import Options, Progress
from billing.exchange.load import load as _load

Row = dict[str, str]
Set = dict[str, list[Row]]

SAMPLE = settings.BASE_DIR / "billing" / "sample"
HARD = settings.BASE_DIR / "billing" / "tests" / "hard"

# file → column → kind of cell; "?" may be empty
COLUMNS: dict[str, dict[str, str]] = {
    "suppliers": {
        "code": "code",
        "name_kk": "text200",
        "name_ru": "text200",
        "bin": "bin",
        "iik": "iik",
        "bik": "bik",
        "bank_kk": "text200",
        "bank_ru": "text200",
        "kbe": "kbe",
        "phone": "text100",
        "email": "text254",
        "address_kk": "text300",
        "address_ru": "text300",
        "issuer": "boolean",
    },
    "services": {
        "code": "code",
        "supplier": "code",
        "name_kk": "text200",
        "name_ru": "text200",
        "unit_kk": "text20",
        "unit_ru": "text20",
        "metered": "boolean",
    },
    "branches": {
        "code": "code",
        "name_kk": "text200",
        "name_ru": "text200",
        "address_kk": "text300",
        "address_ru": "text300",
        "phone": "text100",
        "hours_kk": "text200",
        "hours_ru": "text200",
    },
    "banks": {"code": "code", "name_kk": "text200", "name_ru": "text200"},
    "vat": {"valid_from": "date", "rate": "rate"},
    "tariffs": {
        "service": "code",
        "plan": "plan",
        "valid_from": "date",
        "order_ref": "text200?",
        "vat_included": "boolean",
    },
    "tariff_bands": {
        "service": "code",
        "plan": "plan",
        "valid_from": "date",
        "electric_stove": "boolean?",
        "privileged": "boolean?",
        "level": "level",
        "limit_per_resident": "quantity?",
        "price": "price",
    },
    "accounts": {
        "number": "number",
        "branch": "code",
        "payer": "text200",
        "address_kk": "text300",
        "address_ru": "text300",
        "opened_on": "old_date",
        "owner_since": "old_date",
        "closed_on": "date?",
    },
    "terms": {
        "account": "number",
        "valid_from": "old_date",
        "residents": "integer",
        "electric_stove": "boolean",
        "privileged": "boolean",
        "plan": "plan",
    },
    "meters": {
        "account": "number",
        "serial": "text40",
        "service": "code",
        "model": "text100?",
        "digits": "digits",
        "ratio": "ratio",
        "installed_on": "old_date",
        "removed_on": "date?",
        "verified_on": "old_date?",
        "next_verification_on": "far_date?",
    },
    "readings": {
        "account": "number",
        "serial": "text40",
        "taken_on": "date",
        "source": "source",
        "value": "quantity",
    },
    "ledger": {
        "account": "number",
        "service": "code",
        "month": "month",
        "opening": "balance",
        "accrued": "amount",
        "adjusted": "balance",
        "paid": "balance",
        "closing": "balance",
    },
    "charges": {
        "account": "number",
        "service": "code",
        "month": "month",
        "line": "line",
        "serial": "text40?",
        "from_on": "date?",
        "from_value": "quantity?",
        "to_on": "date?",
        "to_value": "quantity?",
        "days": "integer?",
        "quantity": "quantity",
        "level": "level?",
        "limit": "quantity?",
        "price": "price",
        "vat_rate": "rate",
        "amount": "amount",
    },
    "adjustments": {
        "account": "number",
        "service": "code",
        "month": "month",
        "line": "line",
        "reason_kk": "text500",
        "reason_ru": "text500",
        "quantity": "signed_quantity?",
        "amount": "not_zero",
    },
    "payments": {
        "account": "number",
        "id": "text40",
        "service": "code",
        "paid_on": "date",
        "month": "month",
        "amount": "not_zero",
        "bank": "code",
    },
    "receipts": {
        "account": "number",
        "month": "month",
        "number": "text40",
        "issued_on": "date",
        "due_on": "date",
        "amount_due": "balance",
    },
}
TOTALS = {"file": "code", "rows": "integer", "sum": "balance?"}
FIGURES = {
    "rate",
    "level",
    "quantity",
    "price",
    "integer",
    "digits",
    "ratio",
    "balance",
    "amount",
    "line",
    "signed_quantity",
    "not_zero",
}

MODELS = {
    "suppliers": models.Supplier,
    "services": models.Service,
    "branches": models.Branch,
    "banks": models.Bank,
    "vat": models.Vat,
    "tariffs": models.Tariff,
    "tariff_bands": models.TariffBand,
    "accounts": models.PersonalAccount,
    "terms": models.Terms,
    "meters": models.Meter,
    "readings": models.Reading,
    "ledger": models.LedgerEntry,
    "charges": models.Charge,
    "adjustments": models.Adjustment,
    "payments": models.Payment,
    "receipts": models.Receipt,
}
# Where a column is found in the database, unless under its own name.
_PATHS = {
    "account": "account__number",
    "service": "service_id",
    "supplier": "supplier_id",
    "branch": "branch_id",
    "bank": "bank_id",
    "id": "reference",
}

# The small set's accounts.
FIRST, SECOND = "0000101", "0000202"

# Files whose rows can be withdrawn, with their keys.
KEYS = {
    "terms": ("account", "valid_from"),
    "meters": ("account", "serial"),
    "readings": ("account", "serial", "taken_on", "source"),
    "ledger": ("account", "service", "month"),
    "charges": ("account", "service", "month", "line"),
    "adjustments": ("account", "service", "month", "line"),
    "payments": ("account", "id"),
    "receipts": ("account", "month"),
}


def rows(columns: Iterable[str], *lines: str) -> list[Row]:
    """Rows from lines of cells parted by commas."""
    names = list(columns)
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]


def of(files: Set, name: str, **key: str) -> Row:
    """The one row of the file with that key."""
    (row,) = [row for row in files[name] if key.items() <= row.items()]
    return row


def one(name: str, line: str) -> Set:
    """A set of one row."""
    return {name: rows(COLUMNS[name], line)}


def shift(row: Row, tenge: str) -> None:
    """The ledger's row with another opening, and so another closing."""
    for column in ("opening", "closing"):
        row[column] = str(Decimal(row[column]) + Decimal(tenge))


def small_set() -> Set:
    """Two accounts, two services, February and March 2026 closed, and a payment for April.

    The first account has a tiered tariff and three lines of electricity, the second a flat
    one. Both meters have the same serial.
    """

    def table(name: str, *lines: str) -> list[Row]:
        return rows(COLUMNS[name], *lines)

    return {
        "suppliers": table(
            "suppliers",
            "ADE,«Алтын Дала Энерго» ЖШС,ТОО «Алтын Дала Энерго»,991240000013,"
            "KZ639990KZT000000001,ADLBKZKA,«Дала Банк» АҚ,АО «Дала Банк»,17,+7 727 000 0000,"
            "info@example.kz,Үлгі көшесі 1,ул. Образцовая 1,1",
        ),
        "services": table(
            "services",
            "EL,ADE,Электр энергиясы,Электроэнергия,кВт·сағ,кВт·ч,1",
            "MS,ADE,Есептегішке қызмет көрсету,Обслуживание прибора учёта,ай,мес.,0",
        ),
        "branches": table(
            "branches",
            "ALM,Алмалы АЭЖБ,Алмалинский РОЭС,Үлгі көшесі 2,ул. Образцовая 2,+7 727 000 0001,"
            "Дс–Жм 8:30–17:30,Пн–Пт 8:30–17:30",
        ),
        "banks": table("banks", "HAL,«Құлагер Банк» АҚ,АО «Кулагер Банк»"),
        "vat": table("vat", "2010-01-01,0.12", "2026-01-01,0.16"),
        "tariffs": table(
            "tariffs",
            "EL,flat,2025-07-15,демо,0",
            "EL,tiered,2025-07-15,,0",
            "MS,flat,2010-01-01,,0",
        ),
        "tariff_bands": table(
            "tariff_bands",
            "EL,flat,2025-07-15,,,1,,25",
            "EL,tiered,2025-07-15,0,,1,90,15",
            "EL,tiered,2025-07-15,0,,2,160,20",
            "EL,tiered,2025-07-15,0,,3,,24.65",
            "EL,tiered,2025-07-15,1,,1,115,15",
            "EL,tiered,2025-07-15,1,,2,190,20",
            "EL,tiered,2025-07-15,1,,3,,24.65",
            "MS,flat,2010-01-01,,,1,,100",
        ),
        "accounts": table(
            "accounts",
            f"{FIRST},ALM,Әбдірахманова Гүлнәр,Абай даңғ. 1,пр. Абая 1,2019-03-01,2019-03-01,",
            f"{SECOND},ALM,Иванов Пётр,Абай даңғ. 2,пр. Абая 2,2019-03-01,2020-01-01,",
        ),
        "terms": table(
            "terms",
            f"{FIRST},2019-03-01,2,0,0,tiered",
            f"{SECOND},2019-03-01,1,1,0,flat",
        ),
        "meters": table(
            "meters",
            f"{FIRST},77,EL,Меркурий 201,6,1,2019-03-01,,2019-03-01,2035-03-01",
            f"{SECOND},77,EL,,5,1.000,2019-03-01,,,",
        ),
        "readings": table(
            "readings",
            f"{FIRST},77,2026-01-25,network,1000",
            f"{FIRST},77,2026-02-24,consumer,1195.5",
            f"{FIRST},77,2026-02-25,network,1200",
            f"{FIRST},77,2026-03-25,network,1300",
            f"{SECOND},77,2026-01-25,network,500",
            f"{SECOND},77,2026-02-25,network,550",
            f"{SECOND},77,2026-03-25,network,610",
        ),
        "ledger": table(
            "ledger",
            f"{FIRST},EL,2026-02,0,3578.89,0,1000,2578.89",
            f"{FIRST},EL,2026-03,2578.89,1740,-100,2578.89,1640",
            f"{FIRST},MS,2026-02,0,116,0,0,116",
            f"{FIRST},MS,2026-03,116,116,0,116,116",
            f"{SECOND},EL,2026-02,0,1450,0,0,1450",
            f"{SECOND},EL,2026-03,1450,1740,0,1450,1740",
            f"{SECOND},MS,2026-02,0,116,0,0,116",
            f"{SECOND},MS,2026-03,116,116,0,0,232",
        ),
        "charges": table(
            "charges",
            f"{FIRST},EL,2026-02,1,77,2026-01-25,1000,2026-02-25,1200,31,182.951,1,182.951,15,"
            "0.16,3183.35",
            f"{FIRST},EL,2026-02,2,77,2026-01-25,1000,2026-02-25,1200,31,17.049,2,325.246,20,"
            "0.16,395.54",
            f"{FIRST},EL,2026-03,1,77,2026-02-25,1200,2026-03-25,1300,28,100,1,165.246,15,"
            "0.16,1740",
            f"{FIRST},MS,2026-02,1,,,,,,,1,,,100,0.16,116",
            f"{FIRST},MS,2026-03,1,,,,,,,1,,,100,0.16,116",
            f"{SECOND},EL,2026-02,1,77,2026-01-25,500,2026-02-25,550,31,50,1,,25,0.16,1450",
            f"{SECOND},EL,2026-03,1,77,2026-02-25,550,2026-03-25,610,28,60,1,,25,0.16,1740",
            f"{SECOND},MS,2026-02,1,,,,,,,1,,,100,0.16,116",
            f"{SECOND},MS,2026-03,1,,,,,,,1,,,100,0.16,116",
        ),
        "adjustments": table(
            "adjustments",
            f"{FIRST},EL,2026-03,1,Көрсеткіш түзетілді,Исправлено показание,-4,-100",
        ),
        "payments": table(
            "payments",
            f"{FIRST},P1,EL,2026-02-10,2026-02,1000,HAL",
            f"{FIRST},P2,EL,2026-03-10,2026-03,2578.89,HAL",
            f"{FIRST},P3,MS,2026-03-10,2026-03,116,HAL",
            f"{FIRST},P4,EL,2026-04-10,2026-04,500,HAL",
            f"{SECOND},P1,EL,2026-03-11,2026-03,1600,HAL",
            f"{SECOND},P2,EL,2026-03-12,2026-03,-150,HAL",
        ),
        "receipts": table(
            "receipts",
            f"{FIRST},2026-02,R-1,2026-03-05,2026-03-25,2694.89",
            f"{FIRST},2026-03,R-2,2026-04-05,2026-04-25,1756",
            f"{SECOND},2026-02,R-3,2026-03-05,2026-03-25,1566",
            f"{SECOND},2026-03,R-4,2026-04-05,2026-04-25,1972",
        ),
    }


def write(folder: Path, files: Set, **style: Any) -> Path:
    """Writes the set to a new folder, which it returns; `style` is the csv module's."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        header = list(content[0]) if content else list(COLUMNS[name])
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, **{"lineterminator": "\n", **style})
            writer.writeheader()
            writer.writerows(content)
    return folder


def load(path: Path, progress: Progress | None = None, **options: Any) -> Any:
    """Loads the set; the report."""
    return _load(path, "operator", Options(**options), progress)


def read(path: Path) -> list[Row]:
    """A file's rows, as the csv module reads them."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def wanted(name: str, content: list[Row]) -> list[tuple[Any, ...]]:
    """The rows as the database should hold them."""
    return sorted(
        (
            tuple(_value(name, column, row[column].strip()) for column in COLUMNS[name])
            for row in content
        ),
        key=repr,
    )


def _value(name: str, column: str, cell: str) -> Any:
    kind = COLUMNS[name][column].removesuffix("?")
    if not cell:
        return "" if column in ("model", "order_ref") else None
    if kind in FIGURES:
        return Decimal(cell).normalize()
    if kind == "boolean":
        return cell == "1"
    if kind == "month":
        return dt.date.fromisoformat(f"{cell}-01")
    return dt.date.fromisoformat(cell) if kind.endswith("date") else cell


def stored(name: str) -> list[tuple[Any, ...]]:
    """The file's rows, as the database holds them."""
    paths = [_PATHS.get(column, column) for column in COLUMNS[name]]
    if name == "readings":
        paths[:2] = ["meter__account__number", "meter__serial"]
    return sorted(
        (
            tuple(
                Decimal(value).normalize()
                if isinstance(value, Decimal | int) and not isinstance(value, bool)
                else value
                for value in row
            )
            for row in MODELS[name].objects.values_list(*paths)
        ),
        key=repr,
    )


def holds(files: Set) -> bool:
    """Whether the database holds exactly these rows; shows the first file that differs."""
    for name in MODELS:
        assert stored(name) == wanted(name, files.get(name, [])), name
    return True


def physical_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of billing's tables with its place and the transaction that wrote it."""
    found = {}
    with connection.cursor() as cursor:
        for model in MODELS.values():
            table = model._meta.db_table
            cursor.execute(
                f"SELECT ctid::text, xmin::text, t::text FROM {table} t ORDER BY 1"  # noqa: S608
            )
            found[table] = cursor.fetchall()
    return found


def rows_of(numbers: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these accounts in billing's tables, by file."""
    wanted = set(numbers)
    return {
        name: [row for row in stored(name) if row[0] in wanted]
        for name, columns in COLUMNS.items()
        if next(iter(columns)) in ("account", "number")
    }


def temporary_tables() -> list[str]:
    """The session's temporary tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'"
        )
        return [name for (name,) in cursor]


def told(report: Any) -> list[tuple[str, int, str, str, str]]:
    """The report's problems without their sentences."""
    return [
        (problem.file, problem.line, problem.column, problem.value, problem.rule)
        for problem in report.problems
    ]
