"""A day at the call centre, in a real Chromium and both languages: find, look, link, unlock,
unlink, hand in a set, read the audit log."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Page, expect

from accounts import demo
from accounts.tests.factories import PASSWORD
from accounts.tests.test_register import in_threads
from billing.models import Holding
from billing.tests.test_admin_imports import defective
from cabinet.tests import people
from cabinet.tests.access import ONCE, hindrances
from cabinet.worker import Worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

REASON = "Жеке куәлік № 045123456, сату-сатып алу шарты"


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_day_at_the_call_centre(language, visit, site, tmp_path, settings):
    def words(text: str) -> str:
        with override(language):
            return gettext(text)

    def looks_good(page: Page) -> None:
        assert hindrances(page, ONCE[language]) == []

    login = f"day-{language}"
    in_threads(partial(_operator, login, language))  # committed, for the site's own thread
    page = signed_in(visit, login, language)
    looks_good(page)
    _find_and_link(page, site, words, looks_good)
    if language == "kk":
        _unlock(page, site, words, looks_good)
    _unlink(visit, site, language, words, looks_good)
    if language == "ru":
        settings.IMPORTS_FOLDER = tmp_path / "imports"
        _hand_in(visit, tmp_path, language, words, looks_good)
    _read_the_log(visit, login, site, language, words, looks_good)


def _operator(login: str, language: str) -> None:
    demo.give_second_step(people.member("operator", login=login, branch="01", language=language))


def signed_in(visit: Callable[..., Page], login: str, language: str) -> Page:
    """By password and by the code that the demonstration shows."""
    page = visit("/admin/", language=language)
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/login/code/**")
    shown = page.context.new_page()
    shown.goto("/demo/codes/")
    code = shown.locator("dl.facts div", has_text=login).locator("dd").inner_text()
    shown.close()
    page.fill("[name=code]", code)
    page.press("[name=code]", "Enter")
    page.wait_for_url("**/admin/")
    return page


def _find_and_link(page: Page, site: Any, words: Any, looks_good: Any) -> None:
    page.goto("/admin/billing/personalaccount/")
    page.fill("#searchbar", site.home.account.number)
    page.press("#searchbar", "Enter")
    looks_good(page)
    page.click("#result_list tbody a")
    expect(page.locator(".cabinet")).to_contain_text("500,00")
    looks_good(page)
    page.get_by_role("link", name=words("Link a user")).click()
    page.get_by_role("button", name=words("Link a user")).click()
    page.fill("[name=who]", "nobody")
    page.check("[name=papers]")
    page.fill("[name=reason]", REASON)
    page.get_by_role("button", name=words("Link a user")).click()
    expect(page.locator(".errorlist li")).to_have_count(1)
    looks_good(page)
    page.fill("[name=who]", "stranger@example.kz")
    page.get_by_role("button", name=words("Link a user")).click()
    expect(page.locator(".messagelist")).to_contain_text(words("The user is linked."))
    expect(page.locator(".cabinet")).to_contain_text(REASON)
    assert Holding.objects.filter(user=site.home.stranger).count() == 2


def _unlock(page: Page, site: Any, words: Any, looks_good: Any) -> None:
    page.goto("/admin/accounts/user/")
    page.fill("#searchbar", "stranger")
    page.press("#searchbar", "Enter")
    looks_good(page)
    page.click("#result_list tbody a")
    expect(page.locator(".cabinet")).to_contain_text(site.home.account.number)
    page.get_by_role("button", name=words("Unlock signing in and adding accounts")).click()
    expect(page.locator(".messagelist")).to_contain_text(words("Wrong tries are forgotten."))
    looks_good(page)


def _unlink(visit: Any, site: Any, language: str, words: Any, looks_good: Any) -> None:
    page = visit(
        f"/admin/billing/personalaccount/{site.home.account.pk}/change/", "supervisor", language
    )
    holder = page.locator("dl.facts div", has_text="stranger@example.kz")
    holder.get_by_role("link", name=words("Take the link away")).click()
    page.fill("[name=reason]", REASON)
    looks_good(page)
    page.get_by_role("button", name=words("Take the link away")).click()
    expect(page.locator(".messagelist")).to_contain_text(words("The link is taken away."))
    assert Holding.objects.filter(user=site.home.stranger).count() == 1


def _hand_in(visit: Any, folder: Any, language: str, words: Any, looks_good: Any) -> None:
    bad = folder / "2026-03.zip"
    bad.write_bytes(defective())
    page = visit("/admin/billing/import/", "biller", language)
    looks_good(page)
    page.get_by_role("link", name=words("Upload a set")).click()
    page.set_input_files("[name=file]", bad)
    looks_good(page)
    page.get_by_role("button", name=words("Upload")).click()
    expect(page.locator("progress")).to_have_count(1)
    in_threads(Worker().run_until_idle)
    expect(page.locator(".import-ending")).to_have_count(1, timeout=20_000)
    expect(page.locator("main, #content").first).to_contain_text("terms.csv")
    looks_good(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=words("The rejected rows, zip")).click()
    assert re.fullmatch(r"rejects-\d+\.zip", download.value.suggested_filename)


def _read_the_log(
    visit: Any, login: str, site: Any, language: str, words: Any, looks_good: Any
) -> None:
    page = visit("/admin/accounts/auditentry/", "supervisor", language)
    page.fill("#searchbar", login)
    page.press("#searchbar", "Enter")
    listed = page.locator("#result_list tbody")
    for action in ("signed in", "looked at an account", "linked an account to a user"):
        expect(listed.get_by_text(words(action)).first).to_be_visible()
    looks_good(page)
    page.click("#result_list tbody a")
    expect(page.locator("#content")).to_contain_text(login)
    looks_good(page)
    mine = visit("/settings/looks/", "owner", language)
    expect(mine.locator("main table").first).to_contain_text(words("looked at an account"))
    looks_good(mine)
