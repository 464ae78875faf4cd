"""A device that somebody has signed in on before is known by a cookie, and counted on its own."""

import pytest
from django.conf import settings
from django.core import signing

from accounts import devices
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_confirm_email import later, sign_in  # noqa: F401 - a fixture
from accounts.tests.test_register import (
    link,
    register,
    signed_in,
)
from cabinet.tests.pages import Page

NAME = "__Host-device"
WRONG = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."
TOO_MANY = "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
YEAR = 365 * 24 * 60 * 60


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz")


@pytest.fixture
def stranger(client):
    """A browser that nobody of ours has used, elsewhere."""
    return type(client)(REMOTE_ADDR="203.0.113.99")


def mark(client):
    """What the cookie says, as the server reads it."""
    return signing.loads(client.cookies[NAME].value, salt=devices.SALT)


def out(client):
    """Signed out; the device stays known."""
    client.post("/logout/")


def lock(client, login="aigul"):
    """Five wrong passwords from somewhere else: strangers to this user must wait."""
    thief = type(client)(REMOTE_ADDR="198.51.100.66")
    for _try in range(5):
        assert Page(sign_in(thief, login, "wrong")).summary == [WRONG]
    assert Page(sign_in(thief, login)).summary == [TOO_MANY]


def gets_in(client, login="aigul"):
    """Whether the right password is enough on this device."""
    response = sign_in(client, login)
    if response.status_code == 302:
        return signed_in(client) == login
    assert Page(response).summary == [TOO_MANY]
    return False


def test_the_cookie(client, aigul):
    assert NAME == settings.DEVICE_COOKIE_NAME
    sign_in(client, "aigul")
    cookie = client.cookies[NAME]
    parts = ("max-age", "secure", "httponly", "samesite", "path", "domain")
    assert [cookie[part] for part in parts] == [YEAR, True, True, "Lax", "/", ""]
    assert "aigul" not in cookie.value
    assert len(cookie.value) < 150


def test_it_stays_after_signing_out(client, aigul):
    sign_in(client, "aigul")
    before = client.cookies[NAME].value
    out(client)
    assert client.cookies[NAME].value == before


def test_only_who_got_in_is_known(client, aigul):
    sign_in(client, "aigul", "wrong")
    assert NAME not in client.cookies


def test_the_mark_stays_from_sign_in_to_sign_in(client, aigul):
    sign_in(client, "aigul")
    before = mark(client)
    out(client)
    sign_in(client, "aigul")
    assert mark(client) == before
    assert [pk for pk, _mark in before] == [aigul.pk]


def test_each_device_has_a_mark_of_its_own(client, stranger, aigul):
    for browser in (client, stranger):
        sign_in(browser, "aigul")
    assert mark(client) != mark(stranger)


def test_confirming_the_address_makes_the_device_known(client, db):
    register(client)
    client.post(link())
    assert len(mark(client)) == 1


def test_a_known_device_gets_in_while_others_wait(client, stranger, aigul):
    sign_in(client, "aigul")
    out(client)
    lock(client)
    assert not gets_in(stranger)
    assert gets_in(client)


def test_it_has_ten_tries_of_its_own(client, stranger, aigul):
    """Used up by nobody else, and taken from nobody else."""
    sign_in(client, "aigul")
    out(client)
    for _try in range(10):
        assert Page(sign_in(client, "aigul", "wrong")).summary == [WRONG]
    assert not gets_in(client)
    assert gets_in(stranger)


def test_it_is_not_held_back_by_others_at_its_network_address(client, aigul):
    sign_in(client, "aigul")
    out(client)
    neighbour = type(client)()
    for number in range(10):
        sign_in(neighbour, f"nobody{number}", "wrong")
    assert Page(sign_in(neighbour, "aigul")).summary == [TOO_MANY]
    assert gets_in(client)


def test_somebody_else_s_mark_is_of_no_use(client, aigul):
    """Whoever has signed in here as himself has no more tries at another's password."""
    UserFactory(login="bolat")
    sign_in(client, "bolat")
    out(client)
    lock(client)
    assert not gets_in(client)
    assert gets_in(client, "bolat")


def test_five_people_at_one_computer(client, aigul):
    household = [aigul, *UserFactory.create_batch(4)]
    for each in household:
        sign_in(client, each.login)
        out(client)
    assert [pk for pk, _mark in mark(client)] == [each.pk for each in household]
    lock(client)
    assert gets_in(client)


def test_a_sixth_puts_out_whoever_has_not_been_there_longest(client, aigul):
    first, *between, sixth = UserFactory.create_batch(5)
    for each in (first, aigul, *between, first, sixth):
        sign_in(client, each.login)
        out(client)
    known = [*between, first, sixth]
    assert [pk for pk, _mark in mark(client)] == [each.pk for each in known]
    lock(client)
    assert not gets_in(client)


@pytest.mark.parametrize(("days", "known"), [(364, True), (366, False)])
def test_it_is_known_for_a_year(days, known, client, later, aigul):  # noqa: F811
    sign_in(client, "aigul")
    cookie = client.cookies[NAME].value
    out(client)
    later(days * 24 * 60 * 60)
    lock(client)
    client.cookies[NAME] = cookie
    assert gets_in(client) is known


def signed(value, **options):
    return signing.dumps(value, **{"salt": devices.SALT, **options})


FORGED = {
    "no signature": lambda user: f'[[{user.pk},"x"]]',
    "another site's": lambda user: signed([[user.pk, "x"]], key="another"),
    "of another use": lambda user: signed([[user.pk, "x"]], salt="accounts.undo"),
    "one letter changed": lambda user: signed([[user.pk, "x"]])[:-1] + "!",
    "nothing": lambda user: "",
    "colons": lambda user: "::::",
    "a big one": lambda user: "A" * 100_000,
    "a big one with dots": lambda user: ".eJ" + "A" * 50_000 + ":1abcde:x",
    "NUL": lambda user: r'"\000\001:\377:x"',
    "quotes": lambda user: '"',
    "not of Latin letters": lambda user: "ж:ж:ж".encode().decode("latin-1"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_not_ours_is_no_cookie(case, client, aigul):
    lock(client)
    headers = {"cookie": f"{NAME}={FORGED[case](aigul)}"}
    assert client.get("/login/", headers=headers).status_code == 200
    typed = {"login": "aigul", "password": PASSWORD}
    assert Page(client.post("/login/", typed, headers=headers)).summary == [TOO_MANY]


@pytest.mark.parametrize("case", FORGED)
def test_and_is_replaced_at_sign_in(case, client, aigul):
    headers = {"cookie": f"{NAME}={FORGED[case](aigul)}"}
    typed = {"login": "aigul", "password": PASSWORD}
    assert client.post("/login/", typed, headers=headers).status_code == 302
    assert [pk for pk, _mark in mark(client)] == [aigul.pk]


def test_nothing_tells_whether_a_device_is_known(client, stranger, aigul):
    """A wrong password on it is answered as anywhere."""
    sign_in(client, "aigul")
    out(client)
    answers = [Page(sign_in(browser, "aigul", "wrong")) for browser in (client, stranger)]
    assert [page.summary for page in answers] == [[WRONG]] * 2
