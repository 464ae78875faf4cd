"""What a user changes about himself: password, address, profile, second step, sessions, data."""

from typing import Any

from allauth.account import views as allauth
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.decorators import rate_limit
from allauth.mfa.base import views as second_step_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import auth, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, devices, events, export, letters, second_step, sessions, steps
from accounts.forms import DeleteForm, EmailForm, ProfileForm
from accounts.models import User
from accounts.pages import Page
from cabinet.methods import form_page


class Password(Page, allauth.PasswordChangeView):
    """«Құпиясөзді өзгерту» (figures 17, 18)."""

    template_name = "accounts/password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever has none, and came by a passkey, sets one by a letter."""
        if not request.user.has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)


@form_page
@rate_limit(action="manage_email")
def email(request: HttpRequest) -> HttpResponse:
    """«E-mail мекенжайын өзгерту» (figure 19): it counts once the new one is confirmed."""
    form = EmailForm(request, request.POST or None)
    if form.is_valid():
        _ask_to_confirm(request, form.cleaned_data["email"])
        messages.success(request, _("A confirmation link was sent to the new address"))
        return redirect("account_email")
    context = {"form": form, "pending": EmailAddress.objects.get_new(request.user)}
    return render(request, "accounts/email.html", context)


@transaction.atomic
def _ask_to_confirm(request: HttpRequest, new: str) -> None:
    """Both addresses are written to; a button that was pressed twice asks once."""
    User.objects.select_for_update().get(pk=request.user.pk)
    if ratelimit.consume(
        request, app="allauth.account", action="confirm_email", key=new, dry_run=True
    ):
        letters.tell("email_change_asked", request.user, request, new=new)
        EmailAddress.objects.add_new_email(request, request.user, new)
        audit.record("address_change_asked", request)


@require_POST
def cancel_email(request: HttpRequest) -> HttpResponse:
    """The new address is not wanted after all: its link is dead."""
    with transaction.atomic():
        pending = EmailAddress.objects.filter(user=request.user, verified=False)
        if pending.delete()[0]:
            audit.record("address_change_cancelled", request)
    messages.success(request, _("The change of the address is cancelled"))
    return redirect("account_email")


@form_page
def profile(request: HttpRequest) -> HttpResponse:
    """«Дербес баптаулар» (figures 20, 21)."""
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if form.is_valid() and _saved(request, form):
        user = form.instance
        with override(user.language):
            messages.success(request, _("Data saved"))
        response = redirect("accounts:profile")
        devices.keep(response, settings.LANGUAGE_COOKIE_NAME, user.language)
        return response
    return render(request, "accounts/profile.html", {"form": form})


@transaction.atomic
def _saved(request: HttpRequest, form: ProfileForm) -> bool:
    """Whether it could be saved; the letter tells what was and what is."""
    user = form.instance
    try:
        with transaction.atomic():
            user.save(update_fields=form.Meta.fields)
    except IntegrityError:  # somebody has just taken the login name
        form.add_error("login", User._meta.get_field("login").error_messages["unique"])
        return False
    with override(user.language):
        changes = form.changes()
    if changes:
        letters.tell("profile_changed", user, request, facts=changes)
        audit.record("profile_changed", request, fields=form.changed_data)
    return True


class TwoStep(Page, second_step_views.IndexView):
    """The second step: app, recovery codes, passkeys."""

    template_name = "accounts/two_step.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        added = context["authenticators"].get("webauthn", [])
        added.sort(key=lambda passkey: passkey.instance.pk)  # allauth asks in no order
        return {**context, "codes_left": second_step.codes_left(self.request.user)}


class NewStep(Page):
    """Sets up a second step of the kind `adds`, which the session has thus shown."""

    adds: str

    def form_valid(self: Any, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        steps.note_added(self.request, self.adds)
        return response


class AppOn(NewStep, app.ActivateTOTPView):
    template_name = "accounts/app_on.html"
    letter = "app_on"
    adds = Authenticator.Type.TOTP


class AppOff(Page, app.DeactivateTOTPView):
    template_name = "accounts/app_off.html"
    letter = "app_off"


class Codes(Page, codes.ViewRecoveryCodesView):
    template_name = "accounts/codes.html"


class NewCodes(Page, codes.GenerateRecoveryCodesView):
    template_name = "accounts/codes_new.html"
    letter = "codes_made"


class CodesFile(Page, codes.DownloadRecoveryCodesView):
    template_name = "accounts/codes.txt"
    content_type = "text/plain; charset=utf-8"


class PasskeyAdd(NewStep, passkeys.AddWebAuthnView):
    template_name = "accounts/passkey_add.html"
    letter = "passkey_added"
    adds = Authenticator.Type.WEBAUTHN


class PasskeyRemove(Page, passkeys.RemoveWebAuthnView):
    template_name = "accounts/passkey_remove.html"
    success_url = reverse_lazy("mfa_index")
    letter = "passkey_removed"


class PasskeyRename(Page, passkeys.EditWebAuthnView):
    template_name = "accounts/passkey_name.html"
    success_url = reverse_lazy("mfa_index")
    action = "passkey_renamed"


class Again(Page, allauth.ReauthenticateView):
    """The password once more, before something that matters."""

    template_name = "accounts/again.html"


class AgainCode(Page, second_step_views.ReauthenticateView):
    template_name = "accounts/again.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        audit.record("sign_in_refused", self.request, subject=self.request.user, why="code")
        return super().form_invalid(form)


class AgainPasskey(Page, passkeys.ReauthenticateWebAuthnView):
    template_name = "accounts/again_passkey.html"
    form_class = second_step.PasskeyAgainForm

    def form_invalid(self, form: Any) -> HttpResponse:
        """The same page, to try again."""
        audit.record("sign_in_refused", self.request, subject=self.request.user, why="passkey")
        for message in form.errors["credential"]:
            messages.error(self.request, message)
        return self.get(self.request)


@form_page
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; all others are ended by one press."""
    if request.method == "POST":
        with transaction.atomic():
            sessions.end_all(request.user, but=request.session.session_key or "")
            audit.record("sessions_ended", request, all_others=True)
        messages.success(request, _("You are signed out everywhere else"))
        return redirect("usersessions_list")
    return render(request, "accounts/sessions.html", {"sessions": sessions.of_user(request)})


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """«Шығу» there."""
    ended = get_object_or_404(UserSession, user=request.user, pk=pk)
    with transaction.atomic():
        audit.record("sessions_ended", request, session=pk)
        end_sessions(request, [ended])
    messages.success(request, _("You are signed out there"))
    return redirect("usersessions_list")


@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    """What can be downloaded, and what is kept."""
    return render(request, "accounts/data.html")


@require_POST
@ratelimit.decorator(app="accounts", action="own_data", config={"own_data": "5/h/user"})
def own_data_file(request: HttpRequest) -> HttpResponse:
    """All that the cabinet keeps of a user, as a zip of JSON and CSV."""
    audit.record("data_taken", request)
    return export.as_zip(request)


@form_page
def delete(request: HttpRequest) -> HttpResponse:
    """The user is deleted; billing's data stay."""
    if request.user.is_staff:  # whoever works here is let go by a colleague
        raise PermissionDenied
    form = DeleteForm(request.user, request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/delete.html", {"form": form})
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=request.user.pk).first()
        if user:  # else the button was pressed twice
            letters.tell("deleted", user, request)
            audit.record("user_deleted", request)
            sessions.end_all(user)
            events.leaving(user, "deleted")
            user.delete()
    auth.logout(request)
    messages.success(request, _("Your user was deleted"))
    return redirect("account_login")
