"""Putting back an e-mail address that somebody else has changed, by the letter to the old one.

The link holds for seven days and once: it names the address that was put in the old one's place,
and is worth nothing when that is no longer the user's.
"""

from typing import NamedTuple

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from django.contrib import auth
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from accounts import letters, sessions
from accounts.models import User

SALT = "accounts.undo"
DAYS = 7


class Change(NamedTuple):
    """An address of a user that another was put in the place of."""

    user: User
    old: str
    new: str


def link(request: HttpRequest, user: User, old: str, new: str) -> str:
    """The address of the page that puts the old one back."""
    key = signing.dumps([user.pk, old, new], salt=SALT)
    return request.build_absolute_uri(reverse("accounts:undo_email", args=[key]))


def change_of(key: str) -> Change | None:
    """What the key undoes; None when it is not ours, too old or of no use any more."""
    try:
        pk, old, new = signing.loads(key, salt=SALT, max_age=DAYS * 24 * 60 * 60)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, email=new, is_active=True).first()
    taken = EmailAddress.objects.filter(email=old, verified=True).exists()
    return Change(user, old, new) if user and not taken else None


def put_back(request: HttpRequest, change: Change) -> None:
    """The old address is the user's again, nothing else, and everybody is signed out.

    The password stops working, since whoever changed the address knew it; a link for a new one
    goes to the address that is put back. Nothing happens when somebody has just done it.
    """
    user = User.objects.select_for_update().filter(pk=change.user.pk, email=change.new).first()
    if user is None:
        return
    EmailAddress.objects.filter(user=user).delete()
    user.email = change.old
    user.set_unusable_password()
    user.save(update_fields=["email", "password"])
    user.confirm_email()
    sessions.end_all(user)
    if request.user == user:
        auth.logout(request)
    request_password_reset(request, user.email, [user], default_token_generator)
    letters.send("email_put_back", change.new, user.language, request, old=change.old)
