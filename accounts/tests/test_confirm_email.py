"""The link of a registration's letter: one press makes the address the user's."""

import time
from threading import Thread

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_register import (
    FOREIGN,
    GOOD,
    SENT,
    in_threads,
    letters,
    link,
    register,
    registered,
    signed_in,
    somebody_waits_for_us,
)
from cabinet.models import Letter
from cabinet.tests.pages import Page
from cabinet.tests.post_office import until

ANEW = "/register/again/"
DAY = 24 * 60 * 60
CONFIRMED = "E-mail мекенжайы расталды"
WORTHLESS = (
    "Бұл сілтеме жарамсыз: ол пайдаланылған, мерзімі өткен немесе мекенжай басқа пайдаланушыныкі."
)
WRONG = "Логин немесе құпиясөз қате. Екеуін де тексеріп, қайталап көріңіз."


@pytest.fixture
def other(client):
    """Another browser."""
    return type(client)()


@pytest.fixture
def later(monkeypatch):
    """Lets so many seconds pass."""
    real, passed = time.time, [0]
    monkeypatch.setattr("time.time", lambda: real() + passed[0])

    def wait(seconds):
        passed[0] += seconds

    return wait


def unconfirmed(**about):
    """Somebody who has registered, without the work of hashing."""
    user = UserFactory(confirmed=False, **about)
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return user


def link_of(user):
    """Where the letter's link leads."""
    address = EmailAddress.objects.get(user=user, verified=False)
    return f"/email/confirm/{EmailConfirmationHMAC(address).key}/"


def confirmed(user):
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def messages(page):
    return [item.text for box in page.all("ul.messages") for item in box.iter("li")]


def sign_in(client, login, password=PASSWORD):
    return client.post("/login/", {"login": login, "password": password})


def assert_worthless(response):
    page = Page(response)
    assert (page.status, page.heading) == (200, "E-mail мекенжайын растау")
    assert WORTHLESS in page.content
    assert page.links == {"Кіру": "/login/", "Тіркелу": "/register/"}
    assert page.values == {}
    assert messages(page) == []


# A look


def test_the_page(client, db):
    user = unconfirmed(email="aigul@example.kz", full_name="Айгүл Сәкенқызы")
    page = Page(client.get(link_of(user)))
    assert (page.status, page.title) == (200, "E-mail мекенжайын растау – Жеке кабинет")
    assert "aigul@example.kz" in page.content
    assert "Айгүл" not in page.content
    (form,) = page.find("main").iter("form")
    assert (form.get("method"), form.get("action")) == ("post", None)


