"""E-receipts: who gets which letter, with what in it, and who gets nothing more."""

import datetime as dt

import pytest
from django.db import transaction

from billing.models import Receipt
from billing.tests import factories
from cabinet.models import Letter, Mailing
from cabinet.outbox import Sender
from cabinet.tests.post_office import PostOffice
from cabinet.tests.test_outbox import send_to
from receipts import deliveries
from receipts.models import Delivery
from receipts.tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db

MARCH, FEBRUARY = dt.date(2026, 3, 1), dt.date(2026, 2, 1)


@pytest.fixture
def office(settings):
    """An open mail server that the settings name; nothing is slowed down."""
    office = PostOffice().open()
    send_to(office.port, settings)
    settings.MAIL_PER_SECOND = settings.MAIL_PER_SECOND_AND_DOMAIN = 0
    yield office
    office.close()


@pytest.fixture
def subscribed(home):
    """The owner's subscription."""
    return SubscriptionFactory(user=home.owner, account=home.account)


def an_import(account, *months, **fields):
    """Receipts of these months as an import makes them, and what follows of it."""
    record = factories.ImportFactory()
    rows = Receipt.objects.filter(account=account, month__in=months or [MARCH])
    rows.update(made_by=record, **fields)
    with transaction.atomic():
        deliveries.follow_import(record, {"receipts"})
    return record


def send():
    return Sender("a worker").send_due()


def waiting():
    return list(
        Delivery.objects.filter(letter__state="waiting")
        .order_by("letter__recipient")
        .values_list("letter__recipient", "month", "version", "since")
    )


def states():
    return list(Letter.objects.order_by("pk").values_list("state", flat=True))


# Whom a mailing is for


def test_an_import_makes_one_letter_for_each_subscriber(home, subscribed):
    SubscriptionFactory(user=home.second, account=home.account)
    SubscriptionFactory(user=home.stranger, account=home.strangers)  # has no receipt
    an_import(home.account)
    assert waiting() == [
        ("owner@example.kz", MARCH, 1, None),
        ("second@example.kz", MARCH, 1, None),
    ]
    (mailing,) = Mailing.objects.all()
    assert (mailing.kind, mailing.about, mailing.total) == ("receipt", "2026-03", 2)


def test_receipts_goes_out(home, subscribed, office):
    an_import(home.account)
    assert send() == 1
    ((address, message),) = office.received
    assert address == "owner@example.kz"
    print(message["Subject"], message["List-Unsubscribe"])
    print(message.get_body(("plain",)).get_content())
    print([each.get_filename() for each in message.iter_attachments()])
    assert states() == ["sent"]
