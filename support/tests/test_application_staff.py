"""The queue of applications in the admin: who sees what, each act, and that all is written down."""

import csv
import datetime as dt
import io

import pytest

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import written
from billing.tests.factories import BranchFactory
from cabinet.tests import people
from cabinet.tests.asks import NUL
from cabinet.tests.asks import queries as queries_of
from cabinet.tests.pages import Page, rows, select, text
from support import files, statistics
from support.models import Application, Kind
from support.tests.factories import (
    AnswerTemplateFactory,
    ApplicationFactory,
    AttachmentFactory,
    ChangeFactory,
    MessageFactory,
    make_kinds,
)
from support.tests.file_factories import uploaded
from support.tests.samples import archive, jpeg, pdf

pytestmark = pytest.mark.django_db

LIST = "/admin/support/application/"
DAY = dt.timedelta(days=1)
QUICKER = (
    "Басқа біреу сізден бұрын үлгерді: өтінімнің қазіргі күйін қараңыз. Жазған мәтініңіз төменде."
)
AGAIN = "Файлдарды қайта таңдаңыз: олар сақталмады."
REQUIRED = "Бұл өрісті толтырыңыз."
CLOSED = {"closed_at": dt.datetime(2026, 4, 14, 6, 30, tzinfo=dt.UTC)}
WAITING = {"state": "waiting", "waiting_since": people.TODAY}


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker, 1) as home:
        make_kinds()
        yield home


@pytest.fixture
def operator(client, home):
    client.force_login(home.support)
    return home.support


@pytest.fixture
def supervisor(client, home):
    client.force_login(home.supervisor)
    return home.supervisor


@pytest.fixture
def application(home):
    return ApplicationFactory(user=home.owner, kind_id="recalculation", account=home.account)


def url(application, act="change"):
    return f"{LIST}{application.pk}/{act}/"


def do(client, application, act, seen=None, **more):
    """Presses the button of an act, on the page as it was when the application was so."""
    page = {"seen": seen or application.state, "read": now(application).newest_message}
    return client.post(url(application, act), page | more)


def see(client, application):
    return Page(client.get(url(application)))


def said(page):
    return [text(each) for box in page.all("ul.messagelist") for each in box.iter("li")]


def shown(client, **query):
    """The numbers in the list, in order."""
    tables = Page(client.get(LIST, query)).all("table#result_list")
    return [row[0] for table in tables for row in rows(table)[1:]]


def now(application):
    return Application.objects.get(pk=application.pk)


def offered(page):
    """The acts that the page has buttons for."""
    return [each.get("id").removeprefix("act-") for each in page.all("form.act")]


def history(application):
    changes = application.changes.select_related("actor")
    return [(each.what, each.before, each.after, each.actor.login) for each in changes]


def logged(action):
    entry = AuditEntry.objects.get(action=action)
    return entry.actor_login, entry.subject_login, entry.account_number, entry.about


# The queue


def test_overdue_ones_first_and_those_that_wait_last(client, operator):
    wanted = []
    for number, days, fields in (
        ("1", -9, {}),
        ("2", -1, {"state": "in_progress"}),
        ("3", 0, {"state": "reopened"}),
        ("4", 5, {}),
        ("5", -20, WAITING),
        ("6", 3, WAITING),
    ):
        ApplicationFactory(number=number, due_on=people.TODAY + DAY * days, **fields)
        wanted.append(number)
    ApplicationFactory(number="7", state="done", due_on=people.TODAY - DAY, **CLOSED)
    assert shown(client) == wanted
    assert shown(client, which="overdue") == ["1", "2"]
    assert shown(client, which="all") == [*wanted, "7"]


def test_overdue_is_said_by_more_than_a_colour(client, operator):
    ApplicationFactory(due_on=people.TODAY - DAY)
    ApplicationFactory(due_on=people.TODAY)
    (table,) = Page(client.get(LIST)).all("table#result_list")
    assert [row[3] for row in rows(table)[1:]] == ["! 09.04.2026", "10.04.2026"]


