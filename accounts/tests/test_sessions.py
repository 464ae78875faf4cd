"""Where one is signed in: the list of one's sessions, and ending them."""

import datetime as dt
import io

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from accounts.middleware import SEEN
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import CHROME
from accounts.tests.test_password import change, is_in, key_of, messages
from accounts.tests.test_two_step import Clock
from cabinet.tests import asks
from cabinet.tests.pages import Page, text

URL = "/settings/sessions/"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
HOUR = 60 * 60


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz")


def sign_in(client, agent=CHROME, address="203.0.113.7", login="aigul", **more):
    client.post(
        "/login/",
        {"login": login, "password": PASSWORD, **more},
        headers={"user-agent": agent},
        REMOTE_ADDR=address,
    )
    return client


@pytest.fixture
def laptop(client, aigul):
    return sign_in(client)


@pytest.fixture
def phone(laptop):
    return sign_in(type(laptop)(), IPHONE, "2001:db8::7")


def session_of(client):
    return UserSession.objects.get(session_key=key_of(client))


def listed(client):
    """The texts of the list's entries, the buttons aside."""
    (box,) = Page(client.get(URL)).all("ul.rows")
    return [text(entry.find("span")) for entry in box.iter("li")]


def end(client, other):
    return client.post(f"{URL}{session_of(other).pk}/end/")


def test_the_list(laptop, phone):
    """This one first; times are Almaty's."""
    for browser, hour in ((laptop, 5), (phone, 18)):
        since, seen = (
            dt.datetime(2026, 4, 9, hour, tzinfo=dt.UTC),
            dt.datetime(2026, 4, 10, hour, 30, tzinfo=dt.UTC),
        )
        UserSession.objects.filter(pk=session_of(browser).pk).update(
            created_at=since, last_seen_at=seen
        )
    page = Page(laptop.get(URL))
    assert page.heading == "Сеанстар"
    assert listed(laptop) == [
        "Chrome, Windows осы сеанс 203.0.113.7 · "
        "кірген уақыты: 09.04.2026 10:00 · соңғы рет: 10.04.2026 10:30",
        "Mobile Safari, iOS 2001:db8::7 · "
        "кірген уақыты: 09.04.2026 23:00 · соңғы рет: 10.04.2026 23:30",
    ]
    assert [entry.partition(" ")[0] for entry in listed(phone)] == ["Mobile", "Chrome,"]


def test_the_others_follow_as_they_were_seen_last(laptop, aigul):
    others = [sign_in(type(laptop)(), address=f"203.0.113.{n}") for n in (20, 21, 22)]
    for browser, days in zip(others, (2, 1, 3), strict=True):
        seen = dt.datetime(2026, 4, 10, tzinfo=dt.UTC) - dt.timedelta(days=days)
        UserSession.objects.filter(pk=session_of(browser).pk).update(last_seen_at=seen)
    addresses = [entry.partition(" · ")[0].split()[-1] for entry in listed(laptop)]
    assert addresses == ["203.0.113.7", "203.0.113.21", "203.0.113.20", "203.0.113.22"]


def test_buttons_are_for_the_others(laptop, phone):
    page = Page(laptop.get(URL))
    actions = [form.get("action") for form in page.find("main").iter("form")]
    assert actions == [f"{URL}{session_of(phone).pk}/end/", None]
    end(laptop, phone)
    assert [*Page(laptop.get(URL)).find("main").iter("form")] == []


def test_nobody_sees_another_s(laptop, aigul):
    UserFactory(login="bolat")
    bolat = sign_in(type(laptop)(), login="bolat")
    assert len(listed(laptop)) == len(listed(bolat)) == 1
    assert session_of(bolat).session_key not in laptop.get(URL).content.decode()


def test_keys_are_not_shown(laptop, phone):
    """Not even one's own: they let in."""
    shown = laptop.get(URL).content.decode()
    assert [key for key in (key_of(laptop), key_of(phone)) if key in shown] == []


@pytest.mark.parametrize("agent", ["", "x" * 5_000, "<b>x</b>", "evil.example/1.0 CFNetwork/1"])
def test_unknown_devices(agent, laptop, aigul):
    sign_in(type(laptop)(), agent)
    assert listed(laptop)[1].startswith("Белгісіз құрылғы")


