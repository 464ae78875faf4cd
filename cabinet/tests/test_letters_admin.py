"""Staff see which letters went out, and which did not and why; never what is in them."""

import html
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cabinet import admin, letters
from cabinet.attempts import NOT_REACHED
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.factories import LetterFactory
from cabinet.tests.pages import Page, rows
from cabinet.tests.test_language import faults

LIST = "/admin/cabinet/letter/"
DONE = {"text": "", "html": "", "done_at": timezone.now()}


@pytest.fixture
def staff(db, client, monkeypatch):
    """Somebody who may see letters has signed in, in Russian."""
    monkeypatch.setitem(letters.KINDS, "test", "проба")
    user = people.member("operator", language="ru")
    client.force_login(user)
    client.cookies["django_language"] = "ru"
    return user


def listed(client, query=""):
    """Of each letter in the list: subject, recipient, kind, state, attempts and last error."""
    _head, *found = rows(Page(client.get(f"{LIST}{query}")).find("table#result_list"))
    return [row[:6] for row in found]


@pytest.fixture
def four(staff):
    for number, (state, error, done) in enumerate(
        [
            ("waiting", NOT_REACHED, {}),
            ("sent", "", DONE),
            ("refused", "550 5.1.1 <b>No such user</b>", DONE),
            ("given_up", "451 Later", DONE),
        ]
    ):
        LetterFactory(
            recipient=f"to{number}@example.kz",
            subject=f"Тема {number}",
            state=state,
            attempts=number,
            last_error=error,
            **done,
        )


def row(number, state, error):
    return [f"Тема {number}", f"to{number}@example.kz", "проба", state, f"{number}", error]


WAITING = row(0, "ждёт отправки", "Почтовый сервер недоступен.")
SENT = row(1, "передано почтовому серверу", "-")
REFUSED = row(2, "не принято почтовым сервером", "550 5.1.1 <b>No such user</b>")
GIVEN_UP = row(3, "не доставлено после многих попыток", "451 Later")


def test_the_list(four, client):
    assert listed(client) == [GIVEN_UP, REFUSED, SENT, WAITING]


@pytest.mark.parametrize(
    ("state", "found"),
    [("refused", [REFUSED]), ("given_up", [GIVEN_UP]), ("waiting", [WAITING]), ("sent", [SENT])],
)
def test_by_state(state, found, four, client):
    assert listed(client, f"?state__exact={state}") == found


@pytest.mark.parametrize("address", ["to2@example.kz", " TO2@Example.KZ "])
def test_found_by_the_whole_address(address, four, client):
    assert listed(client, f"?q={address}") == [REFUSED]
    assert "to2@example.kz" not in client.get(f"{LIST}?q=to2").content.decode()


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize(
    "query", ["", "?state__exact=refused", "?q=nobody@example.kz", "?p=9", "?e=1"]
)
def test_in_one_language(query, language, staff, client):
    """But for what others have written: the mail server, and the letters themselves."""
    letter = LetterFactory(last_error=NOT_REACHED, subject="«»", message_id="<1@example.kz>")
    known = {staff.full_name, "проба", "Қазақша", "Русский"}
    for url in (f"{LIST}{query}", f"{LIST}{letter.pk}/change/"):
        client.cookies["django_language"] = language
        response = client.get(url, follow=True)
        assert faults(response.content.decode(), language, known) == []


def test_a_waiting_letters_words_are_not_shown(staff, client):
    letter = LetterFactory(text="ТАЙНА", html="<p>ТАЙНА</p>", headers={"X": "ТАЙНА"})
    for url in (LIST, f"{LIST}{letter.pk}/change/"):
        response = client.get(url)
        assert response.status_code == 200
        assert letter.subject in response.content.decode()
        assert "ТАЙНА" not in response.content.decode()


def test_nothing_can_be_changed(staff, client):
    letter = LetterFactory()
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{letter.pk}/change/", {"state": "sent"}).status_code == 403
    assert client.post(f"{LIST}{letter.pk}/delete/", {"post": "yes"}).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": [letter.pk], "post": "yes"}
    client.post(LIST, delete)
    assert Letter.objects.get().state == "waiting"
    assert not LogEntry.objects.exists()


def test_only_with_the_permission(staff, client):
    staff.groups.clear()
    letter = LetterFactory()
    for url in (LIST, f"{LIST}{letter.pk}/change/"):
        assert client.get(url).status_code == 403


def test_no_more_are_counted_than_can_be_paged_through(staff, client, monkeypatch):
    monkeypatch.setattr(admin, "MOST", 4)
    monkeypatch.setattr(admin.LetterAdmin, "list_per_page", 2)
    LetterFactory.create_batch(3)
    assert "Письма: 3" in client.get(LIST).content.decode()
    LetterFactory.create_batch(3)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(LIST)
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counts) == 1
    assert "LIMIT 4" in counts[0]
    assert "Письма: " not in response.content.decode()
    assert len(listed(client, "?p=2")) == 2
    assert client.get(f"{LIST}?p=3").status_code == 302


def onward(client, path):
    """Where the list leads to after the rows that it pages through; an empty text at its end."""
    link = re.search(r'<a href="([^"]+)">Остальные</a>', client.get(path).content.decode())
    return html.unescape(link[1]) if link else ""


def test_beyond_those_that_are_counted_one_goes_on_by_key(staff, client, monkeypatch):
    """Nothing is counted or skipped: a list of millions is as quick at its end as at its start."""
    monkeypatch.setattr(admin, "MOST", 4)
    monkeypatch.setattr(admin.LetterAdmin, "list_per_page", 2)
    pks = [letter.pk for letter in LetterFactory.create_batch(11)][::-1]
    seen = []
    query = ""
    for _thousand in range(3):
        for page in ("p=1", "p=2"):
            response = client.get(f"{LIST}{query or '?'}&{page}")
            if response.status_code == 200:
                seen += [row.pk for row in response.context["cl"].result_list]
        query = onward(client, LIST + query)
    assert seen == pks
    assert query == ""


@pytest.mark.parametrize("key", ["x", "", "9" * 40, "-1", "1&after=2"])
def test_a_key_that_is_none(key, staff, client):
    LetterFactory()
    assert client.get(f"{LIST}?after={key}").status_code == 200


def test_the_tasks_own_pages_are_not_there(staff, client):
    staff.is_superuser = True
    staff.save()
    assert "/admin/django_tasks_database/" not in client.get("/admin/").content.decode()
    assert client.get("/admin/django_tasks_database/dbtaskresult/").status_code == 404