def test_mine_nobodys_of_my_branch_and_all(client, operator):
    operator.branch = "ALM"
    operator.save()
    ApplicationFactory(number="1", assigned_to=operator)
    ApplicationFactory(number="2", branch="ALM")
    ApplicationFactory(number="3", branch="AUE", assigned_to=UserFactory())
    assert shown(client) == ["1", "2", "3"]
    assert shown(client, whose="mine") == ["1"]
    assert shown(client, whose="nobody") == ["2"]
    assert shown(client, whose="branch") == ["2"]
    operator.branch = ""
    operator.save()
    assert "whose=branch" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("state", ["registered", "done", "withdrawn"])
def test_found_by_its_number_and_by_the_accounts(client, operator, home, state):
    """Whether it is over or not."""
    closed = {} if state == "registered" else CLOSED
    ApplicationFactory(number="2026-000001", account=home.account, state=state, **closed)
    ApplicationFactory(number="2026-000002")
    assert shown(client, q=" 2026-000001 ") == ["2026-000001"]
    assert shown(client, q="000000101") == ["2026-000001"]
    assert shown(client, q="2026-00000") == []


@pytest.mark.parametrize(
    "query",
    [
        *({"user__password__startswith": "a"}, {"text__contains": "a"}, {"user__email": "a"}),
        {"kind__name_kk": "a"},
    ],
    ids=str,
)
def test_nothing_else_is_asked_of_the_list(client, operator, query):
    assert client.get(LIST, query).status_code == 400


def test_a_look_at_the_list_is_noted(client, operator):
    client.get(LIST, {"q": "000000101"})
    assert logged("applications_listed") == ("support", "", "", {"sought": {"q": "000000101"}})


def test_queries_of_the_list_do_not_grow(client, operator, home):
    ApplicationFactory(user=home.owner, account=home.account, assigned_to=operator)
    few = queries_of(client, LIST)
    for _each in range(5):
        ApplicationFactory(account=home.account, assigned_to=UserFactory(), kind_id="paper")
    assert queries_of(client, LIST) == few


# Who may what


def test_who_has_no_right(client, home, application):
    client.force_login(home.biller)
    file = AttachmentFactory(application=application)
    assert client.get(LIST).status_code == 403
    assert client.get(url(application)).status_code == 403
    assert client.get(f"{LIST}{application.pk}/files/{file.pk}/").status_code == 403
    assert client.get(f"{LIST}statistics.csv").status_code == 403
    for act in ("take", "write", "note", "assign", "kind", "merge"):
        assert do(client, application, act, text="Мәтін").status_code == 403
    assert history(application) == []


def test_operators_neither_merge_nor_rename(client, operator, application, home):
    other = ApplicationFactory(user=home.owner)
    assert offered(see(client, application)) == [
        *("take", "assign", "ask", "finish", "decline", "write", "note"),
    ]
    assert do(client, application, "merge", into=other.number).status_code == 403
    assert do(client, application, "kind", kind="paper").status_code == 403
    assert now(application).kind_id == "recalculation"


def test_supervisors_do(client, supervisor, application):
    assert offered(see(client, application))[-2:] == ["kind", "merge"]


@pytest.mark.parametrize("act", ["answer", "reopen", "withdraw", "submit", "rate", "delete", "x"])
def test_no_step_of_the_applicants_is_taken_for_them(client, supervisor, application, act):
    assert do(client, application, act, text="Мәтін").status_code in (403, 404)
    assert history(application) == []


OFFERED = {
    "registered": ["take", "assign", "ask", "finish", "decline", "write", "note"],
    "in_progress": ["assign", "ask", "finish", "decline", "write", "note"],
    "waiting": ["go_on", "assign", "finish", "decline", "write", "note"],
    "reopened": ["take", "assign", "ask", "finish", "decline", "write", "note"],
    "done": ["note"],
    "declined": ["note"],
    "withdrawn": ["note"],
}


