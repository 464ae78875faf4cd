"""A form that is sent after the session has ended: its input is kept, shown, sent by a press."""

import json

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection

from accounts import kept_input
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_two_step import App, Clock
from cabinet.tests.forms import EVERY_FORM, fields, open_page
from cabinet.tests.pages import Page, controls, text
from support.models import Application
from support.tests.factories import ApplicationFactory, make_kinds
from support.tests.file_factories import uploaded
from support.tests.samples import pdf

pytestmark = pytest.mark.django_db

HOST = "https://testserver"
KEPT_PAGE, DROP = "/kept-input/", "/kept-input/drop/"
PROFILE, NEW = "/settings/profile/", "/applications/new/other/"
ENDED = (
    "Сеансыңыз аяқталды. Қайта кіріңіз: енгізгеніңіз бір сағат сақталады, оның ештеңесі жіберілген"
    " жоқ."
)
TOO_MUCH = (
    "Сеансыңыз аяқталды, ал енгізгеніңіз сақтауға тым көп. Кірмес бұрын артқа қайтып, оны көшіріп"
    " алыңыз."
)
NEW_NAME = {"full_name": "Жаңа Есім", "login": "owner", "language": "kk", "password": ""}


@pytest.fixture(autouse=True)
def attachments(settings, tmp_path):
    settings.ATTACHMENTS_FOLDER = tmp_path


@pytest.fixture(autouse=True)
def kinds(db):
    make_kinds()


@pytest.fixture
def owner(client):
    """Has signed in by the form, so that the device knows it."""
    user = UserFactory(login="owner", full_name="Бұрынғы Есім")
    sign_in(client)
    return user


def sign_in(client, login="owner", **more):
    return client.post("/login/", {"login": login, "password": PASSWORD, **more})


def lost(client):
    """The session's cookie, as after closing the browser."""
    del client.cookies[settings.SESSION_COOKIE_NAME]


def ended_elsewhere(client):
    Session.objects.all().delete()


def signed_out_in_another_tab(client):
    client.post("/logout/")


def all_cookies_lost(client):
    client.cookies.clear()


ENDS = [lost, ended_elsewhere, signed_out_in_another_tab, all_cookies_lost]


def send(client, path, given, page="", **headers):
    """As a browser sends a form of the page."""
    from_here = {"Origin": HOST, "Referer": HOST + (page or path)}
    return client.post(path, given, headers={**from_here, **headers})


def press(client, page):
    """The button of what was kept."""
    (form,) = [each for each in page.find("main").iter("form") if each.get("action") != DROP]
    given = {}
    for each in form.iter("input"):
        given.setdefault(each.get("name"), []).append(each.get("value"))
    return send(client, form.get("action"), given, page=KEPT_PAGE)


def facts(page):
    return {
        text(each.find("dt")): text(each.find("dd"))
        for box in page.find("main").iter("dl")
        for each in box.iter("div")
    }


def told(page):
    return [text(each) for box in page.all("ul.messages") for each in box.iter("li")]


