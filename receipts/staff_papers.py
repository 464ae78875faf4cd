"""The papers of an account for support staff, opened from its page in the admin."""

import datetime as dt
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import audit
from cabinet import months
from receipts.receipt_views import receipt_of
from receipts.staff import account_of
from receipts.views import statement_of

SHOWN = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)  # who has it already looks at it again


@require_safe
def receipt(request: HttpRequest, pk: int, month: dt.date, side: str) -> HttpResponse:
    """The receipt that the account's holders would get."""
    account = account_of(request, pk)
    answer = receipt_of(request, account, month, side)
    if answer.status_code in SHOWN:
        audit.record("looked_at_receipt", request, account=account, month=months.code(month))
    return answer


@require_safe
def statement_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The statement that the account's holders would get."""
    account = account_of(request, pk)
    answer = statement_of(request, account)
    if answer.status_code == HTTPStatus.BAD_REQUEST:  # told where staff choose the period
        change = reverse("admin:billing_personalaccount_change", args=[pk])
        return HttpResponseRedirect(f"{change}?{request.GET.urlencode()}")
    if answer.status_code in SHOWN:
        audit.record("looked_at_statement", request, account=account)
    return answer
