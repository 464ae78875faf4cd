"""All that the cabinet keeps of a user, for the user to take away."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable
from tempfile import NamedTemporaryFile
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
from cabinet.letters import KINDS
from cabinet.models import Letter, State

# What other apps keep of a user: tables by the name of their file. They add to it when ready.
PARTS: list[Callable[[User], Iterable[tuple[str, Table]]]] = []


def as_zip(request: HttpRequest) -> HttpResponse:
    """One `data.json` with everything, and each table as CSV; secrets are not in it.

    No more than one table is in memory, however many accounts there are.
    """
    file = io.BytesIO()
    with (
        NamedTemporaryFile("w", encoding="utf-8") as everything,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        everything.write(f'{{"user": {_json(_user(request.user))}')
        for name, part in _tables(request):
            archive.writestr(f"{name}.csv", csv_of(part))
            rows = ",\n".join(map(_json, rows_of(part)))
            everything.write(f",\n{_json(name)}: [\n{rows}\n]")
        everything.write("}\n")
        everything.flush()
        archive.write(everything.name, "data.json")
    name = _("My data %(day)s") % {"day": timezone.localdate().isoformat()}
    return HttpResponse(
        file.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": content_disposition_header(True, f"{name}.zip")},
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _user(user: User) -> dict[str, Any]:
    return {
        "login": user.login,
        "email": user.email,
        "full_name": user.full_name,
        "language": user.language,
        "large_text": user.large_text,
        "registered_at": user.joined_at.isoformat(),
        "last_sign_in_at": user.last_login.isoformat() if user.last_login else None,
    }


def _tables(request: HttpRequest) -> Iterable[tuple[str, Table]]:
    user = request.user
    yield (
        "addresses",
        table(
            [Column("email", _("E-mail")), Column("confirmed", _("Confirmed"), "yes_no")],
            EmailAddress.objects.filter(user=user).order_by("pk").values_list("email", "verified"),
        ),
    )
    yield (
        "address_changes",
        table(
            [
                Column("old", _("Earlier address")),
                Column("new", _("New address")),
                Column("at", _("When"), "moment"),
                Column("undone", _("Put back"), "yes_no"),
            ],
            user.address_changes.order_by("pk").values_list("old", "new", "at", "undone"),
        ),
    )
    yield (
        "consents",
        table(
            [Column("version", _("Version")), Column("given_at", _("Given"), "moment")],
            user.consents.order_by("given_at").values_list("version", "given_at"),
        ),
    )
    yield (
        "second_step",
        table(
            [Column("kind", _("Kind")), Column("since", _("Since"), "moment")],
            [
                (str(each), each.created_at)
                for each in Authenticator.objects.filter(user=user).order_by("pk")
            ],
        ),
    )
    yield (
        "sessions",
        table(
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
    confirmed = EmailAddress.objects.filter(user=user, verified=True)
    letters = Letter.objects.to(confirmed.values_list("email", flat=True)).order_by("pk")
    yield (
        "letters",
        table(
            [
                Column("kind", _("Kind")),
                Column("subject", _("Subject")),
                Column("written", _("Written"), "moment"),
                Column("done", _("Finished"), "moment"),
                Column("state", _("State")),
            ],
            [
                (str(KINDS.get(kind, kind)), subject, written, done, str(State(state).label))
                for kind, subject, written, done, state in letters.values_list(
                    "kind", "subject", "created_at", "done_at", "state"
                )
            ],
        ),
    )
    for part in PARTS:
        yield from part(user)


def table(columns: list[Column], rows: Iterable[Any]) -> Table:
    """A part of the own data: its name is that of its file."""
    return Table("", "", "", "", columns, list(rows))