@pytest.mark.parametrize("headers", [{}, {"accept": "application/json"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing_and_signs_nobody_out(method, headers, client, db):
    """Mail servers look at links before people do."""
    user, reader = unconfirmed(), UserFactory(login="reader")
    client.force_login(reader)
    for _twice in range(2):
        assert client.generic(method, link_of(user), headers=headers).status_code == 200
    assert not confirmed(user)
    assert signed_in(client) == "reader"
    assert letters() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, client, db):
    response = client.generic(method, link_of(unconfirmed()))
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_not_by_another_site_s_form(client, db):
    user = unconfirmed()
    client.handler.enforce_csrf_checks = True
    assert client.post(link_of(user)).status_code == 403
    assert not confirmed(user)


# One press


def test_in_the_browser_that_registered_one_is_in(client, db):
    user = registered(client)
    response = client.post(link())
    assert (response.status_code, response.url) == (302, "/")
    assert confirmed(user)
    assert messages(Page(client.get("/accounts/"))) == [CONFIRMED]
    assert signed_in(client) == "aigul"
    assert len(letters()) == 1


def test_the_session_s_id_changes(client, db):
    """One that was foisted on somebody is worth nothing afterwards."""
    registered(client)
    before = client.session.session_key
    client.post(link())
    assert client.session.session_key != before
    thief = type(client)()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert signed_in(thief) is None


def test_elsewhere_one_signs_in_afterwards(client, other, db):
    user = registered(client)
    response = other.post(link())
    assert (response.status_code, response.url) == (302, "/login/")
    assert messages(Page(other.get("/login/"))) == [CONFIRMED]
    assert confirmed(user)
    assert (signed_in(client), signed_in(other)) == (None, None)
    assert sign_in(other, "aigul@example.kz").url == "/"
    assert signed_in(other) == "aigul"


def test_nor_is_one_in_after_a_quarter_of_an_hour(client, later, db):
    user = registered(client)
    later(16 * 60)
    assert client.post(link()).url == "/login/"
    assert confirmed(user)
    assert signed_in(client) is None


def test_a_link_that_somebody_else_sent_signs_nobody_in(client, other, db):
    """Whoever has registered here is not signed in as another by another's link."""
    registered(client)
    another = registered(other, email="another@example.kz")
    assert client.post(link(recipient="another@example.kz")).url == "/login/"
    assert confirmed(another)
    assert signed_in(client) is None


def test_whoever_is_signed_in_as_another_is_signed_out_by_the_press(client, db):
    user = unconfirmed()
    client.force_login(UserFactory())
    assert client.post(link_of(user)).url == "/login/"
    assert confirmed(user)
    assert signed_in(client) is None


def test_whoever_was_shut_out_meanwhile_does_not_get_in(client, db):
    registered(client)
    User.objects.update(is_active=False)
    client.post(link())
    assert signed_in(client) is None


@pytest.mark.parametrize("where", FOREIGN)
def test_it_leads_nowhere_else(where, client, db):
    user = unconfirmed()
    assert client.post(link_of(user), {"next": where}).url == "/login/"


# What does not work


def test_a_link_works_once(client, other, db):
    user = registered(client)
    url = link()
    other.post(url, follow=True)
    assert_worthless(other.get(url))
    assert_worthless(other.post(url))
    assert_worthless(client.post(url))
    assert signed_in(client) is None
    assert confirmed(user)


@pytest.mark.parametrize(("days", "works"), [(2.9, True), (3.1, False), (4, False)])
def test_it_works_for_three_days(days, works, client, later, db):
    user = unconfirmed()
    url = link_of(user)
    later(days * DAY)
    assert (WORTHLESS in Page(client.get(url)).content) is not works
    client.post(url)
    assert confirmed(user) is works


NONSENSE = ["x", "-:_:1", "MQ:1abcde:ffffffff", "ж:ж:ж", "1", ":" * 200, "x" * 5000]


@pytest.mark.parametrize("key", NONSENSE)
def test_nonsense(key, client, db):
    unconfirmed()
    assert_worthless(client.get(f"/email/confirm/{key}/"))
    assert_worthless(client.post(f"/email/confirm/{key}/"))
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_link_with_one_letter_changed(client, db):
    user = unconfirmed()
    url = link_of(user)
    assert_worthless(client.post(f"{url[:-2]}{'B' if url[-2] == 'A' else 'A'}/"))
    assert not confirmed(user)


def test_the_link_of_a_user_who_is_no_more(client, db):
    user = unconfirmed()
    url = link_of(user)
    user.delete()
    assert_worthless(client.post(url))


# Whose an address is


def test_the_first_to_confirm_has_it(client, other, db):
    first, second = unconfirmed(email="a@example.kz"), unconfirmed(email="a@example.kz")
    urls = [link_of(first), link_of(second)]
    assert client.post(urls[1]).url == "/login/"
    assert_worthless(other.get(urls[0]))
    response = other.post(urls[0], follow=True)
    assert (confirmed(first), confirmed(second)) == (False, True)
    page = Page(response)
    assert page.status == 200
    assert messages(page) == ["Бұл мекенжайды растау мүмкін емес."]
    assert CONFIRMED not in page.content


@pytest.mark.django_db(transaction=True)
def test_two_confirm_one_address_at_once(client, other):
    users = unconfirmed(email="a@example.kz"), unconfirmed(email="a@example.kz")
    urls = [link_of(user) for user in users]
    answers = in_threads(lambda: client.post(urls[0]), lambda: other.post(urls[1]))
    assert sorted(map(confirmed, users)) == [False, True]
    assert {answer.status_code for answer in answers} <= {200, 302}
    assert letters() == []


@pytest.mark.django_db(transaction=True)
def test_another_confirms_it_in_the_very_moment(client, other):
    """It was nobody's when it was looked up, and is another's when it is written."""
    loser, winner = unconfirmed(email="a@example.kz"), unconfirmed(email="a@example.kz")
    url, answers = link_of(loser), []
    work = Thread(target=lambda: answers.append(client.post(url)) or connection.close())
    with transaction.atomic():
        winner.confirm_email()
        work.start()
        until(somebody_waits_for_us)
    work.join(30)
    assert_worthless(answers[0])
    assert (confirmed(loser), confirmed(winner)) == (False, True)
    assert messages(Page(client.get("/login/"))) == []


def test_the_password_is_that_of_whoever_confirmed(client, other, db):
    """Before, it is nobody's; afterwards of whoever confirmed it."""
    first = unconfirmed(login="first", email="a@example.kz", password="Qaraghai-terek-7")
    unconfirmed(login="second", email="a@example.kz")
    assert Page(sign_in(client, "a@example.kz")).summary == [WRONG]
    assert Page(sign_in(client, "a@example.kz", "Qaraghai-terek-7")).summary == [WRONG]
    first.confirm_email()
    assert Page(sign_in(client, "a@example.kz")).summary == [WRONG]
    assert sign_in(client, "a@example.kz", "Qaraghai-terek-7").url == "/"
    assert signed_in(client) == "first"
    assert Page(sign_in(other, "second")).summary == [WRONG]
    assert signed_in(other) is None


# The letter once more


def test_it_can_be_sent_again_after_three_minutes(client, later, db):
    register(client)
    for seconds, count in ((0, 1), (170, 1), (15, 2), (0, 2), (185, 3)):
        later(seconds)
        response = client.post(ANEW)
        assert (response.status_code, response.url) == (302, SENT)
        assert letters() == [("confirm", "kk", "aigul@example.kz")] * count


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_again_by_post_only(method, client, db):
    response = client.generic(method, ANEW)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_again_for_an_address_that_is_taken(client, later, db):
    UserFactory(email=GOOD["email"])
    register(client)
    later(181)
    assert client.post(ANEW).url == SENT
    assert letters() == [("address_taken", "kk", "aigul@example.kz")] * 2


def test_again_for_an_address_that_another_has_confirmed_meanwhile(client, other, later, db):
    registered(client)
    unconfirmed(email=GOOD["email"]).confirm_email()
    later(181)
    client.post(ANEW)
    assert [kind for kind, _language, _to in letters()] == ["confirm", "address_taken"]


def test_again_is_of_one_s_own_registration(client, later, db):
    """Not of somebody's who has given the same address since, to be let in by my press."""
    mine = registered(client)
    unconfirmed(email=GOOD["email"])
    thief = UserFactory(email="thief@example.kz")
    EmailAddress.objects.create(user=thief, email=GOOD["email"])
    later(181)
    client.post(ANEW)
    assert letters()[1:] == [("confirm", "kk", "aigul@example.kz")]
    client.post(link())
    assert confirmed(mine)
    assert User.objects.get(emailaddress__verified=True, emailaddress__email=GOOD["email"]) == mine


def test_again_without_having_registered(client, db):
    unconfirmed()
    response = client.post(ANEW)
    assert (response.status_code, response.url) == (302, SENT)
    assert not Letter.objects.exists()
