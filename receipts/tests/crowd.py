"""Many subscribers at once, each with a home and a bill of its own; and what they were sent."""

import datetime as dt
import re
from decimal import Decimal

from django.db import transaction
from django.urls import reverse

from accounts import events
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from billing import holdings
from billing.models import Charge, Holding, LedgerEntry, PersonalAccount, Receipt
from billing.tests import factories
from cabinet import figures
from cabinet.models import Mailing
from receipts import deliveries
from receipts.models import Subscription
from receipts.tests.factories import SubscriptionFactory

MARCH, FEBRUARY = dt.date(2026, 3, 1), dt.date(2026, 2, 1)
EACH_ATTACHED = 10  # one in so many has the PDF attached
LANGUAGES = ("both", "kk", "ru")


def subscribers(count, domain=lambda number: "example.kz", **fields):
    """So many subscriptions, whose accounts got March's receipt by the import that is returned
    with them. Some are in Russian, some in both languages, some in large print.
    """
    users = User.objects.bulk_create(
        UserFactory.build(
            login=f"resident{number}",
            email=f"resident{number}@{domain(number)}",
            language="ru" if number % 2 else "kk",
            password="!",
        )
        for number in range(count)
    )
    branch = factories.BranchFactory()
    accounts = PersonalAccount.objects.bulk_create(
        factories.PersonalAccountFactory.build(number=f"{number:09}", branch=branch)
        for number in range(1, count + 1)
    )
    Holding.objects.bulk_create(
        factories.HoldingFactory.build(user=user, account=account)
        for user, account in zip(users, accounts, strict=True)
    )
    found = Subscription.objects.bulk_create(
        SubscriptionFactory.build(
            user=user,
            account=account,
            held=False,
            language=LANGUAGES[number % 3],
            form="large" if number % 4 == 0 else "normal",
            **{"attached": number % EACH_ATTACHED == 0, **fields},
        )
        for number, (user, account) in enumerate(zip(users, accounts, strict=True))
    )
    return found, _billed(accounts)


def _billed(accounts):
    """The import that made March's receipts; February's of the first account was there before."""
    record = factories.ImportFactory()
    service = factories.ServiceFactory()
    own = {"service": service, "month": MARCH}
    LedgerEntry.objects.bulk_create(
        factories.LedgerEntryFactory.build(account=each, accrued=due(each), paid=Decimal(0), **own)
        for each in accounts
    )
    Charge.objects.bulk_create(
        factories.ChargeFactory.build(account=each, line=1, amount=due(each), **own)
        for each in accounts
    )
    factories.ReceiptFactory(account=accounts[0], month=FEBRUARY)
    Receipt.objects.bulk_create(
        factories.ReceiptFactory.build(
            account=each,
            month=MARCH,
            issued_on=dt.date(2026, 4, 5),
            due_on=dt.date(2026, 4, 25),
            amount_due=due(each),
            made_by=record,
        )
        for each in accounts
    )
    return record


def due(account):
    """What is to be paid of it: no two have the same."""
    return Decimal(100_000 + int(account.number)) / 100


def mailing_of(record):
    """The mailing of the import's receipts."""
    with transaction.atomic():
        deliveries.follow_import(record, {"receipts"})
    return Mailing.objects.get(kind="receipt", key=f"import {record.pk}")


def receipts_in(received):
    """Of what a mail server has received, the e-receipts."""
    return [(address, message) for address, message in received if message["List-Unsubscribe"]]


def wanted_of(subscriptions):
    """By address, what the letter of each says of itself."""
    found = {}
    for each in subscriptions:
        language = each.user.language if each.language == "both" else each.language
        attached = (each.account.number,) if each.attached else ()
        sum_due = figures.tenge(due(each.account))
        found[each.user.email] = (language, str(each.key), sum_due, attached)
    return found


def told_by(message):
    """What a letter says of itself: its language, the key to end it, what is due, and whose
    receipts are attached.
    """
    text = message.get_body(("plain",)).get_content()
    pdfs = list(message.iter_attachments())
    assert all(each.get_content().startswith(b"%PDF-") for each in pdfs)
    return (
        message["Content-Language"],
        re.search(r"/unsubscribe/([^/]+)/receipts/>$", message["List-Unsubscribe"])[1],
        re.search(r": ([\d\xa0,]+₸)\r?$", text, re.MULTILINE)[1],
        tuple(re.search(r"\d{9}", each.get_filename())[0] for each in pdfs),
    )


# What they do meanwhile


def unsubscribes(client, own):
    client.post(reverse("receipts:unsubscribe", args=[own.key, "receipts"]))


def removes_the_account(client, own):
    client.force_login(own.user)
    client.post(reverse("billing:account_remove", args=[own.account.number]), {"confirm": "yes"})
    assert not own.user.holdings.exists()


def deletes_the_user(client, own):
    own.user.set_password(PASSWORD)
    own.user.save()
    own.user.confirm_email()
    client.force_login(own.user)
    client.post(reverse("accounts:delete"), {"password": PASSWORD})
    assert not User.objects.filter(pk=own.user_id).exists()


def may_no_longer_sign_in(client, own):
    with transaction.atomic():
        User.objects.filter(pk=own.user_id).update(is_active=False)
        events.leaving(own.user, "stopped")


def has_a_new_payer(client, own):
    with transaction.atomic():
        PersonalAccount.objects.filter(pk=own.account_id).update(owner_since="2999-01-01")
        holdings.end(Holding.objects.filter(account=own.account_id), "suspended")


def moves(client, own):
    with transaction.atomic():
        User.objects.filter(pk=own.user_id).update(email=f"new-{own.user.email}")
        events.moved(own.user)


LEAVING = (
    unsubscribes,
    removes_the_account,
    deletes_the_user,
    may_no_longer_sign_in,
    has_a_new_payer,
    moves,
)
