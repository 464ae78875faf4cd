"""Finds help pages by words in any order, in either language and from either keyboard.

There are few pages, so that a process remembers them for a minute and looks at all of them.
"""

from bisect import bisect_left
from typing import NamedTuple

from billing import names
from cabinet.memory import remembered
from support.help_texts import without_links
from support.models import HelpPage

LONGEST = 200  # of what is looked for
MOST = 12  # words that count
CLOSEST = 5  # pages shown that lack some of the words
SHORTEST_STEM = 4


class Entry(NamedTuple):
    """A page, and the folded words of its question and of all of it, in order."""

    page: HelpPage
    question: list[str]
    words: list[str]


class Found(NamedTuple):
    """The pages, the best first; whether they have all the words, or only most of them."""

    pages: list[HelpPage]
    all_words: bool


def sections() -> list[tuple[str, list[HelpPage]]]:
    """All pages that are shown, by section in the language in force."""
    parts: dict[str, list[HelpPage]] = {}
    for entry in _entries():
        parts.setdefault(str(entry.page.section), []).append(entry.page)
    return list(parts.items())


def find(text: str) -> Found:
    """Pages that have every word, whatever its ending; those with most of them in the question
    first, then those that have them as they were typed.

    When no page has all, those come that have the most words, if that is at least half.
    """
    words = list(dict.fromkeys(names.words(text[:LONGEST])))[:MOST]
    stems = [_stem(word) for word in words]
    hits = {entry.page.pk: _count(stems, entry.words) for entry in _entries()}
    best = max(hits.values(), default=0)
    if not best or best * 2 < len(words):
        return Found([], False)
    found = [entry for entry in _entries() if hits[entry.page.pk] == best]
    found.sort(
        key=lambda entry: (_count(stems, entry.question), _count(words, entry.words)), reverse=True
    )
    pages, has_all = [entry.page for entry in found], best == len(words)
    return Found(pages if has_all else pages[:CLOSEST], has_all)


@remembered
def _entries() -> list[Entry]:
    return [_entry(page) for page in HelpPage.objects.filter(is_shown=True)]


def _entry(page: HelpPage) -> Entry:
    question = f"{page.question_kk} {page.question_ru}"
    rest = f"{page.section_kk} {page.section_ru} {page.answer_kk}\n{page.answer_ru}"
    in_question = set(names.words(question))
    everywhere = in_question | set(names.words(without_links(rest)))
    return Entry(page, sorted(in_question), sorted(everywhere))


def _count(sought: list[str], words: list[str]) -> int:
    """How many of the sought words are, or begin, one of the words, which are in order."""
    places = ((word, bisect_left(words, word)) for word in sought)
    return sum(place < len(words) and words[place].startswith(word) for word, place in places)


def _stem(word: str) -> str:
    """The word without what its endings may have changed («түбіртегімді», «квитанцию»)."""
    return word[: max(SHORTEST_STEM, len(word) * 3 // 5)]
