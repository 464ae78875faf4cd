"""Personal accounts (дербес шот), what they are billed by, and who holds them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery
from django.db.models.fields.related_descriptors import ManyToManyDescriptor
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from billing.balances import Balance
from billing.models import asked
from billing.models.columns import Plan, Quantity, in_order, in_two_languages, not_negative, one_of
from billing.models.reference import Branch, Service
from billing.models.searched import account_words, translated
from billing.names import FOLDED_LETTERS, ORDERED_LETTERS

NUMBER_LENGTH = 20
NUMBER_FORM = r"^[0-9]{4,20}$"
LONGEST_NICKNAME = 60


class PersonalAccountQuerySet(models.QuerySet["PersonalAccount"]):
    def with_balance(self) -> "PersonalAccountQuerySet":
        """Adds `balance` in tenge: the latest closings of all services, less the payments
        received but booked to months not closed; None where billing has sent neither.
        """
        return self.annotate(balance=asked.balance())

    def with_latest(self) -> "PersonalAccountQuerySet":
        """Adds `latest_month` (closed), of the receipts `latest_due_on` and the month of the
        `latest_receipt`, `latest_paid_on` of all payments, and of those not taken back
        `last_paid_on` with `last_paid`, in tenge.
        """
        return self.annotate(
            latest_month=asked.latest_month(),
            latest_paid_on=asked.latest_paid_on(),
            last_paid_on=asked.last_paid_on(),
            last_paid=asked.last_paid(),
            latest_due_on=asked.latest_due_on(),
            latest_receipt=asked.latest_receipt(),
        )

    def with_first_payment(self) -> "PersonalAccountQuerySet":
        """Adds `first_paid_on`."""
        return self.annotate(first_paid_on=asked.first_paid_on())

    def with_months_beside(self, month: dt.date) -> "PersonalAccountQuerySet":
        """Adds `month_before` and `month_after`, the nearest closed ones."""
        return self.annotate(
            month_before=asked.month_beside("max", "<", month),
            month_after=asked.month_beside("min", ">", month),
        )

    def with_terms(self, day: dt.date) -> "PersonalAccountQuerySet":
        """Adds `terms_in_force` on that day: residents, plan, stove and privilege; or None."""
        terms = Terms.objects.filter(account=OuterRef("pk")).in_force(day)
        names = ("residents", "plan", "electric_stove", "privileged")
        newest = terms.values(json=JSONObject(**{name: name for name in names}))[:1]
        return self.annotate(terms_in_force=Subquery(newest))

    def with_others(self, user: int) -> "PersonalAccountQuerySet":
        """Adds `others`: the full names of the other users who hold it, the first one first."""
        return self.annotate(others=asked.other_holders(user))


class _InForce(ManyToManyDescriptor):
    """`user.accounts` lacks those whose link is suspended; each has the user's `nickname`."""

    @cached_property
    def related_manager_cls(self) -> Any:
        class InForceManager(super().related_manager_cls):  # type: ignore[misc]
            def _apply_rel_filters(self, queryset: models.QuerySet) -> models.QuerySet:
                held = super()._apply_rel_filters(queryset)
                return held.filter(owner_since__lte=F("holdings__since_day")).annotate(
                    nickname=F("holdings__nickname")
                )

            def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> Any:
                raise NotImplementedError("accounts are asked for one user at a time")

        return InForceManager


class Holders(models.ManyToManyField):
    """The users of an account; of a user, the accounts that the user may see now."""

    def contribute_to_related_class(self, cls: Any, related: Any) -> None:
        super().contribute_to_related_class(cls, related)
        setattr(cls, related.accessor_name, _InForce(self.remote_field, reverse=True))

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.ManyToManyField", args, options


