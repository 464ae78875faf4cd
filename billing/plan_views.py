"""Which plan would have been the better one for this home."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from billing import breakdowns, plans
from billing.breakdowns import Interval, Line
from billing.computations import facts_of, with_facts
from billing.models import PersonalAccount, Service
from cabinet import months

SPANS = (12, 24, 36)
Months = dict[dt.date, tuple[Interval, ...]]


class PlansForm(forms.Form):
    """How many months back, and of which service where there are several."""

    months = forms.TypedChoiceField(
        label=gettext_lazy("Period"),
        coerce=int,
        error_messages={
            "invalid_choice": gettext_lazy("Choose 12, 24 or 36 months."),
            "required": gettext_lazy("Choose 12, 24 or 36 months."),
        },
    )
    service = forms.ChoiceField(
        label=gettext_lazy("Service"),
        error_messages={"invalid_choice": gettext_lazy("This account has no such service.")},
    )

    def __init__(self, query: Mapping[str, str], services: Sequence[Service]) -> None:
        defaults = {"months": str(SPANS[0]), "service": services[0].pk if services else ""}
        given = {name: query.get(name, "").strip() or value for name, value in defaults.items()}
        super().__init__(given)
        self.fields["months"].choices = [  # type: ignore[attr-defined]
            (count, ngettext("%(count)s month", "%(count)s months", count) % {"count": count})
            for count in SPANS
        ]
        self.fields["service"].choices = [(each.pk, each.name) for each in services]  # type: ignore[attr-defined]
        if len(services) < 2 and given["service"] == defaults["service"]:
            del self.fields["service"]
        self.services = services

    @property
    def service_chosen(self) -> Service:
        """Of a good form."""
        code = self.cleaned_data.get("service")
        return next((each for each in self.services if each.pk == code), self.services[0])


@require_safe
def compare(request: HttpRequest, number: str) -> HttpResponse:
    """What the last closed months would have cost under each plan."""
    account = get_object_or_404(with_facts(request.user.accounts.with_latest()), number=number)
    charged = _charged(account)
    services = [each for each in Service.objects.of(charged.keys()).values() if each.metered]
    form = PlansForm(request.GET, services)
    context: dict[str, Any] = {"account": account, "form": form, "comparison": None}
    if form.is_valid() and services:
        service, asked = form.service_chosen, form.cleaned_data["months"]
        since = months.plus(_latest(account), 1 - asked)
        found = {month: each for month, each in charged[service.pk].items() if month >= since}
        context |= {
            "asked": asked,
            "comparison": plans.compared(
                facts_of(account), service.pk, found, timezone.localdate()
            ),
            "service": service,
        }
    return render(request, "billing/plans.html", context, status=200 if form.is_valid() else 400)


def _charged(account: PersonalAccount) -> dict[str, Months]:
    """By service, what was charged by meters in as many closed months as can be asked for; one
    query.
    """
    latest = _latest(account)
    since = months.plus(latest, 1 - SPANS[-1])
    lines = account.charges.filter(month__gte=since, month__lte=latest).exclude(serial=None)
    rows = lines.order_by("service_id", "month", "line")
    found: dict[str, Months] = defaultdict(dict)
    for (service, month), group in groupby(
        rows.values_list("service_id", "month", *Line._fields), key=lambda row: row[:2]
    ):
        found[service][month] = breakdowns.intervals(Line(*row[2:]) for row in group)
    return found


def _latest(account: PersonalAccount) -> dt.date:
    return account.latest_month or months.first_day(timezone.localdate())
