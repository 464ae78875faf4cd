"""What users are written: each kind in both languages, as text and HTML, with links that work."""

import re

import pytest
from django.db import connection
from django.test import RequestFactory
from django.urls import resolve

from accounts import letters
from accounts.tests.factories import UserFactory
from billing.tests.factories import SupplierFactory
from cabinet.models import Letter
from cabinet.tests.pages import parsed, select, text
from cabinet.tests.test_language import faults

SITE = "https://testserver"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)
CONFIRM = f"{SITE}/email/confirm/Ng:1abc:x-_/"
RESET = f"{SITE}/password-reset/1a-bc-0f/"
UNDO = f"{SITE}/email/undo/WzEs:1abc:x-_/"
ABOUT = {
    "confirm": {"url": CONFIRM},
    "confirm_new": {"url": CONFIRM},
    "address_taken": {},
    "unknown_address": {},
    "password_reset": {"url": RESET, "login": "aigul"},
    "email_change_asked": {"new": "jana@example.kz"},
    "email_changed": {"new": "jana@example.kz", "undo_url": UNDO},
    "email_put_back": {"old": "aigul@example.kz"},
    "deleted": {},
    "password_changed": {},
    "password_was_reset": {},
    "profile_changed": {"facts": [("Логин", "aigul → aigul.s")]},
    "app_on": {},
    "app_off": {},
    "codes_made": {},
    "passkey_added": {},
    "passkey_removed": {},
}
HAS_NO_BUTTON = {"email_put_back", "deleted"}
SAYS_NOT_WHERE_FROM = {"confirm", "confirm_new"}

kinds = pytest.mark.parametrize("kind", ABOUT)
both = pytest.mark.parametrize("language", ["kk", "ru"])


def refuse_letters():
    """From now on the outbox takes none; the test's transaction takes this back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cabinet_letter ADD CONSTRAINT none CHECK (false) NOT VALID")


def written():
    """Kind and recipient of each letter, the oldest first."""
    return list(Letter.objects.order_by("pk").values_list("kind", "recipient"))


def last(kind):
    return Letter.objects.filter(kind=kind).latest("pk")


def link_in(letter):
    """Where the letter's button leads; the same in text and HTML."""
    (url,) = {*re.findall(r'href="(https://[^"]+)"', letter.html)}
    assert re.findall(r"^https://.*$", letter.text, re.MULTILINE) == [url]
    assert url.startswith(f"{SITE}/")
    return url.removeprefix(SITE)


def facts_of(letter):
    """Label and value of what the letter states, the same in text and HTML."""
    root = parsed(letter.html)
    cells = [text(cell).replace("_", "\N{NO-BREAK SPACE}") for cell in select(root, "td.line")]
    facts = dict(zip(cells[::2], cells[1::2], strict=True))
    lines = [f"{label}: {value}\n" for label, value in facts.items()]
    assert f"\n\n{''.join(lines)}" in letter.text
    return facts


@pytest.fixture
def request_of_somebody():
    return RequestFactory().get(
        "/", headers={"user-agent": CHROME, "host": "testserver"}, secure=True,
        REMOTE_ADDR="203.0.113.7",
    )  # fmt: skip


@pytest.fixture
def letter(kind, language, db, request_of_somebody):
    SupplierFactory()
    letters.send(kind, "aigul@example.kz", language, request_of_somebody, **ABOUT[kind])
    return Letter.objects.get()


def test_these_are_all():
    assert ABOUT.keys() == letters.KINDS.keys()


@both
@kinds
def test_in_one_language(kind, language, letter):
    known = {"kk": "«Алтын Дала Энерго» ЖШС", "ru": "ТОО «Алтын Дала Энерго»"}[language]
    known = {known, "Chrome, Windows", "203.0.113.7", CONFIRM, RESET, UNDO, "aigul → aigul.s"}
    known |= {f"{SITE}/password-reset/", f"{SITE}/register/", "aigul", "j***@example.kz"}
    known |= {"a***@example.kz", "Логин"}
    assert faults(letter.html, language, known) == []
    assert letter.language == language
    assert letter.subject.strip()


