"""How many applications there are, of which kind and branch, how old, how fast answered."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Branch
from cabinet import figures
from cabinet.downloads import Column, Table, as_file
from cabinet.jinja import part
from support.models import Application, Kind
from support.models.applications import ApplicationQuerySet, answered, overdue
from support.states import OPEN

AGES = ((0, 3), (4, 7), (8, 10), (11, None))  # days since the registration
RECENT = 30  # days whose answers the start page counts
COUNTED = ("registered", "open", "overdue", "answered", "took")

Row = dict[str, Any]


def of_now() -> dict[str, Any]:
    """For the admin's start page: open ones, overdue ones, those that nobody has, by age; open and
    lately answered ones by kind and by branch.
    """
    today = timezone.localdate()
    ages = {(first, last): Count("pk", filter=_aged(today, first, last)) for first, last in AGES}
    counted = Application.objects.open().aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=overdue()),
        nobodys=Count("pk", filter=Q(assigned_to=None)),
        **{f"age_{first}": count for (first, _last), count in ages.items()},
    )
    counted["ages"] = [(first, last, counted.pop(f"age_{first}")) for first, last in AGES]
    lately = timezone.now() - dt.timedelta(days=RECENT)
    opened = _counted(Application.objects.open())
    closed = _counted(Application.objects.filter(answered(), closed_at__gte=lately))
    rows = [*opened, *closed]
    counted["days"] = RECENT
    counted["groups"] = [
        (_("Kind"), _summed(rows, "kind_id", _kinds())),
        (_("Branch"), _summed(rows, "branch", _branches())),
    ]
    return counted


def _aged(today: dt.date, first: int, last: int | None) -> Q:
    aged = Q(registered_at__date__lte=today - dt.timedelta(days=first))
    if last is not None:
        aged &= Q(registered_at__date__gte=today - dt.timedelta(days=last))
    return aged


def _counted(which: ApplicationQuerySet) -> QuerySet[Application, Any]:
    """By kind and branch; `took` is the time of all answers together."""
    took = F("closed_at") - F("registered_at")
    return (
        which.order_by("kind_id", "branch")
        .values("kind_id", "branch")
        .annotate(
            registered=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN)),
            overdue=Count("pk", filter=overdue()),
            answered=Count("pk", filter=answered()),
            took=Sum(took, filter=answered(), default=dt.timedelta()),
        )
    )


def _summed(rows: Iterable[Row], group: str, names: Mapping[str, str]) -> list[tuple[str, Row]]:
    """Name and counts of each group that has any, in the order of the names."""
    sums: dict[str, Row] = {}
    for row in rows:
        into = sums.setdefault(row[group], dict.fromkeys(COUNTED, 0) | {"took": dt.timedelta()})
        for count in COUNTED:
            into[count] += row[count]
    every = {**names, **{code: code or "—" for code in sums if code not in names}}
    found = [(name, sums[code]) for code, name in every.items() if code in sums]
    return [(name, {**counts, "days": _days(counts)}) for name, counts in found]


def _kinds() -> dict[str, str]:
    return {kind.pk: kind.name for kind in Kind.objects.all()}


def _branches() -> dict[str, str]:
    return {branch.pk: branch.name for branch in Branch.objects.all()}


def _days(counts: Row) -> Decimal | None:
    """`2.5` days to an answer, on average; None where none is answered yet."""
    if not counts["answered"]:
        return None
    days = counts["took"] / counts["answered"] / dt.timedelta(days=1)
    return figures.round_half_up(Decimal(days), Decimal("0.1"))


def on_start_page(request: HttpRequest) -> SafeString | str:
    """The counts, for whoever sees applications."""
    if not request.user.has_perm("support.view_application"):
        return ""
    return part("support/staff_start.html", {"counts": of_now()}, request)


def table(since: dt.date) -> Table:
    """By kind and branch: registered since that day, still open, overdue, answered, and how many
    days an answer took.
    """
    kinds, branches = _kinds(), _branches()
    rows = _counted(Application.objects.submitted().filter(registered_at__date__gte=since))
    columns = [
        Column("kind", _("Kind")),
        Column("branch", _("Branch")),
        Column("registered", _("Registered")),
        Column("open", _("Open")),
        Column("overdue", _("Overdue")),
        Column("answered", _("Answered")),
        Column("days", _("Days to an answer, on average")),
    ]
    return Table(
        _("Applications"),
        "",
        since.isoformat(),
        timezone.localdate().isoformat(),
        columns,
        [
            (
                kinds[row["kind_id"]],
                branches.get(row["branch"], row["branch"]),
                *(str(row[name]) for name in ("registered", "open", "overdue", "answered")),
                str(_days(row) or ""),
            )
            for row in rows
        ],
    )


def as_csv(request: HttpRequest) -> HttpResponse:
    """The table of the last 12 months."""
    if not request.user.has_perm("support.view_application"):
        raise PermissionDenied
    return as_file(table(timezone.localdate() - dt.timedelta(days=365)), "csv")
