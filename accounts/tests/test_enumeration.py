"""No answer to somebody not signed in tells whether a user exists, nor does the work for it.

Known and unknown get the same status, headers and bytes, but for the form's token and what was
typed; the same number of passwords is hashed, and one letter goes out in either case. Wrong
passwords are in `test_login.py`, tries above the limit in `test_limits.py`.
"""

import base64
import json
import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_confirm_email import (
    later,  # noqa: F401 - a fixture
    messages,
    sign_in,
    unconfirmed,
)
from accounts.tests.test_login import TOKEN
from accounts.tests.test_password_reset import SECRET, format_pk, twice
from accounts.tests.test_register import (
    GOOD,
    hashes,  # noqa: F401 - a fixture
    letters,
    register,
    registered,
)
from cabinet.models import Letter
from cabinet.tests.pages import Page

CHALLENGE = re.compile(rb'"challenge": "[\w-]{43}"')
WHO = {
    "known": "known@example.kz",
    "unconfirmed": "unconfirmed@example.kz",
    "shut out": "gone@example.kz",
    "to be": "tobe@example.kz",
    "with a second step": "app@example.kz",
    "without a password": "empty@example.kz",
    "staff": "staff@example.kz",
}
CASES = pytest.mark.parametrize("case", WHO)


@pytest.fixture
def people(db):
    """Of every kind; whoever comes of `unknown@example.kz` is compared with them."""
    known = UserFactory(login="known")
    known.emailaddress_set.create(email="tobe@example.kz")
    unconfirmed(login="unconfirmed")
    UserFactory(login="gone", is_active=False)
    TOTP.activate(UserFactory(login="app"), SECRET)
    empty = UserFactory(login="empty")
    empty.set_unusable_password()
    empty.save()
    UserFactory(login="staff", is_staff=True)


@pytest.fixture
def two(client):
    """Two browsers that nobody has used, at two network addresses."""
    return [type(client)(REMOTE_ADDR=f"203.0.113.{number}") for number in (1, 2)]


def all_that_is_seen(response, typed):
    """The answer, without the token and what was typed."""
    content = TOKEN.sub(b"", response.content).replace(f'value="{typed}"'.encode(), b"")
    cookies = {
        name: {part: cookie[part] for part in cookie if part != "expires"}
        for name, cookie in response.cookies.items()
    }
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in ("Expires", "Content-Length", "Content-Security-Policy")
    }
    return response.status_code, headers, cookies, content


def assert_same(answers, typed):
    first, second = map(all_that_is_seen, answers, typed)
    assert first == second
    assert answers[0].headers.keys() == answers[1].headers.keys()


# Registering


@CASES
def test_registering(case, two, people, hashes):  # noqa: F811
    addresses = [WHO[case], "unknown@example.kz"]
    answers, counts = [], []
    for browser, email in zip(two, addresses, strict=True):
        hashes.clear()
        answers.append(register(browser, email=email))
        counts.append(len(hashes))
    assert answers[0].status_code == 302
    assert_same(answers, addresses)
    assert counts == [1, 1]
    assert [to for _kind, _language, to in letters()] == addresses


@CASES
def test_what_one_sees_after_registering(case, two, people):
    """Wherever one goes in that browser, and whatever one sends from there."""
    addresses = [WHO[case], "unknown@example.kz"]
    for browser, email in zip(two, addresses, strict=True):
        register(browser, email=email)
    for method, path in (
        *(("GET", "/register/sent/"), ("GET", "/login/"), ("GET", "/register/")),
        *(
            ("GET", "/login/code/"),
            ("GET", "/"),
            ("GET", "/accounts/"),
            ("GET", "/settings/email/"),
        ),
        *(("POST", "/register/again/"), ("POST", "/login/code/"), ("POST", "/login/passkey/")),
        *(("GET", "/password-reset/"), ("POST", "/logout/")),
    ):
        assert_same([browser.generic(method, path) for browser in two], addresses)


BAD = {
    "no consent": {"consent": ""},
    "a weak password": twice("1234567890"),
    "unequal passwords": {"password2": "another"},
    "no name": {"full_name": ""},
}


@pytest.mark.parametrize("bad", BAD)
def test_registering_with_bad_input(bad, two, people):
    addresses = [WHO["known"], "other@example.kz"]
    answers = [
        register(browser, **{**BAD[bad], "email": email})
        for browser, email in zip(two, addresses, strict=True)
    ]
    assert answers[0].status_code == 200
    assert_same(answers, addresses)
    assert letters() == []


