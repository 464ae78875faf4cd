"""Applications, their kinds and what belongs to them."""

import datetime as dt
from importlib import import_module

import factory
from factory.django import DjangoModelFactory

from accounts.tests.factories import UserFactory
from support.models import AnswerTemplate, Application, Attachment, Change, Kind, Message


class KindFactory(DjangoModelFactory):
    """One that asks for a text alone, answered within 10 calendar days."""

    class Meta:
        model = Kind
        django_get_or_create = ("code",)

    code = "question"
    name_kk = "Сұрақ"
    name_ru = "Вопрос"
    needs_account = False


class ApplicationFactory(DjangoModelFactory):
    """Registered on 10 April 2026."""

    class Meta:
        model = Application

    number = factory.Sequence(lambda n: f"2026-{900000 + n}")
    user = factory.SubFactory(UserFactory)
    kind = factory.SubFactory(KindFactory)
    language = "kk"
    text = "Неге?"
    state = "registered"
    registered_at = dt.datetime(2026, 4, 10, 5, tzinfo=dt.UTC)
    due_on = dt.date(2026, 4, 20)


class DraftFactory(ApplicationFactory):
    """Not sent yet."""

    number = registered_at = due_on = None
    state = "draft"


class MessageFactory(DjangoModelFactory):
    """What the applicant has written."""

    class Meta:
        model = Message

    application = factory.SubFactory(ApplicationFactory)
    author = factory.SelfAttribute("application.user")
    by_staff = False
    text = "Тағы бір сұрақ."


class AttachmentFactory(DjangoModelFactory):
    """A row alone, without the file."""

    class Meta:
        model = Attachment

    application = factory.SubFactory(ApplicationFactory)
    name = "чек.pdf"
    kind = "pdf"
    size = 100
    sha256 = "0" * 64


class ChangeFactory(DjangoModelFactory):
    """The registration."""

    class Meta:
        model = Change

    application = factory.SubFactory(ApplicationFactory)
    by_staff = False
    what = "submit"
    before = "draft"
    after = "registered"


class AnswerTemplateFactory(DjangoModelFactory):
    class Meta:
        model = AnswerTemplate

    name = factory.Sequence(lambda n: f"Үлгі {n}")
    text_kk = "Сәлеметсіз бе!"
    text_ru = "Здравствуйте!"


def make_kinds() -> None:
    """As the migration makes them: tests that empty the database have taken them along."""
    for kind in import_module("support.migrations.0004_kinds").KINDS:
        Kind.objects.get_or_create(code=kind["code"], defaults=kind)


# What is written into the form of each kind; `MUST` want a file.
ANSWERS = {
    "residents": {"residents": "3", "since": "2026-04-01"},
    "owner": {"new_owner": "Сейітқали Ғалым", "since": "2026-04-01"},
    "plan": {"plan": "flat", "since": "2026-05-01"},
    "reading": {"meter": "222", "reading": "12 300,5", "reading_on": "2026-04-09"},
    "recalculation": {"month": "2026-03"},
    "payment": {"paid_on": "2026-04-08", "amount": "4 500,50 ₸", "bank": "Құлагер Банк"},
    "refund": {"amount": "1500", "iban": "KZ63 9990 KZT0 0000 0001"},
    "paper": {"paper": "none"},
    "meter": {"meter": "222", "visit": "verify"},
    "access": {"number": "000000999", "text": "Шотым қосылмайды."},
    "other": {"text": "Неге?"},
}
MUST = {"residents", "owner"}
