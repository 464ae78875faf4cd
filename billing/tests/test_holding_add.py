"""«Жаңа дербес шотты қосу»: the form, what is right, and that a refusal tells nothing."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_password import messages
from billing import proofs
from billing.models import Holding, Tries
from billing.tests import factories
from cabinet.models import Letter
from cabinet.tests.pages import Page, text

URL = "/accounts/add/"
NUMBER, RIGHT = "000000101", {"paid_on": "2026-04-05", "amount": "500"}
REFUSED = "Енгізілген деректер сәйкес келмейді"
NO_SUM = "Соманы цифрмен жазыңыз: 4500 немесе 4500,50."


@pytest.fixture
def aigul(client, home):
    """Somebody of the family, who is about to add the account."""
    user = UserFactory(login="aigul", full_name="Айгүл Иса")
    client.force_login(user)
    return user


def add(client, number=NUMBER, **proof):
    return client.post(URL, {"number": number, **(proof or RIGHT)})


def numbers(user):
    return list(user.accounts.values_list("number", flat=True))


def actions(user):
    """The log of what the user has done, signing in aside."""
    entries = AuditEntry.objects.filter(actor_id=user.pk, action__startswith="account").order_by(
        "pk"
    )
    return [(entry.action, entry.account_number, entry.about) for entry in entries]


def written():
    return list(Letter.objects.order_by("pk").values_list("kind", "recipient"))


def test_the_form(client, aigul):
    page = Page(client.get(URL))
    assert page.heading == "Жаңа дербес шотты қосу"
    assert page.values == {"number": "", "paid_on": "", "amount": "", "code": ""}
    labels = [text(label) for label in page.find("main").iter("label")]
    assert labels == [
        *("Дербес шот нөмірі", "Соңғы төлемнің айы мен күні", "Соңғы төлемнің сомасы"),
        *("Дербес шот нөмірі", "Түбіртектің тексеру коды"),
    ]
    (day,) = [each for each in page.all("input") if each.get("name") == "paid_on"]
    assert (day.get("type"), day.get("max")) == ("date", "2026-04-10")
    buttons = [text(button) for button in page.find("main").iter("button")]
    assert buttons == ["Қосу", "Түбіртек коды бойынша қосу"]
    (current,) = [
        each for each in page.find("nav.menu-beside").iter("a") if each.get("aria-current")
    ]
    assert text(current) == "Қолжетімді дербес шоттар"


def test_a_right_proof(client, aigul, home):
    response = add(client)
    assert (response.status_code, response.url) == (302, "/accounts/")
    page = Page(client.get("/accounts/"))
    assert messages(page) == ["Сәтті қосылды"]
    assert numbers(aigul) == [NUMBER]
    assert client.get(f"/accounts/{NUMBER}/").status_code == 200
    assert actions(aigul) == [("account_added", NUMBER, {})]
    assert written() == [
        ("holder_joined", "owner@example.kz"),
        ("holder_joined", "second@example.kz"),
    ]
    letter = Letter.objects.first()
    assert "А*** И***" in letter.text
    assert NUMBER in letter.text
    assert "Айгүл" not in letter.text + letter.html


@pytest.mark.parametrize(
    "amount",
    [
        *("500", "500,00", "500.00", "500,0", " 500 ", "5 00", "500₸", "500 ₸"),
        *("5\N{NO-BREAK SPACE}00,00\N{NO-BREAK SPACE}₸", "5\N{NARROW NO-BREAK SPACE}00.00 ₸"),
    ],
    ids=range(10),
)
def test_sums_as_people_write_them(amount, client, aigul):
    assert add(client, paid_on="05.04.2026", amount=amount).status_code == 302
    assert numbers(aigul) == [NUMBER]


@pytest.mark.parametrize(
    ("given", "beside"),
    [
        ({"number": ""}, {"number": "Міндетті өріс."}),
        ({"number": "12a4"}, {"number": "Нөмір 4–20 цифрдан тұрады, әріп болмайды."}),
        ({"number": "9" * 21}, {"number": "Нөмір 4–20 цифрдан тұрады, әріп болмайды."}),
        ({"number": "٠٠٠٠٠١٠١"}, {"number": "Нөмір 4–20 цифрдан тұрады, әріп болмайды."}),
        ({"paid_on": "5 сәуір"}, {"paid_on": "Күнді былай жазыңыз: 05.03.2025."}),
        ({"paid_on": "2026-04-11"}, {"paid_on": "Бұл күн әлі келген жоқ."}),
        *[
            ({"amount": wrong}, {"amount": NO_SUM})
            for wrong in ("жүз", "-500", "500,001", "5,000.00", "1e3", "٥٠٠", "5" * 13, "₸")
        ],
    ],
    ids=lambda part: None,
)
def test_errors_of_shape_count_nothing(given, beside, client, aigul):
    proof = {"number": NUMBER, **RIGHT, **given}
    page = Page(add(client, **proof))
    if given == {"number": ""}:
        beside = {"number": page.beside["number"]}
    assert page.beside == beside
    assert (numbers(aigul), actions(aigul), Tries.objects.count()) == ([], [], 0)


def test_one_s_own_account_again(client, home):
    client.force_login(home.owner)
    for proof in (RIGHT, {**RIGHT, "amount": "1"}):
        page = Page(add(client, **proof))
        assert page.beside == {"number": "Бұл дербес шотты бұрын қосқансыз."}
    assert not any(row.wrong for row in Tries.objects.all())
    assert actions(home.owner) == []


WRONG = {
    "wrong day": (NUMBER, {**RIGHT, "paid_on": "2026-04-04"}),
    "wrong sum": (NUMBER, {**RIGHT, "amount": "500,01"}),
    "an earlier payment": (NUMBER, {"paid_on": "2026-03-10", "amount": "1602,20"}),
    "unknown number": ("999999999", RIGHT),
    "no payments": ("000000202", RIGHT),
}


def seen(response):
    """The answer, but for the token and what was typed."""
    page = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", response.content)
    page = re.sub(rb'name="(number|paid_on|amount)" value="[^"]*"', b"", page)
    return response.status_code, page


def try_at(client, number, proof):
    """What is seen of the try, and how many queries it takes but for those of sign-in."""
    with CaptureQueriesContext(connection) as queries:
        response = add(client, number, **proof)
    return *seen(response), len(queries)


def test_refusals_are_alike_and_cost_the_same(client, aigul, home):
    """Those that are not judged too: the user is locked, or the number slowed, in the end."""
    client.get(URL)
    answers = {name: try_at(client, *wrong) for name, wrong in WRONG.items()}
    factories.TriesFactory(
        kind="2-number", user=None, number="7777", until=timezone.now() + dt.timedelta(hours=1)
    )
    add(client, "7777", **RIGHT)
    answers["slowed"] = try_at(client, "7777", RIGHT)
    Tries.objects.filter(kind="3-user").update(until=timezone.now() + dt.timedelta(hours=1))
    answers["locked and right"] = try_at(client, NUMBER, RIGHT)
    answers["locked and wrong"] = try_at(client, *WRONG["unknown number"])
    assert len(set(answers.values())) == 1, {name: each[0::2] for name, each in answers.items()}
    page = Page(add(client, *WRONG["wrong day"][:1], **WRONG["wrong day"][1]))
    assert page.summary == [REFUSED]
    assert "контакт-орталығы" in page.content
    assert numbers(aigul) == []


def test_the_try_that_slows_costs_the_same_for_unknown_numbers(client, aigul, home):
    client.get(URL)
    costs = []
    for number in (NUMBER, "999999999"):
        factories.TriesFactory(
            kind="2-number", user=None, number=number, wrong=[timezone.now()] * 19
        )
        costs.append(try_at(client, number, {**RIGHT, "amount": "1"}))
    assert costs[0] == costs[1]


def test_refusals_in_the_log(client, aigul):
    add(client, amount="1", paid_on="2026-04-05")
    add(client, "987654321")
    assert actions(aigul) == [
        ("account_add_refused", NUMBER, {"why": "wrong"}),
        ("account_add_refused", "", {"why": "wrong", "number": "***321"}),
    ]


def test_nothing_else_that_is_posted_counts(client, aigul, home):
    proof = {
        **RIGHT,
        **{"user": home.stranger.pk, "user_id": home.stranger.pk, "account": home.strangers.pk},
        **{"since": "2001-01-01", "by_staff": "1", "reason": "x", "nickname": "x"},
    }
    add(client, **proof)
    holding = aigul.holdings.get()
    assert (holding.account, holding.by_staff, holding.reason) == (home.account, False, "")
    assert (holding.since, holding.nickname) == (timezone.now(), "")
    assert numbers(home.stranger) == ["000000202"]


def test_a_closed_account_can_be_added(client, aigul, home):
    home.account.closed_on = dt.date(2026, 4, 1)
    home.account.save()
    add(client)
    assert client.get(f"/accounts/{NUMBER}/payments/").status_code == 200


def test_not_by_another_site_s_form(client, aigul):
    client.handler.enforce_csrf_checks = True
    assert add(client).status_code == 403
    assert Holding.objects.filter(user=aigul).count() == 0


@pytest.fixture
def codes(monkeypatch):
    """Receipts that know the code of the home's account."""

    def is_right(account, code):
        return account.payments.exists() and (account.number, code) == (NUMBER, "K7Q2")

    monkeypatch.setattr(proofs, "CODES", [is_right])


