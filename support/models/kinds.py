"""What residents can ask for: kinds of applications, as data that supervisors edit."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.columns import in_two_languages, one_of


class Field(models.TextChoices):
    """What a kind may ask besides the text; `support.forms` knows how."""

    NUMBER = "number", _("number of an account that cannot be added")
    RESIDENTS = "residents", _("number of permanent residents")
    SINCE = "since", _("since which day")
    NEW_OWNER = "new_owner", _("full name of the new owner")
    PLAN = "plan", _("tariff plan")
    METER = "meter", _("meter")
    READING = "reading", _("reading and its day")
    MONTH = "month", _("month")
    PAID = "paid", _("day, sum and bank of a payment")
    REFUND = "refund", _("sum and bank account of a refund")
    PAPER = "paper", _("paper receipt: a copy, or none any more")
    VISIT = "visit", _("replacement or check of a meter")


class Attachments(models.TextChoices):
    """Whether files are attached."""

    NONE = "none", _("none")
    MAY = "may", _("may be attached")
    MUST = "must", _("must be attached")


class KindQuerySet(models.QuerySet["Kind"]):
    def offered(self) -> "KindQuerySet":
        """Those that can be chosen, in their order."""
        return self.filter(is_offered=True).order_by("place", "code")


class Kind(models.Model):
    """A kind of application: what it asks, and within how many days it is answered."""

    code = models.SlugField(_("code"), max_length=30, primary_key=True)
    place = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    is_offered = models.BooleanField(_("can be chosen"), default=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=100)
    name_ru = models.CharField(_("name in Russian"), max_length=100)
    help_kk = models.TextField(_("help in Kazakh"), max_length=1000, blank=True, default="")
    help_ru = models.TextField(_("help in Russian"), max_length=1000, blank=True, default="")
    fields = ArrayField(
        models.CharField(max_length=20, choices=Field),
        verbose_name=_("what it asks"),
        default=list,
        blank=True,
    )
    attachments = models.CharField(
        _("attachments"), max_length=4, choices=Attachments, default=Attachments.MAY
    )
    needs_account = models.BooleanField(_("is about an account"), default=True)
    days = models.PositiveSmallIntegerField(_("days to answer"), default=10)
    in_working_days = models.BooleanField(_("working days"), default=False)

    name = in_two_languages("name")
    help = in_two_languages("help")

    objects = KindQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of application")
        verbose_name_plural = _("kinds of applications")
        ordering = ["place", "code"]
        constraints = [
            one_of("kind", "attachments", Attachments),
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=90), name="kind_days_1_to_90"
            ),
            models.CheckConstraint(
                condition=Q(fields__contained_by=Field.values), name="kind_fields_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)
