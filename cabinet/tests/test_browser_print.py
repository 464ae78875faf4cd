"""On paper, from a real Chromium: the page alone, on A4, whole."""

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
import pytest
from playwright.sync_api import Page

from accounts.tests.test_register import in_threads
from cabinet import memory
from cabinet.tests import structure
from cabinet.tests.screens import ACCOUNT, PAGES
from support.tests.factories import make_kinds
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    first_help,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

A4 = (595, 842)  # points
MARGIN = 14 * 72 / 25.4
PRINTABLE = {"width": 688, "height": 1016}  # A4 without its margins, in pixels of CSS
PRINTED = {
    "list": "kk",
    "account": "ru",
    "services": "kk",
    "statement": "ru",
    "month": "kk",
    "payments": "ru",
    "receipts": "kk",
    "applications": "ru",
    "looks of staff": "kk",
    "profile": "ru",
    "branches": "kk",
    "contacts": "ru",
    "help page": "kk",
    "consent": "ru",
    "site map": "kk",
    "is a paper genuine": "ru",
    "calculator for anybody": "kk",
    "services, wrong period": "ru",
    "not found": "kk",
}
NOT_PRINTED = (
    *("nav", ".information", ".languages", ".text-size", ".skip", ".announcements", ".demo"),
    *("header button", "main button", "main .button"),
)
SEEN = """selectors => selectors.filter(
    each => [...document.querySelectorAll(each)].some(it => it.checkVisibility()))"""
TABLES = """() => [...document.querySelectorAll("main table")].map(it => ({
    head: it.querySelector("thead th")?.innerText.trim().split(/\\s/)[0],
    repeated: !it.tHead || getComputedStyle(it.tHead).display === "table-header-group",
    whole: [...it.rows].every(row => getComputedStyle(row).breakInside === "avoid"),
}))"""


@pytest.fixture(scope="module", autouse=True)
def texts(site):
    in_threads(first_help)
    in_threads(make_kinds)
    in_threads(AnnouncementFactory)
    in_threads(lambda: BranchNoticeFactory(branch=site.home.account.branch))
    memory.forget()


@contextmanager
def printed(page: Page) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    yield document
    document.close()


def texts_of(document: pypdfium2.PdfDocument) -> list[str]:
    return [
        " ".join(each.get_textpage().get_text_range().replace("\xa0", " ").split())
        for each in document
    ]


@pytest.mark.parametrize("name", PRINTED)
def test_the_page_alone(name, visit):
    """No way round the site; nothing beyond the edge; the head once; no empty page."""
    who, path = PAGES[name]
    status = {"services, wrong period": 400, "not found": 404}.get(name, 200)
    page = visit(path, who, PRINTED[name], status, media="print", viewport=PRINTABLE)
    assert page.evaluate(SEEN, list(NOT_PRINTED)) == []
    assert structure.faults(page, ("overlap", "outside", "reach", "cut")) == []
    once = [" ".join(page.locator(each).inner_text().split()) for each in (".brand", "h1")]
    with printed(page) as document:
        sizes = {tuple(round(side) for side in each.get_size()) for each in document}
        texts = texts_of(document)
        widest = max(_right_edges(document))
    assert sizes == {A4}
    assert [text for text in texts if not text] == []
    assert widest <= A4[0] - MARGIN + 1
    assert [text.count(what) for text in texts for what in once] == [1, 1] + [0, 0] * (
        len(texts) - 1
    )


def _right_edges(document: pypdfium2.PdfDocument) -> Iterator[float]:
    for each in document:
        text = each.get_textpage()
        for index in range(text.count_rects()):
            yield text.get_rect(index)[2]


@pytest.mark.parametrize(
    "name", ["services", "statement", "payments", "receipts", "looks of staff"]
)
def test_tables(name, visit):
    """Each has its head on every sheet that it stands on, and no row is cut."""
    who, path = PAGES[name]
    every = {"payments": "?from=2025-01-01&to=2026-04-30"}.get(name, "?from=2025-02&to=2026-03")
    page = visit(
        path if name == "looks of staff" else path + every, who, media="print", viewport=PRINTABLE
    )
    tables = page.evaluate(TABLES)
    assert [table for table in tables if not (table["repeated"] and table["whole"])] == []


def test_the_head_of_a_long_table_is_repeated(visit):
    """Payments of a year take more than a sheet."""
    page = visit(
        f"{ACCOUNT}payments/?from=2025-01-01&to=2026-04-30",
        "owner",
        media="print",
        viewport=PRINTABLE,
    )
    (table,) = page.evaluate(TABLES)

    with printed(page) as document:
        texts = texts_of(document)
    assert len(texts) >= 2
    assert [text.count(table["head"]) for text in texts] == [1] * len(texts)
