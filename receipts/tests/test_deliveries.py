"""Mailings of e-receipts: who gets which letter, what is in it, and who gets nothing more."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import AuditEntry, User
from accounts.tests.factories import PASSWORD
from accounts.tests.test_register import in_threads
from billing import holdings
from billing.models import Holding, Payment, PersonalAccount, Receipt
from billing.tests import factories
from cabinet import mailings
from cabinet.models import Letter, Mailing
from cabinet.outbox import Sender
from cabinet.tests import people
from cabinet.tests.pages import Page
from cabinet.tests.post_office import unhurried
from receipts import deliveries, notices, subscriptions
from receipts.models import Delivery, Subscription
from receipts.tests.factories import SubscriptionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laid_out_once")]

JANUARY, FEBRUARY, MARCH = (dt.date(2026, month, 1) for month in (1, 2, 3))
OWNER = "owner@example.kz"


@pytest.fixture
def office(settings):
    with unhurried(settings) as office:
        yield office


@pytest.fixture
def subscribed(home):
    """The owner's subscription."""
    return SubscriptionFactory(user=home.owner, account=home.account)


def an_import(account, *months, files=frozenset({"receipts"}), **fields):
    """Receipts of these months as an import makes them, and what follows of it."""
    record = factories.ImportFactory()
    rows = Receipt.objects.filter(account=account, month__in=months)
    rows.update(made_by=record, **fields)
    with transaction.atomic():
        deliveries.follow_import(record, set(files))
    return record


def correct(account, month, version=2):
    """The month's receipt as it was is kept, as an import does before it changes it."""
    receipt = Receipt.objects.get(account=account, month=month)
    factories.FrozenReceiptFactory(
        account=account,
        month=month,
        version=version - 1,
        number=receipt.number,
        amount_due=receipt.amount_due + 100,
    )
    return version


def send():
    return Sender("a worker").send_due()


def addressed():
    """Receiver, month, version and first corrected month of each letter that waits."""
    return list(
        Delivery.objects.filter(letter__state="waiting")
        .order_by("letter__recipient", "pk")
        .values_list("letter__recipient", "month", "version", "since")
    )


def states():
    return list(Letter.objects.order_by("pk").values_list("state", flat=True))


def subject_of(message):
    """Without the space that a folded header begins with."""
    return message["Subject"].strip()


def text_of(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n").replace("\xa0", " ")


# Whom a mailing is for


def test_an_import_makes_one_letter_for_each_subscriber(home, subscribed):
    SubscriptionFactory(user=home.second, account=home.account)
    SubscriptionFactory(user=home.stranger, account=home.strangers)  # it has no receipt
    record = an_import(home.account, MARCH)
    assert addressed() == [
        (OWNER, MARCH, 1, None),
        ("second@example.kz", MARCH, 1, None),
    ]
    (mailing,) = Mailing.objects.all()
    made = mailing.kind, mailing.key, mailing.about, mailing.total
    assert made == ("receipt", f"import {record.pk}", "2026-03", 2)


def test_an_import_is_followed_once(home, subscribed):
    record = an_import(home.account, MARCH)
    deliveries.follow_import(record, {"receipts"})
    assert len(addressed()) == Mailing.objects.count() == 1


def test_of_several_months_the_latest(home, subscribed):
    an_import(home.account, JANUARY, FEBRUARY, MARCH)
    assert addressed() == [(OWNER, MARCH, 1, None)]


def test_a_month_that_comes_late_is_no_news(home, subscribed):
    an_import(home.account, JANUARY)
    assert addressed() == []
    assert not Mailing.objects.exists()


def test_a_correction_through_many_months_is_one_letter(home, subscribed):
    an_import(home.account, JANUARY, FEBRUARY, MARCH, version=2)
    assert addressed() == [(OWNER, MARCH, 2, JANUARY)]


def test_a_correction_of_an_old_month_alone_is_told(home, subscribed):
    an_import(home.account, JANUARY, version=2)
    assert addressed() == [(OWNER, JANUARY, 2, JANUARY)]


def test_a_first_load_sends_nothing(home, subscribed):
    every = Receipt.objects.filter(account=home.account).values_list("month", flat=True)
    an_import(home.account, *every)
    assert addressed() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda own: Subscription.objects.filter(pk=own.pk).update(receipts=False),
        lambda own: Holding.objects.filter(user=own.user).delete(),
        lambda own: User.objects.filter(pk=own.user_id).update(is_active=False),
        lambda own: PersonalAccount.objects.filter(pk=own.account_id).update(
            owner_since=dt.date(2099, 1, 1)
        ),
        lambda own: subscriptions.refuse(own, OWNER, "550 5.1.1 No such user"),
        lambda own: own.user.delete(),
    ],
    ids=["off", "removed", "inactive", "suspended", "refused", "deleted"],
)
class TestNobodyElse:
    """Whoever no longer wants or may have it."""

    def test_is_written_to(self, change, home, subscribed):
        change(subscribed)
        an_import(home.account, MARCH)
        assert addressed() == []

    def test_gets_what_is_under_way(self, change, home, subscribed, office):
        SubscriptionFactory(user=home.second, account=home.account)
        an_import(home.account, MARCH)
        change(subscribed)
        send()
        others = Holding.objects.in_force().filter(user=home.second)
        assert office.addresses == (["second@example.kz"] if others.exists() else [])
        assert set(states()) <= {"sent", "withdrawn"}


