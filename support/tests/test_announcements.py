"""What stands on top of every page, for whom, and how long."""

import datetime as dt

import pytest
from django.utils import timezone

from billing.tests.factories import BranchFactory
from cabinet import memory
from cabinet.tests import asks
from cabinet.tests.pages import Page, select, text
from support.models import Announcement
from support.tests.information_factories import AnnouncementFactory

ACCOUNT = "/accounts/000000101/"
HOUR = dt.timedelta(hours=1)


def told(client, path="/login/", user=None):
    """Each announcement of a page; its head, and all of it."""
    if user:
        client.force_login(user)
    return [text(each) for box in Page(client.get(path)).all("section.announcements")
            for each in select(box, "li")]  # fmt: skip


def later(monkeypatch, delta):
    """So much later, by the clock on the wall; what is remembered is not a minute old."""
    now = timezone.now() + delta
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


def test_none(client, home):
    assert Page(client.get("/login/")).all("section.announcements") == []


@pytest.mark.parametrize("path", ["/login/", "/contacts/", "/help/", "/calculator/", "/verify/"])
def test_signed_out(client, home, path):
    AnnouncementFactory()
    assert told(client, path) == [
        "i Жаңалық Кабинетте жаңа бет ашылды. Жарияланған уақыты: 2026 ж. 10 сәуір, 09:00"
    ]


@pytest.mark.parametrize("path", [ACCOUNT, "/accounts/", "/settings/profile/", "/site-map/"])
def test_signed_in_and_in_russian(client, home, path):
    AnnouncementFactory()
    client.cookies["django_language"] = "ru"
    assert told(client, path, home.owner) == [
        "i Новость В кабинете открылась новая страница. Опубликовано: 10 апреля 2026 г., 09:00"
    ]


def test_where_it_stands(client, home):
    """Below the head and before the page, a region with a name; its sign is for the eye only."""
    AnnouncementFactory()
    page = Page(client.get("/login/"))
    (body,) = page.root.iter("body")
    assert [each.tag for each in body] == ["svg", "a", "header", "section", "div"]
    (box,) = page.all("section.announcements")
    assert box.get("aria-label") == "Хабарландырулар"
    (sign,) = select(box, "span.announcement-sign")
    assert sign.get("aria-hidden") == "true"


def test_outages_come_first_then_the_newest(client, home):
    now = timezone.now()
    AnnouncementFactory(text_kk="Ескі", shown_from=now - 3 * HOUR)
    AnnouncementFactory(text_kk="Өшірілді", kind="a_outage", shown_from=now - 9 * HOUR)
    AnnouncementFactory(text_kk="Жаңа", shown_from=now)
    assert [each.split(" Жарияланған")[0] for each in told(client)] == [
        "! Электр энергиясының өшірілуі Өшірілді",
        "i Жаңалық Жаңа",
        "i Жаңалық Ескі",
    ]


def test_from_when_until_when(client, home, monkeypatch):
    """To the moment, although the list is remembered for a minute."""
    now = timezone.now()
    AnnouncementFactory(shown_from=now + dt.timedelta(seconds=50), shown_until=now + HOUR)
    assert told(client) == []
    later(monkeypatch, dt.timedelta(seconds=49))
    assert told(client) == []
    later(monkeypatch, dt.timedelta(seconds=1))
    assert len(told(client)) == 1
    memory.forget()
    later(monkeypatch, HOUR - dt.timedelta(seconds=51))
    assert len(told(client)) == 1
    later(monkeypatch, dt.timedelta(seconds=1))
    assert told(client) == []


def test_one_of_a_branch_is_for_those_who_hold_an_account_there(client, home):
    AnnouncementFactory(branch=home.account.branch, kind="a_outage")
    AnnouncementFactory(branch=BranchFactory(code="FAR"), text_kk="Алыста")
    told_to_holders = [
        "! Электр энергиясының өшірілуі · Алмалы АЭЖБ Кабинетте жаңа бет ашылды."
        " Жарияланған уақыты: 2026 ж. 10 сәуір, 09:00"
    ]
    for user in (home.owner, home.second):
        assert told(client, "/accounts/", user) == told_to_holders
    for user in (home.former, home.suspended, home.support):
        assert told(client, "/accounts/", user) == []
    client.logout()
    assert told(client) == []


def test_markup_stays_text(client, home):
    AnnouncementFactory(text_kk="<b>Өшіру</b> <script>x()</script> {{ 7 * 7 }}")
    (only,) = told(client)
    assert only.startswith("i Жаңалық <b>Өшіру</b> <script>x()</script> {{ 7 * 7 }} ")
    (box,) = Page(client.get("/login/")).all("section.announcements")
    assert list(box.iter("b")) == list(box.iter("script")) == []


def test_queries(client, home):
    """None once the list is remembered; one for the user's branches when some branch has one."""
    client.force_login(home.owner)
    without = asks.queries(client, ACCOUNT)
    for _ in range(5):
        AnnouncementFactory()
    memory.forget()
    assert asks.queries(client, ACCOUNT) == without <= 5
    AnnouncementFactory(branch=home.account.branch)
    memory.forget()
    assert asks.queries(client, ACCOUNT) == without + 1
    client.logout()
    assert asks.queries(client, "/contacts/") == 0


def test_times_that_are_over_are_not_read(home):
    now = timezone.now()
    AnnouncementFactory(shown_from=now - 2 * HOUR, shown_until=now)
    AnnouncementFactory(shown_from=now + 2 * HOUR)
    current = AnnouncementFactory()
    assert [*Announcement.objects.shown()] == [current]
