"""The choice of a period: query parameters `from` and `to`, both included."""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Service
from cabinet import months
from cabinet.templatetags.figures import month as month_name

LONGEST_MONTHS = 120
DEFAULT_MONTHS = 12
EVERY_SERVICE = "all"


def this_month() -> dt.date:
    """The current month in Almaty."""
    return months.first_day(timezone.localdate())


class PeriodForm(forms.Form):
    """A period from … to …; wrong ones are told beside the field."""

    first = last = dt.date.min

    def __init__(self, query: Mapping[str, str], default: tuple[str, str], **kwargs: Any) -> None:
        given = {name: query.get(name, "").strip() for name in self.parameters()}
        defaults = dict(zip(("from", "to"), default, strict=True))
        super().__init__({name: given[name] or defaults.get(name, "") for name in given}, **kwargs)
        for name, label in (("from", gettext_lazy("From")), ("to", gettext_lazy("To"))):
            self.fields[name] = self.field(label)

    @staticmethod
    def parameters() -> tuple[str, ...]:
        return ("from", "to")

    def field(self, label: Any) -> forms.Field:
        """The field of either end."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("from"), cleaned.get("to")
        limit = months.last_day(this_month())
        for name, day in (("from", first), ("to", last)):
            if day and day > limit:
                self.add_error(name, _("This lies in the future: choose a time up to this month."))
        if first and last and not self.errors:
            self.first, self.last = first, last
            if first > last:
                self.add_error("from", _("The period begins after it ends."))
            elif months.plus(months.first_day(first), LONGEST_MONTHS) <= months.first_day(last):
                self.add_error("from", _("Choose a period of ten years at most."))
        return cleaned


class MonthField(forms.Field):
    """A month `YYYY-MM` as its first day, chosen from a list."""

    default_error_messages = {"invalid": gettext_lazy("Choose a month from the list.")}

    def to_python(self, value: Any) -> dt.date | None:
        if not value:
            return None
        try:
            return months.parse(value)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class MonthPeriodForm(PeriodForm):
    """Months, and which service; the list offers the months that are loaded."""

    def __init__(
        self, query: Mapping[str, str], services: Sequence[Service], **kwargs: Any
    ) -> None:
        self.services = services
        ends = [service.last_month for service in services]
        self.latest = max(ends, default=this_month())
        first = months.plus(self.latest, 1 - DEFAULT_MONTHS)
        self.earliest = min([first, *(service.first_month for service in services)])
        default = (months.code(first), months.code(self.latest))
        super().__init__(query, default=default, **kwargs)
        self.fields["service"] = forms.ChoiceField(
            label=gettext_lazy("Service"),
            choices=[
                (EVERY_SERVICE, gettext_lazy("All services")),
                *((service.pk, service.name) for service in services),
            ],
            required=False,
            error_messages={"invalid_choice": gettext_lazy("This account has no such service.")},
        )
        self._offer_what_was_asked()

    def _offer_what_was_asked(self) -> None:
        """A month outside the list stays chosen, so that the message stands beside it."""
        for name in ("from", "to"):
            widget, code = self.fields[name].widget, self.data[name]
            offered = {choice for _year, group in widget.choices for choice, _name in group}
            if code not in offered:
                label = month_name(months.parse(code)) if months.is_code(code) else code
                widget.choices = [*widget.choices, ("", [(code, label)])]

    @staticmethod
    def parameters() -> tuple[str, ...]:
        return ("from", "to", "service")

    def field(self, label: Any) -> forms.Field:
        choices = _by_year(self.earliest, self.latest)
        return MonthField(label=label, widget=forms.Select(choices=choices))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        code = cleaned.get("service") or EVERY_SERVICE
        self.chosen = [service for service in self.services if code in (EVERY_SERVICE, service.pk)]
        return cleaned


def _by_year(first: dt.date, last: dt.date) -> list[tuple[str, list[tuple[str, str]]]]:
    """The months from the last to the first, by year, as a list offers them."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    every: Iterable[dt.date] = (months.plus(last, -index) for index in range(count))
    return [
        (str(year), [(months.code(month), month_name(month)) for month in group])
        for year, group in itertools.groupby(every, key=lambda month: month.year)
    ]


class DayInput(forms.DateInput):
    """The browser's own calendar, which takes nothing but `YYYY-MM-DD`."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        try:
            day = forms.DateField().to_python(value)
        except forms.ValidationError:
            return None
        return day.isoformat() if day else None


class DayPeriodForm(PeriodForm):
    """Days, written `YYYY-MM-DD` or `05.03.2025`."""

    def field(self, label: Any) -> forms.Field:
        return forms.DateField(
            label=label,
            widget=DayInput(),
            error_messages={"invalid": gettext_lazy("Write the day as 05.03.2025.")},
        )
