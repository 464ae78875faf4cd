"""What a resident chooses of an account's letters."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.kept_input import fields_of
from receipts.models import Subscription


class SubscriptionForm(forms.ModelForm):
    """On or off, each by itself, and how the receipt is to look."""

    class Meta:
        model = Subscription
        fields = ("receipts", "language", "form", "attached", "paper", "reminders", "payments")
        labels = {
            "receipts": _("Send me each receipt by e-mail"),
            "language": _("Language of the receipt"),
            "form": _("Size of type"),
            "attached": _("Attach the receipt as a PDF"),
            "paper": _("Go on sending the receipt on paper"),
            "reminders": _("Remind me three days before the day of payment"),
            "payments": _("Tell me of each payment received"),
        }
        help_texts = {
            "attached": _(
                "Without it the letter has a link to the personal cabinet, and nobody who reads "
                "your mail sees your name and address."
            ),
            "paper": _("Without e-receipts it comes in any case."),
            "reminders": _("Only when something is still to be paid."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.RECEIPTS_BY_LINK_ONLY:
            del self.fields["attached"]

    def clean(self) -> dict[str, Any]:
        """Somebody who ends e-receipts gets the paper one again."""
        chosen: dict[str, Any] = super().clean() or {}
        chosen["paper"] = bool(chosen.get("paper")) or not chosen.get("receipts")
        return chosen


# What is kept of it when it is sent after the session has ended.
KEPT = {"receipts:subscription": fields_of(SubscriptionForm)}
