"""«Қызмет бойынша үзінді көшірме» (figures 9 and 10), as a page and on paper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from billing import ledgers
from billing.models import PersonalAccount, Supplier
from billing.periods import MonthPeriodForm
from cabinet.downloads import as_file
from receipts import downloads, pdf, statements


@require_safe
def statement(request: HttpRequest, number: str, kind: str = "") -> HttpResponse:
    """The statement as a page, with the choice of another period, or as a file of that kind."""
    account = get_object_or_404(request.user.accounts, number=number)
    form = MonthPeriodForm(request.GET, ledgers.of_account(account))
    if kind and form.is_valid():
        made = statements.build(account, form.chosen, form.first, form.last)
        return as_file(downloads.statement(made), kind)
    return _page(request, account, form)


@require_safe
def statement_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The statement as a PDF in the reader's language, opened in the browser."""
    return statement_of(request, get_object_or_404(request.user.accounts, number=number))


def statement_of(request: HttpRequest, account: PersonalAccount) -> HttpResponse:
    """The PDF of an account that may be shown; the page with its form if the period is wrong."""
    form = MonthPeriodForm(request.GET, ledgers.of_account(account))
    if not form.is_valid():
        return _page(request, account, form)
    made = statements.build(account, form.chosen, form.first, form.last)
    content = pdf.render(
        "receipts/statement_pdf.html",
        {"statement": made, "supplier": Supplier.objects.issuer()},
        language=get_language() or "kk",
    )
    disposition = content_disposition_header(False, statements.filename(made))
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-cache"},
    )


def _page(request: HttpRequest, account: PersonalAccount, form: MonthPeriodForm) -> HttpResponse:
    context: dict[str, object] = {"account": account, "form": form, "statement": None}
    if form.is_valid():
        context["statement"] = statements.build(account, form.chosen, form.first, form.last)
    return render(
        request, "receipts/statement.html", context, status=200 if form.is_valid() else 400
    )
