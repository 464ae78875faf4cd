"""How Kazakh names are found, put in order, and hidden.

The database folds and orders them by these same tables (billing.models.searched), since its
collations know neither.
"""

import re

ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"

# Kazakh letters as a Russian keyboard has them, Latin look-alikes as what they look like.
FOLDED_LETTERS = dict(zip("әғқңөұүһіёaceopxyikhmtb", "агкноуухиеасеорхуикнмтв", strict=True))

# Each letter becomes one whose code point is its place in the alphabet.
ORDERED_LETTERS = {
    letter: chr(ord("а") + place)
    for place, letter in enumerate(ALPHABET)
    if letter != chr(ord("а") + place)
}

_FOLD = str.maketrans(FOLDED_LETTERS)
_WORD = re.compile("[а-яa-z]+|[0-9]+")


def fold(text: str) -> str:
    """The text as it is searched: small letters, Kazakh ones folded."""
    return text.lower().translate(_FOLD)


def words(text: str) -> list[str]:
    """The folded words and numbers of the text, «12а» being two."""
    return _WORD.findall(fold(text))


def masked(full_name: str) -> str:
    """`А*** И***`: enough for whoever knows the person."""
    return " ".join(f"{word[0]}***" for word in full_name.split())