def everything_kept():
    """All that stands in sessions and in the cache, as it can be read there."""
    kept = [json.dumps(each.get_decoded(), ensure_ascii=False) for each in Session.objects.all()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cabinet_cache")
        for (key,) in cursor.fetchall():
            kept.append(str(cache.get(key.split(":", 2)[2])))
    return "\n".join(kept)


def name_of(user):
    return User.objects.get(pk=user.pk).full_name


# What happens


@pytest.mark.parametrize("ends", ENDS, ids=lambda ends: ends.__name__)
def test_a_name_is_sent_after_signing_in_again(client, owner, ends):
    ends(client)
    response = send(client, PROFILE, NEW_NAME)
    assert (response.status_code, response.url) == (302, f"/login/?next={PROFILE}")
    assert told(Page(client.get(response.url))) == [ENDED]
    response = sign_in(client, next=PROFILE)
    assert (response.status_code, response.url) == (302, KEPT_PAGE)
    page = Page(client.get(KEPT_PAGE))
    assert page.heading == "Сіз қайта кірдіңіз"
    assert facts(page) == {
        "ТАӘ": "Жаңа Есім",
        "Логин": "owner",
        "Тіл": "Қазақша",
    }
    assert name_of(owner) == "Бұрынғы Есім"
    assert press(client, page).url == PROFILE
    assert name_of(owner) == "Жаңа Есім"
    assert client.get(KEPT_PAGE).url == "/"


def test_an_application_is_sent_after_the_idle_limit(client, owner, monkeypatch):
    clock = Clock(monkeypatch)
    sign_in(client)
    clock.pass_(31 * 24 * 60 * 60)
    words = "Неге?\n\nСенбі күні «шамсыз»\nқалдық. <b>"
    response = send(client, NEW, {"text": words, "submit": "yes"})
    assert response.url == f"/login/?next={NEW}"
    assert sign_in(client).url == KEPT_PAGE
    page = Page(client.get(KEPT_PAGE))
    (form,) = [each for each in page.find("main").iter("form") if each.get("action") == NEW]
    assert {each.get("name") for each in form.iter("input")} == {
        *("csrfmiddlewaretoken", "text", "submit")
    }
    sent = press(client, page)
    found = Application.objects.get(user=owner)
    assert (found.state, found.text) == ("registered", words)
    assert sent.url == f"/applications/{found.number}/"


def test_staff_answer_after_half_an_hour(client, home, monkeypatch):
    clock = Clock(monkeypatch)
    client.force_login(home.support)
    application = ApplicationFactory(user=home.owner, state="in_progress")
    shown = f"/admin/support/application/{application.pk}/change/"
    act = f"/admin/support/application/{application.pk}/finish/"
    page = Page(client.get(shown))
    (form,) = [each for each in page.all("form") if each.get("action") == act]
    given = {each.get("name"): each.get("value") for each in form.iter("input")}
    given.pop("files")
    clock.pass_(31 * 60)
    answer = "Сәлеметсіз бе! Есептегіш тексерілді."
    response = send(client, act, {**given, "text": answer}, page=shown)
    assert response.url == f"/login/?next={shown}"
    assert sign_in(client, "support").url == "/login/code/"
    assert client.post("/login/code/", {"code": App("A" * 32).code()}).url == KEPT_PAGE
    page = Page(client.get(KEPT_PAGE))
    assert facts(page) == {"Мәтін": answer}
    assert press(client, page).url == shown
    application.refresh_from_db()
    assert application.state == "done"
    assert [each.text for each in application.messages.all()] == [answer]


def test_it_can_be_dropped(client, owner):
    lost(client)
    send(client, PROFILE, NEW_NAME)
    sign_in(client)
    page = Page(client.get(KEPT_PAGE))
    assert [each.get("action") for each in page.find("main").iter("form")] == [PROFILE, DROP]
    assert client.post(DROP).url == PROFILE
    assert name_of(owner) == "Бұрынғы Есім"
    assert client.get(KEPT_PAGE).url == "/"
    assert "Жаңа Есім" not in everything_kept()


def test_the_last_one_is_kept(client, owner):
    lost(client)
    send(client, PROFILE, NEW_NAME)
    send(client, NEW, {"text": "Неге?", "submit": "yes"})
    sign_in(client)
    assert facts(Page(client.get(KEPT_PAGE))) == {"Сұрағыңыз": "Неге?"}
    assert "Жаңа Есім" not in everything_kept()


def test_it_outlives_another_end_of_the_session(client, owner):
    lost(client)
    send(client, PROFILE, NEW_NAME)
    sign_in(client)
    page = Page(client.get(KEPT_PAGE))
    ended_elsewhere(client)
    (form,) = [each for each in page.find("main").iter("form") if each.get("action") == PROFILE]
    given = {each.get("name"): each.get("value") for each in form.iter("input")}
    send(client, PROFILE, given, page=KEPT_PAGE)
    sign_in(client)
    press(client, Page(client.get(KEPT_PAGE)))
    assert name_of(owner) == "Жаңа Есім"


# What is not kept


def test_passwords_are_kept_nowhere(client, owner):
    lost(client)
    secret = "Tal-qaiyng-8-terek"
    send(client, "/settings/email/", {"email": "new@example.kz", "password": secret})
    assert "new@example.kz" in everything_kept()
    assert secret not in everything_kept()
    sign_in(client)
    page = Page(client.get(KEPT_PAGE))
    assert facts(page) == {"Жаңа e-mail мекенжайы": "new@example.kz"}
    assert "Құпиясөздер мен кодтар сақталмайды: олар қайта сұралады." in page.content
    assert secret not in page.content
    after = Page(press(client, page))
    assert after.values["email"] == "new@example.kz"
    assert after.beside == {"password": "Бұл өрісті толтырыңыз."}


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/settings/password/", {"oldpassword": "a", "password1": "b", "password2": "b"}),
        ("/settings/again/", {"password": "a"}),
        ("/settings/again/code/", {"code": "123456"}),
        ("/settings/two-step/app/", {"code": "123456"}),
        ("/settings/passkeys/add/", {"name": "Телефон", "credential": "{}"}),
        ("/settings/delete/", {"password": "a"}),
        ("/accounts/add/", {"code": "ABCDE-ABCDE-ABC"}),
    ],
)
def test_a_form_of_secrets_is_shown_anew(client, owner, path, given):
    lost(client)
    response = send(client, path, given)
    assert (response.status_code, response.url) == (302, f"/login/?next={path}")
    assert not any(value in everything_kept() for value in given.values() if len(value) > 1)
    assert sign_in(client, next=path).url == path


