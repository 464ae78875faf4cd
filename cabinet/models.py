"""What every part of the cabinet hands to `manage.py worker`: letters, and who does which task."""

import datetime as dt
from collections.abc import Iterable, Sequence
from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cabinet import days, months
from cabinet.letters import KINDS, Attachment


class State(models.TextChoices):
    """What became of a letter."""

    WAITING = "waiting", _("waiting to be sent")
    SENT = "sent", _("handed to the mail server")
    REFUSED = "refused", _("refused by the mail server")
    GIVEN_UP = "given_up", _("given up after many attempts")
    WITHDRAWN = "withdrawn", _("not sent, since it is no longer wanted")


FAILED = (State.REFUSED, State.GIVEN_UP)


class MailingQuerySet(models.QuerySet["Mailing"]):
    def under_way(self) -> "MailingQuerySet":
        """Those whose letters are sent now, the oldest first."""
        return self.filter(ended_at=None, paused_at=None).order_by("pk")


class Mailing(models.Model):
    """Letters that go to many for one reason, sent behind all others and paused together.

    There is one of a kind and key. Once it has ended, `counts` holds how many letters came to
    which state, and how many failed for which reason, since letters are deleted some day.
    """

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("what it was made for"), max_length=100)
    about = models.CharField(_("month or day"), max_length=20)
    total = models.PositiveIntegerField(_("letters"), default=0)
    created_at = models.DateTimeField(_("begun at"), db_default=Now())
    paused_at = models.DateTimeField(_("paused at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    counts = models.JSONField(_("counts"), default=dict)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-pk"]
        permissions = [("manage_mailing", "Can pause, resume and retry mailings")]
        indexes = [
            models.Index(fields=["id"], condition=Q(ended_at=None), name="mailing_not_ended")
        ]
        constraints = [models.UniqueConstraint("kind", "key", name="mailing_once")]

    def __str__(self) -> str:
        return f"{KINDS.get(self.kind, self.kind)}, {self.of}"

    @property
    def of(self) -> str:
        """The month or day that it is about, in words."""
        if months.is_code(self.about):
            return months.name(months.parse(self.about))
        return days.day(dt.date.fromisoformat(self.about))


class Pace(models.Model):
    """When the next letter of mailings may go: to a mail domain, or (without a name) at all.

    A domain that puts letters off again and again rests until `rests_until`.
    """

    name = models.CharField(_("mail domain"), max_length=255, primary_key=True)
    next_at = models.DateTimeField(_("next letter at"))
    rests_until = models.DateTimeField(_("rests until"), null=True)
    put_off = models.PositiveIntegerField(_("put off in a row"), default=0, db_default=0)
    put_off_until = models.DateTimeField(_("letters are put off until"), null=True)

    class Meta:
        verbose_name = _("pace of a mail domain")
        verbose_name_plural = _("paces of mail domains")

    def __str__(self) -> str:
        return self.name


class LetterQuerySet(models.QuerySet["Letter"]):
    def to(self, addresses: Iterable[str]) -> "LetterQuerySet":
        """Those to any of the addresses, capitals aside."""
        wanted = [address.upper() for address in addresses]
        return self.alias(upper=Upper("recipient")).filter(upper__in=wanted)


class Letter(models.Model):
    """One message to one address, written in the transaction of what it tells of.

    While it is leased to a worker no other one sends it. Once it is done its bodies are gone:
    they hold links that let people in. Those of a kind that `letters.MAKERS` knows have none
    before either: they are made when they are sent.
    """

    message_id = models.CharField(_("message number"), max_length=255, unique=True)
    priority = models.SmallIntegerField(_("priority"))
    kind = models.CharField(_("kind"), max_length=40)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    recipient = models.CharField(_("recipient"), max_length=320)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField(_("plain text"))
    html = models.TextField(_("HTML"))
    headers = models.JSONField(_("further headers"), default=dict)
    mailing = models.ForeignKey(
        Mailing,
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,  # mailings are never deleted, and letters are many
        related_name="letters",
        verbose_name=_("mailing"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.SmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    leased_until = models.DateTimeField(_("leased until"), null=True)
    leased_by = models.CharField(_("leased by"), max_length=64, default="")
    created_at = models.DateTimeField(_("written at"), db_default=Now())
    done_at = models.DateTimeField(_("done at"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, default="")

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                condition=Q(state=State.WAITING, mailing=None),
                name="letter_waiting",
            ),
            models.Index(
                fields=["mailing", "due_at"],
                condition=Q(state=State.WAITING, mailing__isnull=False),
                name="letter_of_mailing_waiting",
            ),
            models.Index(
                fields=["mailing", "state", "done_at"],
                condition=Q(mailing__isnull=False),
                name="letter_of_mailing",
            ),
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=FAILED),
                name="letter_not_delivered",
            ),
            models.Index(Upper("recipient"), name="letter_recipient"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="letter_state_known"),
            models.CheckConstraint(
                condition=Q(language__in=[code for code, name in settings.LANGUAGES]),
                name="letter_language_known",
            ),
            models.CheckConstraint(condition=Q(priority__gte=0), name="letter_priority_sign"),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="letter_attempts_sign"),
            models.CheckConstraint(
                condition=~Q(recipient__regex=r"[\r\n]") & ~Q(subject__regex=r"[\r\n]"),
                name="letter_headers_one_line",
            ),
            models.CheckConstraint(
                condition=Q(leased_until__isnull=True, leased_by="")
                | (Q(leased_until__isnull=False, state=State.WAITING) & ~Q(leased_by="")),
                name="letter_lease_whole",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WAITING, done_at__isnull=True)
                | (~Q(state=State.WAITING) & Q(done_at__isnull=False, text="", html="")),
                name="letter_done_and_wiped",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def message(self, attachments: Sequence[Attachment] = ()) -> EmailMultiAlternatives:
        """What goes to the mail server: the same at every attempt."""
        message = EmailMultiAlternatives(
            self.subject,
            self.text,
            to=[self.recipient],
            headers={
                **self.headers,
                "Message-ID": self.message_id,
                "Date": format_datetime(timezone.localtime(self.created_at)),
                "Content-Language": self.language,
                "Auto-Submitted": "auto-generated",
            },
        )
        message.attach_alternative(self.html, "text/html")
        for each in attachments:
            message.attach(each.name, each.content, each.kind)
        return message


class TaskLease(models.Model):
    """Which worker runs a task; once `until` has passed, another may take the task again."""

    task = models.UUIDField(_("task"), primary_key=True)
    worker = models.CharField(_("worker"), max_length=64)
    until = models.DateTimeField(_("leased until"))

    class Meta:
        verbose_name = _("lease of a task")
        verbose_name_plural = _("leases of tasks")

    def __str__(self) -> str:
        return f"{self.task} {self.worker}"
