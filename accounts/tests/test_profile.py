"""«Дербес баптаулар» (figures 20, 21): full name, login name and language."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection, connections

from accounts.hashing import Argon2Aside
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_email import sign_in
from accounts.tests.test_letters import facts_of, last, link_in, refuse_letters, written
from accounts.tests.test_password import messages
from cabinet.models import Letter
from cabinet.tests.pages import Page, text
from cabinet.tests.post_office import until

URL = "/settings/profile/"
NAME, NEW_NAME = "Айгүл Сәкенқызы", "Айгүл Сәкенқызы Мұхтарова"
TAKEN = "Бұл логин бос емес."
ILL_FORMED = "3-тен 64-ке дейін латын әрпі, цифр, нүкте, дефис немесе астын сызу белгісі."
MARKUP = "<b>&amp;</b><script>alert(1)</script>{{ 7 * 7 }}%(x)s"


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz", full_name=NAME)


@pytest.fixture
def owner(client, aigul):
    client.force_login(aigul)
    return client


def save(client, **changes):
    return client.post(
        URL, {"full_name": NAME, "login": "aigul", "language": "kk", "password": "", **changes}
    )


def profile_of(user):
    user.refresh_from_db()
    return user.full_name, user.login, user.language


def unchanged(user):
    return profile_of(user) == (NAME, "aigul", "kk") and written() == []


def test_the_form(owner):
    page = Page(owner.get(URL))
    assert page.heading == "Дербес баптаулар"
    assert page.values == {"full_name": NAME, "login": "aigul", "language": "kk", "password": ""}
    options = page.find("select").iter("option")
    assert [(each.get("value"), each.get("lang"), text(each)) for each in options] == [
        ("kk", "kk", "Қазақша"),
        ("ru", "ru", "Русский"),
    ]


def test_the_name(owner, aigul):
    response = save(owner, full_name=f"  {NEW_NAME} ")
    assert (response.status_code, response.url) == (302, URL)
    page = Page(owner.get(URL))
    assert messages(page) == ["Деректер сақталды"]
    assert text(page.find("span.person-name")) == NEW_NAME
    assert profile_of(aigul) == (NEW_NAME, "aigul", "kk")
    assert written() == [("profile_changed", "aigul@example.kz")]
    letter = last("profile_changed")
    assert facts_of(letter)["ТАӘ"] == f"{NAME} → {NEW_NAME}"
    assert "Логин" not in facts_of(letter)
    assert Page(owner.get(link_in(letter))).heading == "Құпиясөзді ұмыттыңыз ба?"


def test_the_login(owner, aigul):
    assert save(owner, login="aigul.s", password=PASSWORD).status_code == 302
    assert profile_of(aigul) == (NAME, "aigul.s", "kk")
    assert "aigul → aigul.s" in facts_of(last("profile_changed")).values()
    other = type(owner)()
    assert not sign_in(other, "aigul")
    assert sign_in(other, "aigul.s")


def test_capitals_of_a_login_do_not_count(owner, aigul):
    """So they are no change either."""
    assert save(owner, login="AIGUL").status_code == 302
    assert unchanged(aigul)
    save(owner, login="Aigul.S", password=PASSWORD)
    assert profile_of(aigul)[1] == "aigul.s"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "Логинді өзгерту үшін құпиясөзіңізді енгізіңіз."),
        ("not-the-password", "Бұл сіздің ағымдағы құпиясөзіңіз емес."),
    ],
)
def test_a_login_takes_the_password(password, reason, owner, aigul):
    page = Page(save(owner, login="aigul.s", password=password))
    assert (page.status, page.beside) == (200, {"password": reason})
    assert page.values["login"] == "aigul.s"
    assert page.values["password"] == ""
    assert unchanged(aigul)


def test_nothing_else_does(owner, aigul):
    assert save(owner, full_name=NEW_NAME, password="not-the-password").status_code == 302
    assert profile_of(aigul) == (NEW_NAME, "aigul", "kk")


def test_wrong_passwords_are_counted(owner, aigul):
    for _time in range(5):
        save(owner, login="aigul.s", password="not-the-password")
    assert Page(save(owner, login="aigul.s", password=PASSWORD)).beside == {
        "password": "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
    }
    assert unchanged(aigul)


REFUSED = {
    "a login that is taken": ({"login": "bolat"}, {"login": TAKEN}),
    "taken, in capitals": ({"login": "BOLAT"}, {"login": TAKEN}),
    "short": ({"login": "ab"}, {"login": ILL_FORMED}),
    "an address": ({"login": "a@example.kz"}, {"login": ILL_FORMED}),
    "a space": ({"login": "aigul s"}, {"login": ILL_FORMED}),
    "Cyrillic": ({"login": "аigul"}, {"login": ILL_FORMED}),
    "a line break": ({"login": "aigul\nx"}, {"login": ILL_FORMED}),
    "no login": ({"login": " "}, {"login": "Бұл өрісті толтырыңыз."}),
    "no name": ({"full_name": " "}, {"full_name": "Бұл өрісті толтырыңыз."}),
    "another language": ({"language": "en"}, None),
    "no language": ({"language": ""}, None),
    "a long name": ({"full_name": "ж" * 201}, None),
    "a long login": ({"login": "a" * 10_000}, None),
    "NUL": ({"full_name": "a\0b"}, None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_beside_the_field_and_nothing_is_saved(case, owner, aigul):
    UserFactory(login="bolat")
    changes, beside = REFUSED[case]
    page = Page(save(owner, **{"password": PASSWORD, **changes}))
    assert page.status == 200
    assert page.beside.keys() == changes.keys()
    assert beside in (None, page.beside)
    assert len(page.summary) >= 1
    assert unchanged(aigul)


def test_with_a_message_the_head_of_the_page_says_what_is_so(owner, aigul):
    """Not what was typed."""
    page = Page(save(owner, full_name=NEW_NAME, login="ab"))
    assert text(page.find("span.person-name")) == NAME


def test_nothing_changed(owner, aigul):
    assert save(owner).status_code == 302
    assert messages(Page(owner.get(URL))) == ["Деректер сақталды"]
    assert unchanged(aigul)


def test_the_language(owner, aigul):
    """Of the page, of this device, of the user wherever else, and of the letter."""
    response = save(owner, language="ru")
    cookie = response.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["max-age"]) == ("ru", 365 * 24 * 60 * 60)
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    page = Page(owner.get(URL))
    assert page.root.get("lang") == "ru"
    assert messages(page) == ["Данные сохранены"]
    assert profile_of(aigul) == (NAME, "aigul", "ru")
    letter = last("profile_changed")
    assert (letter.language, letter.subject) == ("ru", "Ваши персональные настройки изменены")
    assert facts_of(letter)["Язык"] == "Қазақша → Русский"
    other = type(owner)()
    other.force_login(aigul)
    assert Page(other.get(URL)).root.get("lang") == "ru"


def test_the_letter_of_another_language_than_the_page(owner, aigul):
    """Names of what has changed are in the letter's language."""
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"
    save(owner, full_name=NEW_NAME)
    assert last("profile_changed").language == "kk"
    assert "ТАӘ" in facts_of(last("profile_changed"))


