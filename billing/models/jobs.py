"""Imports that staff have asked for in the admin, for a worker to run."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.columns import one_of
from billing.models.imports import Import, Outcome


class JobState(models.TextChoices):
    """How far a worker is with it."""

    WAITING = "waiting", _("waiting for a worker")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("broken off")


class ImportJob(models.Model):
    """A set that was uploaded, to be checked or loaded.

    A check and the load after it share the `key` of the folder that holds the set, the report
    and the rejects.
    """

    key = models.UUIDField(_("folder"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by = models.CharField(_("by"), max_length=100)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    name = models.CharField(_("set"), max_length=255)
    size = models.BigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    is_check = models.BooleanField(_("a check"))
    accept_valid = models.BooleanField(_("leave out accounts with bad rows"), default=False)
    task = models.UUIDField(_("task"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.WAITING)
    phase = models.CharField(_("phase"), max_length=20, default="", blank=True)
    file = models.CharField(_("file"), max_length=40, default="", blank=True)
    bytes_read = models.BigIntegerField(_("bytes read"), default=0)
    bytes_whole = models.BigIntegerField(_("bytes in all"), default=0)
    record = models.ForeignKey(Import, models.PROTECT, null=True, related_name="jobs")
    problems = models.BigIntegerField(_("bad rows"), default=0)
    error = models.TextField(_("why it was broken off"), default="", blank=True)
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        verbose_name = _("job of an import")
        verbose_name_plural = _("jobs of imports")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint("key", "is_check", name="import_job_once"),
            models.CheckConstraint(condition=Q(size__gte=0), name="import_job_size_sign"),
            one_of("import_job", "state", JobState),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def ending(self) -> str:
        """How far it is, or what came of it, in words."""
        if self.state == JobState.DONE and self.record:
            return self.record.get_outcome_display()
        return self.get_state_display()

    @property
    def tone(self) -> str:
        """How its ending is shown: good, partly, bad."""
        outcome = self.record.outcome if self.state == JobState.DONE and self.record else ""
        if outcome == Outcome.PARTLY or (outcome == Outcome.CHECKED and self.problems):
            return "partly"
        return "good" if outcome in (Outcome.LOADED, Outcome.CHECKED) else "bad"

    @property
    def may_be_loaded(self) -> bool:
        """It was a check, and found nothing bad, or only what is to be left out."""
        good = self.record is not None and self.record.outcome == Outcome.CHECKED
        return self.is_check and self.state == JobState.DONE and good
