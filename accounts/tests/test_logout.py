"""«Шығу»: by a button, and on the server too."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.tests.factories import UserFactory

URL = "/logout/"


@pytest.fixture
def user(client, db):
    user = UserFactory()
    client.force_login(user)
    return user


def test_out(client, user):
    response = client.post(URL)
    assert (response.status_code, response.url) == (302, "/login/")
    assert client.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert client.get("/accounts/").url == "/login/?next=/accounts/"


def test_a_stolen_cookie_is_dead_afterwards(client, user):
    thief = type(client)()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert thief.get("/accounts/").status_code == 200
    client.post(URL)
    assert thief.get("/accounts/").status_code == 302
    assert not Session.objects.exists()


def test_other_devices_stay(client, user):
    phone = type(client)()
    phone.force_login(user)
    client.post(URL)
    assert phone.get("/accounts/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_by_post_only(method, client, user):
    """A picture or a link in a letter signs nobody out."""
    response = client.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert client.get("/accounts/").status_code == 200


def test_not_by_another_site_s_form(client, user):
    client.handler.enforce_csrf_checks = True
    assert client.post(URL).status_code == 403
    assert client.get("/accounts/").status_code == 200


def test_without_having_signed_in(client, db):
    response = client.post(URL)
    assert (response.status_code, response.url) == (302, "/login/")


def test_the_button_is_on_every_page(client, user):
    page = client.get("/accounts/").content.decode()
    assert '<form method="post" action="/logout/">' in page
