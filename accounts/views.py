"""Signing in and out, and the choice of language."""

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from accounts.forms import SignInForm
from accounts.models import User


def _next(request: HttpRequest) -> str:
    """Where the person was going, if that is here; else the start page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    a_path = wanted.startswith("/") and not wanted.startswith("//")
    if a_path and url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
        return wanted
    return resolve_url("billing:home")


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """«Кіру»."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_next(request))
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid() and form.user:
        auth.login(request, form.user)
        return HttpResponseRedirect(_next(request))
    return render(request, "accounts/login.html", {"form": form, "next": _next(request)})


@login_not_required
@require_http_methods(["GET", "HEAD"])
def staff_login(request: HttpRequest) -> HttpResponse:
    """The admin's own way in: there is one sign-in for all; a resident is refused."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    return redirect_to_login(_next(request), resolve_url("accounts:login"))


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """«Шығу»: the session ends on the server too."""
    auth.logout(request)
    return redirect("accounts:login")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language chosen, kept on this device and for the user."""
    if request.POST.get("language") not in dict(settings.LANGUAGES):
        known = request.POST.copy()  # Django's view would take any language that Django has
        known.pop("language", None)
        request.POST = known  # type: ignore[assignment]
    elif request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=request.POST["language"])
    return set_language(request)
