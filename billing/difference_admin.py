"""For staff: months whose charges are not what our own computation makes of them."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.db.models.functions import Abs
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _

from accounts.staff import ReadOnly
from billing.models import ChargeDifference
from cabinet import figures, months
from cabinet.admin import OfMany


class InMonth(admin.SimpleListFilter):
    """The months that have any, the latest first."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = ChargeDifference.objects.order_by("-month").values_list("month", flat=True)
        return [(months.code(month), months.name(month)) for month in found.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        code = self.value() or ""
        return queryset.filter(month=months.parse(code)) if months.is_code(code) else queryset


@admin.register(ChargeDifference)
class ChargeDifferenceAdmin(OfMany, ReadOnly):
    """The largest differences first; each leads to the account's month."""

    searched = "differences_listed"

    list_display = ("number", "of_month", "service", "by_billing", "by_us", "difference")
    list_select_related = ("account", "service")
    list_filter = (InMonth,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        size = Abs(F("billed") - F("computed"))
        return super().get_queryset(request).alias(size=size).order_by("-size", "pk")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **more: Any
    ) -> HttpResponse:
        """The month's page in the admin, which explains it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(self.get_queryset(request), pk=object_id)
        month = months.code(found.month)
        return redirect("admin:billing_personalaccount_month", found.account_id, month)

    @admin.display(description=_("account number"))
    def number(self, row: ChargeDifference) -> str:
        return row.account.number

    @admin.display(description=_("month"), ordering="month")
    def of_month(self, row: ChargeDifference) -> str:
        return months.name(row.month)

    @admin.display(description=_("charged by billing"), ordering="billed")
    def by_billing(self, row: ChargeDifference) -> str:
        return figures.tenge(row.billed)

    @admin.display(description=_("by our own computation"), ordering="computed")
    def by_us(self, row: ChargeDifference) -> str:
        return figures.tenge(row.computed)

    @admin.display(description=_("difference"), ordering="size")
    def difference(self, row: ChargeDifference) -> str:
        more: Decimal = row.billed - row.computed
        return figures.signed(more)
