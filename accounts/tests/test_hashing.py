"""Passwords are hashed beside pages: who waits lets others pass, and not too many wait."""

import os
import threading

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import hashing
from accounts.hashing import WAITING, Argon2Aside
from accounts.tests.factories import PASSWORD
from accounts.tests.test_login import aigul, sign_in, signed_in  # noqa: F401
from accounts.tests.test_register import hashes  # noqa: F401
from cabinet import threads
from cabinet.tests.pages import Page


@pytest.fixture
def slow():
    """A hash that lasts until it is let go."""
    begun, go = threading.Event(), threading.Event()

    def work():
        begun.set()
        assert go.wait(10)
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    yield work, begun, go
    go.set()


@pytest.fixture
def crowd(monkeypatch):
    """As many wait for a hash as may."""
    monkeypatch.setattr(hashing, "_waiting", {object() for _place in range(WAITING)})


def request():
    return RequestFactory().get("/")


def test_one_request_at_a_time():
    """A second one waits until the first has been answered."""
    inside, go = threading.Event(), threading.Event()
    seen = []

    def view(about):
        seen.append(about.path)
        inside.set()
        assert go.wait(10)
        return HttpResponse()

    handle = threads.one_at_a_time(view)
    both = [threading.Thread(target=handle, args=(request(),)) for _each in range(2)]
    for each in both:
        each.start()
    assert inside.wait(10)
    both[1].join(0.1)
    assert len(seen) == 1
    go.set()
    for each in both:
        each.join(10)
    assert len(seen) == 2


def test_others_pass_while_one_waits_for_a_hash(slow):
    work, begun, go = slow
    told = []
    hashes_one = threads.one_at_a_time(lambda about: told.append(hashing._aside(work)))
    page = threads.one_at_a_time(lambda about: HttpResponse("page"))
    first = threading.Thread(target=hashes_one, args=(request(),))
    first.start()
    assert begun.wait(10)
    assert page(request()).content == b"page"  # would stand still for ever
    assert not told
    go.set()
    first.join(10)
    assert told == [hashing.LOWEST]


def test_a_fault_lets_others_pass_too():
    def fails(about):
        hashing._aside(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        threads.one_at_a_time(fails)(request())
    assert threads.one_at_a_time(lambda about: HttpResponse())(request()).status_code == 200
    assert not hashing._waiting


def test_it_is_django_s_own_hash():
    encoded = Argon2Aside().encode(PASSWORD, "salt-for-tests-only")
    assert encoded.startswith("argon2$argon2id$")
    assert Argon2Aside().verify(PASSWORD, encoded)
    assert not Argon2Aside().verify(PASSWORD + "x", encoded)


@pytest.mark.parametrize("path", ["/login/", "/register/"])
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_when_too_many_wait(path, language, client, aigul, crowd, hashes):  # noqa: F811
    """It says so at once and counts no try; looking at the form is as ever."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    for _try in range(6):
        response = client.post(path, {"login": "aigul", "password": PASSWORD})
        assert (response.status_code, response["Retry-After"]) == (503, "5")
    words = {"kk": "бірнеше секундтан кейін", "ru": "через несколько секунд"}
    assert words[language] in Page(response).find("main").text_content()
    assert hashes == []
    assert client.get(path).status_code == 200
    hashing._waiting.clear()
    sign_in(client, "aigul")
    assert signed_in(client) == "aigul"


def test_fewer_may_wait_than_there_are_threads():
    assert WAITING < threads.MANY
