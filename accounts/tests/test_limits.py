"""Tries are limited by whom they mean and by network address, for known and unknown alike."""

import os
import subprocess
import sys
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from accounts import hashing
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_confirm_email import later, sign_in  # noqa: F401 - a fixture
from accounts.tests.test_login import TOKEN
from accounts.tests.test_password_reset import NEW, asked, set_new
from accounts.tests.test_register import (
    GOOD,
    hashes,  # noqa: F401 - a fixture
    in_threads,
    letters,
    signed_in,
)
from cabinet.models import Letter
from cabinet.tests.pages import Page

WRONG = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."
TOO_MANY = "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
MINUTE = 60


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz")


@pytest.fixture
def at(client):
    """A new browser at that network address."""
    return lambda address, **more: type(client)(REMOTE_ADDR=address, **more)


def said(response):
    """What a refusal says; None for a success."""
    return None if response.status_code == 302 else Page(response).summary[0]


def wrong(client, login="aigul", times=1):
    return [said(sign_in(client, login, "wrong")) for _time in range(times)]


# By user

SPELLINGS = {
    "the login": ["aigul"] * 5,
    "the address": ["aigul@example.kz"] * 5,
    "both": ["aigul", "aigul@example.kz", "aigul", "aigul@example.kz", "aigul"],
    "capitals": ["aigul", "AIGUL", "Aigul@Example.KZ", "aiGUL", "AIGUL@EXAMPLE.KZ"],
    "spaces": [" aigul", "aigul ", "  aigul@example.kz", "aigul@example.kz\t", "\naigul"],
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_five_wrong_tries_and_then_the_right_one_is_too_many(case, client, at, aigul, hashes):  # noqa: F811
    for number, login in enumerate(SPELLINGS[case]):
        assert wrong(at(f"203.0.113.{number}"), login) == [WRONG]
    for login in ("aigul", " AIGUL@example.kz "):
        assert said(sign_in(at("203.0.113.77"), login)) == TOO_MANY
    assert len(hashes) == 5


def test_after_five_minutes_one_may_try_again(client, later, aigul):  # noqa: F811
    assert wrong(client, times=6) == [WRONG] * 5 + [TOO_MANY]
    later(4 * MINUTE)
    assert wrong(client) == [TOO_MANY]
    later(2 * MINUTE)
    assert sign_in(client, "aigul").url == "/"


def test_waiting_is_not_made_longer_by_trying(client, later, aigul):  # noqa: F811
    wrong(client, times=5)
    for _minute in range(5):
        later(MINUTE + 1)
        refused = wrong(client)
    assert refused == [WRONG]


def test_others_are_not_held_back(client, at, aigul):
    UserFactory(login="bolat")
    wrong(client, times=5)
    assert sign_in(at("203.0.113.7"), "bolat").url == "/"


def test_the_right_password_uses_nothing_up(client, aigul):
    wrong(client, times=4)
    for _time in range(12):
        assert sign_in(type(client)(), "aigul").url == "/"
    assert wrong(client, times=2) == [WRONG, TOO_MANY]


def test_nor_does_it_begin_the_count_anew(client, at, aigul):
    """Else whoever guesses at many users could sign in as himself now and then."""
    wrong(client, times=5)
    assert said(sign_in(client, "aigul")) == TOO_MANY
    UserFactory(login="bolat")
    wrong(at("203.0.113.7"), "bolat", times=4)
    sign_in(at("203.0.113.7"), "bolat")
    assert wrong(at("203.0.113.7"), "bolat", times=2) == [WRONG, TOO_MANY]


@pytest.mark.parametrize("login", ["nobody", "nobody@example.kz", "@", "a b"])
def test_unknown_names_are_limited_alike(login, client, at, aigul, hashes):  # noqa: F811
    """The same bytes, but for the form's token and what was typed; and the same work."""
    stranger, known = at("203.0.113.1"), at("203.0.113.2")
    for _time in range(7):
        answers = [sign_in(stranger, login, "wrong"), sign_in(known, "aigul", "wrong")]
        typed = [f'value="{name}"'.encode() for name in (login, "aigul")]
        stripped = [
            TOKEN.sub(b"", answer.content).replace(value, b"")
            for answer, value in zip(answers, typed, strict=True)
        ]
        assert stripped[0] == stripped[1]
        assert answers[0].headers.keys() == answers[1].headers.keys()
    assert [said(answer) for answer in answers] == [TOO_MANY] * 2
    assert len(hashes) == 10


def test_an_unknown_name_in_any_spelling_is_one(at, db):
    for number, login in enumerate(["nobody", "NOBODY", " nobody", "nobody ", "NoBody"]):
        assert wrong(at(f"203.0.113.{number}"), login) == [WRONG]
    assert wrong(at("203.0.113.7"), "nobody") == [TOO_MANY]


def test_no_name_that_can_be_typed_is_taken_for_a_user(at, aigul):
    """A count of somebody's is reached by his own names alone."""
    for login in (
        f"user {aigul.pk}",
        f"{aigul.pk}",
        f"{aigul.pk} {aigul.password}",
        "nobody aigul",
    ):
        wrong(at("203.0.113.1"), login, times=2)
        wrong(at("203.0.113.2"), login, times=3)
    assert sign_in(at("203.0.113.7"), "aigul").url == "/"


def test_after_a_new_password_the_count_begins_anew(client, at, aigul):
    wrong(client, times=6)
    set_new(client, asked(client))
    assert sign_in(client, "aigul", NEW).url == "/"
    assert wrong(at("203.0.113.7"), times=6) == [WRONG] * 5 + [TOO_MANY]


def test_on_a_known_device_too(client, aigul):
    sign_in(client, "aigul")
    client.post("/logout/")
    assert wrong(client, times=11) == [WRONG] * 10 + [TOO_MANY]
    set_new(client, asked(client))
    assert sign_in(client, "aigul", NEW).url == "/"


def test_my_new_password_begins_nobody_else_s_count_anew(client, at, aigul):
    """Not even that of the user whose address I have asked to be changed to."""
    thief = UserFactory(login="thief", email="thief@example.kz")
    thief.emailaddress_set.create(email="aigul@example.kz")
    wrong(at("203.0.113.7"), times=5)
    set_new(client, asked(client, "thief@example.kz"))
    assert said(sign_in(at("203.0.113.8"), "aigul")) == TOO_MANY


def test_nor_that_of_my_network_address(client, aigul):
    for number in range(10):
        wrong(client, f"nobody{number}")
    set_new(client, asked(client))
    assert wrong(client, "another") == [TOO_MANY]


# Passwords that are asked for once more

FIELDS = {
    "a new address": ("/settings/email/", {"email": "jana@example.kz"}),
    "another login": ("/settings/profile/", {"full_name": "А", "login": "jana", "language": "kk"}),
    "deletion": ("/settings/delete/", {}),
    "once more": ("/settings/again/", {}),
}


def type_once_more(client, field, password):
    url, filled = FIELDS[field]
    return client.post(url, {**filled, "password": password})


@pytest.mark.parametrize("field", FIELDS)
def test_whoever_finds_a_cabinet_open_has_no_more_tries(field, client, aigul, hashes):  # noqa: F811
    client.force_login(aigul)
    before = User.objects.values().get()
    for _time in range(5):
        answer = Page(type_once_more(client, field, "wrong"))
        assert (answer.status, [*answer.beside]) == (200, ["password"])
        assert answer.beside["password"] != TOO_MANY
    answer = Page(type_once_more(client, field, PASSWORD))
    assert (answer.status, answer.beside) == (200, {"password": TOO_MANY})
    assert len(hashes) == 5
    assert User.objects.values().get() == before
    assert letters() == []


def test_they_and_signing_in_are_one_count(client, at, aigul):
    client.force_login(aigul)
    for field in FIELDS:
        type_once_more(client, field, "wrong")
    assert wrong(at("203.0.113.7"), times=2) == [WRONG, TOO_MANY]
    for field in FIELDS:
        assert Page(type_once_more(client, field, PASSWORD)).beside == {"password": TOO_MANY}


def test_on_a_known_device_they_are_its_own(client, at, aigul):
    """Strangers who try the login keep nobody from changing what is his."""
    sign_in(client, "aigul")
    wrong(at("203.0.113.7"), times=6)
    assert type_once_more(client, "another login", PASSWORD).status_code == 302
    assert User.objects.get().login == "jana"


# By network address


def test_ten_wrong_tries_a_minute(client, at, later, aigul):  # noqa: F811
    for number in range(10):
        assert wrong(client, f"nobody{number}") == [WRONG]
    assert said(sign_in(client, "aigul")) == TOO_MANY
    assert sign_in(at("203.0.113.7"), "aigul").url == "/"
    later(MINUTE + 1)
    assert sign_in(client, "aigul").url == "/"


def test_right_ones_do_not_count(client, aigul):
    for _time in range(12):
        assert sign_in(type(client)(), "aigul").url == "/"
    assert wrong(client) == [WRONG]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"])
def test_whoever_asks_cannot_say_where_from(header, client, aigul):
    for number in range(10):
        headers = {header: f"203.0.113.{number}"}
        typed = {"login": f"nobody{number}", "password": "wrong"}
        assert said(client.post("/login/", typed, headers=headers)) == WRONG
    typed = {"login": "aigul", "password": PASSWORD}
    assert said(client.post("/login/", typed, headers={header: "203.0.113.77"})) == TOO_MANY


def test_a_proxy_of_ours_can(client, aigul, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]

    def come(address, login, password="wrong"):  # noqa: S107
        browser = type(client)(headers={"X-Forwarded-For": f"198.51.100.7, {address}"})
        return said(sign_in(browser, login, password))

    for number in range(10):
        assert come("203.0.113.1", f"nobody{number}") == WRONG
    assert come("203.0.113.1", "aigul", PASSWORD) == TOO_MANY
    assert come("203.0.113.2", "aigul", PASSWORD) is None


def test_a_network_of_ipv6_is_one(at, aigul):
    """Whoever has one address of such a network has them all."""
    for number in range(10):
        assert wrong(at(f"2001:db8:1:2:{number}::{number}"), f"nobody{number}") == [WRONG]
    assert said(sign_in(at("2001:db8:1:2:ffff::77"), "aigul")) == TOO_MANY
    assert sign_in(at("2001:db8:1:3::1"), "aigul").url == "/"


def test_ipv4_on_a_socket_for_both_is_not(at, aigul):
    for number in range(10):
        assert wrong(at("::ffff:203.0.113.1"), f"nobody{number}") == [WRONG]
    assert said(sign_in(at("203.0.113.1"), "aigul")) == TOO_MANY
    assert sign_in(at("::ffff:203.0.113.2"), "aigul").url == "/"


# At once


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_are_five(at, monkeypatch):
    monkeypatch.setattr(hashing, "WAITING", 12)
    UserFactory(login="aigul")
    browsers = [at(f"203.0.113.{number}") for number in range(12)]
    answers = in_threads(
        *[lambda browser=browser: said(sign_in(browser, "aigul", "wrong")) for browser in browsers]
    )
    assert sorted(answers) == [WRONG] * 5 + [TOO_MANY] * 7


ANOTHER_PROCESS = """
import django
django.setup()
from django.test import Client
for _time in range(3):
    answer = Client().post("/login/", {"login": "aigul", "password": "wrong"}, secure=True)
    print(answer.status_code, "Тым көп" in answer.content.decode())
"""


@pytest.mark.django_db(transaction=True)
def test_processes_count_together(client):
    UserFactory(login="aigul")
    assert wrong(client, times=3) == [WRONG] * 3
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=connection.settings_dict["NAME"])
    ended = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url.geturl()},
        capture_output=True,
        text=True,
    )
    assert ended.stderr == ""
    assert ended.stdout == "200 False\n200 False\n200 True\n"
    assert said(sign_in(client, "aigul")) == TOO_MANY


