"""«Құпиясөзді өзгерту» (figures 17, 18): who knows the present one sets another."""

import logging

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.adapter import Adapter
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import CHROME, last, link_in, refuse_letters, written
from billing.tests.factories import SupplierFactory
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.pages import Page, text

URL = "/settings/password/"
NEW = "Қыста да жасыл қарағай"
DONE = "Құпиясөз өзгертілді"


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz", full_name="Айгүл Сәкенқызы")


@pytest.fixture
def owner(client, aigul):
    client.force_login(aigul)
    return client


def sign_in(client, password=PASSWORD, **more):
    client.post("/login/", {"login": "aigul", "password": password, **more})
    return client


def change(client, old=PASSWORD, new=NEW, again=None, **more):
    again = new if again is None else again
    return client.post(URL, {"oldpassword": old, "password1": new, "password2": again}, **more)


def is_in(client):
    return client.get("/accounts/").status_code == 200


def key_of(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def messages(page):
    return [text(item) for box in page.all("ul.messages") for item in box.iter("li")]


def test_the_form(owner):
    page = Page(owner.get(URL))
    assert page.heading == "Құпиясөзді өзгерту"
    fields = {field.get("name"): field for field in page.find("main").iter("input")}
    assert [name for name in fields if name] == [
        *("csrfmiddlewaretoken", "oldpassword", "password1", "password2")
    ]
    assert {name: field.get("autocomplete") for name, field in fields.items()} == {
        "csrfmiddlewaretoken": None,
        None: "username",
        "oldpassword": "current-password",
        "password1": "new-password",
        "password2": "new-password",
    }
    assert fields[None].get("value") == "aigul"


def test_it_is_changed(owner, aigul):
    response = change(owner)
    assert (response.status_code, response.url) == (302, URL)
    assert messages(Page(owner.get(URL))) == [DONE]
    aigul.refresh_from_db()
    assert aigul.check_password(NEW)
    assert aigul.password.startswith("argon2$")
    other = type(owner)()
    assert not is_in(sign_in(other))
    assert is_in(sign_in(other, NEW))


def test_what_was_changed_meanwhile_stays_so(aigul):
    User.objects.filter(pk=aigul.pk).update(full_name="Айгүл", language="ru", is_active=False)
    Adapter().set_password(aigul, NEW)
    aigul.refresh_from_db()
    assert aigul.check_password(NEW)
    assert (aigul.full_name, aigul.language, aigul.is_active) == ("Айгүл", "ru", False)


def test_in_russian(owner, aigul):
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"
    change(owner)
    assert messages(Page(owner.get(URL))) == ["Пароль изменён"]


def test_this_session_stays_and_gets_a_new_id(client, aigul):
    owner = sign_in(client)
    before = key_of(owner)
    change(owner)
    assert key_of(owner) != before
    assert is_in(owner)
    assert not Session.objects.filter(session_key=before).exists()
    assert [row.session_key for row in UserSession.objects.purge_and_list(aigul)] == [key_of(owner)]


def test_a_remembered_session_stays_remembered(client, aigul):
    sign_in(client, remember="on")
    change(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 30 * 24 * 60 * 60


def test_all_others_end_at_the_next_request(owner, aigul):
    others = [sign_in(type(owner)()) for _number in range(2)]
    stranger = type(owner)()
    stranger.force_login(UserFactory())
    assert [is_in(other) for other in others] == [True, True]
    change(owner)
    assert [is_in(other) for other in others] == [False, False]
    assert is_in(stranger)


def test_a_cookie_stolen_before_is_worth_nothing(client, aigul):
    owner = sign_in(client)
    thief = type(owner)()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key_of(owner)
    assert is_in(thief)
    change(owner)
    assert not is_in(thief)


REFUSED = {
    "the present one is wrong": ({"old": "not-the-password"}, {"oldpassword"}),
    "nothing typed": ({"old": "", "new": ""}, {"oldpassword", "password1", "password2"}),
    "no new one": ({"new": ""}, {"password1", "password2"}),
    "not typed again": ({"again": ""}, {"password2"}),
    "unequal": ({"again": f"{NEW}."}, {"password2"}),
    "capitals are a difference": ({"again": NEW.upper()}, {"password2"}),
    "short": ({"new": "Қарағай1"}, {"password1"}),
    "one's own login": ({"new": "aigul-aigul-1"}, {"password1"}),
    "the supplier's name": ({"new": "алтындала2026"}, {"password1"}),
    "leaked": ({"new": "qwertyuiop123"}, {"password1"}),
    "NUL": ({"new": f"{NEW}\0"}, {"password1", "password2"}),
    "very long": ({"new": "ж" * 10_000}, {"password1", "password2"}),
    "the present one very long": ({"old": "ж" * 10_000}, {"oldpassword"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason_and_nothing_is_changed(case, owner, aigul):
    SupplierFactory()
    typed, fields = REFUSED[case]
    page = Page(change(owner, **typed))
    assert page.status == 200
    assert page.beside.keys() == fields
    assert len(page.summary) >= len(fields)
    assert set(page.values.values()) == {"", "aigul"}  # nothing typed comes back
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)
    assert is_in(owner)
    assert written() == []


def test_the_reasons(owner, aigul):
    assert Page(change(owner, old="wrong")).beside == {
        "oldpassword": "Ағымдағы құпиясөзді енгізіңіз."
    }
    assert Page(change(owner, again="other")).beside == {
        "password2": "Екі өріске де бірдей құпиясөз енгізіңіз."
    }
    assert Page(change(owner, new="Қарағай1")).beside == {
        "password1": "Құпиясөз тым қысқа: кемінде 10 таңба керек."
    }


def test_wrong_ones_are_counted(owner, aigul):
    for _time in range(5):
        assert Page(change(owner, old="not-the-password")).status == 200
    response = change(owner)
    assert response.status_code == 429
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)
    assert Page(response).heading


SUBJECT = {"kk": "Құпиясөзіңіз өзгертілді", "ru": "Ваш пароль изменён"}
TEXT = {
    "kk": (
        "Жеке кабинет\n\n"
        "Құпиясөзіңіз өзгертілді\n\n"
        "Басқа құрылғылардағы барлық сеанс аяқталды.\n\n"
        "Қашан: 10.04.2026 10:00\nҚайдан: 203.0.113.7\nҚұрылғы: Chrome, Windows\n\n"
        "Жаңа құпиясөз орнату:\nhttps://testserver/password-reset/\n\n"
        "Бұл сіз болсаңыз, ештеңе істеудің қажеті жоқ.\n\n"
        "Сіз болмасаңыз, бірден жаңа құпиясөз орнатыңыз: сонда барлық сеанс аяқталады. Содан "
        "кейін баптауларыңызды қарап шығып, өзгертілгенін бұрынғы қалпына келтіріңіз.\n\n"
    ),
    "ru": (
        "Личный кабинет\n\n"
        "Ваш пароль изменён\n\n"
        "Все сеансы на других устройствах завершены.\n\n"
        "Когда: 10.04.2026 10:00\nОткуда: 203.0.113.7\nУстройство: Chrome, Windows\n\n"
        "Задать новый пароль:\nhttps://testserver/password-reset/\n\n"
        "Если это были вы, ничего делать не нужно.\n\n"
        "Если не вы, сразу задайте новый пароль: это завершит все сеансы. Затем просмотрите свои "
        "настройки и верните то, что было изменено.\n\n"
    ),
}


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_letter_tells_when_and_from_where_and_how_to_undo_it(language, owner, aigul, monkeypatch):
    """In the user's language, whatever that of the page is; the time is Almaty's."""
    aigul.language = language
    aigul.save()
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = {"kk": "ru", "ru": "kk"}[language]
    people.at(people.TODAY, monkeypatch)
    change(owner, headers={"user-agent": CHROME}, REMOTE_ADDR="203.0.113.7")
    assert written() == [("password_changed", "aigul@example.kz")]
    letter = last("password_changed")
    assert (letter.language, letter.subject) == (language, SUBJECT[language])
    assert letter.text == TEXT[language]
    assert letter.subject in letter.html
    assert Page(type(owner)().get(link_in(letter))).heading == "Құпиясөзді ұмыттыңыз ба?"


def test_without_the_letter_nothing_is_changed(owner, aigul):
    """Both are one transaction."""
    other = sign_in(type(owner)())
    refuse_letters()
    owner.raise_request_exception = False
    assert change(owner).status_code == 500
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)
    assert is_in(owner)
    assert is_in(other)


def test_no_password_is_written_anywhere(owner, aigul, caplog):
    """Not into a page, a letter, the log or a session."""
    caplog.set_level(logging.DEBUG)
    secrets = [NEW, PASSWORD, "Typed-by-mistake", "Too-short"]
    answers = [
        change(owner, old="Typed-by-mistake"),
        change(owner, new="Too-short"),
        change(owner, again="Typed-by-mistake"),
        change(owner),
        owner.get(URL),
        change(owner, old=NEW, new="Үшінші құпия сөз"),
    ]
    said = [response.content.decode() for response in answers] + [caplog.text]
    for letter in Letter.objects.all():
        said += [letter.text, letter.html, letter.subject, str(letter.headers)]
    said += [str(session.get_decoded()) for session in Session.objects.all()]
    said += [str(row.data) for row in UserSession.objects.all()]
    said += [str(response.headers) for response in answers]
    assert [secret for secret in secrets for each in said if secret in each] == []


def test_whoever_has_none_sets_one_by_a_letter(client, aigul):
    aigul.set_unusable_password()
    aigul.save()
    client.force_login(aigul)
    for response in (client.get(URL), change(client)):
        assert (response.status_code, response.url) == (302, "/password-reset/")
    assert written() == []


def test_nobody_changes_another_s(owner, aigul):
    bolat = UserFactory(login="bolat")
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    owner.post(f"{URL}?user={bolat.pk}", {**data, "user": bolat.pk, "login": "bolat"})
    bolat.refresh_from_db()
    assert bolat.check_password(PASSWORD)


def test_not_by_another_site_s_form(owner, aigul):
    owner.handler.enforce_csrf_checks = True
    assert change(owner).status_code == 403
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)


def test_it_leads_nowhere_else(owner, aigul):
    response = owner.post(
        URL,
        {
            "oldpassword": PASSWORD,
            "password1": NEW,
            "password2": NEW,
            "next": "https://evil.example/",
        },
    )
    assert response.url == URL
