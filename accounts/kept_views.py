"""What was typed into a form that could not be taken: shown, and sent on by one press."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.csrf import csrf_failure
from django.views.decorators.http import require_POST, require_safe

from accounts import kept_input


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """What was kept while its sender signed in again."""
    found = kept_input.of(request)
    if found is None:
        return redirect("billing:home")
    return render(request, "accounts/kept_input.html", {"kept": found, "is_new": False})


@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """It is not to be sent; the form is shown anew."""
    found = kept_input.of(request)
    kept_input.forget(request)
    return redirect(found.page if found else "billing:home")


@login_not_required
def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is too old: what it held can be sent once more, if it came from here."""
    found = kept_input.read(request) if kept_input.is_from_here(request) else None
    if found is None:
        return csrf_failure(request, reason)
    context: dict[str, Any] = {"kept": found, "is_new": True}
    return render(request, "accounts/kept_input.html", context, status=HTTPStatus.FORBIDDEN)
