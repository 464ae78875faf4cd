"""What is left anywhere of a user who is deleted, and of billing's data: nothing, and all."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from accounts.tests.factories import PASSWORD, AddressChangeFactory, ConsentFactory
from accounts.tests.test_letters import CHROME, facts_of, written
from billing.models import Holding
from cabinet.models import Letter
from cabinet.tests.pages import Page, text
from cabinet.tests.post_office import PostOffice
from cabinet.tests.test_outbox import send_to

URL = "/settings/delete/"
WRONG = "Бұл сіздің ағымдағы құпиясөзіңіз емес."
TOO_MANY = "Тым көп әрекет жасалды. Бес минут күтіп, қайталап көріңіз."
NAME, EMAIL = "Шолпан Ерғалиқызы Дүйсенбина", "sholpan.d@example.kz"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def sholpan(home):
    """The household's owner, with all that a user can have."""
    user = home.owner
    user.confirm_email().delete()
    User.objects.filter(pk=user.pk).update(login="sholpan", full_name=NAME, email=EMAIL)
    user.refresh_from_db()
    user.confirm_email()
    EmailAddress.objects.create(user=user, email="sholpan.new@example.kz")
    ConsentFactory(user=user)
    AddressChangeFactory(user=user, old="sholpan.old@example.kz")
    return user


@pytest.fixture
def owner(client, sholpan):
    return sign_in(client)


def sign_in(client, login="sholpan"):
    browser = type(client)(headers={"user-agent": CHROME}, REMOTE_ADDR="203.0.113.7")
    browser.post("/login/", {"login": login, "password": PASSWORD})
    return browser


def delete(browser, password=PASSWORD, **more):
    return browser.post(URL, {"password": password, **more})


def is_in(browser):
    return browser.get("/accounts/").status_code == 200


def of_billing():
    """All rows of billing's tables, but who sees which account."""
    models = apps.get_app_config("billing").get_models()
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in models
        if model is not Holding
    }


ELSEWHERE = {"cabinet_cache", "accounts_auditentry"}


def tables_with(*words):
    """The tables in which any of the words stands anywhere.

    But for the cache, which counts tries by network address for a day at most, and the audit
    log, which tells who did what for as long as it is kept.
    """
    found = []
    with connection.cursor() as cursor:
        for table in sorted({*connection.introspection.table_names(cursor)} - ELSEWHERE):
            cursor.execute(
                f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text ILIKE ANY (%s))",  # noqa: S608
                [[f"%{word}%" for word in words]],
            )
            found += [table] if cursor.fetchone()[0] else []
    return found


def references_to(pk):
    """The table of each row that refers to the user with that key."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text, attname FROM pg_constraint
            JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
            WHERE confrelid = 'accounts_user'::regclass AND contype = 'f' ORDER BY 1"""
        )
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [pk])  # noqa: S608
            found += [table] * cursor.fetchone()[0]
    return found


def test_in_no_table_but_the_letter_s(rf, owner, sholpan):
    TOTP.activate(sholpan, SECRET)
    RecoveryCodes.activate(sholpan)
    assert references_to(sholpan.pk) == [
        *["account_emailaddress"] * 2,
        "accounts_addresschange",
        "accounts_consent",
        "billing_holding",
        *["mfa_authenticator"] * 2,
        "usersessions_usersession",
    ]
    assert tables_with(NAME, EMAIL, "sholpan") == [
        "account_emailaddress",
        "accounts_addresschange",
        "accounts_user",
    ]
    assert tables_with("203.0.113.7") == ["usersessions_usersession"]
    delete(owner)
    assert references_to(sholpan.pk) == []
    assert tables_with(NAME, EMAIL, "sholpan", "203.0.113.7") == ["cabinet_letter"]
    assert Authenticator.objects.count() == Session.objects.count() == 0


def test_the_letter_names_nobody_and_is_wiped_once_it_is_sent(owner, settings):
    delete(owner)
    assert written() == [("deleted", EMAIL)]
    letter = Letter.objects.get()
    for word in (NAME, "Шолпан", "sholpan"):
        assert word not in letter.subject + letter.text + letter.html
    facts = facts_of(letter)
    assert (facts["Қайдан"], facts["Құрылғы"]) == ("203.0.113.7", "Chrome, Windows")
    office = PostOffice().open()
    try:
        send_to(office.port, settings)
        call_command("worker", once=True)
    finally:
        office.close()
    ((address, message),) = office.received
    assert (address, message["Subject"]) == (EMAIL, "Тіркелгіңіз жойылды")
    assert list(Letter.objects.values_list("state", "attempts", "text", "html")) == [
        ("sent", 1, "", "")
    ]
    assert tables_with("203.0.113.7") == []


def test_billing_keeps_every_row(owner):
    before = of_billing()
    assert (len(before["LedgerEntry"]), len(before["Payment"])) == (28, 29)
    delete(owner)
    assert of_billing() == before


def test_whoever_comes_after_under_the_same_name_has_nothing_of_it(client, owner, sholpan):
    delete(owner)
    anew = User.objects.create_user("sholpan", EMAIL, None, full_name=NAME)
    assert anew.confirm_email().verified
    assert anew.pk != sholpan.pk
    assert list(anew.accounts.all()) == list(anew.consents.all()) == []
    client.force_login(anew)
    assert client.get("/accounts/000000101/").status_code == 404
    assert not is_in(owner)


def test_the_page_says_what_will_be(owner):
    page = Page(owner.get(URL))
    assert [text(item) for item in page.find("ul.points").iter("li")] == [
        "Енді кабинетке кіре алмайсыз.",
        "Дербес шоттар сізден ажыратылады; оларды көретін басқа адамдар үшін ештеңе өзгермейді.",
        "Дербес шоттар, түбіртектер мен төлемдер заң талабы бойынша жеткізушіде қалады.",
        "Мұны кері қайтару мүмкін емес, бірақ қайтадан тіркеле аласыз.",
    ]


@pytest.mark.parametrize("password", [PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", SECRET])
def test_a_password_that_is_nearly_right_deletes_nothing(password, owner, sholpan):
    page = Page(delete(owner, password))
    assert (page.status, page.beside) == (200, {"password": WRONG})
    assert page.values["password"] == ""
    assert len(references_to(sholpan.pk)) == 6
    assert written() == []


def test_a_device_that_signed_in_before_has_ten_tries(owner):
    """Then not even the right one counts."""
    said = [Page(delete(owner, "wrong")).beside["password"] for _try in range(11)]
    assert said == [WRONG] * 10 + [TOO_MANY]
    assert Page(delete(owner)).beside == {"password": TOO_MANY}
    assert is_in(owner)


def test_a_look_deletes_nothing(owner):
    owner.get(URL, {"password": PASSWORD})
    owner.head(URL, {"password": PASSWORD})
    assert is_in(owner)


def test_whose_user_it_is_the_session_says_and_nothing_that_is_sent(client, sholpan):
    before = {*User.objects.values_list("login", flat=True)}
    second = sign_in(client, "second")
    delete(second, user=sholpan.pk, pk=sholpan.pk, login="sholpan")
    assert before - {*User.objects.values_list("login", flat=True)} == {"second"}


def test_whoever_is_signed_out_is_led_to_sign_in(client, sholpan):
    for response in (client.get(URL), delete(client)):
        assert (response.status_code, response.url) == (302, f"/login/?next={URL}")
    assert User.objects.filter(pk=sholpan.pk).exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, owner):
    response = owner.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert is_in(owner)
