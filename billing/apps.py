"""What is owed: billing's data, their exchange, and who holds which personal account."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from cabinet import jinja


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Templates may ask for the frame of a page, and for a plan's name."""
        from billing import frame
        from billing.models import Supplier
        from billing.models.columns import Plan

        jinja.GLOBALS.update(
            menu=frame.menu, issuer=Supplier.objects.issuer, information=frame.information
        )
        jinja.FILTERS["plan"] = lambda code: str(Plan(code).label)
