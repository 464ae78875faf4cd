"""What support staff see of billing's data: all of it read-only."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.staff import ReadOnly, page_context
from billing import (  # noqa: F401 - what is registered by being imported
    difference_admin,
    explanations,
    holding_admin,
    import_admin,
    search,
    staff,
)
from billing.models import PersonalAccount
from cabinet import months


class FirstAccounts(ChangeList):
    """The first accounts on one page, with word of whether there are `more`."""

    def get_results(self, request: HttpRequest) -> None:
        found = list(self.queryset)
        self.more = len(found) > search.MOST
        self.result_list = found[: search.MOST]
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all, self.multi_page = True, False
        self.paginator = self.model_admin.get_paginator(request, self.queryset, search.MOST)


@admin.register(PersonalAccount)
class PersonalAccountAdmin(ReadOnly):
    """Found by `search`; shown as billing sent it."""

    searched, looked = "accounts_searched", "looked_at_account"

    list_display = ("number", "payer", "home_address", "branch")
    list_select_related = ("branch",)
    search_fields = ("number",)  # there is a box to type in; `get_search_results` says the rest
    search_help_text = _(
        "Account number, payer, address or meter serial number: several words in any order. "
        "Three letters or digits are enough for a beginning; house and flat numbers and shorter "
        "words are written whole."
    )
    fields = (
        "number",
        "payer",
        "address_kk",
        "address_ru",
        "branch",
        "opened_on",
        "owner_since",
        "closed_on",
    )

    def concerns(self, shown: PersonalAccount) -> dict[str, Any]:
        return {"account": shown}

    change_form_template = "admin/billing/personalaccount/change_form.html"

    def get_urls(self) -> list[Any]:
        months = path(
            "<int:pk>/months/<month:month>/",
            self.admin_site.admin_view(require_safe(self.month_view)),
            name="billing_personalaccount_month",
        )
        link = path(
            "<int:pk>/link/",
            self.admin_site.admin_view(holding_admin.link),
            name="billing_personalaccount_link",
        )
        unlink = path(
            "<int:pk>/unlink/<int:holding>/",
            self.admin_site.admin_view(holding_admin.unlink),
            name="billing_personalaccount_unlink",
        )
        return [months, link, unlink, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """400 when the page's period is not a good one."""
        response = super().render_change_form(request, context, *args, **kwargs)
        if not context["good"]:
            response.status_code = 400
        return response

    def beside(self, request: HttpRequest, shown: PersonalAccount) -> dict[str, Any]:
        """Below billing's own facts, all that the account's holders see."""
        account = self.model.objects.with_balance().with_latest().get(pk=shown.pk)
        seen, good = staff.account_page(request, account, _below(account))
        return {"sheets": staff.SHEETS, "shown": seen, "good": good}

    def month_view(self, request: HttpRequest, pk: int, month: dt.date) -> HttpResponse:
        """How a month was made up, as the account's holders see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        accounts = explanations.with_month(self.model.objects.all(), month)
        account = get_object_or_404(accounts, pk=pk)
        audit.record("looked_at_month", request, account=account, month=months.code(month))
        context = page_context(
            request,
            self.model,
            months.name(month),
            account=account,
            sheets=staff.SHEETS,
            shown=staff.month_page(request, account, month),
        )
        return render(request, "admin/billing/personalaccount/month.html", context)

    @admin.display(description=_("address"))
    def home_address(self, account: PersonalAccount) -> str:
        return account.address

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FirstAccounts

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """At most one more than fit on the page, whatever else narrows or sorts them."""
        return queryset.filter(pk__in=search.find(search_term)), False


def _below(account: PersonalAccount) -> str:
    """The path below which an account's own pages of the admin are."""
    change = reverse("admin:billing_personalaccount_change", args=[account.pk])
    return change.removesuffix("change/")
