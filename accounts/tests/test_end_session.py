"""Ending a session somewhere else: whose it is, from what page, and when it is felt."""

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import CHROME
from cabinet.tests.pages import Page, text

URL = "/settings/sessions/"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul")


@pytest.fixture
def open_at(client):
    """A browser that somebody signs in with."""

    def opens(agent, login="aigul"):
        browser = type(client)(headers={"user-agent": agent})
        typed = {"login": login, "password": PASSWORD}
        assert browser.post("/login/", typed).status_code == 302
        return browser

    return opens


@pytest.fixture
def laptop(aigul, open_at):
    return open_at(CHROME)


@pytest.fixture
def phone(aigul, open_at):
    return open_at(FIREFOX)


def row(browser):
    return UserSession.objects.get(session_key=browser.session.session_key)


def end(browser, which):
    return browser.post(f"{URL}{row(which).pk}/end/")


def entries(browser):
    """Each entry of the list, by its device."""
    items = [*Page(browser.get(URL)).find("ul.rows").iter("li")]
    return {text(item.find("span/strong")): item for item in items}


def is_in(browser):
    return browser.get("/accounts/").status_code == 200


def is_out(browser):
    response = browser.get("/accounts/")
    return (response.status_code, response.headers.get("Location")) == (
        302,
        "/login/?next=/accounts/",
    )


def test_the_button_ends_what_it_stands_beside(laptop, phone, open_at):
    tablet = open_at(SAFARI)
    forms = {device: entry.find("form") for device, entry in entries(laptop).items()}
    assert forms.keys() == {"Chrome, Windows", "Firefox Mobile, Android", "Mobile Safari, iOS"}
    assert forms["Chrome, Windows"] is None
    laptop.post(forms["Firefox Mobile, Android"].get("action"))
    assert is_out(phone)
    assert is_in(tablet)
    assert entries(laptop).keys() == {"Chrome, Windows", "Mobile Safari, iOS"}


def test_ended_in_the_middle_of_a_form(laptop, phone, aigul):
    phone.get("/settings/profile/")
    end(laptop, phone)
    response = phone.post("/settings/profile/", {"full_name": "Басқа", "login": "aigul"})
    assert (response.status_code, response.url) == (302, "/login/?next=/settings/profile/")
    aigul.refresh_from_db()
    assert aigul.full_name == "Ысқақова Іңкәр Әшімқызы"


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_stolen_cookie_goes_with_its_session(everywhere, client, laptop, phone):
    client.cookies[settings.SESSION_COOKIE_NAME] = phone.session.session_key
    assert is_in(client)
    if everywhere:
        laptop.post(URL)
    else:
        end(laptop, phone)
    assert is_out(client)
    assert is_in(laptop)
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_staff_have_no_way_to_a_resident_s(laptop, open_at):
    UserFactory(login="staff", is_staff=True, is_superuser=True)
    staff = open_at(FIREFOX, "staff")
    assert end(staff, laptop).status_code == 404
    staff.post(URL)
    assert is_in(laptop)


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "ж", "%00", "9" * 64])
def test_numbers_that_there_are_not(number, laptop):
    assert laptop.post(f"{URL}{number}/end/").status_code == 404


def test_whoever_is_signed_out_is_led_to_sign_in(client, phone):
    pk = row(phone).pk
    for path, response in {
        URL: client.get(URL),
        f"{URL}?": client.post(URL),
        f"{URL}{pk}/end/": client.post(f"{URL}{pk}/end/"),
    }.items():
        assert response.status_code == 302
        assert response.url == f"/login/?next={path.rstrip('?')}"
    assert is_in(phone)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, laptop, phone):
    response = laptop.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert is_in(phone)


def test_a_look_ends_nothing(laptop, phone):
    laptop.get(URL)
    laptop.head(URL)
    assert is_in(phone)


GARBAGE = [
    *(" ", "<script>alert(1)</script>", "'; DROP TABLE accounts_user; --", "\xff\xfe\x80"),
    *("{{ 7 * 7 }} %(day)s %s {0}", "ж" * 50, "x" * 10_000, "Mozilla/5.0 (" * 2_000),
]


@pytest.mark.parametrize("agent", GARBAGE, ids=lambda agent: agent[:12])
def test_whatever_its_browser_says_of_itself(agent, laptop, open_at):
    """Nothing of it is shown, and the session can be ended like any other."""
    browser = open_at(agent)
    assert entries(laptop).keys() == {"Chrome, Windows", "Белгісіз құрылғы"}
    assert len(row(browser).user_agent) <= 200
    laptop.post(entries(laptop)["Белгісіз құрылғы"].find("form").get("action"))
    assert is_out(browser)
