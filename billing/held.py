"""An account as this user may see it, or 404: what each of a resident's pages begins with."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from billing.models import PersonalAccount
from billing.models.accounts import PersonalAccountQuerySet
from cabinet.written import Written

Find = Callable[..., PersonalAccount]


def finder(
    adding: Callable[..., PersonalAccountQuerySet] = lambda accounts: accounts, *kinds: type
) -> Find:
    """What finds the account of a number among those that whoever asks may see now.

    `adding` adds what the page needs to it, for values of these kinds, which are given after the
    number.
    """

    def every(user: int, number: str, *values: Any) -> PersonalAccountQuerySet:
        held: PersonalAccountQuerySet = User(pk=user).accounts.filter(number=number)
        return adding(held, *values)

    written = Written(every, int, str, *kinds)

    def find(request: HttpRequest, number: str, *values: Any) -> PersonalAccount:
        return written.get(request.user.pk, number, *values)

    return find


account = finder()

_listed = Written(lambda user: User(pk=user).accounts.with_balance().order_by("number"), int)


def all_with_balance(request: HttpRequest) -> list[PersonalAccount]:
    """All that whoever asks may see now, by number, each `with_balance()`."""
    return _listed.all(request.user.pk)
