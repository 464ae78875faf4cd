"""The periods that people ask for most, as links beside the form of any other."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from cabinet import months


@dataclass(frozen=True)
class Span:
    """A period to choose: months as their first days, or days."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Loaded:
    """What there is to choose from: from which day or month on, and the last twelve months."""

    earliest: dt.date
    twelve: Span
    ends: Callable[[dt.date], dt.date]  # what a period that ends with that month ends with

    def spans(self, longest: int) -> dict[str, Span]:
        """By what they are called; none begins after its end, is empty or stands there twice."""
        last = self.twelve.last
        this_year = dt.date(last.year, 1, 1)
        before = months.plus(this_year, -12)
        whole = max(self.earliest, months.plus(months.first_day(last), 1 - longest))
        every = {
            _("3 months"): Span(months.plus(self.twelve.first, 9), last),
            _("12 months"): self.twelve,
            str(this_year.year): Span(this_year, last),
            str(before.year): Span(before, self.ends(months.plus(before, 11))),
            _("All the time"): Span(whole, last),
        }
        names = {span: name for name, span in reversed(every.items()) if span.last >= self.earliest}
        return {name: span for name, span in every.items() if names.get(span) == name}


@dataclass(frozen=True)
class Preset:
    """A link, relative to the page; of the one that is shown it is said so."""

    name: str
    query: str
    is_chosen: bool


def preset(
    name: str, span: Span, chosen: Span, code: Callable[[dt.date], str], service: str
) -> Preset:
    """The same service in another period."""
    asked = {"service": service} if service else {}
    asked |= {"from": code(span.first), "to": code(span.last)}
    return Preset(name, f"?{urlencode(asked)}", span == chosen)
