"""«Кіру»: by login name or confirmed address; nothing tells which of them exist."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_confirm_email import unconfirmed
from accounts.tests.test_register import hashes  # noqa: F401 - a fixture
from cabinet.models import Letter
from cabinet.tests.pages import Page

URL = "/login/"
WRONG = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
NUL, LONG = "\0", "ж" * 10_000


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="Aigul@example.kz", full_name="Айгүл Сәкенқызы")


def sign_in(client, login, password=PASSWORD, **more):
    return client.post(URL, {"login": login, "password": password, **more})


def signed_in(client):
    """Who the next request comes from; None if nobody."""
    response = client.get("/accounts/")
    if response.status_code == 302:
        return None
    return response.wsgi_request.user.login


def goes_on_to(page):
    """Where the form leads after signing in."""
    fields = {field.get("name"): field.get("value") for field in page.find("main").iter("input")}
    return fields.get("next", "/")


def test_the_form(client, db):
    page = Page(client.get(URL))
    assert page.status == 200
    assert (page.heading, page.title) == ("Кіру", "Кіру – Жеке кабинет")
    fields = {field.get("name"): field for field in page.find("main").iter("input")}
    assert fields.keys() == {"csrfmiddlewaretoken", "login", "password", "remember", "credential"}
    assert fields["login"].get("autocomplete") == "username"
    assert fields["password"].get("autocomplete") == "current-password"
    assert fields["password"].get("type") == "password"


@pytest.mark.parametrize(
    "login", ["aigul", "AiGul", " aigul ", "aigul@example.kz", "AIGUL@EXAMPLE.KZ"]
)
def test_by_login_or_address_capitals_aside(login, client, aigul):
    response = sign_in(client, login)
    assert (response.status_code, response.url) == (302, "/")
    assert signed_in(client) == "aigul"
    aigul.refresh_from_db()
    assert aigul.last_login is not None


def test_passwords_are_taken_as_they_are(client, aigul):
    aigul.set_password(" құпия сөз 🔑 ")
    aigul.save()
    assert sign_in(client, "aigul", "құпия сөз 🔑").status_code == 200
    assert sign_in(client, "aigul", " құпия сөз 🔑 ").status_code == 302


@pytest.mark.parametrize("login", ["bolat", "bolat@example.kz"])
def test_an_unconfirmed_address_is_no_way_in(login, client, db):
    """Else whoever registers with an address and signs in learns whether it is taken."""
    unconfirmed(login="bolat", email="bolat@example.kz")
    assert Page(sign_in(client, login)).summary == [WRONG]
    assert signed_in(client) is None
    assert not Letter.objects.exists()


def test_an_address_belongs_to_whoever_confirmed_it(client, aigul):
    unconfirmed(login="bolat", email="aigul@example.kz")
    sign_in(client, "aigul@example.kz")
    assert signed_in(client) == "aigul"


WAYS_TO_FAIL = {
    "a wrong password": ("aigul", "not-the-password"),
    "an unknown login": ("nobody", PASSWORD),
    "an unknown address": ("nobody@example.kz", PASSWORD),
    "an unconfirmed address": ("bolat@example.kz", "not-the-password"),
    "an inactive user": ("gone", PASSWORD),
    "an inactive user, wrong password": ("gone", "not-the-password"),
    "a user without a password": ("empty", PASSWORD),
    "an address as it cannot be": ("@", PASSWORD),
    "markup": ("<script>", PASSWORD),
    "letters of other alphabets": ("аigul", PASSWORD),
    "a pattern": ("aigu_", PASSWORD),
    "another pattern": ("%", PASSWORD),
}


@pytest.fixture
def others(aigul):
    unconfirmed(login="bolat", email="bolat@example.kz")
    UserFactory(login="gone", is_active=False)
    User.objects.create_user("empty", "empty@example.kz", None)


@pytest.mark.parametrize("case", WAYS_TO_FAIL)
def test_whoever_fails_is_told_the_same(case, client, others):
    """The same bytes, but for the form's token and what was typed."""
    login, password = WAYS_TO_FAIL[case]
    response = sign_in(client, login, password)
    page = Page(response)
    assert page.status == 200
    assert page.summary == [WRONG]
    assert page.beside == {}
    assert page.values == {"login": login, "password": "", "remember": ""}
    assert signed_in(client) is None
    typed = login.replace("<", "&lt;").replace(">", "&gt;").encode()
    answer = TOKEN.sub(b"", response.content).replace(b'value="' + typed + b'"', b'value="x"')
    other = sign_in(client, "x", "y")
    assert answer == TOKEN.sub(b"", other.content)
    assert response.headers.keys() == other.headers.keys()


