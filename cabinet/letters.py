"""What a letter says, and how it looks as HTML and as plain text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from django.template.loader import render_to_string
from django.utils.functional import Promise

if TYPE_CHECKING:
    from cabinet.attempts import Verdict
    from cabinet.models import Letter

# What staff see each kind of letter called, by its code; the apps add theirs when they are ready.
KINDS: dict[str, str | Promise] = {}


class Sum(NamedTuple):
    """What a letter is about, in large figures; `state` is that of a balance, for its colour."""

    state: str
    words: str
    amount: str
    note: str = ""


@dataclass(frozen=True)
class Content:
    """A letter's words, in the language that it is written in.

    Facts are labels and values; the button and the way to get no more of its kind are each a
    label and an absolute URL.
    """

    subject: str
    paragraphs: Sequence[str]
    sum: Sum | None = None
    facts: Sequence[tuple[str, str]] = ()
    button: tuple[str, str] | None = None
    afterwards: Sequence[str] = ()
    why: str = ""  # somebody gets it
    unsubscribe: tuple[str, str] | None = None


class Attachment(NamedTuple):
    """A file of a letter: its name, its bytes, its MIME type."""

    name: str
    content: bytes
    kind: str


@dataclass(frozen=True)
class Made:
    """A letter that is made when it is sent; `wanted` tells at the last moment whether it is."""

    recipient: str
    language: str
    content: Content
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()
    wanted: Callable[[], bool] = lambda: True


# Who makes letters of a kind when they are sent, or tells by None that nobody wants one any more;
# and who is told, in the transaction that records it, what an attempt at one has come to.
MAKERS: dict[str, "Callable[[Letter], Made | None]"] = {}
TOLD: dict[str, "Callable[[Letter, Verdict], None]"] = {}


def rendered(content: Content) -> tuple[str, str]:
    """The plain text and the HTML, in the language in force."""
    return (
        render_to_string("cabinet/letter.txt", {"letter": content}),
        render_to_string("cabinet/letter.html", {"letter": content}),
    )
