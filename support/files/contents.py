"""What a file is, by its content, and what of it is kept."""

import io
import logging
import re
import zipfile

from django.conf import settings

from support.files import clamav, pictures
from support.files.refusals import Refused
from support.models import FileKind

MEGABYTE = 1 << 20
LARGEST = 10 * MEGABYTE  # of what is sent
LARGEST_KEPT = 15 * MEGABYTE  # a picture written anew may be larger than it was

PDF = b"%PDF-"
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# How far from its beginning a reader looks for a PDF, and what may follow its end.
PDF_HEAD = PDF_REST = 1024
PDF_END = re.compile(rb"startxref[\s\0]+\d+[\s\0]+%%EOF")
PDF_PROTECTION = re.compile(rb"/Encrypt[\s\0]*(?:<<|\d+[\s\0]+\d+[\s\0]+R)")

logger = logging.getLogger(__name__)


def harmless(content: bytes) -> tuple[FileKind, bytes]:
    """What is to be kept of a file, and its kind. Raises Refused."""
    kind = _kind_of(content)
    if kind == "PDF":
        _check_pdf(content)
    _check_for_malware(content)
    if kind == "PDF":
        return FileKind.PDF, content
    kept = pictures.written_anew(content, kind)
    if len(kept) > LARGEST_KEPT:
        raise Refused("large_picture")
    return (FileKind.PNG if kind == "PNG" else FileKind.JPEG), kept


def _kind_of(content: bytes) -> str:
    """PDF, or as Pillow calls the format."""
    if content.startswith(PDF):
        return "PDF"
    if content.startswith(PNG):
        return "PNG"
    if content.startswith(JPEG):
        return "JPEG"
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return "HEIF"
    raise Refused("mixed_pdf" if PDF in content[:PDF_HEAD] else "kind")


def _check_pdf(content: bytes) -> None:
    """It begins and ends as a PDF, is nothing else besides, and anybody can open it.

    What is encrypted says so outside of all that may be compressed (ISO 32000-2, 7.5.5, 7.5.8).
    """
    ends = [found.end() for found in PDF_END.finditer(content)]
    if not ends:
        raise Refused("broken_pdf")
    if len(content) - ends[-1] > PDF_REST or zipfile.is_zipfile(io.BytesIO(content)):
        raise Refused("mixed_pdf")
    if PDF_PROTECTION.search(content):
        raise Refused("protected_pdf")


def _check_for_malware(content: bytes) -> None:
    """By ClamAV where there is one: without its answer nothing is taken."""
    if not settings.CLAMD:
        return
    try:
        found = clamav.found_in(content, settings.CLAMD)
    except clamav.NoAnswer as error:
        logger.error("ClamAV does not answer: %s", error)
        raise Refused("unchecked") from error
    if found:
        logger.warning("ClamAV found %s in an attachment.", found)
        raise Refused("infected")