def test_what_only_takes_posts_leads_back_to_its_page(client, owner):
    """Nothing was typed there, so that nothing is kept."""
    lost(client)
    response = send(client, "/settings/sessions/1/end/", {}, page="/settings/sessions/")
    assert response.url == "/login/?next=/settings/sessions/"


# What consists of secrets, or needs a device beside it.
NOT_KEPT = {
    *("account_login", "account_change_password", "account_reauthenticate", "accounts:delete"),
    *("mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn"),
    *("mfa_edit_webauthn", "account_reset_password_from_key"),
}


def test_no_form_is_forgotten(client, home):
    """Each that is posted is kept, or it is said why not; of none is a secret."""
    known = set()
    for name in EVERY_FORM:
        client.cookies.clear()
        cache.clear()
        path, page = open_page(client, home, name)
        posted = [form for form in page.find("main").iter("form") if form.get("method") == "post"]
        if any("hidden" not in each.attrib for form in posted for each in controls(form)):
            known.add(client.get(path).resolver_match.view_name)
        for each in fields(page):
            secrecy = (each.get("type"), each.get("autocomplete"))
            if secrecy[0] == "password" or secrecy[1] == "one-time-code":
                assert kept_input.SECRET.search(each.get("name"))
    assert known - NOT_KEPT == {each for each in kept_input.FORMS if not each.startswith("admin:")}


# Files


def test_a_form_is_filled_in_again_when_its_files_are_missing(client, owner):
    lost(client)
    given = {"text": "Неге?", "submit": "yes", "files": [uploaded(pdf())]}
    send(client, NEW, given)
    sign_in(client)
    page = Page(client.get(KEPT_PAGE))
    assert "Файлдар сақталмайды: оларды қайта таңдаңыз." in page.content
    response = press(client, page)
    assert response.url == NEW
    after = Page(client.get(NEW))
    assert text(after.find("textarea")) == "Неге?"
    assert Application.objects.get(user=owner).state == "draft"


def test_a_message_too(client, owner):
    application = ApplicationFactory(user=owner)
    lost(client)
    path = f"/applications/{application.number}/"
    send(client, path, {"text": "Міне.", "do": "write", "files": [uploaded(pdf())]})
    sign_in(client)
    response = press(client, Page(client.get(KEPT_PAGE)))
    after = Page(response)
    assert (after.status, text(after.find("textarea"))) == (400, "Міне.")
    assert after.beside == {"files": "Файлдарды қайта таңдаңыз: олар сақталмады."}
    assert application.messages.count() == 0


# Who and when


def test_another_user_does_not_get_it(client, owner):
    UserFactory(login="other")
    lost(client)
    send(client, PROFILE, NEW_NAME)
    assert sign_in(client, "other", next=PROFILE).url == PROFILE
    assert client.get(KEPT_PAGE).url == "/"
    assert "Жаңа Есім" not in everything_kept()


def test_of_an_unknown_sender_it_is_shown_and_not_sent(client, owner):
    other = UserFactory(login="other", full_name="Басқа Есім")
    all_cookies_lost(client)
    send(client, PROFILE, NEW_NAME)
    assert sign_in(client, "other").url == KEPT_PAGE
    client.get(KEPT_PAGE)
    assert (name_of(owner), name_of(other)) == ("Бұрынғы Есім", "Басқа Есім")


def test_what_staff_typed_is_shown_to_staff_alone(client, owner):
    all_cookies_lost(client)
    application = ApplicationFactory()
    send(client, f"/admin/support/application/{application.pk}/note/", {"text": "Құпия."})
    assert "Құпия" in everything_kept()
    assert sign_in(client).url == "/"
    assert client.get(KEPT_PAGE).url == "/"


def test_after_an_hour_it_is_gone(client, owner, monkeypatch):
    clock = Clock(monkeypatch)
    lost(client)
    send(client, PROFILE, NEW_NAME)
    clock.pass_(60 * 60 + 1)
    assert sign_in(client, next=PROFILE).url == PROFILE


def test_too_much_is_not_kept(client, owner):
    lost(client)
    for given in ({"text": "я" * 64_000}, {"text": "x" * 3_000_000}):
        response = send(client, NEW, given)
        assert told(Page(client.get(response.url))) == [TOO_MUCH]
        assert "kept_input" not in everything_kept()
        assert sign_in(client, next=NEW).url == NEW
        lost(client)


