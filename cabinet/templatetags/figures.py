"""The filters for figures and days in every template: one of each kind."""

import datetime as dt

from django import template
from django.utils import formats

from cabinet import figures, months

register = template.Library()

register.filter("money", figures.money)
register.filter("tenge", figures.tenge)
register.filter("quantity", figures.quantity)
register.filter("month_code", months.code)


@register.filter
def month(value: dt.date) -> str:
    """`2025 ж. наурыз`, `март 2025 г.`"""
    return formats.date_format(value, "YEAR_MONTH_FORMAT")


@register.filter
def day(value: dt.date) -> str:
    """`05.03.2025`"""
    return formats.date_format(value, "SHORT_DATE_FORMAT")


@register.filter
def long_day(value: dt.date) -> str:
    """`2025 ж. 5 наурыз`, `5 марта 2025 г.`"""
    return formats.date_format(value, "DATE_FORMAT")
