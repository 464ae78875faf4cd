"""The form of an application, made of its kind; and what is written to it later."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import kept_input
from billing.fields import DayField
from support import asked
from support.asked import Home
from support.models import Attachments, Kind
from support.models.applications import LONGEST_TEXT

CHOOSE_AGAIN = _("Choose the files again: they were not kept.")
AGAIN = "fill in again"  # what a message's form is to do when its files are missing
ACCEPTED = ".pdf,.jpg,.jpeg,.png,.heic,.heif"


class Files(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


def files_field(label: Any, **options: Any) -> forms.FileField:
    """Read by `request.FILES.getlist`; each is looked at by `support.files`."""
    return forms.FileField(
        label=label,
        required=False,
        widget=Files(attrs={"accept": ACCEPTED}),
        help_text=_("PDF, JPEG, PNG or HEIC: up to 5 files of 10 MB."),
        **options,
    )


class ApplicationForm(forms.Form):
    """What the kind asks, and the text; `home` is what is known already."""

    def __init__(self, kind: Kind, home: Home, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.kind = kind
        for code in kind.fields:
            self.fields.update(asked.FIELDS[code](home))
        self.fields["text"] = forms.CharField(
            label=_("Anything else you want to tell") if kind.fields else _("Your question"),
            max_length=LONGEST_TEXT,
            required=not kind.fields,
            widget=forms.Textarea(attrs={"rows": 6}),
        )
        if kind.attachments != Attachments.NONE:
            self.fields["files"] = files_field(_("Attach files"))
            self.fields["files"].is_wanted = kind.attachments == Attachments.MUST  # type: ignore[attr-defined]
        for name in ("paid_on", "reading_on"):
            if name in self.fields:
                cast("DayField", self.fields[name]).limit(last=timezone.localdate())

    @property
    def answers(self) -> dict[str, Any]:
        """The cleaned answers of a good form, as JSON holds them."""
        return {
            name: asked.kept(value)
            for name, value in self.cleaned_data.items()
            if name not in ("text", "files") and value not in (None, "")
        }

    @classmethod
    def raw(cls, kind: Kind, home: Home, posted: Mapping[str, Any]) -> dict[str, str]:
        """What was typed into the kind's fields so far, good or not, for the draft, which has no
        NUL in it.
        """
        names = [name for name in cls(kind, home).fields if name != "files"]
        typed = {name: posted.get(name, "").replace("\0", "") for name in names}
        return {name: value[: LONGEST_TEXT + 1] for name, value in typed.items()}

    def clean_paid_on(self) -> Any:
        return self._not_in_future("paid_on")

    def clean_reading_on(self) -> Any:
        return self._not_in_future("reading_on")

    def _not_in_future(self, name: str) -> Any:
        day = self.cleaned_data[name]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."), code="future")
        return day


class MessageForm(forms.Form):
    """What the applicant writes to a submitted application."""

    text = forms.CharField(
        label=_("Your message"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5})
    )
    files = files_field(_("Attach files"))  # type: ignore[assignment]


def _asked(about: Mapping[str, Any]) -> dict[str, forms.Field]:
    """What the kind asks that stands in the URL; of its lists, what every home can choose."""
    kind = Kind.objects.filter(pk=about["code"]).first()
    return ApplicationForm(kind, Home()).fields if kind else {}


# What is kept of them when they are sent after the session has ended; where files were to go along,
# they are filled in again and not sent.
KEPT = {
    "support:application_new": kept_input.Form(_asked, {"submit": None, "save": "yes"}),
    "support:application": kept_input.Form(lambda about: MessageForm.base_fields, {"do": AGAIN}),
}
