"""What is printed: the statement as a page and on paper."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiptsConfig(AppConfig):
    name = "receipts"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from accounts import audit

        audit.ACTIONS["looked_at_statement"] = _("opened a statement")
