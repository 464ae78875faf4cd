"""A resident's pages. Each begins with the account as this user may see it, or 404."""

import datetime as dt
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import (
    charts,
    consumption,
    downloads,
    explanations,
    forecasts,
    held,
    issued,
    ledgers,
    looks,
)
from billing.computations import facts_of, with_facts
from billing.models import Payment, PersonalAccount
from billing.names import masked
from billing.payments import in_table
from billing.periods import (
    DEFAULT_MONTHS,
    DayPeriodForm,
    MonthPeriodForm,
    MonthsForm,
)
from cabinet import months
from cabinet.downloads import Table, as_file
from cabinet.written import Written

FILES: dict[str, Callable[[PersonalAccount, MonthPeriodForm], Table]] = {
    "services": downloads.services,
    "charges": downloads.charges,
    "readings": downloads.readings,
}


_on_its_page = held.finder(
    lambda accounts, today, user: (
        with_facts(accounts).with_balance().with_latest().with_terms(today).with_others(user)
    ),
    dt.date,
    int,
)
_meters = Written(lambda account: PersonalAccount(pk=account).meters.with_last_reading(), int)
_in_month = held.finder(explanations.with_month, dt.date)
_with_payments = held.finder(
    lambda accounts: accounts.with_balance().with_latest().with_first_payment()
)


_payments = Written(
    lambda account, first, last: (
        PersonalAccount(pk=account).payments.for_period(first, last).with_waiting()
    ),
    int,
    dt.date,
    dt.date,
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The only account's page, else the list; who has none may add one."""
    numbers = list(request.user.accounts.values_list("number", flat=True)[:2])
    if len(numbers) == 1:
        return redirect("billing:account", number=numbers[0])
    has_any = numbers or request.user.holdings.exists()
    return redirect("billing:account_list" if has_any else "billing:account_add")


@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    """«Қолжетімді дербес шоттар» (figure 2)."""
    suspended = request.user.holdings.suspended().select_related("account")
    context = {
        "accounts": held.all_with_balance(request),
        "suspended": list(suspended.order_by("account__number")),
    }
    return render(request, "billing/account_list.html", context)


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """«Сайт картасы»: where everything is."""
    return render(request, "billing/site_map.html")


@require_safe
def seen_by_staff(request: HttpRequest) -> HttpResponse:
    """Which role and branch looked at the user's data, and when."""
    return render(request, "billing/looks.html", {"looks": looks.at_data_of(request.user)})


@require_safe
def account(request: HttpRequest, number: str) -> HttpResponse:
    """«Дербес шот бойынша ақпарат» (figure 3)."""
    today = timezone.localdate()
    account = _on_its_page(request, number, today, request.user.pk)
    latest = account.latest_month or months.first_day(today)
    used = consumption.of_account(account, *charts.with_year_before(latest))
    meters = _meters.all(account.pk)
    forecast = forecasts.of_account(facts_of(account), used, meters, today)
    context = {
        "account": account,
        "others": [masked(name) for name in account.others or ()],
        "terms": account.terms_in_force,
        "meters": meters,
        "story": consumption.story(used, latest),
        "today": today,
        "forecast": None if account.closed_on else forecast,
        "charts": charts.of_account(used, latest),
    }
    return render(request, "billing/account.html", context)


@require_safe
def services(
    request: HttpRequest, number: str, kind: str = "", of: str = "services"
) -> HttpResponse:
    """«Қызметтер бойынша ақпарат» (figure 8), or a file of that kind: of the months, their charge
    lines or readings.
    """
    account = held.account(request, number)
    form = MonthPeriodForm(request.GET, ledgers.of_account(account))
    if kind and form.is_valid():
        return as_file(FILES[of](account, form), kind)
    context = {
        "account": account,
        "form": form,
        "ledgers": form.chosen if form.is_valid() else (),
    }
    return render(request, "billing/services.html", context, status=200 if form.is_valid() else 400)


@require_safe
def month(request: HttpRequest, number: str, month: dt.date) -> HttpResponse:
    """How a month was made up; 404 for one in which nothing was or can be."""
    account = _in_month(request, number, month)
    context = {
        "account": account,
        "month": month,
        "explained": explanations.of_month(account, month),
    }
    return render(request, "billing/month.html", context)


@require_safe
def payments(request: HttpRequest, number: str, kind: str = "") -> HttpResponse:
    """«Төлемдер» (figure 13), or a file of that kind."""
    account = _with_payments(request, number)
    form = DayPeriodForm(request.GET, _default_days(account), account.first_paid_on)
    rows: list[Payment] = []
    if form.is_valid():
        rows = _payments.all(account.pk, form.first, form.last)
        if kind:
            return as_file(downloads.payments(account, form, rows), kind)
    context = {
        "account": account,
        "form": form,
        "waiting": any(row.is_waiting for row in rows),
        **in_table(rows),
    }
    return render(request, "billing/payments.html", context, status=200 if form.is_valid() else 400)


@require_safe
def receipts(request: HttpRequest, number: str, kind: str = "") -> HttpResponse:
    """«Түбіртектер» (figure 14): what each asked for, and what is paid; or a file of that kind."""
    account = held.account(request, number)
    every = issued.of_account(account)
    form = MonthsForm(request.GET, [each.month for each in every])
    rows = issued.within(every, form.first, form.last) if form.is_valid() else []
    if kind and form.is_valid():
        return as_file(downloads.receipts(account, form, rows), kind)
    context = {"account": account, "form": form, "receipts": rows}
    return render(request, "billing/receipts.html", context, status=200 if form.is_valid() else 400)


def _default_days(account: PersonalAccount) -> tuple[dt.date, dt.date]:
    """The last twelve months that are loaded, and the payments that came since."""
    today = timezone.localdate()
    latest = account.latest_month or months.first_day(today)
    ends = [months.last_day(latest), account.latest_paid_on or latest]
    last = min(max(ends), months.last_day(today))
    return months.plus(latest, 1 - DEFAULT_MONTHS), last
