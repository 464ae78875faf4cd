"""A set's files, in a folder or at the root of a zip; they are read where they are."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import BinaryIO

from django.utils.translation import gettext as _

from billing.exchange.layout import BY_NAME
from billing.exchange.problems import NotASet

TOTALS = "totals"
DELETIONS = "deletions"
LARGEST_RATIO = 100
BLOCK = 1 << 18
LONGEST_LINE = 1 << 23
# RuntimeError is zipfile's word for what is encrypted, ValueError for names that are no text.
BROKEN = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass
class Source:
    """A file of a set: where it is, how large, and what was read from it."""

    file_name: str
    size: int
    open: Callable[[], BinaryIO] = field(repr=False)
    is_packed: bool = False
    sha256: str = ""
    rows: int = 0
    on_bytes: Callable[[int], object] = field(default=lambda count: None, repr=False)

    @property
    def name(self) -> str:
        """The file's name in the format: `ledger` for `ledger.csv`."""
        return self.file_name.removesuffix(".csv")

    def blocks(self) -> Iterator[bytes]:
        """The file's bytes; NotASet where they cannot be read or hold a NUL.

        Read to its end, the source knows its SHA-256; read again, it must not have changed.
        """
        sha256, size = hashlib.sha256(), 0
        with self._readable() as stream:
            while block := stream.read(BLOCK):
                if b"\0" in block:
                    raise NotASet(
                        _("%(file)s: there is a NUL byte in it.") % {"file": self.file_name}
                    )
                size += len(block)
                self._refuse_size(size > self.size)
                sha256.update(block)
                self.on_bytes(len(block))
                yield block
        self._refuse_size(size != self.size)
        if self.sha256 not in ("", sha256.hexdigest()):
            raise NotASet(_("%(file)s changed while it was read.") % {"file": self.file_name})
        self.sha256 = sha256.hexdigest()

    def hash_unread(self) -> None:
        """The hash of a file that was not read to its end; left empty where it cannot be read."""
        if self.sha256:
            return
        sha256 = hashlib.sha256()
        try:
            with self._readable() as stream:
                while block := stream.read(BLOCK):
                    sha256.update(block)
        except NotASet:
            return
        self.sha256 = sha256.hexdigest()

    def _refuse_size(self, is_wrong: bool) -> None:
        """A packed file has as many bytes as its zip declares."""
        if self.is_packed and is_wrong:
            raise self._unreadable(zipfile.BadZipFile())

    def _unreadable(self, error: Exception) -> NotASet:
        return NotASet(
            _("%(file)s cannot be read: %(reason)s")
            % {"file": self.file_name, "reason": _reason(error)}
        )

    @contextmanager
    def _readable(self) -> Iterator[BinaryIO]:
        try:
            with self.open() as stream:
                yield stream
        except BROKEN as error:
            raise self._unreadable(error) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return _("the system refuses it (%(code)s).") % {"code": error.errno}
    return _("it is broken, encrypted or larger than it says.")


def find(path: Path) -> list[Source]:
    """The files of the set; NotASet for anything but known files in a folder or a zip."""
    try:
        if path.is_dir():
            sources = _of_folder(path)
        elif path.is_file():
            sources = _of_zip(path)
        else:
            raise NotASet(_("There is no %(path)s.") % {"path": path})
    except OSError as error:
        raise NotASet(
            _("%(file)s cannot be read: %(reason)s") % {"file": path, "reason": _reason(error)}
        ) from error
    except RuntimeError as error:  # links that lead to one another
        raise NotASet(_("There is no %(path)s.") % {"path": path}) from error
    if not sources:
        raise NotASet(_("There are no files in %(path)s.") % {"path": path})
    return sources


def _of_folder(folder: Path) -> list[Source]:
    def source(path: Path) -> Source:
        def open_file() -> BinaryIO:
            return path.open("rb", buffering=0)

        return Source(path.name, path.stat().st_size, open_file)

    paths = sorted(folder.iterdir())
    for path in paths:
        if not path.is_file():
            raise _unknown(path.name)
        _refuse_unknown(path.name)
    return [source(path) for path in paths]


def _of_zip(path: Path) -> list[Source]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise NotASet(_("%(path)s is neither a folder nor a zip.") % {"path": path}) from error

    def source(entry: zipfile.ZipInfo) -> Source:
        size = entry.file_size
        entry.file_size += 1  # zipfile hides what is beyond; so one byte more is seen
        return Source(entry.filename, size, lambda: archive.open(entry), is_packed=True)  # type: ignore

    entries = archive.infolist()
    for number, entry in enumerate(entries):
        _refuse_unknown(entry.filename)
        if entry.compress_type not in PACKED:
            raise NotASet(_("%(file)s is packed in an unknown way.") % {"file": entry.filename})
        if entry.filename in {other.filename for other in entries[:number]}:
            raise NotASet(_("%(file)s is there twice.") % {"file": entry.filename})
        if entry.file_size > LARGEST_RATIO * entry.compress_size:
            raise NotASet(
                _("%(file)s is compressed more than %(ratio)s : 1.")
                % {"file": entry.filename, "ratio": LARGEST_RATIO}
            )
    return sorted(map(source, entries), key=lambda source: source.file_name)


def _refuse_unknown(file_name: str) -> None:
    if "\\" in file_name or file_name != PurePath(file_name).name:
        raise NotASet(_("%(file)s does not lie at the root of the set.") % {"file": file_name})
    name = file_name.removesuffix(".csv")
    if not file_name.endswith(".csv") or name not in {*BY_NAME, TOTALS, DELETIONS}:
        raise _unknown(file_name)


def _unknown(file_name: str) -> NotASet:
    return NotASet(_("%(file)s is not a file of the exchange.") % {"file": file_name})


def whole_lines(source: Source) -> Iterator[bytes]:
    """The source's bytes in pieces that end where a line does; NotASet for an endless line."""
    rest = b""
    for block in source.blocks():
        rest += block
        # A last return may be half of a line's end.
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, len(rest) - 1)) + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LONGEST_LINE:
            raise NotASet(_("%(file)s: a line has no end.") % {"file": source.file_name})
    if rest:
        yield rest
