"""«Құпиясөзді ұмыттыңыз ба?»: a link that works once, for two hours, and signs nobody in."""

import datetime as dt
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_confirm_email import messages, sign_in, unconfirmed
from accounts.tests.test_register import (
    EMPTY,
    LEAKED,
    LONG,
    NO_ADDRESS,
    NO_NUL,
    NUL,
    SHORT,
    UNEQUAL,
    at_most,
    hashes,  # noqa: F401 - a fixture
    letters,
    link,
    made_of,
    signed_in,
    twice,
)
from cabinet.models import Letter
from cabinet.tests.pages import Page, controls

URL, SENT = "/password-reset/", "/password-reset/sent/"
NEW = "Qaraghai-da-jasyl-7"
WORTHLESS = "Бұл сілтеме жарамсыз: ол пайдаланылған немесе мерзімі өткен."
WRONG = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."


@pytest.fixture
def aigul(db):
    return UserFactory(
        login="aigul", email="aigul@example.kz", full_name="Айгүл Сәкенқызы", language="ru"
    )


@pytest.fixture
def other(client):
    """Another browser."""
    return type(client)()


@pytest.fixture
def later(monkeypatch):
    """Lets so much time pass for the links."""

    def wait(**time):
        now = dt.datetime.now() + dt.timedelta(**time)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: now)

    return wait


def format_pk(pk):
    """As in the link."""
    digits, text = "0123456789abcdefghijklmnopqrstuvwxyz", ""
    while pk:
        pk, digit = divmod(pk, 36)
        text = digits[digit] + text
    return text


def ask(client, email="aigul@example.kz"):
    return client.post(URL, {"email": email})


def asked(client, email="aigul@example.kz"):
    """Where the letter's link leads."""
    response = ask(client, email)
    assert (response.status_code, response.url) == (302, SENT)
    return link("password_reset")


def form_of(client, url):
    """Where a browser ends that opens the link."""
    response = client.get(url)
    assert response.status_code == 302
    return response.url


def set_new(client, url, password=NEW):
    return client.post(form_of(client, url), twice(password))


def assert_worthless(response):
    page = Page(response)
    assert (page.status, page.heading) == (200, "Жаңа құпиясөз")
    assert WORTHLESS in page.content
    assert page.links == {"Тағы бір хат жіберу": URL}
    assert page.values == {}


# Asking


def test_the_form(client, db):
    page = Page(client.get(URL))
    assert (page.status, page.heading) == (200, "Құпиясөзді ұмыттыңыз ба?")
    (field,) = controls(page.find("main"))
    shape = [field.get(name) for name in ("name", "type", "autocomplete", "maxlength")]
    assert shape == ["email", "email", "email", "254"]


@pytest.mark.parametrize("email", ["aigul@example.kz", " AIGUL@Example.KZ "])
def test_whoever_confirmed_the_address_gets_a_link(email, client, aigul):
    """In the user's own language, whoever asks in whatever language."""
    page = Page(client.get(ask(client, email).url))
    assert (page.status, page.heading) == (200, "Хат жолда")
    assert letters() == [("password_reset", "ru", "aigul@example.kz")]
    letter = Letter.objects.get()
    assert letter.subject == "Новый пароль для личного кабинета"
    assert "Логин: aigul\n" in letter.text
    assert "Айгүл" not in letter.text
    assert re.fullmatch(r"/password-reset/[0-9a-z]+-[-\w]+/", link("password_reset"))


@pytest.mark.parametrize(
    "email",
    [
        *("nobody@example.kz", "bolat@example.kz", "gone@example.kz", "new@example.kz"),
        *("aıgul@example.kz", "aigul@exаmple.kz", "aigul@example.kz.evil.example"),
    ],
)
def test_whoever_did_not_is_told_so_by_letter(email, client, other, aigul):
    """Unknown, unconfirmed, shut out, an address that is only to be, one that looks alike."""
    unconfirmed(email="bolat@example.kz")
    UserFactory(email="gone@example.kz", is_active=False)
    EmailAddress.objects.create(user=aigul, email="new@example.kz")
    answer = ask(client, email)
    assert letters() == [("unknown_address", "kk", email)]
    assert "/password-reset/" not in Letter.objects.get().text
    known = ask(other)
    assert (answer.status_code, answer.url, answer.content) == (302, SENT, known.content)
    assert answer.headers.keys() == known.headers.keys()


