"""Passkeys: added, named and removed in the settings; one signs in with one without a password."""

import base64
import hashlib
import json
import secrets
import struct

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

from accounts.models import User
from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import facts_of, last, refuse_letters, written
from accounts.tests.test_password import is_in, key_of, messages
from accounts.tests.test_two_step import (
    AGAIN,
    CODES,
    INDEX,
    LOGIN_CODE,
    Clock,
    again,
    codes_shown,
    first_again,
    half_way,
    kinds,
    turn_on,
)
from cabinet.tests.pages import Page, text

ADD, LOGIN, AGAIN_PASSKEY = "/settings/passkeys/add/", "/login/passkey/", f"{AGAIN}passkey/"
ORIGIN, SITE = "https://testserver", "testserver"
PRESENT, VERIFIED, NEW_KEY = 0x01, 0x04, 0x40
WRONG_LOGIN = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."
WRONG = "Орындалмады. Қайталап көріңіз немесе басқа тәсілді таңдаңыз."


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Phone:
    """An authenticator with one passkey of ES256; it asks for the finger, unless told not to."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user = b""

    def create(self, options, origin=ORIGIN, site=SITE, verified=True):
        """What `navigator.credentials.create` says, as the page's script sends it."""
        self.user = decoded(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        key = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor.encode(public)
        about = self._about(site, NEW_KEY | verified * VERIFIED) + key
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        client = self._client("webauthn.create", options, origin)
        return self._said(clientDataJSON=client, attestationObject=attestation)

    def get(self, options, origin=ORIGIN, site=SITE, verified=True, user=None, key=None):
        """What `navigator.credentials.get` says."""
        about = self._about(site, verified * VERIFIED)
        client = self._client("webauthn.get", options, origin)
        signed = about + hashlib.sha256(client).digest()
        return self._said(
            clientDataJSON=client,
            authenticatorData=about,
            signature=(key or self.key).sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user if user is None else user,
        )

    def _about(self, site, flags):
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", PRESENT | flags, 0)

    def _client(self, kind, options, origin):
        content = {"type": kind, "challenge": options["challenge"], "origin": origin}
        return json.dumps(content).encode()

    def _said(self, **response):
        return {
            "id": encoded(self.id),
            "rawId": encoded(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {name: encoded(raw) for name, raw in response.items()},
        }


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz", full_name="Айгүл Сәкенқызы")


@pytest.fixture
def owner(client, aigul, clock):
    client.force_login(aigul)
    again(client)
    return client


def asked(response):
    """What the page's script asks the device for."""
    (form,) = [each for each in Page(response).all("form") if each.get("data-passkey")]
    return json.loads(form.get("data-options"))["publicKey"]


def asked_at_login(client):
    response = client.get(LOGIN, headers={"accept": "application/json"})
    assert response.headers["Content-Type"] == "application/json"
    return response.json()["request_options"]["publicKey"]


def add(client, name="Телефон", **how):
    """A phone with a passkey of the person signed in."""
    phone = Phone()
    response = send(client, ADD, phone.create(asked(client.get(ADD)), **how), name=name)
    assert response.status_code == 302, Page(response).summary
    return phone


def send(client, url, credential, **more):
    credential = credential if isinstance(credential, str) else json.dumps(credential)
    return client.post(url, {"credential": credential, "passwordless": "on", **more})


def enter(client, phone, **how):
    """A browser in which somebody signs in with the phone."""
    browser = type(client)()
    send(browser, LOGIN, phone.get(asked_at_login(browser), **how))
    return browser


def names(client):
    return [
        text(each.find(".//strong"))
        for box in Page(client.get(INDEX)).all("ul.rows")
        for each in box
    ]


# In the settings


def test_adding_takes_the_password_again(client, aigul):
    client.force_login(aigul)
    assert client.get(ADD).url == first_again(ADD)
    assert client.post(ADD).url == first_again(ADD)


def test_what_the_device_is_asked_for(owner, aigul):
    options = asked(owner.get(ADD))
    assert options["rp"] == {"id": SITE, "name": "Жеке кабинет"}
    assert options["user"]["name"] == "aigul@example.kz"
    assert options["user"]["displayName"] == "Айгүл Сәкенқызы"
    assert -7 in [each["alg"] for each in options["pubKeyCredParams"]]
    assert len(decoded(options["challenge"])) >= 16
    assert asked(owner.get(ADD))["challenge"] != options["challenge"]


def test_it_is_added(owner, aigul):
    phone = Phone()
    page = Page(owner.get(ADD))
    assert page.heading == "Кіру кілтін қосу"
    assert page.values["name"] == "Кіру кілті 1"
    response = send(owner, ADD, phone.create(asked(owner.get(ADD))), name="Телефон")
    assert (response.status_code, response.url) == (302, CODES)
    assert names(owner) == ["Телефон"]
    assert kinds(aigul) == ["recovery_codes", "webauthn"]
    assert len(codes_shown(owner)) == 10
    assert written() == [("passkey_added", "aigul@example.kz")]
    assert [*facts_of(last("passkey_added"))] == ["Қашан", "Қайдан", "Құрылғы"]


def test_a_second_one_brings_no_new_codes(owner, aigul):
    first = add(owner)
    codes = codes_shown(owner)
    options = asked(owner.get(ADD))
    assert [each["id"] for each in options["excludeCredentials"]] == [encoded(first.id)]
    response = send(owner, ADD, Phone().create(options), name="")
    assert response.url == INDEX
    assert names(owner) == ["Телефон", "Кіру кілті 2"]
    assert codes_shown(owner) == codes


def test_they_stand_as_they_were_added(owner):
    """Wherever their rows have moved to in the table since."""
    add(owner, "а")
    add(owner, "б")
    for kind in ("other", "webauthn"):  # a change of what is indexed moves a row
        Authenticator.objects.filter(data__name="а").update(type=kind)
    assert names(owner) == ["а", "б"]


def test_markup_in_a_name_is_text(owner):
    name = "<b>&amp;</b>{{ 7 * 7 }}<script>"
    add(owner, name)
    assert names(owner) == [name]
    pk = Authenticator.objects.get(type="webauthn").pk
    page = Page(owner.get(f"/settings/passkeys/{pk}/remove/"))
    assert name in page.content
    assert page.find("main").findall(".//b") == []


def test_a_very_long_name(owner, aigul):
    page = Page(send(owner, ADD, Phone().create(asked(owner.get(ADD))), name="ж" * 61))
    assert [*page.beside] == ["name"]
    assert kinds(aigul) == []


BAD_NEW = {
    "of another site": {"origin": "https://evil.example"},
    "of a site whose name ends so": {"origin": "https://eviltestserver"},
    "over plain http": {"origin": "http://testserver"},
    "for another site": {"site": "evil.example"},
    "without finger or PIN": {"verified": False},
}


@pytest.mark.parametrize("case", BAD_NEW)
def test_what_is_not_added(case, owner, aigul):
    response = send(owner, ADD, Phone().create(asked(owner.get(ADD)), **BAD_NEW[case]), name="x")
    assert response.status_code == 200
    assert Page(response).summary == [WRONG]
    assert (kinds(aigul), written()) == ([], [])


@pytest.mark.parametrize("sent", ["\0", "\ud800", "x" * 100_000], ids=["nul", "half", "long"])
def test_only_what_is_read_again_is_kept(sent, owner, aigul):
    """Not what a browser may send besides, and the database might not take."""
    phone = Phone()
    credential = phone.create(asked(owner.get(ADD)))
    kept = {name: credential["response"][name] for name in ("clientDataJSON", "attestationObject")}
    credential |= {sent: 1, "more": sent, "clientExtensionResults": {"credProps": {"rk": sent}}}
    credential["response"] |= {"transports": [sent], "more": sent}
    assert send(owner, ADD, credential, name="x").status_code == 302
    assert Authenticator.objects.get(user=aigul, type="webauthn").data == {
        "name": "x",
        "credential": {"rawId": encoded(phone.id), "response": kept},
    }
    assert is_in(enter(owner, phone))


def test_nor_without_being_meant_for_signing_in(owner, aigul):
    phone = Phone()
    credential = phone.create(asked(owner.get(ADD)), verified=False)
    owner.post(ADD, {"credential": json.dumps(credential), "name": "x"})
    assert kinds(aigul) == []


def test_nor_what_was_said_before(owner, aigul):
    """An answer to an earlier question is none to this one."""
    phone = Phone()
    credential = phone.create(asked(owner.get(ADD)))
    owner.get(ADD)
    assert send(owner, ADD, credential, name="x").status_code == 200
    assert kinds(aigul) == []


def test_without_the_letter_it_is_not_added(owner, aigul):
    credential = Phone().create(asked(owner.get(ADD)))
    refuse_letters()
    owner.raise_request_exception = False
    assert send(owner, ADD, credential, name="x").status_code == 500
    assert kinds(aigul) == []


def test_renamed(owner, aigul):
    add(owner)
    url = f"/settings/passkeys/{Authenticator.objects.get(type='webauthn').pk}/"
    assert Page(owner.get(url)).values == {"name": "Телефон"}
    for wrong in ("", "ж" * 61, "a\0b"):
        assert [*Page(owner.post(url, {"name": wrong})).beside] == ["name"]
    response = owner.post(url, {"name": "Ескі телефон"})
    assert (response.status_code, response.url) == (302, INDEX)
    assert names(owner) == ["Ескі телефон"]


def test_removed(owner, aigul):
    phone = add(owner)
    url = f"/settings/passkeys/{Authenticator.objects.get(type='webauthn').pk}/remove/"
    page = Page(owner.get(url))
    assert page.heading == "Кіру кілті жойылсын ба?"
    assert "Телефон" in page.content
    assert kinds(aigul) == ["recovery_codes", "webauthn"]
    response = owner.post(url)
    assert (response.status_code, response.url) == (302, INDEX)
    assert messages(Page(owner.get(INDEX)))[-1] == "Кіру кілті жойылды"
    assert kinds(aigul) == []
    assert [kind for kind, _to in written()] == ["passkey_added", "passkey_removed"]
    assert not is_in(enter(owner, phone))


def test_without_the_letter_it_is_not_removed(owner, aigul):
    phone = add(owner)
    refuse_letters()
    owner.raise_request_exception = False
    pk = Authenticator.objects.get(type="webauthn").pk
    assert owner.post(f"/settings/passkeys/{pk}/remove/").status_code == 500
    assert is_in(enter(owner, phone))


def test_the_codes_stay_while_there_is_an_app_or_a_passkey(owner, aigul):
    add(owner)
    turn_on(owner)
    owner.post("/settings/two-step/app/off/")
    assert kinds(aigul) == ["recovery_codes", "webauthn"]


@pytest.mark.parametrize("what", ["", "remove/"])
def test_another_s_is_not_there(what, owner, aigul):
    bolat = UserFactory(login="bolat")
    other = type(owner)()
    other.force_login(bolat)
    again(other)
    phone = add(other)
    url = f"/settings/passkeys/{Authenticator.objects.get(type='webauthn').pk}/{what}"
    for response in (owner.get(url), owner.post(url, {"name": "x"})):
        assert response.status_code == 404
    assert names(other) == ["Телефон"]
    assert is_in(enter(other, phone))


@pytest.mark.parametrize("kind", ["totp", "recovery_codes"])
def test_what_is_no_passkey_is_not_removed_as_one(kind, owner, aigul):
    turn_on(owner)
    pk = Authenticator.objects.get(type=kind).pk
    for url in (f"/settings/passkeys/{pk}/", f"/settings/passkeys/{pk}/remove/"):
        assert owner.post(url, {"name": "x"}).status_code == 404
    assert kinds(aigul) == ["recovery_codes", "totp"]


# Signing in


def test_what_a_browser_needs(client, db):
    """It is not said whose passkey is meant: the device offers those that it has."""
    options = asked_at_login(client)
    assert options["rpId"] == SITE
    assert options["userVerification"] == "required"
    assert options.get("allowCredentials", []) == []
    assert len(decoded(options["challenge"])) >= 16
    assert "no-store" in client.get(LOGIN, headers={"accept": "application/json"})["Cache-Control"]


def test_without_a_password(owner, aigul):
    phone = add(owner)
    browser = type(owner)()
    options = asked_at_login(browser)
    before = key_of(browser)
    response = send(browser, LOGIN, phone.get(options))
    assert (response.status_code, response.url) == (302, "/")
    assert browser.get("/accounts/").wsgi_request.user == aigul
    assert key_of(browser) != before
    aigul.refresh_from_db()
    assert aigul.last_login is not None


def test_no_code_is_asked_for_besides(owner, aigul):
    """It is two steps in one: the device, and the finger or PIN."""
    phone = add(owner)
    turn_on(owner)
    assert is_in(enter(owner, phone))


def test_but_with_a_password_a_second_step_is(owner, aigul):
    """The passkey, or a recovery code."""
    phone = add(owner)
    codes = codes_shown(owner)
    browser = half_way(owner)
    assert not is_in(browser)
    send(browser, LOGIN_CODE, phone.get(asked(browser.get(LOGIN_CODE))))
    assert is_in(browser)
    browser = half_way(owner)
    browser.post(LOGIN_CODE, {"code": codes[0]})
    assert is_in(browser)


def test_another_s_passkey_is_no_second_step(owner, aigul):
    add(owner)
    other = type(owner)()
    other.force_login(UserFactory(login="bolat"))
    again(other)
    his = add(other)
    browser = half_way(owner)
    send(browser, LOGIN_CODE, his.get(asked(browser.get(LOGIN_CODE))))
    assert not is_in(browser)


BAD = {
    "of another site": {"origin": "https://evil.example"},
    "of a site whose name ends so": {"origin": "https://eviltestserver"},
    "over plain http": {"origin": "http://testserver"},
    "for another site": {"site": "evil.example"},
    "without finger or PIN": {"verified": False},
    "signed by another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "of nobody": {"user": b"zzzzzz"},
    "without a user": {"user": b""},
    "of what is no user": {"user": b"\xff\xfe"},
    "of a number that is too big": {"user": b"z" * 5_000},
}


@pytest.mark.parametrize("case", BAD)
def test_what_lets_nobody_in(case, owner, aigul):
    phone = add(owner)
    browser = type(owner)()
    response = send(browser, LOGIN, phone.get(asked_at_login(browser), **BAD[case]))
    assert (response.status_code, response.url) == (302, "/login/")
    assert messages(Page(browser.get("/login/"))) == [WRONG]
    assert not is_in(browser)


def test_an_answer_counts_once(owner, aigul):
    """Nor in another browser, where something else was asked."""
    phone = add(owner)
    browser = type(owner)()
    answer = phone.get(asked_at_login(browser))
    send(browser, LOGIN, answer)
    assert is_in(browser)
    browser.post("/logout/")
    send(browser, LOGIN, answer)
    assert not is_in(browser)
    thief = type(owner)()
    asked_at_login(thief)
    send(thief, LOGIN, answer)
    assert not is_in(thief)


def test_nor_is_one_that_nobody_asked_for(owner, aigul):
    phone = add(owner)
    options = asked_at_login(type(owner)())
    stranger = type(owner)()
    send(stranger, LOGIN, phone.get(options))
    assert not is_in(stranger)


def test_nor_one_to_a_question_that_asked_for_less(owner, aigul, clock):
    """Of somebody else's second step, once its time is over."""
    phone = add(owner)
    other = type(owner)()
    other.force_login(UserFactory(login="bolat"))
    again(other)
    add(other)
    thief = half_way(owner, "bolat")
    options = asked(thief.get(LOGIN_CODE))
    clock.pass_(901)
    send(thief, LOGIN, phone.get(options, verified=False))
    assert not is_in(thief)


def test_another_s_passkey_under_one_s_own_name(owner, aigul):
    """Whose it is said to be, and whose key it is, must be the same."""
    add(owner)
    mine, other = add(owner, "x"), type(owner)()
    other.force_login(UserFactory(login="bolat"))
    again(other)
    his = add(other)
    browser = enter(owner, his, user=mine.user)
    assert not is_in(browser)


def test_who_is_shut_out_gets_the_answer_of_a_wrong_one(owner, aigul):
    phone = add(owner)
    User.objects.filter(pk=aigul.pk).update(is_active=False)
    browser = type(owner)()
    response = send(browser, LOGIN, phone.get(asked_at_login(browser)))
    assert (response.status_code, response.url) == (302, "/login/")
    assert messages(Page(browser.get("/login/"))) == [WRONG_LOGIN]
    assert not is_in(browser)


def test_a_password_that_was_changed_does_not_matter(owner, aigul):
    phone = add(owner)
    aigul.set_password("Қыста да жасыл қарағай")
    aigul.save()
    assert is_in(enter(owner, phone))


def test_tries_are_limited(owner, aigul):
    phone = add(owner)
    for _time in range(10):
        enter(owner, phone, verified=False)
    browser = type(owner)()
    response = send(browser, LOGIN, phone.get(asked_at_login(browser)))
    assert response.status_code == 429


def test_it_leads_nowhere_else(owner, aigul):
    phone = add(owner)
    browser = type(owner)()
    answer = phone.get(asked_at_login(browser))
    assert send(browser, LOGIN, answer, next="https://evil.example/").url == "/"


# Before something that matters


def test_it_is_you(owner, aigul, clock):
    phone = add(owner)
    clock.pass_(301)
    assert owner.get(CODES).url == first_again(CODES)
    page = Page(owner.get(f"{AGAIN_PASSKEY}?next={CODES}"))
    assert page.heading == "Бұл сіз бе?"
    answer = phone.get(asked(owner.get(AGAIN_PASSKEY)))
    response = send(owner, AGAIN_PASSKEY, answer, next=CODES)
    assert (response.status_code, response.url) == (302, CODES)
    assert owner.get(CODES).status_code == 200


def test_it_is_not_you(owner, aigul, clock):
    add(owner)
    clock.pass_(301)
    phone, url = Phone(), f"{AGAIN_PASSKEY}?next={CODES}"
    page = Page(send(owner, url, phone.get(asked(owner.get(AGAIN_PASSKEY)))))
    assert (page.status, page.heading) == (200, "Бұл сіз бе?")
    assert messages(page) == [WRONG]
    hidden = {field.get("name"): field.get("value") for field in page.find("main").iter("input")}
    assert hidden["next"] == CODES
    assert owner.get(CODES).url == first_again(CODES)


# Anything else that might be sent


GARBAGE = [
    *(
        "",
        "x",
        "null",
        "true",
        "false",
        "0",
        "1e999",
        "NaN",
        '"text"',
        "[]",
        "[1]",
        "{}",
        "{" * 3000,
        "[" * 3000,
    ),
    *('{"id": 1}', '{"response": []}', '{"response": {}}', '{"response": null, "id": "a"}'),
    *('{"id":"","rawId":"","type":"public-key","response":{}}', "\0", '"\\ud800"', "өқ"),
]


def spoiled(credential):
    """The credential with each part in turn missing or of another kind."""
    for place in (credential, credential["response"]):
        for name in [*place]:
            kept = place.pop(name)
            yield json.dumps(credential)
            others = [None, 1, -1, 1.5, True, "", "x", "!!", "өқ", [], [1], {}, {"a": 1}]
            for other in [
                *others,
                encoded(b"{}"),
                encoded(b"\xa0"),
                encoded(b"[]"),
                encoded(b"x" * 40),
            ]:
                place[name] = other
                yield json.dumps(credential)
            place[name] = kept


@pytest.mark.parametrize("url", [ADD, LOGIN, AGAIN_PASSKEY, LOGIN_CODE])
def test_any_text_is_survived(url, owner, aigul, settings):
    settings.MFA_RATE_LIMITS = {"webauthn_login": "10000/m/ip"}
    settings.ACCOUNT_RATE_LIMITS = {"reauthenticate": None, "login_failed": "10000/m/ip"}
    phone = add(owner)
    browser = owner if url in (ADD, AGAIN_PASSKEY) else type(owner)()
    if url == LOGIN_CODE:
        browser = half_way(owner)

    def ask():
        return asked_at_login(browser) if url == LOGIN else asked(browser.get(url))

    credential = Phone().create(ask()) if url == ADD else phone.get(ask())
    ask()  # something else, so that none is right
    before = kinds(aigul)
    browser.raise_request_exception = False
    step = {LOGIN: 1, ADD: 2}.get(url, 7)  # those that answer with a page take longer
    told = {
        send(browser, url, sent, name="x").status_code
        for sent in [*GARBAGE, *[*spoiled(credential)][::step]]
    }
    assert told <= {200, 302, 400}
    assert kinds(aigul) == before
