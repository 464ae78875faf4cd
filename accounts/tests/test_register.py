"""«Тіркелу»: a user whose address is still to be confirmed, a consent, and a letter."""

import re
import threading

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import consent
from accounts.hashing import Argon2Aside
from accounts.models import Consent, User
from accounts.tests.factories import PASSWORD, UserFactory
from billing.tests.factories import SupplierFactory
from cabinet.models import Letter
from cabinet.tests.pages import Page, controls, text
from cabinet.tests.post_office import until

URL, SENT = "/register/", "/register/sent/"
GOOD = {
    "full_name": "Айгүл Сәкенқызы",
    "email": "aigul@example.kz",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "consent": "on",
}
NUL, LONG = "\0", "ж" * 10_000
MARKUP = "<script>alert('&amp;')</script> \"{{ 7 * 7 }}\" %(x)s"
LINK = re.compile(r"^https://testserver(/\S+)$", re.MULTILINE)


def register(client, **changes):
    """As somebody fills it in; what is changed to None is not sent."""
    filled = {**GOOD, **changes}
    return client.post(URL, {name: value for name, value in filled.items() if value is not None})


def registered(client, **changes):
    """The user who comes of it."""
    response = register(client, **changes)
    assert (response.status_code, response.url) == (302, SENT)
    return User.objects.latest("pk")


def link(kind="confirm", **about):
    """Where the last such letter's link leads."""
    (path,) = LINK.findall(Letter.objects.filter(kind=kind, **about).latest("pk").text)
    return path


def letters():
    return list(Letter.objects.order_by("pk").values_list("kind", "language", "recipient"))


def signed_in(client):
    """Who the next request comes from; None if nobody."""
    response = client.get("/accounts/")
    if response.status_code == 302:
        return None
    return response.wsgi_request.user.login


def in_threads(*works):
    """All at once, each with a connection of its own; what they return, in order."""
    together, answers = threading.Barrier(len(works)), {}

    def run(place, work):
        try:
            together.wait()
            answers[place] = work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answers[place] for place in range(len(works))]


