"""The one place that makes a PDF: tagged (PDF/UA-1), from our own files, the same every time.

For processes, not threads: Pango's font map, shared by all documents of a process to keep
memory flat, is not safe for two at once.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pydyf
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from weasyprint import CSS, HTML, Document
from weasyprint.pdf import tags
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

FOLDER = Path(__file__).resolve().parent
OURS = {"paper:mark.svg": (settings.MARK, "image/svg+xml")}


class ForeignResource(Exception):
    """A document asked for something that is not ours; there is no such document then."""


class OurFiles(URLFetcher):
    """Serves the files of OURS and a document's own drawings (SVG) by their exact names, and
    refuses and remembers all else.
    """

    def __init__(self, drawings: Mapping[str, str] | None = None) -> None:
        super().__init__(allowed_protocols=())
        self.refused: list[str] = []
        self.drawings = drawings or {}

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url in self.drawings:
            drawn = self.drawings[url].encode()
            return URLFetcherResponse(url, drawn, {"Content-Type": "image/svg+xml"})
        if url not in OURS:
            self.refused.append(url)
            raise ValueError(f"not ours: {url}")
        path, kind = OURS[url]
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})


@contextmanager
def our_fonts_only() -> Iterator[None]:
    """Fontconfig knows receipts/fonts and nothing else.

    So a character that they lack is an empty box on every machine, never a letter from
    whatever that machine has.
    """
    given = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(FOLDER / "fonts" / "fonts.conf")
    try:
        yield
    finally:
        if given is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = given


@cache
def _fonts() -> FontConfiguration:
    with our_fonts_only():
        return FontConfiguration()


@cache
def _style(name: str) -> CSS:
    return CSS(
        string=(FOLDER / name).read_text(encoding="utf-8"),
        font_config=_fonts(),
        url_fetcher=OurFiles(),
    )


def render(
    template: str,
    context: dict[str, Any],
    *,
    language: str,
    style: str = "paper.css",
    drawings: Mapping[str, str] | None = None,
) -> bytes:
    """The template as a PDF in that language; equal bytes for equal data.

    `style` is one of our sheets; `drawings` are SVG by the addresses that the template shows
    them by. Raises ForeignResource where the template asks for anything but our own files.
    """
    with translation.override(language):
        markup = render_to_string(template, context)
    fetcher = OurFiles(drawings)
    # With a base, a relative address is refused too, and not only passed over.
    content: bytes = HTML(string=markup, base_url="paper:", url_fetcher=fetcher).write_pdf(
        stylesheets=[_style(style)],
        font_config=_fonts(),
        pdf_variant="pdf/ua-1",
        pdf_identifier=True,  # made from the content
        finisher=name_scopes,
    )
    # WeasyPrint goes on without what it could not fetch, even where that was called fatal.
    if fetcher.refused:
        raise ForeignResource(", ".join(fetcher.refused))
    return content


def name_scopes(document: Document, pdf: pydyf.PDF) -> None:
    """A header cell of a table's head heads its column, any other one its row.

    WeasyPrint 70 only lists for each cell the headers that it belongs to.
    """
    elements = {each.reference: each for each in pdf.objects if isinstance(each, pydyf.Dictionary)}
    for element in list(elements.values()):
        if element.get("S") == "/TH":
            group = elements[elements[element["P"]]["P"]]
            element["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"


def _with_languages(build: Callable[..., Iterator[pydyf.Dictionary]]) -> Any:
    """Has each tag say the language that its HTML element says; WeasyPrint 70 only tells that of
    the whole document, while our papers speak two.
    """

    def built(box: Any, *args: Any) -> Iterator[pydyf.Dictionary]:
        language = box.element.get("lang") if box.element is not None else None
        for element in build(box, *args):
            if language:
                element["Lang"] = pydyf.String(language)
            yield element

    return built


tags._build_box_tree = _with_languages(tags._build_box_tree)
