"""What the applicant called a file, made harmless wherever it is shown or saved."""

import re
import unicodedata

from django.utils.translation import gettext as _

from support.models import FileKind

LONGEST = 120
EXTENSIONS = {FileKind.PDF: ".pdf", FileKind.JPEG: ".jpg", FileKind.PNG: ".png"}

EXTENSION = re.compile(r"\.(pdf|jpe?g|jpe|jfif|png|hei[cf]|hif)$", re.IGNORECASE | re.ASCII)
# Quotes, and what Windows allows in no name; letters that nobody sees.
FORBIDDEN = re.compile("[\"'`<>:|?*\\\\/\u201a\u201e\uff02\uff07]")
# A quote and the ends of a line as browsers write them into a form (WHATWG, multipart/form-data).
ESCAPED = re.compile("%(22|0D|0A)", re.IGNORECASE)
INVISIBLE = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
SPACES = ("Zs", "Zl", "Zp", "Cc", "Pi", "Pf")  # categories of characters that become a space
GONE = ("Cf", "Cs", "Co", "Cn")  # directions of writing above all
MARKS = ("Mn", "Mc", "Me")
# Names that Windows keeps for devices, whatever the extension.
DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *", re.IGNORECASE)


def safe_name(name: str, kind: FileKind | str) -> str:
    """The last part of a path, in one line, with the kind's extension and LONGEST letters at most;
    where nothing legible remains, `құжат.pdf` in the reader's language. Of itself it is the same.
    """
    extension = EXTENSIONS[FileKind(kind)]
    stem = _legible(re.split(r"[/\\]", name)[-1]).rstrip(" .")
    stem = EXTENSION.sub("", stem).strip(" .-")
    if _is_device(stem):
        stem = f"_{stem}"
    stem = _shortened(stem, LONGEST - len(extension)).rstrip(" .-")
    if not any(letter.isalnum() for letter in stem) or _is_device(stem):
        stem = _("document") if kind == FileKind.PDF else _("picture")
    return stem + extension


def _legible(text: str) -> str:
    """In one line and in the usual form, without quotes and what cannot be seen."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        if category in SPACES or FORBIDDEN.match(letter):
            letters.append(" ")
        elif category not in GONE and not INVISIBLE.match(letter):
            letters.append(letter)
    return " ".join(ESCAPED.sub(" ", unicodedata.normalize("NFC", "".join(letters))).split())


def _is_device(stem: str) -> bool:
    return bool(DEVICE.fullmatch(stem.partition(".")[0]))


def _shortened(text: str, longest: int) -> str:
    """Never between a letter and its marks."""
    end = longest
    while 0 < end < len(text) and unicodedata.category(text[end]) in MARKS:
        end -= 1
    return text[:end]
