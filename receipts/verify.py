"""`/verify/`: anybody can ask whether a printed paper, and the sum on it, is ours."""

from typing import Any

from allauth.core.internal import ratelimit
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from cabinet.forms import CODE
from receipts import codes, proofs

LONGEST = 40
LIMIT: dict[str, Any] = {"app": "allauth.account", "action": "verify"}


class VerifyForm(forms.Form):
    """What stands on the paper beside its QR code, which is this form filled in."""

    number = forms.CharField(
        label=gettext_lazy("Number of the document"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs=CODE),
    )
    code = forms.CharField(
        label=gettext_lazy("Check code"),
        max_length=LONGEST,
        help_text=gettext_lazy("It stands beside the square code: thirteen letters and digits."),
        widget=forms.TextInput(attrs={**CODE, "enterkeyhint": "go"}),
    )

    def clean_code(self) -> str:
        typed = self.cleaned_data["code"]
        if not codes.is_whole(typed):
            raise forms.ValidationError(
                _("There is a slip in the code: compare it letter by letter."), code="slip"
            )
        return typed


@login_not_required
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """The form, and what the paper of that number and code is; limited by network address."""
    asked = bool(request.GET.get("number") or request.GET.get("code"))
    if asked and not ratelimit.consume(request, limit_get=True, **LIMIT):
        return ratelimit.respond_429(request)
    form = VerifyForm(request.GET if asked else None)
    genuine = None
    if form.is_valid():
        genuine = proofs.found(form.cleaned_data["number"], form.cleaned_data["code"])
    context = {"form": form, "genuine": genuine, "asked": asked and form.is_valid()}
    status = 400 if asked and not form.is_valid() else 200
    return render(request, "receipts/verify.html", context, status=status)