class PersonalAccount(models.Model):
    """A home's account with the supplier; its number is text, and what URLs show."""

    number = models.CharField(_("account number"), max_length=NUMBER_LENGTH, unique=True)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"))
    payer = models.CharField(_("payer"), max_length=200)
    address_kk = models.CharField(_("address in Kazakh"), max_length=300)
    address_ru = models.CharField(_("address in Russian"), max_length=300)
    opened_on = models.DateField(_("opened on"))
    owner_since = models.DateField(_("present payer since"))
    closed_on = models.DateField(_("closed on"), null=True)
    payer_sort = models.GeneratedField(
        expression=translated("payer", ORDERED_LETTERS),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
        verbose_name=_("payer, in the order of the alphabet"),
    )
    holders = Holders(
        settings.AUTH_USER_MODEL,
        through="Holding",
        related_name="accounts",
        verbose_name=_("holders"),
    )

    address = in_two_languages("address")

    balance: Decimal | None  # with_balance()
    latest_month: dt.date | None  # with_latest(), and the next five
    latest_paid_on: dt.date | None
    last_paid_on: dt.date | None
    last_paid: Decimal | None
    latest_due_on: dt.date | None
    latest_receipt: dt.date | None
    first_paid_on: dt.date | None  # with_first_payment()
    terms_in_force: dict[str, Any] | None  # with_terms()
    month_before: dt.date | None  # with_months_beside(), and the next one
    month_after: dt.date | None
    others: list[str] | None  # with_others()
    nickname = ""  # of accounts reached through a user, that user's own name for it

    objects = PersonalAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("personal account")
        verbose_name_plural = _("personal accounts")
        ordering = ["number"]
        indexes = [GinIndex(account_words(), name="account_words")]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=NUMBER_FORM), name="account_number_form"
            ),
            in_order("account", "opened_on", "closed_on"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def balance_in_words(self) -> Balance:
        """The balance now; for accounts fetched `with_balance()`."""
        return Balance(self.balance)


class HoldingQuerySet(models.QuerySet["Holding"]):
    def in_force(self) -> "HoldingQuerySet":
        """Those made since the present payer came: their users may see the accounts."""
        return self.filter(account__owner_since__lte=F("since_day"))

    def suspended(self) -> "HoldingQuerySet":
        """Those made before the present payer came; they want to be proved again."""
        return self.filter(account__owner_since__gt=F("since_day"))


class Holding(models.Model):
    """A user may see this account. It lives here, since only billing knows both sides.

    One that was made before the day of the present payer is suspended until it is proved again.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="holdings",
        verbose_name=_("user"),
    )
    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="holdings",
        verbose_name=_("personal account"),
    )
    since = models.DateTimeField(_("since"), default=timezone.now)
    since_day = models.GeneratedField(
        expression=Func(
            "since",
            template="(%(expressions)s AT TIME ZONE 'Asia/Almaty')::date",
            output_field=models.DateField(),
        ),
        output_field=models.DateField(),
        db_persist=True,
        verbose_name=_("since, as a day in Almaty"),
    )
    nickname = models.CharField(
        _("own name for it"), max_length=LONGEST_NICKNAME, blank=True, default="", db_default=""
    )
    by_staff = models.BooleanField(_("linked by staff"), default=False, db_default=False)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="")

    objects = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = _("holding")
        verbose_name_plural = _("holdings")
        constraints = [
            models.UniqueConstraint("user", "account", name="holding_once"),
            models.CheckConstraint(
                condition=Q(by_staff=False, reason="") | (Q(by_staff=True) & ~Q(reason="")),
                name="holding_reason_of_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.account_id}"

    @property
    def is_suspended(self) -> bool:
        """The payer has changed since; for holdings fetched with their account."""
        return self.account.owner_since > self.since_day


class TermsQuerySet(models.QuerySet["Terms"]):
    def in_force(self, day: dt.date) -> "TermsQuerySet":
        """Those that hold on that day, the newest first: the first one counts."""
        return self.filter(valid_from__lte=day).order_by("-valid_from")


class Terms(models.Model):
    """What an account is billed by, from a day on."""

    pk = models.CompositePrimaryKey("account_id", "valid_from")
    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="terms",
        db_constraint=False,
        db_index=False,
        verbose_name=_("personal account"),
    )
    valid_from = models.DateField(_("valid from"))
    residents = models.PositiveSmallIntegerField(_("number of permanent residents"))
    electric_stove = models.BooleanField(_("electric stove"))
    privileged = models.BooleanField(_("living alone"))
    plan = models.CharField(_("plan"), max_length=20, choices=Plan)

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("billing terms")
        verbose_name_plural = _("billing terms")
        constraints = [
            models.CheckConstraint(
                condition=Q(residents__gte=0, residents__lte=99), name="terms_residents_0_to_99"
            ),
            one_of("terms", "plan", Plan),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.valid_from}"


class MeterQuerySet(models.QuerySet["Meter"]):
    def with_last_reading(self) -> "MeterQuerySet":
        """Adds `last_value` and `last_taken_on`; meters in place first, the newest first."""
        latest = Reading.objects.filter(meter=OuterRef("pk")).order_by("-taken_on", "-value")
        return self.annotate(
            last_value=Subquery(latest.values("value")[:1]),
            last_taken_on=Subquery(latest.values("taken_on")[:1]),
        ).order_by(F("removed_on").desc(nulls_first=True), "-installed_on")


class Meter(models.Model):
    """A meter in a home; `digits` are those before the point, `ratio` multiplies its readings."""

    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="meters",
        db_constraint=False,
        db_index=False,
        verbose_name=_("personal account"),
    )
    serial = models.CharField(_("serial number"), max_length=40)
    service = models.ForeignKey(
        Service, models.PROTECT, db_constraint=False, db_index=False, verbose_name=_("service")
    )
    model = models.CharField(_("model"), max_length=100, blank=True)
    digits = models.PositiveSmallIntegerField(_("digits"))
    ratio = Quantity(_("ratio"))
    installed_on = models.DateField(_("installed on"))
    removed_on = models.DateField(_("removed on"), null=True)
    verified_on = models.DateField(_("verified on"), null=True)
    next_verification_on = models.DateField(_("next verification"), null=True)

    last_value: Decimal | None  # with_last_reading(), and the next one
    last_taken_on: dt.date | None

    objects = MeterQuerySet.as_manager()

    class Meta:
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        indexes = [
            models.Index(
                OpClass(translated("serial", FOLDED_LETTERS), name="text_pattern_ops"),
                name="meter_serial_beginning",
            )
        ]
        constraints = [
            models.UniqueConstraint("account", "serial", name="meter_key"),
            models.CheckConstraint(
                condition=Q(digits__gte=1, digits__lte=10), name="meter_digits_1_to_10"
            ),
            models.CheckConstraint(condition=Q(ratio__gt=0), name="meter_ratio_above_zero"),
            in_order("meter", "installed_on", "removed_on"),
        ]

    def __str__(self) -> str:
        return self.serial


class Source(models.TextChoices):
    """Who took a reading, or when a meter came and went."""

    NETWORK = "network", _("network company")
    CONSUMER = "consumer", _("consumer")
    ESTIMATED = "estimated", _("estimated")
    INSTALLED = "installed", _("at installation")
    REMOVED = "removed", _("at removal")


class Reading(models.Model):
    """What a meter showed on a day, by the network company, the consumer or an estimate."""

    pk = models.CompositePrimaryKey("meter_id", "taken_on", "source")
    meter = models.ForeignKey(
        Meter,
        models.PROTECT,
        related_name="readings",
        db_constraint=False,
        db_index=False,
        verbose_name=_("meter"),
    )
    taken_on = models.DateField(_("taken on"))
    source = models.CharField(_("source"), max_length=10, choices=Source)
    value = Quantity(_("value"))

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [*not_negative("reading", "value"), one_of("reading", "source", Source)]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.taken_on} {self.source}"