def somebody_waits_for_us():
    """Whether another connection stands still until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


@pytest.fixture
def hashes(monkeypatch):
    """The passwords that are hashed."""
    counted = []
    encode, verify = Argon2Aside.encode, Argon2Aside.verify
    monkeypatch.setattr(
        Argon2Aside,
        "encode",
        lambda self, password, salt: counted.append(password) or encode(self, password, salt),
    )
    monkeypatch.setattr(
        Argon2Aside,
        "verify",
        lambda self, password, encoded: counted.append(password) or verify(self, password, encoded),
    )
    return counted


# The form


def test_the_form(client, db):
    page = Page(client.get(URL))
    assert page.status == 200
    assert (page.heading, page.title) == ("Тіркелу", "Тіркелу – Жеке кабинет")
    fields = controls(page.find("main"))
    assert [
        (field.get("name"), field.get("type"), field.get("autocomplete"), field.get("maxlength"))
        for field in fields
    ] == [
        ("full_name", "text", "name", "200"),
        ("email", "email", "email", "254"),
        ("password1", "password", "new-password", "1000"),
        ("password2", "password", "new-password", "1000"),
        ("consent", "checkbox", None, None),
    ]
    assert all("required" in field.attrib for field in fields)
    assert [text(label) for label in page.find("main").iter("label")][:-1] == [
        *("ТАӘ", "E-mail", "Құпиясөз", "Құпиясөз (тағы бір рет)")
    ]
    assert page.values == dict.fromkeys(GOOD, "")
    assert "/consent/" in page.links.values()
    assert page.links["Кіру"] == "/login/"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_wrong_method(method, client, db):
    response = client.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_whoever_is_signed_in_goes_on(client, db):
    client.force_login(UserFactory())
    for response in (client.get(URL), register(client)):
        assert (response.status_code, response.url) == (302, "/")
    assert User.objects.count() == 1


def test_not_by_another_site_s_form(client, db):
    client.handler.enforce_csrf_checks = True
    assert register(client).status_code == 403
    assert not User.objects.exists()


# What comes of it


@pytest.mark.parametrize(
    ("language", "subject"),
    [("kk", "E-mail мекенжайыңызды растаңыз"), ("ru", "Подтвердите свой адрес e-mail")],
)
def test_a_user_a_consent_and_a_letter(language, subject, client, db):
    client.cookies["django_language"] = language
    before = timezone.now()
    user = registered(client, full_name="  Айгүл Сәкенқызы ", email=" Aigul@Example.KZ ")
    assert (user.login, user.email) == ("aigul", "aigul@example.kz")
    assert (user.full_name, user.language) == ("Айгүл Сәкенқызы", language)
    assert user.is_active
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert user.check_password(PASSWORD)
    assert list(EmailAddress.objects.values_list("user", "email", "verified", "primary")) == [
        (user.pk, "aigul@example.kz", False, True)
    ]
    given = Consent.objects.get()
    assert (given.user, given.version) == (user, consent.VERSION)
    assert before <= given.given_at <= timezone.now()
    assert letters() == [("confirm", language, "aigul@example.kz")]
    letter = Letter.objects.get()
    assert letter.subject == subject
    assert PASSWORD not in letter.text + letter.html
    assert f'href="https://testserver{link()}"' in letter.html
    assert client.get(link()).status_code == 200
    assert signed_in(client) is None
    assert client.get("/accounts/").url == "/login/?next=/accounts/"


def test_what_is_said_afterwards(client, db):
    page = Page(client.get(register(client).url))
    assert page.status == 200
    assert page.heading == "E-mail мекенжайыңызды растаңыз"
    assert "aigul" not in page.content


def test_one_hash(client, db, hashes):
    register(client)
    assert hashes == [PASSWORD]


def test_a_password_is_taken_as_it_is(client, db):
    password = " құпия терек 🔑 "
    assert registered(client, password1=password, password2=password).check_password(password)


def test_nothing_else_can_be_set(client, db):
    user = registered(
        client, login="chosen", username="chosen", is_staff="on", is_superuser="on", language="ru"
    )
    assert (user.login, user.language) == ("aigul", "kk")
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_markup_in_a_name_stays_text(client, db):
    user = registered(client, full_name=MARKUP)
    assert user.full_name == MARKUP
    client.post(link())
    page = Page(client.get("/accounts/"))
    assert text(page.find("span.person-name")) == MARKUP
    assert all(script.get("src") for script in page.all("script"))


def test_of_a_field_sent_twice_the_last_counts(client, db):
    """The letter goes to the address that the user has, and to no other."""
    user = registered(client, email=["victim@example.kz", "aigul@example.kz"])
    assert user.email == "aigul@example.kz"
    assert letters() == [("confirm", "kk", "aigul@example.kz")]


# Bad input

EMPTY = "Бұл өрісті толтырыңыз."
NO_CONSENT = "Бұл келісімсіз кабинетті пайдалану мүмкін емес."
NO_ADDRESS = "E-mail мекенжайын дұрыс енгізіңіз."
NO_NUL = "Нөлдік таңбаларға рұқсат жоқ."
UNEQUAL = "Екі өріске де бірдей құпиясөз енгізіңіз."
SHORT = "Құпиясөз тым қысқа: кемінде 10 таңба керек."
LEAKED = (
    "Бұл құпиясөз немесе оған өте ұқсасы жария болып кеткен құпиясөздердің арасында бар."
    " Басқасын таңдаңыз."
)
REGULAR = (
    "«ааа», «1234», «йцукен» сияқты қайталаулар мен тізбектерді алып тастағанда, құпиясөзден"
    " тым аз таңба қалады."
)


def at_most(most, now):
    return f"Ең көбі {most} таңба енгізіңіз (қазір: {now})."


def made_of(*words):
    named = ", ".join(f"«{word}»" for word in words)
    return (
        f"Құпиясөзден мынаны алып тастағанда тым аз таңба қалады: {named}. Өзіңізге де,"
        " кабинетке де қатысы жоқ құпиясөз таңдаңыз немесе оны ұзартыңыз."
    )


def twice(password):
    return {"password1": password, "password2": password}


BAD = {
    "nothing sent": (
        dict.fromkeys(GOOD),
        {**dict.fromkeys(GOOD, EMPTY), "consent": NO_CONSENT},
    ),
    "no consent": ({"consent": None}, {"consent": NO_CONSENT}),
    "consent unticked": ({"consent": "false"}, {"consent": NO_CONSENT}),
    "a name of spaces": ({"full_name": "   "}, {"full_name": EMPTY}),
    "a name of 201 letters": ({"full_name": "ж" * 201}, {"full_name": at_most(200, 201)}),
    "unequal passwords": ({"password2": f"{PASSWORD} "}, {"password2": UNEQUAL}),
    "one password": ({"password2": None}, {"password2": EMPTY}),
    "a short password": (twice("Tal-7-tal"), {"password1": SHORT}),
    "a common password": (twice("iloveyou123"), {"password1": LEAKED}),
    "rows of keys": (twice("qwertyuiop[]"), {"password1": f"{REGULAR} {LEAKED}"}),
    "one's own name": (twice("Сәкенқызы-77"), {"password1": made_of("Сәкенқызы")}),
    "one's own address": (
        {"email": "karlygash@example.kz", **twice("Karlygash-77")},
        {"password1": made_of("karlygash")},
    ),
    "the supplier": (twice("Алтын-Дала-77"), {"password1": made_of("Алтын", "Дала")}),
    "no address": ({"email": "aigul"}, {"email": NO_ADDRESS}),
    "no domain": ({"email": "aigul@"}, {"email": NO_ADDRESS}),
    "two addresses": ({"email": "a@example.kz,b@example.kz"}, {"email": NO_ADDRESS}),
    "a name and an address": ({"email": "Aigul <a@example.kz>"}, {"email": NO_ADDRESS}),
    "a header": ({"email": "a@example.kz\nBcc: b@example.kz"}, {"email": NO_ADDRESS}),
    "a header in the name of the box": (
        {"email": '"a\r\nBcc: b@example.kz"@example.kz'},
        {"email": NO_ADDRESS},
    ),
    "an address of 256 letters": (
        {"email": f"{'a' * 64}@{'.'.join(['b' * 62] * 3)}.kz"},
        {"email": at_most(254, 256)},
    ),
    "an address that grows in small letters": (
        {"email": f"a@{'.'.join(['İ' * 60] * 3)}.kz"},
        {"email": f"{NO_ADDRESS} {at_most(254, 367)}"},
    ),
    "NUL in the name": ({"full_name": f"Ай{NUL}гүл"}, {"full_name": NO_NUL}),
    "NUL in the address": (
        {"email": f"ai{NUL}gul@example.kz"},
        {"email": f"{NO_ADDRESS} {NO_NUL}"},
    ),
    "NUL in the passwords": (
        twice(PASSWORD + NUL),
        {"password1": NO_NUL, "password2": NO_NUL},
    ),
    "10 000 letters everywhere": (
        dict.fromkeys(GOOD, LONG),
        {
            "full_name": at_most(200, 10_000),
            "email": f"{NO_ADDRESS} {at_most(254, 10_000)}",
            "password1": at_most(1000, 10_000),
            "password2": at_most(1000, 10_000),
        },
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_beside_the_field_and_nothing_is_written(case, client, db, hashes):
    changes, beside = BAD[case]
    SupplierFactory()
    response = register(client, **changes)
    page = Page(response)
    assert page.status == 200
    assert page.beside == beside
    said = [item.partition(": ")[2] for item in page.summary]
    assert " ".join(said) == " ".join(beside.values())
    typed = {**GOOD, **changes}
    assert page.values["full_name"] == (typed["full_name"] or "").replace(NUL, "�")
    assert page.values["password1"] == page.values["password2"] == ""
    assert not User.objects.exists()
    assert not Consent.objects.exists()
    assert not EmailAddress.objects.exists()
    assert letters() == []
    assert hashes == []


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"email=%FF%FE&full_name=%00", b"{}", b"email[]=1&email=2", b"=" * 5000]
)
def test_any_body_is_survived(body, client, db):
    response = client.post(URL, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 400)
    assert not User.objects.exists()


@pytest.mark.parametrize("field", [*GOOD, "next"])
def test_garbage_in_the_address_line_is_survived(field, client, db):
    for value in (NUL, LONG[:3000], "a@example.kz\nBcc: b@example.kz", MARKUP):
        assert client.get(URL, {field: value}).status_code == 200


def test_passwords_are_never_written_back(client, db):
    secret = "Secret-that-was-typed"
    for headers in ({}, {"accept": "application/json"}, {"x-requested-with": "XMLHttpRequest"}):
        filled = {**GOOD, **twice(secret), "consent": ""}
        response = client.post(URL, filled, headers=headers)
        assert response.status_code == 200
        assert secret.encode() not in response.content


# The login name


@pytest.mark.parametrize(
    ("box", "login"),
    [
        ("aigul", "aigul"),
        ("Ai.Gul_77-x", "ai.gul_77-x"),
        ("ai.gul+cabinet", "ai.gulcabinet"),
        ("o'neil!", "oneil"),
        ("abc", "abc"),
        ("ab", r"ab\d{6}"),
        ("!#$%&", r"\d{6}"),
        ('"a@b"', r"a\d{6}"),
        ("a" * 64, "a{56}"),
        ("taken", r"taken\d{6}"),
        ("TAKEN", r"taken\d{6}"),
    ],
)
def test_it_is_made_from_the_address(box, login, client, db):
    UserFactory(login="taken", email="other@example.kz")
    user = registered(client, email=f"{box}@example.kz")
    assert re.fullmatch(login, user.login)
    user.full_clean()


def test_an_address_is_registered_more_than_once_until_it_is_confirmed(client, db):
    first, second = registered(client), registered(type(client)())
    assert first.email == second.email
    assert first.login != second.login


# At once


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_the_same_name_before_the_at(client):
    """Both become users, whoever comes first."""
    here, there = client, type(client)()
    answers = in_threads(
        lambda: register(here, email="aigul@example.kz"),
        lambda: register(there, email="aigul@mail.example.kz"),
    )
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, SENT)] * 2
    logins = sorted(User.objects.values_list("login", flat=True))
    assert logins[0] == "aigul"
    assert re.fullmatch(r"aigul\d{6}", logins[1])
    assert Consent.objects.count() == 2
    assert sorted(letters()) == [
        ("confirm", "kk", "aigul@example.kz"),
        ("confirm", "kk", "aigul@mail.example.kz"),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_name_is_taken_in_the_very_moment(client):
    """It was free when it was chosen, and is not when it is written."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(register(client)) or connection.close())
    with transaction.atomic():
        UserFactory(login="aigul", email="other@example.kz")
        thread.start()
        until(somebody_waits_for_us)
    thread.join(30)
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, SENT)]
    user = User.objects.get(email="aigul@example.kz")
    assert re.fullmatch(r"aigul\d{6}", user.login)
    assert user.consents.count() == 1
    assert letters() == [("confirm", "kk", "aigul@example.kz")]


