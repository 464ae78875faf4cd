"""Somebody who follows links and forms, and looks what language they lead to."""

from collections import Counter, deque
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.db import transaction
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from lxml.html import HtmlElement

from cabinet.models import Letter
from cabinet.tests.pages import controls, parsed, value
from cabinet.tests.test_language import is_html, look, shown, text_faults

EACH = 2  # pages of one URL pattern and the same parameters
LEFT_OUT = {
    "/logout/": "nothing would be seen after it",
    "/language/": "nor in this language",
}
NO_FAULTS = {"a comma between thousands": "quantities have up to three digits after theirs"}
SAID = {"4500,50": "how a sum may be typed"}
TYPED = "Жжж-1"  # into each field of a form


class Crawl:
    """What somebody finds by following links and forms, and what is wrong with it."""

    def __init__(self, client: Any, language: str, names: list[str]) -> None:
        self.client, self.language, self.names = client, language, names
        self.judged: set[str] = set()
        self.seen: set[str] = set()
        self.count: Counter[Any] = Counter()
        self.wrong: dict[str, str] = {}
        self.posted: set[Any] = set()

    def run(self, starts: list[str], within: str) -> None:
        """From these addresses on, and as far as they begin like that."""
        queue = deque(starts)
        chosen, empty = set(starts), set()
        while queue:
            url = queue.popleft()
            if url in self.seen or not (url in chosen or self.is_wanted(url, within)):
                continue
            self.seen.add(url)
            response = look(self.client, url, self.language)
            if response.has_header("Location"):
                queue.append(urljoin(url, response["Location"]))
                continue
            if response.status_code >= 400 and url not in empty:
                self.wrong[f"an answer of {response.status_code}"] = url
            if is_html(response) and response.content.strip():
                root = self.judge(url, response)
                empty |= set(forms_on(url, root))
                queue.extend([*links_on(url, root), *forms_on(url, root)])
                self.post_forms(url, root)

    def is_wanted(self, url: str, within: str) -> bool:
        """Whether there have been less than EACH like it."""
        parts = urlsplit(url)
        if not parts.path.startswith(within) or parts.path.endswith(".pdf"):
            return False
        try:
            route = resolve(parts.path).route
        except Resolver404:
            route = parts.path
        key = route, frozenset(name for name, _value in parse_qsl(parts.query))
        self.count[key] += 1
        return self.count[key] <= EACH

    def judge(self, url: str, response: HttpResponse) -> HtmlElement:
        """The page's tree; each text is judged once."""
        html = response.content.decode()
        is_page = "<html" in html
        root = parsed(html if is_page else f"<div>{html}</div>")
        if is_page and root.get("lang") != self.language:
            self.wrong[f"<html lang={root.get('lang')}>"] = url
        for text in filter(str.strip, shown(root)):
            if text not in self.judged:
                self.judged.add(text)
                self.note(text, self.language, url)
        return root

    def note(self, text: str, language: str, url: str) -> None:
        for fault in text_faults(text, language, self.names):
            if fault.partition(":")[0] not in NO_FAULTS and not any(each in fault for each in SAID):
                self.wrong[fault] = url

    def post_forms(self, url: str, root: HtmlElement) -> None:
        """Each form of a kind once with nothing and once with nonsense; nothing of it stays."""
        for form in root.iter("form"):
            action = urljoin(url, form.get("action") or url)
            path = urlsplit(action).path
            buttons = [(each.get("name"), each.get("value")) for each in form.iter("button")]
            key = resolve(path).route, tuple(buttons)
            if form.get("method", "get") != "post" or path in LEFT_OUT or key in self.posted:
                continue
            self.posted.add(key)
            names = [each.get("name", "") for each in controls(form) if fillable(each)]
            for button in [each for each in buttons if each[0]] or [("", "")]:
                for typed in ("", TYPED):
                    self.post(action, dict.fromkeys(names, typed) | dict([button]))

    def post(self, url: str, filled: dict[str, Any]) -> None:
        """The answer, the page that it leads to, and the letters that are written."""
        cookies = deepcopy(self.client.cookies)
        with transaction.atomic():
            last = Letter.objects.order_by("pk").last()
            response = look(self.client, url, self.language, filled)
            if response.has_header("Location"):
                url = urljoin(url, response["Location"])
                response = look(self.client, url, self.language)
            if is_html(response) and response.content.strip():
                self.judge(f"POST {url}", response)
            written = Letter.objects.filter(pk__gt=last.pk if last else 0)
            for letter in written.exclude(html=""):  # others are made when they are sent
                for text in filter(str.strip, shown(parsed(letter.html))):
                    self.note(text, letter.language, f"letter {letter.kind}")
            transaction.set_rollback(True)
        self.client.cookies = cookies


def fillable(control: HtmlElement) -> bool:
    return control.get("type") not in ("submit", "button", "file", "checkbox", "radio")


def links_on(url: str, root: HtmlElement) -> Iterator[str]:
    """Where the page's links lead, and where its parts are refreshed from."""
    for each in root.iter("a", "div", "section"):
        href = each.get("href") or each.get("data-from") or ""
        if not href.startswith(("http", "mailto:", "tel:", "#")):
            yield urljoin(url, href).partition("#")[0]


def forms_on(url: str, root: HtmlElement) -> Iterator[str]:
    """Where the page's forms lead as they stand."""
    for form in root.iter("form"):
        if form.get("method", "get").lower() == "get":
            given = {each.get("name", ""): value(each) for each in controls(form)}
            action = urljoin(url, form.get("action") or url).partition("?")[0]
            yield f"{action}?{urlencode({name: text for name, text in given.items() if name})}"
