"""Days and figures in the shape that people write them in."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cabinet.figures import TENGE

SUM = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,2})?")
READING = re.compile(r"[0-9]{1,10}(?:[.,][0-9]{1,3})?")


class DayInput(forms.DateInput):
    """The browser's own calendar, which takes nothing but `YYYY-MM-DD`; what is no day is shown
    again by browsers that have none, as it was typed.
    """

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        try:
            day = forms.DateField().to_python(value)
        except forms.ValidationError:
            return str(value)
        return day.isoformat() if day else None


class DayField(forms.DateField):
    """A day, written `YYYY-MM-DD`, `05.03.2025`, `5.3.2025` or `05/03/2025`."""

    widget = DayInput
    default_error_messages = {"invalid": _("Write the day as 05.03.2025.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"help_text": _("For instance, 05.03.2025"), **options})

    def limit(self, first: dt.date | None = None, last: dt.date | None = None) -> None:
        """What lies outside is not offered; whoever reads the answer refuses it."""
        for name, day in (("min", first), ("max", last)):
            if day:
                self.widget.attrs[name] = day.isoformat()


class FigureField(forms.Field):
    """A figure with any spaces in it, a comma or a point before its places."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    form = SUM
    unit = ""

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or not value.strip():
            return None
        digits = "".join(value.split()).removesuffix(self.unit)
        if not self.form.fullmatch(digits):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return Decimal(digits.replace(",", "."))


class SumField(FigureField):
    """A sum of tenge: `4500`, `4 500,00`, `4500.00 ₸`."""

    default_error_messages = {"invalid": _("Write the sum in digits: 4500 or 4500,50.")}
    unit = TENGE


class ReadingField(FigureField):
    """What a meter shows, or multiplies by: `8799`, `8 799,5`."""

    default_error_messages = {
        "required": _("Enter the reading in digits"),
        "invalid": _("Enter the reading in digits"),
    }
    form = READING
