"""Mail that goes nowhere: each letter is kept as a file, for whoever tries the cabinet out."""

import datetime as dt
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

BACKEND = "cabinet.mail.EmailBackend"
LINK = re.compile(r"(https?://\S+)")


class EmailBackend(BaseEmailBackend):
    """Writes `EMAIL_FILE_PATH/….eml`, for the owner's eyes only; the newest name sorts last."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
            write(folder / name, message.message().as_bytes())
        return len(email_messages)


def write(path: Path, content: bytes) -> None:
    """A whole `.eml` file or none: it gets its name once all of it is there."""
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    path.rename(f"{path}.eml")


def newest(count: int) -> list[Path]:
    """The files of the last letters, the newest first; none when letters go elsewhere."""
    if settings.EMAIL_BACKEND != BACKEND:
        return []
    return sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)[:count]


@dataclass(frozen=True)
class Kept:
    """A letter read back: its paragraphs consist of lines, these of pieces with a link or none; of
    what is attached the names.
    """

    to: str
    subject: str
    at: dt.datetime
    language: str
    paragraphs: list[list[list[tuple[str, bool]]]]
    attached: list[str]


def read(path: Path, host: str) -> Kept:
    """The letter in the file; of its links, only those to the host are such."""
    letter = message_from_bytes(path.read_bytes(), policy=default)
    body = letter.get_body(("plain",))
    text = body.get_content() if body else ""
    at = letter["Date"].datetime
    return Kept(
        to=letter["To"],
        subject=letter["Subject"],
        at=at if at.tzinfo else at.replace(tzinfo=dt.UTC),  # it says -0000 when it says UTC
        language=letter["Content-Language"] or "",
        paragraphs=[
            [_pieces(line, host) for line in paragraph.splitlines()]
            for paragraph in text.strip().split("\n\n")
        ],
        attached=[each.get_filename() or "" for each in letter.iter_attachments()],
    )


def _pieces(line: str, host: str) -> list[tuple[str, bool]]:
    return [
        (piece, bool(LINK.fullmatch(piece)) and urlsplit(piece).netloc == host)
        for piece in LINK.split(line)
        if piece
    ]
