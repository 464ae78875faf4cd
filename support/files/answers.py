"""A file, handed out so that no browser runs anything in it."""

import logging

from django.http import FileResponse, Http404

from support.files.store import path_of
from support.models import Attachment, FileKind

CONTENT_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # django-csp leaves a policy alone that is there already.
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}

logger = logging.getLogger(__name__)


def answer(attachment: Attachment, *, inline: bool = False) -> FileResponse:
    """The file under its name, to be saved; `inline`, a picture is shown. Http404 if it is gone."""
    kind = FileKind(attachment.kind)
    try:
        file = path_of(attachment).open("rb")
    except FileNotFoundError:
        logger.error("The file of attachment %s is gone.", attachment.key)
        raise Http404 from None
    return FileResponse(
        file,
        as_attachment=kind == FileKind.PDF or not inline,
        filename=attachment.name,
        content_type=CONTENT_TYPES[kind],
        headers=HEADERS,
    )