def test_an_address_that_changed_meanwhile_gets_it(home, subscribed, office):
    an_import(home.account, MARCH)
    User.objects.filter(pk=home.owner.pk).update(email="new@example.kz")
    send()
    assert office.addresses == ["new@example.kz"]
    assert Letter.objects.get().recipient == "new@example.kz"


def test_a_later_mailing_takes_the_place_of_an_earlier_one(home, subscribed, office):
    an_import(home.account, MARCH)
    an_import(home.account, MARCH, version=correct(home.account, MARCH))
    while send():
        pass
    assert states() == ["withdrawn", "sent"]
    assert len(office.received) == 1


def test_what_an_earlier_letter_would_have_told_is_told_by_the_later_one(home, subscribed, office):
    an_import(home.account, JANUARY, FEBRUARY, version=2)
    an_import(home.account, MARCH)
    while send():
        pass
    ((_address, message),) = office.received
    assert subject_of(message) == "Түбіртек: 2026 ж. наурыз"
    told = text_of(message)
    assert "Дербес шотыңыздың түбіртегі дайын." in told
    assert "түбіртектерін түзетті (2026 ж. қаңтар – 2026 ж. ақпан)." in told


def test_a_new_receipt_with_a_correction_of_the_one_before(home, subscribed, office):
    Receipt.objects.filter(account=home.account, month=FEBRUARY).update(version=2)
    an_import(home.account, FEBRUARY, MARCH)
    send()
    ((_address, message),) = office.received
    assert subject_of(message) == "Түбіртек: 2026 ж. наурыз"
    assert "Жеткізуші бұрынғы түбіртекті түзетті: 2026 ж. ақпан." in text_of(message)


def test_a_month_that_comes_late_was_not_corrected(home, subscribed):
    Receipt.objects.filter(account=home.account, month=MARCH).update(version=2)
    an_import(home.account, JANUARY, MARCH)
    assert addressed() == [(OWNER, MARCH, 2, MARCH)]


def test_it_was_is_what_was_sent_last(home, subscribed, office):
    """Two corrections, of which the resident never saw the first."""
    an_import(home.account, MARCH)
    send()
    correct(home.account, MARCH)
    Receipt.objects.filter(account=home.account, month=MARCH).update(amount_due=Decimal("1900"))
    correct(home.account, MARCH, version=3)
    an_import(home.account, MARCH, version=3, amount_due=Decimal("1950"))
    send()
    message = office.received[-1][1]
    assert "Бұрын: төлеуге 1 702,20 ₸. Енді: төлеуге 1 950,00 ₸." in text_of(message)


@pytest.mark.django_db(transaction=True)
def test_a_user_who_is_just_being_deleted_stops_no_import(home, subscribed):
    """Neither waits for the other for good: who is being deleted gets none, others do."""
    SubscriptionFactory(user=home.second, account=home.account)
    with transaction.atomic():
        home.owner.delete()
        in_threads(lambda: an_import(home.account, MARCH))
    assert addressed() == [("second@example.kz", MARCH, 1, None)]


def test_a_receipt_that_billing_withdrew_is_not_sent(home, subscribed, office):
    an_import(home.account, MARCH)
    Receipt.objects.filter(account=home.account, month=MARCH).delete()
    send()
    assert (states(), office.received) == (["withdrawn"], [])


# What is in it