@pytest.mark.parametrize("state", OFFERED)
def test_what_is_offered_in_which_state(client, operator, home, state):
    fields = WAITING if state == "waiting" else {"state": state}
    assert offered(see(client, ApplicationFactory(user=home.owner, **fields))) == OFFERED[state]


# The page


def test_all_of_it_is_there(client, operator, home, application):
    Application.objects.filter(pk=application.pk).update(data={"month": "2026-03"})
    MessageFactory(application=application, text="Хабарлама", at=application.registered_at)
    note = MessageFactory(
        application=application,
        author=operator,
        by_staff=True,
        is_internal=True,
        text="Жазба",
        at=application.registered_at,
    )
    AttachmentFactory(application=application, name="чек.pdf")
    AttachmentFactory(application=application, message=note, name="ішкі.pdf")
    other = ApplicationFactory(user=home.owner)
    strangers = ApplicationFactory(user=home.stranger)
    AnswerTemplateFactory(name="Сәлем", text_kk="Сәлеметсіз бе!", text_ru="Здравствуйте!")
    page = see(client, application)
    body = " ".join("".join(page.root.itertext()).split())
    for part in ("Неге?", "Хабарлама", "Жазба", "ішкі жазба: өтінім беруші оны көрмейді"):
        assert part in body
    assert "2026 ж. наурыз" in body.replace("\N{NO-BREAK SPACE}", " ")
    assert "owner@example.kz" in body
    assert ("Сәлеметсіз бе!" in body, "Здравствуйте!" in body) == (True, False)
    links = {text(each) for each in page.root.iter("a")}
    assert {"чек.pdf", "ішкі.pdf", other.number, "000000101"} <= links
    assert strangers.number not in links


def test_templates_are_in_the_applicants_language(client, operator, home, application):
    home.owner.language = "ru"
    home.owner.save()
    AnswerTemplateFactory(name="Сәлем", text_kk="Сәлеметсіз бе!", text_ru="Здравствуйте!")
    body = "".join(see(client, application).root.itertext())
    home.owner.language = "kk"
    assert ("Сәлеметсіз бе!" in body, "Здравствуйте!" in body) == (False, True)


def test_markup_is_text(client, operator, home):
    markup = "<script>alert(1)</script>"
    application = ApplicationFactory(user=home.owner, text=markup, data={"bank": markup})
    MessageFactory(application=application, text=markup)
    AttachmentFactory(application=application, name=f"{markup}.pdf")
    page = see(client, application)
    assert [each for each in page.root.iter("script") if each.text == "alert(1)"] == []


def test_a_look_is_noted(client, operator, home, application):
    see(client, application)
    about = {"application": application.number}
    assert logged("looked_at_application") == ("support", "owner", "000000101", about)


def test_queries_of_the_page_do_not_grow(client, operator, home, application):
    MessageFactory(application=application)
    AttachmentFactory(application=application)
    ChangeFactory(application=application)
    ApplicationFactory(user=home.owner)
    AnswerTemplateFactory()
    few = queries_of(client, url(application))
    for message in MessageFactory.create_batch(4, application=application, author=operator):
        AttachmentFactory(application=application, message=message)
        ChangeFactory(application=application, actor=UserFactory())
        ApplicationFactory(user=home.owner, kind_id="paper")
        AnswerTemplateFactory()
    assert queries_of(client, url(application)) == few


def test_a_file_is_opened_and_that_is_noted(client, operator, application):
    content = pdf()
    file = files.take(application, uploaded(content, "чек.pdf"))
    response = client.get(f"{LIST}{application.pk}/files/{file.pk}/")
    assert b"".join(response) == content
    about = {"application": application.number, "file": "чек.pdf"}
    assert logged("looked_at_attachment")[3] == about
    other = ApplicationFactory()
    assert client.get(f"{LIST}{other.pk}/files/{file.pk}/").status_code == 404


