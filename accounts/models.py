"""A user is a person who signs in; never a personal account."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LOGIN_FORM = r"^[A-Za-z0-9._-]{3,64}$"


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, login: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A new user, with the password hashed."""
        user = self.model(login=login, email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, login: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """A new user who may do everything in the admin, the address taken as confirmed."""
        return self.create_user(
            login,
            email,
            password,
            **{"email_confirmed_at": timezone.now(), **fields},
            is_staff=True,
            is_superuser=True,
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of that login name or confirmed e-mail address, capitals aside."""
        if username and "@" in username:
            return self.get(email__iexact=username, email_confirmed_at__isnull=False)
        return self.get(login__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A login name has no `@`, so that it is never taken for an e-mail address."""

    login = models.CharField(
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
    email = models.EmailField(_("e-mail address"), max_length=254)
    email_confirmed_at = models.DateTimeField(_("e-mail confirmed at"), null=True, blank=True)
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
            models.UniqueConstraint(
                Lower("login"),
                name="user_login_unique",
                violation_error_message=_("This login name is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_confirmed_email_unique",
                condition=Q(email_confirmed_at__isnull=False),
                violation_error_message=_("This e-mail address is taken."),
            ),
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
