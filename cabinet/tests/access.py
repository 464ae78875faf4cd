"""Whether a page can be used by everybody: it fits, and axe finds nothing."""

from importlib.util import find_spec
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")  # type: ignore[union-attr, arg-type]
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast", "link-in-text-block"],  # the same page but for its colours
}
# Its preload would copy stylesheets into <style>, which the policy refuses; to name all that
# passes takes longer than to look.
RUN = "rules => axe.run({runOnly: rules, preload: false, resultTypes: ['violations']})"
WIDTHS = (320, 360, 768, 1440)
PHONE, DESKTOP = 360, 1440
# Where axe looks at a page that is looked at in both languages: each way once.
SHARED = {
    "kk": {("light", PHONE), ("dark", DESKTOP)},
    "ru": {("light", DESKTOP), ("dark", PHONE)},
}


def hindrances(page: Page, language: str = "") -> list[str]:
    """What keeps somebody off the page: at each width, with large text, light and dark.

    With a language, the ways of looking are shared with the test in the other one.
    """
    return [*_too_wide(page), *_found_by_axe(page, SHARED.get(language))]


def _too_wide(page: Page) -> list[str]:
    wide = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(f"{width} px")
    page.set_viewport_size({"width": 1280, "height": 900})
    settings = page.context.new_cdp_session(page)
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wide.append("1280 px, text of 200 %")
    settings.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    return wide


def _found_by_axe(page: Page, ways: set[tuple[str, int]] | None) -> list[str]:
    page.evaluate(AXE.read_text())
    found = []
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        for width in (PHONE, DESKTOP):
            if ways and (scheme, width) not in ways:
                continue
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.evaluate(RUN, rules)
            assert answer["passes"]
            found += [
                f"{fault['id']}, {scheme}, {width} px: {node['target']}"
                for fault in answer["violations"]
                for node in fault["nodes"]
            ]
    page.emulate_media(color_scheme="light")
    return found