# Steps


def test_take(client, operator, application):
    """Whoever takes it has it."""
    assert do(client, application, "take").url == url(application)
    assert said(see(client, application)) == ["Орындалды."]
    taken = now(application)
    assert (taken.state, taken.assigned_to) == ("in_progress", operator)
    assert history(application) == [
        ("take", "registered", "in_progress", "support"),
        ("assigned", "in_progress", "in_progress", "support"),
    ]
    about = {"application": application.number}
    assert logged("application_take") == ("support", "owner", "000000101", about)
    assert written() == [("application", "owner@example.kz")]


TEXTS = {"ask": "waiting", "finish": "done", "decline": "declined"}


@pytest.mark.parametrize(("act", "state"), TEXTS.items())
def test_steps_with_a_text(client, operator, application, act, state):
    do(client, application, act, text=" Мәтін. ")
    reached = now(application)
    assert (reached.state, bool(reached.closed_at)) == (state, state != "waiting")
    assert reached.waiting_since == (people.TODAY if state == "waiting" else None)
    (message,) = reached.messages.all()
    assert (message.text, message.author, message.by_staff) == ("Мәтін.", operator, True)
    assert history(application) == [(act, "registered", state, "support")]
    assert AuditEntry.objects.filter(action=f"application_{act}").count() == 1


@pytest.mark.parametrize("act", ["ask", "finish", "decline", "write", "note"])
@pytest.mark.parametrize("wrong", ["", "  ", f"а{NUL}", "ә" * 5001])
def test_without_a_good_text_nothing_is_done(client, operator, application, act, wrong):
    page = Page(do(client, application, act, text=wrong))
    assert page.status == 400
    (form,) = page.all(f"form#act-{act}")
    assert len(select(form, "span.error")) == 1
    assert (history(application), application.messages.count()) == ([], 0)


def test_go_on_without_an_answer(client, operator, application, monkeypatch):
    Application.objects.filter(pk=application.pk).update(**WAITING)
    people.at(people.TODAY + DAY * 3, monkeypatch)
    client.force_login(operator)
    do(client, application, "go_on", seen="waiting")
    reached = now(application)
    assert (reached.state, reached.due_on) == ("in_progress", dt.date(2026, 4, 23))


def test_write_and_note(client, operator, application):
    do(client, application, "write", text="Хабарлама")
    do(client, application, "note", text="Жазба")
    messages = application.messages.order_by("pk")
    assert [(each.text, each.is_internal) for each in messages] == [
        ("Хабарлама", False),
        ("Жазба", True),
    ]
    assert now(application).state == "registered"
    assert written() == [("application", "owner@example.kz")]
    assert AuditEntry.objects.filter(action="application_noted").count() == 1


def test_a_note_on_what_is_over(client, operator, home):
    application = ApplicationFactory(user=home.owner, state="done", **CLOSED)
    do(client, application, "note", text="Жазба")
    assert application.messages.get().is_internal
    assert Page(do(client, application, "write", text="Хабарлама")).status == 400
    assert application.messages.count() == 1


def test_assign(client, operator, home, application):
    """To those who may work on it, or to nobody."""
    form = dict(select(see(client, application).root, "form#act-assign")[0].attrib)
    assert form["action"] == url(application, "assign")
    do(client, application, "assign", to=home.supervisor.pk)
    assert now(application).assigned_to == home.supervisor
    do(client, application, "assign", to="", had=home.supervisor.pk)
    assert now(application).assigned_to is None
    for other in (home.owner, home.biller):
        assert do(client, application, "assign", to=other.pk).status_code == 400
    assert [each.about for each in application.changes.all()] == [{"to": "supervisor"}, {"to": ""}]
    assert written() == []


# Files of staff


