"""«Электрондық түбіртекке жазылу»: the choice, its letter, and the way out of it."""

import datetime as dt
import logging
import threading
import uuid

import pytest
from django.db import transaction

from accounts.models import AuditEntry
from accounts.tests.test_register import in_threads, somebody_waits_for_us
from billing import holdings
from billing.models import Holding
from billing.tests.factories import HoldingFactory, PersonalAccountFactory
from cabinet.logs import WithoutKeys
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.pages import Page
from cabinet.tests.post_office import until
from receipts import subscriptions
from receipts.models import Subscription, SubscriptionChange
from receipts.tests.factories import DeliveryFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db

URL = "/accounts/000000101/e-receipt/"
CHOICE = {"language": "ru", "form": "large", "receipts": "on", "paper": "on"}
KEPT = ("receipts", "reminders", "payments", "language", "form", "attached", "paper")


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return client


def chosen(user):
    own = Subscription.objects.get(user=user)
    return {name: getattr(own, name) for name in KEPT}


def history():
    return list(SubscriptionChange.objects.order_by("pk").values_list("why", "receipts", "paper"))


# The list


def test_an_only_account_leads_to_its_form(owner):
    assert owner.get("/e-receipt/").url == URL


def test_several_accounts(owner, home):
    other = PersonalAccountFactory(number="000000303")
    HoldingFactory(user=home.owner, account=other)
    SubscriptionFactory(user=home.owner, account=home.account, reminders=True)
    page = Page(owner.get("/e-receipt/"))
    assert page.heading == "Электрондық түбіртекке жазылу"
    assert "000000101" in page.content
    assert "✓ электрондық түбіртектер, еске салулар" in page.content
    assert "Электрондық поштамен ештеңе келмейді" in page.content


def test_without_an_account(client, home):
    client.force_login(home.former)
    page = Page(client.get("/e-receipt/"))
    assert "Шот қосқаннан кейін" in page.content


# The choice


def test_nothing_is_chosen_at_first(owner, home):
    page = Page(owner.get(URL))
    assert "owner@example.kz" in page.content
    assert not Subscription.objects.exists()


def test_it_is_chosen_and_confirmed_by_a_letter(owner, home):
    response = owner.post(URL, CHOICE, follow=True)
    assert "Деректер сақталды" in Page(response).content
    assert chosen(home.owner) == {
        "receipts": True,
        "reminders": False,
        "payments": False,
        "language": "ru",
        "form": "large",
        "attached": False,
        "paper": True,
    }
    letter = Letter.objects.get()
    assert (letter.recipient, letter.kind, letter.language) == (
        "owner@example.kz",
        "subscription",
        "kk",
    )
    assert "Электрондық түбіртектер: иә\n" in letter.text
    assert "Қағаз түбіртек: иә\n" in letter.text
    assert "000000101" not in letter.text
    entry = AuditEntry.objects.get(action="subscription_changed")
    assert (entry.actor_login, entry.account_number) == ("owner", "000000101")
    assert entry.about == {"fields": ["receipts", "language", "form", "attached"]}
    assert history() == [("chosen", True, True)]


def test_the_same_again_changes_nothing(owner):
    owner.post(URL, CHOICE)
    owner.post(URL, CHOICE)
    assert (Letter.objects.count(), len(history())) == (1, 1)


def test_paper_is_refused_with_e_receipts_only(owner):
    del_paper = {name: value for name, value in CHOICE.items() if name != "paper"}
    owner.post(URL, del_paper)
    assert Subscription.objects.get().paper is False
    owner.post(URL, {"language": "ru", "form": "large"})
    own = Subscription.objects.get()
    assert (own.receipts, own.paper) == (False, True)


@pytest.mark.parametrize("field", ["language", "form"])
@pytest.mark.parametrize("value", ["", "en", "\0"])
def test_bad_values(field, value, owner):
    response = owner.post(URL, {**CHOICE, field: value})
    assert response.status_code == 400
    assert list(Page(response).beside) == [field]
    assert not Subscription.objects.exists()


def test_a_refused_address_is_told_and_tried_again(owner, home):
    own = SubscriptionFactory(user=home.owner, account=home.account, paper=False)
    subscriptions.refuse(own, "owner@example.kz", "550 5.1.1 No such user")
    page = Page(owner.get(URL))
    assert "Пошта сервері бұл мекенжай хат қабылдамайды деп жауап берді." in page.content
    assert "550 5.1.1 No such user" in page.content
    assert history() == [("refused", True, False)]
    owner.post(URL, {**CHOICE, "language": "both", "form": "normal", "attached": "on"})
    assert Subscription.objects.get().refused_address == ""
    assert "хат қабылдамайды" not in Page(owner.get(URL)).content


