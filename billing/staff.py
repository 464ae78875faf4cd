"""What support staff see of a personal account: all that its holders see, and who they are."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing import charts, consumption, explanations, holdings, issued, ledgers
from billing.models import Import, PersonalAccount, Reading
from billing.payments import in_table
from billing.periods import MonthPeriodForm
from cabinet import months
from cabinet.jinja import part

# What other apps show of an account on its page in the admin; they add to it when ready.
ACCOUNT_PARTS: list[Callable[[HttpRequest, PersonalAccount], SafeString]] = []

SHEETS = tuple(f"css/{name}.css" for name in ("tokens", "figures", "charts", "staff"))
READINGS = IMPORTS = 60  # the latest ones


def account_page(
    request: HttpRequest, account: PersonalAccount, path: str
) -> tuple[SafeString, bool]:
    """The account's balance, months, payments, receipts, terms, meters, holders and imports;
    and whether the period is a good one.

    `path` is where its months and its statement are below; the account is fetched
    `with_balance()` and `with_latest()`.
    """
    form = MonthPeriodForm(request.GET, ledgers.of_account(account))
    latest = account.latest_month or form.latest
    used = consumption.of_account(account, *charts.with_year_before(latest))
    context: dict[str, Any] = {
        "account": account,
        "path": f"{path}months/",
        "statement": f"{path}statement.pdf",
        "papers": f"{path}receipts/",
        "form": form,
        "story": consumption.story(used, latest),
        "charts": charts.of_account(used, latest),
        "ledgers": (),
        "receipts": (),
        "terms": account.terms.order_by("-valid_from"),
        "meters": account.meters.with_last_reading(),
        "readings": _readings(account),
        "may_link": request.user.has_perm("billing.add_holding"),
        "may_unlink": request.user.has_perm("billing.delete_holding"),
        "slowed": holdings.slowed_accounts().filter(pk=account.pk).exists(),
        "holdings": account.holdings.select_related("user").order_by("since", "pk"),
        "imports": _imports(account),
        "parts": [each(request, account) for each in ACCOUNT_PARTS],
        **_payments(account, form),
    }
    if form.is_valid():
        context["ledgers"] = form.chosen
        context["receipts"] = issued.within(issued.of_account(account), form.first, form.last)
    return part("billing/staff_account.html", context, request), form.is_valid()


def _payments(account: PersonalAccount, form: MonthPeriodForm) -> dict[str, Any]:
    """Those of the form's months, and all that came since when it ends with the last month."""
    rows = []
    if form.is_valid():
        last = months.last_day(form.last)
        if form.last >= form.latest and account.latest_paid_on:
            last = max(last, account.latest_paid_on)
        rows = list(account.payments.for_period(form.first, last).with_waiting())
    return in_table(rows)


def _readings(account: PersonalAccount) -> Any:
    found = Reading.objects.filter(meter__account=account).select_related("meter")
    return found.order_by("-taken_on", "meter__serial", "source")[:READINGS]


def _imports(account: PersonalAccount) -> Any:
    return Import.objects.filter(accounts__account=account).order_by("-started_at")[:IMPORTS]


def month_page(request: HttpRequest, account: PersonalAccount, month: Any) -> SafeString:
    """How a month was made up; of an account as `explanations.of_month()` wants it."""
    context = {
        "account": account,
        "month": month,
        "explained": explanations.of_month(account, month),
    }
    return part("billing/staff_month.html", context, request)
