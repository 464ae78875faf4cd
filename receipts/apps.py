"""What is printed: statements, receipts and their proof."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiptsConfig(AppConfig):
    name = "receipts"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from accounts import audit
        from billing.proofs import CODES
        from receipts import proofs

        audit.ACTIONS["looked_at_statement"] = _("opened a statement")
        audit.ACTIONS["looked_at_receipt"] = _("opened a receipt")
        CODES.append(proofs.is_code_of)
