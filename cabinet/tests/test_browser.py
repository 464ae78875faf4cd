"""In a real Chromium: by keyboard, without JavaScript, on a phone, in the dark, on paper."""

import re

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD
from billing.models import Holding
from cabinet import memory
from cabinet.tests.access import DESKTOP, PHONE, WIDTHS, hindrances
from cabinet.tests.conftest import LONG_NAME, Site
from cabinet.tests.screens import ACCOUNT, LOGIN, PAGES, STATUS, looks
from support.tests.factories import make_kinds
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    first_help,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WORDS = {
    "kk": {
        "log in": "Кіру",
        "accounts": "Қолжетімді дербес шоттар",
        "account": "Дербес шот бойынша ақпарат",
        "services": "Қызметтер бойынша ақпарат",
        "statement": "Қызмет бойынша үзінді көшірме",
        "payments": "Төлемдер",
        "show": "Көрсету",
        "print": "Басып шығару",
        "log out": "Шығу",
        "menu": "Мәзір",
        "month": "2025 ж. желтоқсан",
        "other": ("ru", "Русский", "Платежи"),
    },
    "ru": {
        "log in": "Войти",
        "accounts": "Доступные лицевые счета",
        "account": "Информация по лицевому счёту",
        "services": "Информация по услугам",
        "statement": "Выписка по услуге",
        "payments": "Платежи",
        "show": "Показать",
        "print": "Печать",
        "log out": "Выход",
        "menu": "Меню",
        "month": "декабрь 2025 г.",
        "other": ("kk", "Қазақша", "Төлемдер"),
    },
}
NICKNAME = 30
both = pytest.mark.parametrize("language", ["kk", "ru"])


@pytest.fixture(scope="module", autouse=True)
def texts(site: Site) -> None:
    """What staff write: announcements on all pages, help, a notice of the owner's branch."""
    first_help()
    AnnouncementFactory(kind="a_outage")
    AnnouncementFactory(branch=site.home.account.branch)
    BranchNoticeFactory(branch=site.home.account.branch)
    make_kinds()
    Holding.objects.filter(user=site.home.owner).update(nickname=LONG_NAME[:NICKNAME])
    memory.forget()


def tab_to(page: Page, name: str, tag: str = "") -> None:
    """Presses Tab until the link, button or field of that name has the focus, and shows it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
                const it = document.activeElement, style = getComputedStyle(it);
                const label = it.labels && it.labels[0];
                return {
                    tag: it.tagName.toLowerCase(),
                    name: (label || it).innerText.trim(),
                    outline: style.outlineStyle, width: parseFloat(style.outlineWidth),
                    seen: it.getClientRects().length > 0,
                };
            }"""
        )
        if focused["tag"] == "body":
            continue
        assert focused["seen"], focused
        assert focused["outline"] != "none", focused
        assert focused["width"] >= 2, focused
        if focused["name"].startswith(name) and tag in ("", focused["tag"]):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def heading(page: Page, text: str) -> None:
    expect(page.locator("h1")).to_have_text(text)


def paper(page: Page, href: str) -> list[str]:
    """The PDF behind a link, as the browser's own session gets it."""
    answer = page.request.get(href)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(answer.body())
    texts = [each.get_textpage().get_text_range() for each in document]
    document.close()
    return texts


