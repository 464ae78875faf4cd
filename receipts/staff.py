"""What an account's page in the admin tells of its subscriptions; a receipt is sent once more."""

from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import audit
from billing.models import PersonalAccount
from cabinet import months
from cabinet.jinja import part
from cabinet.letters import KINDS
from cabinet.models import Letter
from receipts import deliveries
from receipts.models import NOTICES, Delivery, Subscription


@require_POST
def send_again(request: HttpRequest, pk: int, subscription: int) -> HttpResponse:
    """The account's latest receipt goes to a subscriber once more."""
    account = account_of(request, pk)
    if not request.user.has_perm("receipts.send_again"):
        raise PermissionDenied
    found = get_object_or_404(account.subscriptions.select_related("user"), pk=subscription)
    with transaction.atomic():
        delivery = deliveries.send_again(found)
        if delivery and delivery.month:
            month = months.code(delivery.month)
            audit.record(
                "receipt_sent_again", request, account=account, subject=found.user, month=month
            )
    if delivery:
        messages.success(request, _("The receipt goes out once more."))
    else:
        messages.error(request, _("There is no receipt to be sent, or nobody to send it to."))
    return redirect("admin:billing_personalaccount_change", pk)


@dataclass(frozen=True)
class Subscribed:
    """A subscription as staff see it, with the latest letter that it brought."""

    subscription: Subscription
    in_force: bool
    letter: Letter | None

    @property
    def notices(self) -> list[str]:
        return [str(audit.WORDS[name]) for name in NOTICES if getattr(self.subscription, name)]

    @property
    def kind(self) -> str:
        return str(KINDS.get(self.letter.kind, "")) if self.letter else ""

    @property
    def reason(self) -> str:
        return gettext(self.letter.last_error) if self.letter and self.letter.last_error else ""


def of_account(request: HttpRequest, account: PersonalAccount) -> SafeString:
    """Who gets what of the account by e-mail, and what became of the latest letter."""
    in_force = Subscription.objects.in_force().filter(pk=OuterRef("pk"))
    found = account.subscriptions.select_related("user").annotate(
        in_force=Exists(in_force),
        latest=Subquery(
            Delivery.objects.filter(subscription=OuterRef("pk"))
            .order_by("-letter_id")
            .values("letter_id")[:1]
        ),
    )
    rows = list(found.order_by("pk"))
    letters = Letter.objects.in_bulk([each.latest for each in rows if each.latest])
    context = {
        "rows": [Subscribed(each, each.in_force, letters.get(each.latest)) for each in rows],
        "may_send": request.user.has_perm("receipts.send_again"),
    }
    return part("receipts/staff_subscriptions.html", context, request)


def account_of(request: HttpRequest, pk: int) -> PersonalAccount:
    """The account, which this member of staff may look at."""
    account = get_object_or_404(PersonalAccount, pk=pk)
    if not admin.site.get_model_admin(PersonalAccount).has_view_permission(request, account):
        raise PermissionDenied
    return account