def test_files_of_an_answer(client, operator, home, application, folder):
    """The applicant has them with the answer; they take nothing of what the applicant may send."""
    content = pdf()
    some = [uploaded(content, "жауап.pdf"), uploaded(jpeg(), "сурет.jpg")]
    do(client, application, "finish", text="Жауап", files=some)
    (message,) = application.messages.all()
    kept = message.attachments.all()
    assert [(each.name, each.by_staff) for each in kept] == [
        ("жауап.pdf", True),
        ("сурет.jpg", True),
    ]
    client.force_login(home.owner)
    page = Page(client.get(f"/applications/{application.number}/"))
    assert b"".join(client.get(page.links["жауап.pdf"])) == content
    client.force_login(home.second)
    assert client.get(page.links["жауап.pdf"]).status_code == 404


def test_files_of_a_note_stay_among_staff(client, operator, home, application):
    do(client, application, "note", text="Жазба", files=[uploaded(pdf(), "ішкі.pdf")])
    file = application.attachments.get()
    assert "ішкі.pdf" in {text(each) for each in see(client, application).root.iter("a")}
    client.force_login(home.owner)
    assert "ішкі.pdf" not in Page(client.get(f"/applications/{application.number}/")).content
    assert client.get(f"/applications/files/{file.pk}/").status_code == 404


def test_a_file_that_is_none_stops_the_answer(client, operator, application, folder):
    some = [uploaded(pdf(), "а.pdf"), uploaded(archive(), "run.pdf")]
    page = Page(do(client, application, "finish", text="Ұзақ жауап", files=some))
    assert page.status == 400
    (form,) = page.all("form#act-finish")
    (error,) = select(form, "span.error")
    assert text(error).startswith("run.pdf: ")
    (area,) = form.iter("textarea")
    assert area.text.strip() == "Ұзақ жауап"
    assert (now(application).state, application.messages.count()) == ("registered", 0)
    assert application.attachments.count() == 0


# Two at once: one is told, and what was written is there


def test_what_a_colleague_has_done_meanwhile_is_told(client, operator, application):
    """The text is there, and may be sent once more, now that it was seen."""
    do(client, application, "take")
    page = Page(do(client, application, "finish", seen="registered", text="Ұзақ жауап"))
    assert (page.status, said(page)[-1]) == (400, QUICKER)
    (form,) = page.all("form#act-finish")
    (area,) = form.iter("textarea")
    assert area.text.strip() == "Ұзақ жауап"
    (seen,) = [each for each in form.iter("input") if each.get("name") == "seen"]
    assert now(application).state == "in_progress"
    do(client, application, "finish", seen=seen.get("value"), text=area.text)
    assert now(application).state == "done"
    assert application.messages.get().text == "Ұзақ жауап"


@pytest.mark.parametrize("act", ["ask", "finish", "decline", "write"])
def test_nobody_answers_over_what_was_not_read(client, operator, application, act):
    """Neither the applicant's word nor a colleague's note; once it is seen the answer goes."""
    read = MessageFactory(application=application).pk
    note = MessageFactory(application=application, author=operator, by_staff=True, is_internal=True)
    file = uploaded(pdf(), "а.pdf")
    page = Page(do(client, application, act, read=read, text="Ұзақ жауап", files=[file]))
    assert (page.status, said(page)) == (400, [QUICKER])
    (form,) = page.all(f"form#act-{act}")
    assert [text(each) for each in select(form, "span.error")] == [AGAIN]
    assert (application.messages.count(), application.attachments.count()) == (2, 0)
    (seen,) = [each for each in form.iter("input") if each.get("name") == "read"]
    assert seen.get("value") == str(note.pk)
    assert do(client, application, act, read=seen.get("value"), text="Жауап").status_code == 302


def test_a_file_sent_along_with_what_takes_none(client, operator, application):
    page = Page(do(client, application, "take", seen="done", files=[uploaded(pdf())]))
    assert (page.status, said(page)) == (400, [QUICKER])


