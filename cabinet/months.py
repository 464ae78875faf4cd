"""Months, each held as its first day."""

import datetime as dt
import re

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
    return f"{month:%Y-%m}"
