"""What is owed: billing's data, their exchange, and who holds which personal account."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from cabinet import jinja


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        """Templates may ask for a page's frame and a plan's name; users for what billing has."""
        from accounts import export, passwords
        from billing import frame, own_data
        from billing.models import Supplier
        from billing.models.columns import Plan

        jinja.GLOBALS.update(
            menu=frame.menu, issuer=Supplier.objects.issuer, information=frame.information
        )
        export.PARTS.append(own_data.tables)
        passwords.CONTEXT.append(Supplier.objects.names_of_issuer)
        jinja.FILTERS["plan"] = lambda code: str(Plan(code).label)
