"""The large tables, keyed by nature with the account first.

One index each serves the pages, and a resident's rows are neighbours in it. Only the
exchange writes them and it proves every reference, so the database does not check
each row's references once more.
"""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from billing.models.accounts import PersonalAccount
from billing.models.columns import (
    Money,
    Price,
    Quantity,
    Rate,
    first_of_month,
    in_order,
    in_two_languages,
    not_negative,
)
from billing.models.imports import Import
from billing.models.reference import Bank, Service


def proven_key(to: type[models.Model], name: Any, **options: Any) -> models.ForeignKey:
    """A reference that the exchange proves, and that needs no index of its own."""
    return models.ForeignKey(
        to,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        verbose_name=name,
        **options,
    )


class LedgerEntry(models.Model):
    """A closed month of one service: what was owed, accrued, adjusted and paid."""

    pk = models.CompositePrimaryKey("account_id", "service_id", "month")
    account = proven_key(PersonalAccount, _("personal account"), related_name="ledger")
    service = proven_key(Service, _("service"), related_name="ledger")
    month = models.DateField(_("month"))
    opening = Money(_("opening balance"))
    accrued = Money(_("accrued"))
    adjusted = Money(_("adjusted"))
    paid = Money(_("paid"))
    closing = Money(_("closing balance"))

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        constraints = [
            first_of_month("ledger"),
            models.CheckConstraint(
                condition=Q(closing=F("opening") + F("accrued") + F("adjusted") - F("paid")),
                name="ledger_balance_identity",
            ),
            *not_negative("ledger", "accrued"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.service_id} {self.month}"


class Charge(models.Model):
    """A line of a month's accrual. The price is without VAT, the amount with it."""

    pk = models.CompositePrimaryKey("account_id", "service_id", "month", "line")
    account = proven_key(PersonalAccount, _("personal account"), related_name="charges")
    service = proven_key(Service, _("service"), related_name="charges")
    month = models.DateField(_("month"))
    line = models.PositiveIntegerField(_("line"))
    serial = models.CharField(_("meter"), max_length=40, null=True)  # noqa: DJ001
    from_on = models.DateField(_("from"), null=True)
    from_value = Quantity(_("previous reading"), null=True)
    to_on = models.DateField(_("to"), null=True)
    to_value = Quantity(_("current reading"), null=True)
    days = models.PositiveIntegerField(_("days"), null=True)
    quantity = Quantity(_("quantity"))
    level = models.PositiveSmallIntegerField(_("level"), null=True)
    limit = Quantity(_("limit"), null=True)
    price = Price(_("price without VAT"))
    vat_rate = Rate(_("VAT rate"))
    amount = Money(_("amount with VAT"))

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            first_of_month("charge"),
            models.CheckConstraint(condition=Q(line__gte=1), name="charge_line_from_one"),
            models.CheckConstraint(
                condition=Q(
                    serial__isnull=True,
                    from_on__isnull=True,
                    from_value__isnull=True,
                    to_on__isnull=True,
                    to_value__isnull=True,
                    days__isnull=True,
                    level__isnull=True,
                    limit__isnull=True,
                )
                | Q(
                    serial__isnull=False,
                    from_on__isnull=False,
                    from_value__isnull=False,
                    to_on__isnull=False,
                    to_value__isnull=False,
                    days__isnull=False,
                ),
                name="charge_metered_or_not",
            ),
            in_order("charge", "from_on", "to_on"),
            models.CheckConstraint(
                condition=Q(level__gte=1) | Q(level__isnull=True), name="charge_level_from_one"
            ),
            models.CheckConstraint(
                condition=Q(vat_rate__gte=0, vat_rate__lt=1), name="charge_vat_part_of_one"
            ),
            *not_negative(
                "charge", "from_value", "to_value", "quantity", "limit", "price", "amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.service_id} {self.month} {self.line}"


class Adjustment(models.Model):
    """A correction of a month, with its reason; positive adds to what is owed."""

    pk = models.CompositePrimaryKey("account_id", "service_id", "month", "line")
    account = proven_key(PersonalAccount, _("personal account"), related_name="adjustments")
    service = proven_key(Service, _("service"), related_name="adjustments")
    month = models.DateField(_("month"))
    line = models.PositiveIntegerField(_("line"))
    reason_kk = models.CharField(_("reason in Kazakh"), max_length=500)
    reason_ru = models.CharField(_("reason in Russian"), max_length=500)
    quantity = Quantity(_("quantity"), null=True)
    amount = Money(_("amount"))

    reason = in_two_languages("reason")

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            first_of_month("adjustment"),
            models.CheckConstraint(condition=Q(line__gte=1), name="adjustment_line_from_one"),
            models.CheckConstraint(condition=~Q(amount=0), name="adjustment_amount_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.service_id} {self.month} {self.line}"


def not_closed() -> Q:
    """The row's own month is not closed for its account and service."""
    closed = LedgerEntry.objects.filter(
        account=OuterRef("account"), service=OuterRef("service"), month=OuterRef("month")
    )
    return Q(~Exists(closed))


class PaymentQuerySet(models.QuerySet["Payment"]):
    def with_waiting(self) -> "PaymentQuerySet":
        """Adds `is_waiting`: booked to a month that is not closed, so on no receipt so far."""
        return self.annotate(is_waiting=not_closed())

    def waiting(self) -> "PaymentQuerySet":
        """Those booked to months that are not closed."""
        return self.filter(not_closed())

    def for_period(self, first: dt.date, last: dt.date) -> "PaymentQuerySet":
        """Paid from the first day to the last, newest first, a day's by bank and service."""
        return self.filter(paid_on__gte=first, paid_on__lte=last).order_by(
            "-paid_on", "bank_id", "service_id", "reference"
        )


class Payment(models.Model):
    """Money received, booked to a month; negative when a payment was reversed."""

    pk = models.CompositePrimaryKey("account_id", "reference")
    account = proven_key(PersonalAccount, _("personal account"), related_name="payments")
    reference = models.CharField(_("payment number"), max_length=40)
    service = proven_key(Service, _("service"), related_name="payments")
    paid_on = models.DateField(_("date"))
    month = models.DateField(_("booked to"))
    amount = Money(_("amount"))
    bank = proven_key(Bank, _("bank"), related_name="payments")

    is_waiting: bool  # with_waiting()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            first_of_month("payment"),
            models.CheckConstraint(condition=~Q(amount=0), name="payment_amount_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.reference}"

    @property
    def is_reversal(self) -> bool:
        """Money taken back."""
        return self.amount < 0


class Receipt(models.Model):
    """The bill of a month over all services of an account, as billing issued it.

    `version` counts up when a figure on it is corrected; `made_by` is the import that made
    this version. Earlier ones, and what has changed behind it since, are in FrozenReceipt.
    """

    pk = models.CompositePrimaryKey("account_id", "month")
    account = proven_key(PersonalAccount, _("personal account"), related_name="receipts")
    month = models.DateField(_("month"))
    number = models.CharField(_("receipt number"), max_length=40)
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("pay by"))
    amount_due = Money(_("amount due"))
    version = models.PositiveSmallIntegerField(_("version"), default=1, db_default=1)
    made_by = proven_key(Import, _("import"), related_name="receipts", null=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            first_of_month("receipt"),
            # Asked at the end of a statement, since receipts may swap their numbers.
            models.UniqueConstraint(
                fields=["number"],
                name="receipt_number_once",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
        ]

    def __str__(self) -> str:
        return self.number
