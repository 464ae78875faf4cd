"""«Есептік калькулятор» (figures 11 and 12): of an account, and for anybody."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import estimates, held
from billing.balances import Balance
from billing.calculator_forms import AccountForm, PublicForm
from billing.computations import facts_of, with_facts
from billing.ledgers import NOTHING
from billing.models import Service
from billing.tariffs import book

_with_facts = held.finder(lambda accounts: with_facts(accounts).with_balance())


@require_safe
def calculator(request: HttpRequest, number: str) -> HttpResponse:
    """What is used since the last charge, computed for a reading."""
    account = _with_facts(request, number)
    facts = facts_of(account)
    stretches = estimates.open_stretches(account)
    context: dict[str, Any] = {"account": account, "form": None, "estimate": None}
    if not stretches:
        return render(request, "billing/calculator.html", context)
    services = Service.objects.of(stretches.keys())
    form = AccountForm(
        request.GET,
        facts.book,
        {service: stretches[code] for code, service in services.items()},
        facts.homes,
        facts.home_on(timezone.localdate()),
    )
    estimate = form.estimate() if form.is_valid() else None
    context |= {"form": form, "estimate": estimate}
    if estimate:
        context["balance_then"] = Balance((account.balance or NOTHING) + estimate.amount)
    return render(request, "billing/calculator.html", context, status=_status(form, estimate))


@login_not_required
@require_safe
def calculator_public(request: HttpRequest) -> HttpResponse:
    """Any home's sum between two readings; the link holds all of it, and nothing personal."""
    services = {code: each for code, each in Service.objects.listed().items() if each.metered}
    form = PublicForm(request.GET, book(), services)
    estimate = form.estimate() if form.is_valid() else None
    context = {"form": form, "estimate": estimate}
    return render(
        request, "billing/calculator_public.html", context, status=_status(form, estimate)
    )


def _status(form: AccountForm | PublicForm, estimate: object) -> int:
    return 400 if form.asked and not estimate else 200
