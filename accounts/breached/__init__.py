"""Breached passwords as a sorted file of the beginnings of their SHA-1 hashes.

A file is a header (`breach` and the format's number, then how many bytes each entry has),
the number of entries up to and including each of the 65 536 possible first two bytes, and all
entries: what follows those two bytes. `NOTICE` says where `breached.bin` comes from.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from struct import Struct

LIST = Path(__file__).with_name("breached.bin")
FALSE_ALARMS = 1e-5  # at most, a lookup: of how many others one is taken for an entry

HEADER = Struct("<7sB")
MAGIC = b"breach1"
COUNT = Struct("<I")
INDEX = 256**2 * COUNT.size


class Hashes:
    """What a file holds; nothing is read before it is asked for, all processes share the pages."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError(f"{path} is no list of breached passwords.")
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._size = self._bytes[len(MAGIC)]
        if len(self._bytes) != self._start(len(self)):
            raise ValueError(f"{path} is not whole.")

    def __len__(self) -> int:
        return self._up_to(256**2 - 1)

    def __contains__(self, digest: bytes) -> bool:
        first, entry = int.from_bytes(digest[:2]), digest[2 : 2 + self._size]
        places = range(self._up_to(first - 1), self._up_to(first))
        place = bisect_left(places, entry, key=self._entry)
        return place < len(places) and self._entry(places[place]) == entry

    def _up_to(self, first: int) -> int:
        if first < 0:
            return 0
        count: int = COUNT.unpack_from(self._bytes, HEADER.size + first * COUNT.size)[0]
        return count

    def _start(self, place: int) -> int:
        return HEADER.size + INDEX + place * self._size

    def _entry(self, place: int) -> bytes:
        return self._bytes[self._start(place) : self._start(place + 1)]


hashes = cache(Hashes)


def entry_size(most: int) -> int:
    """How many bytes of so many entries keep false alarms as rare as they should be."""
    size = 1
    while most / 256 ** (2 + size) > FALSE_ALARMS:
        size += 1
    return size


def write(path: Path, digests: Iterable[bytes], most: int) -> int:
    """Writes at most so many SHA-1 hashes, which come sorted; how many there are.

    The file takes its place at the end, whole: a process that reads the old one goes on so.
    """
    size, count, last = entry_size(most), 0, b""
    up_to = [0] * 256**2
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.seek(HEADER.size + INDEX)
            for digest in digests:
                entry = digest[: 2 + size]
                if entry == last:
                    continue
                if entry < last:
                    raise ValueError("The hashes are not in order.")
                file.write(entry[2:])
                up_to[int.from_bytes(entry[:2])] += 1
                count, last = count + 1, entry
            file.seek(0)
            file.write(HEADER.pack(MAGIC, size))
            total = 0
            for here in up_to:
                total += here
                file.write(COUNT.pack(total))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
