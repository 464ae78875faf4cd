"""Kazakh unless chosen otherwise, by device or by user; the browser is not asked."""

import pytest
from django.conf import settings

from accounts.tests.factories import UserFactory
from cabinet.tests.pages import Page, select, text

URL = "/language/"
COOKIE = settings.LANGUAGE_COOKIE_NAME
HEADINGS = {"kk": "Кіру", "ru": "Войти"}


@pytest.fixture
def user(db):
    return UserFactory()


def choose(client, language, **more):
    return client.post(URL, {"language": language, **more})


def language_of(client, path="/login/", **headers):
    response = client.get(path, headers=headers)
    language = Page(response).root.get("lang")
    assert response.headers["Content-Language"] == language
    return language


@pytest.mark.parametrize(
    "wanted", ["", "ru", "ru-RU,ru;q=0.9", "en-US", "kk;q=0.1,ru", "*", "xx\0"]
)
def test_kazakh_whatever_the_browser_asks_for(wanted, client, db):
    assert language_of(client, **{"accept-language": wanted}) == "kk"


@pytest.mark.parametrize("unknown", ["", "en", "xx", "RU", "ru-RU", "\0", "../ru", "r" * 5000])
def test_kazakh_whatever_the_cookie_says(unknown, client, db):
    client.cookies[COOKIE] = unknown
    assert language_of(client) == "kk"


@pytest.mark.parametrize("language", HEADINGS)
def test_one_click(language, client, db):
    response = choose(client, language, next="/login/?next=/accounts/")
    assert (response.status_code, response.url) == (302, "/login/?next=/accounts/")
    cookie = client.cookies[COOKIE]
    assert (cookie.value, cookie["max-age"]) == (language, 365 * 24 * 60 * 60)
    page = Page(client.get(response.url))
    assert page.heading == HEADINGS[language]
    assert page.root.get("lang") == language


@pytest.mark.parametrize("signed_in", [False, True])
def test_the_switch_is_on_every_page(signed_in, client, user):
    if signed_in:
        client.force_login(user)
    page = Page(client.get("/accounts/?x=1" if signed_in else "/login/?x=1"))
    form = page.find("form.languages")
    assert (form.get("method"), form.get("action")) == ("post", URL)
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    assert fields["next"] == ("/accounts/?x=1" if signed_in else "/login/?x=1")
    (button,) = form.iter("button")
    assert (text(button), button.get("value"), button.get("lang")) == ("Русский", "ru", "ru")
    assert [text(each) for each in select(form, "span")] == ["Қазақша"]


@pytest.mark.parametrize("language", HEADINGS)
def test_the_choice_is_kept_for_the_user(language, client, user):
    """On any device that has not chosen for itself."""
    user.language = {"kk": "ru", "ru": "kk"}[language]
    user.save()
    client.force_login(user)
    response = choose(client, language, next="/accounts/")
    assert (response.status_code, response.url) == (302, "/accounts/")
    user.refresh_from_db()
    assert user.language == language
    another = type(client)()
    another.force_login(user)
    assert language_of(another, "/accounts/") == language


def test_nobody_else_s_language_changes(client, user):
    other = UserFactory()
    client.force_login(user)
    choose(client, "ru")
    other.refresh_from_db()
    assert other.language == "kk"


def test_the_device_s_choice_comes_first(client, user):
    user.language = "ru"
    user.save()
    client.cookies[COOKIE] = "kk"
    client.force_login(user)
    assert language_of(client, "/accounts/") == "kk"


def test_the_device_s_choice_stays_after_signing_out(client, user):
    client.force_login(user)
    client.cookies[COOKIE] = "ru"
    client.post("/logout/")
    assert language_of(client) == "ru"


def test_a_look_at_a_page_signed_out_asks_for_no_user(client, db, django_assert_num_queries):
    client.get("/login/")
    with django_assert_num_queries(0):
        client.get("/login/")


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("unknown", ["", "en", "xx", "RU", "\0", "k" * 10_000])
def test_unknown_languages_change_nothing(unknown, signed_in, client, user):
    if signed_in:
        client.force_login(user)
    response = choose(client, unknown)
    assert response.status_code == 302
    assert COOKIE not in client.cookies
    user.refresh_from_db()
    assert user.language == "kk"
    assert language_of(client, "/accounts/" if signed_in else "/login/") == "kk"


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(
    "where",
    [
        *("//evil.example", "https://evil.example/", r"\\evil.example", r"/\evil.example"),
        *("javascript:alert(1)", "http://testserver/", " //evil.example", "\0", "x" * 10_000),
    ],
)
def test_it_leads_nowhere_else(where, signed_in, client, user):
    if signed_in:
        client.force_login(user)
    response = client.post(
        URL, {"language": "ru", "next": where}, headers={"referer": "https://evil.example/"}
    )
    assert response.status_code == 302
    assert response.url in {"/", where if where.startswith("x") else "/"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_by_post_only(method, signed_in, client, user):
    if signed_in:
        client.force_login(user)
    response = client.generic(method, f"{URL}?language=ru")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert COOKIE not in client.cookies


def test_not_by_another_site_s_form(client, user):
    client.force_login(user)
    client.handler.enforce_csrf_checks = True
    assert choose(client, "ru").status_code == 403
    user.refresh_from_db()
    assert user.language == "kk"
