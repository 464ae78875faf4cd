"""Letters, and who is at work."""

import datetime as dt
import uuid

import factory
from django.utils import timezone

from cabinet.models import Letter, Mailing, Pace, TaskLease


class MailingFactory(factory.django.DjangoModelFactory):
    """One under way."""

    class Meta:
        model = Mailing

    kind = "receipt"
    key = factory.Sequence(lambda n: f"import {n}")
    about = "2026-03"


class PaceFactory(factory.django.DjangoModelFactory):
    """A domain to which a letter has just gone."""

    class Meta:
        model = Pace

    name = factory.Sequence(lambda n: f"mail{n}.example.kz")
    next_at = factory.LazyFunction(timezone.now)


class LetterFactory(factory.django.DjangoModelFactory):
    """One that waits, due a minute ago."""

    class Meta:
        model = Letter

    message_id = factory.Sequence(lambda n: f"<{n}@localhost>")
    priority = 0
    kind = "test"
    language = "kk"
    recipient = factory.Sequence(lambda n: f"to{n}@example.kz")
    subject = "Тақырып"
    text = "Мәтін"
    html = "<p>Мәтін</p>"
    due_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(minutes=1))


class TaskLeaseFactory(factory.django.DjangoModelFactory):
    """One that has just begun."""

    class Meta:
        model = TaskLease

    task = factory.LazyFunction(uuid.uuid4)
    worker = "another"
    until = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(minutes=1))
