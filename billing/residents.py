"""A confirmed resident made from the command line: for trying out and for tests."""

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from billing.models import Holding, PersonalAccount


@transaction.atomic
def create_resident(
    login: str, email: str, password: str, name: str, numbers: Sequence[str] = ()
) -> User:
    """A confirmed user who holds the numbered accounts.

    ValidationError when the login or address is taken or ill-formed, or an account is
    unknown; then nothing is written.
    """
    accounts = list(PersonalAccount.objects.filter(number__in=numbers))
    if unknown := sorted(set(numbers) - {account.number for account in accounts}):
        raise ValidationError(
            _("There is no account %(numbers)s.") % {"numbers": ", ".join(unknown)}
        )
    user = User(login=login, email=email.lower(), full_name=name)
    user.set_password(password)
    user.full_clean()
    if EmailAddress.objects.is_verified(user.email):
        raise ValidationError({"email": _("This e-mail address is taken.")})
    user.save()
    user.confirm_email()
    Holding.objects.bulk_create(Holding(user=user, account=account) for account in accounts)
    return user