def test_whoever_is_known_is_told_by_letter(client, people):
    register(client, email=WHO["known"])
    assert letters() == [("address_taken", "kk", WHO["known"])]
    letter = Letter.objects.get()
    assert letter.subject == "Сіз бұрыннан тіркелгенсіз"
    assert "https://testserver/password-reset/\n" in letter.text
    assert "/email/confirm/" not in letter.text
    assert GOOD["full_name"] not in letter.text


def test_registering_a_known_address_changes_nothing(client, people):
    before = list(User.objects.order_by("pk").values())
    register(client, email=WHO["known"], full_name="Басқа адам")
    assert list(User.objects.order_by("pk").values()) == before


# The letter once more


@CASES
def test_sending_again(case, two, people, later, hashes):  # noqa: F811
    addresses = [WHO[case], "unknown@example.kz"]
    for browser, email in zip(two, addresses, strict=True):
        register(browser, email=email)
    hashes.clear()
    for seconds, letters_each in ((0, 1), (181, 2)):
        later(seconds)
        answers = [browser.post("/register/again/") for browser in two]
        assert_same(answers, addresses)
        assert [to for _kind, _language, to in letters()] == addresses * letters_each
    nobody = type(two[0])(REMOTE_ADDR="203.0.113.3").post("/register/again/")
    assert_same([answers[0], nobody], addresses)
    assert hashes == []


# A forgotten password


@CASES
def test_asking_for_a_new_password(case, two, people, hashes):  # noqa: F811
    addresses = [WHO[case], "unknown@example.kz"]
    answers = [
        browser.post("/password-reset/", {"email": email})
        for browser, email in zip(two, addresses, strict=True)
    ]
    assert answers[0].status_code == 302
    assert_same(answers, addresses)
    assert_same([browser.get("/password-reset/sent/") for browser in two], addresses)
    assert [to for _kind, _language, to in letters()] == addresses
    assert hashes == []


@pytest.mark.parametrize("path", ["x-y", "set-password", "abcdef-0123456789abcdef0123456789abcdef"])
def test_the_link_of_another_user_and_of_none(path, two, people, hashes):  # noqa: F811
    pks = UserFactory().pk, 10**9
    for method in ("GET", "POST"):
        paths = [f"/password-reset/{format_pk(pk)}-{path}/" for pk in pks]
        answers = [browser.generic(method, url) for browser, url in zip(two, paths, strict=True)]
        assert answers[0].status_code == 200
        assert_same(answers, paths)
    assert hashes == []


# Signing in


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
@pytest.mark.parametrize("case", ["shut out", "to be", "without a password"])
def test_signing_in_as_whoever_cannot(case, password, two, people, hashes):  # noqa: F811
    addresses = [WHO[case], "unknown@example.kz"]
    answers, counts = [], []
    for browser, email in zip(two, addresses, strict=True):
        hashes.clear()
        answers.append(sign_in(browser, email, password))
        counts.append(len(hashes))
    assert_same(answers, addresses)
    assert counts == [1, 1]
    assert letters() == []


@CASES
def test_a_wrong_password(case, two, people, hashes):  # noqa: F811
    """Nor does it tell whether a second step would be asked for."""
    addresses = [WHO[case], "unknown@example.kz"]
    answers = [
        sign_in(browser, email, "wrong") for browser, email in zip(two, addresses, strict=True)
    ]
    assert_same(answers, addresses)
    assert len(hashes) == 2


@CASES
def test_too_many(case, two, people, hashes):  # noqa: F811
    addresses = [WHO[case], "unknown@example.kz"]
    for _time in range(6):
        hashes.clear()
        answers = [
            sign_in(browser, email, "wrong") for browser, email in zip(two, addresses, strict=True)
        ]
        assert_same(answers, addresses)
    assert hashes == []


# Passkeys


