"""«Түбіртектер» (figures 14 to 16): the front of a receipt, its outer side, and both in one."""

import datetime as dt
from functools import partial

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import held, sentences
from billing.models import PersonalAccount
from cabinet import months
from cabinet.links import absolute
from receipts import documents, drawings, papers, pdf, proofs
from receipts.documents import Document
from receipts.paper_forms import PaperForm
from receipts.papers import ReceiptPaper
from receipts.words import Words

SIDES = {"front": ("front",), "outer": ("outer",), "both": ("front", "outer")}


@require_safe
def receipt(request: HttpRequest, number: str, month: dt.date, side: str) -> HttpResponse:
    """A side of the month's receipt, or both, as PDF; 404 without that receipt or version."""
    account = held.account(request, number)
    return receipt_of(request, account, month, side)


def receipt_of(
    request: HttpRequest, account: PersonalAccount, month: dt.date, side: str
) -> HttpResponse:
    """The same of an account that may be shown; the form with what is wrong in it is a 400."""
    form = PaperForm(request.GET)
    if not form.is_valid():
        context = {"account": account, "form": form, "month": month}
        return render(request, "receipts/wrong.html", context, status=400)
    paper = papers.of_month(account, month, form.cleaned_data["version"])
    if paper is None:
        raise Http404
    return documents.answer(request, document(paper, form, side))


def document(paper: ReceiptPaper, form: PaperForm, side: str) -> Document:
    """A side of the receipt in a good form's language and size."""
    verify, home = absolute(reverse("receipts:verify")), absolute("/")
    facts = paper, form.cleaned_data["lang"], form.is_large, side, verify, settings.PAYMENT_PURPOSE
    return Document(
        filename(paper, side),
        facts,
        partial(_made, paper, form.words, form.is_large, side, verify, home),
    )


def filename(paper: ReceiptPaper, side: str) -> str:
    """`Түбіртек 000007919 2026-10.pdf`, in the reader's language."""
    given = {"account": paper.account, "month": months.code(paper.month)}
    if side == "outer":
        return _("Receipt %(account)s %(month)s, outer side.pdf") % given
    return _("Receipt %(account)s %(month)s.pdf") % given


def _made(paper: ReceiptPaper, say: Words, large: bool, side: str, verify: str, home: str) -> bytes:
    proof = proofs.link(verify, paper.number, paper.code)
    with translation.override(say.language):
        title = f"{_('Receipt')} {paper.number}"
        told = drawings.bars_in_words(paper.bars)
    context = {
        "paper": paper,
        "wording": say,
        "formula": sentences.formula,
        "sides": SIDES[side],
        "large": large,
        "title": title,
        "proof_address": proof,
        "verify_address": verify,
        "site_address": home,
        "bars_in_words": told,
        "purpose": settings.PAYMENT_PURPOSE,
    }
    drawn = {"paper:qr.svg": drawings.qr(proof), "paper:bars.svg": drawings.bars(paper.bars)}
    return pdf.render(
        "receipts/receipt.html",
        context,
        language=say.language,
        style="receipt.css",
        drawings=drawn,
    )
