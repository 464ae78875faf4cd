"""In a real Chromium: from registering to the deletion of the user, in both languages."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from accounts.models import User
from cabinet.models import Letter
from cabinet.tests.access import ONCE, hindrances
from cabinet.tests.screens import PAGES
from cabinet.tests.test_language import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

FIRST, SECOND = "Tal-qaiyng-7-terek", "Қыста да жасыл қарағай"
NAME, NEW_NAME = "Жансая Ерланқызы Төлегенова", "Жансая Ерланқызы Мұхтарова"
PERIOD = 30
OFTEN_SEEN = {path for _who, path in PAGES.values()}  # looked at by `test_every_page`
WORDS = {
    "kk": {
        "log in": "Кіру",
        "accounts": "Жаңа дербес шотты қосу",  # nobody has any yet
        "password changed": "Құпиясөз өзгертілді",
        "link sent": "Жаңа мекенжайға растау сілтемесі жіберілді",
        "saved": "Деректер сақталды",
    },
    "ru": {
        "log in": "Войти",
        "accounts": "Добавить новый лицевой счёт",
        "password changed": "Пароль изменён",
        "link sent": "На новый адрес отправлена ссылка для подтверждения",
        "saved": "Данные сохранены",
    },
}


class Person:
    """Somebody at a browser, who reads every page that comes up."""

    def __init__(self, page: Page, language: str, email: str) -> None:
        self.page, self.language, self.email = page, language, email
        self.password, self.name = FIRST, NAME
        self.login = ""
        self.secret = ""
        self.counter = 0
        self.looked_at: set[tuple[str, int]] = set()

    def says(self, text: str) -> None:
        expect(self.page.locator(".messages")).to_contain_text(text)

    def heading(self) -> str:
        heading = self.page.locator("h1").inner_text()
        known = {self.name, NAME, NEW_NAME, self.login, self.secret}
        known |= {"HeadlessChrome, Linux", "127.0.0.1"}
        known |= {*self.page.locator("code").all_inner_texts()}
        known |= {*Letter.objects.values_list("recipient", flat=True), self.email}
        known |= {"Қазақша", "Русский", "«Алтын Дала Энерго» ЖШС", "ТОО «Алтын Дала Энерго»"}
        wrong = faults(self.page.content(), self.language, known - {""})
        assert wrong == [], self.page.url
        path = urlsplit(self.page.url).path
        wrong = self.page.locator(".summary").count()
        view = re.sub(r"[^/]{20,}|\d+", "…", path), wrong
        if view not in self.looked_at and (wrong or path not in OFTEN_SEEN):
            self.looked_at.add(view)
            assert hindrances(self.page, ONCE[self.language]) == [], self.page.url
        return heading

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"main [name={name}]", value)

    def press(self, form: str = "main form.form:visible") -> None:
        """The form's first button; what comes up is read."""
        with self.page.expect_navigation():
            self.page.locator(f"{form} button").first.click()
        self.heading()

    def go(self, path: str) -> None:
        self.page.goto(path)
        self.heading()

    def follow(self, kind: str, email: str) -> Letter:
        """Opens the button's link in the last letter of that kind."""
        letter = Letter.objects.filter(kind=kind, recipient=email).latest("pk")
        assert letter.language == self.language
        (url,) = {*re.findall(r'href="(http[^"]+)"', letter.html)}
        self.go(url)
        return letter

    def letters(self) -> list[tuple[str, str]]:
        return list(Letter.objects.order_by("pk").values_list("kind", "recipient"))

    def code(self) -> str:
        """What the authenticator app shows, or has just shown: one that has not counted before."""
        now = int(time.time()) // PERIOD
        self.counter = max(self.counter + 1, now - 1)
        while self.counter > int(time.time()) // PERIOD + 1:
            time.sleep(1)
        return format_hotp_value(hotp_value(self.secret, self.counter))

    def sign_out(self) -> None:
        with self.page.expect_navigation():
            self.page.locator("header form[action='/logout/'] button").click()
        assert self.heading() == WORDS[self.language]["log in"]

    def sign_in(self) -> None:
        self.go("/login/")
        self.fill(login=self.login, password=self.password)
        self.press()

    def is_in(self) -> bool:
        self.page.goto("/accounts/")
        return "/login/" not in self.page.url


def register(person: Person) -> None:
    person.go("/register/")
    person.fill(
        full_name=person.name, email=person.email, password1=FIRST, password2="something else"
    )
    person.press()
    assert person.page.locator(".summary li").count() == 2
    person.fill(password1=FIRST, password2=FIRST)
    person.page.check("[name=consent]")
    person.press()
    assert "/register/sent/" in person.page.url
    assert not person.is_in()
    person.follow("confirm", person.email)
    person.press("main form")
    assert person.heading() == WORDS[person.language]["accounts"]
    person.login = User.objects.get(email=person.email).login


def change_email(person: Person) -> None:
    old, new = person.email, f"new.{person.email}"
    person.go("/settings/email/")
    person.fill(email=new, password="not-the-password")
    person.press()
    assert person.page.locator(".field-wrong").count() == 1
    person.fill(email=new, password=person.password)
    person.press()
    person.says(WORDS[person.language]["link sent"])
    expect(person.page.locator("main")).to_contain_text(new)
    assert person.letters()[-2:] == [("email_change_asked", old), ("confirm_new", new)]
    person.follow("confirm_new", new)
    person.press("main form")
    person.go("/settings/email/")
    expect(person.page.locator("dl.facts dd")).to_have_text(new)
    assert User.objects.get(login=person.login).email == new
    assert person.letters()[-1] == ("email_changed", old)
    person.email = new


