"""What support staff see of billing's data: all of it read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing import names
from billing.models import PersonalAccount


@admin.register(PersonalAccount)
class PersonalAccountAdmin(admin.ModelAdmin):
    """Found by number or payer; shown as billing sent it."""

    list_display = ("number", "payer", "home_address", "branch")
    list_select_related = ("branch",)
    search_fields = ("number__startswith", "payer_fold__contains")
    show_full_result_count = False
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

    @admin.display(description=_("address"))
    def home_address(self, account: PersonalAccount) -> str:
        return account.address

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Names are found however their Kazakh letters are typed."""
        return super().get_search_results(request, queryset, names.fold(search_term))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
