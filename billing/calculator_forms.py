"""What the calculators ask, and what is wrong with an answer, in words beside its field."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import estimates
from billing.calculation import Home
from billing.computations import Dial
from billing.estimates import Estimate, Shown, Stretch
from billing.fields import DayField, ReadingField
from billing.models import Service
from billing.models.columns import Plan
from billing.periods import LONGEST_MONTHS
from billing.tariffs import Book, DatedHome, NoPrice
from cabinet import days, figures, months
from cabinet.forms import DIGITS

MOST_RESIDENTS = 99
MOST_DIGITS = 10
YES_NO = (("0", gettext_lazy("no")), ("1", gettext_lazy("yes")))


class CalculationForm(forms.Form):
    """To which reading, and for what a home; the beginning is known by whoever adds to it."""

    to_on = DayField(label=gettext_lazy("Day of the last readings"))
    to_value = ReadingField(label=gettext_lazy("Last readings"))
    passed = forms.BooleanField(
        label=gettext_lazy("The meter went over zero: count it so"), required=False
    )
    residents = forms.IntegerField(
        label=gettext_lazy("Number of permanent residents"),
        widget=forms.TextInput(attrs=DIGITS),
        error_messages={"invalid": gettext_lazy("Write the number of residents in digits.")},
    )
    stove = forms.ChoiceField(label=gettext_lazy("Electric stove"), choices=YES_NO)
    privileged = forms.ChoiceField(label=gettext_lazy("Living alone"), choices=YES_NO)
    plan = forms.ChoiceField(label=gettext_lazy("Tariff plan"), choices=Plan.choices)

    offers_passing = False  # whether the reading may have passed over zero
    own_residents: int | None = None  # as many as the account has, whatever the number

    def __init__(self, data: Mapping[str, str] | None, book: Book, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.book = book
        self._day("to_on").limit(last=timezone.localdate())

    def _day(self, name: str) -> DayField:
        return cast("DayField", self.fields[name])

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        """The fields in their order; passing over zero only where it is plausible."""
        return [field for field in self if field.name != "passed" or self.offers_passing]

    def clean_residents(self) -> int:
        residents = self.cleaned_data["residents"]
        if residents != self.own_residents and not 1 <= residents <= MOST_RESIDENTS:
            raise forms.ValidationError(
                _("Choose from 1 to %(most)s residents.") % {"most": MOST_RESIDENTS}, code="range"
            )
        return residents

    @property
    def home(self) -> Home:
        """As the fields of a good form say."""
        data = self.cleaned_data
        stove, privileged = data["stove"] == "1", data["privileged"] == "1"
        return Home(data["residents"], stove, privileged, data["plan"])

    @property
    def end(self) -> Shown:
        """The reading of a good form."""
        return Shown(self.cleaned_data["to_on"], self.cleaned_data["to_value"])

    def check_end(self, stretch: Stretch | None) -> None:
        """Tells what is wrong with the day and the reading that end the stretch."""
        day, value = self.cleaned_data.get("to_on"), self.cleaned_data.get("to_value")
        if day and day > timezone.localdate():
            self.add_error("to_on", _("This day is still to come."))
        elif day and stretch and day <= stretch.start.on:
            given = {"day": days.day(stretch.start.on)}
            self.add_error("to_on", _("Choose a day after the previous reading: %(day)s.") % given)
        elif day and stretch and months.plus(stretch.start.on, LONGEST_MONTHS) < day:
            self.add_error("to_on", _("Choose a period of ten years at most."))
        if value is None or stretch is None:
            return
        if value >= 10**stretch.dial.digits:
            self.add_error("to_value", _too_long(stretch))
        elif value < stretch.start.value:
            self._check_smaller(stretch, value)

    def _check_smaller(self, stretch: Stretch, value: Decimal) -> None:
        given = {"before": figures.quantity(stretch.start.value)}
        self.offers_passing = stretch.may_have_passed_zero(value)
        if not self.offers_passing:
            told = _("The current reading is less than the previous one: %(before)s.")
            self.add_error("to_value", told % given)
        elif not self.cleaned_data.get("passed"):
            told = _(
                "The current reading is less than the previous one: %(before)s. If the meter went"
                " over zero, tick it below."
            )
            self.add_error("to_value", told % given)


def _too_long(stretch: Stretch) -> str:
    given = {"digits": stretch.dial.digits}
    return _("The meter has %(digits)s digits before the comma.") % given


class AccountForm(CalculationForm):
    """Of an account: from its last charged reading on; by its own terms, or what if."""

    def __init__(
        self,
        query: Mapping[str, str],
        book: Book,
        stretches: Mapping[Service, Sequence[Stretch]],
        homes: Sequence[DatedHome],
        own: Home | None,
    ) -> None:
        self.homes, self.stretches = homes, stretches
        self.own = own
        self.asked = bool(query.get("to_value") or query.get("to_on"))
        initial = self._initial()
        data = {name: query.get(name, initial.get(name, "")).strip() for name in self._names()}
        super().__init__(data if self.asked else None, book, initial=initial)
        start = self.open[-1].start.on
        self._day("to_on").limit(first=start + dt.timedelta(days=1))
        if self.own:
            self.own_residents = self.own.residents
        choices = [(service.pk, service.name) for service in stretches]
        if len(choices) > 1:
            service = forms.ChoiceField(label=gettext_lazy("Service"), choices=choices)
            self.fields = {"service": service, **self.fields}

    def _names(self) -> list[str]:
        names = list(self.base_fields)
        return [*names, "service"] if len(self.stretches) > 1 else names

    def _initial(self) -> dict[str, str]:
        own = self.own or Home(1, electric_stove=False, privileged=False, plan=Plan.TIERED)
        return {
            "service": next(service.pk for service in self.stretches),
            "to_on": timezone.localdate().isoformat(),
            "residents": str(own.residents),
            "stove": str(int(own.electric_stove)),
            "privileged": str(int(own.privileged)),
            "plan": own.plan,
        }

    @property
    def service(self) -> Service:
        """The one that was chosen, else the first one."""
        code = (self.data or {}).get("service")
        by_code = {service.pk: service for service in self.stretches}
        return by_code.get(code or "", next(iter(self.stretches)))

    @property
    def open(self) -> Sequence[Stretch]:
        """What is not charged yet of the service's meters."""
        return self.stretches[self.service]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.check_end(self.open[-1])
        return cleaned

    @property
    def is_what_if(self) -> bool:
        """Whether a good form asks for other terms than the account's."""
        return self.home != self.own

    @property
    def own_query(self) -> str:
        """Of a good form: the same reading by the account's own terms."""
        asked = {"to_on": self.end.on.isoformat(), "to_value": self.end.value}
        if self.cleaned_data["passed"]:
            asked["passed"] = "1"
        if len(self.stretches) > 1:
            asked["service"] = self.service.pk
        return urlencode(asked)

    def estimate(self) -> Estimate | None:
        """Of a good form; None, with word of it, where a tariff or the terms lack."""
        homes = self.homes
        if self.is_what_if:
            homes = [DatedHome(dt.date.min, self.home)]
        stretches = [*self.open[:-1], self.open[-1].until(self.end)]
        try:
            return estimates.made(self.book, self.service, homes, stretches)
        except NoPrice:
            told = _("There is no tariff of this plan for all of these days.")
            if homes[0].since > stretches[0].start.on:
                told = _("Billing has sent no terms of the account for the first of these days.")
            self.add_error("plan", told)
            return None


