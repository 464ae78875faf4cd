"""The session that signing in makes: its id, how long it is remembered, and what it costs."""

import datetime as dt
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import PASSWORD, UserFactory

URL, CODE = "/login/", "/login/code/"
PAGE = "/settings/data/"  # it asks for nothing of its own
HOUR, DAY = 60 * 60, 24 * 60 * 60
SECRET = "JBSWY3DPEHPK3PXP"
PLANTED = "planted0planted0planted0planted0"


@pytest.fixture
def clock(monkeypatch):
    """Lets so many seconds pass."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])
    return lambda seconds: now.append(now.pop() + seconds)


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul")


@pytest.fixture
def with_app(rf, aigul):
    TOTP.activate(aigul, SECRET)
    return aigul


def sign_in(client, remember=False):
    remembered = {"remember": "on"} if remember else {}
    return client.post(URL, {"login": "aigul", "password": PASSWORD, **remembered})


def second_step(client):
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    return client.post(CODE, {"code": code})


def key_of(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_key(client, key):
    """Another browser that sends that cookie."""
    other = type(client)()
    other.cookies[settings.SESSION_COOKIE_NAME] = key
    return other


def is_in(client):
    return client.get(PAGE).status_code == 200


def kept_for(response):
    """For how many seconds the browser is told to keep the cookie; "": until it is closed."""
    return response.cookies[settings.SESSION_COOKIE_NAME]["max-age"]


@pytest.fixture
def planted(client, db):
    """A session that somebody knows the id of, in another's browser."""
    Session.objects.create(
        session_key=PLANTED,
        session_data=client.session.encode({"planted": True}),
        expire_date=timezone.now() + dt.timedelta(days=1),
    )
    client.cookies[settings.SESSION_COOKIE_NAME] = PLANTED
    return PLANTED


# Its id


def test_a_planted_id_is_changed(client, planted, aigul):
    sign_in(client)
    assert is_in(client)
    assert key_of(client) != planted
    assert not is_in(with_key(client, planted))
    assert not Session.objects.filter(session_key=planted).exists()


def test_an_id_that_there_is_not_is_not_taken_on(client, aigul):
    client.cookies[settings.SESSION_COOKIE_NAME] = PLANTED
    sign_in(client)
    assert is_in(client)
    assert key_of(client) != PLANTED


def test_the_second_step_changes_it_once_more(client, planted, with_app):
    assert sign_in(client).url == CODE
    half_way = key_of(client)
    assert second_step(client).url == "/"
    assert is_in(client)
    for key in (planted, half_way):
        assert key != key_of(client)
        assert not is_in(with_key(client, key))
    assert [each.session_key for each in UserSession.objects.all()] == [key_of(client)]


def test_half_way_nobody_is_listed_as_signed_in(client, with_app):
    sign_in(client)
    assert not is_in(client)
    assert UserSession.objects.count() == 0


# How long it is remembered


@pytest.mark.parametrize(("remember", "seconds"), [(True, 30 * DAY), (False, "")])
def test_remember_me_survives_the_second_step(remember, seconds, client, clock, with_app):
    sign_in(client, remember)
    assert kept_for(second_step(client)) == seconds
    clock(HOUR + 1)
    assert kept_for(client.get(PAGE)) == seconds


def test_who_is_not_remembered_the_next_time_is_not(client, clock, aigul):
    sign_in(client, remember=True)
    client.post("/logout/")
    assert kept_for(sign_in(client)) == ""
    clock(HOUR + 1)
    assert kept_for(client.get(PAGE)) == ""


@pytest.mark.parametrize("staff", [False, True])
def test_the_time_begins_with_the_second_step(staff, client, clock, with_app):
    """Not with the first, which may have been a while ago."""
    with_app.is_staff = staff
    with_app.save()
    sign_in(client)
    clock(10 * 60)
    second_step(client)
    clock(25 * 60)
    assert is_in(client)


# What it costs


def statements(client):
    """Verb and table of each statement that the page makes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PAGE).status_code == 200
    words = [each["sql"].replace('"', "").split() for each in captured]
    return [
        (sql[0], sql[1] if sql[0] == "UPDATE" else sql[sql.index("FROM") + 1])
        for sql in words
        if sql[0] not in ("SAVEPOINT", "RELEASE")
    ]


ORDINARY = [("SELECT", "django_session"), ("SELECT", "accounts_user")]
NOTED = [("UPDATE", "usersessions_usersession"), ("UPDATE", "django_session")]


@pytest.mark.parametrize(("staff", "every"), [(False, HOUR), (True, 60)])
def test_a_page_costs_two_questions_and_now_and_then_a_note(staff, every, client, clock, aigul):
    aigul.is_staff = staff
    aigul.save()
    sign_in(client)
    client.get(PAGE)  # with what is said after signing in; the page's frame is remembered
    for seconds, noted in [(0, []), (every, []), (1, NOTED), (0, []), (every, []), (1, NOTED)]:
        clock(seconds)
        assert statements(client) == ORDINARY + noted
