"""Words of papers in Kazakh, in Russian, or in both beside each other."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from markupsafe import Markup, escape

from billing.balances import Balance
from billing.models.accounts import Source
from billing.models.columns import Plan
from cabinet import days, months
from cabinet.jinja import yes_no

BOTH = ("kk", "ru")
BESIDE, STACKED = Markup(" / "), Markup("<br>")


@dataclass(frozen=True)
class Words:
    """Says a message of the catalogue, or a text of billing's, in the paper's languages.

    On a paper in both, the Kazakh text comes first, and each says which language it is in.
    """

    languages: tuple[str, ...]

    @property
    def language(self) -> str:
        """That of the paper as a whole."""
        return self.languages[0]

    def __call__(
        self,
        message: str,
        *,
        unit: Mapping[str, Any] | None = None,
        sign: str = "",
        stacked: bool = False,
        **given: Any,
    ) -> Markup:
        """A message of the catalogue, with what its placeholders stand for; as the head of a
        column, with the unit of a service or a sign after it, the languages on lines of their own.
        """

        def tell() -> str:
            told = escape(gettext(message)) % given if given else gettext(message)
            after = unit[f"unit_{translation.get_language()}"] if unit else sign
            return f"{told}, {after}" if after else told

        return self._say(tell, STACKED if stacked else BESIDE)

    def text(self, row: Mapping[str, Any], name: str) -> Markup:
        """The text `name_kk` and `name_ru` of a row."""
        return self._say(lambda: row[f"{name}_{translation.get_language()}"])

    def of(self, row: Any, name: str) -> Markup:
        """The same of a model's row."""
        return self._say(lambda: getattr(row, f"{name}_{translation.get_language()}"))

    def balance(self, balance: Balance, *, words: bool = False) -> Markup:
        """A balance as a sentence, or as words within one."""
        return self._say(lambda: balance.words if words else balance.sentence)

    def month(self, month: dt.date, *, stacked: bool = False) -> Markup:
        return self._say(lambda: months.name(month), STACKED if stacked else BESIDE)

    def long_day(self, day: dt.date) -> Markup:
        return self._say(lambda: days.long_day(day))

    def plan(self, code: str) -> Markup:
        """The name of a tariff plan."""
        return self._say(lambda: str(Plan(code).label))

    def source(self, code: str) -> Markup:
        """Who took a reading."""
        return self._say(lambda: str(Source(code).label))

    def yes_no(self, value: bool) -> Markup:
        return self._say(lambda: yes_no(value))

    def only(self, language: str) -> "Words":
        """The same in one of the languages."""
        return Words((language,))

    def _say(self, tell: Callable[[], str], between: Markup = BESIDE) -> Markup:
        """The paper as a whole says its first language; what is in the other one says so itself."""
        said = []
        for language in self.languages:
            with translation.override(language):
                said.append(escape(tell()))
        first, *others = said
        if all(text == first for text in others):  # a name, a number: the same in both
            return first
        spans = (
            Markup('<span class="{0}" lang="{0}">{1}</span>').format(language, text)
            for language, text in zip(self.languages[1:], others, strict=True)
        )
        return between.join([first, *spans])
