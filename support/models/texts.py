"""Texts that staff edit, each in both languages: announcements, help, notices, answers."""

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import Branch
from billing.models.columns import in_two_languages, one_of

LONGEST = 10_000


class Subject(models.TextChoices):
    """What an announcement is about; outages stand first."""

    OUTAGE = "a_outage", _("outage")
    SERVICE = "b_service", _("news of the service")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def shown(self, within: dt.timedelta = dt.timedelta()) -> "AnnouncementQuerySet":
        """Those of this moment, and those that begin within that time: outages first, then the
        newest.
        """
        now = timezone.now()
        shown = self.filter(shown_from__lte=now + within, shown_until__gt=now)
        return shown.order_by("kind", "-shown_from")


class Announcement(models.Model):
    """What stands on top of pages for a time: an outage, or news; for one branch, or everybody."""

    kind = models.CharField(_("kind"), max_length=10, choices=Subject, default=Subject.SERVICE)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="announcements",
        verbose_name=_("only for this branch"),
    )
    text_kk = models.CharField(_("text in Kazakh"), max_length=500)
    text_ru = models.CharField(_("text in Russian"), max_length=500)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    text = in_two_languages("text")

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-shown_from"]
        constraints = [
            one_of("announcement", "kind", Subject),
            models.CheckConstraint(
                condition=Q(shown_from__lt=F("shown_until")), name="announcement_until_after_from"
            ),
        ]

    def __str__(self) -> str:
        return str(self.text)[:80]

    @property
    def is_shown(self) -> bool:
        """Whether it stands on pages at this moment."""
        return self.shown_from <= timezone.now() < self.shown_until


class HelpPage(models.Model):
    """An answer to a question that residents have; searched by its words."""

    code = models.SlugField(_("code"), max_length=40, primary_key=True)
    place = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    is_shown = models.BooleanField(_("shown"), default=True)
    section_kk = models.CharField(_("section in Kazakh"), max_length=100)
    section_ru = models.CharField(_("section in Russian"), max_length=100)
    question_kk = models.CharField(_("question in Kazakh"), max_length=200)
    question_ru = models.CharField(_("question in Russian"), max_length=200)
    answer_kk = models.TextField(_("answer in Kazakh"), max_length=LONGEST)
    answer_ru = models.TextField(_("answer in Russian"), max_length=LONGEST)

    section = in_two_languages("section")
    question = in_two_languages("question")
    answer = in_two_languages("answer")

    class Meta:
        verbose_name = _("help page")
        verbose_name_plural = _("help pages")
        ordering = ["place", "code"]

    def __str__(self) -> str:
        return str(self.question)


class BranchNotice(models.Model):
    """What we say of a branch beside billing's facts: changed hours, another entrance."""

    branch = models.OneToOneField(
        Branch,
        models.CASCADE,
        primary_key=True,
        related_name="notice",
        db_constraint=False,
        verbose_name=_("branch"),
    )
    text_kk = models.CharField(_("text in Kazakh"), max_length=500)
    text_ru = models.CharField(_("text in Russian"), max_length=500)

    text = in_two_languages("text")

    class Meta:
        verbose_name = _("notice of a branch")
        verbose_name_plural = _("notices of branches")

    def __str__(self) -> str:
        return str(self.text)[:80]


class AnswerTemplate(models.Model):
    """A text that staff begin an answer with."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    text_kk = models.TextField(_("text in Kazakh"), max_length=5000)
    text_ru = models.TextField(_("text in Russian"), max_length=5000)

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
