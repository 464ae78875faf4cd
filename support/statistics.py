"""How many applications there are, of which kind and branch, how old, how fast answered."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Avg, Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Branch
from cabinet.downloads import Column, Table, as_file
from cabinet.jinja import part
from support.models import Application, Kind
from support.states import ANSWERED, OPEN, RUNNING

AGES = ((0, 3), (4, 7), (8, 10), (11, None))  # days since the registration


def of_now() -> dict[str, Any]:
    """For the admin's start page: open ones, overdue ones, those of today, by age."""
    today = timezone.localdate()
    opened = Application.objects.open()
    ages = {(first, last): Count("pk", filter=_aged(today, first, last)) for first, last in AGES}
    counted = opened.aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(state__in=RUNNING, due_on__lt=today)),
        nobodys=Count("pk", filter=Q(assigned_to=None)),
        **{f"age_{first}": count for (first, _last), count in ages.items()},
    )
    counted["ages"] = [(first, last, counted.pop(f"age_{first}")) for first, last in AGES]
    return counted


def _aged(today: dt.date, first: int, last: int | None) -> Q:
    aged = Q(registered_at__date__lte=today - dt.timedelta(days=first))
    if last is not None:
        aged &= Q(registered_at__date__gte=today - dt.timedelta(days=last))
    return aged


def on_start_page(request: HttpRequest) -> SafeString | str:
    """The counts, for whoever sees applications."""
    if not request.user.has_perm("support.view_application"):
        return ""
    return part("support/staff_start.html", {"counts": of_now()}, request)


def table(since: dt.date) -> Table:
    """By kind and branch: registered since that day, still open, overdue, answered, and how many
    days an answer took.
    """
    today = timezone.localdate()
    answered = Q(state__in=ANSWERED)
    rows = (
        Application.objects.submitted()
        .filter(registered_at__date__gte=since)
        .order_by("kind_id", "branch")
        .values("kind_id", "branch")
        .annotate(
            registered=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN)),
            overdue=Count("pk", filter=Q(state__in=RUNNING, due_on__lt=today)),
            answered=Count("pk", filter=answered),
            took=Avg(F("closed_at") - F("registered_at"), filter=answered),
        )
    )
    kinds = {kind.pk: kind.name for kind in Kind.objects.all()}
    branches = {branch.pk: branch.name for branch in Branch.objects.all()}
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
        today.isoformat(),
        columns,
        [
            (
                kinds[row["kind_id"]],
                branches.get(row["branch"], ""),
                *(str(row[name]) for name in ("registered", "open", "overdue", "answered")),
                _days(row["took"]),
            )
            for row in rows
        ],
    )


def _days(took: dt.timedelta | None) -> str:
    """`2.5`; nothing where none is answered yet."""
    return f"{took / dt.timedelta(days=1):.1f}" if took else ""


def as_csv(request: HttpRequest) -> HttpResponse:
    """The table of the last 12 months."""
    if not request.user.has_perm("support.view_application"):
        raise PermissionDenied
    return as_file(table(timezone.localdate() - dt.timedelta(days=365)), "csv")
