"""What is asked of the help."""

from django import forms
from django.utils.translation import gettext_lazy as _

from support.help_search import LONGEST


class SearchForm(forms.Form):
    """A few words in either language."""

    q = forms.CharField(
        label=_("What is your question about?"),
        required=False,
        max_length=LONGEST,
        help_text=_("A few words, in Kazakh or Russian: payment, check code, password."),
        widget=forms.SearchInput,
    )