BAD = {
    "nothing sent": ({}, EMPTY),
    "no address": ({"email": "aigul"}, NO_ADDRESS),
    "two addresses": ({"email": "aigul@example.kz,evil@example.kz"}, NO_ADDRESS),
    "a header": ({"email": "aigul@example.kz\nBcc: evil@example.kz"}, NO_ADDRESS),
    "NUL": ({"email": f"ai{NUL}gul@example.kz"}, f"{NO_ADDRESS} {NO_NUL}"),
    "10 000 letters": ({"email": LONG}, f"{NO_ADDRESS} {at_most(254, 10_000)}"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_and_nobody_is_written_to(case, client, aigul):
    post, said = BAD[case]
    page = Page(client.post(URL, post))
    assert (page.status, page.beside) == (200, {"email": said})
    assert letters() == []


def test_of_two_addresses_the_last_counts(client, aigul):
    """The link goes to the address of its user, and to no other."""
    ask(client, ["aigul@example.kz", "evil@example.kz"])
    ask(client, ["evil@example.kz", "aigul@example.kz"])
    assert letters() == [
        ("unknown_address", "kk", "evil@example.kz"),
        ("password_reset", "ru", "aigul@example.kz"),
    ]


def test_not_by_another_site_s_form(client, aigul):
    client.handler.enforce_csrf_checks = True
    assert ask(client).status_code == 403
    assert letters() == []


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example"])
def test_a_foreign_host_gets_into_no_letter(host, client, aigul):
    response = client.post(URL, {"email": "aigul@example.kz"}, headers={"host": host})
    assert response.status_code == 400
    client.post(URL, {"email": "aigul@example.kz"}, headers={"x-forwarded-host": host})
    assert "evil" not in Letter.objects.get().text


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/accounts/"])
def test_the_way_on_is_our_own(where, client, aigul):
    response = client.post(URL, {"email": "aigul@example.kz", "next": where})
    assert response.url in (SENT, "/accounts/")


# The link


def test_the_link_leads_to_a_form_without_the_key(client, aigul):
    url = asked(client)
    form = form_of(client, url)
    assert form == f"{URL}{format_pk(aigul.pk)}-set-password/"
    page = Page(client.get(form))
    assert (page.status, page.heading) == (200, "Жаңа құпиясөз")
    key = url.removeprefix(URL).partition("-")[2].rstrip("/")
    assert url == f"{URL}{format_pk(aigul.pk)}-{key}/"
    assert key not in client.get(form).content.decode()
    assert [
        (field.get("name"), field.get("type"), field.get("autocomplete"))
        for field in controls(page.find("main"))
    ] == [("password1", "password", "new-password"), ("password2", "password", "new-password")]


def test_that_form_is_of_no_use_in_another_browser(client, other, aigul):
    form = form_of(client, asked(client))
    assert_worthless(other.get(form))
    assert_worthless(other.post(form, twice(NEW)))


def test_a_new_password_and_nobody_signed_in(client, other, aigul, hashes):  # noqa: F811
    response = set_new(other, asked(client))
    assert (response.status_code, response.url) == (302, "/login/")
    assert hashes == [NEW]
    assert messages(Page(other.get("/login/"))) == ["Құпиясөз өзгертілді"]
    assert (signed_in(other), signed_in(client)) == (None, None)
    assert Page(sign_in(client, "aigul")).summary == [WRONG]
    assert sign_in(client, "aigul", NEW).url == "/"


def test_a_letter_about_it(client, aigul):
    set_new(client, asked(client))
    assert letters()[1:] == [("password_was_reset", "ru", "aigul@example.kz")]
    letter = Letter.objects.latest("pk")
    assert letter.subject == "Ваш пароль изменён"
    assert NEW not in letter.text + letter.html


def test_it_works_once(client, other, aigul):
    url = asked(client)
    form = form_of(other, url)
    set_new(client, url)
    for response in (client.get(url), client.get(form), other.get(form)):
        assert_worthless(response)
    for browser in (client, other):
        assert_worthless(browser.post(form, twice("Another-terek-77")))
    aigul.refresh_from_db()
    assert aigul.check_password(NEW)


@pytest.mark.parametrize(("minutes", "works"), [(119, True), (121, False)])
def test_it_works_for_two_hours(minutes, works, client, later, aigul):
    url = asked(client)
    form = form_of(client, url)
    later(minutes=minutes)
    client.post(form, twice(NEW))
    aigul.refresh_from_db()
    assert aigul.check_password(NEW) is works
    if not works:
        assert_worthless(client.get(url))


CHANGES = {
    "another password": lambda user: user.set_password("Another-terek-77"),
    "the same password again": lambda user: user.set_password(PASSWORD),
    "another address": lambda user: user.emailaddress_set.update(email="new@example.kz"),
    "an address to be": lambda user: user.emailaddress_set.create(email="new@example.kz"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_it_is_dead_after_a_change(case, client, aigul):
    url = asked(client)
    form = form_of(client, url)
    CHANGES[case](aigul)
    aigul.save()
    assert_worthless(client.get(url))
    assert_worthless(client.post(form, twice(NEW)))
    aigul.refresh_from_db()
    assert not aigul.check_password(NEW)


def test_it_is_dead_after_a_sign_in(client, other, aigul):
    url = asked(client)
    sign_in(other, "aigul")
    assert_worthless(client.get(url))


@pytest.mark.parametrize(
    "path",
    [
        *("1-x", "0-x-y", "zzzzzzzzzzzzz-a-b", "z" * 30 + "-a-b", "1-" + "a" * 5000, "1-ж-ж"),
        *("1-set-password", "1-"),
    ],
)
def test_nonsense(path, client, aigul):
    for response in (client.get(f"{URL}{path}/"), client.post(f"{URL}{path}/", twice(NEW))):
        if response.status_code != 404:
            assert_worthless(response)


def test_another_s_number_with_my_key(client, aigul):
    """A link is of one user."""
    url = asked(client)
    bolat = UserFactory(login="bolat")
    mine, key = url.removeprefix(URL).split("-", 1)
    theirs = format_pk(bolat.pk)
    assert mine == format_pk(aigul.pk) != theirs
    assert_worthless(client.get(f"{URL}{theirs}-{key}"))
    form = form_of(client, url)
    assert_worthless(client.post(form.replace(f"/{mine}-", f"/{theirs}-"), twice(NEW)))
    bolat.refresh_from_db()
    assert bolat.check_password(PASSWORD)


BAD_PASSWORDS = {
    "nothing sent": ({}, {"password1": EMPTY, "password2": EMPTY}),
    "short": (twice("Tal-7-tal"), {"password1": SHORT}),
    "leaked": (twice("iloveyou123"), {"password1": LEAKED}),
    "of the name": (twice("Сәкенқызы-77"), {"password1": made_of("Сәкенқызы")}),
    "of the login": (twice("Aigul-77-aigul"), {"password1": made_of("aigul")}),
    "unequal": ({"password1": NEW, "password2": f"{NEW}x"}, {"password2": UNEQUAL}),
    "NUL": (twice(NEW + NUL), {"password1": NO_NUL, "password2": NO_NUL}),
    "long": (twice(LONG), dict.fromkeys(twice(""), at_most(1000, 10_000))),
}


@pytest.mark.parametrize("case", BAD_PASSWORDS)
def test_the_rules_for_passwords_hold(case, client, aigul):
    post, beside = BAD_PASSWORDS[case]
    form = form_of(client, asked(client))
    page = Page(client.post(form, post))
    assert page.status == 200
    assert page.beside == beside
    assert page.values == {"password1": "", "password2": ""}
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)
    assert len(letters()) == 1
    assert client.post(form, twice(NEW)).url == "/login/"


def test_the_new_one_is_not_taken_from_another_site_s_form(client, aigul):
    form = form_of(client, asked(client))
    client.handler.enforce_csrf_checks = True
    assert client.post(form, twice(NEW)).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, client, aigul):
    url = asked(client)
    for path, allowed in ((URL, "GET, HEAD, POST"), (SENT, "GET, HEAD"), (url, "GET, HEAD, POST")):
        response = client.generic(method, path)
        assert (response.status_code, response.headers["Allow"]) == (405, allowed)


# What it does to those who are signed in


def test_all_sessions_are_dead_afterwards(client, other, aigul):
    phone = type(client)()
    for browser in (other, phone):
        sign_in(browser, "aigul")
        assert signed_in(browser) == "aigul"
    set_new(phone, asked(client))
    assert [signed_in(browser) for browser in (client, other, phone)] == [None] * 3


def test_others_stay_signed_in(client, other, aigul):
    other.force_login(UserFactory(login="bolat"))
    set_new(client, asked(client))
    assert signed_in(other) == "bolat"


def test_a_look_signs_nobody_out(client, other, aigul):
    other.force_login(UserFactory(login="bolat"))
    form = form_of(other, asked(client))
    assert other.get(form).status_code == 200
    assert signed_in(other) == "bolat"
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)
    assert other.post(form, twice(NEW)).url == "/login/"
    assert signed_in(other) is None
    aigul.refresh_from_db()
    assert aigul.check_password(NEW)


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code():
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def test_the_second_step_is_asked_for_all_the_same(client, aigul):
    TOTP.activate(aigul, SECRET)
    set_new(client, asked(client))
    assert signed_in(client) is None
    assert sign_in(client, "aigul", NEW).url == "/login/code/"
    assert signed_in(client) is None
    assert client.post("/login/code/", {"code": code()}).url == "/"
    assert signed_in(client) == "aigul"


def test_whoever_stands_at_the_second_step_with_the_old_password_does_not_get_in(
    client, other, aigul
):
    TOTP.activate(aigul, SECRET)
    assert sign_in(other, "aigul").url == "/login/code/"
    set_new(client, asked(client))
    other.post("/login/code/", {"code": code()})
    assert signed_in(other) is None


def test_whoever_is_shut_out_gains_nothing_by_an_older_link(client, aigul):
    url = asked(client)
    aigul.is_active = False
    aigul.save()
    set_new(client, url)
    assert Page(sign_in(client, "aigul", NEW)).summary == [WRONG]


def test_whoever_has_no_password_can_set_one(client, aigul):
    """After the address was put back, or with passkeys alone."""
    aigul.set_unusable_password()
    aigul.save()
    set_new(client, asked(client))
    assert sign_in(client, "aigul", NEW).url == "/"
