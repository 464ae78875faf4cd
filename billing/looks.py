"""What support staff looked at of a resident's data, for the resident to see."""

import datetime as dt
from typing import NamedTuple

from django.db.models import Q

from accounts import audit
from accounts.models import ActorKind, AuditEntry, User
from billing.models import Branch

MOST = 200  # the latest ones


class Look(NamedTuple):
    """By somebody in those groups, of the branch of that name; a user's page has no number."""

    at: dt.datetime
    what: str
    number: str
    role: str
    branch: str


def at_data_of(user: User) -> list[Look]:
    """At the user, and at the accounts since the user holds them; the latest first."""
    own = Q(subject_id=user.pk)
    for account, since in user.holdings.in_force().values_list("account", "since"):
        own |= Q(account_id=account, at__gte=since)
    looks = AuditEntry.objects.filter(own, actor_kind=ActorKind.STAFF, action__startswith="looked")
    branches = {branch.code: branch.name for branch in Branch.objects.listed()}
    return [
        Look(
            each.at,
            str(audit.ACTIONS.get(each.action, "")),
            each.account_number,
            audit.group_names(each.role.split(",")),
            branches.get(each.branch, ""),
        )
        for each in looks.order_by("-pk")[:MOST]
    ]
