"""Applications to which files are attached."""

from pathlib import Path

import factory
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.tests.factories import UserFactory
from support import files, models
from support.files.refusals import REASONS
from support.states import State


class KindFactory(DjangoModelFactory):
    class Meta:
        model = models.Kind
        django_get_or_create = ("code",)

    code = "recalculation"
    name_kk = "Қайта есептеу"
    name_ru = "Перерасчёт"


class ApplicationFactory(DjangoModelFactory):
    """A draft."""

    class Meta:
        model = models.Application

    class Params:
        submitted = factory.Trait(
            number=factory.Sequence(lambda n: f"2026-{n + 1:06}"),
            state=State.REGISTERED,
            registered_at=factory.LazyFunction(timezone.now),
            due_on=factory.LazyFunction(timezone.localdate),
        )

    user = factory.SubFactory(UserFactory)
    kind = factory.SubFactory(KindFactory)
    language = "kk"


class AttachmentFactory(DjangoModelFactory):
    """The row alone: its file is nowhere."""

    class Meta:
        model = models.Attachment

    application = factory.SubFactory(ApplicationFactory)
    name = "құжат.pdf"
    kind = models.FileKind.PDF
    size = 1000
    sha256 = "0" * 64


class MessageFactory(DjangoModelFactory):
    """What the applicant has written."""

    class Meta:
        model = models.Message

    application = factory.SubFactory(ApplicationFactory, submitted=True)
    author = factory.SelfAttribute("application.user")
    by_staff = False
    text = "Қосымша құжат."


def uploaded(content: bytes, name: str = "Құжат.pdf") -> SimpleUploadedFile:
    """As a form has it; a browser's word for what it is counts for nothing."""
    return SimpleUploadedFile(name, content, content_type="text/html")


def kept_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def refused(application: models.Application, content: bytes, **options: bool) -> tuple[str, str]:
    """The code and the words with which it is refused."""
    with pytest.raises(files.Refused) as caught:
        files.take(application, uploaded(content), **options)
    (words,) = caught.value.messages
    return str(caught.value.code), words


def said(code: str, **details: object) -> tuple[str, str]:
    """As `refused` has it."""
    return code, str(REASONS[code]) % details