@pytest.mark.parametrize("read", ["", "-1", "x"])
def test_what_was_read_is_a_message(client, operator, application, read):
    assert do(client, application, "finish", read=read, text="Жауап").status_code == 400
    assert now(application).state == "registered"


def test_messages_far_away(client, operator, application):
    assert do(client, application, "finish", read="9" * 40, text="Жауап").status_code == 302


def test_a_note_goes_beside_what_others_write(client, operator, application):
    MessageFactory(application=application)
    assert do(client, application, "note", read=0, text="Жазба").status_code == 302


def test_the_text_is_there_also_when_nothing_can_be_done_any_more(client, operator, home):
    application = ApplicationFactory(user=home.owner, state="withdrawn", **CLOSED)
    page = Page(do(client, application, "finish", seen="in_progress", text="Ұзақ жауап"))
    assert (page.status, said(page), offered(page)) == (400, [QUICKER], ["note"])
    assert text(page.find("div.unsaid")) == "Ұзақ жауап"
    assert application.messages.count() == 0


@pytest.mark.parametrize("act", ["take", "ask", "decline", "assign"])
@pytest.mark.parametrize("seen", ["in_progress", "done", "draft", "nothing", "x" * 100])
def test_what_was_seen_is_not_any_more(client, operator, application, act, seen):
    page = Page(do(client, application, act, seen=seen, text="Мәтін"))
    assert (page.status, said(page)) == (400, [QUICKER])
    assert (history(application), application.messages.count()) == ([], 0)


def test_somebody_has_it_by_now(client, operator, home, application):
    do(client, application, "assign", to=home.supervisor.pk, had="")
    page = Page(do(client, application, "assign", to=operator.pk, had=""))
    assert (page.status, said(page)[-1]) == (400, QUICKER)
    assert now(application).assigned_to == home.supervisor


# What the state and the clock say to staff


@pytest.mark.parametrize(
    ("fields", "days", "line"),
    [
        ({}, 0, "тіркелді. Жауап 20.04.2026 күніне дейін берілуі керек: 10 күн қалды."),
        ({}, 10, "тіркелді. Жауапты бүгіннен кешіктірмей беру керек."),
        (
            {"state": "in_progress"},
            13,
            "қаралуда. Жауап 20.04.2026 күніне дейін берілуі керек еді, содан бері 3 күн өтті.",
        ),
        (
            WAITING,
            5,
            "өтінім берушінің жауабы күтілуде. "
            "Өтінім беруші жауап бергенше мерзім тоқтап тұрады; одан кейін 10 күн қалады.",
        ),
        ({"state": "done", **CLOSED}, 30, "бітті. Жауап берілді: 14.04.2026 11:30"),
    ],
    ids=str,
)
def test_the_clock_of_staff(client, operator, home, monkeypatch, fields, days, line):
    application = ApplicationFactory(user=home.owner, **fields)
    people.at(people.TODAY + DAY * days, monkeypatch)
    client.force_login(operator)
    (shown,) = see(client, application).all("p.import-ending")
    assert text(shown) == line


# Another kind


@pytest.mark.parametrize(("kind", "due_on"), [("refund", "2026-05-04"), ("paper", "2026-04-20")])
def test_another_kind_has_its_own_term(client, supervisor, application, kind, due_on):
    do(client, application, "kind", kind=kind)
    changed = now(application)
    assert (changed.kind_id, changed.due_on) == (kind, dt.date.fromisoformat(due_on))
    assert history(application) == [("kind", "registered", "registered", "supervisor")]
    about = {"was": "recalculation", "kind": kind}
    assert application.changes.get().about == about
    assert logged("application_kind")[3] == {"application": application.number, **about}


