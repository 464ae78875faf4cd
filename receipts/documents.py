"""PDFs on demand: made when asked for, the same bytes for the same facts, never stored.

A document's ETag comes from its facts and from all that it is made of (templates, style,
fonts, words), so that a reader who has it is told so without making it once more. Only so many
are made at once on a machine, so that pages stay fast: whoever comes beyond that is asked to
wait (503, Retry-After).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

from cabinet import turns
from cabinet.views import later

KEPT = 32  # documents that a process keeps in its memory
PATIENCE = 1.0  # seconds that a document waits for its turn
MADE_OF = (
    *("receipts/*.py", "receipts/*.css", "receipts/fonts/*", "templates/receipts/*"),
    "locale/*/*/*.mo",
    *("billing/*.py", "billing/models/*.py", "cabinet/*.py", "cabinet/formats/**/*.py"),
)

_kept: OrderedDict[str, bytes] = OrderedDict()


class TooMany(Exception):
    """As many documents as may be are being made on this machine."""


@dataclass(frozen=True)
class Document:
    """A PDF to be made; `facts` are all that its content depends on."""

    filename: str
    facts: Any
    make: Callable[[], bytes]

    @cached_property
    def etag(self) -> str:
        """Of the facts, and of all that the document is made of."""
        made = hashlib.sha256(f"{made_of()} {self.facts!r}".encode())
        return made.hexdigest()[:32]

    def content(self) -> bytes:
        """The bytes; TooMany when it is not its turn."""
        key = self.etag
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        with turn():
            content = self.make()
        _kept[key] = content
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return content


def answer(request: HttpRequest, document: Document) -> HttpResponse:
    """The document, opened in the browser; 304 for who has it, 503 when too many are made."""
    etag = quote_etag(document.etag)
    headers = {
        "Content-Disposition": content_disposition_header(False, document.filename) or "",
        "Cache-Control": "private, no-cache",
        "ETag": etag,
    }
    same = get_conditional_response(request, etag=etag)
    if same is not None and same.status_code != 200:
        for name in ("Cache-Control", "ETag"):
            same[name] = headers[name]
        return same
    try:
        content = document.content()
    except TooMany:
        return later(request, "503.html")
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@cache
def made_of() -> str:
    """The SHA-256 of all that documents are made of besides their facts."""
    digest = hashlib.sha256(version("weasyprint").encode() + settings.MARK.read_bytes())
    for pattern in MADE_OF:
        for path in sorted(Path(settings.BASE_DIR).glob(pattern)):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def turn() -> Iterator[None]:
    """One of the machine's turns to make a document; TooMany when none becomes free in a second."""
    try:
        with turns.turn("", settings.DOCUMENTS_AT_ONCE, PATIENCE):
            yield
    except turns.NoTurn as error:
        raise TooMany from error
