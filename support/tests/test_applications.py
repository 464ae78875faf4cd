"""An application as its applicant sees it: state, clock, conversation, what may still be done."""

import datetime as dt

import pytest
from django.conf import settings
from django.test import RequestFactory

from accounts.models import AuditEntry
from accounts.tests.test_letters import written
from cabinet.tests import people
from cabinet.tests.asks import NUL, queries
from cabinet.tests.pages import Page, text
from support import application_views, own_data
from support import applications as acts
from support.models import Attachment, Change
from support.states import STEPS, State
from support.tests.factories import (
    ApplicationFactory,
    AttachmentFactory,
    ChangeFactory,
    MessageFactory,
    make_kinds,
)
from support.tests.file_factories import uploaded
from support.tests.samples import archive, jpeg, pdf

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
TODAY = people.TODAY  # the 10th of April, a Friday
REQUIRED = "Бұл өрісті толтырыңыз."
AGAIN = "Файлдарды қайта таңдаңыз: олар сақталмады."
CHANGED = "Өтінім осы арада өзгерді: қазіргі күйін қараңыз."
CLOSED = {"closed_at": dt.datetime(2026, 4, 14, 6, 30, tzinfo=dt.UTC)}
WAITING = {"state": "waiting", "waiting_since": dt.date(2026, 4, 12)}
# What else the database wants of an application in that state.
OF_STATE = {
    **{state: {"state": state} for state in ("registered", "in_progress", "reopened")},
    "waiting": WAITING,
    **{state: {"state": state, **CLOSED} for state in ("done", "declined", "withdrawn")},
}


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker, 1) as home:
        make_kinds()
        yield home


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return home.owner


def of(owner, state="registered", **fields):
    """An application of the owner's in that state, registered on the 10th, due on the 20th."""
    return ApplicationFactory(**{"user": owner, "kind_id": "paper", **OF_STATE[state], **fields})


def url(application):
    return f"/applications/{application.number}/"


def do(client, application, act, **more):
    return client.post(url(application), {"do": act, **more})


def seen(client, application):
    return Page(client.get(url(application)))


def told(client, application):
    """What the page says of what was just done."""
    return said(seen(client, application))


def said(page):
    return [text(each) for box in page.all("ul.messages") for each in box.iter("li")]


def talk(page):
    """Who wrote what, and the files with it."""
    return [text(each).replace("_", " ") for each in page.all("div.message")]


def now(application):
    application.refresh_from_db()
    return application


def asking(user):
    request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.7")
    request.user = user
    return request


# The page


def test_what_it_shows(client, owner, home):
    application = of(
        owner,
        account=home.account,
        data={"paper": "copy"},
        text="Түбіртек келмеді.\n\nКөшірме керек.",
    )
    file = AttachmentFactory(application=application, name="чек.pdf")
    page = seen(client, application)
    assert page.title.startswith(f"Өтінім {application.number}")
    assert page.heading == f"Қағаз түбіртек {application.number}"
    assert page.facts[0] == [
        ("Тіркелді", "10.04.2026 10:00"),
        ("Дербес шот нөмірі", "••••••101"),
        ("Не қалайсыз", "қағаз түрінде тағы бір көшірме"),
    ]
    assert talk(page) == ["Сіз жаздыңыз · 10.04.2026 10:00Түбіртек келмеді.Көшірме керек."]
    assert page.links["чек.pdf"] == f"/applications/files/{file.pk}/"


def test_in_russian(client, owner):
    """In the language of the page, whatever it was filed in."""
    application = of(owner, "waiting", data={"paper": "copy"})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"
    page = seen(client, application)
    assert page.heading == f"Бумажная квитанция {application.number}"
    assert ("Что вы хотите", "ещё один бумажный экземпляр") in page.facts[0]
    assert text(page.find("p.sum-word")) == "ждёт вашего ответа"