def test_days_that_the_clock_stood_are_not_lost(client, supervisor, application, monkeypatch):
    """Asked on the 12th, answered on the 15th, put under another kind on the 16th."""
    for day, act, seen in ((12, "ask", "registered"), (15, "go_on", "waiting")):
        people.at(dt.date(2026, 4, day), monkeypatch)
        client.force_login(supervisor)
        do(client, application, act, seen=seen, text="Мәтін")
    assert now(application).due_on == dt.date(2026, 4, 23)
    do(client, application, "kind", seen="in_progress", kind="paper")
    assert now(application).due_on == dt.date(2026, 4, 23)
    do(client, application, "kind", seen="in_progress", kind="meter")
    assert now(application).due_on == dt.date(2026, 4, 29)  # 10 working days and 3


def test_nor_is_the_reopening(client, supervisor, home, application, monkeypatch):
    people.at(dt.date(2026, 4, 30), monkeypatch)
    client.force_login(supervisor)
    do(client, application, "finish", text="Жауап")
    client.force_login(home.owner)
    client.post(f"/applications/{application.number}/", {"do": "reopen", "text": "Жоқ."})
    client.force_login(supervisor)
    do(client, application, "kind", seen="reopened", kind="paper")
    assert now(application).due_on == dt.date(2026, 5, 10)


def test_what_is_over_keeps_its_kind(client, supervisor, home):
    application = ApplicationFactory(user=home.owner, state="done", **CLOSED)
    assert do(client, application, "kind", kind="paper").status_code == 400
    assert (now(application).kind_id, written()) == ("question", [])


# Duplicates


def test_merge(client, supervisor, home, application):
    into = ApplicationFactory(user=home.owner)
    do(client, application, "merge", into=f" {into.number} ")
    merged = now(application)
    assert (merged.state, merged.merged_into) == ("done", into)
    assert history(application) == [("merged", "registered", "done", "supervisor")]
    about = {"application": application.number, "into": into.number}
    assert logged("application_merged") == ("supervisor", "owner", "000000101", about)
    links = [text(each) for each in see(client, application).root.iter("a")]
    assert into.number in links


def test_a_duplicate_is_no_answer(client, supervisor, home, application):
    """Nobody is asked whether it is solved, and no count takes it for an answer."""
    into = ApplicationFactory(user=home.owner, kind_id="refund")
    do(client, application, "merge", into=into.number)
    groups = dict(statistics.of_now()["groups"])
    assert [name for name, _counts in groups["Түрі"]] == ["Артық төлемді қайтару"]
    client.force_login(home.owner)
    page = Page(client.get(f"/applications/{application.number}/"))
    assert [each for each in page.all("button") if each.get("name") == "do"] == []
    client.post(f"/applications/{application.number}/", {"do": "solved"})
    assert now(application).solved is None


def test_what_is_not_merged(client, supervisor, home, application):
    """With itself, with somebody else's, with what is over, with what there is not."""
    strangers = ApplicationFactory(user=home.stranger)
    over = ApplicationFactory(user=home.owner, state="withdrawn", **CLOSED)
    for into in (application.number, strangers.number, over.number, "2026-000000", "", NUL):
        page = Page(do(client, application, "merge", into=into))
        assert page.status == 400
        (form,) = page.all("form#act-merge")
        assert len(select(form, "span.error")) == 1
    assert (now(application).state, written()) == ("registered", [])


# How many, and how fast


def test_counts_by_kind_and_branch_as_csv(client, operator, home):
    """Of a year; how many days an answer took, to the tenth."""
    BranchFactory(code="ALM")
    since = {"registered_at": dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC), "branch": "ALM"}
    refunds = {**since, "kind_id": "refund"}
    ApplicationFactory(**refunds, due_on=people.TODAY - DAY)
    ApplicationFactory(**refunds, due_on=people.TODAY - DAY, **WAITING)
    ApplicationFactory(**refunds, state="done", closed_at=since["registered_at"] + DAY * 2)
    ApplicationFactory(**refunds, state="declined", closed_at=since["registered_at"] + DAY * 3)
    ApplicationFactory(**refunds, state="withdrawn", closed_at=since["registered_at"] + DAY * 9)
    ApplicationFactory(**since, kind_id="paper")
    ApplicationFactory(kind_id="paper", registered_at=dt.datetime(2025, 4, 1, tzinfo=dt.UTC))
    response = client.get(f"{LIST}statistics.csv")
    content = response.content.decode("utf-8-sig")
    head, *table = csv.reader(io.StringIO(content), delimiter=";" if ";" in content else ",")
    assert table == [
        ["Қағаз түбіртек", "Алмалы АЭЖБ", "1", "1", "0", "0", ""],
        ["Артық төлемді қайтару", "Алмалы АЭЖБ", "5", "2", "1", "2", "2.5"],
    ]
    assert len(head) == 7


