"""An account is added and removed in a real Chromium, by the dialog and without JavaScript."""

from functools import partial

import pytest
from playwright.sync_api import expect

from accounts.tests.test_register import in_threads
from billing import limits
from billing.models import Holding
from cabinet.tests.access import hindrances

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WORDS = {
    "kk": (
        "Жаңа дербес шотты қосу",
        "Қосу",
        "Сәтті қосылды",
        "Жою",
        "Иә",
        "Жоқ",
        "Дербес шот жойылды",
    ),
    "ru": (
        *("Добавить новый лицевой счёт", "Добавить", "Успешно добавлен", "Удалить", "Да", "Нет"),
        "Лицевой счёт удалён",
    ),
}
ADDED = "000000101"


@pytest.mark.parametrize(
    ("language", "script"), [("kk", True), ("ru", True), ("kk", False)], ids=str
)
def test_add_and_remove(language, script, visit, site):
    new, add, added, remove, yes, no, removed = WORDS[language]
    page = visit("/accounts/", who="stranger", language=language, java_script_enabled=script)
    page.get_by_role("link", name=new).click()
    expect(page.locator("h1")).to_have_text(new)
    page.fill("[name=number]", ADDED)
    page.fill("[name=paid_on]", "2026-04-05")
    page.fill("[name=amount]", "499")
    page.get_by_role("button", name=add, exact=True).click()
    expect(page.locator(".summary li")).to_have_count(1)
    if script and language == "kk":
        assert hindrances(page) == []
    page.fill("[name=amount]", "500,00 ₸")
    page.get_by_role("button", name=add, exact=True).click()
    expect(page.locator(".messages li")).to_have_text(added)

    link = page.locator(f"a[href='/accounts/{ADDED}/remove/']")
    dialog = page.locator("dialog[open]")
    expect(link).to_have_text(remove)
    link.click()
    if script:
        expect(dialog.get_by_text(ADDED)).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(link).to_be_focused()
        link.press("Enter")
        dialog.get_by_role("button", name=no).click()
        expect(dialog).to_have_count(0)
        expect(link).to_be_focused()
        link.press("Enter")
        if language == "kk":
            assert hindrances(page) == []
    else:
        page.get_by_role("button", name=no).click()
        assert page.url.endswith("/accounts/")
        link.click()
    assert Holding.objects.filter(user=site.home.stranger).count() == 2
    page.get_by_role("button", name=yes).click()
    expect(page.locator(".messages li")).to_have_text(removed)
    expect(link).to_have_count(0)
    assert Holding.objects.filter(user=site.home.stranger).count() == 1


def test_too_many_wrong_tries(visit, site):
    """Then the right one is not looked at either, until staff unlock; the answer is the same."""
    _new, add, added, _remove, *_rest = WORDS["ru"]
    page = visit("/accounts/add/", who="stranger", language="ru")

    def offer(amount):
        page.fill("[name=number]", ADDED)
        page.fill("[name=paid_on]", "2026-04-05")
        page.fill("[name=amount]", amount)
        page.get_by_role("button", name=add, exact=True).click()
        expect(page.locator("[name=amount]")).to_have_value(amount)
        return page.locator(".summary").inner_text()

    answers = {offer(amount) for amount in ("1", "2", "3", "4", "5", "500")}
    assert len(answers) == 1
    assert Holding.objects.filter(user=site.home.stranger).count() == 1
    in_threads(partial(limits.unlock, site.home.stranger))
    page.get_by_role("button", name=add, exact=True).click()
    expect(page.locator(".messages li")).to_have_text(added)
    in_threads(Holding.objects.filter(user=site.home.stranger, account=site.home.account).delete)
