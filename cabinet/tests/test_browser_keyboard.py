"""By keyboard alone: everything is reached once, in the order in which it stands."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from accounts.tests.test_register import in_threads
from cabinet import memory
from cabinet.tests.conftest import Site
from cabinet.tests.screens import PAGES
from support.tests.factories import make_kinds

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WALKED = {
    "sign-in": "kk",
    "register": "ru",
    "account to add": "kk",
    "account's nickname": "ru",
    "services": "kk",
    "receipts": "ru",
    "e-receipts": "kk",
    "calculator for anybody": "ru",
    "application to file": "kk",
    "profile": "ru",
    "two steps": "kk",
    "sessions": "ru",
}
# Radio buttons of one name are one stop, a day is three and more.
STOPS = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(it => it.checkVisibility({visibilityProperty: true}) && !it.disabled)
    .filter(it => it.type !== "radio" || it.checked
        || ![...document.getElementsByName(it.name)].some(each => each.checked || each === it))
    .map((it, index) => { it.dataset.stop = index; return index; })"""
FOCUSED = """() => {
    const it = document.activeElement, at = it.getBoundingClientRect();
    const ends = it === document.body || !("stop" in it.dataset);
    return ends ? null : { stop: +it.dataset.stop, page: !!it.closest("main"),
        top: at.top + scrollY, bottom: at.bottom + scrollY, left: at.left,
        whole: at.top >= 0 && at.bottom <= innerHeight + 1,
        name: (it.innerText || it.name || "").slice(0, 40) };
}"""


@pytest.fixture(scope="module", autouse=True)
def kinds(site: Site) -> None:
    in_threads(make_kinds)
    memory.forget()


def walk(page: Page) -> list[dict]:
    """What gets the focus, from the top of the page to its end."""
    stops = []
    while len(stops) < 300:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            return stops
        if not stops or stops[-1]["stop"] != stop["stop"]:  # the parts of a day
            stops.append(stop)
    raise AssertionError("the page is never left")


@pytest.mark.parametrize("name", WALKED)
def test_everything_is_reached_in_order(name, visit):
    who, path = PAGES[name]
    page = visit(path, who, WALKED[name])
    page.evaluate("document.activeElement.blur()")
    expected = page.evaluate(STOPS)
    stops = walk(page)
    assert [stop["stop"] for stop in stops] == expected
    assert [stop["name"] for stop in stops if not stop["whole"]] == []
    assert [
        f"{b['name']} after {a['name']}"
        for a, b in pairwise(stops)
        if a["page"] and b["page"] and _stands_before(b, a)
    ] == []


def _stands_before(one: dict, other: dict) -> bool:
    same_line = one["top"] < other["bottom"] and other["top"] < one["bottom"]
    return one["left"] < other["left"] - 1 if same_line else one["top"] < other["top"]


@pytest.mark.parametrize(
    ("name", "button"),
    [("sign-in", ""), ("account to add", ""), ("application to file", "[name=submit]")],
)
def test_after_an_error_its_summary_has_the_focus(name, button, visit):
    """From there one step leads to the field."""
    who, path = PAGES[name]
    page = visit(path, who, refuses=True)
    page.locator(f"main form.form button{button}").first.press("Enter")
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wrong = page.locator(".field-wrong").first.locator("input, select, textarea").first
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
