"""What staff do about who sees an account: link after papers were shown, and unlink."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.kept_input import fields_of
from accounts.models import User
from accounts.staff import page_context
from billing import holdings, limits
from billing.models import Holding, PersonalAccount
from cabinet.jinja import part
from cabinet.methods import form_page


class ReasonForm(forms.Form):
    """Why it is done: it stays in the audit log."""

    default_renderer = DjangoTemplates()

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class LinkForm(ReasonForm):
    """Whom to link, by the login name or confirmed address that the person tells."""

    who = forms.CharField(label=_("Login name or e-mail address"), max_length=254)
    papers = forms.BooleanField(
        label=_("I have seen an identity card and a paper about the home"),
        error_messages={"required": _("Nobody is linked before the papers are seen.")},
    )
    field_order = ["who", "papers", "reason"]

    def clean_who(self) -> User:
        user = User.objects.signing_in_as(self.cleaned_data["who"])
        if user is None or not user.is_active:
            raise forms.ValidationError(_("There is no such user with a confirmed address."))
        return user


# What is kept of them when they are sent after the session has ended.
KEPT = {
    "admin:billing_personalaccount_link": fields_of(LinkForm),
    "admin:billing_personalaccount_unlink": fields_of(ReasonForm),
}


@form_page
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """An operator links a user to the account."""
    if not request.user.has_perm("billing.add_holding"):
        raise PermissionDenied
    account = get_object_or_404(PersonalAccount, pk=pk)
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = form.cleaned_data
        if asked["who"] == request.user:
            raise PermissionDenied  # a colleague does
        if holdings.link_by_staff(request, asked["who"], account, asked["reason"]):
            messages.success(request, _("The user is linked."))
        else:
            messages.warning(request, _("The user holds this account already."))
        return redirect("admin:billing_personalaccount_change", pk)
    return _page(request, _("Link a user"), account, form)


@form_page
def unlink(request: HttpRequest, pk: int, holding: int) -> HttpResponse:
    """A supervisor takes a link away."""
    if not request.user.has_perm("billing.delete_holding"):
        raise PermissionDenied
    found = get_object_or_404(
        Holding.objects.select_related("user", "account"), pk=holding, account=pk
    )
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        holdings.unlink_by_staff(request, found, form.cleaned_data["reason"])
        messages.success(request, _("The link is taken away."))
        return redirect("admin:billing_personalaccount_change", pk)
    return _page(request, _("Take the link away"), found.account, form, holder=found.user)


def _page(
    request: HttpRequest, title: Any, account: PersonalAccount, form: forms.Form, **more: Any
) -> HttpResponse:
    audit.record("looked_at_account", request, account=account, subject=more.get("holder"))
    context = page_context(request, PersonalAccount, title, account=account, form=form, **more)
    return render(request, "admin/billing/personalaccount/holding.html", context)


def of_user(request: HttpRequest, user: User) -> SafeString:
    """What a user holds, and which tries at adding accounts nobody looks at."""
    context = {
        "holdings": user.holdings.select_related("account").order_by("account__number"),
        "locks": limits.locks(user),
        "may_look": request.user.has_perm("billing.view_personalaccount"),
    }
    return part("billing/staff_user.html", context, request)
