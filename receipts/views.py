"""«Қызмет бойынша үзінді көшірме» (figures 9 and 10), as a page and on paper."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from billing import held, ledgers
from billing.models import PersonalAccount, Supplier
from billing.periods import MonthPeriodForm
from cabinet.downloads import as_file
from cabinet.links import absolute
from receipts import documents, downloads, drawings, pdf, proofs, statements
from receipts.documents import Document
from receipts.paper_forms import PaperForm
from receipts.statements import Statement


@require_safe
def statement(request: HttpRequest, number: str, kind: str = "") -> HttpResponse:
    """The statement as a page, with the choice of another period, or as a file of that kind."""
    account = held.account(request, number)
    form = MonthPeriodForm(request.GET, ledgers.of_account(account))
    if kind and form.is_valid():
        made = statements.build(account, form.chosen, form.first, form.last)
        return as_file(downloads.statement(made), kind)
    return _page(request, account, form)


@require_safe
def statement_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The statement as a PDF in the reader's language, opened in the browser."""
    return statement_of(request, held.account(request, number))


def statement_of(request: HttpRequest, account: PersonalAccount) -> HttpResponse:
    """The PDF of an account that may be shown; the page with its form if anything is wrong. It is
    recorded when it is first made, so that it can be told from a forged one.
    """
    period = MonthPeriodForm(request.GET, ledgers.of_account(account))
    form = PaperForm(request.GET, language=get_language() or "kk")
    if not (period.is_valid() and form.is_valid()):
        return _page(request, account, period, form)
    made = statements.build(account, period.chosen, period.first, period.last)
    verify = absolute(reverse("receipts:verify"))
    supplier = Supplier.objects.issuer()
    facts = (
        *(proofs.figures_of_statement(made), form.cleaned_data, verify),
        [(each.name_kk, each.name_ru) for each in _named(made, supplier)],
    )
    paper = partial(_made, made, supplier, form, verify)
    return documents.answer(request, Document(statements.filename(made), facts, paper))


def _named(made: Statement, supplier: Supplier | None) -> list[Any]:
    """Whose names stand on the statement."""
    services = [each.service for each in made.services]
    return [*services, *(each.supplier for each in services), *([supplier] if supplier else [])]


def _made(
    made: Statement,
    supplier: Supplier | None,
    form: PaperForm,
    verify: str,
) -> bytes:
    """The paper; it is recorded as soon as it is made, unless there is nothing on it."""
    record, code = proofs.recorded(made) if made.closed_on else (None, "")
    proof = proofs.link(verify, record.number, code) if record else verify
    context = {
        "statement": made,
        "supplier": supplier,
        "wording": form.words,
        "large": form.is_large,
        "record": record,
        "code": code,
        "verify_address": verify,
        "proof_address": proof,
    }
    return pdf.render(
        "receipts/statement_pdf.html",
        context,
        language=form.words.language,
        drawings={"paper:qr.svg": drawings.qr(proof)},
    )


def _page(
    request: HttpRequest,
    account: PersonalAccount,
    form: MonthPeriodForm,
    paper: PaperForm | None = None,
) -> HttpResponse:
    good = form.is_valid() and (paper is None or paper.is_valid())
    context: dict[str, object] = {"account": account, "form": form, "statement": None}
    context["paper"] = paper if paper and not paper.is_valid() else None
    if form.is_valid():
        context["statement"] = statements.build(account, form.chosen, form.first, form.last)
    return render(request, "receipts/statement.html", context, status=200 if good else 400)
