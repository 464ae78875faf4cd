"""What accounts and meters are found by: SQL that does what billing.names does to typed text."""

from django.contrib.postgres.search import SearchVectorField
from django.db.models import CharField, F, TextField, Value
from django.db.models.expressions import Expression, Func
from django.db.models.functions import Left, Lower

from billing.names import FOLDED_LETTERS


def translated(text: str | Expression, letters: dict[str, str]) -> Func:
    """The text in small letters, each of the letters replaced."""
    return Func(
        Lower(text),
        Value("".join(letters)),
        Value("".join(letters.values())),
        function="translate",
    )


def account_words() -> Func:
    """The words of an account's payer and addresses, and the payer's initials as «.а» and «.с»."""
    words = translated(_joined(" ", "payer", "address_kk", "address_ru"), FOLDED_LETTERS)
    words = _replaced(_replaced(words, "[0-9]+", r" \& "), "[^а-яa-z0-9]+", " ")
    array = _call("string_to_array", _joined(" .", words, _initial(2), _initial(3)), Value(" "))
    array = _call("array_remove", array, Value(""))
    return Func(array, function="array_to_tsvector", output_field=SearchVectorField())


def _initial(place: int) -> Func:
    word = _call("split_part", F("payer"), Value(" "), Value(place))
    return translated(Left(word, 1), FOLDED_LETTERS)


def _joined(by: str, *texts: str | Expression) -> Func:
    return Func(*texts, arg_joiner=f" || '{by}' || ", function="", output_field=CharField())


def _replaced(text: Expression, pattern: str, by: str) -> Func:
    return _call("regexp_replace", text, Value(pattern), Value(by), Value("g"))


def _call(function: str, *arguments: Expression | F) -> Func:
    return Func(*arguments, function=function, output_field=TextField())