def test_a_receipt_with_its_pdf(home, subscribed, office, client, pages):
    an_import(home.account, MARCH)
    send()
    ((address, message),) = office.received
    assert address == OWNER
    assert subject_of(message) == "Түбіртек: 2026 ж. наурыз"
    assert text_of(message).split("\n\n")[1:6] == [
        "Түбіртек: 2026 ж. наурыз",
        "Дербес шотыңыздың түбіртегі дайын.",
        "Ол хатқа PDF түрінде тіркелген және жеке кабинетте сақталады.",
        "Төлеуге қалғаны: 1 102,20 ₸\nТөлеу мерзімі: 2026 ж. 25 сәуір",
        "Дербес шот нөмірі: ••••••101\nАй/Жыл: 2026 ж. наурыз\nБастапқы сальдо: 1 601,20 ₸\n"
        "Есептеу: 1 602,20 ₸\nТөлемдер: 1 601,20 ₸\nТүбіртек сомасы: 1 602,20 ₸\n"
        "Содан бері түскені: 500,00 ₸",
    ]
    assert home.account.number not in message.as_string()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "Түбіртек 000000101 2026-03.pdf"
    client.force_login(home.owner)
    shown = client.get("/accounts/000000101/receipts/2026-03.pdf").content
    assert attached.get_content() == shown
    assert "1 602,20" in pages(shown)[0].replace("\xa0", " ")


def test_by_a_link_alone_it_names_nobody(home, subscribed, office, client):
    Subscription.objects.update(attached=False, language="ru", form="large")
    an_import(home.account, MARCH)
    send()
    ((_address, message),) = office.received
    assert list(message.iter_attachments()) == []
    assert message["Content-Language"] == "ru"
    assert subject_of(message) == "Квитанция: март 2026 г."
    whole = message.get_body(("html",)).get_content() + text_of(message)
    for told in (home.account.number, home.account.payer, home.account.address_ru):
        assert told not in whole
    link = f"https://testserver/e-receipt/{subscribed.key}/2026-03/"
    assert link in whole
    assert client.get(link).url.startswith("/login/")
    client.force_login(home.owner)
    paper = client.get(link)
    assert paper.url == "/accounts/000000101/receipts/2026-03.pdf?lang=ru&form=large"
    assert client.get(paper.url)["Content-Type"] == "application/pdf"
    client.force_login(home.second)
    assert client.get(link).status_code == 404


def test_the_operator_may_allow_links_alone(home, subscribed, office, settings):
    settings.RECEIPTS_BY_LINK_ONLY = True
    an_import(home.account, MARCH)
    send()
    ((_address, message),) = office.received
    assert list(message.iter_attachments()) == []
    assert "Оны жеке кабинеттен таба аласыз." in text_of(message)


def test_a_correction_says_what_changed(home, subscribed, office):
    an_import(home.account, JANUARY, FEBRUARY, MARCH, version=correct(home.account, MARCH))
    send()
    ((_address, message),) = office.received
    assert subject_of(message) == "Түзетілген түбіртек: 2026 ж. наурыз"
    assert (
        "Жеткізуші бірнеше айдың түбіртектерін түзетті (2026 ж. қаңтар – 2026 ж. наурыз).\n\n"
        "Бұрын: төлеуге 1 702,20 ₸. Енді: төлеуге 1 602,20 ₸.\n\n"
    ) in text_of(message)


def test_an_overpaid_one_says_so(home, subscribed, office):
    Receipt.objects.filter(account=home.account, month=MARCH).update(amount_due=Decimal("-10.50"))
    an_import(home.account, MARCH)
    send()
    ((_address, message),) = office.received
    assert "Артық төлем: 10,50 ₸" in text_of(message)
    assert "Төлеу мерзімі" not in text_of(message)


def test_it_can_be_ended_by_one_click(home, subscribed, office, client):
    an_import(home.account, MARCH)
    send()
    ((_address, message),) = office.received
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"].strip(" <>")
    assert link == f"https://testserver/e-receipt/unsubscribe/{subscribed.key}/receipts/"
    assert link in text_of(message)
    assert link in message.get_body(("html",)).get_content()


def test_queries_are_as_many_whatever_the_letter(home, subscribed, django_assert_max_num_queries):
    an_import(home.account, MARCH)
    letter = Letter.objects.get()
    with django_assert_max_num_queries(17):
        assert notices.receipt(letter).wanted()
    Subscription.objects.update(attached=False)
    with django_assert_max_num_queries(6):
        assert notices.receipt(letter).wanted()


# Refused