# Of letters and registrations

PAGES = {
    "kk": ("Әрекет тым көп", "Бірнеше минут күтіп, қайталап көріңіз. Бастапқы бетке"),
    "ru": (
        "Слишком много попыток",
        "Подождите несколько минут и попробуйте ещё раз. На начальную страницу",
    ),
}


def assert_limited(response, language="kk"):
    page = Page(response)
    heading, rest = PAGES[language]
    assert (page.status, page.heading) == (429, heading)
    assert page.find("html").get("lang") == response.headers["Content-Language"] == language
    assert page.content == f"{heading} {rest}"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_ten_registrations_a_minute(language, client, at, later, db):  # noqa: F811
    client.cookies["django_language"] = language
    for _time in range(10):
        assert client.post("/register/", {}).status_code == 200
    assert_limited(client.post("/register/", GOOD), language)
    assert not Letter.objects.exists()
    assert client.get("/register/").status_code == 200
    assert at("203.0.113.7").post("/register/", {}).status_code == 200
    later(MINUTE + 1)
    assert client.post("/register/", {}).status_code == 200


def test_a_hundred_a_day(client, later, db):  # noqa: F811
    for number in range(100):
        if number % 10 == 0:
            later(MINUTE + 1)
        assert client.post("/register/", {}).status_code == 200
    later(MINUTE + 1)
    assert_limited(client.post("/register/", {}))


