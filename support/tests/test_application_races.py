"""Of two at once one is told and nothing is lost; a killed server leaves nothing half done."""

import datetime as dt
import os
import subprocess
import sys
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project
from django.db import connection, transaction
from django.test import RequestFactory

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import written
from accounts.tests.test_register import in_threads, somebody_waits_for_us
from cabinet.tests import people
from cabinet.tests.pages import Page
from cabinet.tests.post_office import until
from support import applications as acts
from support.models import Application, Change, Message
from support.tests.factories import ApplicationFactory, DraftFactory, make_kinds
from support.tests.file_factories import uploaded
from support.tests.samples import jpeg

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4
CLOSED = {"closed_at": dt.datetime(2026, 4, 14, 6, 30, tzinfo=dt.UTC)}
WAITING = {"state": "waiting", "waiting_since": people.TODAY}


@pytest.fixture(autouse=True)
def kinds(transactional_db):
    make_kinds()


@pytest.fixture
def aigul():
    return UserFactory(login="aigul")


@pytest.fixture
def application(aigul):
    return ApplicationFactory(user=aigul)


@pytest.fixture
def desks():
    """Two who work at the supplier's."""
    return [people.member("supervisor", login=login) for login in ("first", "second")]


@pytest.fixture
def slow_changes(transactional_db):
    """Each change of an application takes a while, so that those at once do meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
            CREATE TRIGGER slowly BEFORE INSERT OR UPDATE ON support_application
            FOR EACH ROW EXECUTE FUNCTION slowly()"""
        )
        yield
        cursor.execute("DROP FUNCTION slowly CASCADE")


@pytest.fixture
def logged():
    """What the log says was done in this test: it is never emptied."""
    last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = AuditEntry.objects.filter(pk__gt=last, action__startswith="application_")
    return lambda: sorted(entries.values_list("action", flat=True))


def browser_of(client, user):
    browser = type(client)()
    browser.force_login(user)
    return browser


def staff_press(client, desk, application, act, **form):
    """Presses a button on the page as it was before all the others; the browser is open already."""
    browser = browser_of(client, desk)
    path = f"/admin/support/application/{application.pk}/{act}/"
    return partial(browser.post, path, {"seen": application.state, "read": 0, **form})


def applicant_presses(client, application, do, **form):
    browser = browser_of(client, application.user)
    return partial(browser.post, f"/applications/{application.number}/", {"do": do, **form})


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


def now(application):
    return Application.objects.get(pk=application.pk)


def test_two_staff_answer_at_once(client, desks, application, slow_changes, logged):
    """One has answered; the other is told, and has the own text on the page."""
    texts = {"first": "Бірінші жауап", "second": "Екінші жауап"}
    acts_of_them = zip(desks, ("finish", "decline"), strict=True)
    answers = in_threads(
        *[
            staff_press(client, desk, application, act, text=texts[desk.login])
            for desk, act in acts_of_them
        ]
    )
    assert statuses(answers) == [302, 400]
    (message,) = application.messages.all()
    assert message.text == texts[message.author.login]
    (change,) = application.changes.all()
    assert change.after == now(application).state
    (late,) = [answer for answer in answers if answer.status_code == 400]
    (other,) = set(texts) - {message.author.login}
    assert texts[other] in late.content.decode()
    assert logged() == [f"application_{change.what}"]
    assert written() == [("application", "aigul@example.kz")]


def test_two_staff_take_it_at_once(client, desks, application, slow_changes, logged):
    answers = in_threads(*[staff_press(client, desk, application, "take") for desk in desks])
    assert statuses(answers) == [302, 400]
    taken = application.changes.get(what="take")
    assert now(application).assigned_to == taken.actor
    assert logged() == ["application_assigned", "application_take"]


def test_it_is_given_into_two_hands_at_once(client, desks, application, slow_changes):
    answers = in_threads(
        *[staff_press(client, desk, application, "assign", to=desk.pk) for desk in desks]
    )
    assert statuses(answers) == [302, 400]
    assert now(application).assigned_to.login == application.changes.get().about["to"]


def test_it_is_withdrawn_while_staff_answer(client, desks, application, slow_changes):
    in_threads(
        staff_press(client, desks[0], application, "finish", text="Жауап"),
        applicant_presses(client, application, "withdraw"),
    )
    (change,) = application.changes.all()
    assert (change.what, now(application).state) in (("finish", "done"), ("withdraw", "withdrawn"))
    assert application.messages.count() == (change.what == "finish")


