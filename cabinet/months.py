"""Months, each held as its first day."""

import datetime as dt
import re
from functools import lru_cache

from django.utils import formats
from django.utils.translation import get_language

MONTH_FORM = re.compile(r"(20\d\d|19\d\d)-(0[1-9]|1[0-2])", re.ASCII)


def first_day(day: dt.date) -> dt.date:
    """The month that holds the day."""
    return day.replace(day=1)


def plus(month: dt.date, months: int) -> dt.date:
    """The month that many months later (earlier when negative)."""
    index = month.year * 12 + month.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def last_day(month: dt.date) -> dt.date:
    """The month's last day."""
    return plus(month, 1) - dt.timedelta(days=1)


def is_code(text: str) -> bool:
    """Whether the text is a month `YYYY-MM`."""
    return bool(MONTH_FORM.fullmatch(text))


def parse(text: str) -> dt.date:
    """`YYYY-MM` as a month; ValueError for anything else."""
    match = MONTH_FORM.fullmatch(text)
    if not match:
        raise ValueError(text)
    return dt.date(int(match[1]), int(match[2]), 1)


def code(month: dt.date) -> str:
    """The month as URLs and files write it: `YYYY-MM`."""
    return month.isoformat()[:7]


def name(month: dt.date) -> str:
    """`2025 ж. наурыз`, `март 2025 г.`, in the language in force."""
    return _name(month, get_language())


@lru_cache(maxsize=2000)
def _name(month: dt.date, language: str | None) -> str:
    return formats.date_format(month, "YEAR_MONTH_FORMAT")


def letters(month: dt.date) -> str:
    """The month in three letters, for the foot of a bar: `нау`, `мар`."""
    return _letters(month.month, get_language())


@lru_cache
def _letters(number: int, language: str | None) -> str:
    return formats.date_format(dt.date(2000, number, 1), "M").lower()