def test_no_code_is_asked_for_while_nobody_knows_any(client, aigul, monkeypatch):
    monkeypatch.setattr(proofs, "CODES", [])
    assert Page(client.get(URL)).all("details.otherwise") == []
    page = Page(client.post(URL, {"number": NUMBER, "code": "K7Q2"}))
    assert set(page.beside) == {"paid_on", "amount"}


def test_by_a_receipt_s_code(client, aigul, codes):
    (form,) = Page(client.get(URL)).find("details.otherwise").iter("form")
    assert [each.get("name") for each in form.iter("input")][1:] == ["number", "code"]
    wrong = [
        try_at(client, number, {"code": code})
        for number, code in ((NUMBER, "ZZZZ"), ("000000202", "K7Q2"), ("999999999", "K7Q2"))
    ]
    assert len({re.sub(rb'value="[^"]*"', b"", page) for _status, page, _cost in wrong}) == 1
    assert len({cost for _status, _page, cost in wrong}) == 1
    assert Page(SimpleNamespace(status_code=200, content=wrong[0][1])).summary == [REFUSED]
    assert add(client, code="K7Q2").status_code == 302
    assert numbers(aigul) == [NUMBER]


def test_nobody_is_sent_to_sign_in(client, home):
    response = add(client)
    assert (response.status_code, response.url) == (302, f"/login/?next={URL}")
