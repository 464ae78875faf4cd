"""Users, their letters and the audit log, for staff: not the secrets that packages would show."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Upper
from django.forms.renderers import DjangoTemplates
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import audit, events, sessions, staff
from accounts.models import AuditEntry, User
from cabinet import days
from cabinet.admin import LetterAdmin, OfMany, Thousands
from cabinet.jinja import yes_no
from cabinet.models import Letter

for _model in (EmailAddress, Authenticator, UserSession, Group):
    admin.site.unregister(_model)


@admin.register(Letter)
class AuditedLetterAdmin(staff.ReadOnly, LetterAdmin):
    """The letters' addresses are personal data."""

    searched, looked = "letters_searched", "looked_at_letter"

    def concerns(self, shown: Letter) -> dict[str, Any]:
        address = EmailAddress.objects.filter(email=shown.recipient.lower(), verified=True)
        found = address.select_related("user").first()
        return {"subject": found.user if found else None, "letter": shown.pk}


class RightsForm(forms.ModelForm):
    """What a supervisor changes of a user."""

    default_renderer = DjangoTemplates()  # as all of the admin

    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=_("groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "branch" in self.fields:
            named = [choice for branches in staff.BRANCHES for choice in branches()]
            self.fields["branch"] = forms.ChoiceField(
                label=_("branch"), required=False, choices=[("", "—"), *named]
            )
        if "groups" in self.fields:
            self.fields["groups"].label_from_instance = (  # type: ignore[attr-defined]
                lambda group: audit.group_names([group.name])
            )


@admin.register(User)
class UserAdmin(OfMany, staff.ReadOnly):
    """Found by login name or e-mail address; a password is never seen and never set here."""

    searched, looked = "users_searched", "looked_at_user"
    form = RightsForm
    change_form_template = "admin/accounts/user/change_form.html"
    list_display = ("login", "full_name", "email", "is_confirmed", "signs_in", "roles")
    list_filter = ("is_staff",)
    search_fields = ("login",)  # there is a box to type in; `get_search_results` says the rest
    search_help_text = _("The beginning of a login name, or a whole e-mail address.")
    facts = (
        *("login", "full_name", "email", "is_confirmed", "language", "joined", "last_seen"),
        *("second_step", "open_sessions"),
    )
    rights = ("is_active", "is_staff", "branch", "groups")
    rights_told = ("signs_in", "in_staff", "branch", "roles")
    ordering = ("login",)

    # What is shown

    def concerns(self, shown: User) -> dict[str, Any]:
        return {"subject": shown}

    @admin.display(description=_("address confirmed"))
    def is_confirmed(self, user: User) -> str:
        return yes_no(any(each.email == user.email and each.verified for each in _addresses(user)))

    @admin.display(description=_("may sign in"))
    def signs_in(self, user: User) -> str:
        return yes_no(user.is_active)

    @admin.display(description=_("member of staff"))
    def in_staff(self, user: User) -> str:
        return yes_no(user.is_staff)

    @admin.display(description=_("groups"))
    def roles(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        return audit.group_names(names) if names else ""

    @admin.display(description=_("registered at"))
    def joined(self, user: User) -> str:
        return days.moment(user.joined_at)

    @admin.display(description=_("last signed in"))
    def last_seen(self, user: User) -> str:
        return days.moment(user.last_login) if user.last_login else "—"

    @admin.display(description=_("second step"))
    def second_step(self, user: User) -> str:
        kinds = Authenticator.objects.filter(user=user).order_by("pk")
        return ", ".join(dict.fromkeys(str(each.get_type_display()) for each in kinds)) or "—"

    @admin.display(description=_("open sessions"))
    def open_sessions(self, user: User) -> int:
        return UserSession.objects.filter(user=user).count()

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups", "emailaddress_set")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return Thousands

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """By indexes alone, among a million."""
        sought = search_term.strip().lower()
        if "@" in sought:
            by_address = EmailAddress.objects.filter(email=sought).values("user")
            return queryset.filter(Q(email=sought) | Q(pk__in=by_address)), False
        return queryset.filter(login__startswith=sought), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_change = self.has_change_permission(request, obj)
        return (*self.facts, *(self.rights if may_change else self.rights_told))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.facts, *self.rights_told[:2], "roles")

    # What may be done

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes the own rights, or those of somebody who may do everything."""
        if not request.user.has_perm("accounts.change_rights"):
            return False
        return obj is None or (obj.pk != request.user.pk and not obj.is_superuser)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        kept = User.objects.select_for_update().filter(pk=obj.pk)
        if not kept.exists():  # deleted meanwhile
            raise Http404
        kept.update(is_active=obj.is_active, is_staff=obj.is_staff, branch=obj.branch)
        if not obj.is_active or not obj.is_staff:
            sessions.end_all(obj)
        if not obj.is_active:
            events.leaving(obj, "stopped")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """In the transaction of Django's own view."""
        user, before = form.instance, audit.group_codes(form.instance)
        super().save_related(request, form, formsets, change)
        if form.changed_data:
            audit.record(
                "rights_changed",
                request,
                subject=user,
                fields=form.changed_data,
                before=before,
                groups=audit.group_codes(user),
                is_active=user.is_active,
                is_staff=user.is_staff,
                branch=user.branch,
            )

    def get_urls(self) -> list[Any]:
        act = path(
            "<int:pk>/<slug:act>/",
            self.admin_site.admin_view(require_POST(self.act_view)),
            name="accounts_user_act",
        )
        own = super().get_urls()
        return [*own[:-1], act, own[-1]]

    def beside(self, request: HttpRequest, shown: User) -> dict[str, Any]:
        """What may be done for the user, and what other apps know of the user."""
        acts = ACTS.items() if _may_act_on(request.user, shown) else ()
        return {
            "acts": [(act, words) for act, words in acts if may(request, act)],
            "parts": [part(request, shown) for part in staff.USER_PARTS],
        }

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """One of ACTS is done to the user, and told on the user's page."""
        if not self.has_view_permission(request) or act not in ACTS or not may(request, act):
            raise PermissionDenied
        with transaction.atomic():
            user = get_object_or_404(User.objects.select_for_update(), pk=pk)
            if not _may_act_on(request.user, user):
                raise PermissionDenied
            said = getattr(Acts(request, user), act)()
        messages.success(request, said)
        return redirect("admin:accounts_user_change", pk)


# What staff do for a user, by its name in the path: what the button says.
ACTS = {
    "unlock": _("Unlock signing in and adding accounts"),
    "confirm": _("Send the confirmation link again"),
    "reset": _("Send a link for a new password"),
    "end": _("End all sessions"),
}


def may(request: HttpRequest, act: str) -> bool:
    """Operators unlock; all else is for supervisors."""
    right = "accounts.unlock_user" if act == "unlock" else "accounts.manage_user"
    return request.user.has_perm(right)


def _may_act_on(actor: Any, user: User) -> bool:
    """Nobody acts on oneself, only a superuser on superusers, only supervisors on staff."""
    if actor.pk == user.pk or (user.is_superuser and not actor.is_superuser):
        return False
    may_all: bool = actor.has_perm("accounts.manage_user")
    return may_all or not user.is_staff


class Acts:
    """Each does one thing, records it, and says what has been done."""

    def __init__(self, request: HttpRequest, user: User) -> None:
        self.request, self.user = request, user

    def unlock(self) -> Any:
        """Wrong tries are forgotten, here and in other apps."""
        key = f"{self.user.pk} {self.user.password}"
        ratelimit.clear(self.request, app="allauth.account", action="login_failed", key=key)
        for unlock in staff.UNLOCKS:
            unlock(self.user)
        self._record("user_unlocked")
        return _("Wrong tries are forgotten.")

    def confirm(self) -> Any:
        pending = EmailAddress.objects.filter(user=self.user, verified=False).first()
        if pending is None:
            return _("Nothing is waiting to be confirmed.")
        if send_verification_email_to_address(
            self.request, pending, signup=pending.email == self.user.email
        ):
            self._record("confirmation_sent")
        return _("A link was sent, unless one was sent a moment ago.")

    def reset(self) -> Any:
        """To the confirmed address; whoever has none has nothing to sign in to yet."""
        if not any(each.verified for each in _addresses(self.user)):
            return _("The user has not confirmed an address yet.")
        request_password_reset(self.request, self.user.email, [self.user], default_token_generator)
        self._record("reset_started")
        return _("A link for a new password was sent to the user.")

    def end(self) -> Any:
        sessions.end_all(self.user)
        self._record("sessions_ended")
        return _("The user is signed out everywhere.")

    def _record(self, action: str) -> None:
        audit.record(action, self.request, subject=self.user)


def _addresses(user: User) -> Any:
    return user.emailaddress_set.all()  # type: ignore[attr-defined]


class ActionFilter(admin.SimpleListFilter):
    """By what was done."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return sorted(audit.ACTIONS.items(), key=lambda item: str(item[1]))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditAdmin(OfMany, staff.ReadOnly):
    """Found by login name or account number, by indexes alone; the newest first."""

    searched = looked = "audit_searched"
    list_display = ("when", "who", "role_names", "action_name", "whom", "account_number", "address")
    list_display_links = ("when",)
    list_filter = (ActionFilter,)
    search_fields = ("actor_login",)  # there is a box to type in
    search_help_text = _("A whole login name of whoever did it or was concerned, or an account.")
    fields = (*list_display, "branch", "device", "more")
    readonly_fields = fields
    ordering = ("-pk",)

    def concerns(self, shown: AuditEntry) -> dict[str, Any]:
        return {"entry": shown.pk}

    @admin.display(description=_("when"))
    def when(self, entry: AuditEntry) -> str:
        return days.moment(entry.at)

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_login or str(entry.get_actor_kind_display())

    @admin.display(description=_("role"))
    def role_names(self, entry: AuditEntry) -> str:
        names = audit.group_names(entry.role.split(",")) if entry.role else ""
        return names or str(entry.get_actor_kind_display())

    @admin.display(description=_("action"))
    def action_name(self, entry: AuditEntry) -> str:
        return str(audit.ACTIONS.get(entry.action, entry.action))

    @admin.display(description=_("user concerned"))
    def whom(self, entry: AuditEntry) -> str:
        return entry.subject_login

    @admin.display(description=_("details"))
    def more(self, entry: AuditEntry) -> str:
        return audit.details(entry) or "—"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return Thousands

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if sought := search_term.strip().upper():
            queryset = queryset.alias(
                actor=Upper("actor_login"),
                subject=Upper("subject_login"),
                number=Upper("account_number"),
            ).filter(Q(actor=sought) | Q(subject=sought) | Q(number=sought))
        return queryset, False