@both
@kinds
def test_text_and_html_say_the_same(kind, language, letter):
    root = parsed(letter.html)
    shown = [*select(root, "h1"), *select(root, "td.line"), *select(root, "a.on-button")]
    shown += [each for each in select(root, "p.ink") if "quiet" not in each.get("class")]
    pieces = [text(each).replace("_", "\N{NO-BREAK SPACE}") for each in shown]
    plain = letter.text.split("\n", 2)[2].rpartition("\n\n")[0]  # without head and foot
    for piece in sorted(pieces, key=len, reverse=True):
        assert piece in plain
        plain = plain.replace(piece, "", 1)
    if letter.kind not in HAS_NO_BUTTON:
        plain = plain.replace(SITE + link_in(letter), "", 1)
    assert plain.replace(":", "").strip() == ""


@both
@kinds
def test_links_lead_to_pages_of_ours(kind, language, letter):
    if kind in HAS_NO_BUTTON:
        assert "https://" not in letter.text + letter.html
    else:
        assert resolve(link_in(letter)).url_name is not None


@both
@kinds
def test_when_and_where_from(kind, language, letter):
    facts = facts_of(letter)
    labels = {"kk": "Қайдан", "ru": "Откуда"}
    if kind in SAYS_NOT_WHERE_FROM:
        assert facts == {}
    else:
        assert facts[labels[language]] == "203.0.113.7"
        assert list(facts.values())[-1] == "Chrome, Windows"
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", list(facts.values())[-3])


REGISTERED = {
    "full_name": "Выиграли миллион http://evil.example",
    "password1": "Qysta-da-jasyl-qaragai",
    "password2": "Qysta-da-jasyl-qaragai",
    "consent": "on",
}


@pytest.mark.parametrize("agent", ["evil.example/1.0 CFNetwork/1", "evil-bot/1.0"])
def test_nobody_puts_words_of_his_own_into_a_stranger_s_letter(agent, client, db):
    """Not by registering, nor by changing to that address, nor by forgetting a password."""
    headers = {"user-agent": agent}
    client.post("/register/", {**REGISTERED, "email": "victim@example.kz"}, headers=headers)
    client.post("/password-reset/", {"email": "victim@example.kz"}, headers=headers)
    other = type(client)()
    user = UserFactory(login="evil.example", full_name=REGISTERED["full_name"])
    other.force_login(user)
    change = {"email": "victim2@example.kz", "password": "Tal-qaiyng-7-terek"}
    other.post("/settings/email/", change, headers=headers)
    kinds = ["confirm", "unknown_address", "email_change_asked", "confirm_new"]
    assert [kind for kind, _to in written()] == kinds
    for letter in Letter.objects.filter(recipient__startswith="victim"):
        assert "evil" not in letter.text + letter.html + letter.subject
        assert "миллион" not in letter.text + letter.html + letter.subject


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (CHROME, "Chrome, Windows"),
        ("", "Белгісіз құрылғы"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 OPR/76.2", "Android"),
        ("You have won: evil.example/1.0 CFNetwork/1 Darwin/1", "iOS"),
        ("evil.example-bot/1.0", "Белгісіз құрылғы"),
        ("<script>alert(1)</script>", "Белгісіз құрылғы"),
        ("\N{NO-BREAK SPACE}" * 10_000, "Белгісіз құрылғы"),
        ("Mozilla/5.0 (" * 5_000, "Белгісіз құрылғы"),
    ],
    ids=["chrome", "none", "curl", "once", "words", "bot", "markup", "long", "brackets"],
)
def test_devices(agent, device, db):
    request = RequestFactory().get("/", headers={"user-agent": agent})
    letters.send("deleted", "aigul@example.kz", "kk", request)
    assert facts_of(Letter.objects.get())["Құрылғы"] == device


def test_where_from_is_not_known(db):
    letters.send("deleted", "aigul@example.kz", "kk", RequestFactory().get("/", REMOTE_ADDR=""))
    assert facts_of(Letter.objects.get())["Қайдан"] == "белгісіз"
