"""What is asked of whoever adds an account, in the shape that people write it in."""

from typing import Any, cast

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kept_input import fields_of
from billing.fields import DayField, SumField
from billing.models import Holding, PersonalAccount
from billing.models.accounts import NUMBER_FORM, NUMBER_LENGTH
from billing.proofs import by_code, by_payment
from cabinet.forms import CODE, DIGITS

LONGEST_CODE = 40
REFUSED = _("The data entered do not match.")
OWN = _("You have added this account already.")


class NumberForm(forms.Form):
    """The number of an account."""

    number = forms.CharField(
        label=_("Account number"),
        validators=[RegexValidator(NUMBER_FORM, _("The number has 4 to 20 digits, no letters."))],
        widget=forms.TextInput(attrs={**DIGITS, "maxlength": NUMBER_LENGTH}),
    )

    def proves(self, account: PersonalAccount) -> bool:
        """Whether what a good form says is right for the account."""
        raise NotImplementedError


class PaymentForm(NumberForm):
    """«Жаңа дербес шотты қосу»: the number, the day of the last payment and its sum."""

    paid_on = DayField(label=_("Month and day of the last payment"))
    amount = SumField(
        label=_("Sum of the last payment"),
        help_text=_("What was paid on that day in all: 4 500,00."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("DayField", self.fields["paid_on"]).limit(last=timezone.localdate())

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
        widget=forms.TextInput(attrs={**CODE, "enterkeyhint": "go"}),
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
        widgets = {"nickname": forms.TextInput(attrs={"enterkeyhint": "done"})}

    def clean_nickname(self) -> str:
        """One line, without what is invisible and may turn the text around."""
        name = " ".join(self.cleaned_data["nickname"].split())
        return "".join(letter for letter in name if letter.isprintable())


# What is kept of them when they are sent after the session has ended.
KEPT = {
    "billing:account_add": fields_of(PaymentForm),
    "billing:account_nickname": fields_of(NicknameForm),
}
