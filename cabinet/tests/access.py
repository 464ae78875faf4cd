"""Whether a page can be used by everybody: at any width, with any text, in light and dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from weakref import WeakKeyDictionary

from playwright.sync_api import CDPSession, Page

from cabinet.tests import structure

AXE = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")  # type: ignore[union-attr, arg-type]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Its preload would copy stylesheets into <style>, which the policy refuses; to name all that
# passes takes longer than to look. Contrast is `structure`'s, in light and dark.
RUN = """([part, rules]) => axe.run(document.querySelector(part) ?? document, {
    runOnly: rules, preload: false, resultTypes: ["violations"],
    rules: {"color-contrast": {enabled: false}},
})"""
# The part that is looked at on pages that are gone through in both languages: once is enough.
ONCE = {"kk": "main", "ru": ""}
WIDTHS = (320, 360, 768, 1440)
PHONE, DESKTOP = 360, 1440
AT = {
    PHONE: (*structure.LAYOUT, *structure.COLOURS, *structure.ALWAYS, *structure.FOCUS),
    DESKTOP: (*structure.LAYOUT, *structure.COLOURS, *structure.FOCUS),
}
# WCAG 2.2, 1.4.12: nothing is lost when a reader sets the text so; a picture's text stays.
SPACING = """
    :not(svg *) { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }
"""
SPREAD = """css => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = css ? [sheet] : [];
}"""
_behind: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


def hindrances(page: Page, part: str = "main") -> list[str]:
    """What keeps somebody off the page, each with the way of looking that it was found by.

    axe looks at the part alone: what stands around it is the same on every page. Without a part
    there is only looked at what other words can change. The page is left as wide as a desktop.
    """
    found = _at_any_width(page)
    return found + _in_other_ways(page) + _found_by_axe(page, part) if part else found


def _at_any_width(page: Page) -> list[str]:
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += _faults(page, f"{width} px", AT.get(width, structure.LAYOUT))
    return found


def _in_other_ways(page: Page) -> list[str]:
    """In the dark and with large text; spaced by the reader, on the smallest phone."""
    page.emulate_media(color_scheme="dark")
    found = _faults(page, "dark", (*structure.COLOURS, *structure.FOCUS))
    page.emulate_media(color_scheme="light")
    with large_text(page):
        found += _faults(page, "text of 200 %", structure.SPACED)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.evaluate(SPREAD, SPACING)
    found += _faults(page, f"{WIDTHS[0]} px, spaced", structure.SPACED)
    page.evaluate(SPREAD, "")
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    return found


def _faults(page: Page, way: str, kinds: tuple[str, ...]) -> list[str]:
    return [f"{way}: {fault}" for fault in structure.faults(page, kinds)]


@contextmanager
def large_text(page: Page) -> Iterator[None]:
    """As somebody sees the page whose browser has text of twice the size."""
    # One for all times: whichever ends would take the page's passkeys along.
    browser = _behind.get(page) or _behind.setdefault(page, page.context.new_cdp_session(page))
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    yield
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


def _found_by_axe(page: Page, part: str) -> list[str]:
    page.evaluate(AXE.read_text())
    answer = page.evaluate(RUN, [part, RULES])
    assert answer["passes"]
    return [
        f"{fault['id']}: {node['target']}"
        for fault in answer["violations"]
        for node in fault["nodes"]
    ]