@pytest.mark.parametrize(
    ("answer", "stops"),
    [
        ("550 5.1.1 No such user", True),
        ("550 No such user", True),
        ("550 5.2.1 Mailbox disabled", True),
        ("553 5.1.3 Bad address", True),
        ("550 5.7.1 Relaying denied", False),
        ("554 5.7.1 Spam", False),
        ("552 5.2.2 Mailbox full", False),
    ],
)
def test_no_mailbox_ends_it_and_nothing_else_does(answer, stops, home, subscribed, office):
    office.to_recipient = lambda address: answer
    an_import(home.account, MARCH)
    send()
    assert states() == ["refused"]
    own = Subscription.objects.get()
    assert own.refused_address == (OWNER if stops else "")
    assert Subscription.objects.in_force().exists() is not stops


def test_another_address_is_written_to_again(home, subscribed, office):
    subscriptions.refuse(subscribed, OWNER, "550 5.1.1 No such user")
    User.objects.filter(pk=home.owner.pk).update(email="new@example.kz")
    an_import(home.account, MARCH)
    send()
    assert office.addresses == ["new@example.kz"]


# By hand


def deliver(capsys, *options):
    call_command("deliver", *options)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_a_month_by_hand(home, subscribed, capsys):
    dry = deliver(capsys, "--month", "2026-03", "--dry-run")
    assert dry == [
        ["1", "example.kz"],
        ["1", "letters", "would", "be", "sent.", "Nothing", "was", "changed."],
    ]
    assert not Letter.objects.exists()
    deliver(capsys, "--month", "2026-03")
    assert addressed() == [(OWNER, MARCH, 1, None)]
    assert deliver(capsys, "--month", "2026-03") == [
        ["Nobody", "is", "left", "to", "send", "it", "to."]
    ]


def test_by_hand_it_goes_to_whoever_has_not_got_that_version(home, subscribed, office, capsys):
    an_import(home.account, MARCH)
    send()
    deliver(capsys, "--month", "2026-03")
    assert addressed() == []
    Receipt.objects.filter(account=home.account, month=MARCH).update(
        version=correct(home.account, MARCH)
    )
    deliver(capsys, "--month", "2026-03")
    assert addressed() == [(OWNER, MARCH, 2, MARCH)]


@pytest.mark.parametrize("month", ["2026-13", "26-03", "", "2026-03-01"])
def test_a_month_that_is_none(month, db):
    with pytest.raises(CommandError) as error:
        call_command("deliver", "--month", month)
    assert error.value.returncode == 2


# Reminders and payments


def test_a_reminder_comes_before_the_day_and_once(home, office, monkeypatch):
    SubscriptionFactory(user=home.owner, account=home.account, receipts=False, reminders=True)
    for day, letters in ((21, 0), (22, 1), (23, 1), (25, 1)):
        people.at(dt.date(2026, 4, day), monkeypatch)
        deliveries.remind()
        deliveries.remind()
        assert Letter.objects.count() == letters
    people.at(dt.date(2026, 4, 22), monkeypatch)
    send()
    ((_address, message),) = office.received
    assert subject_of(message) == "Түбіртекті төлеу мерзімі: 25.04.2026"
    assert "Төлеуге: 1 102,20 ₸\nТөлеу мерзімі: 2026 ж. 25 сәуір" in text_of(message)
    assert message["List-Unsubscribe"].endswith("/reminders/>")


def test_whoever_has_paid_is_not_reminded(home, office, monkeypatch):
    SubscriptionFactory(user=home.owner, account=home.account, receipts=False, reminders=True)
    people.at(dt.date(2026, 4, 22), monkeypatch)
    deliveries.remind()
    factories.PaymentFactory(
        account=home.account, month=dt.date(2026, 4, 1), amount=Decimal("1102.20")
    )
    send()
    assert (states(), office.received) == (["withdrawn"], [])
    Letter.objects.all().delete()
    people.at(dt.date(2026, 4, 23), monkeypatch)
    deliveries.remind()
    assert not Letter.objects.exists()


def test_nobody_is_reminded_at_night(home, monkeypatch):
    SubscriptionFactory(user=home.owner, account=home.account, reminders=True)
    night = dt.datetime(2026, 4, 22, 19, tzinfo=dt.UTC)  # midnight in Almaty
    monkeypatch.setattr("django.utils.timezone.now", lambda: night)
    deliveries.remind()
    assert not Mailing.objects.exists()


