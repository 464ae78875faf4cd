"""«Жою», one's own name for an account, and who else holds it."""

import pytest

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_password import messages
from billing import holdings
from billing.models import Holding
from billing.tests import factories
from billing.tests.test_holding_add import actions, numbers, written
from billing.tests.test_holding_races import asking
from cabinet.tests.pages import Page, text

REMOVE, NICKNAME = "/accounts/000000101/remove/", "/accounts/000000101/nickname/"
MARKUP = "<script>alert(1)</script>&\"'"


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return client


def test_the_question(owner):
    page = Page(owner.get(REMOVE))
    assert page.heading == "Дербес шот жойылсын ба?"
    assert "000000101" in page.content
    buttons = [
        (text(each), each.get("name"), each.get("value"))
        for each in page.find("main").iter("button")
    ]
    assert buttons == [("Иә", "confirm", "yes"), ("Жоқ", "confirm", "no")]


def test_no_changes_nothing(owner, home):
    response = owner.post(REMOVE, {"confirm": "no"})
    assert (response.status_code, response.url) == (302, "/accounts/")
    assert messages(Page(owner.get("/accounts/"))) == []
    assert (numbers(home.owner), actions(home.owner)) == (["000000101"], [])


@pytest.mark.parametrize("answer", [{}, {"confirm": ""}, {"confirm": "maybe"}, {"confirm": "YES"}])
def test_no_answer_asks_again(answer, owner, home):
    response = owner.post(REMOVE, answer)
    assert response.status_code == 400
    assert Page(response).heading == "Дербес шот жойылсын ба?"
    assert numbers(home.owner) == ["000000101"]


def test_yes_takes_the_link_away_at_once(owner, home):
    response = owner.post(REMOVE, {"confirm": "yes"})
    assert (response.status_code, response.url) == (302, "/accounts/")
    assert messages(Page(owner.get("/accounts/"))) == ["Дербес шот жойылды"]
    assert owner.get("/accounts/000000101/").status_code == 404
    assert (numbers(home.owner), numbers(home.second)) == ([], ["000000101"])
    assert actions(home.owner) == [("account_removed", "000000101", {})]
    assert home.account.payments.exists()


@pytest.mark.parametrize("who", ["stranger", "former", "support"])
@pytest.mark.parametrize("page", [REMOVE, NICKNAME])
def test_of_others_accounts_nothing_is_told(page, who, client, home):
    client.force_login(getattr(home, who))
    before = list(Holding.objects.order_by("pk").values())
    unknown = page.replace("000000101", "999999999")
    for ask in (client.get, lambda path: client.post(path, {"confirm": "yes", "nickname": "x"})):
        assert ask(page).status_code == 404
        assert ask(page).content == ask(unknown).content
    assert list(Holding.objects.order_by("pk").values()) == before


def test_not_by_another_site_s_form(owner, home):
    owner.handler.enforce_csrf_checks = True
    for page, form in ((REMOVE, {"confirm": "yes"}), (NICKNAME, {"nickname": "x"})):
        assert owner.post(page, form).status_code == 403
    assert home.owner.holdings.get().nickname == ""


def test_a_nickname(owner, home):
    assert Page(owner.get(NICKNAME)).values == {"nickname": ""}
    response = owner.post(NICKNAME, {"nickname": " анамның пәтері "})
    assert (response.status_code, response.url) == (302, "/accounts/")
    page = Page(owner.get("/accounts/"))
    assert messages(page) == ["Деректер сақталды"]
    assert text(page.find("span.accounts-nickname")) == "анамның пәтері"
    assert text(Page(owner.get("/accounts/000000101/payments/")).find("span.head-nickname")) == (
        "анамның пәтері"
    )
    assert Page(owner.get(NICKNAME)).values == {"nickname": "анамның пәтері"}
    owner.force_login(home.second)
    assert "анамның пәтері" not in owner.get("/accounts/").content.decode()


def test_a_long_nickname(owner, home):
    owner.post(NICKNAME, {"nickname": "ә" * 60})
    page = Page(owner.post(NICKNAME, {"nickname": "ө" * 61}))
    assert list(page.beside) == ["nickname"]
    assert home.owner.holdings.get().nickname == "ә" * 60


def test_markup_in_a_nickname_is_text(owner, home):
    owner.post(NICKNAME, {"nickname": MARKUP})
    for url in ("/accounts/", "/accounts/000000101/", REMOVE, NICKNAME):
        response = owner.get(url)
        shown = Page(response)
        assert MARKUP in text(shown.find("body")) or MARKUP in shown.values.values()
        assert b"<script>alert" not in response.content


def test_nothing_else_that_is_posted_counts(owner, home):
    before = home.owner.holdings.values("user", "account", "since", "by_staff", "reason").get()
    form = {"user": home.stranger.pk, "account": home.strangers.pk, "since": "2001-01-01"}
    owner.post(NICKNAME, {"nickname": "x", **form, "by_staff": "on", "reason": "x"})
    owner.post(REMOVE, {"confirm": "no", **form})
    assert home.owner.holdings.values(*before).get() == before
    owner.post(REMOVE, {"confirm": "yes", **form, "number": "000000202"})
    assert (numbers(home.owner), numbers(home.stranger)) == ([], ["000000202"])


def test_holders_see_each_other_by_masked_names(owner, home):
    factories.HoldingFactory(account=home.account, user__full_name="Айгүл Иса")
    page = Page(owner.get("/accounts/000000101/"))
    assert "Сондай-ақ қосқандар: Ы*** І*** Ә***, А*** И***" in page.content
    assert "Айгүл" not in page.content
    owner.force_login(home.stranger)
    assert "қосқандар" not in Page(owner.get("/accounts/000000202/")).content


def test_staff_link_and_unlink(home):
    aigul = UserFactory(login="aigul", language="ru")
    request = asking(home.support)
    assert holdings.link_by_staff(request, aigul, home.account, " Удостоверение ")
    assert not holdings.link_by_staff(request, aigul, home.account, "ещё раз")
    holding = aigul.holdings.get()
    assert (holding.by_staff, holding.reason) == (True, "Удостоверение")
    assert written() == [
        ("account_linked", "aigul@example.kz"),
        ("holder_joined", "owner@example.kz"),
        ("holder_joined", "second@example.kz"),
    ]
    assert holdings.unlink_by_staff(request, holding, "Не живёт")
    assert not holdings.unlink_by_staff(request, holding, "Не живёт")
    assert written()[3:] == [("account_unlinked", "aigul@example.kz")]
    entries = AuditEntry.objects.filter(action__contains="link").order_by("pk")
    assert [(e.action, e.subject_login, e.account_number, e.about) for e in entries] == [
        ("account_linked", "aigul", "000000101", {"reason": "Удостоверение"}),
        ("account_unlinked", "aigul", "000000101", {"reason": "Не живёт"}),
    ]


@pytest.mark.parametrize("reason", ["", " \n"])
def test_staff_say_why(reason, home):
    request, holding = asking(home.support), home.owner.holdings.get()
    with pytest.raises(ValueError, match="say why"):
        holdings.link_by_staff(request, home.stranger, home.account, reason)
    with pytest.raises(ValueError, match="say why"):
        holdings.unlink_by_staff(request, holding, reason)
    assert numbers(home.owner) == ["000000101"]
    assert written() == []
