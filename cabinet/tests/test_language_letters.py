"""Letters, papers and files are in one language, down to their names and heads."""

import csv
import io
import re
from urllib.parse import unquote

import openpyxl
import pypdfium2
import pytest
from django.test import RequestFactory
from django.utils import translation

from accounts.models import User
from billing import holding_letters, issued
from billing.models import PersonalAccount
from cabinet.letters import Content, rendered
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.test_language import (
    ADDRESS,
    URL,
    both,
    data,
    faults,
    language_faults,
    look,
    text_faults,
)
from receipts import notice_words
from receipts.tests.factories import DeliveryFactory, SubscriptionFactory
from support import application_letters
from support.tests.factories import ApplicationFactory, make_kinds

STATES = {  # in which a letter about a step of an application finds it
    "ask": "waiting", "take": "in_progress", "go_on": "in_progress", "finish": "done",
    "decline": "declined", "reopen": "reopened", "withdraw": "withdrawn",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


@pytest.fixture
def owner(home, db, language):
    User.objects.filter(pk=home.owner.pk).update(language=language)
    home.owner.language = language
    return home.owner


def is_right(letter: Letter, language: str, known: set[str]) -> None:
    """Its subject, its text and its HTML are in the language."""
    names = sorted(known, key=len, reverse=True)
    assert letter.language == language
    for text in (letter.subject, *letter.text.split("\n")):
        assert text_faults(text, language, names) == []
    assert faults(letter.html, language, known) == []


@both
@pytest.mark.parametrize("kind", holding_letters.KINDS)
def test_letters_of_holders(kind, language, home, owner):
    request = RequestFactory().get("/", headers={"host": "testserver"}, secure=True)
    holding_letters.tell(kind, owner, request, account=home.account, name=home.second.full_name)
    is_right(Letter.objects.get(), language, data(home, language, staff=False))


@both
@pytest.mark.parametrize("what", application_letters.WORDS)
def test_letters_of_applications(what, language, home, owner):
    make_kinds()
    own = {"user": owner, "kind_id": "plan", "account": home.account}
    since = {"waiting_since": people.TODAY} if what == "ask" else {}
    application = ApplicationFactory(**own, **since, state=STATES.get(what, "registered"))
    application.merged_into = ApplicationFactory(**own)
    application_letters.tell(what, application)
    is_right(Letter.objects.get(), language, data(home, language, staff=False))


@both
def test_letters_of_subscriptions(language, home, owner):
    subscription = SubscriptionFactory(
        user=owner, account=home.account, reminders=True, payments=True
    )
    account = PersonalAccount.objects.get(pk=home.account.pk)
    bill = issued.of_account(account)[0]
    payments = [each.reference for each in account.payments.all()[:2]]
    known = data(home, language, staff=False)
    with translation.override(language):
        for content in contents(subscription, bill, payments):
            text, html = rendered(content)
            is_right(
                Letter(language=language, subject=content.subject, text=text, html=html),
                language,
                known,
            )


def contents(subscription, bill, payments) -> list[Content]:
    """What a subscription can bring, corrections among it."""
    delivery = DeliveryFactory(subscription=subscription, month=bill.month, payments=payments)
    told = [
        notice_words.of_receipt(delivery, bill, attached=True),
        notice_words.of_reminder(delivery, bill),
        notice_words.of_payment(delivery),
        notice_words.of_choice(subscription),
    ]
    for since in (bill.month, people.VAT_CHANGED, bill.month.replace(month=2)):
        delivery.since = since
        told.append(notice_words.of_receipt(delivery, bill, attached=False))
    return told


PAPERS = ("receipts/2026-03.pdf", "receipts/2026-03/both.pdf", "services/statement.pdf")
CODE = re.compile(r"\b([0-9A-Z]{4}-){3}[0-9A-Z]\b|\b[0-9A-Z]{8,}\b")  # of a check, of a bank


@both
@pytest.mark.parametrize("paper", PAPERS)
def test_papers_in_one_language(paper, language, home, owner, client):
    client.force_login(owner)
    address = f"/accounts/{home.account.number}/{paper}?lang={language}"
    response = look(client, address, language)
    document = pypdfium2.PdfDocument(response.content)
    names = sorted(data(home, language, staff=False), key=len, reverse=True)
    said = [response["Content-Disposition"].partition("''")[2].removesuffix(".pdf")]
    said = [*map(unquote, said), document.get_metadata_value("Title")]
    said += [page.get_textpage().get_text_range() for page in document]
    told = [plain(text, names) for text in said]
    assert [fault for text in told for fault in language_faults(text, language)] == []


def plain(text: str, names: list[str]) -> str:
    """Without names, codes and addresses, which are the same in both languages."""
    for name in filter(None, names):
        text = text.replace(name, "…")
    for form in (URL, ADDRESS, CODE):
        text = form.sub("…", text)
    return text


FILES = ("services", "services/charges", "services/readings", "services/statement", "payments")


@both
@pytest.mark.parametrize("file", [*FILES, "receipts"])
def test_heads_and_names_of_files(file, language, home, owner, client):
    client.force_login(owner)
    answers = {
        kind: look(client, f"/accounts/{home.account.number}/{file}.{kind}", language)
        for kind in ("csv", "xlsx")
    }
    sheet = openpyxl.load_workbook(io.BytesIO(answers["xlsx"].content)).active
    heads = next(csv.reader(io.StringIO(answers["csv"].content.decode("utf-8-sig"))))
    assert [cell.value for cell in sheet[1]] == heads
    names = sorted(data(home, language, staff=False), key=len, reverse=True)
    for text in (*heads, sheet.title):
        assert text_faults(text, language, names) == []
