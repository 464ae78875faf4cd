"""What every answer carries, of pages, papers and errors alike."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from accounts.tests.factories import PASSWORD, AuditEntryFactory, UserFactory
from cabinet.tests import people
from cabinet.tests.test_urls import EVERY, example


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


ATTACHED = "sandbox; default-src 'none'"


def assert_guarded(response: HttpResponse) -> None:
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    if policy == ATTACHED:  # what residents attach is never kept by others, and nothing runs in it
        assert "no-store" in headers["Cache-Control"]
        assert headers["Content-Disposition"].startswith("attachment")
    else:
        assert_policy(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    if "Content-Disposition" in headers and policy != ATTACHED:  # papers and downloads
        assert {"private", "no-cache"} <= {*headers["Cache-Control"].split(", ")}
    else:
        assert {"no-store", "private"} <= {*headers["Cache-Control"].split(", ")}


def assert_policy(policy: str) -> None:
    assert {*policy.split("; ")} == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    }


@pytest.mark.parametrize("name", sorted(EVERY))
def test_headers(name, home, db, client):
    entry = AuditEntryFactory()
    for person in (None, home.stranger, home.owner, home.support, home.supervisor):
        if person:
            client.force_login(person)
        assert_guarded(client.get(example(EVERY[name], home, entry)))


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
