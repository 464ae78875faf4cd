"""The consent to the processing of personal data that whoever registers gives.

A change of its words (`templates/accounts/consent.html`) is a new version.
"""

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

VERSION = "2026-11"  # the month since which they stand


def hint() -> SafeString:
    """Where the words are."""
    return format_html(
        '<a href="{}">{}</a>', reverse("accounts:consent"), _("The words of the consent")
    )
