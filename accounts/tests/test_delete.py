"""Deleting one's user: nothing of it stays, and everything of billing does."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, connections

from accounts.models import User
from accounts.tests.factories import PASSWORD, ConsentFactory, UserFactory
from accounts.tests.test_email import sign_in
from accounts.tests.test_letters import facts_of, last, refuse_letters, written
from accounts.tests.test_password import is_in, messages
from billing.models import Charge, Holding, LedgerEntry, Payment, PersonalAccount, Receipt
from cabinet.models import Letter, State
from cabinet.outbox import Sender
from cabinet.tests.pages import Page

URL = "/settings/delete/"
KEPT = (PersonalAccount, LedgerEntry, Charge, Payment, Receipt)


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return client


def delete(client, password=PASSWORD):
    return client.post(URL, {"password": password})


def belongings(pk):
    """How many rows of each table are the user's."""
    return {
        f"{relation.related_model._meta.label}.{relation.field.name}": count
        for relation in User._meta.related_objects
        if relation.field.many_to_one
        and (
            count := relation.related_model._default_manager.filter(
                **{relation.field.name: pk}
            ).count()
        )
    }


def billing():
    return [[*model.objects.order_by("pk").values()] for model in KEPT]


def test_it_is_asked_first(owner, home):
    page = Page(owner.get(URL))
    assert page.heading == "Тіркелгіңіз жойылсын ба?"
    assert page.links["Бас тарту"] == "/settings/data/"
    assert User.objects.filter(pk=home.owner.pk).exists()
    assert Page(owner.get("/settings/data/")).links["Тіркелгімді жою"] == URL


def test_nothing_of_the_user_stays(owner, home):
    user, pk = home.owner, home.owner.pk
    ConsentFactory(user=user)
    EmailAddress.objects.create(user=user, email="jana@example.kz")
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "x"})
    UserSession.objects.create(user=user, session_key="x", ip="127.0.0.1", user_agent="")
    assert belongings(pk) == {
        "account.EmailAddress.user": 2,
        "accounts.Consent.user": 1,
        "billing.Holding.user": 1,
        "mfa.Authenticator.user": 1,
        "usersessions.UserSession.user": 1,
    }
    response = delete(owner)
    assert (response.status_code, response.url) == (302, "/login/")
    assert messages(Page(owner.get("/login/"))) == ["Тіркелгіңіз жойылды"]
    assert not User.objects.filter(pk=pk).exists()
    assert belongings(pk) == {}


def test_billing_s_data_stay_as_they_are(owner, home):
    before = billing()
    delete(owner)
    assert billing() == before


def test_the_second_holder_keeps_the_account(owner, home):
    held = Holding.objects.values_list("user__login", "account__number")
    before = {*held.all()}
    delete(owner)
    other = type(owner)()
    other.force_login(home.second)
    assert other.get("/accounts/000000101/").status_code == 200
    assert before - {*held.all()} == {("owner", "000000101")}


def test_every_session_ends(client, home):
    browsers = [client, type(client)(), type(client)()]
    for browser in browsers:
        assert sign_in(browser, "owner")
    stranger = type(client)()
    assert sign_in(stranger, "stranger")
    delete(browsers[0])
    assert [is_in(browser) for browser in browsers] == [False, False, False]
    assert is_in(stranger)
    assert Session.objects.count() == 1
    assert not sign_in(client, "owner")


def test_a_letter_tells_and_goes_out_although_the_user_is_gone(owner, home, mailoutbox):
    User.objects.filter(pk=home.owner.pk).update(language="ru")
    delete(owner)
    assert written() == [("deleted", "owner@example.kz")]
    letter = last("deleted")
    assert (letter.language, letter.subject) == ("ru", "Ваша учётная запись удалена")
    assert [*facts_of(letter)] == ["Когда", "Откуда", "Устройство"]
    assert Sender("test").send_due() == 1
    assert Letter.objects.get().state == State.SENT
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        (["owner@example.kz"], "Ваша учётная запись удалена")
    ]


