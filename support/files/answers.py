"""A file, handed out so that no browser runs anything in it."""

import logging

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

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


def answer(attachment: Attachment, *, inline: bool = False) -> HttpResponse:
    """The file under its name, to be saved; `inline`, a picture is shown. Http404 if it is gone."""
    kind = FileKind(attachment.kind)
    try:
        content = path_of(attachment).read_bytes()
    except FileNotFoundError:
        logger.error("The file of attachment %s is gone.", attachment.key)
        raise Http404 from None
    is_saved = kind == FileKind.PDF or not inline
    named = {"Content-Disposition": content_disposition_header(is_saved, attachment.name) or ""}
    return HttpResponse(content, content_type=CONTENT_TYPES[kind], headers={**HEADERS, **named})