def test_the_latest_one_is_told(owner, home):
    own = SubscriptionFactory(user=home.owner, account=home.account)
    delivery = DeliveryFactory(subscription=own)
    Letter.objects.filter(pk=delivery.pk).update(
        state="sent", done_at=dt.datetime(2026, 4, 6, 4, tzinfo=dt.UTC)
    )
    assert "Соңғы электрондық түбіртек: 2026 ж. наурыз" in Page(owner.get(URL)).content


def test_another_holder_has_ended_the_paper(owner, home):
    SubscriptionFactory(user=home.second, account=home.account, paper=False)
    assert "Түбіртек қағаз түрінде келмейді" in Page(owner.get(URL)).content


def test_another_holder_wants_the_paper(owner, home):
    SubscriptionFactory(user=home.second, account=home.account)
    owner.post(URL, {"receipts": "on", "language": "kk", "form": "normal"})
    assert "Қағаз түбіртек бәрібір келеді" in Page(owner.get(URL)).content
    assert "Қағаз түбіртек: иә\n" in Letter.objects.get().text


def test_a_link_undoes_what_it_ended_and_nothing_else(client, own):
    """Receipts were ended by choice before the link of another kind was used."""
    subscriptions._write(own, "chosen", receipts=False, paper=True)
    client.post(link(own.key, "reminders"))
    assert "Қателестім" not in Page(client.get(link(own.key))).content
    client.post(link(own.key), {"undo": "yes"})
    own.refresh_from_db()
    assert (own.receipts, own.reminders) == (False, False)


def test_a_refusal_of_an_earlier_address_stops_nothing(home):
    own = SubscriptionFactory(user=home.owner, account=home.account)
    subscriptions.refuse(own, "earlier@example.kz", "550 5.1.1 No")
    assert Subscription.objects.in_force().exists()


def test_nothing_is_told_of_what_has_ended(home):
    own = SubscriptionFactory(user=home.owner, account=home.account, receipts=False)
    subscriptions.refuse(own, "owner@example.kz", "550 5.1.1 No")
    assert history() == []


@pytest.mark.django_db(transaction=True)
def test_whoever_is_unlinked_while_he_chooses_is_not_subscribed(home, rf):
    """The choice waits for the link that is being taken away, and finds none."""
    request = rf.post("/")
    request.user = home.owner
    own = subscriptions.of(home.owner, home.account)
    with transaction.atomic():
        Holding.objects.filter(user=home.owner).delete()
        chooser = threading.Thread(
            target=in_threads, args=[lambda: subscriptions.choose(request, own, {"receipts": True})]
        )
        chooser.start()
        until(somebody_waits_for_us)
    chooser.join()
    assert not Subscription.objects.exists()


def test_a_new_link_begins_without_letters(home, rf):
    """Whatever an earlier one has left."""
    own = SubscriptionFactory(user=home.former, account=home.account, held=False)
    request = rf.post("/")
    request.user = home.support
    assert holdings.link_by_staff(request, home.former, home.account, "құжат көрсетті")
    own.refresh_from_db()
    assert not own.is_on


@pytest.mark.parametrize("who", ["second", "stranger", "former", "suspended", "support"])
def test_nobody_sees_or_changes_anothers(who, client, home):
    SubscriptionFactory(user=home.owner, account=home.account)
    client.force_login(getattr(home, who))
    response = client.post(URL, CHOICE)
    assert response.status_code == (302 if who == "second" else 404)
    assert chosen(home.owner)["language"] == "both"


def test_an_account_removed_meanwhile_is_not_subscribed_to(rf, home):
    request = rf.post("/")
    request.user = home.owner
    own = subscriptions.of(home.owner, home.account)
    Holding.objects.filter(user=home.owner).delete()
    assert subscriptions.choose(request, own, {"receipts": True}) is False
    assert not Subscription.objects.exists()


def test_pages_take_as_many_queries_whatever_is_chosen(owner, home, django_assert_max_num_queries):
    owner.get(URL)
    with django_assert_max_num_queries(8):
        owner.get(URL)