def test_counts_on_the_start_page(client, operator, home):
    """By kind and by branch: those that are open, and the answers of the last 30 days."""
    BranchFactory(code="ALM")
    at = dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC)
    refunds = {"registered_at": at, "branch": "ALM", "kind_id": "refund"}
    ApplicationFactory(**refunds, due_on=people.TODAY - DAY)
    ApplicationFactory(**refunds, state="done", closed_at=at + DAY * 2)
    ApplicationFactory(**refunds, state="declined", closed_at=at + DAY * 3)
    ApplicationFactory(**refunds, state="withdrawn", closed_at=at + DAY)
    old = {**refunds, "registered_at": at - DAY * 99}
    ApplicationFactory(**old, state="done", closed_at=at - DAY * 60)
    ApplicationFactory(kind_id="paper")
    page = Page(client.get("/admin/"))
    kinds, branches = (rows(table) for table in page.all("table.figures"))
    heads = ["Ашық", "Мерзімі өткен", "Соңғы 30 күнде жауап берілді"]
    heads.append("Жауапқа дейінгі күн, орта есеппен")
    assert kinds == [
        ["Түрі", *heads],
        ["Артық төлемді қайтару", "1", "! 1", "2", "2,5"],
        ["Қағаз түбіртек", "1", "0", "0", "—"],
    ]
    assert branches == [
        ["Бөлімше", *heads],
        ["Алмалы АЭЖБ", "1", "! 1", "2", "2,5"],
        ["—", "1", "0", "0", "—"],
    ]


def test_counts_by_age(db, home):
    for days, fields in (
        *((0, {}), (3, {}), (4, WAITING), (7, {}), (8, {}), (10, {}), (11, {}), (300, {})),
        (300, {"state": "done", **CLOSED}),
    ):
        at = dt.datetime.combine(people.TODAY - DAY * days, dt.time(5), dt.UTC)
        due_on = people.TODAY - DAY * (days - 10)
        ApplicationFactory(registered_at=at, due_on=due_on, assigned_to=home.support, **fields)
    counts = statistics.of_now()
    assert [counts[name] for name in ("open", "overdue", "nobodys")] == [8, 2, 0]
    assert counts["ages"] == [(0, 3, 2), (4, 7, 2), (8, 10, 2), (11, None, 2)]


# Kinds and templates


def test_a_kind_of_the_supplier(client, supervisor, home):
    """Residents choose it at once, and are asked what it asks."""
    added = client.post(
        "/admin/support/kind/add/",
        {
            **{"code": "seal", "place": "95", "is_offered": "on"},
            **{"name_kk": "Пломба", "name_ru": "Пломба", "help_kk": "", "help_ru": ""},
            **{"fields": ["meter", "since"], "attachments": "none", "needs_account": "on"},
            **{"days": "5", "in_working_days": "on"},
        },
    )
    assert added.url == "/admin/support/kind/"
    assert Kind.objects.get(pk="seal").fields == ["meter", "since"]
    assert AuditEntry.objects.filter(action="kind_added").count() == 1
    client.force_login(home.owner)
    assert Page(client.get("/applications/")).links["Пломба"] == "/applications/new/seal/"
    assert list(Page(client.get("/applications/new/seal/")).values) == ["meter", "since", "text"]
