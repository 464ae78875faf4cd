"""What is wrong with the look of a page, found by its boxes, colours and words."""

from pathlib import Path

from playwright.sync_api import Page

LOOK = Path(__file__).with_suffix(".js").read_text()
SPACED = ("overlap", "outside", "reach", "cut")  # whatever the reader has set
LAYOUT = (*SPACED, "words", "targets")
COLOURS = ("contrast",)
ALWAYS = ("outline",)  # the same at any width, in any colour
FOCUS = ("focus",)
KINDS = (*LAYOUT, *COLOURS, *ALWAYS, *FOCUS)


def faults(page: Page, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """One line for each fault of those kinds, as the page is now."""
    found: list[str] = page.evaluate(LOOK, kinds)
    return found
