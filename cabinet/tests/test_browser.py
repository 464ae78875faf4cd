"""In a real Chromium: by keyboard, without JavaScript, on a phone, in the dark, on paper."""

import re

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD
from cabinet import memory
from cabinet.tests.access import DESKTOP, PHONE, WIDTHS, hindrances
from cabinet.tests.conftest import Site
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    first_help,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

LOGIN = "/login/"
ACCOUNT = "/accounts/000000101/"
PAGES = {
    "sign-in": ("", LOGIN),
    "register": ("", "/register/"),
    "registered": ("", "/register/sent/"),
    "consent": ("", "/consent/"),
    "password forgotten": ("", "/password-reset/"),
    "letter sent": ("", "/password-reset/sent/"),
    "link that does not work": ("", "/email/confirm/nothing/"),
    "link for a password that does not work": ("", "/password-reset/1-nothing/"),
    "link back that does not work": ("", "/email/undo/nothing/"),
    "demo's letters": ("", "/demo/mail/"),
    "password": ("owner", "/settings/password/"),
    "address": ("owner", "/settings/email/"),
    "profile": ("owner", "/settings/profile/"),
    "two steps": ("owner", "/settings/two-step/"),
    "password once more": ("owner", "/settings/again/"),
    "sessions": ("owner", "/settings/sessions/"),
    "own data": ("owner", "/settings/data/"),
    "deletion": ("owner", "/settings/delete/"),
    "list": ("owner", "/accounts/"),
    "empty list": ("support", "/accounts/"),
    "account to add": ("owner", "/accounts/add/"),
    "e-receipts": ("owner", "/accounts/000000101/e-receipt/"),
    "e-receipts of nothing": ("support", "/e-receipt/"),
    "way out of a letter": (
        "",
        "/e-receipt/unsubscribe/7d0c5a52-6d0e-4d6e-9d55-2f9c3f1d8a11/receipts/",
    ),
    "account to remove": ("owner", f"{ACCOUNT}remove/"),
    "account's nickname": ("owner", f"{ACCOUNT}nickname/"),
    "account": ("owner", ACCOUNT),
    "account without data": ("stranger", "/accounts/000000202/"),
    "services": ("owner", f"{ACCOUNT}services/"),
    "services, wrong period": ("owner", f"{ACCOUNT}services/?from=2026-03&to=2025-01&service=ZZ"),
    "statement": ("owner", f"{ACCOUNT}services/statement/"),
    "payments": ("owner", f"{ACCOUNT}payments/"),
    "payments, wrong period": ("owner", f"{ACCOUNT}payments/?from=2027-01-01&to=x"),
    "contacts": ("", "/contacts/"),
    "branches": ("owner", "/branches/"),
    "help": ("", "/help/"),
    "help, found": ("owner", "/help/?q=пароль"),
    "help, nothing found": ("", "/help/?q=абракадабра"),
    "help page": ("", "/help/refused/"),
    "site map": ("support", "/site-map/"),
    "not found": ("", "/nothing/"),
    "admin": ("support", "/admin/"),
    "admin, accounts": ("support", "/admin/billing/personalaccount/"),
    "admin, search": ("support", "/admin/billing/personalaccount/?q=құдай"),
    "admin, account": ("support", "/admin/billing/personalaccount/{pk}/change/"),
    "admin, letters": ("support", "/admin/cabinet/letter/"),
    "admin, mailings": ("support", "/admin/cabinet/mailing/"),
    "admin, announcements": ("support", "/admin/support/announcement/"),
    "admin, announcement to add": ("supervisor", "/admin/support/announcement/add/"),
    "admin, help pages": ("support", "/admin/support/helppage/"),
    "admin, help page": ("supervisor", "/admin/support/helppage/refused/change/"),
    "admin, notice to add": ("supervisor", "/admin/support/branchnotice/add/"),
}
STATUS = {
    "services, wrong period": 400,
    "payments, wrong period": 400,
    "not found": 404,
}

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
both = pytest.mark.parametrize("language", ["kk", "ru"])


@pytest.fixture(scope="module", autouse=True)
def texts(site: Site) -> None:
    """What staff write: announcements on all pages, help, a notice of the owner's branch."""
    first_help()
    AnnouncementFactory(kind="a_outage")
    AnnouncementFactory(branch=site.home.account.branch)
    BranchNoticeFactory(branch=site.home.account.branch)
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


@both
def test_by_keyboard_alone(language, visit):
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


@both
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
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


@both
@pytest.mark.parametrize("name", PAGES)
def test_every_page(name, language, visit):
    """It fits, axe finds nothing, and the console stays empty."""
    who, path = PAGES[name]
    page = visit(path, who, language, STATUS.get(name, 200))
    assert hindrances(page, language) == []


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


CONTRAST = """selector => {
    const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = colour => {
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    return [...document.querySelectorAll(selector)].filter(it => it.offsetParent).map(it => {
        let under = it;
        while (under && rgb(getComputedStyle(under).backgroundColor)[3] < 255)
            under = under.parentElement;
        const back = under ? rgb(getComputedStyle(under).backgroundColor) : [255, 255, 255];
        const [a, b] = [light(rgb(getComputedStyle(it).color)), light(back)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["account", "services", "payments", "services, wrong period"])
def test_contrast(name, scheme, visit):
    """4.5 for text and 7 for figures, whatever the scheme."""
    who, path = PAGES[name]
    page = visit(path, who, "kk", STATUS.get(name, 200), color_scheme=scheme)
    texts = page.evaluate(CONTRAST, "h1, h2, p, dt, dd, a, label, button, li, th, span, .error")
    assert len(texts) > 20
    assert min(texts) >= 4.5
    figures = page.evaluate(CONTRAST, "td:not(.zero), .sum-figure")
    assert min(figures, default=7) >= 7
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (scheme == "dark", back) == (dark, "rgb(17, 22, 28)" if dark else "rgb(255, 255, 255)")


@both
@pytest.mark.parametrize("name", ["account", "services", "statement", "payments"])
def test_print(name, language, visit):
    """On paper there is the page and no way round the site."""
    who, path = PAGES[name]
    page = visit(path, who, language)
    page.emulate_media(media="print")
    for part in (".menu-beside", ".menu-folded", ".information", ".languages", ".skip", "form"):
        for each in page.locator(part).all():
            expect(each).to_be_hidden()
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    text = " ".join(
        " ".join(each.get_textpage().get_text_range() for each in document).split()
    ).replace("\xa0", " ")
    sizes = {tuple(round(side) for side in each.get_size()) for each in document}
    document.close()
    words = WORDS[language]
    assert words[name] in text
    assert words["accounts"] not in text
    assert "000000101" in text
    assert sizes == {(595, 842)}
