"""The folders of uploaded sets, and how an upload gets there.

A set, its reports and its rejects hold personal data: all are for the server's own user alone.
"""

import hashlib
import json
import os
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from billing.exchange.load import NoRoom, full_disks_told
from billing.models import ImportJob

DAY = 24 * 60 * 60  # seconds


def folder(key: uuid.UUID) -> Path:
    return Path(settings.IMPORTS_FOLDER) / str(key)


def set_of(job: ImportJob) -> Path:
    return folder(job.key) / "set.zip"


def report_of(job: ImportJob, language: str) -> Path:
    """All bad rows, told in that language."""
    return folder(job.key) / f"{_kind(job)}-{language}.json"


def rejects_of(job: ImportJob) -> Path:
    return folder(job.key) / f"{_kind(job)}-rejects"


def _kind(job: ImportJob) -> str:
    return "check" if job.is_check else "load"


def has_rejects(job: ImportJob) -> bool:
    return any(rejects_of(job).glob("*.csv"))


def pack_rejects(job: ImportJob, into: BinaryIO) -> None:
    """The rejects as one zip."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(rejects_of(job).glob("*.csv")):
            archive.write(path, path.name)


def problems(job: ImportJob, language: str) -> Iterator[dict[str, Any]]:
    """The bad rows of the report, which has one a line; none once it is deleted."""
    with suppress(FileNotFoundError), report_of(job, language).open(encoding="utf-8") as report:
        for line in report:
            if line.startswith("{"):
                yield json.loads(line.rstrip(",\n"))


def forget(key: uuid.UUID) -> None:
    shutil.rmtree(folder(key), ignore_errors=True)


def forget_strays() -> None:
    """Deletes folders without a job, a day old: what a killed web server had begun to write."""
    root = Path(settings.IMPORTS_FOLDER)
    for found in root.iterdir() if root.is_dir() else ():
        with suppress(ValueError, FileNotFoundError):
            key = uuid.UUID(found.name)
            is_old = found.stat().st_mtime < time.time() - DAY
            if is_old and not ImportJob.objects.filter(key=key).exists():
                forget(key)


class KeptUpload(UploadedFile):
    """What came in: where it is, its SHA-256, and why it is not taken, if it is not."""

    def __init__(self, upload: "Upload") -> None:
        super().__init__(BytesIO(), upload.file_name, upload.content_type, upload.size)
        self.key = upload.key
        self.sha256 = upload.sha256.hexdigest()
        self.refusal = upload.refusal


class Upload(FileUploadHandler):
    """Writes a request's file to a folder of its own as it comes in.

    What is too large, or finds no room, is read to its end all the same, and thrown away: so the
    form is whole and can say why. Whoever handles the request calls `discard` unless a job was
    made of it.
    """

    chunk_size = 1 << 20

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.key = uuid.uuid4()
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.refusal = ""
        self.is_taken = False
        self.stream: BinaryIO | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.stream or self.refusal or self.field_name != "file":
            raise SkipFile
        try:
            with full_disks_told():
                path = folder(self.key)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.mkdir(mode=0o700)
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
                self.stream = open(os.open(path / "set.zip", flags, 0o600), "wb")  # noqa: SIM115
        except NoRoom as error:
            self._refuse(str(error))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.refusal or not self.stream:
            return
        if self.size > settings.IMPORTS_LARGEST:
            largest = filesizeformat(settings.IMPORTS_LARGEST)
            self._refuse(_("The file is larger than %(size)s.") % {"size": largest})
            return
        try:
            with full_disks_told():
                self.stream.write(raw_data)
            self.sha256.update(raw_data)
        except NoRoom as error:
            self._refuse(str(error))

    def file_complete(self, file_size: int) -> KeptUpload:
        try:
            with full_disks_told():
                if self.stream:
                    self.stream.close()
        except NoRoom as error:
            self._refuse(str(error))
        return KeptUpload(self)

    def _refuse(self, reason: str) -> None:
        self.refusal = reason
        self.discard()

    def discard(self) -> None:
        """Nothing of it stays."""
        if self.stream:
            with suppress(OSError):
                self.stream.close()
        forget(self.key)
