"""Pages as readers have set their devices: still, in strong or forced colours, in large letters."""

from itertools import cycle

import pytest
from playwright.sync_api import ViewportSize, expect

from accounts.tests.test_register import in_threads
from cabinet import memory
from cabinet.tests import structure
from cabinet.tests.access import DESKTOP, PHONE, hindrances
from cabinet.tests.screens import PAGES
from support.tests.factories import make_kinds

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

MODES = ("sign-in", "list", "account", "services", "receipts", "payments", "applications")
MOVING = """() => [...document.querySelectorAll("*")].filter(it => {
    const of = getComputedStyle(it);
    return [of.transitionDuration, of.animationDuration].some(each => !/^(0s(, )?)+$/.test(each));
}).map(it => it.outerHTML.slice(0, 80))"""
# In colours of the system a ground is gone: what had only that to be seen by has an edge.
EDGELESS = """() => [...document.querySelectorAll("main button, main .button")]
    .filter(it => it.checkVisibility() && !it.matches(".link"))
    .filter(it => !parseFloat(getComputedStyle(it).borderTopWidth))
    .map(it => it.innerText)"""
# Bars and lines of a picture are told from the ground.
UNSEEN_MARKS = """() => {
    const ground = getComputedStyle(document.body).backgroundColor;
    return [...document.querySelectorAll("main .chart .bar rect, main .level-meter rect")]
        .filter(it => it.checkVisibility() && getComputedStyle(it).stroke === "none")
        .filter(it => !it.matches(".bar-place, .to-come") && getComputedStyle(it).fill === ground)
        .map(it => it.outerHTML.slice(0, 80));
}"""
SHIFTS = """() => new Promise(told => {
    const seen = list => told(list.getEntries().map(
        it => [it.value, ...it.sources.map(each => (each.node?.parentElement ?? {}).className)]));
    new PerformanceObserver(seen).observe({ type: "layout-shift", buffered: true });
    setTimeout(told, 100, []);
})"""
SCREENS: dict[int, ViewportSize] = {
    PHONE: {"width": PHONE, "height": 740},
    DESKTOP: {"width": DESKTOP, "height": 900},
}


@pytest.fixture(scope="module", autouse=True)
def kinds(site):
    in_threads(make_kinds)
    memory.forget()


@pytest.mark.parametrize("name", ["sign-in", "account", "payments"])
def test_nothing_moves_for_whoever_wants_it_still(name, visit):
    who, path = PAGES[name]
    page = visit(path, who, reduced_motion="reduce")
    assert page.evaluate(MOVING) == []


@pytest.mark.parametrize(("name", "scheme"), [*zip(MODES, cycle(("light", "dark")))])
def test_strong_contrast(name, scheme, visit):
    """Quiet words are no longer quiet: nothing is under 7."""
    who, path = PAGES[name]
    page = visit(path, who, "ru", contrast="more", color_scheme=scheme)
    assert structure.faults(page, ("contrast", "focus")) == []


@pytest.mark.parametrize("name", MODES)
def test_forced_colours(name, visit):
    """Buttons keep an edge, pictures their bars, whatever has the focus its ring."""
    who, path = PAGES[name]
    page = visit(path, who, forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(EDGELESS) == []
    assert page.evaluate(UNSEEN_MARKS) == []
    assert structure.faults(page, ("contrast", "focus")) == []


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("name", [*MODES, "calculator for anybody", "application to file"])
def test_nothing_jumps_while_a_page_loads(name, width, visit):
    who, path = PAGES[name]
    page = visit(path, who, viewport=SCREENS[width])
    assert page.evaluate(SHIFTS) == []


@pytest.mark.parametrize(
    ("name", "language"), [("sign-in", "ru"), ("account", "kk"), ("receipts", "ru")]
)
def test_large_text(name, language, visit, site):
    """Whoever has asked for large text gets pages that hold it."""
    who, path = PAGES[name]
    page = visit(path, who, language)
    page.context.add_cookies([{"name": "text_size", "value": "large", "url": site.url}])
    page.reload()
    expect(page.locator("html")).to_have_css("font-size", "20px")
    assert hindrances(page, "") == []
