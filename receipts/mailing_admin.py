"""Mailings for support staff: how far each is, why letters failed; pause, resume, retry."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.staff import ReadOnly
from billing.staff import SHEETS
from cabinet import days, figures, mailings
from cabinet.admin import OfMany
from cabinet.jinja import part
from cabinet.letters import KINDS
from cabinet.models import FAILED, Mailing
from receipts import subscriptions
from receipts.models import Subscription

REFRESH = 5  # seconds
# What may be done to a mailing, by its name in the path: what the button says.
ACTS = {
    "pause": _("Pause"),
    "resume": _("Resume"),
    "retry": _("Send failed letters anew"),
}


@admin.register(Mailing)
class MailingAdmin(OfMany, ReadOnly):
    """The newest first; of each, what has become of its letters."""

    searched, looked = "mailings_listed", "looked_at_mailing"
    change_form_template = "admin/cabinet/mailing/change_form.html"
    list_display = ("begun", "what", "of", "total", "sent", "failed", "waiting", "state")
    list_display_links = ("begun", "what")
    fields = ("begun", "what", "of", "made_for", "state")

    def concerns(self, shown: Mailing) -> dict[str, Any]:
        return {"mailing": shown.pk}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(total__gt=0)  # some days nobody is reminded

    def get_urls(self) -> list[Any]:
        act = path(
            "<int:pk>/<slug:act>/",
            self.admin_site.admin_view(require_POST(self.act_view)),
            name="cabinet_mailing_act",
        )
        progress = path(
            "<int:pk>/progress/",
            self.admin_site.admin_view(require_safe(self.progress_view)),
            name="cabinet_mailing_progress",
        )
        own = super().get_urls()
        return [*own[:-1], progress, act, own[-1]]

    def beside(self, request: HttpRequest, shown: Mailing) -> dict[str, Any]:
        may = request.user.has_perm("cabinet.manage_mailing")
        return {
            "sheets": SHEETS,
            "shown": _part(request, shown),
            "acts": _acts(shown, _progress(shown)) if may else [],
            "refresh": 0 if shown.ended_at or shown.paused_at else REFRESH,
        }

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far it is, for the page that is open already: no look of its own. 204 once it is
        over, or paused.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        mailing = get_object_or_404(Mailing, pk=pk)
        if mailing.ended_at or mailing.paused_at:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return HttpResponse(format_html("<div data-refresh>{}</div>", _part(request, mailing)))

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """One of ACTS is done, and told on the mailing's page."""
        if not request.user.has_perm("cabinet.manage_mailing") or act not in ACTS:
            raise PermissionDenied
        mailing = get_object_or_404(Mailing, pk=pk)
        messages.success(request, _done(request, mailing, act))
        return redirect("admin:cabinet_mailing_change", pk)

    @admin.display(description=_("begun at"))
    def begun(self, mailing: Mailing) -> str:
        return days.moment(mailing.created_at)

    @admin.display(description=_("kind"))
    def what(self, mailing: Mailing) -> str:
        return str(KINDS.get(mailing.kind, mailing.kind))

    @admin.display(description=_("month or day"))
    def of(self, mailing: Mailing) -> str:
        return mailing.of

    @admin.display(description=_("what it was made for"))
    def made_for(self, mailing: Mailing) -> str:
        word, _space, number = mailing.key.partition(" ")
        if word == "import":
            return gettext("import no. %(number)s") % {"number": number}
        return gettext("by hand") if word == "by" else gettext("the day")

    @admin.display(description=_("sent"))
    def sent(self, mailing: Mailing) -> int:
        return _progress(mailing).sent

    @admin.display(description=_("failed"))
    def failed(self, mailing: Mailing) -> int:
        return _progress(mailing).failed

    @admin.display(description=_("waiting"))
    def waiting(self, mailing: Mailing) -> int:
        return _progress(mailing).waiting

    @admin.display(description=_("state"))
    def state(self, mailing: Mailing) -> str:
        if mailing.ended_at:
            return gettext("ended at %(moment)s") % {"moment": days.moment(mailing.ended_at)}
        return gettext("paused") if mailing.paused_at else gettext("under way")


def _said(reason: str) -> str:
    """In the reader's language when it is of ours, else in the mail server's words."""
    return gettext(reason) if reason else "—"


def _part(request: HttpRequest, mailing: Mailing) -> SafeString:
    progress = _progress(mailing)
    context = {
        "mailing": mailing,
        "progress": progress,
        "rate": figures.number(progress.rate, 1) if progress.rate is not None else "—",
        "reasons": [(_said(text), count) for text, count in progress.reasons],
    }
    return part("receipts/staff_mailing.html", context, request)


def _progress(mailing: Mailing) -> mailings.Progress:
    """Counted once for all columns of a row, and all parts of a page."""
    found: mailings.Progress | None = vars(mailing).get("_counted")
    if found is None:
        found = vars(mailing)["_counted"] = mailings.progress(mailing)
    return found


def _acts(mailing: Mailing, progress: mailings.Progress) -> list[tuple[str, Any]]:
    """What makes sense now."""
    sensible = []
    if not mailing.ended_at:
        sensible.append("resume" if mailing.paused_at else "pause")
    if progress.failed:
        sensible.append("retry")
    return [(act, ACTS[act]) for act in sensible]


@transaction.atomic
def _done(request: HttpRequest, mailing: Mailing, act: str) -> Any:
    """Does it, writes it down, and says what has been done."""
    if act == "retry":
        failed = mailing.letters.filter(state__in=FAILED)
        addressed = list(failed.values_list("delivery__subscription", flat=True))
        count = mailings.retry(mailing)  # letters before subscriptions, as everybody locks them
        subscriptions.try_again(Subscription.objects.filter(pk__in=addressed))
        if count:
            audit.record("mailing_retried", request, mailing=mailing.pk, letters=count)
        return _("Failed letters wait to be sent anew: %(count)s.") % {"count": count}
    if act == "pause":
        if mailings.pause(mailing):
            audit.record("mailing_paused", request, mailing=mailing.pk)
        return _("Paused: only what is in hand right now still goes out.")
    if mailings.resume(mailing):
        audit.record("mailing_resumed", request, mailing=mailing.pk)
    return _("The mailing goes on.")
