"""Whom residents can reach, and answers to what they ask most; open to anybody."""

from collections import defaultdict
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from billing.models import Branch, Supplier
from support import help_search, help_texts
from support.models import BranchNotice, HelpPage
from support.search_forms import SearchForm


@login_not_required
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """«Контакт-орталығы»."""
    context = {"supplier": Supplier.objects.issuer(), "applications": _applications()}
    return render(request, "support/contacts.html", context)


@login_not_required
@require_safe
def branches(request: HttpRequest) -> HttpResponse:
    """«Аудандық бөлімшелер (АЭЖБ)», the user's own ones first."""
    own = _numbers_by_branch(request.user)
    context = {
        "supplier": Supplier.objects.issuer(),
        "branches": sorted(Branch.objects.listed(), key=lambda branch: branch.pk not in own),
        "notices": BranchNotice.objects.in_bulk(),
        "own": own,
    }
    return render(request, "support/branches.html", context)


@login_not_required
@require_safe
def help_list(request: HttpRequest) -> HttpResponse:
    """All questions by section, or those that `q` finds."""
    typed = " ".join(request.GET.get("q", "").split())[: help_search.LONGEST]
    sought = "".join(letter for letter in typed if letter.isprintable())
    context = {
        "sought": sought,
        "search": SearchForm(initial={"q": sought}),
        "found": help_search.find(sought) if sought else None,
        "sections": help_search.sections(),
    }
    return render(request, "support/help.html", context)


@login_not_required
@require_safe
def help_page(request: HttpRequest, code: str) -> HttpResponse:
    """One question and its answer."""
    page = get_object_or_404(HelpPage, pk=code, is_shown=True)
    context = {
        "page": page,
        "blocks": help_texts.blocks(str(page.answer)),
        "applications": _applications(),
    }
    return render(request, "support/help_page.html", context)


def _numbers_by_branch(user: Any) -> dict[str, list[str]]:
    """The numbers of the accounts that the user may see, by the codes of their branches."""
    numbers = defaultdict(list)
    if user.is_authenticated:
        for branch, number in user.accounts.order_by("number").values_list("branch", "number"):
            numbers[branch].append(number)
    return dict(numbers)


def _applications() -> str:
    """Where one writes to the supplier, once there is such a page."""
    try:
        return reverse("support:applications")
    except NoReverseMatch:
        return ""
