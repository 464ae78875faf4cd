"""A user is a person who signs in; never a personal account."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("member of staff"), default=False)
    joined_at = models.DateTimeField(_("registered at"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["login"]
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