# The way on, and the host


@pytest.mark.parametrize("where", ["/accounts/000000101/payments/?from=2026-01-01", "/admin/"])
def test_one_comes_where_one_was_going(where, client, db):
    page = Page(client.get(URL, {"next": where}))
    fields = {field.get("name"): field.get("value") for field in page.find("main").iter("input")}
    assert fields["next"] == where
    registered(client, next=where)
    response = client.post(link())
    assert (response.status_code, response.url) == (302, where)


FOREIGN = [
    *("//evil.example", "https://evil.example/", r"/\evil.example", "javascript:alert(1)"),
    *("\t//evil.example", "/\t/evil.example", "https://testserver@evil.example/", NUL),
]


@pytest.mark.parametrize("where", FOREIGN)
def test_and_nowhere_else(where, client, db):
    page = Page(client.get(URL, {"next": where}))
    assert "next" not in {field.get("name") for field in page.find("main").iter("input")}
    registered(client, next=where)
    response = client.post(link(), {"next": where})
    assert (response.status_code, response.url) == (302, "/")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil"])
def test_a_foreign_host_gets_into_no_letter(host, client, db):
    assert client.post(URL, GOOD, headers={"host": host}).status_code == 400
    assert not Letter.objects.exists()


def test_what_a_proxy_might_say_of_the_host_is_not_believed(client, db):
    client.post(URL, GOOD, headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil"})
    assert "evil" not in Letter.objects.get().text
    assert link().startswith("/email/confirm/")


def test_the_form_s_token_and_the_session_are_hidden_from_scripts(client, db):
    register(client)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies.get(name)
        assert cookie is None or (cookie["httponly"], cookie["secure"]) == (True, True)