def change_password(person: Person) -> None:
    person.go("/settings/password/")
    person.fill(oldpassword=person.password, password1=SECOND, password2=SECOND)
    person.press()
    person.says(WORDS[person.language]["password changed"])
    person.password = SECOND
    assert person.letters()[-1] == ("password_changed", person.email)


def change_profile(person: Person) -> None:
    """Name, login, and the language there and back."""
    login = f"{person.login}.new"
    person.go("/settings/profile/")
    person.fill(full_name=NEW_NAME, login=login)
    person.press()
    assert person.page.locator(".field-wrong [name=password]").count() == 1
    person.fill(password=person.password)
    person.name, person.login = NEW_NAME, login
    person.press()
    person.says(WORDS[person.language]["saved"])
    expect(person.page.locator(".person-name")).to_have_text(NEW_NAME)
    here = person.language
    for language in ({"kk": "ru", "ru": "kk"}[here], here):
        person.page.select_option("main [name=language]", language)
        person.language = language
        person.press()
        person.says(WORDS[language]["saved"])
    assert [kind for kind, _to in person.letters()[-3:]] == ["profile_changed"] * 3


def turn_on_two_steps(person: Person) -> list[str]:
    """Sets up an app; returns the recovery codes."""
    person.go("/settings/two-step/")
    person.go("/settings/two-step/app/")
    assert "/settings/again/" in person.page.url
    person.fill(password=person.password)
    person.press()
    person.secret = person.page.locator("code.key").inner_text()
    person.fill(code="000000")
    person.press()
    assert person.page.locator(".field-wrong").count() == 1
    person.fill(code=person.code())
    person.press()
    codes = person.page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    assert person.letters()[-1] == ("app_on", person.email)
    return codes


def sign_in_with_codes(person: Person, recovery: str) -> None:
    used = person.code()
    for code in (used, recovery):
        person.sign_in()
        assert "/login/code/" in person.page.url
        assert not person.is_in()
        person.go("/login/code/")
        person.fill(code=code)
        person.press()
        assert person.heading() == WORDS[person.language]["accounts"]
        person.sign_out()
    for code in (used, recovery):  # each counts once
        person.sign_in()
        person.fill(code=code)
        person.press()
        assert person.page.locator(".field-wrong").count() == 1
        person.press("main form[action='/logout/']")
    person.sign_in()
    person.fill(code=person.code())
    person.press()


def add_passkey(person: Person) -> None:
    devtools = person.page.context.new_cdp_session(person.page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    person.go("/settings/passkeys/add/")
    if "/settings/again/" in person.page.url:
        person.fill(password=person.password)
        person.press()
    person.fill(name="Телефон")
    person.press("main form[data-passkey]")
    assert "/settings/two-step/" in person.page.url
    expect(person.page.locator(".rows")).to_contain_text("Телефон")
    assert person.letters()[-1] == ("passkey_added", person.email)
    person.sign_out()
    person.go("/login/")
    person.press("main form[data-passkey]")
    assert person.heading() == WORDS[person.language]["accounts"]
    devtools.detach()


def end_another_session(person: Person, other: Person, recovery: str) -> None:
    other.password, other.login = person.password, person.login
    other.sign_in()
    other.fill(code=recovery)
    other.press()
    assert other.is_in()
    person.go("/settings/sessions/")
    assert person.page.locator(".rows li").count() == 2
    person.press(".rows li form")
    assert person.page.locator(".rows li").count() == 1
    assert not other.is_in()
    assert person.is_in()


def download(person: Person) -> None:
    person.go("/settings/data/")
    with person.page.expect_download() as started:
        person.page.locator("main form button").click()
    with zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes())) as archive:
        content = json.loads(archive.read("data.json"))
    assert content["user"]["full_name"] == NEW_NAME
    assert [address["email"] for address in content["addresses"]] == [person.email]
    assert [consent["version"] for consent in content["consents"]] == ["2026-11"]


def delete(person: Person) -> None:
    person.go("/settings/delete/")
    person.fill(password=person.password)
    person.press()
    assert person.heading() == WORDS[person.language]["log in"]
    assert not User.objects.filter(login=person.login).exists()
    assert person.letters()[-1] == ("deleted", person.email)
    person.sign_in()
    assert not person.is_in()


@pytest.mark.parametrize("language", WORDS)
def test_a_user_s_life(language: str, visit: Callable[..., Page], site: Any) -> None:
    email = f"zhansaya.{language}@example.kz"
    person = Person(visit("/login/", language=language), language, email)
    register(person)
    change_email(person)
    change_password(person)
    change_profile(person)
    recovery = turn_on_two_steps(person)
    person.sign_out()
    if language == "kk":
        sign_in_with_codes(person, recovery[0])
        add_passkey(person)
    else:
        person.sign_in()
        person.fill(code=person.code())
        person.press()
    other = Person(visit("/login/", language=language), language, email)
    end_another_session(person, other, recovery[1])
    download(person)
    delete(person)
