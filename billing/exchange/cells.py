"""The kinds of cell in the exchange, each with its form and its column type.

What passes here can be cast by PostgreSQL to the column's type without an error.

Each kind also has a `plain` form, narrower than what it takes: a row whose cells all have
their plain form is good as it stands, and is handed to PostgreSQL unread.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

Wrong = tuple[str, str, str]  # rule, sentence, detail

_THIRTY_ONE = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_THIRTY = r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_TWENTY_EIGHT = r"02-(?:0[1-9]|1[0-9]|2[0-8])"  # the 29th is looked at more closely
_DAY = rf"(?:{_THIRTY_ONE}|{_THIRTY}|{_TWENTY_EIGHT})"
_MONTH = r"(?:0[1-9]|1[0-2])"


@dataclass(frozen=True)
class Kind:
    """A form, the sentence for what breaks it, and how the cell reaches the database."""

    sql: str
    pattern: re.Pattern[str]
    sentence: str
    detail: str = ""
    trimmed: bool = False
    # Beyond the form, for a well-formed value that is still wrong.
    check: Callable[[str], Wrong | None] | None = field(default=None)
    plain: Callable[[], str] | None = field(default=None)
    # The staged text as a value of the column's type, where the two differ.
    stored: str = '%s."%s"'


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def text(length: int) -> Kind:
    """Any text of 1 to `length` characters, trimmed."""
    pattern = re.compile(rf".{{1,{length}}}", re.DOTALL)
    bare = rf'(?!\s)[^",\r\n]{{1,{length}}}+(?<!\s)'
    quoted = rf'"(?!\s)(?:[^"\r\n]|""){{1,{length}}}+(?<!\s)"'
    return Kind(
        "text",
        pattern,
        "text",
        str(length),
        trimmed=True,
        plain=lambda: rf"(?:{bare}|{quoted})",
    )


def integer(first: int, last: int) -> Kind:
    """A whole number in plain digits, from `first` to `last`."""

    def within(value: str) -> Wrong | None:
        return None if first <= int(value) <= last else ("F", "integer", span)

    def plain() -> str:
        if last < 100:
            return "(?:" + "|".join(map(str, range(last, first - 1, -1))) + ")"
        return rf"{'[1-9]' if first else '[0-9]'}[0-9]{{0,{len(str(last)) - 1}}}"

    span = f"{first} … {last}"
    return Kind("integer", _form(r"\d{1,9}"), "integer", span, check=within, plain=plain)


def decimal(whole: int, places: int, *, signed: bool = False, zero: bool = True) -> Kind:
    """A decimal in plain digits: so many before the point, at most so many after it."""
    sign = "-?" if signed else ""
    form = rf"{sign}[0-9]{{1,{whole}}}(?:\.[0-9]{{1,{places}}})?"
    above_zero = rf"{sign}[1-9][0-9]{{0,{whole - 1}}}(?:\.[0-9]{{1,{places}}})?"
    return Kind(
        f"numeric({whole + places},{places})",
        _form(form),
        "decimal" if signed else "not_negative",
        str(places),
        check=None if zero else _not_zero,
        plain=lambda: form if zero else above_zero,
    )


def _not_zero(value: str) -> Wrong | None:
    return None if value.strip("-0.") else ("F", "not_zero", "")


def _years(first: int, last: int) -> str:
    return "(?:" + "|".join(map(str, range(last, first - 1, -1))) + ")"


def date(first: int = 2000, years_ahead: int = 1) -> Kind:
    """A day `YYYY-MM-DD`, from the first year's beginning to so many years from today (R9)."""
    earliest = f"{first}-01-01"

    def real_and_within(value: str) -> Wrong | None:
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            return ("F", "date", "")
        today = dt.date.today()
        last = f"{today.year + years_ahead}-{today:%m-%d}"
        span = f"{earliest} … {last}"
        return None if earliest <= value <= last else ("R9", "date_range", span)

    def plain() -> str:
        return f"{_years(first, dt.date.today().year + years_ahead - 1)}-{_DAY}"

    form = _form(r"\d{4}-\d\d-\d\d")
    return Kind("date", form, "date", check=real_and_within, plain=plain)


def month() -> Kind:
    """A month `YYYY-MM`, stored as its first day, within the range of dates (R9)."""

    def within(value: str) -> Wrong | None:
        today = dt.date.today()
        last = f"{today.year + 1}-{today:%m}"
        return None if "2000-01" <= value <= last else ("R9", "date_range", f"2000-01 … {last}")

    def plain() -> str:
        return f"{_years(2000, dt.date.today().year)}-{_MONTH}"

    form = _form(rf"\d{{4}}-{_MONTH}")
    stored = "(%s.\"%s\" || '-01')::date"
    return Kind("text", form, "month", check=within, plain=plain, stored=stored)


def choice(*values: str) -> Kind:
    """One of the values."""
    pattern = "|".join(map(re.escape, values))
    return Kind(
        "text",
        _form(pattern),
        "choice",
        ", ".join(values),
        trimmed=True,
        plain=lambda: f"(?:{pattern})",
    )


def form(pattern: str, sentence: str, check: Callable[[str], Wrong | None] | None = None) -> Kind:
    """Text of exactly that form, trimmed."""
    plain = None if check else (lambda: pattern)
    return Kind("text", _form(pattern), sentence, trimmed=True, check=check, plain=plain)


CODE = form(r"[A-Za-z0-9_-]{1,20}", "code")
NUMBER = form(r"[0-9]{4,20}", "number")
BOOLEAN = Kind("boolean", _form("[01]"), "boolean", plain=lambda: "[01]")
DATE = date()
OLD_DATE = date(1950)
VERIFICATION_DATE = date(years_ahead=30)
MONTH = month()
BALANCE = decimal(12, 2, signed=True)
AMOUNT = decimal(12, 2)
AMOUNT_NOT_ZERO = decimal(12, 2, signed=True, zero=False)
QUANTITY = decimal(11, 3)
PRICE = decimal(6, 6)
RATE = decimal(1, 4)
LINE = integer(1, 999_999_999)