def test_nobody_else(client, home):
    application = of(home.owner)
    file = AttachmentFactory(application=application)
    others = ("second", "stranger", "former", "suspended", "support", "biller", "supervisor")
    for other in others:
        client.force_login(getattr(home, other))
        answers = [
            client.get(url(application)),
            do(client, application, "withdraw"),
            do(client, application, "write", text="Бөтен"),
            client.get(f"/applications/files/{file.pk}/"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == client.get("/applications/2026-000000/").content
        assert application.number not in Page(client.get("/applications/")).content
    assert (now(application).state, application.messages.count()) == ("registered", 0)


def test_it_stays_whoever_has_the_account(client, owner, home):
    """The applicant's own letters do not go with the account, nor come to who has it next."""
    application = of(owner, account=home.account)
    owner.holdings.all().delete()
    assert "000000101" not in seen(client, application).content
    client.force_login(home.second)
    assert client.get(url(application)).status_code == 404


CLOCK = [
    # state, days since the 10th, what it says; the 20th is the last day
    ("registered", 0, "Жауап 20.04.2026 күніне дейін беріледі: 10 күн қалды."),
    ("in_progress", 9, "Жауап 20.04.2026 күніне дейін беріледі: 1 күн қалды."),
    ("reopened", 10, "Жауап бүгіннен кешікпей беріледі."),
    (
        "in_progress",
        13,
        "Жауап 20.04.2026 күніне дейін берілуі керек еді, содан бері 3 күн өтті. "
        "Өтініміңіз кезекте бірінші тұр; бізге қоңырау шалуға да болады.",
    ),
    # Asked on the 12th, and 8 days are left however long it takes.
    ("waiting", 2, "Сіз жауап бергенше мерзім тоқтап тұрады; одан кейін 8 күн қалады."),
    ("waiting", 30, "Сіз жауап бергенше мерзім тоқтап тұрады; одан кейін 8 күн қалады."),
    ("done", 30, "Жауап берілді: 14.04.2026 11:30"),
    ("declined", 30, "Жауап берілді: 14.04.2026 11:30"),
    ("withdrawn", 30, "Қайтарып алынды: 14.04.2026 11:30"),
]


@pytest.mark.parametrize(("state", "days", "line"), CLOCK)
def test_the_clock_in_one_line(client, owner, monkeypatch, state, days, line):
    application = of(owner, state)
    people.at(TODAY + DAY * days, monkeypatch)
    client.force_login(owner)
    (shown,) = seen(client, application).all("p.sum-when")
    assert text(shown) == line


LABELS = {
    "registered": "тіркелді",
    "in_progress": "қаралуда",
    "waiting": "сізден жауап күтілуде",
    "done": "бітті",
    "declined": "қабылданбады",
    "reopened": "қайта ашылды",
    "withdrawn": "қайтарып алынды",
}
BUTTONS = {
    "registered": ["write", "withdraw"],
    "in_progress": ["write", "withdraw"],
    "waiting": ["write", "withdraw"],
    "reopened": ["write", "withdraw"],
    "done": ["solved", "not_solved", "reopen"],
    "declined": ["solved", "not_solved", "reopen"],
    "withdrawn": [],
}


@pytest.mark.parametrize("state", LABELS)
def test_each_state_and_what_may_be_done(client, owner, state):
    page = seen(client, of(owner, state))
    (shown,) = page.all("p.sum-word")
    assert text(shown) == LABELS[state]
    buttons = [each.get("value") for each in page.all("button") if each.get("name") == "do"]
    assert buttons == BUTTONS[state]


def test_queries_do_not_grow(client, owner):
    application = of(owner)
    MessageFactory(application=application)
    few = queries(client, url(application))
    for message in MessageFactory.create_batch(5, application=application):
        AttachmentFactory(application=application, message=message)
        AttachmentFactory(application=application)
        ChangeFactory(application=application, actor=owner)
    assert queries(client, url(application)) == few


# The states: the one table, and nothing beside it

ALLOWED = {
    "take": {"registered", "reopened"},
    "ask": {"registered", "in_progress", "reopened"},
    "answer": {"waiting"},
    "go_on": {"waiting"},
    "finish": {"registered", "in_progress", "reopened", "waiting"},
    "decline": {"registered", "in_progress", "reopened", "waiting"},
    "reopen": {"done", "declined"},
    "withdraw": {"registered", "in_progress", "reopened", "waiting"},
}
LEADS_TO = {
    "take": "in_progress",
    "ask": "waiting",
    "answer": "in_progress",
    "go_on": "in_progress",
    "finish": "done",
    "decline": "declined",
    "reopen": "reopened",
    "withdraw": "withdrawn",
}


@pytest.mark.parametrize("state", OF_STATE)
def test_from_which_state_which_steps_lead_where(owner, home, state):
    """A step that is not allowed changes nothing, and leaves no trace."""
    for step in ALLOWED:
        application = of(owner, state)
        by = home.support if STEPS[step].by_staff else owner
        if state in ALLOWED[step]:
            acts.take_step(asking(by), application, step, text="Мәтін")
            assert now(application).state == LEADS_TO[step]
            (change,) = application.changes.all()
            assert (change.what, change.before, change.after) == (step, state, LEADS_TO[step])
            assert (change.actor, change.by_staff) == (by, by == home.support)
        else:
            with pytest.raises(acts.TooLate):
                acts.take_step(asking(by), application, step, text="Мәтін")
            assert now(application).state == state
            assert application.changes.count() + application.messages.count() == 0


def test_a_state_for_each_and_no_step_unknown():
    assert {*OF_STATE, "draft"} == set(State.values)
    assert {*ALLOWED, "submit"} == STEPS.keys()


@pytest.mark.parametrize("step", ["ask", "answer", "finish", "decline", "reopen"])
def test_what_wants_a_text_is_not_done_without(owner, step):
    application = of(owner, min(ALLOWED[step]))
    with pytest.raises(ValueError, match="wants a text"):
        acts.take_step(asking(owner), application, step, text=" \n")
    assert application.changes.count() == 0


# The conversation


def test_write(client, owner):
    application = of(owner, "in_progress")
    response = do(client, application, "write", text=" Тағы бір сұрақ. ")
    assert response.url == url(application)
    page = seen(client, application)
    assert said(page) == ["Хабарламаңыз жіберілді"]
    assert talk(page)[1:] == ["Сіз жаздыңыз · 10.04.2026 10:00 Тағы бір сұрақ."]
    assert now(application).state == "in_progress"
    entry = AuditEntry.objects.get(action="application_written")
    assert (entry.actor_login, entry.about) == ("owner", {"application": application.number})
    assert written() == []


@pytest.mark.parametrize(
    ("kind", "due_on"),
    [("paper", dt.date(2026, 4, 25)), ("refund", dt.date(2026, 4, 27))],  # five days, of the kind's
)
def test_an_answer_lets_the_clock_run_on(client, owner, monkeypatch, kind, due_on):
    application = of(owner, "waiting", kind_id=kind)
    people.at(dt.date(2026, 4, 17), monkeypatch)
    client.force_login(owner)
    assert "Сұраққа жауап беру" in seen(client, application).content
    do(client, application, "write", text="Міне.", files=[uploaded(jpeg(), "фото.jpg")])
    application = now(application)
    assert (application.state, application.waiting_since, application.due_on) == (
        *("in_progress", None),
        due_on,
    )
    (message,) = application.messages.all()
    assert [each.name for each in message.attachments.all()] == ["фото.jpg"]
    assert [change.what for change in application.changes.all()] == ["answer"]
    assert AuditEntry.objects.filter(action="application_answer").count() == 1


@pytest.mark.parametrize("act", ["write", "reopen"])
@pytest.mark.parametrize("wrong", ["", "  ", f"а{NUL}", "ә" * 5001])
def test_a_wrong_message_is_told_beside_the_field(client, owner, act, wrong):
    application = of(owner, "done" if act == "reopen" else "waiting")
    page = Page(do(client, application, act, text=wrong))
    assert (page.status, list(page.beside)) == (400, ["text"])
    assert application.messages.count() == 0
    assert now(application).changes.count() == 0


def test_a_refused_file_stops_the_message_and_the_text_stays(client, owner, folder):
    application = of(owner, "waiting")
    files = [uploaded(pdf(), "жақсы.pdf"), uploaded(archive(), "жаман.pdf")]
    page = Page(do(client, application, "write", text="Міне.", files=files))
    assert page.status == 400
    assert [each.split(":")[0] for each in page.summary] == ["Файлдар тіркеу", "жаман.pdf"]
    assert page.beside == {"files": AGAIN}
    (area,) = page.all("textarea")
    assert area.text.strip() == "Міне."
    assert (Attachment.objects.count(), application.messages.count()) == (0, 0)
    assert now(application).state == "waiting"


def test_six_files_are_too_many(client, owner):
    application = of(owner)
    files = [uploaded(jpeg(), f"{n}.jpg") for n in range(6)]
    page = Page(do(client, application, "write", text="Міне.", files=files))
    assert (page.status, page.beside) == (400, {"files": AGAIN})
    assert Attachment.objects.count() == 0


@pytest.mark.parametrize("state", ["done", "declined", "withdrawn"])
def test_nothing_is_written_to_what_is_over_and_the_text_stays(client, owner, state):
    application = of(owner, state)
    page = Page(do(client, application, "write", text="Ұзақ жазылған сөз"))
    assert (page.status, said(page)) == (400, [CHANGED])
    assert "Ұзақ жазылған сөз" in page.content
    assert application.messages.count() == 0


def test_too_many_messages(client, owner, monkeypatch):
    monkeypatch.setitem(application_views.LIMITS, "application_message", "2/d/user")
    application = of(owner)
    answers = [do(client, application, "write", text=f"{n}-сөз") for n in range(3)]
    assert [each.status_code for each in answers] == [302, 302, 400]
    assert Page(answers[-1]).summary == [
        "Бүгін өте көп жаздыңыз. Ертең жалғастырыңыз немесе бізге қоңырау шалыңыз."
    ]
    assert application.messages.count() == 2


def test_internal_notes_and_their_files_stay_internal(client, owner, home):
    application = of(owner)
    note = MessageFactory(
        application=application,
        author=home.support,
        by_staff=True,
        is_internal=True,
        text="Құпия жазба",
    )
    file = AttachmentFactory(application=application, message=note, name="құпия.pdf", by_staff=True)
    page = seen(client, application)
    assert "Құпия" not in page.content
    assert "құпия" not in page.content
    assert client.get(f"/applications/files/{file.pk}/").status_code == 404
    taken = [str(table.rows) for _name, table in own_data.tables(owner)]
    assert len(taken) == 1
    assert "Құпия" not in "".join(taken)


def test_staff_are_not_named(client, owner, home):
    application = of(owner)
    MessageFactory(
        application=application,
        author=home.support,
        by_staff=True,
        text="Жауап",
        at=application.registered_at,
    )
    ChangeFactory(application=application, actor=home.support, by_staff=True, what="take")
    page = seen(client, application)
    assert talk(page)[1:] == ["Жеткізуші · 10.04.2026 10:00 Жауап"]
    assert "Іскендірова" not in page.content


# Withdrawing, rating, reopening


@pytest.mark.parametrize("state", sorted(ALLOWED["withdraw"]))
def test_withdraw(client, owner, state):
    application = of(owner, state)
    do(client, application, "withdraw")
    assert told(client, application) == ["Өтінім қайтарып алынды"]
    application = now(application)
    assert (application.state, application.waiting_since) == ("withdrawn", None)
    assert application.closed_at == dt.datetime(2026, 4, 10, 5, tzinfo=dt.UTC)
    assert AuditEntry.objects.filter(action="application_withdraw").count() == 1


def test_what_is_over_is_not_withdrawn(client, owner):
    application = of(owner, "done")
    do(client, application, "withdraw")
    assert told(client, application) == [CHANGED]
    assert now(application).state == "done"


@pytest.mark.parametrize("state", ["done", "declined"])
@pytest.mark.parametrize(
    ("act", "solved", "shown"),
    [
        ("solved", True, "Сіздің жауабыңыз: шешілді."),
        ("not_solved", False, "Сіздің жауабыңыз: шешілмеді."),
    ],
)
def test_rate(client, owner, state, act, solved, shown):
    application = of(owner, state)
    do(client, application, act)
    page = seen(client, application)
    assert said(page) == ["Пікіріңізге рахмет"]
    assert shown in page.content
    assert now(application).solved == solved
    entry = AuditEntry.objects.get(action="application_rated")
    assert entry.about == {"application": application.number, "solved": solved}


@pytest.mark.parametrize("state", ["registered", "waiting", "reopened", "withdrawn"])
def test_only_an_answer_is_rated(client, owner, state):
    application = of(owner, state)
    do(client, application, "solved")
    assert now(application).solved is None
    assert Change.objects.count() == 0


@pytest.mark.parametrize("state", ["done", "declined"])
def test_reopened_once(client, owner, home, monkeypatch, state):
    """With a whole term, and without the rating; after the second answer no more."""
    application = of(owner, state, solved=False)
    people.at(dt.date(2026, 5, 1), monkeypatch)
    client.force_login(owner)
    do(client, application, "reopen", text="Келіспеймін.", files=[uploaded(pdf(), "дәлел.pdf")])
    application = now(application)
    assert (application.state, application.solved) == ("reopened", None)
    assert (application.due_on, application.closed_at) == (dt.date(2026, 5, 11), None)
    assert application.attachments.get().message == application.messages.get()
    acts.take_step(asking(home.support), application, "finish", text="Бәрі дұрыс.")
    page = seen(client, application)
    assert [each.get("value") for each in page.all("button") if each.get("name") == "do"] == [
        *("solved", "not_solved"),
    ]
    page = Page(do(client, application, "reopen", text="Тағы да келіспеймін."))
    assert (page.status, said(page)) == (400, [CHANGED])
    assert "Тағы да келіспеймін." in page.content
    assert now(application).state == "done"


@pytest.mark.parametrize("state", ["registered", "withdrawn"])
def test_only_an_answer_is_reopened(client, owner, state):
    application = of(owner, state)
    do(client, application, "reopen", text="Келіспеймін.")
    assert now(application).state == state


@pytest.mark.parametrize("act", ["", "nothing", "finish", "take", "ask", "merge", NUL])
def test_what_there_is_no_button_for(client, owner, act):
    application = of(owner)
    assert do(client, application, act, text="Мәтін").status_code == 400
    assert now(application).state == "registered"
    assert application.messages.count() + application.changes.count() == 0


def test_a_duplicate_leads_to_where_it_goes_on(client, owner):
    into = of(owner)
    application = of(owner, "done", merged_into=into)
    page = seen(client, application)
    assert page.links[into.number] == url(into)
    do(client, application, "reopen", text="Келіспеймін.")
    assert now(application).state == "done"


# The history


def test_the_whole_history(client, owner, home, monkeypatch):
    """Each step with its moment; whose hands it is in is the supplier's own affair."""
    application = of(owner)
    person, desk = asking(owner), asking(home.support)
    ChangeFactory(application=application, actor=owner, at=application.registered_at)
    steps = [
        (desk, "take", ""),
        (desk, "ask", "Қай ай?"),
        (person, "answer", "Наурыз."),
        (desk, "decline", "Бәрі дұрыс."),
        (person, "reopen", "Жоқ."),
        (desk, "ask", "Неге?"),
        (desk, "go_on", ""),
        (desk, "finish", "Түзетілді."),
    ]
    for place, (request, step, words) in enumerate(steps, start=1):
        people.at(TODAY + DAY * place, monkeypatch)
        acts.take_step(request, now(application), step, text=words)
        if step == "take":
            acts.assign(desk, now(application), home.support)
    acts.rate(person, now(application), True)
    client.force_login(owner)
    page = seen(client, application)
    (history,) = page.all("ul.rows")
    assert [text(each) for each in history] == [
        "10.04.2026 10:00 тіркелді",
        "11.04.2026 10:00 қарауға алынды",
        "12.04.2026 10:00 сұрақ қойылды; мерзім тоқтап тұр",
        "13.04.2026 10:00 сұраққа жауап берілді; мерзім жалғасты",
        "14.04.2026 10:00 қабылданбады",
        "15.04.2026 10:00 қайта ашылды",
        "16.04.2026 10:00 сұрақ қойылды; мерзім тоқтап тұр",
        "17.04.2026 10:00 қайта қаралуда; мерзім жалғасты",
        "18.04.2026 10:00 жауап берілді",
        "18.04.2026 10:00 бағаланды",
    ]
    assert [each.rsplit("10:00", 1)[1].strip() for each in talk(page)] == [
        *("Неге?", "Қай ай?", "Наурыз.", "Бәрі дұрыс.", "Жоқ.", "Неге?", "Түзетілді."),
    ]
    assert now(application).due_on == dt.date(2026, 4, 26)  # from the 15th, with one day it stood
