"""What a new password must be (NIST SP 800-63B, OWASP ASVS 6.2), each refusal with its reason.

Any characters and no rules of composition; refused is what somebody would guess.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import breached

LEAST, MOST = 10, 1000  # code points; the longest keep hashing and matching cheap
LEFT = 8  # how many characters must be left once what is easily guessed is gone
ENDS = 5  # how many digits and marks around a leaked password make none that is new

# Apps that stand above this one add what else belongs to the cabinet: the supplier's name.
CONTEXT: list[Callable[[], Iterable[str]]] = []
# Kazakh and Russian; `WRITTEN` adds how they look in Latin letters.
CABINET = (
    "кабинет жеке личный энерго энергия электр свет жарық шот счёт дербес лицевой есеп төлем"
    " оплата тариф құпиясөз пароль логин админ аккаунт"
    " account energy power password login admin user"
)

# How else a letter is written: in Latin letters (the usual way first), on a keyboard without
# Kazakh ones, as a digit or mark that looks like it.
ALPHABET = """
а a @ 4    ә a ä а э @ 4    б b 6    в v w    г g    ғ gh g ğ г    д d    е e ye 3    ё yo e jo е
ж zh j    з z 3    и i y 1 !    й i y j и    к k c    қ q k к    л l    м m    н n    ң ng n ñ н
о o 0    ө o ö о 0    п p    р r    с s c $ 5    т t 7    у u w    ұ u ū у    ү u ü у    ф f
х kh h x    һ h х    ц ts c    ч ch 4    ш sh ş s    щ shch sch    ъ    ы y i    і i и 1 !    ь
э e 3    ю yu iu ju    я ya ia ja
a @ 4    b 8    e 3    g 9    i 1 ! l    l 1 i    o 0    s $ 5    t 7    z 2
"""
WRITTEN = {
    letter: others for letter, *others in map(str.split, re.split(r"\s{2,}|\n", ALPHABET.strip()))
}
CYRILLIC_TO_LATIN = str.maketrans(
    {letter: others[0] if others else "" for letter, others in WRITTEN.items() if letter > "z"}
)

# The keyboards of Kazakhstan: what is typed when the other layout was meant.
LATIN_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбю"
TO_RUSSIAN_KEYS = str.maketrans(LATIN_KEYS, RUSSIAN_KEYS)
TO_LATIN_KEYS = str.maketrans(RUSSIAN_KEYS + "әіңғүұқөһ", LATIN_KEYS + "2345890-=")

ROWS = [
    *("0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz"),
    *("абвгдежзийклмнопрстуфхцчшщъыьэюя", "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"),
    *("qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    "әіңғүұқөһ",
]
STEPS = {
    pair: direction for row in ROWS for direction in (-1, 1) for pair in pairwise(row[::direction])
}


def fold(text: str) -> str:
    """The text without what is no difference to whoever guesses: capitals, width, ligatures."""
    return unicodedata.normalize("NFKC", text).casefold()


def sha1(text: str) -> bytes:
    """As lists of breached passwords have it; any text has one."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


def stem(folded: str) -> str:
    """The text without a year or a few marks at its ends; with more than that, all of it."""
    letters = [place for place, letter in enumerate(folded) if letter.isalpha()] or [0]
    core = folded[letters[0] : letters[-1] + 1]
    return core if len(folded) - len(core) <= ENDS else folded


def forms(password: str) -> set[str]:
    """The password as it is, folded, on the other layout, in Latin letters; each and its kin."""
    folded = fold(password)
    same = {
        folded,
        folded.translate(TO_LATIN_KEYS),
        folded.translate(TO_RUSSIAN_KEYS),
        folded.translate(CYRILLIC_TO_LATIN),
    }
    return {password, *same, *(kin(form) for form in same)}


def kin(folded: str) -> str:
    """What else is tried: the stem, with the commonest digits after it when it is too short."""
    core = stem(folded)
    return core + "1234567890"[: max(0, LEAST - len(core))]