@pytest.mark.parametrize("case", WAYS_TO_FAIL)
def test_whoever_fails_costs_one_hash(case, client, others, hashes):  # noqa: F811
    login, password = WAYS_TO_FAIL[case]
    sign_in(client, login, password)
    assert len(hashes) == 1


def test_success_costs_one_hash(client, aigul, hashes):  # noqa: F811
    sign_in(client, "aigul")
    assert hashes == [PASSWORD]


OURS = ["/accounts/", "/accounts/000000101/services/?from=2026-01&to=2026-02", "/admin/"]
FOREIGN = [
    *("//evil.example", "https://evil.example/", "http://testserver/", "///evil.example"),
    *(r"\\evil.example", r"/\evil.example", r"https:\\evil.example", "https:evil.example"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", " //evil.example"),
    *("\t//evil.example", "/\t/evil.example", "\n//evil.example", "//testserver@evil.example"),
    *("https://testserver.evil.example/", "ftp://testserver/", f"//evil{NUL}.example", NUL),
    *("//", "https://", "http:///evil.example", "\x08//evil.example", "////", "https://[::1"),
]


@pytest.mark.parametrize("where", OURS)
def test_one_comes_where_one_was_going(where, client, aigul):
    assert sign_in(client, "aigul", next=where).url == where
    assert client.get(URL, {"next": where}).url == where


@pytest.mark.parametrize("where", FOREIGN)
def test_and_nowhere_else(where, client, aigul):
    page = Page(client.get(URL, {"next": where}))
    assert goes_on_to(page) == "/"
    client.force_login(aigul)  # a form that was open already
    assert sign_in(client, "aigul", next=where).url == "/"
    assert client.get(URL, {"next": where}).url == "/"


@pytest.mark.parametrize("where", ["?a=1", "accounts", "billing:home", "#page", ".", "a b"])
def test_nor_to_what_only_looks_like_a_path(where, client, aigul):
    client.force_login(aigul)
    for response in (client.get(URL, {"next": where}), client.post(URL, {"next": where})):
        assert response.status_code == 302
        assert response.url in {where, "/"}


def test_the_way_is_kept_over_a_wrong_password(client, aigul):
    page = Page(sign_in(client, "aigul", "wrong", next="/accounts/"))
    assert goes_on_to(page) == "/accounts/"


def test_the_way_from_a_page_and_back(client, aigul):
    asked = client.get("/accounts/000000101/payments/?from=2026-01-01")
    page = Page(client.get(asked.url))
    response = sign_in(client, "aigul", next=goes_on_to(page))
    assert response.url == "/accounts/000000101/payments/?from=2026-01-01"


def test_the_session_s_id_changes(client, aigul):
    """One that was foisted on somebody is worth nothing afterwards."""
    client.session["foisted"] = True
    session = client.session
    session["foisted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client, "aigul")
    assert client.session.session_key != session.session_key
    thief = type(client)()
    thief.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert signed_in(thief) is None
    assert Session.objects.count() == 1


def test_the_form_s_token_changes(client, aigul):
    client.get(URL)
    before = client.cookies[settings.CSRF_COOKIE_NAME].value
    sign_in(client, "aigul")
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != before


def test_the_session_ends_with_the_browser(client, aigul):
    sign_in(client, "aigul")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")


def test_whoever_is_signed_in_already_goes_on(client, aigul):
    client.force_login(aigul)
    for response in (client.get(URL), sign_in(client, "aigul", "wrong")):
        assert (response.status_code, response.url) == (302, "/")


@pytest.mark.parametrize("user", [{"is_active": False}, {"is_active": False, "is_staff": True}])
def test_inactive_users_do_not_get_in(user, client, db):
    UserFactory(login="gone", **user)
    sign_in(client, "gone")
    assert signed_in(client) is None


def test_whoever_is_shut_out_is_out_at_once(client, aigul):
    sign_in(client, "aigul")
    User.objects.update(is_active=False)
    assert signed_in(client) is None


BAD = {
    "nothing sent": ({}, ["login", "password"]),
    "nothing filled in": ({"login": "", "password": ""}, ["login", "password"]),
    "no password": ({"login": "aigul"}, ["password"]),
    "no login": ({"password": PASSWORD}, ["login"]),
    "spaces": ({"login": "   ", "password": PASSWORD}, ["login"]),
    "NUL in the login": ({"login": f"ai{NUL}gul", "password": PASSWORD}, ["login"]),
    "NUL in the password": ({"login": "aigul", "password": f"{PASSWORD}{NUL}"}, ["password"]),
    "NUL alone": ({"login": NUL, "password": NUL}, ["login", "password"]),
    "a long login": ({"login": LONG, "password": PASSWORD}, ["login"]),
    "a long password": ({"login": "aigul", "password": LONG}, ["password"]),
    "both long": ({"login": LONG, "password": LONG}, ["login", "password"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_beside_the_field(case, client, aigul, hashes):  # noqa: F811
    post, fields = BAD[case]
    response = client.post(URL, post)
    page = Page(response)
    assert page.status == 200
    assert list(page.beside) == fields
    assert len(page.summary) == len(fields)
    assert "password" not in page.values or page.values["password"] == ""
    assert hashes == []
    assert signed_in(client) is None


@pytest.mark.parametrize("value", [NUL, LONG, "/" * 10_000, "\ud7ff"])
def test_any_next_is_survived(value, client, aigul):
    assert client.get(URL, {"next": value}).status_code == 200
    assert sign_in(client, "aigul", next=value).status_code == 302


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"login=%FF%FE&password=%00", b"{}", b"login[]=1&login=2", b"=" * 5000]
)
def test_any_body_is_survived(body, client, db):
    response = client.post(URL, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 400)


@pytest.mark.parametrize(
    "headers", [{}, {"accept": "application/json"}, {"x-requested-with": "XMLHttpRequest"}]
)
def test_a_password_is_never_written_back(headers, client, aigul):
    typed = {"login": "aigul", "password": "Secret-that-was-typed"}
    response = client.post(URL, typed, headers=headers)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"Secret-that-was-typed" not in response.content


def test_not_by_another_site_s_form(client, aigul):
    """Nobody is signed in as somebody else without noticing."""
    client.handler.enforce_csrf_checks = True
    assert sign_in(client, "aigul").status_code == 403
    assert signed_in(client) is None


COOKIES = [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages", "django_language"]


@pytest.mark.parametrize("name", COOKIES)
@pytest.mark.parametrize(
    "value", [r'"\000aaaaaaaaaaaaaaaaaaaa"', r'"\377\376aaaaaaaa\015\012"', "x" * 9000, "=;=", '"']
)
def test_any_cookie_is_survived(value, name, client, aigul):
    """Quoted, a cookie can hold characters that no header could."""
    headers = {"cookie": f"{name}={value}"}
    assert client.get(URL, headers=headers).status_code == 200
    assert client.get("/accounts/", headers=headers).status_code == 302
    typed = {"login": "aigul", "password": PASSWORD}
    assert client.post(URL, typed, headers=headers).status_code == 302


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, client, db):
    response = client.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")