def test_sending_again_counts_as_registering(client, db):
    for _time in range(10):
        assert client.post("/register/again/").status_code == 302
    assert_limited(client.post("/register/again/"))
    assert_limited(client.post("/register/", GOOD))


@pytest.mark.parametrize("email", ["aigul@example.kz", "nobody@example.kz"])
def test_five_letters_an_hour_to_one_address(email, at, later, aigul):  # noqa: F811
    """Known or not, in any spelling, from anywhere."""
    spellings = [email, email.upper(), f" {email}", f"{email} ", email.title()]
    for number, spelling in enumerate(spellings):
        browser = at(f"203.0.113.{number}")
        assert browser.post("/password-reset/", {"email": spelling}).status_code == 302
    assert_limited(at("203.0.113.7").post("/password-reset/", {"email": email}))
    assert len(letters()) == 5
    later(60 * MINUTE + 1)
    assert at("203.0.113.7").post("/password-reset/", {"email": email}).status_code == 302


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_ten_letters_a_minute_from_one_network_address(language, client, at, db):
    client.cookies["django_language"] = language
    for number in range(10):
        answer = client.post("/password-reset/", {"email": f"nobody{number}@example.kz"})
        assert answer.status_code == 302
    assert_limited(client.post("/password-reset/", {"email": "nobody@example.kz"}), language)
    answer = at("203.0.113.7").post("/password-reset/", {"email": "nobody@example.kz"})
    assert answer.status_code == 302
    assert len(letters()) == 11


def test_twenty_tries_a_minute_at_the_links_of_letters(client, aigul):
    for _time in range(20):
        assert client.post("/password-reset/1-x-y/").status_code == 200
    assert_limited(client.post("/password-reset/1-x-y/"))


def test_the_page_of_a_limit_for_whoever_is_signed_in(client, aigul):
    client.force_login(aigul)
    for number in range(10):
        client.post("/password-reset/", {"email": f"nobody{number}@example.kz"})
    assert_limited(client.post("/password-reset/", {"email": "nobody@example.kz"}))
    assert signed_in(client) == "aigul"


def test_a_neighbour_s_noise_keeps_no_known_device_out(client, db):
    """Of one network address: tries by the dozen, and somebody who has signed in here before."""
    UserFactory(login="aigul")
    sign_in(client, "aigul")
    client.post("/logout/")
    stranger = type(client)()
    statuses = {sign_in(stranger, f"nobody{n}", "wrong").status_code for n in range(40)}
    assert statuses == {200}
    assert sign_in(client, "aigul").url == "/"
