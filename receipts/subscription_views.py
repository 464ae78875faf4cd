"""«Электрондық түбіртекке жазылу»: what comes by e-mail of each account, and how to end it."""

import datetime as dt
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from billing import held
from cabinet import months, outbox
from cabinet.methods import form_page
from receipts import notice_words, notices, subscriptions
from receipts.models import Subscription
from receipts.subscription_forms import SubscriptionForm


@require_safe
def e_receipt(request: HttpRequest) -> HttpResponse:
    """What comes of each of the user's accounts; of an only one, the form at once."""
    accounts = list(request.user.accounts.order_by("number"))
    if len(accounts) == 1:
        return redirect("receipts:subscription", accounts[0].number)
    chosen = {each.account_id: each for each in request.user.subscriptions.select_related("user")}
    shown = [(account, chosen.get(account.pk)) for account in accounts]
    return render(request, "receipts/e_receipt.html", {"accounts": shown})


@form_page
def subscription(request: HttpRequest, number: str) -> HttpResponse:
    """What comes of the account, and the choice of it; a change is confirmed by a letter."""
    account = held.account(request, number)
    own = subscriptions.of(request.user, account)
    refused = own if own.is_refused else None
    form = SubscriptionForm(request.POST if request.method == "POST" else None, instance=own)
    if form.is_valid():
        _choose(request, own, form)
        messages.success(request, _("Data saved"))
        return redirect("receipts:subscription", number)
    context = {
        "account": account,
        "form": form,
        "refused": refused,
        "last": notices.last_sent(own),
        "others_keep_paper": not own.paper and subscriptions.others_keep_paper(own),
        "others_end_paper": not own.is_on and subscriptions.others_end_paper(own),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "receipts/subscription.html", context, status=status)


@transaction.atomic
def _choose(request: HttpRequest, own: Subscription, form: SubscriptionForm) -> None:
    if not subscriptions.choose(request, own, form.cleaned_data):
        return
    user = request.user
    now = subscriptions.of(user, own.account)
    with translation.override(user.language):
        outbox.post(user.email, "subscription", user.language, notice_words.of_choice(now))


@require_safe
def sent(request: HttpRequest, key: uuid.UUID, month: dt.date) -> HttpResponse:
    """Where the link of a letter leads: that month's receipt, in the language it was sent in."""
    own = get_object_or_404(request.user.subscriptions.select_related("account"), key=key)
    account = get_object_or_404(request.user.accounts, pk=own.account_id)
    if not account.receipts.filter(month=month).exists():
        raise Http404
    paper = reverse("receipts:receipt_front", args=[account.number, months.code(month)])
    return redirect(f"{paper}?{urlencode({'lang': own.language, 'form': own.form})}")


@csrf_exempt  # programs post here without a cookie (RFC 8058); the key is all that it needs
@login_not_required
@form_page
def unsubscribe(request: HttpRequest, key: uuid.UUID, notice: str) -> HttpResponse:
    """Ends what a letter's link names by POST, of people and of mail programs alike, and offers to
    take that back. Nobody learns whose it is, or whether there is any.
    """
    if request.method == "POST":
        if "undo" in request.POST:
            subscriptions.undo(request, key, notice)
        else:
            subscriptions.unsubscribe(request, key, notice)
    found = subscriptions.by_key(key, notice)
    language = translation.get_language() or "kk"
    if found.subscription and "django_language" not in request.COOKIES:
        language = found.subscription.user.language
    with translation.override(language):
        context = {"found": found, "undone": request.method == "POST" and "undo" in request.POST}
        return render(request, "receipts/unsubscribe.html", context)