WRONG = {
    "a wrong password": ("not-the-password", "Бұл сіздің ағымдағы құпиясөзіңіз емес."),
    "none": ("", "Бұл өрісті толтырыңыз."),
}


@pytest.mark.parametrize("case", WRONG)
def test_not_without_the_password(case, owner, home):
    password, reason = WRONG[case]
    page = Page(delete(owner, password))
    assert (page.status, page.beside) == (200, {"password": reason})
    assert User.objects.filter(pk=home.owner.pk).exists()
    assert written() == []
    assert is_in(owner)


def test_wrong_passwords_are_counted(owner, home):
    for _time in range(5):
        delete(owner, "not-the-password")
    assert Page(delete(owner)).beside == {
        "password": "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
    }
    assert User.objects.filter(pk=home.owner.pk).exists()


def test_staff_are_let_go_by_a_colleague(owner, home):
    owner.force_login(home.support)
    assert owner.get(URL).status_code == 403
    assert delete(owner).status_code == 403
    assert "Тіркелгімді жою" not in Page(owner.get("/settings/data/")).content
    assert User.objects.filter(pk=home.support.pk).exists()


def test_without_the_letter_nobody_is_deleted(owner, home):
    refuse_letters()
    owner.raise_request_exception = False
    assert delete(owner).status_code == 500
    assert belongings(home.owner.pk)["billing.Holding.user"] == 1
    assert is_in(owner)


def test_not_by_another_site_s_form(owner, home):
    owner.handler.enforce_csrf_checks = True
    assert delete(owner).status_code == 403
    assert User.objects.filter(pk=home.owner.pk).exists()


def test_login_and_address_are_free_again(owner, home):
    """Also in the browser that knows the one who is gone."""
    owner.post("/logout/")
    sign_in(owner, "owner")
    assert settings.DEVICE_COOKIE_NAME in owner.cookies
    delete(owner)
    new = "Қыста да жасыл қарағай"
    owner.post(
        "/register/",
        {
            "full_name": "Жаңа Адам",
            "email": "owner@example.kz",
            "password1": new,
            "password2": new,
            "consent": "on",
        },
    )
    assert written()[1:] == [("confirm", "owner@example.kz")]
    user = User.objects.get(login="owner")
    assert (user.full_name, belongings(user.pk).get("billing.Holding.user")) == ("Жаңа Адам", None)
    user.confirm_email()
    assert not sign_in(type(owner)(), "owner", PASSWORD)
    assert sign_in(owner, "owner", new)


def test_a_link_for_a_new_password_is_dead(owner, home):
    anybody = type(owner)()
    anybody.post("/password-reset/", {"email": "owner@example.kz"})
    url = last("password_reset").text.partition("https://testserver")[2].split()[0]
    delete(owner)
    page = Page(anybody.get(url, follow=True))
    assert "Бұл сілтеме жарамсыз: ол пайдаланылған немесе мерзімі өткен." in page.content


@pytest.fixture
def slow_letters(transactional_db):
    """Each takes a while, so that who presses twice does so meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END';
            CREATE TRIGGER wait BEFORE INSERT ON cabinet_letter
            FOR EACH ROW EXECUTE FUNCTION wait()"""
        )
        yield
        cursor.execute("DROP FUNCTION wait CASCADE")


@pytest.mark.usefixtures("slow_letters")
def test_pressed_twice_at_once(client):
    user = UserFactory(login="aigul", email="aigul@example.kz")
    browsers = [type(client)() for _number in range(3)]
    for browser in browsers:
        browser.force_login(user)
        browser.raise_request_exception = False

    def press(browser):
        try:
            return delete(browser).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(press, browsers)] == [302, 302, 302]
    assert User.objects.count() == 0
    assert written() == [("deleted", "aigul@example.kz")]
