"""Days as people here write them."""

import datetime as dt

from django.utils import formats, timezone


def day(value: dt.date) -> str:
    """`05.03.2025`"""
    return f"{value:%d.%m.%Y}"


def long_day(value: dt.date) -> str:
    """`2025 ж. 5 наурыз`, `5 марта 2025 г.`, in the language in force."""
    return formats.date_format(value, "DATE_FORMAT")


def moment(value: dt.datetime) -> str:
    """`05.03.2025 14:30`, in Almaty."""
    return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"
