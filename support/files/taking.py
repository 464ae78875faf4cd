"""A file that is sent becomes an attachment, or is refused."""

import hashlib
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from support.files import store
from support.files.contents import LARGEST, MEGABYTE, harmless
from support.files.names import safe_name
from support.files.refusals import Refused, full_disks_told
from support.models import Application, Attachment

MOST_AT_ONCE = 5  # of a draft, or of a message
QUOTA = 100 * MEGABYTE  # of all that a resident has sent


@full_disks_told()
def take(application: Application, uploaded: UploadedFile, *, by_staff: bool = False) -> Attachment:
    """Checks and keeps a file for a draft, or for the message that is about to be written.

    Raises Refused. Until the caller's transaction ends, the applicant's row is locked, so that
    files sent at once are counted; if it comes to nothing, the file is a stray.
    """
    content = _content(uploaded)
    _check_room(application, by_staff, 1)  # sooner than a picture is decoded
    kind, kept = harmless(content)
    with transaction.atomic():
        _lock_applicant(application)
        _check_room(application, by_staff, len(kept))
        key = store.keep(kept)
        try:
            return Attachment.objects.create(
                key=key,
                application=application,
                by_staff=by_staff,
                name=safe_name(uploaded.name or "", kind),
                kind=kind,
                size=len(kept),
                sha256=hashlib.sha256(kept).hexdigest(),
            )
        except BaseException:
            store.forget(key)
            raise


def take_all(
    application: Application, sent: Iterable[UploadedFile], *, by_staff: bool = False
) -> tuple[list[Attachment], list[tuple[str, str]]]:
    """Takes those that can be taken; of those that are refused, name and reason in words."""
    taken, refused = [], []
    for uploaded in sent:
        try:
            with transaction.atomic():
                taken.append(take(application, uploaded, by_staff=by_staff))
        except Refused as error:
            refused.append((uploaded.name or "", " ".join(error.messages)))
    return taken, refused


def _content(uploaded: UploadedFile) -> bytes:
    """All of it; no more of what is too large than shows that it is."""
    uploaded.seek(0)
    content = uploaded.read(LARGEST + 1)
    if not content:
        raise Refused("empty")
    if len(content) > LARGEST:
        raise Refused("large", megabytes=LARGEST // MEGABYTE)
    return content


def _lock_applicant(application: Application) -> None:
    """Refused when the application is not any more what the caller has seen."""
    applicant = User.objects.select_for_update(no_key=True).filter(pk=application.user_id)
    seen = {"pk": application.pk, "registered_at": application.registered_at}
    if not applicant or not Application.objects.filter(**seen).exists():
        raise Refused("gone")


def _check_room(application: Application, by_staff: bool, size: int) -> None:
    """A submitted application's files without a message are those of its draft, and those that
    were taken since for the message that is being written.
    """
    now = application.attachments.filter(message=None, by_staff=by_staff)
    if application.registered_at:
        now = now.filter(at__gte=application.registered_at)
    if now.count() >= MOST_AT_ONCE:
        raise Refused("many", count=MOST_AT_ONCE)
    if by_staff:
        return
    sent = Attachment.objects.filter(application__user=application.user_id, by_staff=False)
    used = sent.aggregate(used=Sum("size", default=0))["used"]
    if used + size > QUOTA:
        raise Refused("quota", megabytes=QUOTA // MEGABYTE)
