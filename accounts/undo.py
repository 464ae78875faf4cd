"""Putting back an e-mail address that somebody else has changed, by the letter to the old one.

Each change is a row that the link names. The link holds for seven days and once, whatever was
changed afterwards: to put an address back undoes that change and all later ones, so that none of
the letters about those is worth anything any more.
"""

import datetime as dt

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from allauth.mfa.base.internal.flows import delete_dangling_recovery_codes
from allauth.mfa.models import Authenticator
from django.contrib import auth
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts import audit, events, letters, sessions
from accounts.models import AddressChange, User

SALT = "accounts.undo.change"
DAYS = 7


def link(request: HttpRequest, user: User, old: str, new: str) -> str:
    """Notes the change; the address of the page that puts the old one back."""
    change = user.address_changes.create(old=old, new=new)
    key = signing.dumps(change.pk, salt=SALT)
    return request.build_absolute_uri(reverse("accounts:undo_email", args=[key]))


def change_of(key: str) -> AddressChange | None:
    """What the key undoes; None when it is not ours, too old or of no use any more."""
    try:
        pk = signing.loads(key, salt=SALT, max_age=DAYS * 24 * 60 * 60)
    except signing.BadSignature:
        return None
    changes = AddressChange.objects.filter(pk=pk, undone=False, user__is_active=True)
    change = changes.select_related("user").first()
    if change is None:
        return None
    confirmed = EmailAddress.objects.filter(email=change.old, verified=True)
    return None if confirmed.exclude(user=change.user).exists() else change


def put_back(request: HttpRequest, change: AddressChange) -> bool:
    """The old address is the user's again, and everybody is signed out.

    The password stops working, since whoever changed the address knew it, and what was added to
    the second step since is removed; a link for a new password goes to the address that is put
    back. Whether anything of the second step was removed. Nothing happens when somebody has just
    done it.
    """
    user = User.objects.select_for_update().get(pk=change.user_id)
    later = user.address_changes.filter(pk__gte=change.pk)
    if not later.filter(pk=change.pk, undone=False).exists():
        return False
    later.update(undone=True)
    EmailAddress.objects.filter(user=user).delete()
    present, user.email = user.email, change.old
    user.set_unusable_password()
    user.save(update_fields=["email", "password"])
    user.confirm_email()
    events.moved(user)
    removed = _remove_second_steps(user, change.at)
    audit.record("address_put_back", request, actor=user, second_step_removed=removed)
    sessions.end_all(user)
    if request.user == user:
        auth.logout(request)
    request_password_reset(request, user.email, [user], default_token_generator)
    if present != user.email:
        about = {"old": user.email, "removed": bool(removed)}
        letters.send("email_put_back", present, user.language, request, **about)
    return bool(removed)


def _remove_second_steps(user: User, since: dt.datetime) -> list[str]:
    """The kinds of those removed; recovery codes go with the last app or passkey."""
    added = Authenticator.objects.filter(user=user, created_at__gte=since).order_by("pk")
    kinds = list(added.values_list("type", flat=True))
    added.delete()
    if codes := delete_dangling_recovery_codes(user):
        kinds.append(codes.type)
    return kinds


def old(now: dt.datetime) -> QuerySet[AddressChange]:
    """Changes whose links have been dead for a day."""
    return AddressChange.objects.filter(at__lt=now - dt.timedelta(days=DAYS + 1)).order_by("at")
