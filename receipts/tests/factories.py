"""Subscriptions, and the letters that they bring."""

import datetime as dt
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from accounts.tests.factories import UserFactory
from billing.models import Holding
from billing.tests.factories import PersonalAccountFactory
from cabinet.tests.factories import LetterFactory, MailingFactory
from receipts.models import Delivery, IssuedStatement, Subscription, SubscriptionChange


class IssuedStatementFactory(DjangoModelFactory):
    """A year of an account."""

    class Meta:
        model = IssuedStatement

    number = "1"
    account = factory.SubFactory(PersonalAccountFactory)
    first = dt.date(2025, 4, 1)
    last = dt.date(2026, 3, 1)
    services = "EL"
    amount = Decimal("4500.00")
    digest = "0" * 64
    issued_on = dt.date(2026, 4, 10)


class SubscriptionFactory(DjangoModelFactory):
    """A holder of an account gets its receipts, attached."""

    class Meta:
        model = Subscription
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(PersonalAccountFactory)
    receipts = True

    @factory.post_generation
    def held(self, create, extracted, **more):
        if create and extracted is not False:
            Holding.objects.get_or_create(user=self.user, account=self.account)


class SubscriptionChangeFactory(DjangoModelFactory):
    """It was chosen."""

    class Meta:
        model = SubscriptionChange

    account = factory.SubFactory(PersonalAccountFactory)
    subscriber = 1
    at = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    why = "chosen"
    receipts = True
    reminders = payments = False
    language = "both"
    form = "normal"
    attached = paper = True


class DeliveryFactory(DjangoModelFactory):
    """A letter that waits, of the receipt of March."""

    class Meta:
        model = Delivery

    letter = factory.SubFactory(
        LetterFactory,
        kind="receipt",
        priority=10,
        mailing=factory.SubFactory(MailingFactory),
        text="",
        html="",
        subject="",
    )
    subscription = factory.SubFactory(SubscriptionFactory)
    month = dt.date(2026, 3, 1)
    version = 1