def unit(text: str) -> str:
    """What the text repeats from beginning to end, whatever stands between; else all of it."""
    for length in range(1, (len(text) + 1) // 2 + 1):
        if text[length:] == text[:-length]:
            return text[:length]
    return text


def weight(text: str) -> int:
    """How many characters it has when those that repeat and those in a row count once."""
    letters = [letter for letter, same in groupby(text)]
    steps = groupby(STEPS.get(pair, 0) for pair in pairwise(letters))
    lengths = ((direction, len(list(run))) for direction, run in steps)
    return len(letters) - sum(length for direction, length in lengths if direction and length > 1)


def words_of(texts: Iterable[str]) -> Iterator[str]:
    """The words of three letters and more."""
    for text in texts:
        yield from re.findall(r"[^\W\d_]{3,}", unicodedata.normalize("NFKC", text))


def words_of_user(user: Any) -> Iterator[str]:
    """Login name and address, whole and in words, and each part of the full name."""
    login, email, full_name = (
        str(getattr(user, field, None) or "") for field in ("login", "email", "full_name")
    )
    names = [login, *email.rsplit("@", 1)]
    yield from (name for name in names if len(name) >= 3)
    yield from words_of([*names, full_name])


@lru_cache(1024)
def written(word: str) -> re.Pattern[str]:
    """The folded word, however it is written."""
    pattern = ""
    for letter in fold(word):
        ways = WRITTEN.get(letter, [letter])
        pattern += f"(?:{'|'.join(map(re.escape, [letter, *ways]))}){'?' * (not ways)}"
    return re.compile(pattern)


def without(words: Iterable[str], folded: str) -> tuple[str, list[str]]:
    """What is left of the password, and the words that were in it, the longest first."""
    found = []
    once = {fold(word): word for word in sorted(words)}
    for word in sorted(once.values(), key=len, reverse=True):
        left = written(word).sub("", folded)
        if left != folded:
            found.append(word)
            folded = left
    return folded, found


class Length:
    """From 10 to 1000 characters."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < LEAST:
            raise ValidationError(
                _("This password is too short: it takes at least %(least)d characters."),
                code="password_too_short",
                params={"least": LEAST},
            )
        if len(password) > MOST:
            raise ValidationError(
                _("This password is too long: it takes at most %(most)d characters."),
                code="password_too_long",
                params={"most": MOST},
            )

    def get_help_text(self) -> str:
        return _("At least %(least)d characters, any: a few words with spaces do well.") % {
            "least": LEAST
        }


class Regular:
    """Eight characters and more besides repeats, sequences and rows of keys."""

    def validate(self, password: str, user: Any = None) -> None:
        if LEAST <= len(password) <= MOST and weight(unit(fold(password))) < LEFT:
            raise ValidationError(
                _(
                    "Without repeats and sequences, such as “aaa”, “1234” and “qwerty”, too little"
                    " of this password is left."
                ),
                code="password_regular",
            )

    def get_help_text(self) -> str:
        return _("Not made of repeats and sequences.")


class Context:
    """Eight characters and more besides words of the person and of the cabinet."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MOST:
            return
        words = {*words_of([CABINET]), *words_of_user(user)}
        for texts in CONTEXT:
            words |= {*words_of(texts())}
        folded = fold(password)
        # Short words turn up by chance in what is typed on the other layout.
        long = {word for word in words if len(word) >= 5}
        for typed, looked_for in (
            (folded, words),
            (folded.translate(TO_RUSSIAN_KEYS), long),
            (folded.translate(TO_LATIN_KEYS), long),
        ):
            left, found = without(looked_for, typed)
            # Digits beside a name are a date, a telephone: the first four count.
            if found and weight(re.sub(r"(\d{4})\d+", r"\1", left)) < LEFT:
                raise ValidationError(
                    _(
                        "Without %(words)s too little of this password is left. Choose one that"
                        " has nothing to do with you and the cabinet, or make it longer."
                    ),
                    code="password_context",
                    params={"words": ", ".join(f"«{word}»" for word in found)},
                )

    def get_help_text(self) -> str:
        return _("Not made of your name, login name, e-mail address or words of the cabinet.")


class Breached:
    """Not on the list of passwords that leaked, nor on a longer one that the setting names."""

    def __init__(self, longer: str = "") -> None:
        self.paths = [breached.LIST, *([Path(longer)] if longer else [])]

    def validate(self, password: str, user: Any = None) -> None:
        if not LEAST <= len(password) <= MOST:
            return
        lists = [breached.hashes(path) for path in self.paths]
        if any(sha1(form) in known for form in forms(password) for known in lists):
            raise ValidationError(
                _(
                    "This password, or one very much like it, is known from leaks."
                    " Choose another one."
                ),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return _("Not known from leaks of other sites.")
