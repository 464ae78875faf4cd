"""Statements that were printed, and who gets receipts by e-mail."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import AddressField
from billing.models import Holding, PersonalAccount
from billing.models.columns import Money, first_of_month, one_of
from cabinet.models import Letter


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


class PaperLanguage(models.TextChoices):
    """In which language a receipt is made."""

    BOTH = "both", _("Kazakh and Russian")
    KAZAKH = "kk", "Қазақша"
    RUSSIAN = "ru", "Русский"


class PaperSize(models.TextChoices):
    """In which size of type."""

    NORMAL = "normal", _("normal")
    LARGE = "large", _("large print")


NOTICES = ("receipts", "reminders", "payments")  # what a subscription may bring


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def in_force(self) -> "SubscriptionQuerySet":
        """Those whose user may sign in and see the account, at an address that takes letters."""
        held = Holding.objects.in_force().filter(user=OuterRef("user"), account=OuterRef("account"))
        return self.filter(Exists(held), user__is_active=True).exclude(
            refused_address=F("user__email")
        )

    def anything_on(self) -> "SubscriptionQuerySet":
        """Those that bring anything."""
        return self.filter(Q(receipts=True) | Q(reminders=True) | Q(payments=True))


class Subscription(models.Model):
    """What a user gets by e-mail of an account, and whether the paper receipt still comes.

    There is one for each user and account that ever had any; one that has ended brings nothing.
    `key` is all that a link to unsubscribe needs. Once a mail server says that there is no
    mailbox, nothing more goes to `refused_address`. Written by `receipts.subscriptions`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="subscriptions",
        verbose_name=_("user"),
    )
    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="subscriptions",
        verbose_name=_("personal account"),
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    receipts = models.BooleanField(_("e-receipts"), default=False)
    reminders = models.BooleanField(_("reminders before the day of payment"), default=False)
    payments = models.BooleanField(_("word of each payment received"), default=False)
    language = models.CharField(
        _("language of the receipt"),
        max_length=4,
        choices=PaperLanguage,
        default=PaperLanguage.BOTH,
    )
    form = models.CharField(
        _("size of type"), max_length=6, choices=PaperSize, default=PaperSize.NORMAL
    )
    attached = models.BooleanField(_("the PDF is attached"), default=True)
    paper = models.BooleanField(_("the paper receipt comes too"), default=True)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)
    refused_address = AddressField(_("refused address"), max_length=254, blank=True, default="")
    refused_at = models.DateTimeField(_("refused at"), null=True)
    refusal = models.CharField(_("reason"), max_length=500, blank=True, default="")

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        permissions = [("send_again", "Can have an e-receipt sent again")]
        constraints = [
            models.UniqueConstraint("user", "account", name="subscription_once"),
            one_of("subscription", "language", PaperLanguage),
            one_of("subscription", "form", PaperSize),
            models.CheckConstraint(
                condition=Q(paper=True) | Q(receipts=True), name="subscription_some_receipt"
            ),
            models.CheckConstraint(
                condition=Q(refused_address="", refused_at__isnull=True)
                | (~Q(refused_address="") & Q(refused_at__isnull=False)),
                name="subscription_refusal_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.account_id}"

    @property
    def is_on(self) -> bool:
        return self.receipts or self.reminders or self.payments

    @property
    def is_refused(self) -> bool:
        """There is no such mailbox; for subscriptions fetched with their user."""
        return bool(self.refused_address) and self.refused_address == self.user.email


class Why(models.TextChoices):
    """Why a subscription changed."""

    CHOSEN = "chosen", _("chosen by the resident")
    LINK = "link", _("unsubscribed by a link in a letter")
    UNDONE = "undone", _("the link in a letter taken back")
    MOVED = "moved", _("letters go to another address")
    REFUSED = "refused", _("the address takes no letters")
    TRIED = "tried", _("staff had a refused address tried again")
    REMOVED = "removed", _("the resident removed the account")
    UNLINKED = "unlinked", _("staff took the link away")
    SUSPENDED = "suspended", _("the payer of the account changed")
    STOPPED = "stopped", _("the user may no longer sign in")
    DELETED = "deleted", _("the user was deleted")


class SubscriptionChange(models.Model):
    """What a subscription was changed to, when and why: rows are only ever added.

    They outlive the user, whom they know by a number alone, since billing has to be told whether
    the paper receipt comes again.
    """

    account = models.ForeignKey(
        PersonalAccount,
        models.PROTECT,
        related_name="subscription_changes",
        verbose_name=_("personal account"),
    )
    subscriber = models.BigIntegerField(_("number of the user"))
    at = models.DateTimeField(_("when"))
    why = models.CharField(_("reason"), max_length=10, choices=Why)
    receipts = models.BooleanField(_("e-receipts"))
    reminders = models.BooleanField(_("reminders before the day of payment"))
    payments = models.BooleanField(_("word of each payment received"))
    language = models.CharField(_("language of the receipt"), max_length=4, choices=PaperLanguage)
    form = models.CharField(_("size of type"), max_length=6, choices=PaperSize)
    attached = models.BooleanField(_("the PDF is attached"))
    paper = models.BooleanField(_("the paper receipt comes too"))

    class Meta:
        verbose_name = _("change of a subscription")
        verbose_name_plural = _("changes of subscriptions")
        indexes = [
            models.Index(fields=["at"], name="subscription_change_at"),
            models.Index(fields=["subscriber"], name="subscription_change_of"),
        ]
        constraints = [one_of("subscription_change", "why", Why)]

    def __str__(self) -> str:
        return f"{self.account_id} {self.subscriber} {self.why}"


class Delivery(models.Model):
    """A letter of a mailing, and what it tells of: a month's receipt or payments received.

    `since` is the first month that a correction changed, `payments` are their numbers. What
    became of it is the letter's state.
    """

    letter = models.OneToOneField(
        Letter,
        models.CASCADE,
        primary_key=True,
        related_name="delivery",
        verbose_name=_("letter"),
    )
    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("subscription"),
    )
    month = models.DateField(_("month"), null=True)
    version = models.PositiveSmallIntegerField(_("version"), null=True)
    since = models.DateField(_("corrected since"), null=True)
    payments = models.JSONField(_("payments"), default=list, db_default=[])

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = pgettext_lazy("letters", "deliveries")
        indexes = [models.Index(fields=["subscription", "letter"], name="delivery_of_subscription")]
        constraints = [
            models.CheckConstraint(
                condition=Q(month__isnull=True, version__isnull=True)
                | Q(month__isnull=False, version__isnull=False, version__gte=1),
                name="delivery_month_and_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.month or ''}"