class PublicForm(CalculationForm):
    """Of anybody: all of it is asked, and all of it stands in the link."""

    service = forms.ChoiceField(label=gettext_lazy("Service"))
    from_on = DayField(label=gettext_lazy("Day of the previous readings"))
    from_value = ReadingField(label=gettext_lazy("Previous readings"))
    digits = forms.IntegerField(
        label=gettext_lazy("Digits of the meter before the comma"),
        required=False,
        min_value=1,
        max_value=MOST_DIGITS,
        help_text=gettext_lazy("Needed only if the meter went over zero."),
        widget=forms.TextInput(attrs=DIGITS),
        error_messages={
            "invalid": gettext_lazy("From 1 to 10 digits."),
            "min_value": gettext_lazy("From 1 to 10 digits."),
            "max_value": gettext_lazy("From 1 to 10 digits."),
        },
    )
    ratio = ReadingField(
        label=gettext_lazy("Ratio of the current transformer"),
        required=False,
        help_text=gettext_lazy("1 if you do not know of any."),
        error_messages={"invalid": gettext_lazy("Write the ratio in digits: 1 or 20.")},
    )

    field_order = (
        *("service", "plan", "from_on", "from_value", "to_on", "to_value", "passed"),
        *("residents", "stove", "privileged", "digits", "ratio"),
    )

    def __init__(
        self, query: Mapping[str, str], book: Book, services: Mapping[str, Service]
    ) -> None:
        self.services = services
        names = self.base_fields
        self.asked = any(query.get(name) for name in names)
        initial = {
            "service": next(iter(services), ""),
            "plan": Plan.TIERED.value,
            "stove": "0",
            "privileged": "0",
        }
        data = {name: (query.get(name) or initial.get(name, "")).strip() for name in names}
        super().__init__(data if self.asked else None, book, initial=initial)
        self.fields["service"].choices = [(code, each.name) for code, each in services.items()]  # type: ignore[attr-defined]
        self._day("from_on").limit(last=timezone.localdate())

    def clean_ratio(self) -> Decimal:
        ratio = self.cleaned_data["ratio"]
        if ratio is None:
            return Decimal(1)
        if ratio <= 0:
            raise forms.ValidationError(self.fields["ratio"].error_messages["invalid"])
        return ratio

    def _stretch(self) -> Stretch | None:
        """From the previous reading on, if it is known."""
        data = self.cleaned_data
        day, value = data.get("from_on"), data.get("from_value")
        if day is None or value is None:
            return None
        dial = Dial(data.get("digits") or MOST_DIGITS, data.get("ratio") or Decimal(1))
        return Stretch("", dial, Shown(day, value))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day = cleaned.get("from_on")
        if day and day > timezone.localdate():
            self.add_error("from_on", _("This day is still to come."))
        stretch = self._stretch()
        if stretch and stretch.start.value >= 10**stretch.dial.digits:
            self.add_error("from_value", _too_long(stretch))
        elif "digits" not in self.errors:
            self.check_end(stretch)
        return cleaned

    def estimate(self) -> Estimate | None:
        """Of a good form; None, with word of it, where a tariff lacks."""
        stretch = self._stretch()
        if stretch is None:
            return None
        service = self.services[self.cleaned_data["service"]]
        homes = [DatedHome(dt.date.min, self.home)]
        try:
            return estimates.made(self.book, service, homes, [stretch.until(self.end)])
        except NoPrice:
            self.add_error("plan", _("There is no tariff of this plan for all of these days."))
            return None
