"""What comes to a user by e-mail, and what did, for the user to take away."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts import export
from accounts.models import User
from cabinet.downloads import Column, Table
from cabinet.jinja import yes_no
from receipts.models import SubscriptionChange


def tables(user: User) -> Iterator[tuple[str, Table]]:
    """Each change of the subscriptions, the latest first, if there was any."""
    columns = [
        Column("at", _("When"), "moment"),
        Column("number", _("Account number")),
        Column("why", _("Reason")),
        Column("receipts", _("E-receipts")),
        Column("reminders", _("Reminders before the day of payment")),
        Column("payments", _("Word of each payment received")),
        Column("language", _("Language of the receipt")),
        Column("form", _("Size of type")),
        Column("paper", _("Receipt on paper")),
    ]
    changes = SubscriptionChange.objects.filter(subscriber=user.pk).select_related("account")
    rows = [
        (
            each.at,
            each.account.number,
            each.get_why_display(),
            yes_no(each.receipts),
            yes_no(each.reminders),
            yes_no(each.payments),
            each.get_language_display(),
            each.get_form_display(),
            yes_no(each.paper),
        )
        for each in changes.order_by("-at", "-pk")
    ]
    if rows:
        yield "subscriptions", export.table(columns, rows)
