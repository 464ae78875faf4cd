"""What staff fill in when they work on an application."""

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

from accounts.kept_input import Form
from accounts.models import User
from support.application_forms import files_field
from support.models import Application, Kind
from support.models.applications import LONGEST_TEXT


class SeenForm(forms.Form):
    """A step on what was seen: its state comes back with it."""

    default_renderer = DjangoTemplates()
    seen = forms.CharField(widget=forms.HiddenInput)


class TextForm(SeenForm):
    """An answer, a question, a reason, an internal note; `read` is the newest message seen."""

    read = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6})
    )
    files = files_field(_("Attach files"))  # type: ignore[assignment]


class AssignForm(SeenForm):
    """In whose hands it is to be, and in whose it was seen."""

    had = forms.IntegerField(required=False, widget=forms.HiddenInput)
    to = forms.ModelChoiceField(
        label=_("In whose hands"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = workers()  # type: ignore[attr-defined]


class KindForm(SeenForm):
    """Under which kind it belongs."""

    kind = forms.ModelChoiceField(label=_("Kind"), queryset=Kind.objects.all())


class MergeForm(SeenForm):
    """Into which application of the same applicant it goes."""

    into = forms.CharField(label=_("Number of the other application"), max_length=20)

    def __init__(self, application: Application, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.application = application

    def clean_into(self) -> Application:
        others = Application.objects.open().filter(user=self.application.user_id)
        found = others.filter(number=self.cleaned_data["into"].strip())
        found = found.exclude(pk=self.application.pk)
        if not found.exists():
            raise forms.ValidationError(_("The applicant has no such application."))
        return found.get()


def workers() -> Any:
    """Staff who may work on applications."""
    right = {
        "groups__permissions__codename": "work_application",
        "groups__permissions__content_type__app_label": "support",
    }
    return User.objects.filter(is_staff=True, is_active=True, **right).distinct().order_by("login")


# What is kept of an act when it is sent after the session has ended.
KEPT = {
    "admin:support_application_act": Form(
        lambda about: {**TextForm.base_fields, **MergeForm.base_fields, **KindForm.base_fields}
    )
}
