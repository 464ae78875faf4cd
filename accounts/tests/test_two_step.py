"""Two-step sign-in: an authenticator app, recovery codes, and what they are asked for."""

import base64
import datetime as dt
import hashlib
import hmac
import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, connections
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import facts_of, last, refuse_letters, written
from accounts.tests.test_password import is_in, key_of, messages
from cabinet.tests.pages import Page, text

INDEX, APP, APP_OFF = (
    "/settings/two-step/",
    "/settings/two-step/app/",
    "/settings/two-step/app/off/",
)
CODES, NEW_CODES, FILE = (f"{INDEX}codes/", f"{INDEX}codes/new/", f"{INDEX}codes.txt")
AGAIN, AGAIN_CODE, LOGIN_CODE = "/settings/again/", "/settings/again/code/", "/login/code/"
WRONG = "Код қате. Келесі кодты күтіп, қайталап көріңіз."
TOO_MANY = "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
PERIOD = 30


def code_of(secret, counter):
    """What an app shows in that half minute (RFC 6238)."""
    key = base64.b32decode(secret)
    digest = hmac.digest(key, struct.pack(">Q", counter), hashlib.sha1)
    place = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[place : place + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


class Clock:
    """A clock that stands still, but for `pass_`; for what the cache keeps too."""

    def __init__(self, monkeypatch):
        self.now = time.time() // PERIOD * PERIOD + 1  # just begun: a half minute lasts
        monkeypatch.setattr("time.time", lambda: self.now)
        monkeypatch.setattr(
            "django.core.cache.backends.db.tz_now",
            lambda: dt.datetime.fromtimestamp(self.now, dt.UTC),
        )

    def pass_(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class App:
    """On somebody's phone."""

    def __init__(self, secret):
        self.secret = secret

    def code(self, ahead=0):
        """The present one, or that of so many half minutes later."""
        return code_of(self.secret, int(time.time()) // PERIOD + ahead)


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz")


@pytest.fixture
def owner(client, aigul, clock):
    client.force_login(aigul)
    return client


def again(client, password=PASSWORD):
    return client.post(AGAIN, {"password": password})


def code(client, code, url=LOGIN_CODE):
    return client.post(url, {"code": code})


def first_again(url):
    """Where whoever goes there is led first."""
    return f"{AGAIN}?{urlencode({'next': url})}"


def turn_on(client):
    """The app, and the recovery codes."""
    again(client)
    app = App(text(Page(client.get(APP)).find("code.key")))
    assert code(client, app.code(-1), APP).status_code == 302
    return app, codes_shown(client)


def codes_shown(client):
    return [text(each) for each in Page(client.get(CODES)).all("code")]


def half_way(client, login="aigul", password=PASSWORD, **more):
    """A browser that has given the password and is asked for a code."""
    browser = type(client)()
    response = browser.post("/login/", {"login": login, "password": password, **more})
    assert (response.status_code, response.url) == (302, LOGIN_CODE)
    return browser


def kinds(user):
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


# Setting an app up


def test_at_first_there_is_none(owner):
    page = Page(owner.get(INDEX))
    assert page.heading == "Екі қадамды кіру"
    assert page.links["Қолданбаны қосу"] == APP
    assert page.links["Кіру кілтін қосу"] == "/settings/passkeys/add/"
    assert "Қалпына келтіру кодтары" not in page.content


def test_the_password_is_asked_for_once_more(owner):
    for look in (owner.get, owner.head):
        response = look(APP)
        assert (response.status_code, response.url) == (302, first_again(APP))
    page = Page(owner.get(f"{AGAIN}?next={APP}"))
    assert page.heading == "Бұл сіз бе?"
    response = owner.post(AGAIN, {"password": PASSWORD, "next": APP})
    assert (response.status_code, response.url) == (302, APP)
    assert owner.get(APP).status_code == 200


def test_signing_in_is_not_enough(client, aigul):
    client.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert client.get(APP).status_code == 302


def test_a_wrong_password(owner):
    page = Page(again(owner, "not-the-password"))
    assert page.beside == {"password": "Құпиясөз қате."}
    assert owner.get(APP).status_code == 302


def test_wrong_passwords_are_counted(owner):
    for _time in range(5):
        again(owner, "not-the-password")
    again(owner)
    assert owner.get(APP).status_code == 302


def test_it_holds_for_five_minutes(owner, clock):
    again(owner)
    clock.pass_(299)
    assert owner.get(APP).status_code == 200
    clock.pass_(2)
    assert owner.get(APP).status_code == 302


def test_it_leads_nowhere_else(owner):
    response = owner.post(AGAIN, {"password": PASSWORD, "next": "https://evil.example/"})
    assert response.url == "/"


def test_the_key_is_shown_to_be_scanned_or_typed(owner):
    again(owner)
    page = Page(owner.get(APP))
    assert page.heading == "Қолданбаны қосу"
    assert re.fullmatch(r"[A-Z2-7]{32}", text(page.find("code.key")))
    (picture,) = page.find("main").iter("img")
    assert picture.get("src").startswith("data:image/svg+xml;base64,")
    field = next(field for field in page.find("main").iter("input") if field.get("name") == "code")
    assert (field.get("autocomplete"), field.get("inputmode")) == ("one-time-code", "numeric")


def test_a_wrong_code_turns_nothing_on(owner, aigul):
    again(owner)
    secret = text(Page(owner.get(APP)).find("code.key"))
    wrong = code_of(secret, int(time.time()) // PERIOD + 5)
    page = Page(code(owner, wrong, APP))
    assert page.beside == {"code": WRONG}
    assert text(page.find("code.key")) == secret
    assert (kinds(aigul), written()) == ([], [])
    assert code(owner, App(secret).code(), APP).status_code == 302


@pytest.mark.parametrize(
    "typed", ["", "12345", "1" * 10_000, "１２３４５６", "12\x0034", "<b>", "әғқ"]
)
def test_what_is_no_code(typed, owner, aigul):
    again(owner)
    owner.get(APP)
    page = Page(code(owner, typed, APP))
    assert (page.status, [*page.beside]) == (200, ["code"])
    assert kinds(aigul) == []


def test_wrong_codes_are_counted(owner, aigul):
    again(owner)
    app = App(text(Page(owner.get(APP)).find("code.key")))
    for _time in range(5):
        code(owner, app.code(5), APP)
    assert Page(code(owner, app.code(), APP)).beside == {"code": TOO_MANY}
    assert kinds(aigul) == []


def test_it_is_set_up(owner, aigul):
    again(owner)
    app = App(text(Page(owner.get(APP)).find("code.key")))
    response = code(owner, app.code(), APP)
    assert (response.status_code, response.url) == (302, CODES)
    assert kinds(aigul) == ["recovery_codes", "totp"]
    codes = codes_shown(owner)
    assert len({*codes}) == 10
    assert all(re.fullmatch(r"\d{8}", each) for each in codes)
    page = Page(owner.get(INDEX))
    assert page.links["Қолданбаны ажырату"] == APP_OFF
    assert "10 код қалды" in page.content
    assert written() == [("app_on", "aigul@example.kz")]
    assert last("app_on").subject == "Екі қадамды кіру қосылды"


@pytest.mark.django_db(transaction=True)
def test_it_is_said_on_the_next_page(client):
    client.force_login(UserFactory())
    again(client)
    app = App(text(Page(client.get(APP)).find("code.key")))
    code(client, app.code(), APP)
    assert messages(Page(client.get(CODES))) == [
        "Аутентификатор қолданбасы қосылды",
        "Жаңа қалпына келтіру кодтары жасалды",
    ]


def test_there_is_one_app_at_a_time(owner, aigul):
    turn_on(owner)
    for response in (owner.get(APP), code(owner, "123456", APP)):
        assert (response.status_code, response.url) == (302, APP_OFF)
    assert kinds(aigul) == ["recovery_codes", "totp"]


def test_while_a_new_address_waits_to_be_confirmed_too(owner, aigul):
    waiting = EmailAddress.objects.create(user=aigul, email="jana@example.kz")
    app, _codes = turn_on(owner)
    assert kinds(aigul) == ["recovery_codes", "totp"]
    browser = half_way(owner)
    code(browser, app.code())
    assert is_in(browser)
    url = reverse("account_confirm_email", args=[EmailConfirmationHMAC(waiting).key])
    assert browser.post(url).status_code == 302
    aigul.refresh_from_db()
    assert aigul.email == "jana@example.kz"


def test_whoever_has_confirmed_no_address_sets_none_up(client, aigul):
    """Else whoever registers with another's address could keep its owner out."""
    EmailAddress.objects.update(verified=False)
    client.post("/login/", {"login": "aigul", "password": PASSWORD})
    for url in (APP, "/settings/passkeys/add/"):
        response = client.get(url)
        assert (response.status_code, response.url) == (302, f"/login/?next={url}")


def everything_kept():
    """All that the database has of second steps and sessions, as text."""
    rows = [str(row) for row in Authenticator.objects.values()]
    rows += [str(session.get_decoded()) for session in Session.objects.all()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM cabinet_cache")
        rows += [f"{key} {base64.b64decode(value)}" for key, value in cursor]
    return " ".join(rows)


def test_secrets_are_nowhere_in_clear(owner, aigul):
    """Neither while an app is being set up nor afterwards."""
    again(owner)
    secret = text(Page(owner.get(APP)).find("code.key"))
    assert secret not in everything_kept()
    code(owner, App(secret).code(5), APP)
    assert secret not in everything_kept()
    code(owner, App(secret).code(), APP)
    codes = codes_shown(owner)
    kept = everything_kept()
    assert "secret" in kept
    assert "seed" in kept
    assert [each for each in (secret, *codes) if each in kept] == []
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert not re.search(r"[0-9a-f]{80}", seed)


def test_a_secret_given_up_is_replaced(owner):
    again(owner)
    first = text(Page(owner.get(APP)).find("code.key"))
    assert text(Page(owner.get(APP)).find("code.key")) != first
    assert Page(code(owner, App(first).code(), APP)).beside == {"code": WRONG}


def test_secrets_are_read_after_the_site_s_key_has_changed(owner, clock, settings):
    app, codes = turn_on(owner)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" + "0123456789abcdef" * 4
    for each in (app.code(), codes[0]):
        browser = half_way(owner)
        code(browser, each)
        assert is_in(browser)


# Signing in


def test_a_code_is_asked_for(owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    assert not is_in(browser)
    page = Page(browser.get(LOGIN_CODE))
    assert page.heading == "Екінші қадам"
    response = code(browser, app.code())
    assert (response.status_code, response.url) == (302, "/")
    assert is_in(browser)


def test_the_way_is_kept(owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner, next="/accounts/?x=1")
    assert code(browser, app.code()).url == "/accounts/?x=1"


@pytest.mark.parametrize("shape", ["{}{}", "{} {}", "{}-{}", " {}{} "])
def test_as_people_type_codes(shape, owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    code(browser, shape.format(app.code()[:3], app.code()[3:]))
    assert is_in(browser)


@pytest.mark.parametrize(
    ("ahead", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_half_a_minute_early_or_late(ahead, good, owner, clock):
    app, _codes = turn_on(owner)
    clock.pass_(300)
    browser = half_way(owner)
    code(browser, app.code(ahead))
    assert is_in(browser) is good


def test_a_new_session_id_after_the_code(owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    before = key_of(browser)
    code(browser, app.code())
    assert key_of(browser) != before
    assert not Session.objects.filter(session_key=before).exists()


HALF_WAY_IN = [
    *("/", "/accounts/", "/settings/profile/", "/settings/password/", "/settings/email/", INDEX),
    *(APP, APP_OFF, CODES, NEW_CODES, FILE, AGAIN, AGAIN_CODE, "/settings/again/passkey/"),
    *("/settings/sessions/", "/settings/data/", "/settings/delete/", "/settings/passkeys/add/"),
    *("/settings/data/file/", "/settings/email/cancel/", "/admin/"),
]


def test_half_way_in_one_can_do_nothing(owner, aigul):
    turn_on(owner)
    before = User.objects.values().get(), written(), kinds(aigul)
    browser = half_way(owner)
    for url in HALF_WAY_IN:
        for response in (
            browser.get(url),
            browser.post(url, {"password": PASSWORD, "email": "x@example.kz", "code": "1"}),
        ):
            assert response.status_code == 302, url
            assert response.url.startswith(("/login/?next=", "/admin/login/?next=")), url
    assert (User.objects.values().get(), written(), kinds(aigul)) == before
    assert UserSession.objects.count() == 0


@pytest.mark.parametrize(("minutes", "works"), [(14, True), (15.1, False)])
def test_half_way_in_one_has_a_quarter_of_an_hour(minutes, works, owner, clock):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    clock.pass_(minutes * 60)
    response = code(browser, app.code())
    assert (response.url == "/") is works
    assert is_in(browser) is works


def test_one_can_turn_back(owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    browser.post("/logout/")
    assert browser.get(LOGIN_CODE).url == "/login/"
    code(browser, app.code())
    assert not is_in(browser)


def test_without_the_password_there_is_no_second_step(owner, client):
    app, _codes = turn_on(owner)
    browser = type(owner)()
    for response in (browser.get(LOGIN_CODE), code(browser, app.code())):
        assert (response.status_code, response.url) == (302, "/login/")
    assert not is_in(browser)


def test_a_wrong_code_lets_nobody_in(owner):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    for wrong in (app.code(5), "000000", "", "１２３４５６", "12\x0034", "1" * 5_000):
        page = Page(code(browser, wrong))
        assert (page.status, [*page.beside]) == (200, ["code"])
        assert not is_in(browser)


def test_another_s_code_lets_nobody_in(owner, client):
    turn_on(owner)
    bolat = UserFactory(login="bolat")
    other = type(owner)()
    other.force_login(bolat)
    his, his_codes = turn_on(other)
    browser = half_way(owner)
    assert Page(code(browser, his.code())).beside == {"code": WRONG}
    assert Page(code(browser, his_codes[0])).beside == {"code": WRONG}
    assert not is_in(browser)


def test_wrong_codes_at_signing_in_are_counted(owner, clock):
    """Whatever browser they come from."""
    app, codes = turn_on(owner)
    for _time in range(5):
        code(half_way(owner), app.code(5))
    for right in (app.code(), codes[0]):
        browser = half_way(owner)
        assert Page(code(browser, right)).beside == {"code": TOO_MANY}
        assert not is_in(browser)
    clock.pass_(301)
    browser = half_way(owner)
    code(browser, app.code())
    assert is_in(browser)


def test_who_is_shut_out_meanwhile_does_not_get_in(owner, aigul):
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    User.objects.filter(pk=aigul.pk).update(is_active=False)
    code(browser, app.code())
    assert not is_in(browser)


def test_a_new_password_by_a_letter_does_not_skip_it(owner, aigul):
    app, _codes = turn_on(owner)
    browser = type(owner)()
    browser.post("/password-reset/", {"email": "aigul@example.kz"})
    (url,) = {*re.findall(r'href="https://testserver([^"]+)"', last("password_reset").html)}
    form = Page(browser.get(url, follow=True)).find("form.form").get("action")
    new = "Қыста да жасыл қарағай"
    browser.post(form, {"password1": new, "password2": new}, follow=True)
    assert not is_in(browser)
    browser = half_way(owner, password=new)
    assert not is_in(browser)
    code(browser, app.code())
    assert is_in(browser)


def test_staff_come_the_same_way(owner, aigul):
    User.objects.filter(pk=aigul.pk).update(is_staff=True, is_superuser=True)
    app, _codes = turn_on(owner)
    browser = type(owner)()
    url = browser.get("/admin/", follow=True).redirect_chain[-1][0]
    assert url == "/login/?next=/admin/"
    browser = half_way(owner, next="/admin/")
    assert browser.get("/admin/").status_code == 302
    assert code(browser, app.code()).url == "/admin/"
    assert browser.get("/admin/").status_code == 200


# A code counts once


def test_a_code_lets_in_once(owner, clock):
    """Also in the half minutes in which it would still be taken."""
    app, _codes = turn_on(owner)
    clock.pass_(300)
    early = app.code(1)
    browser = half_way(owner)
    code(browser, early)
    assert is_in(browser)
    for seconds in (0, 28, 2, 28, 2):  # 60 in all, each side of the half minutes
        clock.pass_(seconds)
        browser = half_way(owner)
        assert Page(code(browser, f"{early[:3]} {early[3:]}")).beside == {"code": WRONG}
        assert not is_in(browser)


def test_nor_does_it_begin_the_count_of_wrong_ones_anew(owner, clock):
    app, _codes = turn_on(owner)
    clock.pass_(300)
    early = app.code(1)
    code(half_way(owner), early)
    clock.pass_(31)
    browser = half_way(owner)
    for wrong in (*[app.code(5)] * 4, early, app.code(5)):
        assert Page(code(browser, wrong)).beside == {"code": WRONG}
    assert Page(code(browser, app.code(1))).beside == {"code": TOO_MANY}
    assert not is_in(browser)


def test_nor_does_the_one_that_set_the_app_up(owner):
    app, _codes = turn_on(owner)  # with the last half minute's
    browser = half_way(owner)
    assert Page(code(browser, app.code(-1))).beside == {"code": WRONG}


def test_nor_the_one_of_signing_in_when_it_is_asked_for_again(owner, clock):
    """And the other way round, a little later too."""
    app, _codes = turn_on(owner)
    browser = half_way(owner)
    early = app.code(1)
    code(browser, early)
    for seconds in (0, 40):
        clock.pass_(seconds)
        assert Page(code(browser, early, AGAIN_CODE)).beside == {"code": WRONG}
    assert browser.get(CODES).status_code == 302
    early = app.code(1)
    assert code(browser, early, AGAIN_CODE).status_code == 302
    assert browser.get(CODES).status_code == 200
    for seconds in (0, 40):
        clock.pass_(seconds)
        assert Page(code(half_way(owner), early)).beside == {"code": WRONG}


def test_a_recovery_code_lets_in_once(owner):
    _app, codes = turn_on(owner)
    for left, each in enumerate(codes[:3]):
        browser = half_way(owner)
        code(browser, f"{each[:4]} {each[4:]}")
        assert is_in(browser)
        browser = half_way(owner)
        assert Page(code(browser, each)).beside == {"code": WRONG}
        assert len(codes_shown(owner)) == 9 - left
    page = Page(owner.get(INDEX))
    assert "7 код қалды" in page.content


def test_all_recovery_codes_used(owner, aigul):
    turn_on(owner)
    row = Authenticator.objects.get(user=aigul, type="recovery_codes")
    row.data["used_mask"] = 2**10 - 1
    row.save()
    page = Page(owner.get(CODES))
    assert page.all("code") == []
    assert page.links["Жаңа кодтар жасау"] == NEW_CODES
    assert owner.get(FILE).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["app", "recovery"])
def test_of_two_at_once_one_gets_in(what, client):
    """By a code of the app as by one on paper."""
    cache.clear()
    aigul = UserFactory(login="aigul")
    client.force_login(aigul)
    app, codes = turn_on(client)
    typed = app.code(1) if what == "app" else codes[0]
    browsers = [half_way(client) for _number in range(4)]

    def enter(browser):
        try:
            code(browser, typed)
            return is_in(browser)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(enter, browsers)) == [False, False, False, True]


# The codes, new ones, and removal


@pytest.mark.parametrize("url", [CODES, FILE, NEW_CODES, APP_OFF])
def test_each_takes_the_password_again(url, owner, clock):
    turn_on(owner)
    clock.pass_(301)
    response = owner.get(url)
    assert (response.status_code, response.url) == (302, first_again(url))


def test_or_a_code(owner, clock):
    app, _codes = turn_on(owner)
    clock.pass_(301)
    page = Page(owner.get(f"{AGAIN}?next={CODES}"))
    assert AGAIN_CODE in [url.partition("?")[0] for url in page.links.values()]
    assert Page(code(owner, "000000", AGAIN_CODE)).beside == {"code": WRONG}
    assert owner.get(CODES).status_code == 302
    assert code(owner, app.code(), f"{AGAIN_CODE}?next={CODES}").url == CODES
    assert owner.get(CODES).status_code == 200


def test_the_file_of_codes(owner):
    _app, codes = turn_on(owner)
    response = owner.get(FILE)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert "no-store" in response.headers["Cache-Control"]
    head, *lines = response.content.decode().split()
    assert head == ["Жеке", "кабинет"][0]
    assert [line for line in lines if line.isdigit()] == codes


def test_the_page_of_codes_is_kept_nowhere(owner):
    turn_on(owner)
    assert "no-store" in owner.get(CODES).headers["Cache-Control"]


def test_a_form_that_was_sent_too_late_is_kept(owner, clock):
    """Once the password is given, it does what it was to do."""
    _app, old = turn_on(owner)
    clock.pass_(301)
    assert owner.post(NEW_CODES).url == first_again(NEW_CODES)
    assert written() == [("app_on", "aigul@example.kz")]
    response = owner.post(AGAIN, {"password": PASSWORD, "next": NEW_CODES})
    assert (response.status_code, response.url) == (302, CODES)
    assert {*codes_shown(owner)} & {*old} == set()
    assert written()[1:] == [("codes_made", "aigul@example.kz")]


def test_new_codes_kill_the_old_ones(owner):
    _app, old = turn_on(owner)
    assert Page(owner.get(NEW_CODES)).heading == "Жаңа кодтар жасалсын ба?"
    assert codes_shown(owner) == old
    response = owner.post(NEW_CODES)
    assert (response.status_code, response.url) == (302, CODES)
    new = codes_shown(owner)
    assert len({*old, *new}) == 20
    assert written() == [("app_on", "aigul@example.kz"), ("codes_made", "aigul@example.kz")]
    browser = half_way(owner)
    assert Page(code(browser, old[0])).beside == {"code": WRONG}
    code(browser, new[0])
    assert is_in(browser)


def test_codes_alone_are_no_second_step(owner, aigul):
    again(owner)
    page = Page(owner.post(NEW_CODES))
    assert page.status == 200
    assert len(page.summary) == 1
    assert (kinds(aigul), written()) == ([], [])
    for url in (CODES, FILE, APP_OFF):
        assert owner.get(url).status_code == 404


def test_the_app_is_removed(owner, aigul):
    turn_on(owner)
    assert Page(owner.get(APP_OFF)).heading == "Қолданба ажыратылсын ба?"
    assert kinds(aigul) == ["recovery_codes", "totp"]
    response = owner.post(APP_OFF)
    assert (response.status_code, response.url) == (302, INDEX)
    assert messages(Page(owner.get(INDEX))) == ["Аутентификатор қолданбасы ажыратылды"]
    assert kinds(aigul) == []
    assert written() == [("app_on", "aigul@example.kz"), ("app_off", "aigul@example.kz")]
    browser = type(owner)()
    browser.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert is_in(browser)


ACTS = {
    "app on": (APP, []),
    "app off": (APP_OFF, ["recovery_codes", "totp"]),
    "new codes": (NEW_CODES, ["recovery_codes", "totp"]),
}


@pytest.mark.parametrize("act", ACTS)
def test_without_the_letter_nothing_happens(act, owner, aigul):
    url, before = ACTS[act]
    again(owner)
    typed = ""
    if before:
        _app, codes = turn_on(owner)
    else:
        typed = App(text(Page(owner.get(APP)).find("code.key"))).code()
    refuse_letters()
    owner.raise_request_exception = False
    assert owner.post(url, {"code": typed}).status_code == 500
    assert kinds(aigul) == before
    if before:
        assert codes_shown(owner) == codes


def test_letters_say_when_and_where_from(owner):
    turn_on(owner)
    assert [*facts_of(last("app_on"))] == ["Қашан", "Қайдан", "Құрылғы"]


@pytest.mark.parametrize("url", [APP, APP_OFF, NEW_CODES, AGAIN, AGAIN_CODE])
def test_not_by_another_site_s_form(url, owner, aigul):
    turn_on(owner)
    before = kinds(aigul), written()
    owner.handler.enforce_csrf_checks = True
    assert owner.post(url, {"code": "123456", "password": PASSWORD}).status_code == 403
    assert (kinds(aigul), written()) == before


def test_cookies_are_as_they_should_be_half_way_in(owner):
    turn_on(owner)
    cookie = half_way(owner).cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert cookie["max-age"] == ""
