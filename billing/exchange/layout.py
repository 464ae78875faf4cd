"""The files of a set: columns, keys and tables, version 1 of the exchange format."""

from dataclasses import dataclass

from django.db import models

from billing import models as billing
from billing.exchange import cells
from billing.exchange.cells import Kind
from billing.exchange.requisites import bin_checked, iban_checked
from billing.models.accounts import Source
from billing.models.columns import Plan


@dataclass(frozen=True)
class Column:
    """A column of a file; `refers` names the file whose code it holds (R1)."""

    name: str
    kind: Kind
    required: bool = True
    refers: str = ""
    stored: str = ""

    @property
    def target(self) -> str:
        """The column's name in the table."""
        return self.stored or (f"{self.name}_id" if self.refers else self.name)


@dataclass(frozen=True)
class Condition:
    """What each row must satisfy by itself, in SQL over the staged row `s`."""

    holds: str
    column: str
    rule: str
    sentence: str
    detail: str = "NULL"


@dataclass(frozen=True)
class File:
    """A file of the set, in the order in which files are applied."""

    name: str
    model: type[models.Model]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    # The columns whose lines a set replaces as a whole.
    replaces: tuple[str, ...] = ()
    # The column that control totals add up.
    total: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def owner(self) -> str:
        """The column that holds the account's number; empty where all accounts share the rows."""
        names = {column.name for column in self.columns}
        return "account" if "account" in names else "number" if self.name == "accounts" else ""

    def given(self, name: str) -> str:
        """SQL for a cell of the staged row `s` as the file writes it."""
        return f's."{name}"::text'


def _column(name: str, kind: Kind, **options: object) -> Column:
    return Column(name, kind, **options)  # type: ignore[arg-type]


def _optional(name: str, kind: Kind, **options: object) -> Column:
    return Column(name, kind, required=False, **options)  # type: ignore[arg-type]


def _both(name: str, length: int) -> tuple[Column, Column]:
    return (_column(f"{name}_kk", cells.text(length)), _column(f"{name}_ru", cells.text(length)))


_ACCOUNT = _column("account", cells.NUMBER, refers="accounts")
_SERVICE = _column("service", cells.CODE, refers="services")
_PLAN = _column("plan", cells.choice(*Plan.values))
_SERIAL = cells.text(40)
LINES = ("account", "service", "month")

