"""What a letter says, and how it looks as HTML and as plain text."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.functional import Promise

# What staff see each kind of letter called, by its code; the apps add theirs when they are ready.
KINDS: dict[str, str | Promise] = {}


@dataclass(frozen=True)
class Content:
    """A letter's words, in the language that it is written in.

    Facts are labels and values; the button is a label and an absolute URL.
    """

    subject: str
    paragraphs: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    button: tuple[str, str] | None = None
    afterwards: Sequence[str] = ()


def rendered(content: Content) -> tuple[str, str]:
    """The plain text and the HTML, in the language in force."""
    return (
        render_to_string("cabinet/letter.txt", {"letter": content}),
        render_to_string("cabinet/letter.html", {"letter": content}),
    )
