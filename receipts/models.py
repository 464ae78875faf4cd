"""Statements that were printed: so that each can be told from a forged one."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models import PersonalAccount
from billing.models.columns import Money, first_of_month


class IssuedStatement(models.Model):
    """A statement, recorded when it was first made. Its number comes from its figures, so that the
    same statement is the same document; `digest` is the SHA-256 of these.
    """

    number = models.CharField(_("number"), max_length=20, primary_key=True)
    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="statements",
        db_constraint=False,
        verbose_name=_("personal account"),
    )
    first = models.DateField(_("from"))
    last = models.DateField(_("to"))
    services = models.CharField(_("services"), max_length=500)
    amount = Money(_("closing balance"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    issued_on = models.DateField(_("issued on"))

    class Meta:
        verbose_name = _("issued statement")
        verbose_name_plural = _("issued statements")
        constraints = [
            first_of_month("statement", "first"),
            first_of_month("statement", "last"),
            models.CheckConstraint(
                condition=Q(first__lte=F("last")), name="statement_last_not_before"
            ),
        ]

    def __str__(self) -> str:
        return self.number
