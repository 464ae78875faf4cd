"""A user is a person who signs in; never a personal account."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cabinet import days

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress

LOGIN_FORM = r"^[a-z0-9._-]{3,64}$"


class _SmallLetters:
    """Capitals do not count, so the text is kept in small letters."""

    def to_python(self: Any, value: Any) -> Any:
        value = super().to_python(value)  # type: ignore[misc]
        return value.lower() if isinstance(value, str) else value

    def get_prep_value(self: Any, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))  # type: ignore[misc]


class LoginField(_SmallLetters, models.CharField):
    """A login name."""


class AddressField(_SmallLetters, models.EmailField):
    """An e-mail address."""


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, login: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A new user, with the password hashed and the address still to be confirmed."""
        user = self.model(login=login, email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(
        self, login: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A new user who may do everything in the admin, the address taken as confirmed."""
        user = self.create_user(login, email, password, **fields, is_staff=True, is_superuser=True)
        user.confirm_email()
        return user

    def never_confirmed(self, now: dt.datetime) -> "models.QuerySet[User]":
        """Who registered over a week ago and confirmed no address; the links live three days."""
        from allauth.account.models import EmailAddress

        confirmed = EmailAddress.objects.filter(user=models.OuterRef("pk"), verified=True)
        long_ago = now - dt.timedelta(days=7)
        return self.filter(~models.Exists(confirmed), joined_at__lt=long_ago, is_staff=False)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login=username)

    def signing_in_as(self, text: str) -> "User | None":
        """Whose login name or confirmed e-mail address it is, capitals aside.

        Whoever has confirmed no address is nobody yet: else a registration followed by a sign-in
        would tell which addresses are taken.
        """
        text = text.strip().lower()
        name = {"emailaddress__email": text} if "@" in text else {"login": text}
        return self.filter(**name, emailaddress__verified=True).first()


class User(AbstractBaseUser, PermissionsMixin):
    """A login name has no `@`, so that it is never taken for an e-mail address.

    Which addresses are confirmed is told by allauth's `EmailAddress`; `email` is the one that
    letters go to.
    """

    login = LoginField(
        _("login name"),
        max_length=64,
        unique=True,
        error_messages={"unique": _("This login name is taken.")},
        validators=[
            RegexValidator(
                LOGIN_FORM, _("3 to 64 Latin letters, digits, full stops, hyphens, underscores.")
            )
        ],
    )
    email = AddressField(_("e-mail address"), max_length=254, db_index=True)
    full_name = models.CharField(_("full name"), max_length=200)
    language = models.CharField(
        _("language"), max_length=2, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    large_text = models.BooleanField(_("large text"), default=False, db_default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("member of staff"), default=False)
    branch = models.CharField(  # billing's code of the district branch where staff work
        _("branch"), max_length=20, blank=True, default=""
    )
    joined_at = models.DateTimeField(_("registered at"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["login"]
        permissions = [
            ("unlock_user", "Can forget a user's wrong tries"),
            ("manage_user", "Can send links to users and end their sessions"),
            ("change_rights", "Can let users in or not, and put them into groups"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(login__regex=LOGIN_FORM), name="user_login_form"),
            models.CheckConstraint(
                condition=Q(language__in=[code for code, name in settings.LANGUAGES]),
                name="user_language_known",
            ),
        ]

    def __str__(self) -> str:
        return self.login

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name

    def confirm_email(self) -> "EmailAddress":
        """Takes the user's address as confirmed; IntegrityError if it is another's."""
        from allauth.account.models import EmailAddress

        address, _created = EmailAddress.objects.update_or_create(
            user=self, email=self.email.lower(), defaults={"verified": True, "primary": True}
        )
        return address


class Consent(models.Model):
    """A user agreed to the processing of personal data, in the words of that version."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents", verbose_name=_("user"))
    version = models.CharField(_("version"), max_length=20)
    given_at = models.DateTimeField(_("given at"), default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [models.UniqueConstraint("user", "version", name="consent_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.version}"


class ActorKind(models.TextChoices):
    """Who did it."""

    RESIDENT = "resident", _("resident")
    STAFF = "staff", _("member of staff")
    CABINET = "cabinet", _("the cabinet itself")
    UNKNOWN = "unknown", _("somebody unknown")


class AuditEntry(models.Model):
    """Who did or looked at what, on what, when, from where: written by `accounts.audit`.

    Nothing refers to users or accounts by a foreign key, so that no deletion breaks an entry.
    The table is made by a migration's SQL, with triggers that refuse every change; Django does
    not manage it, and so never empties it either.
    """

    at = models.DateTimeField(_("when"), db_default=Now())
    action = models.CharField(_("action"), max_length=40)
    actor_kind = models.CharField(_("who"), max_length=10, choices=ActorKind)
    actor_id = models.BigIntegerField(_("number of the user"), null=True)
    actor_login = models.CharField(_("login name"), max_length=254)
    role = models.CharField(_("role"), max_length=200)
    branch = models.CharField(_("branch"), max_length=20)
    subject_id = models.BigIntegerField(_("number of the user concerned"), null=True)
    subject_login = models.CharField(_("user concerned"), max_length=254)
    account_id = models.BigIntegerField(_("personal account"), null=True)
    account_number = models.CharField(_("account number"), max_length=20)
    about = models.JSONField(_("details"))
    address = models.GenericIPAddressField(_("network address"), null=True)
    device = models.CharField(_("device"), max_length=200)

    class Meta:
        managed = False
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__regex="^[a-z_]{1,40}$"), name="audit_action_form"
            ),
            models.CheckConstraint(
                condition=Q(actor_kind__in=["unknown", "cabinet"], actor_id=None)
                | (Q(actor_kind__in=["resident", "staff"]) & ~Q(actor_id=None)),
                name="audit_actor_known",
            ),
            models.CheckConstraint(
                condition=~Q(actor_kind="unknown") | Q(action__regex="(asked|refused)$"),
                name="audit_unknown_asked_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return days.moment(self.at)


class AddressChange(models.Model):
    """Another e-mail address was put in the place of a user's; `accounts.undo` puts it back."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="address_changes", verbose_name=_("user")
    )
    old = AddressField(_("earlier address"), max_length=254)
    new = AddressField(_("new address"), max_length=254)
    at = models.DateTimeField(_("when"), default=timezone.now)
    undone = models.BooleanField(_("undone"), default=False)

    class Meta:
        verbose_name = _("change of an address")
        verbose_name_plural = _("changes of addresses")
        indexes = [models.Index(fields=["at"], name="address_change_at")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.old} → {self.new}"
