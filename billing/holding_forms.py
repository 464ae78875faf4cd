"""What is asked of whoever adds an account, in the shape that people write it in."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import Holding, PersonalAccount
from billing.models.accounts import NUMBER_FORM, NUMBER_LENGTH
from billing.periods import DayInput
from billing.proofs import by_code, by_payment
from cabinet.figures import TENGE

LONGEST_CODE = 40
REFUSED = _("The data entered do not match.")
OWN = _("You have added this account already.")
SUM = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,2})?")


class SumField(forms.Field):
    """A sum of tenge as people write it: `4500`, `4 500,00`, `4500.00 ₸`, with any spaces."""

    default_error_messages = {"invalid": _("Write the sum in digits: 4500 or 4500,50.")}
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or not value.strip():
            return None
        digits = "".join(value.split()).removesuffix(TENGE)
        if not SUM.fullmatch(digits):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return Decimal(digits.replace(",", "."))


class NumberForm(forms.Form):
    """The number of an account."""

    number = forms.CharField(
        label=_("Account number"),
        validators=[RegexValidator(NUMBER_FORM, _("The number has 4 to 20 digits, no letters."))],
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": NUMBER_LENGTH}
        ),
    )

    def proves(self, account: PersonalAccount) -> bool:
        """Whether what a good form says is right for the account."""
        raise NotImplementedError


class PaymentForm(NumberForm):
    """«Жаңа дербес шотты қосу»: the number, the day of the last payment and its sum."""

    paid_on = forms.DateField(
        label=_("Month and day of the last payment"),
        widget=DayInput(),
        error_messages={"invalid": _("Write the day as 05.03.2025.")},
    )
    amount = SumField(
        label=_("Sum of the last payment"),
        help_text=_("What was paid on that day in all: 4 500,00."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paid_on"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_paid_on(self) -> Any:
        day = self.cleaned_data["paid_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."), code="future")
        return day

    def proves(self, account: PersonalAccount) -> bool:
        return by_payment(account, self.cleaned_data["paid_on"], self.cleaned_data["amount"])


class CodeForm(NumberForm):
    """The number and the check code of a receipt, for whoever has made or knows no payment."""

    code = forms.CharField(
        label=_("Check code of a receipt"),
        max_length=LONGEST_CODE,
        help_text=_("It stands on each receipt; one of the last three is needed."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def proves(self, account: PersonalAccount) -> bool:
        return by_code(account, self.cleaned_data["code"])


class NicknameForm(forms.ModelForm):
    """What a user calls an account."""

    class Meta:
        model = Holding
        fields = ("nickname",)
        labels = {"nickname": _("Your own name for it")}
        help_texts = {"nickname": _("For instance: my mother’s flat. Only you see it.")}
        widgets = {"nickname": forms.TextInput(attrs={"autocomplete": "off"})}

    def clean_nickname(self) -> str:
        """One line, without what is invisible and may turn the text around."""
        name = " ".join(self.cleaned_data["nickname"].split())
        return "".join(letter for letter in name if letter.isprintable())
