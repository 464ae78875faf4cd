"""Finds personal accounts for support staff, among a million by indexes alone (decision 9).

What is typed falls into parts at spaces, and an account must match them all: each by its
number or a meter's serial number, or by words of its payer and addresses.
"""

import re
from collections.abc import Iterable

from django.contrib.postgres.search import SearchQueryField
from django.db import connection, transaction
from django.db.models import BooleanField, Q, QuerySet, Value
from django.db.models.expressions import Func
from django.db.models.functions import Cast

from billing import names
from billing.models import Meter, PersonalAccount
from billing.models.accounts import NUMBER_LENGTH
from billing.models.searched import account_words, translated

MOST = 100  # accounts shown at once
SHORTEST = 3  # letters or digits that may be a beginning
TEXT_MOST, PARTS_MOST = 500, 16  # a payer and a whole address have less
OWNERS_MOST = 500  # of numbers with one beginning, to be asked about the other parts

# What stands beside the names in an address, in nearly all and shortened in many ways.
KINDS = frozenset(
    names.words(
        "г гор город қ қала қаласы ул улица көш көше көшесі пр просп проспект даңғ даңғылы"
        " мкр мкрн микрорайон ықш ықшамаудан ықшамауданы д дом үй үйі кв квартира п пәт пәтер"
    )
)


def find(text: str) -> list[int]:
    """Keys of accounts that match the text, the first by number if it is empty.

    At most MOST, or one more to tell that there are others.
    """
    if not text.strip():
        return _first(PersonalAccount.objects.all())
    parts = _parts(text)
    if not parts:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        # Else the planner, counting on chance, may look for two frequent words row by row.
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = [*_by_owners(parts), *_by_words(parts)]
    return list(dict.fromkeys(found))[: MOST + 1]


def _parts(text: str) -> list[str]:
    """What is typed between spaces, without mere kinds if there is anything else."""
    typed = dict.fromkeys(names.fold(text[:TEXT_MOST]).split())
    parts = [part for part in typed if names.words(part)][:PARTS_MOST]
    return [part for part in parts if _telling(names.words(part))] or parts


def _by_owners(parts: list[str]) -> list[int]:
    """Accounts with a part as their number's or a meter's beginning, if others match too."""
    owners = {part: _owners(part) for part in parts}
    if len(parts) > 1:
        owners = {part: keys if len(keys) <= OWNERS_MOST else [] for part, keys in owners.items()}
    found = []
    for part, keys in owners.items():
        others = [Q(_have([other])) | Q(pk__in=owners[other]) for other in parts if other != part]
        if keys:
            accounts = PersonalAccount.objects.filter(*others, pk__in=keys)
            found += _first(accounts.order_by("number"))
    return found


def _owners(part: str) -> list[int]:
    """Accounts whose number, or a serial number of whose meters, begins with the part."""
    trimmed = re.search(r"[а-яa-z0-9].*[а-яa-z0-9]", part)
    beginning = trimmed.group() if trimmed else ""
    if len(beginning) < SHORTEST or not re.search("[0-9]", beginning):
        return []
    meters = Meter.objects.alias(folded=translated("serial", names.FOLDED_LETTERS))
    owners = meters.filter(folded__startswith=beginning).order_by().values_list("account")
    keys = [key for (key,) in owners[: OWNERS_MOST + 1]]
    if re.fullmatch(f"[0-9]{{,{NUMBER_LENGTH}}}", beginning):
        # All that begin so, in any collation, and the index has them in order.
        numbers = beginning, beginning.ljust(NUMBER_LENGTH, "9")
        accounts = PersonalAccount.objects.filter(number__range=numbers).order_by("number")
        keys = [*accounts.values_list("pk", flat=True)[: OWNERS_MOST + 1], *keys]
    return list(dict.fromkeys(keys))


def _by_words(parts: Iterable[str]) -> list[int]:
    """Accounts with all parts as words of payer and addresses."""
    return _first(PersonalAccount.objects.filter(_have(parts)).order_by())


def _first(accounts: QuerySet[PersonalAccount]) -> list[int]:
    return list(accounts.values_list("pk", flat=True)[: MOST + 1])


def _have(parts: Iterable[str]) -> Func:
    """Whether payer and addresses have all words of the parts."""
    query = " & ".join(term for part in parts for term in _terms(part))
    return Func(
        account_words(),
        Cast(Value(query), SearchQueryField()),
        arg_joiner=" @@ ",
        function="",
        output_field=BooleanField(),
    )


def _terms(part: str) -> list[str]:
    """The part's words for tsquery: «А.С.» are initials, «А.» may be one, long ones beginnings."""
    words = names.words(part)
    if _are_initials(words):
        return [f"'.{letter}'" for letter in words]
    if len(words) == len(words[0]) == 1:
        return [f"('{words[0]}' | '.{words[0]}')"]
    return [
        f"'{word}':*" if word.isalpha() and len(word) >= SHORTEST else f"'{word}'"
        for word in _telling(words) or words
    ]


def _telling(words: list[str]) -> list[str]:
    """The words without kinds: «ул.Абая» is «абая»."""
    return [word for word in words if word not in KINDS or _are_initials(words)]


def _are_initials(words: list[str]) -> bool:
    return len(words) > 1 and all(len(word) == 1 and word.isalpha() for word in words)
