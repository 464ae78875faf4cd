"""Where pages are, for templates: each pattern is looked up once per process."""

from functools import cache

from django.conf import settings
from django.templatetags.static import static as _static
from django.urls import reverse

# Forms that no real account or month has.
_NUMBER, _MONTH = "0" * 20, "1900-01"


@cache
def static(path: str) -> str:
    """A static file's address; of production's files the names do not change as it runs."""
    return _static(path)


def link(view: str, number: str = "", month: str = "") -> str:
    """A view's path, with the account's number and the month `YYYY-MM` where it has them."""
    return _pattern(view, bool(number), bool(month)).replace(_NUMBER, number).replace(_MONTH, month)


@cache
def _pattern(view: str, of_account: bool, of_month: bool) -> str:
    given = {"number": _NUMBER} if of_account else {}
    if of_month:
        given["month"] = _MONTH
    return reverse(view, kwargs=given)


def absolute(path: str) -> str:
    """The whole address of a path, for letters and papers: the same whoever asks, and by whatever
    host name.
    """
    return f"{settings.SITE_URL}{path}"