def test_by_keyboard_alone(visit):
    language = "kk"
    words = WORDS[language]
    page = visit(ACCOUNT, language=language, status=200)
    expect(page).to_have_url(re.compile(r"/login/\?next=/accounts/000000101/$"))
    heading(page, words["log in"])
    for name, text in (("login", "Owner@Example.kz"), ("password", PASSWORD)):
        label = page.locator(f"label[for=id_{name}]").inner_text()
        tab_to(page, label, "input")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    heading(page, words["account"])

    tab_to(page, words["accounts"], "a")
    page.keyboard.press("Enter")
    heading(page, words["accounts"])
    tab_to(page, "000000101", "a")
    page.keyboard.press("Enter")
    heading(page, words["account"])
    tab_to(page, words["services"], "a")
    page.keyboard.press("Enter")
    heading(page, words["services"])

    first = page.locator("select[name=from]")
    tab_to(page, page.locator("label[for=id_from]").inner_text(), "select")
    while first.evaluate("select => select.value") < "2025-12":
        page.keyboard.press("ArrowUp")
    tab_to(page, words["show"], "button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"from=2025-12&to=2026-03"))
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(4)

    tab_to(page, words["print"], "a")
    page.keyboard.press("Enter")
    heading(page, words["statement"])
    rows = page.locator("table tbody tr")
    expect(rows.first.locator("th")).to_have_text(words["month"])
    (text,) = paper(page, page.locator("main a.primary").get_attribute("href"))
    assert words["month"] in " ".join(text.replace("\xa0", " ").split())

    tab_to(page, words["payments"], "a")
    page.keyboard.press("Enter")
    heading(page, words["payments"])
    code, name, translated = words["other"]
    tab_to(page, name, "button")
    page.keyboard.press("Enter")
    heading(page, translated)
    expect(page.locator("html")).to_have_attribute("lang", code)
    tab_to(page, {"kk": "Қазақша", "ru": "Русский"}[language], "button")
    page.keyboard.press("Enter")
    heading(page, words["payments"])

    tab_to(page, words["log out"], "button")
    page.keyboard.press("Enter")
    heading(page, words["log in"])
    page.goto(ACCOUNT)
    heading(page, words["log in"])


@pytest.mark.parametrize(("width", "language"), [(PHONE, "kk"), (DESKTOP, "ru")])
def test_without_javascript(width, language, visit):
    words = WORDS[language]
    page = visit(
        LOGIN,
        language=language,
        java_script_enabled=False,
        viewport={"width": width, "height": 800},
    )
    page.fill("[name=login]", "owner")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    expect(page.locator(".summary li")).to_have_count(1)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    heading(page, words["account"])

    def choose(item: str) -> None:
        if width == PHONE:
            page.get_by_text(words["menu"], exact=True).click()
        page.get_by_role("link", name=item, exact=True).locator("visible=true").first.click()
        heading(page, item)

    choose(words["accounts"])
    page.click("ul.accounts a")
    heading(page, words["account"])
    choose(words["services"])
    page.select_option("[name=from]", "2025-12")
    page.select_option("[name=service]", "MS")
    page.get_by_role("button", name=words["show"]).click()
    expect(page.locator("table")).to_have_count(1)
    page.get_by_role("link", name=words["print"]).click()
    heading(page, words["statement"])
    paper(page, page.locator("main a.primary").get_attribute("href"))
    choose(words["payments"])
    page.fill("[name=from]", "2026-03-10")
    page.fill("[name=to]", "2026-03-10")
    page.get_by_role("button", name=words["show"]).click()
    expect(page.locator("tfoot td.closing")).to_have_text("1\xa0601,20")
    code, name, translated = words["other"]
    page.get_by_role("button", name=name).click()
    heading(page, translated)
    assert "from=2026-03-10" in page.url
    page.locator(".person button").click()
    expect(page.locator("html")).to_have_attribute("lang", code)
    expect(page).to_have_url(re.compile("/login/$"))


@pytest.mark.parametrize(("name", "language", "part"), [*looks()])
def test_every_page(name, language, part, visit):
    """It looks as it should, axe finds nothing, and the console stays empty."""
    who, path = PAGES[name]
    page = visit(path, who, language, STATUS.get(name, 200))
    assert hindrances(page, part) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_menu(width, visit):
    """Beside the page where there is room, else folded until one opens it."""
    page = visit(ACCOUNT, "owner", viewport={"width": width, "height": 800})
    beside = page.locator("nav.menu-beside")
    folded = page.locator("details.menu-folded")
    if width > 768:
        expect(beside).to_be_visible()
        expect(folded).to_be_hidden()
        return
    expect(beside).to_be_hidden()
    item = folded.get_by_role("link", name="Төлемдер", exact=True)
    expect(item).to_be_hidden()
    folded.locator("summary").click()
    expect(item).to_be_visible()
    assert item.bounding_box()["height"] >= 24
    item.click()
    heading(page, "Төлемдер")
    expect(page.locator("details.menu-folded")).not_to_have_attribute("open", "")
