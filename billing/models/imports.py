"""The record of every exchange set that was tried."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.columns import one_of
from billing.models.facts import FrozenFact


class Outcome(models.TextChoices):
    """How an import ended."""

    RUNNING = "running", _("running")
    LOADED = "loaded", _("loaded")
    PARTLY = "partly", _("loaded in part")
    CHECKED = "checked", _("checked only")
    REFUSED = "refused", _("refused because of rows")
    NOT_A_SET = "not_a_set", _("not a set")
    FAILED = "failed", _("broken off")
    BUSY = "busy", _("another import was running")


class Import(models.Model):
    """Who handed in which files when, and what came of it. Holds no personal data.

    `kept` names the reports and rejects that it wrote, which do, with their SHA-256. `texts`
    are those of suppliers, services, branches and banks as of an import that made receipts.
    """

    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    by = models.CharField(_("by"), max_length=100)
    name = models.CharField(_("set"), max_length=255)
    is_check = models.BooleanField(_("a check"), default=False)
    files = models.JSONField(_("files"), default=dict)
    kept = models.JSONField(_("reports kept"), default=list)
    texts = models.ForeignKey(
        FrozenFact, models.PROTECT, null=True, related_name="+", verbose_name=_("texts")
    )
    seconds = models.DecimalField(_("seconds"), max_digits=10, decimal_places=3, null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-started_at"]
        permissions = [("load_import", "Can upload, check and load sets")]
        constraints = [
            one_of("import", "outcome", Outcome),
        ]

    def __str__(self) -> str:
        return self.name


class AccountImport(models.Model):
    """Of which accounts an import changed anything."""

    pk = models.CompositePrimaryKey("account_id", "made_by_id")
    account = models.ForeignKey(
        "PersonalAccount",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="imports",
        verbose_name=_("personal account"),
    )
    made_by = models.ForeignKey(
        Import,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="accounts",
        verbose_name=_("import"),
    )

    class Meta:
        verbose_name = _("account of an import")
        verbose_name_plural = _("accounts of imports")

    def __str__(self) -> str:
        return f"{self.account_id} {self.made_by_id}"