def test_what_no_server_reads_is_not_kept(client, owner):
    lost(client)
    headers = {"Origin": HOST, "Referer": HOST + NEW}
    kinds = ("multipart/form-data", "multipart/form-data; boundary=x", "application/json", "")
    for kind in kinds:
        response = client.generic("POST", NEW, b"\xff{", content_type=kind, headers=headers)
        assert response.url == f"/login/?next={NEW}"
    assert "kept_input:" not in everything_kept()


def test_a_network_address_keeps_so_much_and_no_more(client, owner):
    lost(client)
    for _time in range(10):
        send(client, PROFILE, NEW_NAME)
        lost(client)
    response = send(client, PROFILE, NEW_NAME)
    assert told(Page(client.get(response.url)))[-1] == TOO_MUCH
    assert sign_in(client, next=PROFILE).url == PROFILE


# Where from


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Referer": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver"},
        {"Origin": "", "Referer": "https://evil.example/settings/profile/"},
        {"Origin": "", "Referer": "https://testserver.evil.example/settings/profile/"},
        {"Origin": "", "Referer": ""},
    ],
    ids=str,
)
def test_what_another_site_sends_is_not_kept(client, owner, headers):
    lost(client)
    response = send(client, PROFILE, NEW_NAME, **headers)
    assert response.url == f"/login/?next={PROFILE}"
    assert "kept_input:" not in everything_kept()
    assert sign_in(client, next=PROFILE).url == PROFILE


@pytest.mark.parametrize("path", ["/nothing/", "/accounts/1/nothing/", "/help/"])
def test_what_leads_nowhere_is_not_kept(client, owner, path):
    lost(client)
    response = send(client, path, {"text": "Неге?"})
    assert response.status_code in (404, 405)
    assert "kept_input:" not in everything_kept()


@pytest.mark.parametrize(
    "page", ["//evil.example/", "/\\evil.example/", "/nothing/", "/%0d%0aX:1/"]
)
def test_nobody_is_led_elsewhere(client, owner, page):
    lost(client)
    response = send(client, PROFILE, NEW_NAME, page=page)
    assert response.url == f"/login/?next={PROFILE}"


def test_nothing_of_it_is_in_logs_or_urls(client, owner, caplog):
    caplog.set_level("DEBUG")
    lost(client)
    urls = [send(client, PROFILE, NEW_NAME).url]
    urls.append(sign_in(client, next=PROFILE).url)
    urls.append(press(client, Page(client.get(KEPT_PAGE))).url)
    assert urls == [f"/login/?next={PROFILE}", KEPT_PAGE, PROFILE]
    said = [each.getMessage() for each in caplog.records if each.name != "django.db.backends"]
    assert "Жаңа Есім" not in "\n".join(said)


# A token that is too old


@pytest.fixture
def strict(client, owner):
    """A browser whose forms' tokens are checked."""
    client.handler.enforce_csrf_checks = True
    return client


def test_a_form_with_an_old_token_can_be_sent_once_more(strict, owner):
    response = send(strict, PROFILE, {**NEW_NAME, "csrfmiddlewaretoken": "x" * 64})
    page = Page(response)
    assert (page.status, page.heading) == (403, "Нысанның мерзімі өтті")
    assert facts(page)["ТАӘ"] == "Жаңа Есім"
    assert name_of(owner) == "Бұрынғы Есім"
    assert press(strict, page).url == PROFILE
    assert name_of(owner) == "Жаңа Есім"


def test_of_a_registration_too(strict):
    strict.cookies.clear()
    given = {"full_name": "Жаңа Есім", "email": "new@example.kz", "password1": PASSWORD}
    page = Page(send(strict, "/register/", given))
    assert facts(page) == {"ТАӘ": "Жаңа Есім", "E-mail": "new@example.kz"}
    assert PASSWORD not in page.content
    after = Page(press(strict, page))
    assert after.values["email"] == "new@example.kz"
    assert "password1" in after.beside


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_from_elsewhere_nothing_can_be_sent_on(strict, owner, origin):
    page = Page(send(strict, PROFILE, NEW_NAME, Origin=origin))
    assert (page.status, page.heading) == (403, "Нысанның мерзімі өтті")
    assert "Жаңа Есім" not in page.content
    assert not list(page.find("main").iter("form"))


def test_nor_what_is_only_pressed(strict, owner):
    page = Page(send(strict, "/settings/delete/", {"password": PASSWORD}))
    assert page.status == 403
    assert not list(page.find("main").iter("form"))