def test_one_is_ended(laptop, phone):
    third = sign_in(type(laptop)())
    key = key_of(phone)
    response = end(laptop, phone)
    assert (response.status_code, response.url) == (302, URL)
    assert messages(Page(laptop.get(URL))) == ["Сеанс аяқталды"]
    assert [is_in(browser) for browser in (laptop, phone, third)] == [True, False, True]
    assert not Session.objects.filter(session_key=key).exists()
    assert len(listed(laptop)) == 2


def test_all_others_are_ended(laptop, phone):
    third = sign_in(type(laptop)())
    response = laptop.post(URL)
    assert (response.status_code, response.url) == (302, URL)
    assert messages(Page(laptop.get(URL))) == ["Басқа сеанстардың бәрі аяқталды"]
    assert [is_in(browser) for browser in (laptop, phone, third)] == [True, False, False]
    assert len(listed(laptop)) == UserSession.objects.count() == 1


@pytest.mark.parametrize("hours", [0, 2])
def test_one_may_end_one_s_own(hours, laptop, clock):
    session = laptop.session
    session[SEEN] = clock.now - hours * HOUR
    session.save()
    response = end(laptop, laptop)
    assert (response.status_code, response.url) == (302, URL)
    assert not is_in(laptop)


def test_another_s_is_not_there(laptop, aigul):
    UserFactory(login="bolat")
    bolat = sign_in(type(laptop)(), login="bolat")
    for pk in (session_of(bolat).pk, 0, 10**30):
        assert laptop.post(f"{URL}{pk}/end/").status_code == 404
    laptop.post(URL)
    assert is_in(bolat)


def test_what_is_ended_twice_is_not_there(laptop, phone):
    url = f"{URL}{session_of(phone).pk}/end/"
    assert [laptop.post(url).status_code for _time in range(2)] == [302, 404]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_ended_by_post_only(method, laptop, phone):
    response = laptop.generic(method, f"{URL}{session_of(phone).pk}/end/")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert is_in(phone)


def test_not_by_another_site_s_form(laptop, phone):
    laptop.handler.enforce_csrf_checks = True
    assert laptop.post(URL).status_code == end(laptop, phone).status_code == 403
    assert is_in(phone)


def test_who_signs_out_is_out_on_the_server_too(laptop, phone):
    thief = type(laptop)()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key_of(laptop)
    assert is_in(thief)
    laptop.post("/logout/")
    assert not is_in(thief)
    assert len(listed(phone)) == 1


def test_what_has_ended_is_not_listed(laptop, phone):
    """Expired, thrown away, or made worthless by another password."""
    for _number in range(2):
        sign_in(type(laptop)())
    expired, gone = UserSession.objects.order_by("-pk")[:2]
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    Session.objects.filter(session_key=expired.session_key).update(expire_date=past)
    Session.objects.filter(session_key=gone.session_key).delete()
    assert len(listed(laptop)) == 2
    change(laptop, headers={"user-agent": CHROME})
    assert len(listed(laptop)) == 1


def test_it_is_noted_once_an_hour_that_one_was_seen(clock, laptop):
    def seen():
        return session_of(laptop).last_seen_at

    before = seen()
    for seconds, noted in ((0, False), (HOUR - 1, False), (2, True), (HOUR - 1, False), (2, True)):
        clock.pass_(seconds)
        laptop.get("/accounts/")
        assert (seen() > before) is noted, seconds
        before = seen()


def test_an_ordinary_page_asks_the_database_no_more_than_before(client, clock, home):
    """The session, the user, and what the page is about."""
    client.force_login(home.owner)
    forced = asks.queries(client, "/accounts/000000101/")
    sign_in(client, login="owner")
    assert asks.queries(client, "/accounts/000000101/") == forced <= 5
    clock.pass_(HOUR + 1)
    noted = asks.queries(client, "/accounts/000000101/")
    assert noted <= forced + 5
    assert asks.queries(client, "/accounts/000000101/") == forced


def test_what_was_noted_of_a_session_goes_with_it(client, db):
    aigul = UserFactory(login="aigul")
    for name in ("gone", "alive"):
        UserSession.objects.create(
            user=aigul, ip="203.0.113.7", session_key=name, user_agent="Firefox"
        )
    Session.objects.create(session_key="alive", expire_date=timezone.now() + dt.timedelta(days=1))
    Session.objects.create(session_key="gone", expire_date=timezone.now() - dt.timedelta(days=1))
    call_command("prune", stdout=io.StringIO())
    assert [*UserSession.objects.values_list("session_key", flat=True)] == ["alive"]
