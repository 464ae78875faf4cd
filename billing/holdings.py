"""Who may see a personal account: linked by proof or by staff, unlinked by either.

Each change is one transaction with its audit entry and its letters.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_tasks import task

from accounts import audit
from accounts.models import User
from billing import holding_letters, limits, proofs
from billing.models import Holding, PersonalAccount, Tries
from billing.models.tries import Kind

# What else ends with links that are taken away or suspended, and why; other apps add to it when
# they are ready. In the transaction of that.
ENDED: list[Callable[[Iterable[Holding], str], object]] = []


def end(holdings: Iterable[Holding], why: str) -> None:
    """Ends what stands on these links: they were `removed`, `unlinked` or `suspended`."""
    for each in ENDED:
        each(holdings, why)


class Outcome(Enum):
    """What came of a try to add an account; a refusal does not say why."""

    ADDED = auto()
    OWN = auto()
    REFUSED = auto()


@transaction.atomic
def add(request: HttpRequest, number: str, proof: Callable[[PersonalAccount], bool]) -> Outcome:
    """Links the user to the account of that number if the proof is right for it.

    Whether there is such an account, and whether a try was looked at at all, can be told neither
    from the outcome nor from the number of queries.
    """
    user: User = request.user  # type: ignore[assignment]
    if not _kept(user):
        return Outcome.REFUSED
    judge = limits.judge(user, number, request.META.get("REMOTE_ADDR", ""))
    account = PersonalAccount.objects.filter(number=number).first() or proofs.nobody()
    if user.holdings.in_force().filter(account=account.pk).exists():
        return Outcome.OWN
    refusal = judge.refusal
    is_right = proof(proofs.nobody() if refusal else account)
    if is_right and account.pk and not refusal:
        judge.right()
        if _link(user, account):
            audit.record("account_added", request, account=account)
            holding_letters.tell_others(account, user, request)
        return Outcome.ADDED
    if refusal:
        judge.leave()
    elif slowed := judge.wrong():
        tell_of_slowed.enqueue(slowed.pk)
    _record_refusal(request, account, number, refusal or "wrong")
    return Outcome.REFUSED


def _record_refusal(request: HttpRequest, account: PersonalAccount, number: str, why: str) -> None:
    """A number that is nobody's may be a slip of the pen, or something else altogether."""
    about: dict[str, Any] = {"why": why}
    if account.pk:
        about["account"] = account
    else:
        about["number"] = f"***{number[-3:]}"
    audit.record("account_add_refused", request, **about)


@transaction.atomic
def link_by_staff(request: HttpRequest, user: User, account: PersonalAccount, reason: str) -> bool:
    """Links the user, whose papers staff have seen; False when the user holds it already.

    ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("staff say why they link somebody")
    if not _kept(user) or not _link(user, account, by_staff=True, reason=reason.strip()):
        return False
    audit.record("account_linked", request, subject=user, account=account, reason=reason.strip())
    holding_letters.tell("account_linked", user, request, account=account)
    holding_letters.tell_others(account, user, request)
    return True


@transaction.atomic
def unlink_by_staff(request: HttpRequest, holding: Holding, reason: str) -> bool:
    """Takes the link away; False when it is gone already. ValueError without a reason."""
    if not reason.strip():
        raise ValueError("staff say why they unlink somebody")
    if not Holding.objects.filter(pk=holding.pk).delete()[0]:
        return False
    end([holding], "unlinked")
    user, account = holding.user, holding.account
    audit.record("account_unlinked", request, subject=user, account=account, reason=reason.strip())
    holding_letters.tell("account_unlinked", user, request, account=account)
    return True


@transaction.atomic
def remove(request: HttpRequest, account: PersonalAccount) -> bool:
    """Takes the user's own link away; False when it is gone already."""
    own = Holding.objects.filter(user=request.user.pk, account=account)
    links = list(own)
    if not own.delete()[0]:
        return False
    end(links, "removed")
    audit.record("account_removed", request, account=account)
    return True


def _kept(user: User) -> bool:
    """Whether there still is such a user, who then is not deleted before the transaction ends."""
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk).exists()


def _link(user: User, account: PersonalAccount, by_staff: bool = False, reason: str = "") -> bool:
    """Makes the link, or renews a suspended one; False when there is one in force.

    One statement, so that of two at once one makes it.
    """
    table, columns = Holding._meta.db_table, "user_id, account_id, since, by_staff, reason"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {table} AS held ({columns}) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (user_id, account_id) DO UPDATE
            SET since = excluded.since, by_staff = excluded.by_staff, reason = excluded.reason
            WHERE held.since_day < %s""",  # noqa: S608 - names of ours
            [user.pk, account.pk, _since(account), by_staff, reason, account.owner_since],
        )
        if cursor.rowcount != 1:
            return False
    end([Holding(user=user, account=account)], "suspended")  # what was left of an earlier link
    return True


def _since(account: PersonalAccount) -> dt.datetime:
    """Now; or the day of a payer who is still to come, which a link of today must outlast."""
    coming = dt.datetime.combine(account.owner_since, dt.time(), timezone.get_current_timezone())
    return max(timezone.now(), coming)


def slowed_accounts() -> QuerySet[PersonalAccount]:
    """Those at whose numbers somebody tries around now."""
    rows = Tries.objects.holding(timezone.now()).filter(kind=Kind.NUMBER)
    return PersonalAccount.objects.filter(number__in=rows.values("number"))


@task()
def tell_of_slowed(row: int) -> None:
    """Tells the holders of a number that is slowed, and the audit log, once in the time it is.

    A worker does it, since the answer to a try must not take longer where there are holders.
    """
    now = timezone.now()
    with transaction.atomic():
        tries = Tries.objects.select_for_update().filter(pk=row, kind=Kind.NUMBER).first()
        account = tries and PersonalAccount.objects.filter(number=tries.number).first()
        if not tries or not account or (tries.told_at and tries.told_at > now - limits.WINDOW):
            return
        tries.told_at = now
        tries.save(update_fields=["told_at"])
        audit.record("account_slowed", None, account=account)
        for holding in account.holdings.in_force().select_related("user"):
            holding_letters.tell("account_slowed", holding.user, account=account)
