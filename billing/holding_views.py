"""A resident adds and removes accounts, and names them. Of others' accounts nothing is told."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import audit
from billing import held, holdings, proofs
from billing.holding_forms import OWN, REFUSED, CodeForm, NicknameForm, NumberForm, PaymentForm
from billing.holdings import Outcome
from cabinet.methods import form_page


@form_page
def account_add(request: HttpRequest) -> HttpResponse:
    """«Жаңа дербес шотты қосу» (figures 4 and 5)."""
    by_code = bool(proofs.CODES) and "code" in request.POST
    posted = request.POST if request.method == "POST" else None
    payment = PaymentForm(None if by_code else posted)
    code = CodeForm(posted if by_code else None, auto_id="id_code_%s")
    form: NumberForm = code if by_code else payment
    if form.is_valid():
        outcome = holdings.add(request, form.cleaned_data["number"], form.proves)
        if outcome == Outcome.ADDED:
            messages.success(request, _("Added successfully"))
            return redirect("billing:account_list")
        form.add_error(*(("number", OWN) if outcome == Outcome.OWN else (None, REFUSED)))
    context = {
        "form": form,
        "payment": payment,
        "code": code if proofs.CODES else None,
        "by_code": by_code,
        "refused": bool(form.non_field_errors()),
    }
    return render(request, "billing/account_add.html", context)


@form_page
def account_remove(request: HttpRequest, number: str) -> HttpResponse:
    """«Жою туралы ақпараттық хабарлама» (figures 6 and 7); of a suspended account too."""
    own = request.user.holdings.select_related("account")
    holding = get_object_or_404(own, account__number=number)
    confirm = request.POST.get("confirm")
    if confirm == "no":
        return redirect("billing:account_list")
    if confirm == "yes":
        holdings.remove(request, holding.account)
        messages.success(request, _("The account was removed"))
        return redirect("billing:account_list")
    context = {"holding": holding, "account": None if holding.is_suspended else holding.account}
    status = 400 if request.method == "POST" else 200
    return render(request, "billing/account_remove.html", context, status=status)


@form_page
def account_nickname(request: HttpRequest, number: str) -> HttpResponse:
    """The user's own name for an account."""
    account = held.account(request, number)
    holding = get_object_or_404(request.user.holdings, account=account)
    form = NicknameForm(request.POST if request.method == "POST" else None, instance=holding)
    if form.is_valid():
        with transaction.atomic():
            own = request.user.holdings.filter(pk=holding.pk)
            if not own.update(nickname=form.cleaned_data["nickname"]):  # removed meanwhile
                raise Http404
            audit.record("account_named", request, account=account)
        messages.success(request, _("Data saved"))
        return redirect("billing:account_list")
    return render(request, "billing/account_nickname.html", {"account": account, "form": form})
