"""What staff write as plain text: paragraphs, lists, and links to pages of ours; never markup."""

import re
from itertools import groupby
from typing import NamedTuple

from django.urls import Resolver404, resolve

ITEM = "- "
BLANK_LINES = re.compile(r"\n\s*\n")
LINK = re.compile(r"\[([^\[\]\n]+)\]\((/(?!/)[a-zA-Z0-9/_.-]*)\)")  # `[text](/path/)`


class Piece(NamedTuple):
    """A part of a line; with a path it is a link."""

    text: str
    path: str


class Block(NamedTuple):
    """A paragraph of lines, or a list of items."""

    is_list: bool
    lines: list[list[Piece]]


def blocks(text: str) -> list[Block]:
    """Blank lines part paragraphs; lines that begin with `- ` are items of a list."""
    return [
        Block(is_list, [_pieces(line.removeprefix(ITEM)) for line in lines])
        for paragraph in BLANK_LINES.split("\n".join(text.strip().splitlines()))
        for is_list, lines in groupby(paragraph.splitlines(), lambda line: line.startswith(ITEM))
    ]


def _pieces(line: str) -> list[Piece]:
    """What looks like a link but leads nowhere here is only its text."""
    pieces, end = [], 0
    for found in LINK.finditer(line):
        text, path = found.groups()
        pieces += [Piece(line[end : found.start()], ""), Piece(text, path if leads(path) else "")]
        end = found.end()
    return [piece for piece in (*pieces, Piece(line[end:], "")) if piece.text]


def leads(path: str) -> bool:
    """Whether there is a page at the path."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def paths(text: str) -> list[str]:
    """Where the text's links lead."""
    return [path for _text, path in LINK.findall(text)]


def without_links(text: str) -> str:
    """The text alone, as it is read."""
    return LINK.sub(r"\1", text)
