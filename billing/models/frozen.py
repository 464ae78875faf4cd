"""Receipts as they were issued: facts, from which a reprint years later is the same document."""

import json
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.accounts import PersonalAccount
from billing.models.columns import Money, first_of_month
from billing.models.imports import Import
from billing.models.ledger import proven_key


class ExactDecoder(json.JSONDecoder):
    """Reads the numbers of figures as Decimal, with their places; never as a float."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class FrozenFact(models.Model):
    """What repeats from receipt to receipt, stored once and found by its SHA-256.

    The payer's name and address; the terms and meters of a home; the texts of suppliers,
    services, branches and banks.
    """

    digest = models.BinaryField(_("SHA-256"), max_length=32, unique=True)
    content = models.JSONField(_("content"), decoder=ExactDecoder)

    class Meta:
        verbose_name = _("frozen fact")
        verbose_name_plural = _("frozen facts")

    def __str__(self) -> str:
        return bytes(self.digest).hex()


class FrozenReceiptQuerySet(models.QuerySet["FrozenReceipt"]):
    def latest_versions(self) -> "FrozenReceiptQuerySet":
        """Of each account and month the version that is in force."""
        return self.order_by("account_id", "month", "-version").distinct("account_id", "month")


class FrozenReceipt(models.Model):
    """A version of a receipt, made at an import; it never changes.

    A further version is made when a figure differs, none for payer or address. `figures`
    holds per service `balance` (opening, accrued, adjusted, paid, closing), `charges`,
    `adjustments` and `payments`, each line with the columns of the exchange in their order;
    `readings` those of the month's meters over its intervals (serial, day, source, value).
    Texts stand in the facts: `payer`, `home` (terms and meters), `texts`.
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
    texts = proven_key(FrozenFact, _("texts"), related_name="+")
    made_by = proven_key(Import, _("import"), related_name="frozen_receipts")

    objects = FrozenReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("frozen receipt")
        verbose_name_plural = _("frozen receipts")
        constraints = [
            first_of_month("frozen_receipt"),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="frozen_receipt_version_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.version}"
