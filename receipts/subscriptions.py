"""What residents want by e-mail: chosen, taken back by a link, ended with what it stands on.

Each change is one transaction with the row of its history. Writers hold EXPORT_LOCK together, so
that whoever tells billing what has changed since some moment misses nothing that is under way.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from billing.models import Holding, PersonalAccount
from cabinet.models import Letter
from receipts.models import Subscription, SubscriptionChange, Why

EXPORT_LOCK = 0x5A4B45
UNDO = dt.timedelta(days=7)  # in which what a link in a letter did can be taken back there
KEPT = ("receipts", "reminders", "payments", "language", "form", "attached", "paper")
ENDED = {"receipts": False, "reminders": False, "payments": False, "paper": True}


@dataclass(frozen=True)
class Unsubscribed:
    """What a link in a letter leads to: the notice that it ends, and whether that is on."""

    subscription: Subscription | None
    notice: str
    is_on: bool
    may_undo: bool


def of(user: User, account: PersonalAccount) -> Subscription:
    """The user's subscription for an account; a new one, not saved, where there was none yet."""
    found = user.subscriptions.filter(account=account).first()
    subscription = found or Subscription(account=account, language="both")
    subscription.user = user
    return subscription


@transaction.atomic
def choose(request: HttpRequest, subscription: Subscription, chosen: dict[str, Any]) -> bool:
    """Saves what the resident wants of an account; False when it is so already, or the account
    is no longer linked. Whoever chooses has a refused address tried again.
    """
    user = subscription.user
    kept = User.objects.select_for_update(no_key=True).filter(pk=user.pk)
    links = Holding.objects.in_force().filter(user=user, account=subscription.account_id)
    # Whoever takes the link away ends the subscription after it: so it is locked before this.
    # (Not by `exists()`, which would lock the account's row too, and with it all other holders.)
    if not kept.exists() or links.select_for_update(of=("self",), no_key=True).first() is None:
        return False
    row, made = Subscription.objects.select_for_update(no_key=True).get_or_create(
        user=user, account=subscription.account
    )
    before = {name: getattr(row, name) for name in KEPT}
    wanted = {**before, **chosen}
    wanted["paper"] = wanted["paper"] or not wanted["receipts"]
    if wanted == before and not row.refused_address and not (made and row.is_on):
        return False
    _write(row, Why.CHOSEN, refused_address="", refused_at=None, refusal="", **wanted)
    changed = [name for name in KEPT if before[name] != wanted[name]]
    audit.record("subscription_changed", request, account=row.account, fields=changed)
    return True


def by_key(key: uuid.UUID, notice: str) -> Unsubscribed:
    """What the link of a letter stands for; of a key that nobody has, that nothing comes."""
    found = Subscription.objects.filter(key=key).select_related("user", "account").first()
    if found is None:
        return Unsubscribed(None, notice, is_on=False, may_undo=False)
    return Unsubscribed(found, notice, getattr(found, notice), _may_undo(found, notice))


def _may_undo(subscription: Subscription, notice: str) -> bool:
    """The last change was by a link, not long ago, and ended this notice; and the account is still
    the user's.
    """
    rows = list(_history(subscription).reverse()[:2])
    held = Subscription.objects.in_force().filter(pk=subscription.pk)
    was_on = len(rows) < 2 or getattr(rows[1], notice)
    return bool(
        rows
        and rows[0].why == Why.LINK
        and rows[0].at > timezone.now() - UNDO
        and was_on
        and not getattr(rows[0], notice)
        and held.exists()
    )


def _history(subscription: Subscription) -> Any:
    mine = {"account": subscription.account_id, "subscriber": subscription.user_id}
    return SubscriptionChange.objects.filter(**mine).order_by("pk")


@transaction.atomic
def unsubscribe(request: HttpRequest, key: uuid.UUID, notice: str) -> None:
    """Ends the notice, without a sign-in; that of receipts brings the paper one back."""
    row = Subscription.objects.select_for_update(no_key=True).filter(key=key).first()
    if row and getattr(row, notice):
        changes = {notice: False}
        if notice == "receipts":
            changes["paper"] = True
        _write(row, Why.LINK, **changes)
        _record("unsubscribed_asked", request, row, notice)


