"""Receipts as they were issued: facts, from which a reprint years later is the same document."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.accounts import PersonalAccount
from billing.models.columns import Money, first_of_month
from billing.models.facts import ExactDecoder, FrozenFact
from billing.models.imports import Import
from billing.models.ledger import proven_key


class FrozenReceipt(models.Model):
    """What a version of a receipt shows, kept because something behind it has changed since.

    A receipt shows the tables as they are until an import is about to change a row behind
    it; then the import first keeps here what it showed. So a version is complete here, or the
    tables still hold it as it was issued. Rows never change.

    `figures` holds per service `balance` (opening, accrued, adjusted, paid, closing),
    `charges`, `adjustments` and `payments`, each line with the columns of the exchange in
    their order; `readings` per charged meter (serial, day, source, value) over the charged
    days. `payer` is name, address and branch, `home` the terms and meters; texts of
    suppliers and services are those of `made_by`, the import that made the version.
    """

    pk = models.CompositePrimaryKey("account_id", "month", "version")
    account = proven_key(PersonalAccount, _("personal account"), related_name="frozen_receipts")
    month = models.DateField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"))
    number = models.CharField(_("receipt number"), max_length=40)
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("pay by"))
    amount_due = Money(_("amount due"))
    figures = models.JSONField(_("figures"), decoder=ExactDecoder)
    readings = models.JSONField(_("readings"), decoder=ExactDecoder)
    payer = proven_key(FrozenFact, _("payer"), related_name="+")
    home = proven_key(FrozenFact, _("terms and meters"), related_name="+")
    made_by = proven_key(Import, _("import"), related_name="+", null=True)

    class Meta:
        verbose_name = _("frozen receipt")
        verbose_name_plural = _("frozen receipts")
        indexes = [models.Index(fields=["number"], name="frozen_receipt_number")]
        constraints = [
            first_of_month("frozen_receipt"),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="frozen_receipt_version_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.version}"
