"""In a real Chromium: what was typed outlives the session, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from accounts.tests.factories import PASSWORD
from cabinet.tests.access import hindrances
from cabinet.tests.test_browser import both, heading

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WORDS = {
    "kk": ("Сіз қайта кірдіңіз", "Қазір жіберу", "Кіру"),
    "ru": ("Вы снова вошли", "Отправить сейчас", "Войти"),
}


@both
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_name_outlives_the_session(language, scripts, visit):
    again, send, log_in = WORDS[language]
    name = f"Жаңа Есім {language} {scripts}"
    page = visit("/settings/profile/", "stranger", language, java_script_enabled=scripts)
    page.locator("[name=full_name]").fill(name)
    page.context.clear_cookies(name="session")
    page.locator("main form.form button.primary").click()
    heading(page, log_in)
    page.locator("[name=login]").fill("stranger")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form.form button.primary").first.click()
    heading(page, again)
    expect(page.locator("main dl")).to_contain_text(name)
    if scripts:
        assert hindrances(page) == []
    page.get_by_role("button", name=send).click()
    expect(page.locator("ul.messages")).to_be_visible()
    expect(page.locator("[name=full_name]")).to_have_value(name)