@transaction.atomic
def undo(request: HttpRequest, key: uuid.UUID, notice: str) -> bool:
    """Takes back what the link has just done; False when that is no longer so, or too long ago."""
    row = Subscription.objects.select_for_update(no_key=True).filter(key=key).first()
    if row is None or not _may_undo(row, notice):
        return False
    before = _history(row).exclude(why=Why.LINK).last()
    changes = {notice: True}
    if notice == "receipts" and before:
        changes["paper"] = before.paper
    _write(row, Why.UNDONE, **changes)
    _record("unsubscribe_undo_asked", request, row, notice)
    return True


def _record(action: str, request: HttpRequest, row: Subscription, notice: str) -> None:
    """Whoever has the link need not have signed in."""
    audit.record(action, request, account=row.account, subject=row.user, fields=[notice])


def end_with(holdings: Iterable[Holding], why: str) -> None:
    """Ends the subscriptions of links that are taken away or suspended, in the transaction of
    that; old letters' links then say that nothing comes.
    """
    for holding in holdings:
        mine = Subscription.objects.filter(user=holding.user_id, account=holding.account_id)
        _end(mine, why)


def end_of(user: User, why: str) -> None:
    """Ends all subscriptions of a user who may no longer sign in, or is deleted; letters that
    still wait are then not sent.
    """
    if why == Why.DELETED:  # before the subscriptions, as whoever records a refusal locks them
        Letter.objects.filter(delivery__subscription__user=user).delete()
    _end(Subscription.objects.filter(user=user), why)


def _end(subscriptions: Any, why: str) -> None:
    for row in subscriptions.anything_on().select_for_update(no_key=True).order_by("pk"):
        _write(row, why, key=uuid.uuid4(), **ENDED)


def move(user: User) -> None:
    """Letters go to another address of the user's from now on; billing is to be told of it."""
    rows = Subscription.objects.filter(user=user).anything_on()
    for row in rows.select_for_update(no_key=True).order_by("pk"):
        _write(row, Why.MOVED)


def refuse(subscription: Subscription, address: str, reason: str) -> None:
    """There is no mailbox of that address, which is still the user's: nothing more goes there, and
    the paper receipt comes until another one is chosen or it is tried again.
    """
    mine = Subscription.objects.filter(user=subscription.user_id, user__email=address)
    rows = mine.anything_on().exclude(refused_address=address)
    for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        refusal = {"refused_address": address, "refused_at": timezone.now(), "refusal": reason}
        _write(row, Why.REFUSED, **refusal)


def try_again(subscriptions: Any) -> None:
    """Forgets that these addresses were refused."""
    rows = subscriptions.exclude(refused_address="")
    for row in rows.select_for_update(no_key=True).order_by("pk"):
        _write(row, Why.TRIED, refused_address="", refused_at=None, refusal="")


def _write(row: Subscription, why: str, **changes: Any) -> None:
    """Changes the row, and keeps what it was changed to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [EXPORT_LOCK])
    for name, value in changes.items():
        setattr(row, name, value)
    row.changed_at = timezone.now()
    row.save(update_fields=[*changes, "changed_at"])
    SubscriptionChange.objects.create(
        account_id=row.account_id,
        subscriber=row.user_id,
        at=row.changed_at,
        why=why,
        **{name: getattr(row, name) for name in KEPT},
    )


def others_keep_paper(subscription: Subscription) -> bool:
    """Whether another holder of the account wants the paper receipt to come, so that it does."""
    return bool(_others(subscription).anything_on().filter(paper=True).exists())


def others_end_paper(subscription: Subscription) -> bool:
    """Whether another one gets it by e-mail instead, so that it does not come by itself."""
    return bool(_others(subscription).filter(receipts=True, paper=False).exists())


def _others(subscription: Subscription) -> Any:
    """Those in force of the account's other holders."""
    every = Subscription.objects.in_force().filter(account=subscription.account_id)
    return every.exclude(user=subscription.user_id)
