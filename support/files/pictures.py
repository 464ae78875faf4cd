"""Pictures, written anew by a process of their own: see `rewrite`.

Whatever a picture does to the decoders, the process that answers residents only reads what comes
of it.
"""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cabinet import turns
from support.files.refusals import Refused

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 12_000
MEMORY = 768 << 20  # bytes; a picture with the most pixels needs 460 MB
SECONDS = 20  # of the processor; a picture with the most pixels needs 3
PATIENCE = 60.0  # seconds for the process, and for one's turn
AT_ONCE = 2  # on this machine, so that its memory holds them
PROGRAM = Path(__file__).with_name("rewrite.py")

logger = logging.getLogger(__name__)


def written_anew(content: bytes, form: str) -> bytes:
    """The picture of the format (PNG, JPEG, HEIF), upright and without anything but its pixels: a
    PNG as a PNG, others as a JPEG. Raises Refused.
    """
    with _turn():
        try:
            done = subprocess.run(  # noqa: S603
                command(form),
                input=content,
                capture_output=True,
                timeout=PATIENCE,
                cwd="/",
                env={},  # nothing of ours is known there
            )
        except subprocess.TimeoutExpired as error:
            raise Refused("broken_picture") from error
    if done.returncode == 0:
        return done.stdout
    if done.stdout == b"pixels":
        side, megapixels = LONGEST_SIDE, MOST_PIXELS // 1_000_000
        raise Refused("pixels", side=side, megapixels=megapixels)
    if done.stdout != b"broken":
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        logger.error("A picture ended its process with %s: %s", done.returncode, last)
    raise Refused("broken_picture")


def command(form: str) -> list[str]:
    """By which the program is run: picture in, picture out."""
    limits = (MOST_PIXELS, LONGEST_SIDE, MEMORY, SECONDS)
    return [sys.executable, "-I", "-B", str(PROGRAM), form, *map(str, limits)]


@contextmanager
def _turn() -> Iterator[None]:
    """One of the machine's turns; Refused when none becomes free for long."""
    try:
        with turns.turn("picture-", AT_ONCE, PATIENCE):
            yield
    except turns.NoTurn as error:
        raise Refused("busy") from error
