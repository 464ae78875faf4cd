"""What answers to errors carry, and cookies; those of every URL are in `test_urls`."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from accounts.tests.factories import PASSWORD, UserFactory
from cabinet.tests import people
from cabinet.tests.guarded import assert_guarded


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def test_headers_of_errors(home, db, client, settings):
    settings.ROOT_URLCONF = (path("broken/", broken), *get_resolver().url_patterns)
    client.force_login(home.owner)
    client.raise_request_exception = False
    client.handler.enforce_csrf_checks = True
    for answer, status in (
        (client.get("/nothing/"), 404),
        (client.post("/logout/"), 403),
        (client.get("/broken/"), 500),
        (client.get(f"/accounts/{home.account.number}/services/?from=x"), 400),
    ):
        assert answer.status_code == status
        assert_guarded(answer)


def test_plain_http_is_only_redirected(db):
    plain = Client()
    response = plain.get("/login/")
    assert (response.status_code, response.url) == (301, "https://testserver/login/")
    assert not response.cookies


def test_cookies_as_they_are_sent(client, db):
    UserFactory(login="aigul", language="ru")
    client.get("/login/")
    client.post("/login/", {"login": "aigul", "password": PASSWORD})
    client.post("/language/", {"language": "ru"})
    kept = {
        name: [cookie[part] for part in ("secure", "httponly", "samesite", "path", "domain")]
        for name, cookie in client.cookies.items()
    }
    guarded = [True, True, "Lax", "/", ""]
    ours = ("__Host-session", "__Host-csrf", "__Host-device", "django_language")
    assert kept == dict.fromkeys(ours, guarded)


def test_foreign_hosts_are_refused(client, db):
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400
