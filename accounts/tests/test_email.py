"""«E-mail мекенжайын өзгерту» (figure 19): the new one counts once its owner has confirmed it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.db import connection, connections

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_letters import facts_of, last, link_in, refuse_letters, written
from accounts.tests.test_password import is_in, messages
from cabinet.models import Letter
from cabinet.tests.pages import Page

URL, CANCEL = "/settings/email/", "/settings/email/cancel/"
OLD, NEW, OTHER = "aigul@example.kz", "jana@example.kz", "basqa@example.kz"
SENT = "Жаңа мекенжайға растау сілтемесі жіберілді"
DEAD = (
    "Бұл сілтеме жарамсыз: ол пайдаланылған, мерзімі өткен немесе мекенжай басқа пайдаланушыныкі."
)
PRESENT, WAITS = "Қазіргі мекенжай", "расталуын күтуде"


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email=OLD, full_name="Айгүл Сәкенқызы")


@pytest.fixture
def owner(client, aigul):
    client.force_login(aigul)
    return client


def ask(client, email=NEW, password=PASSWORD):
    return client.post(URL, {"email": email, "password": password})


def addresses(user):
    """Address, whether it is confirmed, and whether it is the one in use."""
    found = EmailAddress.objects.filter(user=user).order_by("pk")
    return list(found.values_list("email", "verified", "primary"))


def confirm(client, email=NEW):
    letter = Letter.objects.filter(kind="confirm_new", recipient=email).latest("pk")
    return client.post(link_in(letter))


def unchanged(user):
    user.refresh_from_db()
    return user.email == OLD and addresses(user)[0] == (OLD, True, True)


def sign_in(client, login, password=PASSWORD):
    client.post("/login/", {"login": login, "password": password})
    return is_in(client)


# Asking for it


def test_the_form(owner):
    page = Page(owner.get(URL))
    assert page.heading == "E-mail мекенжайын өзгерту"
    assert page.facts == [[(PRESENT, OLD)]]
    assert page.values == {"": "aigul", "email": "", "password": ""}
    fields = {field.get("name"): field for field in page.find("main").iter("input")}
    assert fields["email"].get("autocomplete") == "email"
    assert fields["password"].get("autocomplete") == "current-password"


def test_it_is_asked_for(owner, aigul):
    response = ask(owner)
    assert (response.status_code, response.url) == (302, URL)
    page = Page(owner.get(URL))
    assert messages(page) == [SENT]
    assert page.facts == [[(PRESENT, OLD), ("Жаңа мекенжай", f"{NEW} – {WAITS}")]]
    assert unchanged(aigul)
    assert addresses(aigul) == [(OLD, True, True), (NEW, False, False)]


def test_both_addresses_are_written_to_at_once(owner, aigul):
    aigul.language = "ru"
    aigul.save()
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "kk"
    ask(owner)
    assert written() == [("email_change_asked", OLD), ("confirm_new", NEW)]
    assert {*Letter.objects.values_list("language", flat=True)} == {"ru"}
    letter = last("email_change_asked")
    assert letter.subject == "Запрошено изменение вашего адреса e-mail"
    assert facts_of(letter)["Новый адрес"] == "j***@example.kz"
    assert NEW not in letter.text + letter.html
    assert Page(owner.get(link_in(letter))).heading == "Құпиясөзді ұмыттыңыз ба?"


def test_until_then_the_new_one_is_no_way_in(owner, aigul):
    ask(owner)
    other = type(owner)()
    assert not sign_in(other, NEW)
    assert sign_in(other, OLD)
    other = type(owner)()
    for email, kind in ((NEW, "unknown_address"), (OLD, "password_reset")):
        other.post("/password-reset/", {"email": email})
        assert written()[-1] == (kind, email)


def test_capitals_do_not_count(owner, aigul):
    ask(owner, "JANA@Example.KZ")
    confirm(owner)
    aigul.refresh_from_db()
    assert aigul.email == NEW
    assert addresses(aigul) == [(NEW, True, True)]
    assert sign_in(type(owner)(), "Jana@EXAMPLE.kz")


NO_ADDRESS, NO_NUL = "E-mail мекенжайын дұрыс енгізіңіз.", "Нөлдік таңбаларға рұқсат жоқ."
REFUSED = {
    "a wrong password": (
        (NEW, "not-the-password"),
        {"password": "Бұл сіздің ағымдағы құпиясөзіңіз емес."},
    ),
    "no password": ((NEW, ""), {"password": "Бұл өрісті толтырыңыз."}),
    "no address": (("", PASSWORD), {"email": "Бұл өрісті толтырыңыз."}),
    "one's own": ((OLD, PASSWORD), {"email": "Бұл – сіздің қазіргі мекенжайыңыз."}),
    "one's own in capitals": (
        (OLD.upper(), PASSWORD),
        {"email": "Бұл – сіздің қазіргі мекенжайыңыз."},
    ),
    "no address at all": (("jana", PASSWORD), {"email": NO_ADDRESS}),
    "two": ((f"{NEW},{OTHER}", PASSWORD), {"email": NO_ADDRESS}),
    "a header": ((f"{NEW}\r\nBcc: {OTHER}", PASSWORD), {"email": NO_ADDRESS}),
    "NUL": ((f"{NEW}\0", PASSWORD), {"email": f"{NO_ADDRESS} {NO_NUL}"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_beside_the_field_and_nothing_happens(case, owner, aigul):
    typed, beside = REFUSED[case]
    page = Page(ask(owner, *typed))
    assert (page.status, page.beside) == (200, beside)
    assert page.values["password"] == ""
    assert addresses(aigul) == [(OLD, True, True)]
    assert written() == []


def test_a_very_long_one(owner, aigul):
    assert [*Page(ask(owner, f"{'j' * 5_000}@example.kz")).beside] == ["email"]
    assert addresses(aigul) == [(OLD, True, True)]


def test_wrong_passwords_are_counted(owner, aigul):
    for _time in range(5):
        ask(owner, password="not-the-password")
    assert Page(ask(owner)).beside == {
        "password": "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
    }
    assert addresses(aigul) == [(OLD, True, True)]


def test_it_cannot_be_asked_for_without_end(owner):
    answers = [ask(owner, "").status_code for _time in range(11)]
    assert answers == [200] * 10 + [429]


def test_markup_is_text(owner, aigul):
    email = '"<b>{{7*7}}</b>"@example.kz'
    ask(owner, email)
    page = Page(owner.get(URL))
    assert page.facts[0][1][1] == f"{email} – {WAITS}"
    assert page.find("main").findall(".//b") == []


def test_without_letters_nothing_is_asked_for(owner, aigul):
    refuse_letters()
    owner.raise_request_exception = False
    assert ask(owner).status_code == 500
    assert addresses(aigul) == [(OLD, True, True)]


@pytest.mark.parametrize("url", [URL, CANCEL])
def test_not_by_another_site_s_form(url, owner, aigul):
    ask(owner)
    before = addresses(aigul)
    owner.handler.enforce_csrf_checks = True
    assert owner.post(url, {"email": OTHER, "password": PASSWORD}).status_code == 403
    assert addresses(aigul) == before


# Confirming it


def test_a_look_at_the_link_changes_nothing(owner, aigul):
    ask(owner)
    for look in (owner.get, owner.head, type(owner)().get):
        assert look(link_in(last("confirm_new"))).status_code == 200
    assert unchanged(aigul)
    page = Page(owner.get(link_in(last("confirm_new"))))
    assert NEW in page.content


def test_confirmed(owner, aigul):
    ask(owner)
    response = confirm(owner)
    assert response.status_code == 302
    page = Page(owner.get(URL))
    assert messages(page) == [SENT, "E-mail мекенжайы расталды"]
    assert page.facts == [[(PRESENT, NEW)]]
    aigul.refresh_from_db()
    assert aigul.email == NEW
    assert addresses(aigul) == [(NEW, True, True)]
    assert sign_in(type(owner)(), NEW)
    assert not sign_in(type(owner)(), OLD)
    assert sign_in(type(owner)(), "aigul")


def test_the_old_address_is_told_how_to_undo_it(owner, aigul):
    ask(owner)
    confirm(owner)
    assert written()[2:] == [("email_changed", OLD)]
    letter = last("email_changed")
    assert facts_of(letter)["Жаңа мекенжай"] == "j***@example.kz"
    assert NEW not in letter.text + letter.html
    assert link_in(letter).startswith("/email/undo/")


def test_the_link_works_once(owner, aigul):
    ask(owner)
    confirm(owner)
    for response in (confirm(owner), owner.get(link_in(last("confirm_new")))):
        assert DEAD in Page(response).content
    assert written()[2:] == [("email_changed", OLD)]


@pytest.mark.parametrize(("days", "works"), [(2.99, True), (3.01, False)])
def test_the_link_works_for_three_days(days, works, owner, aigul, monkeypatch):
    ask(owner)
    later = time.time() + days * 24 * 60 * 60
    monkeypatch.setattr("time.time", lambda: later)
    confirm(type(owner)())
    aigul.refresh_from_db()
    assert (aigul.email == NEW) is works


def test_a_link_that_nobody_made(owner, aigul):
    ask(owner)
    link = link_in(last("confirm_new"))
    for key in (link[:-2] + "x/", link[:-2] + "/", "/email/confirm/MQ/", "/email/confirm/MQ:1:x/"):
        assert DEAD in Page(owner.post(key)).content
    assert unchanged(aigul)


def test_anybody_who_has_the_letter_may_open_it(owner, aigul):
    """It signs nobody in."""
    ask(owner)
    reader = type(owner)()
    confirm(reader)
    aigul.refresh_from_db()
    assert aigul.email == NEW
    assert not is_in(reader)


def test_at_somebody_else_s_computer(owner, aigul):
    """It is the address of whoever asked for it; who is signed in there is signed out."""
    bolat = UserFactory(login="bolat", email="bolat@example.kz")
    other = type(owner)()
    other.force_login(bolat)
    ask(owner)
    other.get(link_in(last("confirm_new")))
    assert is_in(other)
    confirm(other)
    assert not is_in(other)
    aigul.refresh_from_db()
    bolat.refresh_from_db()
    assert (aigul.email, bolat.email) == (NEW, "bolat@example.kz")
    assert is_in(owner)


def test_without_the_letter_about_it_nothing_is_confirmed(owner, aigul):
    ask(owner)
    refuse_letters()
    confirm(owner)
    assert unchanged(aigul)
    assert addresses(aigul) == [(OLD, True, True), (NEW, False, False)]


# Changing one's mind


def test_cancelled(owner, aigul):
    ask(owner)
    response = owner.post(CANCEL)
    assert (response.status_code, response.url) == (302, URL)
    page = Page(owner.get(URL))
    assert messages(page) == [SENT, "Мекенжайды өзгертуден бас тартылды"]
    assert page.facts == [[(PRESENT, OLD)]]
    assert DEAD in Page(confirm(owner)).content
    assert unchanged(aigul)


def test_cancelling_what_nobody_asked_for(owner, aigul):
    other = UserFactory()
    EmailAddress.objects.create(user=other, email=NEW)
    owner.post(CANCEL)
    assert addresses(aigul) == [(OLD, True, True)]
    assert len(addresses(other)) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_cancelled_by_post_only(method, owner, aigul):
    ask(owner)
    response = owner.generic(method, CANCEL)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert addresses(aigul) == [(OLD, True, True), (NEW, False, False)]


def test_another_one_takes_the_place_of_the_former(owner, aigul):
    """As in two tabs."""
    ask(owner)
    ask(owner, OTHER)
    assert Page(owner.get(URL)).facts[0][1:] == [("Жаңа мекенжай", f"{OTHER} – {WAITS}")]
    assert DEAD in Page(confirm(owner, NEW)).content
    assert unchanged(aigul)
    confirm(owner, OTHER)
    aigul.refresh_from_db()
    assert aigul.email == OTHER
    assert addresses(aigul) == [(OTHER, True, True)]


def test_the_same_one_again_at_once(owner, aigul):
    """The letter that is on its way does."""
    ask(owner)
    assert Page(ask(owner)).beside == {
        "email": "Бұл мекенжайға сілтеме жаңа ғана жіберілді. Үш минут күтіңіз."
    }
    assert len(written()) == 2
    confirm(owner)
    aigul.refresh_from_db()
    assert aigul.email == NEW


def test_the_same_one_again_later(owner, aigul, monkeypatch):
    ask(owner)
    first = link_in(last("confirm_new"))
    later = time.time() + 181
    monkeypatch.setattr("time.time", lambda: later)
    assert ask(owner).status_code == 302
    assert DEAD in Page(owner.post(first)).content
    confirm(owner)
    aigul.refresh_from_db()
    assert aigul.email == NEW


def test_cancelling_in_another_tab_once_it_is_confirmed(owner, aigul):
    ask(owner)
    confirm(owner)
    owner.post(CANCEL)
    assert addresses(aigul) == [(NEW, True, True)]


# Addresses of others


@pytest.fixture
def bolat(db):
    return UserFactory(login="bolat", email=NEW)


def test_another_s_address_gets_the_same_answer(owner, aigul, bolat):
    taken, free = ask(owner), ask(owner, OTHER)
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert taken.headers.keys() == free.headers.keys()
    assert [kind for kind, _to in written()] == ["email_change_asked", "confirm_new"] * 2


def test_and_cannot_be_confirmed(owner, aigul, bolat):
    ask(owner)
    assert DEAD in Page(owner.get(link_in(last("confirm_new")))).content
    assert confirm(owner).status_code == 302
    assert messages(Page(owner.get(URL)))[-1] == "Бұл мекенжайды растау мүмкін емес."
    assert unchanged(aigul)
    assert addresses(bolat) == [(NEW, True, True)]
    assert [kind for kind, _to in written()] == ["email_change_asked", "confirm_new"]


def test_of_two_who_want_it_the_first_to_confirm_has_it(owner, aigul):
    bolat = UserFactory(login="bolat", email="bolat@example.kz")
    other = type(owner)()
    other.force_login(bolat)
    ask(owner)
    EmailAddress.objects.create(user=bolat, email=NEW)
    confirm(owner)
    key = EmailConfirmationHMAC(EmailAddress.objects.get(user=bolat, email=NEW)).key
    other.post(f"/email/confirm/{key}/")
    bolat.refresh_from_db()
    aigul.refresh_from_db()
    assert (aigul.email, bolat.email) == (NEW, "bolat@example.kz")


@pytest.fixture
def slow_addresses(transactional_db):
    """Each that is added takes a while, so that who presses twice does so meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
            CREATE TRIGGER wait BEFORE INSERT ON account_emailaddress
            FOR EACH ROW WHEN (NOT NEW.verified) EXECUTE FUNCTION wait()"""
        )
        yield
        cursor.execute("DROP FUNCTION wait CASCADE")


@pytest.mark.usefixtures("slow_addresses")
def test_two_at_once(client):
    """A button pressed twice: one change is pending, and nobody sees an error."""
    aigul = UserFactory(login="aigul", email=OLD)

    def press(email):
        try:
            browser = type(client)()
            browser.force_login(User.objects.get(pk=aigul.pk))
            browser.raise_request_exception = False
            return ask(browser, email).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(press, [NEW, NEW, NEW, NEW])]
    assert set(answers) <= {200, 302}
    assert addresses(aigul) == [(OLD, True, True), (NEW, False, False)]
    assert written() == [("email_change_asked", OLD), ("confirm_new", NEW)]
    confirm(client)
    assert addresses(aigul) == [(NEW, True, True)]
