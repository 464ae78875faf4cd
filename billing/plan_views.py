"""Which plan would have been better for a home."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from billing import breakdowns, held, plans
from billing.breakdowns import Interval
from billing.computations import facts_of, with_facts
from billing.models import PersonalAccount, Service
from cabinet.jinja import part

LENGTHS = ("12", "24", "36")


class LengthForm(forms.Form):
    """How many of the last months are compared, and of which service."""

    months = forms.ChoiceField(
        label=gettext_lazy("Months"),
        choices=[(length, length) for length in LENGTHS],
        error_messages={"invalid_choice": gettext_lazy("Choose 12, 24 or 36 months.")},
    )

    def __init__(self, query: Mapping[str, str], services: Sequence[Service]) -> None:
        first = services[0].pk if services else ""
        data = {"months": query.get("months") or LENGTHS[0]}
        super().__init__(data | {"service": query.get("service") or first})
        self.services = services
        if len(services) > 1 or query.get("service", first) != first:
            self.fields["service"] = forms.ChoiceField(
                label=gettext_lazy("Service"),
                choices=[(service.pk, service.name) for service in services],
                error_messages={
                    "invalid_choice": gettext_lazy("This account has no such service.")
                },
            )

    @property
    def rendered(self) -> Any:
        return part("billing/period_form.html", {"form": self})

    @property
    def service(self) -> Service:
        """The one that a good form asks for."""
        code = self.cleaned_data.get("service")
        return next((each for each in self.services if each.pk == code), self.services[0])


_with_facts = held.finder(with_facts)


@require_safe
def compared(request: HttpRequest, number: str) -> HttpResponse:
    """The last months under each plan, month by month."""
    account = _with_facts(request, number)
    facts = facts_of(account)
    charged = _charged(account)
    services = [each for code, each in Service.objects.of(charged.keys()).items() if each.metered]
    form = LengthForm(request.GET, services)
    comparison = None
    if form.is_valid() and services:
        of_service = charged[form.service.pk]
        latest = sorted(of_service)[-int(form.cleaned_data["months"]) :]
        wanted = {month: of_service[month] for month in latest}
        home = facts.home_on(timezone.localdate())
        comparison = plans.compared(facts, form.service.pk, wanted, home.plan if home else "")
    context = {"account": account, "form": form, "comparison": comparison}
    return render(request, "billing/plans.html", context, status=200 if form.is_valid() else 400)


def _charged(account: PersonalAccount) -> dict[str, dict[dt.date, Sequence[Interval]]]:
    """What was charged by meters, by service and month; one query."""
    found: dict[str, dict[dt.date, Sequence[Interval]]] = defaultdict(dict)
    for (_account, service, month), intervals in breakdowns.charged(
        account.charges.exclude(serial=None)
    ):
        found[service][month] = intervals
    return found
