"""Large text, chosen by device or by user."""

import pytest
from django.conf import settings

from accounts.tests.factories import UserFactory
from cabinet.tests.pages import Page, text

URL = "/text-size/"
COOKIE = settings.TEXT_SIZE_COOKIE_NAME
OTHER = {"large": ("normal", "Қалыпты мәтін"), "normal": ("large", "Ірі мәтін")}


@pytest.fixture
def user(db):
    return UserFactory()


def choose(client, size, **more):
    return client.post(URL, {"size": size, **more})


def size_of(client, path="/login/"):
    """What the page is in; its switch offers the other one."""
    page = Page(client.get(path))
    size = "large" if page.root.get("class") == "large" else "normal"
    (button,) = page.find("form.text-size").iter("button")
    offered, words = OTHER[size]
    assert (button.get("value"), text(button)) == (offered, f"Аа {words}")
    return size


def test_as_usual_until_one_chooses(client, user):
    assert size_of(client) == "normal"
    client.force_login(user)
    assert size_of(client, "/accounts/") == "normal"


@pytest.mark.parametrize("signed_in", [False, True])
def test_one_click_and_back(signed_in, client, user):
    path = "/accounts/?x=1" if signed_in else "/login/?x=1"
    if signed_in:
        client.force_login(user)
    for size in ("large", "normal"):
        response = choose(client, size, next=path)
        assert (response.status_code, response.url) == (302, path)
        cookie = client.cookies[COOKIE]
        assert (cookie.value, cookie["max-age"]) == (size, 365 * 24 * 60 * 60)
        assert size_of(client, path) == size
        user.refresh_from_db()
        assert user.large_text == (signed_in and size == "large")


def test_the_choice_is_kept_for_the_user(client, user):
    """On any device that has not chosen for itself."""
    client.force_login(user)
    choose(client, "large")
    another = type(client)()
    assert size_of(another) == "normal"
    another.force_login(user)
    assert size_of(another, "/accounts/") == "large"
    another.cookies[COOKIE] = "normal"
    assert size_of(another, "/accounts/") == "normal"


def test_it_stays_after_signing_out(client, user):
    client.force_login(user)
    choose(client, "large")
    client.post("/logout/")
    assert size_of(client) == "large"


@pytest.mark.parametrize("unknown", ["", "huge", "LARGE", "\0", "x" * 10_000])
def test_unknown_sizes_change_nothing(unknown, client, user):
    client.force_login(user)
    assert choose(client, unknown).status_code == 302
    assert COOKIE not in client.cookies
    assert size_of(client, "/accounts/") == "normal"


@pytest.mark.parametrize(
    "where", ["", "//evil.example", "https://evil.example/", r"/\evil.example"]
)
def test_it_leads_nowhere_else(where, client, db):
    assert choose(client, "large", next=where).url == "/"


def test_not_by_another_site_s_form(client, user):
    client.force_login(user)
    client.handler.enforce_csrf_checks = True
    assert choose(client, "large").status_code == 403
    user.refresh_from_db()
    assert not user.large_text


def test_a_page_of_an_error_is_large_too(client, db):
    choose(client, "large")
    assert Page(client.get("/nothing/")).root.get("class") == "large"
