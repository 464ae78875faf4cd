"""What each kind of application asks, filled in with what is known of the home; and the answers in
words, for the applicant and for staff.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from billing.exchange.requisites import iban_checked
from billing.fields import DayField, ReadingField, SumField
from billing.models import PersonalAccount
from billing.models.accounts import NUMBER_FORM, NUMBER_LENGTH, Meter, Terms
from billing.models.columns import Plan
from cabinet import days, figures, months
from cabinet.forms import CODE, DIGITS
from support.models import Field

MOST_MONTHS = 24
IBAN_FORM = r"^KZ[0-9]{2}[0-9A-Z]{16}$"
PAPER = {"copy": _("one more copy on paper"), "none": _("no receipt on paper any more")}
VISIT = {
    "replace": _("replace the meter"),
    "check": _("check whether it counts right"),
    "verify": _("metrological verification"),
}


@dataclass(frozen=True)
class Home:
    """What is known of whom it is about; without an account nothing is."""

    account: PersonalAccount | None = None

    @cached_property
    def meters(self) -> list[Meter]:
        return list(self.account.meters.with_last_reading()) if self.account else []

    @cached_property
    def terms(self) -> Terms | None:
        if self.account is None:
            return None
        return self.account.terms.in_force(timezone.localdate()).first()

    @cached_property
    def months(self) -> list[dt.date]:
        """The latest closed ones, the newest first."""
        if self.account is None:
            return []
        closed = self.account.ledger.order_by("-month").values_list("month", flat=True).distinct()
        return list(closed[:MOST_MONTHS])


Made = dict[str, forms.Field]


def _text(label: Any, length: int, **options: Any) -> forms.CharField:
    widget = forms.TextInput(attrs=options.pop("attrs", {}))
    return forms.CharField(label=label, max_length=length, widget=widget, **options)


def _number(home: Home) -> Made:
    form = RegexValidator(NUMBER_FORM, _("The number has 4 to 20 digits, no letters."))
    label = _("Number of the account that cannot be added")
    asked = {"validators": [form], "required": False, "attrs": DIGITS}
    return {"number": _text(label, NUMBER_LENGTH, **asked)}


def _residents(home: Home) -> Made:
    now = home.terms.residents if home.terms else None
    return {
        "residents": forms.IntegerField(
            label=_("How many people live here permanently"),
            min_value=1,
            max_value=99,
            help_text=_("The supplier knows of: %(count)s") % {"count": now} if now else "",
            widget=forms.TextInput(attrs=DIGITS),
            error_messages=dict.fromkeys(
                ("invalid", "min_value", "max_value"), _("Write a number from 1 to 99.")
            ),
        )
    }


def _since(home: Home) -> Made:
    return {"since": DayField(label=_("Since which day"), initial=timezone.localdate)}


def _new_owner(home: Home) -> Made:
    return {"new_owner": _text(_("Full name of the new owner"), 200)}


def _plan(home: Home) -> Made:
    now = home.terms.plan if home.terms else None
    other = next((code for code in Plan.values if code != now), None)
    told = _("Now: %(plan)s") % {"plan": Plan(now).label} if now else ""
    return {
        "plan": forms.ChoiceField(
            label=_("Wanted tariff plan"), choices=Plan, initial=other, help_text=told
        )
    }


def _meter(home: Home) -> Made:
    found = [(each.serial, each.serial) for each in home.meters if not each.removed_on]
    if not found:
        return {"meter": _text(_("Serial number of the meter"), 40, attrs=CODE)}
    return {"meter": forms.ChoiceField(label=_("Meter"), choices=found)}


def _reading(home: Home) -> Made:
    present = [each for each in home.meters if not each.removed_on]
    last = next((each for each in present if each.last_value is not None), None)
    told = ""
    if last and last.last_value is not None and last.last_taken_on:
        given = {
            "value": figures.quantity(last.last_value),
            "day": days.day(last.last_taken_on),
        }
        told = gettext("The last known reading: %(value)s, %(day)s") % given
    return {
        "reading": ReadingField(label=_("Right reading"), help_text=told),
        "reading_on": DayField(label=_("Day of the reading"), initial=timezone.localdate),
    }


def _month(home: Home) -> Made:
    if not home.months:
        return {"month": _text(_("Month"), 50)}
    choices = [(months.code(each), months.name(each)) for each in home.months]
    return {"month": forms.ChoiceField(label=_("Month"), choices=choices)}


def _paid(home: Home) -> Made:
    return {
        "paid_on": DayField(label=_("Day of the payment")),
        "amount": SumField(label=_("Sum of the payment"), validators=[_some]),
        "bank": _text(_("Bank or place of the payment"), 100),
    }


def _refund(home: Home) -> Made:
    return {
        "amount": SumField(label=_("Sum to be refunded"), validators=[_some]),
        "iban": _text(
            _("Bank account for the refund (IBAN)"),
            34,
            validators=[_is_iban],
            attrs=CODE,
            help_text=_("20 letters and digits, beginning with KZ."),
        ),
    }


def _some(value: Decimal) -> None:
    if not value:
        raise forms.ValidationError(_("The sum must be more than 0."))


def _is_iban(value: str) -> None:
    bare = "".join(value.split()).upper()
    if not RegexValidator(IBAN_FORM).regex.fullmatch(bare) or iban_checked(bare):  # type: ignore[union-attr]
        raise forms.ValidationError(_("There is a slip in the number: compare it once more."))


def _paper(home: Home) -> Made:
    return {
        "paper": forms.ChoiceField(
            label=_("What you want"), choices=PAPER.items(), widget=forms.RadioSelect
        )
    }


def _visit(home: Home) -> Made:
    return {
        "visit": forms.ChoiceField(
            label=_("What is to be done"), choices=VISIT.items(), widget=forms.RadioSelect
        )
    }


FIELDS: Mapping[str, Callable[[Home], Made]] = {
    Field.NUMBER: _number,
    Field.RESIDENTS: _residents,
    Field.SINCE: _since,
    Field.NEW_OWNER: _new_owner,
    Field.PLAN: _plan,
    Field.METER: _meter,
    Field.READING: _reading,
    Field.MONTH: _month,
    Field.PAID: _paid,
    Field.REFUND: _refund,
    Field.PAPER: _paper,
    Field.VISIT: _visit,
}

# What each answer is called beside it, by the name of its field.
LABELS: Mapping[str, Any] = {
    "number": _("Number of the account that cannot be added"),
    "residents": _("Number of permanent residents"),
    "since": _("Since which day"),
    "new_owner": _("Full name of the new owner"),
    "plan": _("Wanted tariff plan"),
    "meter": _("Meter"),
    "reading": _("Right reading"),
    "reading_on": _("Day of the reading"),
    "month": _("Month"),
    "paid_on": _("Day of the payment"),
    "amount": pgettext_lazy("of an application", "Sum"),
    "bank": _("Bank or place of the payment"),
    "iban": _("Bank account for the refund (IBAN)"),
    "paper": _("What you want"),
    "visit": _("What is to be done"),
}


def kept(value: Any) -> Any:
    """A cleaned answer as JSON holds it: figures and days as text."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def in_words(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answers of a submitted application: labels and values in the language in force."""
    return [(str(LABELS[name]), _said(name, data[name])) for name in LABELS if data.get(name)]


def _said(name: str, value: Any) -> str:
    if name in ("since", "reading_on", "paid_on"):
        return days.day(dt.date.fromisoformat(value))
    if name == "amount":
        return figures.tenge(Decimal(value))
    if name == "reading":
        return figures.quantity(Decimal(value))
    if name == "plan":
        return str(Plan(value).label)
    if name == "month" and months.is_code(value):
        return months.name(months.parse(value))
    return str({"paper": PAPER, "visit": VISIT}.get(name, {}).get(value, value))
