"""What a person sees of a page: its texts, tables, forms and messages.

A no-break space is written `_`, so that a test can tell it from an ordinary one.
"""

import re

from django.http import HttpResponse
from lxml.html import HtmlElement, HTMLParser, document_fromstring

SPACES = re.compile(r"[ \t\n\r\f]+")


class Page:
    """An answer's HTML as a tree, and the parts of it that tests ask for."""

    def __init__(self, response: HttpResponse) -> None:
        self.status = response.status_code
        self.root = parsed(response.content.decode())

    def find(self, css: str) -> HtmlElement:
        """The only element `tag.class`, or `tag#id`."""
        (element,) = self.all(css)
        return element

    def all(self, css: str) -> list[HtmlElement]:
        """Every element `tag.class`, `tag#id` or `tag`."""
        return select(self.root, css)

    @property
    def title(self) -> str:
        return text(self.root.head.find("title"))  # a picture has one too

    @property
    def heading(self) -> str:
        return text(self.find("h1"))

    @property
    def content(self) -> str:
        """All text of the page proper."""
        return text(self.find("main"))

    @property
    def tables(self) -> list[list[list[str]]]:
        """All tables but those behind pictures."""
        behind = {id(table) for figure in self.all("figure") for table in figure.iter("table")}
        return [rows(table) for table in self.all("table") if id(table) not in behind]

    @property
    def charts(self) -> dict[str, list[list[str]]]:
        """The table behind each picture, by the picture's name."""
        return {
            text(select(figure, "figcaption")[0]): rows(select(figure, "table")[0])
            for figure in self.all("figure")
        }

    @property
    def facts(self) -> list[list[tuple[str, str]]]:
        """Of each list of facts: names and values."""
        return [
            [
                (text(each.find("dt")), text(each.find("dd")))  # type: ignore[arg-type]
                for each in facts.iter("div")
            ]
            for facts in self.all("dl")
        ]

    @property
    def summary(self) -> list[str]:
        """The messages on top of a form."""
        return [text(item) for box in self.all("div.summary") for item in box.iter("li")]

    @property
    def beside(self) -> dict[str, str]:
        """The message beside each field that has one, by the field's name."""
        return {
            control.get("name", ""): text(select(field, "p.error")[0])
            for field in [*self.all("div.field-wrong"), *self.all("fieldset.field-wrong")]
            for control in controls(field)
        }

    @property
    def values(self) -> dict[str, str]:
        """What the fields of the page proper hold."""
        return {control.get("name", ""): value(control) for control in controls(self.find("main"))}

    @property
    def links(self) -> dict[str, str]:
        """Where each link of the page proper leads, by its text."""
        return {text(link): link.get("href", "") for link in self.find("main").iter("a")}


def parsed(html: str) -> HtmlElement:
    """The tree of an HTML document, without its comments."""
    return document_fromstring(html, HTMLParser(remove_comments=True))


def select(root: HtmlElement, css: str) -> list[HtmlElement]:
    """The elements under the root that are `tag.class`, `tag#id` or `tag`."""
    tag, mark, name = re.fullmatch(r"(\w+)(?:([.#])([\w-]+))?", css).groups()  # type: ignore[union-attr]
    return [
        element
        for element in root.iter(tag)
        if not mark
        or (mark == "." and name in element.get("class", "").split())
        or (mark == "#" and name == element.get("id"))
    ]


def text(element: HtmlElement) -> str:
    """The element's text, spaces as a browser shows them; what waits for a script is not seen."""
    hidden = element.xpath("count(ancestor-or-self::*[@hidden])")
    shown = element.xpath(f".//text()[count(ancestor::*[@hidden]) = {hidden}]")
    return SPACES.sub(" ", "".join(shown)).strip(" ").replace("\N{NO-BREAK SPACE}", "_")


def rows(table: HtmlElement) -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    return [[text(cell) for cell in row if cell.tag in ("th", "td")] for row in table.iter("tr")]


def controls(root: HtmlElement) -> list[HtmlElement]:
    """The fields that a person fills in."""
    return [
        element
        for element in root.iter()
        if element.tag in ("input", "select", "textarea") and element.get("type") != "hidden"
    ]


def value(control: HtmlElement) -> str:
    """What a field holds."""
    if control.tag == "select":
        chosen = [option for option in control.iter("option") if "selected" in option.attrib]
        return chosen[0].get("value", "") if chosen else ""
    return control.get("value", "")
