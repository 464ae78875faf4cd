"""Months whose charges are not what our own computation makes of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.accounts import PersonalAccount
from billing.models.columns import Money, first_of_month
from billing.models.ledger import proven_key
from billing.models.reference import Service


class ChargeDifference(models.Model):
    """A month of a service: the sum of billing's charges, and ours, in tenge with VAT.

    Only those are here of which a line differs by more than a tiyn; the sums may be the same.
    """

    account = proven_key(PersonalAccount, _("personal account"), related_name="differences")
    service = proven_key(Service, _("service"), related_name="+")
    month = models.DateField(_("month"))
    billed = Money(_("charged by billing"))
    computed = Money(_("by our own computation"))

    class Meta:
        verbose_name = _("difference of charges")
        verbose_name_plural = _("differences of charges")
        constraints = [
            first_of_month("difference"),
            models.UniqueConstraint("account", "service", "month", name="difference_once"),
        ]
        indexes = [models.Index(fields=["month"], name="difference_by_month")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.service_id} {self.month}"