def test_an_answer_while_staff_go_on_without_it(client, desks, aigul, slow_changes):
    """The text is a message, or still in the form; a file is with the message, or gone."""
    application = ApplicationFactory(user=aigul, **WAITING)
    file = uploaded(jpeg(), "фото.jpg")
    _staff, answer = in_threads(
        staff_press(client, desks[0], application, "go_on"),
        applicant_presses(client, application, "write", text="Менің жауабым", files=[file]),
    )
    assert now(application).state == "in_progress"
    assert application.changes.count() == 1
    kept = application.messages.count()
    assert (answer.status_code, kept, application.attachments.count()) in (
        *((302, 1, 1), (400, 0, 0)),
    )
    if not kept:
        (area,) = Page(answer).all("textarea")
        assert area.text.strip() == "Менің жауабым"


def test_it_is_reopened_once(client, aigul, slow_changes, logged):
    application = ApplicationFactory(user=aigul, state="done", **CLOSED)
    press = [applicant_presses(client, application, "reopen", text="Жоқ.") for _n in range(AT_ONCE)]
    answers = in_threads(*press)
    assert statuses(answers) == [302] + [400] * (AT_ONCE - 1)
    assert (application.messages.count(), logged()) == (1, ["application_reopen"])


def test_a_rating_does_not_outlive_the_answer(client, aigul, slow_changes):
    application = ApplicationFactory(user=aigul, state="done", **CLOSED)
    in_threads(
        applicant_presses(client, application, "solved"),
        applicant_presses(client, application, "reopen", text="Жоқ."),
    )
    assert (now(application).state, now(application).solved) == ("reopened", None)


def test_two_are_not_merged_into_each_other(client, desks, aigul, application, slow_changes):
    other = ApplicationFactory(user=aigul)
    in_threads(
        staff_press(client, desks[0], application, "merge", into=other.number),
        staff_press(client, desks[1], other, "merge", into=application.number),
    )
    assert sorted(each.state for each in (now(application), now(other))) == ["done", "registered"]
    assert Change.objects.filter(what="merged").count() == 1


def test_a_button_that_is_pressed_often_sends_once(client, aigul, slow_changes, logged):
    """Whichever comes first, and whether a draft was there."""
    form = {"text": "Неге?", "submit": "yes"}
    press = [
        partial(browser_of(client, aigul).post, "/applications/new/other/", form)
        for _n in range(AT_ONCE)
    ]
    answers = in_threads(*press)
    assert statuses(answers) == [302] * AT_ONCE
    sent = aigul.applications.get()
    assert sent.state == "registered"
    assert {answer.url for answer in answers} <= {
        *(f"/applications/{sent.number}/", "/applications/"),
    }
    assert (logged(), written()) == (["application_submit"], [("application", "aigul@example.kz")])


def test_numbers_are_given_once(client):
    """To several who send at the same moment."""
    drafts = DraftFactory.create_batch(AT_ONCE, kind_id="other")

    def submit(draft):
        request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.7")
        request.user = draft.user
        return acts.submit(request, draft).number

    assert len(set(in_threads(*[partial(submit, draft) for draft in drafts]))) == AT_ONCE


# A server with one request; what it is asked for is the last argument.
SERVER = """
import sys
import django
django.setup()
from django.test import Client
from accounts.models import User
client = Client()
client.force_login(User.objects.get(login="aigul"))
client.post("/applications/new/other/", {"text": "Неге?", "submit": "yes"}, secure=True)
"""


def one_request():
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER],
        cwd=project.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
    )


def others_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_a_server_that_is_killed_leaves_no_half_application(client, aigul, logged):
    """It had registered the application and was about to write the letter: it is a draft still."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE cabinet_letter IN ACCESS EXCLUSIVE MODE")
        server = one_request()
        try:
            until(somebody_waits_for_us)
        finally:
            server.kill()
            server.wait()
    until(lambda: not others_in_the_database())
    draft = aigul.applications.get()
    assert (draft.state, draft.number, draft.text) == ("draft", None, "Неге?")
    assert (Change.objects.count(), Message.objects.count(), logged()) == (0, 0, [])
    assert written() == []
    server = one_request()
    assert server.wait(30) == 0
    assert aigul.applications.get().state == "registered"
    assert written() == [("application", "aigul@example.kz")]
