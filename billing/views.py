"""A resident's pages. Each begins with the account as this user may see it, or 404."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import ledgers
from billing.models import Payment, PersonalAccount
from billing.periods import DEFAULT_MONTHS, DayPeriodForm, MonthPeriodForm
from cabinet import months


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The only account's page, else the list."""
    numbers = list(request.user.accounts.values_list("number", flat=True)[:2])
    if len(numbers) == 1:
        return redirect("billing:account", number=numbers[0])
    return redirect("billing:account_list")


@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    """«Қолжетімді дербес шоттар» (figure 2)."""
    accounts = request.user.accounts.with_balance().order_by("number")
    return render(request, "billing/account_list.html", {"accounts": list(accounts)})


@require_safe
def account(request: HttpRequest, number: str) -> HttpResponse:
    """«Дербес шот бойынша ақпарат» (figure 3)."""
    account = get_object_or_404(request.user.accounts.with_balance().with_latest(), number=number)
    context = {
        "account": account,
        "terms": account.terms.in_force(timezone.localdate()).first(),
        "meters": list(account.meters.with_last_reading()),
    }
    return render(request, "billing/account.html", context)


@require_safe
def services(request: HttpRequest, number: str) -> HttpResponse:
    """«Қызметтер бойынша ақпарат» (figure 8)."""
    account = get_object_or_404(request.user.accounts, number=number)
    form = MonthPeriodForm(request.GET, services=account.billed_services())
    context = {"account": account, "form": form, "ledgers": ()}
    if form.is_valid():
        context["ledgers"] = ledgers.for_period(account, form.chosen, form.first, form.last)
    return render(request, "billing/services.html", context, status=200 if form.is_valid() else 400)


@require_safe
def payments(request: HttpRequest, number: str) -> HttpResponse:
    """«Төлемдер» (figure 13)."""
    account = get_object_or_404(request.user.accounts.with_balance().with_latest(), number=number)
    form = DayPeriodForm(request.GET, default=_default_days(account))
    context: dict[str, object] = {"account": account, "form": form}
    if form.is_valid():
        rows = list(account.payments.for_period(form.first, form.last).with_waiting())
        context.update(
            days=_by_day(rows),
            total=sum((row.amount for row in rows), Decimal("0.00")),
            waiting=any(row.is_waiting for row in rows),
        )
    return render(request, "billing/payments.html", context, status=200 if form.is_valid() else 400)


def _default_days(account: PersonalAccount) -> tuple[str, str]:
    """The last twelve months that are loaded, and the payments that came since."""
    today = timezone.localdate()
    latest = account.latest_month or months.first_day(today)
    ends = [months.last_day(latest), account.latest_paid_on or latest]
    last = min(max(ends), months.last_day(today))
    return months.plus(latest, 1 - DEFAULT_MONTHS).isoformat(), last.isoformat()


@dataclass(frozen=True)
class PaidTogether:
    """The payments of one day through one bank."""

    payments: tuple[Payment, ...]

    @property
    def rows(self) -> int:
        """The rows that they take in a table: theirs, and that of the sum of several."""
        return len(self.payments) + (len(self.payments) > 1)

    @property
    def sum(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal("0.00"))


def _by_day(payments: Iterable[Payment]) -> list[PaidTogether]:
    return [
        PaidTogether(tuple(group))
        for _key, group in itertools.groupby(
            payments, key=lambda payment: (payment.paid_on, payment.bank_id)
        )
    ]
