"""The papers of an account for support staff, opened from its page in the admin."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from billing.models import PersonalAccount
from receipts.views import statement_of


@require_safe
def statement_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The statement that the account's holders would get."""
    account = get_object_or_404(PersonalAccount, pk=pk)
    if not admin.site.get_model_admin(PersonalAccount).has_view_permission(request, account):
        raise PermissionDenied
    return statement_of(request, account)
