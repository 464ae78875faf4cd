"""By when an application is answered: calendar days, or Kazakhstan's working days."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some

from support import clock
from support.models import Kind

CALENDAR = Kind(code="calendar", days=10)
WORKING = Kind(code="working", days=10, in_working_days=True)
DAY = dt.timedelta(days=1)
DAYS = some.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31))


def day(text):
    return dt.datetime.strptime(text, "%d.%m.%Y").date()


def off_between_monday_and_friday(year):
    every = (dt.date(year, 1, 1) + DAY * place for place in range(365))
    found = [each for each in every if each.weekday() < 5 and not clock.is_working(each)]
    return " ".join(f"{each:%d.%m}" for each in found)


@pytest.mark.parametrize(
    ("year", "off"),
    [
        # The Day of the Constitution is no more on 30 August, nor is 31 August off instead.
        (
            2026,
            "01.01 02.01 07.01 09.03 23.03 24.03 25.03 01.05 07.05 11.05 27.05 06.07 26.10 16.12",
        ),
        # It is on 15 March now; the feast of sacrifice is a Sunday, and nothing is off for it.
        (
            2027,
            "01.01 04.01 07.01 08.03 15.03 22.03 23.03 24.03 03.05 07.05 10.05 06.07 25.10 16.12",
        ),
    ],
)
def test_days_off_besides_weekends(year, off):
    assert off_between_monday_and_friday(year) == off


def test_days_that_the_government_has_moved():
    """In 2025 Friday, 3 January, was off, and Sunday the 5th was not."""
    assert not clock.is_working(day("03.01.2025"))
    assert clock.is_working(day("05.01.2025"))


@pytest.mark.parametrize(
    ("registered", "calendar", "working"),
    [
        ("10.04.2026", "20.04.2026", "24.04.2026"),
        ("11.04.2026", "21.04.2026", "24.04.2026"),  # a Saturday
        ("20.03.2026", "30.03.2026", "08.04.2026"),  # Nauryz
        ("30.04.2026", "10.05.2026", "19.05.2026"),  # three feasts of May
        ("28.08.2026", "07.09.2026", "11.09.2026"),  # 30 August is a day like others
        ("25.12.2026", "04.01.2027", "13.01.2027"),  # over the New Year
        ("12.03.2027", "22.03.2027", "01.04.2027"),  # the new feast and Nauryz
    ],
)
def test_due(registered, calendar, working):
    assert clock.due(CALENDAR, day(registered)) == day(calendar)
    assert clock.due(WORKING, day(registered)) == day(working)


@pytest.mark.parametrize(
    ("since", "until", "calendar", "working"),
    [
        ("13.04.2026", "13.04.2026", "20.04.2026", "20.04.2026"),  # answered on the same day
        ("13.04.2026", "14.04.2026", "21.04.2026", "21.04.2026"),
        ("10.04.2026", "13.04.2026", "23.04.2026", "21.04.2026"),  # over a weekend
        ("10.04.2026", "12.04.2026", "22.04.2026", "20.04.2026"),
        ("13.04.2026", "13.05.2026", "20.05.2026", "20.05.2026"),
    ],
)
def test_it_stands_while_the_applicant_is_asked(since, until, calendar, working):
    due_on = day("20.04.2026")
    assert clock.moved(CALENDAR, due_on, day(since), day(until)) == day(calendar)
    assert clock.moved(WORKING, due_on, day(since), day(until)) == day(working)


@pytest.mark.parametrize(
    ("today", "calendar", "working"),
    [
        ("10.04.2026", 10, 6),
        ("19.04.2026", 1, 1),
        ("20.04.2026", 0, 0),
        ("21.04.2026", -1, -1),
        ("27.04.2026", -7, -5),
    ],
)
def test_left(today, calendar, working):
    due_on = day("20.04.2026")
    assert clock.left(CALENDAR, due_on, day(today)) == calendar
    assert clock.left(WORKING, due_on, day(today)) == working


@given(start=DAYS, days=some.integers(1, 90))
def test_working_days_end_on_one_and_are_as_many(start, days):
    kind = Kind(days=days, in_working_days=True)
    due_on = clock.due(kind, start)
    assert clock.is_working(due_on)
    assert clock.left(kind, due_on, start) == days


@given(start=DAYS, stood=some.integers(0, 60))
def test_what_is_left_when_it_stands_is_left_when_it_goes_on(start, stood):
    """Whenever it is asked, and however long it takes."""
    until = start + DAY * stood
    for kind in (CALENDAR, WORKING):
        due_on = clock.due(kind, start)
        moved = clock.moved(kind, due_on, start, until)
        assert clock.left(kind, moved, until) == kind.days