def bring_payments(account, *payments):
    """What a set with payments leaves for those who follow it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE delta_payments"
            " (account_id bigint, reference text, paid_on date, known boolean)"
        )
        for payment in payments:
            cursor.execute(
                "INSERT INTO delta_payments VALUES (%s, %s, %s, false)",
                [account.pk, payment.reference, payment.paid_on],
            )
    an_import(account, files={"payments"})
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE delta_payments")


def test_word_of_payments(home, office):
    SubscriptionFactory(user=home.owner, account=home.account, receipts=False, payments=True)
    SubscriptionFactory(user=home.second, account=home.account)  # does not want it
    paid = list(Payment.objects.filter(account=home.account, paid_on__gte=dt.date(2026, 4, 1)))
    old = list(Payment.objects.filter(account=home.account, paid_on__lt=dt.date(2026, 3, 1)))
    assert (len(paid), len(old) > 10) == (1, True)
    bring_payments(home.account, *paid, *old)
    send()
    ((address, message),) = office.received
    assert (address, subject_of(message)) == (OWNER, "Төлеміңіз түсті")
    assert "Төлемдер: 500,00 ₸\n" in text_of(message)
    assert "05.04.2026, " in text_of(message)
    assert message["List-Unsubscribe"].endswith("/payments/>")


def test_what_is_taken_back_is_told(home, office):
    SubscriptionFactory(user=home.owner, account=home.account, receipts=False, payments=True)
    back = factories.PaymentFactory(
        account=home.account, month=MARCH, paid_on=dt.date(2026, 4, 6), amount=Decimal("-500.00")
    )
    bring_payments(home.account, back)
    send()
    ((_address, message),) = office.received
    assert subject_of(message) == "Төлем қайтарып алынды"
    assert "−500,00 ₸" in text_of(message)


# How a mailing ends


def test_a_mailing_ends_with_its_last_letter(home, subscribed, office):
    SubscriptionFactory(user=home.second, account=home.account)
    office.to_recipient = lambda address: "550 5.1.1 No" if address == OWNER else "250 OK"
    an_import(home.account, MARCH)
    mailings.settle()
    assert Mailing.objects.get().ended_at is None
    send()
    mailings.settle()
    mailing = Mailing.objects.get()
    assert mailing.ended_at
    Letter.objects.all().delete()
    progress = mailings.progress(mailing)
    assert (progress.total, progress.sent, progress.failed, progress.waiting) == (2, 1, 1, 0)
    assert progress.reasons == [("550 5.1.1 No", 1)]


def test_failed_letters_are_sent_anew(home, subscribed, client, office):
    office.to_recipient = lambda address: "550 5.1.1 No such user"
    an_import(home.account, MARCH)
    send()
    mailings.settle()
    office.to_recipient = lambda address: "250 OK"
    client.force_login(home.supervisor)
    act = f"/admin/cabinet/mailing/{Mailing.objects.get().pk}/retry/"
    page = client.post(act, follow=True).content.decode()
    assert "Жеткізілмеген хаттар қайта жіберілуді күтіп тұр: 1." in page
    assert send() == 1
    assert office.addresses == [OWNER]
    assert told(subscribed) == (True, True, ["refused", "tried"])
    entry = AuditEntry.objects.get(action="mailing_retried")
    assert entry.about["letters"] == 1


def test_staff_pause_and_resume(home, subscribed, client):
    an_import(home.account, MARCH)
    mailing = Mailing.objects.get()
    url = f"/admin/cabinet/mailing/{mailing.pk}/"
    client.force_login(home.biller)
    for act, said in (
        ("pause", "Кідіртілді: тек дәл қазір жіберіліп жатқан хаттар ғана кетеді."),
        ("resume", "Тарату жалғасуда."),
    ):
        assert said in client.post(f"{url}{act}/", follow=True).content.decode()
    actions = AuditEntry.objects.filter(action__startswith="mailing_").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["mailing_paused", "mailing_resumed"]


def test_staff_see_how_far_it_is(home, subscribed, client, office):
    office.to_recipient = lambda address: "554 5.7.1 Spam"
    an_import(home.account, MARCH)
    client.force_login(home.support)
    url = f"/admin/cabinet/mailing/{Mailing.objects.get().pk}/change/"
    shown = Page(client.get(url))
    assert ("Күтуде", "1") in shown.facts[0]
    assert "data-refresh" in client.get(url).content.decode()
    send()
    mailings.settle()
    shown = Page(client.get(url))
    assert shown.tables[-1:] == [[["Себебі", "Хаттар"], ["554 5.7.1 Spam", "1"]]]
    assert shown.facts[0] == [
        ("Хаттар", "1"),
        ("Жіберілді", "0"),
        ("Күтуде", "0"),
        ("Жеткізілмеді", "1"),
        ("Енді керек емес", "0"),
    ]
    assert "data-refresh" not in client.get(url).content.decode()


def test_staff_see_who_gets_what(home, subscribed, client, office):
    an_import(home.account, MARCH)
    send()
    client.force_login(home.support)
    url = f"/admin/billing/personalaccount/{home.account.pk}/change/"
    (row,) = [
        row for table in Page(client.get(url)).tables for row in table if row[0].startswith("owner")
    ]
    name, what, paper, letter = row
    assert name == "ownerowner@example.kz"
    assert (what, paper) == ("электрондық түбіртектерқазақша және орысша", "иә")
    assert letter.startswith("Түбіртек: 2026 ж. наурызпошта серверіне берілді, ")
    assert letter.endswith("Қайта жіберу")


def test_pause_and_resume(home, subscribed, office):
    an_import(home.account, MARCH)
    mailing = Mailing.objects.get()
    assert [mailings.pause(mailing), mailings.pause(mailing)] == [True, False]
    assert (send(), office.received) == (0, [])
    assert [mailings.resume(mailing), mailings.resume(mailing)] == [True, False]
    assert (send(), office.addresses) == (1, [OWNER])


# The end of what it stands on


@pytest.fixture
def request_of(rf, home):
    def made(user):
        request = rf.post("/")
        request.user = user
        return request

    return made


def told(own):
    """What a subscription is after its changes, and why."""
    own.refresh_from_db()
    changes = own.account.subscription_changes.order_by("pk").values_list("why", flat=True)
    return (own.is_on, own.paper, list(changes))


def test_it_ends_with_the_link(home, subscribed, request_of):
    Subscription.objects.update(paper=False)
    key = subscribed.key
    assert holdings.remove(request_of(home.owner), home.account)
    assert told(subscribed) == (False, True, ["removed"])
    assert subscribed.key != key


def test_it_ends_when_staff_unlink(home, subscribed, request_of):
    holding = home.owner.holdings.get()
    assert holdings.unlink_by_staff(request_of(home.supervisor), holding, "қате")
    assert told(subscribed) == (False, True, ["unlinked"])


def test_it_ends_with_a_new_payer(home, subscribed):
    holdings.end([home.owner.holdings.get()], "suspended")
    assert told(subscribed) == (False, True, ["suspended"])


def test_nothing_is_left_of_a_deleted_user_but_that_paper_comes_again(
    home, subscribed, client, office
):
    Subscription.objects.update(paper=False)
    an_import(home.account, MARCH)
    client.force_login(home.owner)
    assert client.post("/settings/delete/", {"password": PASSWORD}).status_code == 302
    assert not Subscription.objects.exists()
    assert not Letter.objects.filter(kind="receipt").exists()
    change = home.account.subscription_changes.get()
    assert (change.why, change.paper, change.receipts) == ("deleted", True, False)


def test_it_ends_for_whoever_may_not_sign_in(home, subscribed, client):
    client.force_login(home.supervisor)
    url = f"/admin/accounts/user/{home.owner.pk}/change/"
    assert client.post(url, {"branch": ""}).status_code == 302
    assert told(subscribed) == (False, True, ["stopped"])


# Again


def test_staff_have_one_sent_again(home, subscribed, client, office):
    an_import(home.account, MARCH)
    send()
    client.force_login(home.support)
    page = f"/admin/billing/personalaccount/{home.account.pk}"
    response = client.post(f"{page}/subscriptions/{subscribed.pk}/again/", follow=True)
    assert "Түбіртек тағы бір рет жіберіледі." in response.content.decode()
    send()
    assert office.addresses == [OWNER, OWNER]
    assert len(office.times) == 2
    entry = AuditEntry.objects.filter(action="receipt_sent_again").get()
    assert (entry.account_number, entry.subject_login, entry.about) == (
        "000000101",
        "owner",
        {"month": "2026-03"},
    )


def test_not_to_whoever_does_not_want_it(home, subscribed, client):
    Subscription.objects.update(receipts=False)
    client.force_login(home.support)
    page = f"/admin/billing/personalaccount/{home.account.pk}"
    response = client.post(f"{page}/subscriptions/{subscribed.pk}/again/", follow=True)
    assert "Жіберетін түбіртек жоқ немесе оны алатын адам жоқ." in response.content.decode()
    assert not Letter.objects.exists()
