"""What is chosen of a paper: its languages, the size of its type, and of a receipt the version."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy

from cabinet.forms import DIGITS
from receipts.models import PaperLanguage, PaperSize
from receipts.words import BOTH, Words


class PaperForm(forms.Form):
    """In which language and size of type, and for a receipt which version."""

    lang = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=PaperLanguage,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the languages.")},
    )
    form = forms.ChoiceField(
        label=gettext_lazy("Size of type"),
        choices=PaperSize,
        error_messages={"invalid_choice": gettext_lazy("Choose the normal or the large print.")},
    )
    version = forms.IntegerField(
        label=gettext_lazy("Version"),
        required=False,
        min_value=1,
        max_value=32767,
        widget=forms.TextInput(attrs=DIGITS),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), gettext_lazy("Versions are numbered from 1.")
        ),
    )

    def __init__(self, query: Mapping[str, str], *, language: str = "both") -> None:
        given = {"lang": language, "form": "normal", "version": ""}
        super().__init__({name: query.get(name, "").strip() or given[name] for name in given})

    @property
    def words(self) -> Words:
        """The words of a good form's languages."""
        language = self.cleaned_data["lang"]
        return Words(BOTH if language == "both" else (language,))

    @property
    def is_large(self) -> bool:
        return self.cleaned_data["form"] == "large"