def test_markup_is_text(owner, aigul):
    save(owner, full_name=MARKUP)
    page = Page(owner.get(URL))
    assert text(page.find("span.person-name")) == MARKUP
    assert page.values["full_name"] == MARKUP
    assert page.all("b") == []
    letter = last("profile_changed")
    assert facts_of(letter)["ТАӘ"] == f"{NAME} → {MARKUP}"
    assert "<script>" not in letter.html


def test_line_breaks_make_no_header(owner, aigul):
    save(owner, full_name="Айгүл\r\nBcc: x@example.kz")
    letter = Letter.objects.get()
    assert "\n" not in letter.subject + letter.recipient
    assert letter.message().message()["Bcc"] is None


def test_without_the_letter_nothing_is_saved(owner, aigul):
    """Nor is anything else told than that it went wrong."""
    refuse_letters()
    owner.raise_request_exception = False
    response = save(owner, full_name=NEW_NAME, language="ru")
    assert response.status_code == 500
    assert settings.LANGUAGE_COOKIE_NAME not in response.cookies
    assert unchanged(aigul)


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active", "email", "id", "pk"])
def test_nothing_else_can_be_changed_here(field, owner, aigul):
    before = User.objects.filter(pk=aigul.pk).values().get()
    save(owner, **{field: "1"})
    assert User.objects.filter(pk=aigul.pk).values().get() == before


def test_what_else_changes_meanwhile_stays(owner, aigul, monkeypatch):
    """While the password is checked, somebody sets another one and confirms an address."""
    verify = Argon2Aside.verify

    def slowly(self, password, encoded):
        User.objects.filter(pk=aigul.pk).update(email="jana@example.kz", password="argon2$new")
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2Aside, "verify", slowly)
    save(owner, login="aigul.s", password=PASSWORD)
    aigul.refresh_from_db()
    assert aigul.login == "aigul.s"
    assert (aigul.email, aigul.password) == ("jana@example.kz", "argon2$new")


def test_not_by_another_site_s_form(owner, aigul):
    owner.handler.enforce_csrf_checks = True
    assert save(owner, full_name=NEW_NAME).status_code == 403
    assert unchanged(aigul)


@pytest.fixture
def held_back(transactional_db):
    """Changes of logins wait, each having been found to be free, until there are two of them."""

    def waiting():
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() == (2,)

    def let_go():
        try:
            until(waiting)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(1)")

    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW; END';
            CREATE TRIGGER hold_back BEFORE UPDATE OF login ON accounts_user
            FOR EACH ROW WHEN (NEW.login <> OLD.login) EXECUTE FUNCTION hold_back();
            SELECT pg_advisory_lock(1)"""
        )
        yield let_go
        cursor.execute("DROP FUNCTION hold_back CASCADE")


def test_two_take_the_same_login_at_once(client, held_back):
    """One has it, the other is told that it is taken."""
    users = [UserFactory(login=f"user.{number}", full_name=NAME) for number in range(2)]

    def take(user):
        try:
            browser = type(client)()
            browser.force_login(user)
            page = save(browser, login="altyn", password=PASSWORD)
            return page.status_code, Page(page).beside if page.status_code == 200 else {}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(take, users)
        held_back()
        assert sorted(answers, key=str) == [(200, {"login": TAKEN}), (302, {})]
    assert User.objects.filter(login="altyn").count() == 1
    assert [kind for kind, _to in written()] == ["profile_changed"]
