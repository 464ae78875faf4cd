"""Staff are let into the admin only with a second step."""

import pytest

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_password import messages
from accounts.tests.test_two_step import (  # noqa: F401 - fixtures too
    AGAIN_CODE,
    APP_OFF,
    INDEX,
    again,
    clock,
    code,
    half_way,
    turn_on,
)
from cabinet.tests import people
from cabinet.tests.pages import Page

ADMIN, PAGE = "/admin/", "/admin/accounts/user/"


@pytest.fixture
def aigul(db):
    """An operator without a second step."""
    return people.member("operator", login="aigul")


@pytest.fixture
def owner(client, aigul, clock):  # noqa: F811
    """The operator has signed in with the password alone."""
    client.post("/login/", {"login": "aigul", "password": PASSWORD})
    return client


def ends_at(client, url=ADMIN):
    """Where whoever goes there ends up."""
    response = client.get(url, follow=True)
    return response.redirect_chain[-1][0] if response.redirect_chain else url


@pytest.mark.parametrize("url", [ADMIN, PAGE])
def test_whoever_has_none_is_led_to_set_one_up(url, owner):
    assert ends_at(owner, url) == INDEX
    response = owner.get(url, follow=True)
    assert "Қызметкерлер екі қадаммен кіреді: алдымен екінші қадамды қосыңыз." in messages(
        Page(response)
    )


def test_with_an_app_just_set_up_the_session_goes_on(owner):
    turn_on(owner)
    assert ends_at(owner) == ADMIN


def test_another_session_shows_it_first(owner, aigul):
    browser = type(owner)()
    browser.post("/login/", {"login": "aigul", "password": PASSWORD})
    app, _codes = turn_on(owner)
    assert ends_at(browser).startswith(AGAIN_CODE)
    assert code(browser, app.code(), f"{AGAIN_CODE}?next={ADMIN}").url == ADMIN
    assert ends_at(browser) == ADMIN


@pytest.mark.parametrize("step", ["app", "recovery code"])
def test_after_signing_in_with_two_steps(step, owner):
    app, codes = turn_on(owner)
    browser = half_way(owner)
    assert ends_at(browser).startswith("/login/")
    code(browser, app.code() if step == "app" else codes[0])
    assert ends_at(browser) == ADMIN


def test_whoever_removes_it_is_shut_out_at_once(owner):
    turn_on(owner)
    again(owner)
    owner.post(APP_OFF)
    assert ends_at(owner) == INDEX


def test_what_another_has_shown_does_not_count(owner, aigul):
    """In the same browser, before."""
    turn_on(owner)
    other = people.member("operator", login="bolat")
    owner.post("/logout/")
    owner.post("/login/", {"login": "bolat", "password": PASSWORD})
    assert owner.session["_auth_user_id"] == str(other.pk)
    assert ends_at(owner) == INDEX


def test_a_superuser_too(db, client, clock):  # noqa: F811
    User.objects.create_superuser("root", "root@example.kz", PASSWORD, full_name="Root")
    client.post("/login/", {"login": "root", "password": PASSWORD})
    assert ends_at(client) == INDEX


def test_a_resident_with_one_is_refused(db, client, clock):  # noqa: F811
    client.force_login(UserFactory(login="dana"))
    turn_on(client)
    response = client.get(ADMIN, follow=True)
    assert response.status_code == 403
