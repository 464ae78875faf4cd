"""How long a session lasts: residents' for as long as they come back, staff's for a working day."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.middleware import SEEN, SINCE
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_password import is_in, key_of
from accounts.tests.test_two_step import Clock

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
MONTH = 30 * DAY


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def aigul(db, clock):
    return UserFactory(login="aigul", email="aigul@example.kz", full_name="Айгүл")


@pytest.fixture
def staff(aigul):
    User.objects.filter(pk=aigul.pk).update(is_staff=True)


def sign_in(client, remember=False):
    more = {"remember": "on"} if remember else {}
    client.post("/login/", {"login": "aigul", "password": PASSWORD, **more})
    return client


def cookie(client):
    return client.cookies[settings.SESSION_COOKIE_NAME]


def days_left(client):
    """As the server has it."""
    expires = Session.objects.get(session_key=key_of(client)).expire_date
    return round((expires - timezone.now()).total_seconds() / DAY, 1)


def test_remembered(client, aigul):
    """The cookie outlives the browser; seen again, it lasts for thirty days anew."""
    sign_in(client, remember=True)
    assert cookie(client)["max-age"] == MONTH
    assert days_left(client) == 30.0


def test_it_is_sent_anew_once_an_hour(client, aigul, clock):
    sign_in(client, remember=True)
    for seconds, anew in ((HOUR - 1, False), (2, True), (HOUR - 1, False)):
        clock.pass_(seconds)
        Session.objects.update(expire_date=timezone.now() + timezone.timedelta(days=20))
        response = client.get("/accounts/")
        assert (settings.SESSION_COOKIE_NAME in response.cookies) is anew
        assert days_left(client) == (30.0 if anew else 20.0)
        assert not anew or response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == MONTH


def test_not_remembered(client, aigul, clock):
    """The cookie ends with the browser, also when it is sent anew."""
    sign_in(client)
    assert (cookie(client)["max-age"], cookie(client)["expires"]) == ("", "")
    clock.pass_(HOUR + 1)
    response = client.get("/accounts/")
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == ""


@pytest.mark.parametrize("remember", [False, True])
def test_a_resident_who_comes_back_within_a_month_stays(remember, client, aigul, clock):
    """However often."""
    sign_in(client, remember)
    for _time in range(14):
        clock.pass_(29 * DAY)
        assert is_in(client)
    clock.pass_(MONTH - 1)
    assert is_in(client)
    clock.pass_(MONTH + 1)
    assert not is_in(client)


def test_staff_who_do_nothing_for_half_an_hour_are_signed_out(client, staff, clock):
    sign_in(client, remember=True)
    clock.pass_(30 * MINUTE - 1)
    assert is_in(client)
    clock.pass_(30 * MINUTE - 61)
    assert is_in(client)
    clock.pass_(30 * MINUTE + 1)
    assert not is_in(client)


def test_staff_are_signed_out_after_twelve_hours_whatever_they_do(client, staff, clock):
    sign_in(client)
    for _time in range(12 * 6 - 1):
        clock.pass_(10 * MINUTE)
        assert is_in(client)
    clock.pass_(10 * MINUTE + 1)
    assert not is_in(client)


def test_asking_who_they_are_does_not_lengthen_the_day(client, staff, clock):
    """Nor does another password."""
    sign_in(client)
    for time in range(12 * 3 - 1):
        clock.pass_(20 * MINUTE)
        assert is_in(client)
        if time % 12 == 0:
            assert client.post("/settings/again/", {"password": PASSWORD}).status_code == 302
    new = "Қыста да жасыл қарағай"
    client.post(
        "/settings/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert is_in(client)
    clock.pass_(20 * MINUTE + 1)
    assert not is_in(client)


def test_the_admin_too(client, staff, clock):
    User.objects.update(is_superuser=True)
    client.force_login(User.objects.get())
    assert client.get("/admin/").status_code == 200
    clock.pass_(30 * MINUTE + 1)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/login/?next=/admin/"


def test_what_is_over_is_gone_from_the_server(client, staff, clock):
    sign_in(client)
    key = key_of(client)
    clock.pass_(30 * MINUTE + 1)
    assert not is_in(client)
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    clock.pass_(-30 * MINUTE)
    assert not is_in(client)


def test_what_is_sent_too_late_is_not_done(client, staff, aigul, clock):
    sign_in(client)
    clock.pass_(30 * MINUTE + 1)
    response = client.post(
        "/settings/profile/", {"full_name": "Басқа", "login": "aigul", "language": "kk"}
    )
    assert (response.status_code, response.url) == (302, "/login/?next=/settings/profile/")
    aigul.refresh_from_db()
    assert aigul.full_name == "Айгүл"


def test_who_joins_the_staff_is_held_to_it_at_once(client, aigul, clock):
    sign_in(client)
    clock.pass_(13 * HOUR)
    assert is_in(client)
    User.objects.update(is_staff=True)
    assert not is_in(client)


@pytest.mark.parametrize("mark", [SINCE, SEEN])
def test_without_its_marks_a_session_counts_from_now(mark, client, staff, clock):
    sign_in(client)
    session = client.session
    del session[mark]
    session.save()
    assert is_in(client)
    clock.pass_(30 * MINUTE + 1)
    assert not is_in(client)


def test_also_if_it_is_looked_at_all_the_time(client, staff, clock):
    sign_in(client)
    session = client.session
    del session[SINCE]
    session.save()
    for _time in range(12 * 3):
        assert is_in(client)
        clock.pass_(20 * MINUTE)
    clock.pass_(1)
    assert not is_in(client)


def test_signing_in_begins_anew(client, staff, clock):
    """With another session id."""
    sign_in(client)
    first = key_of(client)
    clock.pass_(12 * HOUR + 1)
    assert not is_in(client)
    sign_in(client)
    assert key_of(client) != first
    clock.pass_(29 * MINUTE)
    assert is_in(client)


def test_pages_for_anybody_have_no_session(client, db):
    assert settings.SESSION_COOKIE_NAME not in client.get("/consent/").cookies
    assert Session.objects.count() == 0
