"""The choice of a period: query parameters `from` and `to`, both included."""

import datetime as dt
import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from billing.fields import DayField
from billing.ledgers import ServiceLedger, within
from billing.presets import Loaded, Preset, Span, preset
from cabinet import months
from cabinet.jinja import part

LONGEST_MONTHS = 120
DEFAULT_MONTHS = 12
EVERY_SERVICE = "all"


def this_month() -> dt.date:
    """The current month in Almaty."""
    return months.first_day(timezone.localdate())


class PeriodForm(forms.Form):
    """A period from … to …; wrong ones are told beside the field."""

    first = last = dt.date.min
    loaded: Loaded | None = None
    code: Callable[[dt.date], str]  # as addresses have either end

    def __init__(self, query: Mapping[str, str], default: tuple[str, str], **kwargs: Any) -> None:
        given = {name: query.get(name, "").strip() for name in self.parameters()}
        defaults = dict(zip(("from", "to"), default, strict=True))
        super().__init__({name: given[name] or defaults.get(name, "") for name in given}, **kwargs)
        for name, label in (("from", gettext_lazy("From")), ("to", gettext_lazy("To"))):
            self.fields[name] = self.field(label)

    @staticmethod
    def parameters() -> tuple[str, ...]:
        return ("from", "to")

    @property
    def rendered(self) -> SafeString:
        """The form as pages show it; a good one is kept, since most people ask for the same."""
        if not self.is_valid():
            return self._render()
        key = (get_language(), *self.data.items(), *self.offered())
        if key not in _rendered:
            if len(_rendered) >= MOST_RENDERED:
                _rendered.clear()
            _rendered[key] = self._render()
        return _rendered[key]

    def _render(self) -> SafeString:
        return part("billing/period_form.html", {"form": self, "presets": self.presets()})

    def presets(self) -> list[Preset]:
        """The periods that are asked for most, of the service that was chosen."""
        spans = self.loaded.spans(LONGEST_MONTHS) if self.loaded else {}
        chosen, service = Span(self.first, self.last), self.cleaned_data.get("service") or ""
        return [preset(name, spans[name], chosen, self.code, service) for name in spans]

    def offered(self) -> tuple[Hashable, ...]:
        """What the form offers beyond what is chosen in it."""
        return (self.loaded,)

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


class MonthSelect(forms.Select):
    """A list of months, the last one first, by year; quick however many there are."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        self.first, self.last = first, last
        super().__init__()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The list; a month outside of it is offered too, so that the message stands beside it."""
        chosen = format_html('value="{}"', value or "")
        options = _options(self.first, self.last, get_language())
        if chosen in options:
            options = options.replace(f"{chosen}>", f"{chosen} selected>")
        else:
            label = months.name(months.parse(value)) if months.is_code(value or "") else value
            options += format_html('<option value="{}" selected>{}</option>', value or "", label)
        flat = flatatt(self.build_attrs({"name": name}, attrs))
        return format_html("<select{}>{}</select>", flat, SafeString(options))


@lru_cache(maxsize=500)
def _options(first: dt.date, last: dt.date, language: str | None) -> str:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    every = (months.plus(last, -index) for index in range(count))
    return "".join(
        format_html(
            '<optgroup label="{}">{}</optgroup>',
            year,
            format_html_join(
                "",
                '<option value="{}">{}</option>',
                ((months.code(month), months.name(month)) for month in group),
            ),
        )
        for year, group in itertools.groupby(every, key=lambda month: month.year)
    )


MOST_RENDERED = 1000
_rendered: dict[tuple[Hashable, ...], SafeString] = {}


class MonthsForm(PeriodForm):
    """Months; the list offers those that are loaded, by default the last twelve of them."""

    def __init__(self, query: Mapping[str, str], loaded: Sequence[dt.date], **kwargs: Any) -> None:
        self.latest = max(loaded, default=this_month())
        first = months.plus(self.latest, 1 - DEFAULT_MONTHS)
        self.earliest = min([first, *loaded])
        asked = query.get("to", "").strip()
        if months.is_code(asked) and months.parse(asked) < first:  # it alone says which months
            first = months.plus(months.parse(asked), 1 - DEFAULT_MONTHS)
        super().__init__(query, (months.code(first), months.code(self.latest)), **kwargs)
        if loaded:
            twelve = Span(months.plus(self.latest, 1 - DEFAULT_MONTHS), self.latest)
            self.loaded = Loaded(min(loaded), twelve, ends=months.first_day)

    code = staticmethod(months.code)

    def field(self, label: Any) -> forms.Field:
        return MonthField(label=label, widget=MonthSelect(self.earliest, self.latest))

    def offered(self) -> tuple[Hashable, ...]:
        return (*super().offered(), self.earliest, self.latest)

    @property
    def last_day(self) -> dt.date:
        """The last day of the last month."""
        return months.last_day(self.last)


class MonthPeriodForm(MonthsForm):
    """Months, and which service."""

    def __init__(
        self, query: Mapping[str, str], ledgers: Sequence[ServiceLedger], **kwargs: Any
    ) -> None:
        self.ledgers = ledgers
        ends = [row.month for each in ledgers for row in (each.rows[0], each.rows[-1])]
        super().__init__(query, ends, **kwargs)
        self.fields["service"] = forms.ChoiceField(
            label=gettext_lazy("Service"),
            choices=[
                (EVERY_SERVICE, gettext_lazy("All services")),
                *((each.service.pk, each.service.name) for each in ledgers),
            ],
            required=False,
            error_messages={"invalid_choice": gettext_lazy("This account has no such service.")},
        )

    @staticmethod
    def parameters() -> tuple[str, ...]:
        return ("from", "to", "service")

    def offered(self) -> tuple[Hashable, ...]:
        services = ((each.service.pk, each.service.name) for each in self.ledgers)
        return (*super().offered(), *services)

    @property
    def chosen(self) -> tuple[ServiceLedger, ...]:
        """The service that was asked for, or all, over the period; of a valid form."""
        code = self.cleaned_data.get("service") or EVERY_SERVICE
        asked = [each for each in self.ledgers if code in (EVERY_SERVICE, each.service.pk)]
        return within(asked, self.first, self.last)


class DayPeriodForm(PeriodForm):
    """Days, as `DayField` reads them."""

    def __init__(
        self,
        query: Mapping[str, str],
        twelve: tuple[dt.date, dt.date],
        earliest: dt.date | None,
        **kwargs: Any,
    ) -> None:
        """By default the last twelve months; `earliest` is the day from which on there is any."""
        first, last = twelve
        super().__init__(query, (self.code(first), self.code(last)), **kwargs)
        if earliest:
            self.loaded = Loaded(earliest, Span(first, last), ends=months.last_day)

    code = staticmethod(dt.date.isoformat)

    def field(self, label: Any) -> forms.Field:
        field = DayField(label=label, help_text="")
        field.limit(last=months.last_day(this_month()))
        return field

    def offered(self) -> tuple[Hashable, ...]:
        return (*super().offered(), this_month())
