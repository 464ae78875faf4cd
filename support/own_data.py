"""A user's applications and what was written to them, for the user to take away."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts import export
from accounts.models import User
from cabinet.downloads import Column, Table
from support import asked
from support.models import Message


def tables(user: User) -> Iterator[tuple[str, Table]]:
    """Both, if there are any; drafts too, and no internal note."""
    every = user.applications.select_related("kind", "account").order_by("pk")
    rows = [
        (
            each.number or "",
            str(each.kind),
            each.account.number if each.account else "",
            each.registered_at,
            str(each.get_state_display()),
            each.text,
            "; ".join(f"{label}: {value}" for label, value in answers)
            if (answers := asked.in_words(each.data) if each.number else [])
            else "",
        )
        for each in every
    ]
    if not rows:
        return
    columns = [
        Column("number", _("Number of the application")),
        Column("kind", _("What about")),
        Column("account", _("Account number")),
        Column("registered_at", _("Registered"), "moment"),
        Column("state", _("State")),
        Column("text", _("Text")),
        Column("answers", _("Answers")),
    ]
    yield "applications", export.table(columns, rows)
    written = Message.objects.filter(application__user=user, is_internal=False)
    said = [
        (
            each.application.number or "",
            each.at,
            _("The supplier") if each.by_staff else _("You wrote"),
            each.text,
        )
        for each in written.select_related("application").order_by("pk")
    ]
    if said:
        columns = [
            Column("number", _("Number of the application")),
            Column("at", _("When"), "moment"),
            Column("by", _("Who")),
            Column("text", _("Text")),
        ]
        yield "messages", export.table(columns, said)
