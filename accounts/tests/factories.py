"""People who sign in."""

from functools import cache

import factory
from django.contrib.auth.hashers import make_password

from accounts.models import AddressChange, AuditEntry, Consent, User

PASSWORD = "Tal-qaiyng-7-terek"

hashed = cache(make_password)


class UserFactory(factory.django.DjangoModelFactory):
    """A user with a confirmed address and PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    login = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.login}@example.kz")
    full_name = "Ысқақова Іңкәр Әшімқызы"
    language = "kk"
    confirmed = factory.PostGeneration(
        lambda user, create, confirmed: create and confirmed is not False and user.confirm_email()
    )
    password = factory.Transformer(PASSWORD, transform=hashed)


class ConsentFactory(factory.django.DjangoModelFactory):
    """Given when registering."""

    class Meta:
        model = Consent

    user = factory.SubFactory(UserFactory)
    version = "2026-11"


class AuditEntryFactory(factory.django.DjangoModelFactory):
    """An operator's look at an account."""

    class Meta:
        model = AuditEntry

    action = "looked_at_user"
    actor_kind = "staff"
    actor_id = 7
    actor_login = "support"
    role = "operator"
    branch = "01"
    subject_login = ""
    account_number = ""
    about = factory.LazyFunction(dict)
    device = ""


class AddressChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AddressChange

    user = factory.SubFactory(UserFactory)
    old = "earlier@example.kz"
    new = factory.LazyAttribute(lambda change: change.user.email)
