"""Markup in every text that is stored stays text, on every page, for whoever looks."""

from contextlib import suppress

import pytest
import tinyhtml5
from django.apps import apps
from django.db import IntegrityError, models, transaction

from accounts.tests.factories import AuditEntryFactory
from billing.models import Holding
from billing.tests.factories import ImportFactory, ImportJobFactory
from cabinet.tests import people
from cabinet.tests.factories import LetterFactory
from cabinet.tests.test_urls import EVERY, TABLE, example

MARKUP = "<xss-x onload=x>'\"&amp;{{7*7}}{%x%}</xss-x><script>x()</script>"
APPS = ("accounts", "billing", "cabinet")
FORMED = {"login", "password", "email", "language", "recipient", "message_id", "old", "new"}


def poisoned() -> int:
    """Puts the markup wherever a text is free; how many columns took it."""
    count = 0
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                if not _is_free(field) or not model._meta.managed:
                    continue
                # What the database holds against a form of its own takes no markup at all.
                with suppress(IntegrityError), transaction.atomic():
                    text = MARKUP[: field.max_length or None]
                    count += bool(model._default_manager.update(**{field.name: text}))
    return count


def _is_free(field: models.Field) -> bool:
    free = isinstance(field, models.CharField | models.TextField) and not field.choices
    long_enough = field.max_length is None or field.max_length >= 60
    return (
        free
        and long_enough
        and not field.primary_key
        and not field.generated
        and not field.unique
        and field.name not in FORMED
    )


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker, 3) as home:
        Holding.objects.update(by_staff=True, reason="x")
        LetterFactory()
        ImportFactory()
        ImportJobFactory()
        AuditEntryFactory(
            account_id=home.account.pk,
            action="looked_at_account",
            subject_login=MARKUP,
            role=MARKUP,
            device=MARKUP,
            about={"why": MARKUP, MARKUP: MARKUP},
        )
        assert poisoned() > 20
        yield home


@pytest.fixture
def entry(db):
    return AuditEntryFactory(about={"why": MARKUP}, device=MARKUP, subject_login=MARKUP)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_page(name, home, entry, client):
    url = example(EVERY[name], home, entry)
    for who in TABLE[name]:
        person = getattr(home, who, None)
        if person is None:
            continue
        client.force_login(person)
        response = client.get(url)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        html = response.content.decode()
        if "xss-x" not in html.lower():  # with which all of the markup begins
            continue
        root = tinyhtml5.parse(html, namespace_html_elements=False)
        assert list(root.iter("xss-x")) == []
        assert [script for script in root.iter("script") if not script.get("src")] == []
        assert [each for each in root.iter() if each.get("onload")] == []
        assert "49" not in "".join(root.find("head").itertext())


def test_it_is_there_to_be_seen(home, client):
    """Else the test above would find nothing for want of anything."""
    client.force_login(home.owner)
    for url in ("/accounts/", f"/accounts/{home.account.number}/services/"):
        assert "&lt;xss-x" in client.get(url).content.decode()
    client.force_login(home.support)
    change = f"/admin/billing/personalaccount/{home.account.pk}/change/"
    assert "&lt;xss-x" in client.get(change).content.decode()
