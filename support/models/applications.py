"""Applications (өтінім): what was asked, how it went, and all that was written and attached."""

import uuid
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import PersonalAccount
from billing.models.columns import one_of
from support.models.kinds import Kind
from support.states import ANSWERED, OPEN, RUNNING, STEPS, State

LONGEST_TEXT = 5000


def overdue() -> Q:
    """Whose clock runs, and that should be answered by now."""
    return Q(state__in=RUNNING, due_on__lt=timezone.localdate())


def answered() -> Q:
    """Done or declined, and no duplicate that goes on in another one."""
    return Q(state__in=ANSWERED, merged_into=None)


class ApplicationQuerySet(models.QuerySet["Application"]):
    def submitted(self) -> "ApplicationQuerySet":
        """Those that the supplier has got."""
        return self.exclude(state=State.DRAFT)

    def open(self) -> "ApplicationQuerySet":
        """Those that are not over yet."""
        return self.filter(state__in=OPEN)

    def overdue(self) -> "ApplicationQuerySet":
        return self.filter(overdue())

    def by_urgency(self) -> "ApplicationQuerySet":
        """The most overdue first; those that wait for the applicant after all others."""
        waits = models.Case(
            models.When(state__in=RUNNING, then=0),
            models.When(state=State.WAITING, then=1),
            default=2,
        )
        return self.order_by(waits, "due_on", "pk")


class Application(models.Model):
    """What a resident asks of the supplier. A draft has no number yet, and is nobody else's to see.

    `data` holds what the kind's fields were answered, as `support.forms` cleans it. While the
    customer is asked something, the clock stands: `due_on` moves by the days that it stood.
    """

    number = models.CharField(_("number"), max_length=20, unique=True, null=True)  # noqa: DJ001
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="applications",
        verbose_name=_("applicant"),
    )
    kind = models.ForeignKey(
        Kind, models.PROTECT, related_name="applications", verbose_name=_("kind")
    )
    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name=_("personal account"),
    )
    branch = models.CharField(_("branch"), max_length=20, blank=True, default="")
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT, blank=True, default="")
    data = models.JSONField(_("answers"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    saved_at = models.DateTimeField(_("saved at"), db_default=Now())
    registered_at = models.DateTimeField(_("registered at"), null=True)
    due_on = models.DateField(_("to be answered by"), null=True)
    waiting_since = models.DateField(_("waits since"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    was_reopened = models.BooleanField(_("was reopened"), default=False)
    solved = models.BooleanField(_("solved"), null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_applications",
        verbose_name=_("in whose hands"),
    )
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        permissions = [
            ("work_application", "Can take, answer and assign applications"),
            ("merge_application", "Can merge duplicates and change kinds of applications"),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"], condition=Q(state__in=OPEN), name="application_queue"
            ),
            models.Index(fields=["registered_at"], name="application_registered"),
            models.Index(fields=["closed_at"], name="application_closed"),
        ]
        constraints = [
            one_of("application", "state", State),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT, number__isnull=True, registered_at__isnull=True)
                | (
                    ~Q(state=State.DRAFT)
                    & Q(number__isnull=False, registered_at__isnull=False, due_on__isnull=False)
                ),
                name="application_number_once_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WAITING, waiting_since__isnull=False)
                | (~Q(state=State.WAITING) & Q(waiting_since__isnull=True)),
                name="application_clock_stands_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(solved__isnull=True) | Q(state__in=ANSWERED),
                name="application_rated_once_answered",
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "account"],
                condition=Q(state=State.DRAFT),
                nulls_distinct=False,
                name="application_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")),
                name="application_not_its_own_duplicate",
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        """As `overdue` asks it of the database."""
        runs, due_on = self.state in RUNNING, self.due_on
        return runs and due_on is not None and due_on < timezone.localdate()

    @property
    def is_answered(self) -> bool:
        """Done or declined, and no duplicate that goes on in another one."""
        return self.state in ANSWERED and self.merged_into_id is None

    @cached_property
    def newest_message(self) -> int:
        """The highest id of its messages when it was first asked for, notes included; else 0."""
        found: int | None = self.messages.aggregate(newest=models.Max("pk"))["newest"]
        return found or 0

    def may(self, step: str) -> bool:
        """Whether that step of STEPS can be taken now, by whoever takes such steps."""
        if step == "reopen" and (self.was_reopened or not self.is_answered):
            return False
        return self.state in STEPS[step].sources


class Message(models.Model):
    """What applicant and staff write to each other; internal notes the applicant never sees."""

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="messages", verbose_name=_("application")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )
    by_staff = models.BooleanField(_("by staff"))
    is_internal = models.BooleanField(_("internal note"), default=False)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_internal=False) | Q(by_staff=True), name="message_internal_by_staff"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.at:%Y-%m-%d %H:%M}"


class FileKind(models.TextChoices):
    """What an attachment is, by its content."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "JPEG"
    PNG = "png", "PNG"


class Attachment(models.Model):
    """A file of an application: taken by its content, kept under a name of ours.

    `name` is what the applicant called it, made harmless. Of a draft, or of the message that it
    came with.
    """

    key = models.UUIDField(_("key"), primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(
        Application, models.CASCADE, related_name="attachments", verbose_name=_("application")
    )
    message = models.ForeignKey(
        Message,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
        verbose_name=_("message"),
    )
    by_staff = models.BooleanField(_("by staff"), default=False)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=4, choices=FileKind)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["at", "pk"]
        constraints = [one_of("attachment", "kind", FileKind)]

    def __str__(self) -> str:
        return self.name


class Change(models.Model):
    """A step in an application's history: rows are only ever added.

    `what` is a step of STEPS, or `assigned`, `kind`, `merged`, `rated`; `about` says more. What
    is `internal` the applicant does not see.
    """

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="changes", verbose_name=_("application")
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("who"),
    )
    by_staff = models.BooleanField(_("by staff"))
    what = models.CharField(_("what"), max_length=20)
    before = models.CharField(_("state before"), max_length=12, choices=State)
    after = models.CharField(_("state after"), max_length=12, choices=State)
    about: Any = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("change of an application")
        verbose_name_plural = _("changes of applications")
        ordering = ["at", "pk"]
        constraints = [
            one_of("application_change", "before", State),
            one_of("application_change", "after", State),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.what}"
