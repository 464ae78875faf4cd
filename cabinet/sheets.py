"""The style sheets of the pages, served as one file: css/cabinet.css."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, overload

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

NAME = "css/cabinet.css"
# In the order in which they override each other; the admin has sheets of its own.
SHEETS = (
    *("tokens", "base", "frame", "forms", "figures", "charts"),
    *("settings", "support", "applications", "print"),
)
SOURCES = Path(settings.BASE_DIR) / "static" / "css"
MADE = Path(settings.BASE_DIR) / "var" / "sheets"


def make() -> Path:
    """The one file, written anew only when a sheet has changed."""
    path = MADE / NAME
    content = b"\n".join((SOURCES / f"{sheet}.css").read_bytes() for sheet in SHEETS)
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)  # whoever reads it meanwhile reads all of it
    return path


class Finder(BaseFinder):
    """What `collectstatic` takes and the server for developing looks for."""

    @overload
    def find(self, path: str, find_all: Literal[False] = False) -> str | None: ...
    @overload
    def find(self, path: str, find_all: Literal[True]) -> list[str]: ...

    def find(self, path: str, find_all: bool = False) -> str | list[str] | None:
        found = [str(make())] if path == NAME else []
        return found[0] if found and not find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        make()
        yield NAME, FileSystemStorage(location=MADE)
