"""Wrong tries at adding a personal account: rows that are locked while a try is judged."""

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.accounts import NUMBER_LENGTH
from billing.models.columns import one_of


class Kind(models.TextChoices):
    """Whose tries a row counts, in the order in which rows are locked."""

    ADDRESS = "1-address", _("of a network address")
    NUMBER = "2-number", _("at a number")
    USER = "3-user", _("of a user")
    USER_NUMBER = "4-user-number", _("of a user at a number")


class TriesQuerySet(models.QuerySet["Tries"]):
    def holding(self, now: dt.datetime) -> "TriesQuerySet":
        """Those whose limit was reached, and which wait."""
        return self.filter(until__gt=now)


class Tries(models.Model):
    """When tries went wrong, the latest last; from the limit on nothing is judged `until` then.

    A number that was tried too often is slowed until then. `number` may be unknown to billing.
    """

    kind = models.CharField(_("kind"), max_length=13, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="tries",
        verbose_name=_("user"),
    )
    number = models.CharField(_("account number"), max_length=NUMBER_LENGTH, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    wrong = ArrayField(models.DateTimeField(), default=list, verbose_name=_("wrong tries"))
    until = models.DateTimeField(_("until"), null=True)
    told_at = models.DateTimeField(_("holders told at"), null=True)
    at = models.DateTimeField(_("last wrong try"))

    objects = TriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("tries at adding an account")
        verbose_name_plural = _("tries at adding accounts")
        indexes = [models.Index(fields=["at"], name="tries_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "user", "number", "address"],
                nulls_distinct=False,
                name="tries_once",
            ),
            one_of("tries", "kind", Kind),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id or ''} {self.number}{self.address}"
