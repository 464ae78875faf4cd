"""By when an application is answered: within 10 days (consumer protection law, art. 42-4), or as
its kind says; the clock stands while the applicant is asked something.
"""

import datetime as dt
from functools import cache

import holidays

from support.models import Kind

DAY = dt.timedelta(days=1)


def due(kind: Kind, start: dt.date) -> dt.date:
    """The last day to answer what was registered on that day."""
    return _plus(kind, start, kind.days)


def moved(kind: Kind, due_on: dt.date, since: dt.date, until: dt.date) -> dt.date:
    """That day once the clock has stood from one day to another."""
    stood = (until - since).days
    if kind.in_working_days:
        stood = sum(is_working(since + DAY * place) for place in range(1, stood + 1))
    return _plus(kind, due_on, stood)


def left(kind: Kind, due_on: dt.date, today: dt.date) -> int:
    """Days from today until then, by the kind's own count; below zero once it has run out."""
    if not kind.in_working_days:
        return (due_on - today).days
    first, last = sorted((today, due_on))
    count = sum(is_working(first + DAY * place) for place in range(1, (last - first).days + 1))
    return count if due_on >= today else -count


def is_working(day: dt.date) -> bool:
    """Not a Saturday, a Sunday or a holiday of Kazakhstan, nor a day off in place of one; days that
    the government has moved count as it moved them.
    """
    return bool(_calendar(day.year).is_working_day(day))


@cache
def _calendar(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("KZ", years=year)


def _plus(kind: Kind, day: dt.date, days: int) -> dt.date:
    if not kind.in_working_days:
        return day + DAY * days
    while days:
        day += DAY
        days -= is_working(day)
    return day