FILES = (
    File(
        "suppliers",
        billing.Supplier,
        (
            _column("code", cells.CODE),
            *_both("name", 200),
            _column("bin", cells.form(r"\d{12}", "bin", bin_checked)),
            _column("iik", cells.form(r"KZ\d\d[0-9A-Z]{16}", "iik", iban_checked)),
            _column("bik", cells.form(r"[0-9A-Z]{8}(?:[0-9A-Z]{3})?", "bik")),
            *_both("bank", 200),
            _column("kbe", cells.form(r"\d\d", "kbe")),
            _column("phone", cells.text(100)),
            _column("email", cells.text(254)),
            *_both("address", 300),
            _column("issuer", cells.BOOLEAN),
        ),
        ("code",),
    ),
    File(
        "services",
        billing.Service,
        (
            _column("code", cells.CODE),
            _column("supplier", cells.CODE, refers="suppliers"),
            *_both("name", 200),
            *_both("unit", 20),
            _column("metered", cells.BOOLEAN),
        ),
        ("code",),
    ),
    File(
        "branches",
        billing.Branch,
        (
            _column("code", cells.CODE),
            *_both("name", 200),
            *_both("address", 300),
            _column("phone", cells.text(100)),
            *_both("hours", 200),
        ),
        ("code",),
    ),
    File(
        "banks",
        billing.Bank,
        (_column("code", cells.CODE), *_both("name", 200)),
        ("code",),
    ),
    File(
        "vat",
        billing.Vat,
        (_column("valid_from", cells.DATE), _column("rate", cells.RATE)),
        ("valid_from",),
        (Condition("s.rate < 1", "rate", "F", "rate"),),
    ),
    File(
        "tariffs",
        billing.Tariff,
        (
            _SERVICE,
            _PLAN,
            _column("valid_from", cells.DATE),
            _optional("order_ref", cells.text(200)),
            _column("vat_included", cells.BOOLEAN),
        ),
        ("service", "plan", "valid_from"),
    ),
    File(
        "tariff_bands",
        billing.TariffBand,
        (
            _SERVICE,
            _PLAN,
            _column("valid_from", cells.DATE),
            _optional("electric_stove", cells.BOOLEAN),
            _optional("privileged", cells.BOOLEAN),
            _column("level", cells.integer(1, 9)),
            _optional("limit_per_resident", cells.QUANTITY),
            _column("price", cells.PRICE),
        ),
        ("service", "plan", "valid_from", "electric_stove", "privileged", "level"),
        (
            Condition(
                "s.plan <> 'flat' OR s.limit_per_resident IS NULL",
                "limit_per_resident",
                "R8",
                "flat",
            ),
        ),
    ),
    File(
        "accounts",
        billing.PersonalAccount,
        (
            _column("number", cells.NUMBER),
            _column("branch", cells.CODE, refers="branches"),
            _column("payer", cells.text(200)),
            *_both("address", 300),
            _column("opened_on", cells.OLD_DATE),
            _column("owner_since", cells.OLD_DATE),
            _optional("closed_on", cells.DATE),
        ),
        ("number",),
        (Condition("s.opened_on <= s.closed_on", "closed_on", "R9", "closed"),),
    ),
    File(
        "terms",
        billing.Terms,
        (
            _ACCOUNT,
            _column("valid_from", cells.OLD_DATE),
            _column("residents", cells.integer(0, 999_999_999)),
            _column("electric_stove", cells.BOOLEAN),
            _column("privileged", cells.BOOLEAN),
            _PLAN,
        ),
        ("account", "valid_from"),
        (Condition("s.residents <= 99", "residents", "R9", "residents"),),
    ),
    File(
        "meters",
        billing.Meter,
        (
            _ACCOUNT,
            _column("serial", _SERIAL),
            _SERVICE,
            _optional("model", cells.text(100)),
            _column("digits", cells.integer(1, 10)),
            _column("ratio", cells.decimal(11, 3, zero=False)),
            _column("installed_on", cells.OLD_DATE),
            _optional("removed_on", cells.DATE),
            _optional("verified_on", cells.OLD_DATE),
            _optional("next_verification_on", cells.VERIFICATION_DATE),
        ),
        ("account", "serial"),
        (Condition("s.installed_on <= s.removed_on", "removed_on", "R9", "removed"),),
    ),
    File(
        "readings",
        billing.Reading,
        (
            _ACCOUNT,
            _column("serial", _SERIAL),
            _column("taken_on", cells.DATE),
            _column("source", cells.choice(*Source.values)),
            _column("value", cells.QUANTITY),
        ),
        ("account", "serial", "taken_on", "source"),
    ),
    File(
        "ledger",
        billing.LedgerEntry,
        (
            _ACCOUNT,
            _SERVICE,
            _column("month", cells.MONTH),
            _column("opening", cells.BALANCE),
            _column("accrued", cells.AMOUNT),
            _column("adjusted", cells.BALANCE),
            _column("paid", cells.BALANCE),
            _column("closing", cells.BALANCE),
        ),
        LINES,
        (
            Condition(
                "s.closing = s.opening + s.accrued + s.adjusted - s.paid",
                "closing",
                "R2",
                "identity",
                "s.opening + s.accrued + s.adjusted - s.paid",
            ),
        ),
        total="closing",
    ),
    File(
        "charges",
        billing.Charge,
        (
            _ACCOUNT,
            _SERVICE,
            _column("month", cells.MONTH),
            _column("line", cells.LINE),
            _optional("serial", _SERIAL),
            _optional("from_on", cells.DATE),
            _optional("from_value", cells.QUANTITY),
            _optional("to_on", cells.DATE),
            _optional("to_value", cells.QUANTITY),
            _optional("days", cells.integer(0, 99_999)),
            _column("quantity", cells.QUANTITY),
            _optional("level", cells.integer(1, 9)),
            _optional("limit", cells.QUANTITY),
            _column("price", cells.PRICE),
            _column("vat_rate", cells.RATE),
            _column("amount", cells.AMOUNT),
        ),
        (*LINES, "line"),
        (
            Condition("s.vat_rate < 1", "vat_rate", "F", "rate"),
            Condition("s.from_on <= s.to_on", "to_on", "F", "interval"),
            Condition(
                "num_nulls(s.serial, s.from_on, s.from_value, s.to_on, s.to_value, s.days) = 0"
                " OR num_nonnulls(s.serial, s.from_on, s.from_value, s.to_on, s.to_value,"
                ' s.days, s.level, s."limit") = 0',
                "serial",
                "F",
                "metered",
            ),
        ),
        replaces=LINES,
        total="amount",
    ),
    File(
        "adjustments",
        billing.Adjustment,
        (
            _ACCOUNT,
            _SERVICE,
            _column("month", cells.MONTH),
            _column("line", cells.LINE),
            *_both("reason", 500),
            _optional("quantity", cells.decimal(11, 3, signed=True)),
            _column("amount", cells.AMOUNT_NOT_ZERO),
        ),
        (*LINES, "line"),
        replaces=LINES,
        total="amount",
    ),
    File(
        "payments",
        billing.Payment,
        (
            _ACCOUNT,
            _column("id", cells.text(40), stored="reference"),
            _SERVICE,
            _column("paid_on", cells.DATE),
            _column("month", cells.MONTH),
            _column("amount", cells.AMOUNT_NOT_ZERO),
            _column("bank", cells.CODE, refers="banks"),
        ),
        ("account", "id"),
        total="amount",
    ),
    File(
        "receipts",
        billing.Receipt,
        (
            _ACCOUNT,
            _column("month", cells.MONTH),
            _column("number", cells.text(40)),
            _column("issued_on", cells.DATE),
            _column("due_on", cells.DATE),
            _column("amount_due", cells.BALANCE),
        ),
        ("account", "month"),
        total="amount_due",
    ),
)
BY_NAME = {file.name: file for file in FILES}
