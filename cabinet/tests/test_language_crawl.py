"""Every page that links and forms lead to is in one language, on a whole set of data."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from billing.exchange.layout import FILES
from billing.exchange.load import load
from billing.models import Branch, Holding, PersonalAccount
from cabinet.catalogues import FOLDERS
from cabinet.tests import people
from cabinet.tests.crawl import TYPED, Crawl
from cabinet.tests.factories import LetterFactory, MailingFactory
from cabinet.tests.test_figures_of_sample import TODAY, Row, read
from cabinet.tests.test_language import LANGUAGES, both
from receipts.tests.factories import SubscriptionFactory
from support.models import HelpPage, Kind
from support.tests.factories import (
    AnswerTemplateFactory,
    ApplicationFactory,
    ChangeFactory,
    DraftFactory,
    MessageFactory,
    make_kinds,
)
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    first_help,
)

SET = Path(settings.BASE_DIR, "billing/tests/hard")
HELD = 8  # accounts, of as many shapes as so many can have
MOST_MONTHS = 16
MACHINE = {"kind", "state", "action", "what", "before", "after", "language", "key", "form"}


@dataclass
class Site:
    """The loaded set, and who looks at it."""

    people: dict[str, User | None]
    starts: dict[str, list[str]]
    names: dict[tuple[str, bool], list[str]] = field(default_factory=dict)

    def known(self, language: str, *, staff: bool) -> list[str]:
        """What people and billing have written, the longest first."""
        if (language, staff) not in self.names:
            texts = set(stored(language, staff=staff))
            self.names[language, staff] = sorted(texts, key=len, reverse=True)
        return self.names[language, staff]


def stored(language: str, *, staff: bool) -> Iterator[str]:
    """Every free text of the database in that language; staff see both beside each other."""
    other = "_ru" if language == "kk" else "_kk"
    yield from (TYPED, LANGUAGES["kk"], LANGUAGES["ru"])
    if staff:
        yield from (f"{name}.csv" for name in ("totals", *(file.name for file in FILES)))
        yield from (f"/help/{page.pk}/" for page in HelpPage.objects.all())
    for app in set(FOLDERS) - {"templates"}:
        for model in apps.get_app_config(app).get_models():
            for column in model._meta.concrete_fields:
                free = isinstance(column, models.CharField | models.TextField)
                if not free or column.choices or column.name in MACHINE:
                    continue
                if (column.name.endswith(other) or column.name == "code") and not staff:
                    continue
                rows = model._default_manager.order_by().values_list(column.name, flat=True)
                yield from (text for text in rows.distinct() if re.search(r"[^\W\d]", text or ""))


def shapes(files: dict[str, list[Row]]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """How each month of each account is made up, roughly."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in files["ledger"]:
        signs = [Decimal(row[name]).compare(Decimal(0)) for name in ("closing", "adjusted")]
        found[row["account"], row["month"]].append(("ledger", row["service"], *map(int, signs)))
    for row in files["charges"]:
        line = ("line", row["level"], bool(row["serial"]), bool(row["limit"]))
        found[row["account"], row["month"]].append(line)
    for row in files["payments"]:
        found[row["account"], row["month"]].append(("payment", Decimal(row["amount"]) < 0))
    return {key: tuple(sorted(map(str, each))) for key, each in found.items()}


def rare(files: dict[str, list[Row]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Accounts that together have the most shapes, and their months with one each."""
    by_account: dict[str, dict[tuple[Any, ...], str]] = defaultdict(dict)
    for (number, month), shape in sorted(shapes(files).items()):
        by_account[number][shape] = month
    chosen: list[str] = []
    told: set[tuple[Any, ...]] = set()
    months: list[tuple[str, str]] = []
    for _turn in range(HELD):
        best = max(by_account, key=lambda number: len(by_account[number].keys() - told))
        months += [
            (best, by_account[best][shape]) for shape in sorted(by_account[best].keys() - told)[:4]
        ]
        told |= by_account[best].keys()
        chosen.append(best)
    bare = [row["number"] for row in files["accounts"] if row["number"] not in by_account]
    return [*chosen, *bare[:1]], months[:MOST_MONTHS]


def ask_and_answer(owner: User, account: PersonalAccount) -> None:
    """Applications in each state, and what staff have written for everybody."""
    make_kinds()
    first_help()
    AnnouncementFactory()
    AnnouncementFactory(kind="a_outage", branch=account.branch)
    BranchNoticeFactory(branch=account.branch)
    AnswerTemplateFactory()
    DraftFactory(user=owner, kind_id="recalculation", account=account)
    now = {"waiting": {"waiting_since": TODAY}, "done": {"closed_at": timezone.now()}}
    for number, state in enumerate(("registered", "in_progress", "waiting", "done", "declined")):
        more = now.get("done" if state == "declined" else state, {})
        kind = Kind.objects.order_by("pk")[number]
        own = {"user": owner, "account": account, "kind": kind, "due_on": TODAY, **more}
        application = ApplicationFactory(state=state, **own)
        ChangeFactory(application=application)
        MessageFactory(application=application)


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory):
    files = read(SET)
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        people.at(TODAY, patch)
        patch.setattr(settings, "ATTACHMENTS_FOLDER", tmp_path_factory.mktemp("attachments"))
        assert load(SET, by="biller").loaded
        numbers, months = rare(files)
        owner = UserFactory(login="aigul")
        every = PersonalAccount.objects.in_bulk(numbers, field_name="number")
        Holding.objects.bulk_create(Holding(user=owner, account=every[each]) for each in numbers)
        for number in numbers[:2]:
            SubscriptionFactory(user=owner, account=every[number])
        ask_and_answer(owner, every[numbers[0]])
        LetterFactory(last_error="The letter could not be made.")
        MailingFactory(total=1)
        staff = {
            group: people.member(group, branch=Branch.objects.order_by("pk")[0].pk)
            for group in ("operator", "billing operator", "supervisor")
        }
        held = [f"/accounts/{number}/services/{month}/" for number, month in months]
        in_admin = [
            f"/admin/billing/personalaccount/{every[number].pk}/months/{month}/"
            for number, month in months[::3]
        ]
        yield Site(
            {"anybody": None, "newcomer": UserFactory(login="newcomer"), "owner": owner, **staff},
            {
                "owner": ["/", *(f"/accounts/{number}/" for number in numbers), *held],
                "operator": ["/admin/", "/admin/billing/personalaccount/?q=000", *in_admin],
                "billing operator": ["/admin/"],
                "supervisor": ["/admin/"],
            },
        )
        transaction.set_rollback(True)


WHO = ("anybody", "newcomer", "owner", "operator", "billing operator", "supervisor")


@both
@pytest.mark.parametrize("who", WHO)
def test_wherever_links_lead(who, language, site, client, db):
    person = site.people[who]
    if person:
        User.objects.filter(pk=person.pk).update(language=language)
        client.force_login(person)
        session = client.session
        methods = session.get("account_authentication_methods", [])
        session["account_authentication_methods"] = [
            *methods,
            {"method": "password", "at": time.time(), "username": PASSWORD},
        ]
        session.save()
    staff = bool(person and person.is_staff)
    crawl = Crawl(client, language, site.known(language, staff=staff))
    starts = site.starts.get(who, ["/login/", "/", "/help/", "/verify/"])
    crawl.run(starts, "/admin/" if staff else "/")
    assert crawl.wrong == {}
    assert len(crawl.judged) > 100
