"""Check codes: by whose help anybody can tell whether a paper, and the sum on it, is ours.

Twelve letters and digits out of an HMAC over the paper's number and figures, and one more
that finds a slip of the pen. Letters that look like digits are not used, and whoever types
them, or Cyrillic ones that look like ours, is understood.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH = 12
RECEIPT, STATEMENT = "receipt", "statement"  # the kinds of papers
# As people type them: small letters, look-alikes, and what stands between groups.
_TYPED = str.maketrans(
    {
        **{small: large for large in LETTERS if (small := large.lower()) != large},
        **dict.fromkeys("oOоО", "0"),
        **dict.fromkeys("uU", "V"),
        **dict.fromkeys("iIlLіІ", "1"),
        **dict(zip("аАвВсСеЕнНкКмМрРтТхХуУ", "AABBCCEEHHKKMMPPTTXXYY", strict=True)),
        **dict.fromkeys(" \N{NO-BREAK SPACE}-–—‑\t", None),
    }
)


def code(kind: str, number: str, figures: Any) -> str:
    """The code of a paper of that kind: `K7P2-9XQM-04TD-W`."""
    return _grouped(next(_codes(kind, number, figures)))


def is_right(typed: str, kind: str, number: str, figures: Any) -> bool:
    """Whether somebody typed the code of that paper; also one made by an earlier key."""
    given = read(typed)
    right = [hmac.compare_digest(given, each) for each in _codes(kind, number, figures)]
    return any(right)


def read(typed: str) -> str:
    """What was typed, as codes are written but for the groups."""
    return (
        "".join(letter for letter in typed.translate(_TYPED) if letter in LETTERS)
        if len(typed) <= 4 * LENGTH
        else ""
    )


def is_whole(typed: str) -> bool:
    """Whether it has the length of a code, and its last letter fits the others."""
    given = read(typed)
    return len(given) == LENGTH + 1 and given[-1] == _check(given[:-1])


def _codes(kind: str, number: str, figures: Any) -> Iterator[str]:
    """By the present key, then by those before it."""
    message = json.dumps([kind, number, figures], default=str, sort_keys=True, ensure_ascii=False)
    for key in settings.DOCUMENT_KEYS:
        digest = hmac.digest(key.encode(), message.encode(), hashlib.sha256)
        value = int.from_bytes(digest[:8])
        letters = "".join(LETTERS[value >> 5 * place & 31] for place in range(LENGTH))
        yield letters + _check(letters)


def _check(letters: str) -> str:
    """Luhn's algorithm modulo 32: finds each wrong letter and nearly each swap of two."""
    total = 0
    for place, letter in enumerate(reversed(letters)):
        value = LETTERS.index(letter) * (2 - place % 2)
        total += value // 32 + value % 32
    return LETTERS[-total % 32]


def _grouped(letters: str) -> str:
    return "-".join((letters[:4], letters[4:8], letters[8:12], letters[12:]))
