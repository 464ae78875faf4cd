"""All that the cabinet keeps of a user, for the user to take away."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts import sessions
from accounts.models import User
from cabinet.downloads import Column, Table, csv_of, rows_of

# What other apps keep of a user: tables by the name of their file. They add to it when ready.
PARTS: list[Callable[[User], Iterable[tuple[str, Table]]]] = []


def as_zip(request: HttpRequest) -> HttpResponse:
    """One `data.json` with everything, and each table as CSV; secrets are not in it."""
    content: dict[str, Any] = {"user": _user(request.user)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, table in _tables(request):
            content[name] = rows_of(table)
            archive.writestr(f"{name}.csv", csv_of(table))
        archive.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=1))
    name = _("My data %(day)s") % {"day": timezone.localdate().isoformat()}
    return HttpResponse(
        file.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": content_disposition_header(True, f"{name}.zip")},
    )


def _user(user: User) -> dict[str, Any]:
    return {
        "login": user.login,
        "email": user.email,
        "full_name": user.full_name,
        "language": user.language,
        "registered_at": user.joined_at.isoformat(),
        "last_sign_in_at": user.last_login.isoformat() if user.last_login else None,
    }


def _tables(request: HttpRequest) -> Iterable[tuple[str, Table]]:
    user = request.user
    yield (
        "addresses",
        _table(
            [Column("email", _("E-mail")), Column("confirmed", _("Confirmed"), "yes_no")],
            EmailAddress.objects.filter(user=user).order_by("pk").values_list("email", "verified"),
        ),
    )
    yield (
        "consents",
        _table(
            [Column("version", _("Version")), Column("given_at", _("Given"), "moment")],
            user.consents.order_by("given_at").values_list("version", "given_at"),
        ),
    )
    yield (
        "second_step",
        _table(
            [Column("kind", _("Kind")), Column("since", _("Since"), "moment")],
            [
                (str(each), each.created_at)
                for each in Authenticator.objects.filter(user=user).order_by("pk")
            ],
        ),
    )
    yield (
        "sessions",
        _table(
            [
                Column("device", _("Device")),
                Column("address", _("Network address")),
                Column("since", _("Since"), "moment"),
                Column("seen", _("Last seen"), "moment"),
            ],
            [
                (each.device, each.address, each.since, each.seen)
                for each in sessions.of_user(request)
            ],
        ),
    )
    for part in PARTS:
        yield from part(user)


def _table(columns: list[Column], rows: Iterable[Any]) -> Table:
    return Table("", "", "", "", columns, list(rows))