def b64(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


SAID = {"type": "webauthn.get", "challenge": "eA", "origin": "https://testserver"}
CREDENTIAL = {
    "id": b64(b"x" * 16),
    "rawId": b64(b"x" * 16),
    "type": "public-key",
    "clientExtensionResults": {},
    "response": {
        "clientDataJSON": b64(json.dumps(SAID).encode()),
        "authenticatorData": b64(b"a" * 37),
        "signature": b64(b"s"),
        "userHandle": b64(b"1"),
    },
}
NOT_DONE = "Орындалмады. Қайталап көріңіз немесе басқа тәсілді таңдаңыз."


def credential(**response):
    return json.dumps({**CREDENTIAL, "response": {**CREDENTIAL["response"], **response}})


def test_the_start_with_a_passkey_names_nobody(two, people):
    """It is the same for all, but for the challenge."""
    answers = [
        browser.get("/login/passkey/", headers={"accept": "application/json"}) for browser in two
    ]
    options = [CHALLENGE.sub(b"", answer.content) for answer in answers]
    assert options[0] == options[1]
    assert json.loads(answers[0].content)["request_options"]["publicKey"]["allowCredentials"] == []


def test_a_passkey_of_a_user_and_of_none(two, people):
    handles = [format_pk(UserFactory().pk), format_pk(10**9)]
    pages = []
    for browser, handle in zip(two, handles, strict=True):
        browser.get("/login/passkey/", headers={"accept": "application/json"})
        said = credential(userHandle=b64(handle.encode()))
        answer = browser.post("/login/passkey/", {"credential": said})
        assert (answer.status_code, answer.url) == (302, "/login/")
        pages.append(browser.get("/login/"))
    assert messages(Page(pages[0])) == [NOT_DONE]
    assert_same(pages, handles)


WHAT_NO_DEVICE_SAYS = {
    "nothing": "",
    "no JSON": "x",
    "a list": "[]",
    "a number": "1",
    "a long number": "1" * 5000,
    "null": "null",
    "NaN": "NaN",
    "half a letter": '"\\ud800"',
    "nothing in it": "{}",
    "an id alone": '{"id": 1}',
    "a deep list": "[" * 100_000,
    "deep objects": '{"a":' * 5000,
    "no response": json.dumps({**CREDENTIAL, "response": None}),
    "a list as response": json.dumps({**CREDENTIAL, "response": []}),
    "another type": json.dumps({**CREDENTIAL, "type": 7}),
    "an id that is none": json.dumps({**CREDENTIAL, "rawId": "!!"}),
    "no user": credential(userHandle=None),
    "a user by number": credential(userHandle=1),
    "a user out of all range": credential(userHandle=b64(b"z" * 13)),
    "a user of bytes": credential(userHandle=b64(b"\xff\xfe")),
    "NUL as user": credential(userHandle=b64(b"\0")),
    "no client data": credential(clientDataJSON=""),
    "client data that are a list": credential(clientDataJSON=b64(b"[]")),
    "deep client data": credential(clientDataJSON=b64(b"[" * 50_000)),
    "a long number in client data": credential(clientDataJSON=b64(b"1" * 5000)),
    "no authenticator data": credential(authenticatorData=""),
    "a key of bytes": credential(authenticatorData=b64(b"\xff" * 400)),
    "a key that is none": credential(
        authenticatorData=b64(b"a" * 32 + b"\xc5" + b"a" * 4 + b"\0" * 16 + b"\0\x01x\xf5")
    ),
    "deep extensions": credential(
        authenticatorData=b64(b"a" * 32 + b"\x80" + b"a" * 4 + b"\x9f" * 9000)
    ),
    "no signature": credential(signature=None),
}


@pytest.mark.parametrize("case", WHAT_NO_DEVICE_SAYS)
def test_what_no_device_says(case, client, people):
    client.get("/login/passkey/", headers={"accept": "application/json"})
    answer = client.post("/login/passkey/", {"credential": WHAT_NO_DEVICE_SAYS[case]})
    assert (answer.status_code, answer.url) == (302, "/login/")
    assert messages(Page(client.get("/login/"))) == [NOT_DONE]


@pytest.mark.parametrize("case", WHAT_NO_DEVICE_SAYS)
def test_nor_at_the_second_step(case, client, people):
    assert sign_in(client, "app").url == "/login/code/"
    answer = client.post("/login/code/", {"credential": WHAT_NO_DEVICE_SAYS[case]})
    assert Page(answer).heading == "Екінші қадам"


# Links of letters


def test_a_link_that_was_used_and_one_that_never_was(two, people):
    user = registered(two[0], email="new@example.kz")
    user.confirm_email()
    (used,) = re.findall(r"https://testserver(/email/confirm/\S+)", Letter.objects.get().text)
    paths = [used, "/email/confirm/MQ:1abcde:ffffffffffffffffffffffffffffffffffffffffffffffff/"]
    for method in ("GET", "POST"):
        answers = [browser.generic(method, path) for browser, path in zip(two, paths, strict=True)]
        assert_same(answers, paths)
