"""People who sign in."""

from functools import cache

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User

PASSWORD = "Tal-qaiyng-7-terek"

_hashed = cache(make_password)  # Argon2 is slow on purpose


class UserFactory(factory.django.DjangoModelFactory):
    """A user with a confirmed address and PASSWORD."""

    class Meta:
        model = User

    login = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.login}@example.kz")
    email_confirmed_at = factory.LazyFunction(timezone.now)
    full_name = "Ысқақова Іңкәр Әшімқызы"
    language = "kk"
    password = factory.Transformer(PASSWORD, transform=_hashed)
