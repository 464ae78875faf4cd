"""The kinds of cell in the exchange, each with its form and its column type.

What passes here can be cast by PostgreSQL to the column's type without an error.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

Check = Callable[[str], str | None]


@dataclass(frozen=True)
class Kind:
    """A form, the sentence for what breaks it, and how the cell reaches the database."""

    sql: str
    pattern: re.Pattern[str]
    sentence: str
    detail: str = ""
    trimmed: bool = False
    suffix: str = ""
    rule: str = "F"
    # Beyond the form: (rule, sentence, detail) for a well-formed value that is still wrong.
    check: Callable[[str], tuple[str, str, str] | None] | None = field(default=None)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def text(length: int) -> Kind:
    """Any text of 1 to `length` characters, trimmed."""
    pattern = re.compile(rf".{{1,{length}}}", re.DOTALL)
    return Kind("text", pattern, "text", str(length), trimmed=True)


def integer(first: int, last: int) -> Kind:
    """A whole number in plain digits, from `first` to `last`."""

    def within(value: str) -> tuple[str, str, str] | None:
        return None if first <= int(value) <= last else ("F", "integer", span)

    span = f"{first} … {last}"
    return Kind("integer", _form(r"\d{1,9}"), "integer", span, check=within)


def decimal(whole: int, places: int, *, signed: bool = False, zero: bool = True) -> Kind:
    """A decimal in plain digits: so many before the point, at most so many after it."""
    sign = "-?" if signed else ""
    pattern = _form(rf"{sign}\d{{1,{whole}}}(?:\.\d{{1,{places}}})?")
    return Kind(
        f"numeric({whole + places},{places})",
        pattern,
        "decimal" if signed else "not_negative",
        str(places),
        check=None if zero else _not_zero,
    )


def _not_zero(value: str) -> tuple[str, str, str] | None:
    return None if value.strip("-0.") else ("F", "not_zero", "")


def date(first: str = "2000-01-01", years_ahead: int = 1) -> Kind:
    """A day `YYYY-MM-DD`, from the first to so many years from today (R9)."""

    def real_and_within(value: str) -> tuple[str, str, str] | None:
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            return ("F", "date", "")
        today = dt.date.today()
        last = f"{today.year + years_ahead}-{today:%m-%d}"
        return None if first <= value <= last else ("R9", "date_range", f"{first} … {last}")

    return Kind("date", _form(r"\d{4}-\d\d-\d\d"), "date", check=real_and_within)


def month() -> Kind:
    """A month `YYYY-MM`, kept as its first day, within the range of dates (R9)."""

    def within(value: str) -> tuple[str, str, str] | None:
        today = dt.date.today()
        last = f"{today.year + 1}-{today:%m}"
        return None if "2000-01" <= value <= last else ("R9", "date_range", f"2000-01 … {last}")

    return Kind("date", _form(r"\d{4}-(?:0[1-9]|1[0-2])"), "month", suffix="-01", check=within)


def choice(*values: str) -> Kind:
    """One of the values."""
    pattern = _form("|".join(map(re.escape, values)))
    return Kind("text", pattern, "choice", ", ".join(values), trimmed=True)


def form(pattern: str, sentence: str) -> Kind:
    """Text of exactly that form, trimmed."""
    return Kind("text", _form(pattern), sentence, trimmed=True)


CODE = form(r"[A-Za-z0-9_-]{1,20}", "code")
NUMBER = form(r"\d{4,20}", "number")
BOOLEAN = Kind("boolean", _form("[01]"), "boolean")
DATE = date()
OLD_DATE = date("1950-01-01")
VERIFICATION_DATE = date(years_ahead=30)
MONTH = month()
BALANCE = decimal(12, 2, signed=True)
AMOUNT = decimal(12, 2)
AMOUNT_NOT_ZERO = decimal(12, 2, signed=True, zero=False)
QUANTITY = decimal(11, 3)
PRICE = decimal(6, 6)
RATE = decimal(1, 4)
LINE = integer(1, 999_999_999)
