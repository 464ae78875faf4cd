"""Texts that staff edit."""

import datetime as dt
from importlib import import_module

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from billing.tests.factories import BranchFactory
from support.models import Announcement, BranchNotice, HelpPage


class AnnouncementFactory(DjangoModelFactory):
    """News for everybody, since an hour ago, for a day."""

    class Meta:
        model = Announcement

    kind = "b_service"
    text_kk = "Кабинетте жаңа бет ашылды."
    text_ru = "В кабинете открылась новая страница."
    shown_from = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(hours=1))
    shown_until = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=1))


class HelpPageFactory(DjangoModelFactory):
    class Meta:
        model = HelpPage

    code = factory.Sequence(lambda number: f"page-{number}")
    section_kk = "Шот пен төлем"
    section_ru = "Счёт и оплата"
    question_kk = "Төлемім неге көрінбейді?"
    question_ru = "Почему мой платёж не виден?"
    answer_kk = "Бірнеше күн күтіңіз."
    answer_ru = "Подождите несколько дней."


class BranchNoticeFactory(DjangoModelFactory):
    class Meta:
        model = BranchNotice
        django_get_or_create = ("branch",)

    branch = factory.SubFactory(BranchFactory)
    text_kk = "Кіретін есік ауланың ішінде."
    text_ru = "Вход со двора."


def first_help() -> list[HelpPage]:
    """The pages that the migration makes: tests that empty the database have taken them along."""
    pages = import_module("support.migrations.0002_help_pages").pages()
    HelpPage.objects.all().delete()
    return HelpPage.objects.bulk_create(HelpPage(**columns) for columns in pages)