# The way out


@pytest.fixture
def own(home):
    return SubscriptionFactory(user=home.owner, account=home.account, paper=False, reminders=True)


def link(key, notice="receipts"):
    return f"/e-receipt/unsubscribe/{key}/{notice}/"


def test_a_look_ends_nothing(client, own):
    page = Page(client.get(link(own.key)))
    assert page.heading == "Бұл хаттарды тоқтату керек пе?"
    own.refresh_from_db()
    assert own.receipts


def test_a_mail_program_ends_it_without_a_cookie(client, own):
    client.handler.enforce_csrf_checks = True
    response = client.post(link(own.key), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    own.refresh_from_db()
    assert (own.receipts, own.paper, own.reminders) == (False, True, True)
    assert history() == [("link", False, True)]
    entry = AuditEntry.objects.get(action="unsubscribed_asked")
    assert (entry.actor_kind, entry.subject_login, entry.account_number) == (
        "unknown",
        "owner",
        "000000101",
    )


def test_it_is_taken_back_on_the_page_it_leads_to(client, own):
    page = Page(client.post(link(own.key)))
    assert page.heading == "Бұл хаттар енді келмейді"
    assert "Қателестім: хаттар қайта келсін" in page.content
    page = Page(client.post(link(own.key), {"undo": "yes"}))
    assert page.heading == "Бұл хаттар қайтадан келеді"
    own.refresh_from_db()
    assert own.receipts
    assert history() == [("link", False, True), ("undone", True, True)]


def test_paper_goes_again_as_it_was(client, home):
    client.force_login(home.owner)
    client.post(URL, {"receipts": "on", "language": "both", "form": "normal"})
    own = Subscription.objects.get()
    assert own.paper is False
    client.logout()
    client.post(link(own.key))
    client.post(link(own.key), {"undo": "yes"})
    own.refresh_from_db()
    assert (own.receipts, own.paper) == (True, False)


def test_each_kind_ends_by_itself(client, own):
    client.post(link(own.key, "reminders"))
    own.refresh_from_db()
    assert (own.receipts, own.reminders, own.paper) == (True, False, False)


def test_it_is_not_taken_back_after_a_week(client, own, monkeypatch):
    client.post(link(own.key))
    people.at(people.TODAY + dt.timedelta(days=8), monkeypatch)
    assert "Қателестім" not in Page(client.get(link(own.key))).content
    client.post(link(own.key), {"undo": "yes"})
    own.refresh_from_db()
    assert not own.receipts


def test_nor_what_the_resident_chose(client, own, home):
    client.force_login(home.owner)
    client.post(URL, {"paper": "on", "language": "both", "form": "normal"})
    client.logout()
    client.post(link(own.key), {"undo": "yes"})
    own.refresh_from_db()
    assert not own.receipts


def test_nor_when_the_account_is_gone(client, own, home):
    client.post(link(own.key))
    Holding.objects.filter(user=home.owner).delete()
    client.post(link(own.key), {"undo": "yes"})
    own.refresh_from_db()
    assert not own.receipts


def test_an_unknown_key_tells_nothing(client, own):
    unknown = Page(client.post(link(uuid.uuid4())))
    client.post(link(own.key))
    known = Page(client.get(link(own.key)))
    assert unknown.status == known.status == 200
    assert unknown.heading == known.heading == "Бұл хаттар енді келмейді"
    for told in ("owner", "000000101", "@"):
        assert told not in known.content


def test_it_speaks_the_subscribers_language(client, own, home):
    home.owner.language = "ru"
    home.owner.save()
    assert Page(client.get(link(own.key))).heading == "Прекратить эти письма?"


def test_a_key_is_not_written_to_the_log(own):
    record = logging.LogRecord("x", 30, "", 0, "Forbidden: %s", (link(own.key),), None)
    assert WithoutKeys().filter(record)
    assert record.getMessage() == "Forbidden: /e-receipt/unsubscribe/…/receipts/"
    record = logging.LogRecord("x", 30, "", 0, f"/e-receipt/{own.key}/2026-03/", None, None)
    WithoutKeys().filter(record)
    assert record.getMessage() == "/e-receipt/…/2026-03/"


# An address that changes


def test_billing_is_told_of_another_address(home):
    SubscriptionFactory(user=home.owner, account=home.account)
    subscriptions.move(home.owner)
    assert history() == [("moved", True, True)]
