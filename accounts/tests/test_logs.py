"""What is logged tells no password, key or link (OWASP ASVS 14.2, 16.2.5)."""

import io
import logging
import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import last, link_in
from cabinet.models import Letter

NEW, WRONG = "Qaraghai-da-jasyl-7", "Wrong-but-somebody-s-own-1"
SECRET = "JBSWY3DPEHPK3PXP"
GOOD = {
    "full_name": "Айгүл Сәкенқызы",
    "email": "aigul@example.kz",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "consent": "on",
}


@pytest.fixture
def log(caplog):
    """All that any logger is told, however unimportant."""
    caplog.set_level("DEBUG")
    return caplog


def key_in(kind):
    """The link of that letter, and what of it must stay a secret."""
    path = link_in(last(kind))
    return path, re.search(r"[^/]{15,}", path).group()


def is_not_in(log, *secrets):
    assert [secret for secret in secrets if secret in log.text] == []


def session(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_registering(client, db, log):
    client.post("/register/", {**GOOD, "password2": WRONG})
    client.post("/register/", {**GOOD, "consent": ""})
    client.post("/register/", GOOD)
    link, key = key_in("confirm")
    client.post("/register/again/")
    for path in (link, link[:-3] + "/", link):
        client.get(path)
        client.post(path)
    assert client.get("/accounts/").status_code == 200
    client.post(link)  # once more
    client.post("/register/", GOOD)  # of an address that is somebody's
    is_not_in(log, PASSWORD, WRONG, key, session(client))


def test_signing_in(rf, client, db, log):
    user = UserFactory(login="aigul")
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    for login in ("aigul", "aigul@example.kz", "nobody", "\0"):
        for password in (WRONG, f"{WRONG}\0", WRONG * 1_000):
            client.post("/login/", {"login": login, "password": password})
    other = type(client)(REMOTE_ADDR="203.0.113.7")
    other.post("/login/", {"login": "aigul", "password": WRONG})
    User.objects.update(password=UserFactory.build(password=NEW).password)
    other.post("/login/", {"login": "aigul", "password": NEW})
    for code in ("000000", "12345678", codes[0]):
        other.post("/login/code/", {"code": code})
    assert other.get("/accounts/").status_code == 200
    is_not_in(log, WRONG, NEW, *codes, SECRET, session(other))


def test_a_new_password(client, db, log):
    UserFactory(login="aigul", email="aigul@example.kz")
    for email in ("aigul@example.kz", "nobody@example.kz", "\0"):
        client.post("/password-reset/", {"email": email})
    link, key = key_in("password_reset")
    client.get(link[:-3] + "/")
    form = client.get(link).url
    client.post(form, {"password1": NEW, "password2": WRONG})
    client.post(form, {"password1": NEW, "password2": NEW})
    client.get(link)  # once more
    client.post("/login/", {"login": "aigul", "password": NEW})
    assert client.get("/accounts/").status_code == 200
    is_not_in(log, NEW, WRONG, key, session(client))


def test_another_address(client, db, log):
    client.force_login(UserFactory(login="aigul", email="aigul@example.kz"))
    for password in (WRONG, PASSWORD):
        client.post("/settings/email/", {"email": "jana@example.kz", "password": password})
    link, key = key_in("confirm_new")
    client.get(link)
    client.post(link)
    undo, undo_key = key_in("email_changed")
    for path in (undo[:-3] + "/", undo):
        client.get(path)
        client.post(path)
    client.post(undo)  # once more
    assert Letter.objects.filter(kind="email_put_back").count() == 1
    is_not_in(log, PASSWORD, WRONG, key, undo_key)


def test_deleting(client, db, log):
    client.force_login(UserFactory(login="aigul"))
    key = session(client)
    for password in (WRONG, PASSWORD):
        client.post("/settings/delete/", {"password": password})
    assert not User.objects.exists()
    is_not_in(log, PASSWORD, WRONG, key)


def test_something_that_goes_wrong(client, db, log):
    """The place in the code is logged, not what was typed."""
    UserFactory(login="aigul")
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE usersessions_usersession ADD CONSTRAINT none CHECK (false) NOT VALID"
        )
    client.raise_request_exception = False
    assert client.post("/login/", {"login": "aigul", "password": PASSWORD}).status_code == 500
    assert "Internal Server Error: /login/" in log.text
    is_not_in(log, PASSWORD)


# What mail programs and strangers do with a link that still works


@pytest.fixture
def links(client, db):
    """A link of each kind, and its key."""
    client.post("/register/", GOOD)
    confirm = key_in("confirm")
    UserFactory(login="bolat", email="bolat@example.kz")
    client.post("/password-reset/", {"email": "bolat@example.kz"})
    return [confirm, key_in("password_reset")]


@pytest.fixture
def keys_written(links):
    """How many of the keys the server writes out."""
    (console,) = [each for each in logging.root.handlers if each.name == "console"]
    written = io.StringIO()
    before = console.setStream(written)
    yield lambda: len([key for _path, key in links if key in written.getvalue()])
    console.setStream(before)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE"])
def test_a_method_that_no_link_has(method, client, links, keys_written):
    for path, _key in links:
        assert client.generic(method, path).status_code == 405
    assert keys_written() == 0


def test_a_form_without_cookies(client, links, keys_written):
    client.handler.enforce_csrf_checks = True
    for path, _key in links:
        assert client.post(path).status_code == 403
    assert keys_written() == 0


@pytest.mark.parametrize("end", [".", ">", "x"])
def test_a_link_with_what_stood_behind_it(end, client, links, keys_written):
    for path, _key in links:
        assert client.get(f"{path}{end}").status_code == 404
    assert keys_written() == 0


@pytest.mark.parametrize("ending", ["%0a", "%0d%0a", "%E2%80%A8", "%1b[2J"], ids=str)
def test_a_path_makes_no_second_line(ending, client, db, log):
    """Nor colours, nor what a viewer takes for a line (OWASP ASVS 16.4.1)."""
    for path in (f"/nothing/{ending}ERROR a forged line", f"/accounts/1{ending}2/"):
        client.get(path)
    client.post("/login/", {"login": "a\nERROR forged", "password": "x\r\ny"})
    told = [record.getMessage() for record in log.records if record.name == "django.request"]
    assert told
    assert [message for message in told if re.search("[\n\r\x1b\u2028]", message)] == []
