"""A letter at each step, in the applicant's language, whatever language staff work in."""

import datetime as dt

import pytest
from django.db import IntegrityError
from django.test import RequestFactory
from django.utils import translation

from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import facts_of, last, link_in, refuse_letters, written
from cabinet.models import Letter
from cabinet.tests import people
from support import applications as acts
from support.application_letters import MOST_QUOTED
from support.models import Kind
from support.tests.factories import ApplicationFactory, DraftFactory, make_kinds

pytestmark = pytest.mark.django_db

TEXT = "Қайта есептелді.\n\nАйырмасы сәуірде көрінеді."


@pytest.fixture
def desk(monkeypatch):
    """Staff, who work in Russian."""
    make_kinds()
    people.at(people.TODAY, monkeypatch)
    with translation.override("ru"):
        yield asking(UserFactory(login="desk", is_staff=True, language="ru"))


def asking(user):
    request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.7")
    request.user = user
    return request


def aigul(language="kk"):
    return UserFactory(login="aigul", language=language)


def of(user, **fields):
    return ApplicationFactory(user=user, kind_id="recalculation", number="2026-000007", **fields)


WAITING = {"state": "waiting", "waiting_since": people.TODAY}
DONE = {"state": "done", "closed_at": dt.datetime(2026, 4, 9, 5, tzinfo=dt.UTC)}
# What a letter says of each step: its subject and its sentence, by the state before.
OF_STAFF = [
    ("take", {}, "қаралуда", "Өтініміңіз қаралып жатыр."),
    (
        *("ask", {}, "сізге сұрақ"),
        "Жеткізушінің сізге сұрағы бар. Сіз жауап бергенше, жауап беру мерзімі тоқтап тұрады.",
    ),
    (
        *("go_on", WAITING, "қаралуда"),
        "Өтініміңіз қайтадан қаралып жатыр; енді жауап берудің қажеті жоқ.",
    ),
    ("finish", {}, "бітті", "Өтініміңізге жауап берілді. Мәселе шешілді ме, айтыңызшы."),
    (
        *("decline", {}, "қабылданбады"),
        "Өтініміңіз қабылданбады. Келіспесеңіз, оны бір рет қайта ашыңыз.",
    ),
]
OF_THE_APPLICANT = [
    (
        *("reopen", DONE, "қайта ашылды"),
        "Өтініміңіз қайта ашылды. Төменде көрсетілген күнге дейін жауап беріледі.",
    ),
    (
        *("withdraw", {}, "қайтарып алынды"),
        "Сіз өтініміңізді қайтарып алдыңыз; ол бойынша бұдан әрі ештеңе жасалмайды.",
    ),
]


def told(step, by, application, subject, sentence):
    """The letter about the step, which is the only one."""
    acts.take_step(by, application, step, text=TEXT)
    assert written() == [("application", "aigul@example.kz")]
    letter = last("application")
    assert (letter.language, letter.subject) == ("kk", f"Өтінім 2026-000007: {subject}")
    assert sentence in " ".join(letter.text.split())
    assert link_in(letter) == "/applications/2026-000007/"
    return letter


@pytest.mark.parametrize(("step", "before", "subject", "sentence"), OF_STAFF)
def test_each_step_of_staff_with_what_they_wrote(desk, step, before, subject, sentence):
    letter = told(step, desk, of(aigul(), **before), subject, sentence)
    assert "Қайта есептелді." in letter.text
    assert "Айырмасы сәуірде көрінеді." in letter.text


@pytest.mark.parametrize(("step", "before", "subject", "sentence"), OF_THE_APPLICANT)
def test_the_applicants_own_steps_are_confirmed(desk, step, before, subject, sentence):
    user = aigul()
    letter = told(step, asking(user), of(user, **before), subject, sentence)
    assert "Қайта есептелді." not in letter.text


def test_in_russian(desk):
    acts.take_step(desk, of(aigul("ru")), "take")
    letter = last("application")
    assert (letter.language, letter.subject) == ("ru", "Заявка 2026-000007: в работе")
    assert facts_of(letter)["О чём"] == "Перерасчёт"


def test_the_registration(desk):
    user = aigul()
    draft = DraftFactory(user=user, kind_id="refund", text="Неге?")
    sent = acts.submit(asking(user), draft)
    letter = last("application")
    assert letter.subject == f"Өтінім {sent.number}: тіркелді"
    assert facts_of(letter) == {
        "Өтінімнің нөмірі": sent.number,
        "Не туралы": "Артық төлемді қайтару",
        "Күйі": "тіркелді",
        "Жауап беру мерзімі": "04.05.2026",
    }
    assert "Өтініміңіз тіркелді." in letter.text


def test_what_is_over_has_no_day_any_more(desk):
    acts.take_step(desk, of(aigul()), "finish", text=TEXT)
    assert facts_of(last("application")).keys() == {"Өтінімнің нөмірі", "Не туралы", "Күйі"}


def test_the_applicants_own_words_are_no_letter(desk):
    user = aigul()
    application = of(user, **WAITING)
    acts.take_step(asking(user), application, "answer", text="Міне.")
    acts.write(asking(user), application, "Тағы.")
    assert written() == []


def test_a_message_is_told_and_a_note_is_not(desk):
    application = of(aigul())
    acts.write(desk, application, "Құпия", by_staff=True, is_internal=True)
    acts.assign(desk, application, desk.user)
    assert written() == []
    acts.write(desk, application, TEXT, by_staff=True)
    letter = last("application")
    assert letter.subject == "Өтінім 2026-000007: хабарлама"
    assert "Жеткізуші сізге хат жазды." in letter.text
    assert "Қайта есептелді." in letter.text


def test_another_kind_and_its_term(desk):
    acts.change_kind(desk, of(aigul()), Kind.objects.get(pk="refund"))
    letter = last("application")
    assert letter.subject == "Өтінім 2026-000007: басқа түр"
    facts = facts_of(letter)
    assert facts["Не туралы"] == "Артық төлемді қайтару"
    assert facts["Жауап беру мерзімі"] == "04.05.2026"


def test_a_duplicate_tells_where_it_goes_on(desk):
    user = aigul()
    into = ApplicationFactory(user=user, number="2026-000008")
    acts.merge(desk, of(user), into)
    letter = last("application")
    assert letter.subject == "Өтінім 2026-000007: басқа өтінімде жалғасады"
    assert "2026-000008" in letter.text


def test_a_long_text_is_cut_at_a_word(desk):
    acts.write(desk, of(aigul()), "сөз " * 1000, by_staff=True)
    (quoted,) = [line for line in last("application").text.split("\n\n") if "сөз сөз" in line]
    said = " ".join(quoted.split())
    assert said.endswith("сөз …")
    assert MOST_QUOTED - 10 < len(said) <= MOST_QUOTED + 2


def test_markup_is_text(desk):
    acts.write(desk, of(aigul()), "<b>қалың</b>", by_staff=True)
    assert "&lt;b&gt;қалың&lt;/b&gt;" in last("application").html


def test_without_the_letter_nothing_is_done(desk):
    application = of(aigul())
    refuse_letters()
    with pytest.raises(IntegrityError):
        acts.take_step(desk, application, "finish", text=TEXT)
    application.refresh_from_db()
    assert (application.state, application.messages.count()) == ("registered", 0)
    assert (application.changes.count(), Letter.objects.count()) == (0, 0)
