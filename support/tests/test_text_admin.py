"""Supervisors edit texts in the admin; other staff see them; each change is written down."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone, translation

from accounts import audit
from accounts.models import AuditEntry
from billing.tests.factories import BranchFactory
from cabinet.tests.pages import Page, rows, select, text
from support.models import Announcement, BranchNotice, HelpPage
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    HelpPageFactory,
)

ADMIN = "/admin/support/"
ANNOUNCEMENTS, HELP_PAGES, NOTICES = (
    f"{ADMIN}{model}/" for model in ("announcement", "helppage", "branchnotice")
)
ANNOUNCEMENT = {
    "kind": "a_outage",
    "branch": "",
    "text_kk": "Ертең жарық болмайды.",
    "text_ru": "Завтра не будет света.",
    "shown_from": "2026-04-10T09:30",
    "shown_until": "2026-04-11T18:00",
}
HELP_PAGE = {
    "code": "new-meter",
    "place": "65",
    "is_shown": "on",
    "section_kk": "Есептегіш",
    "section_ru": "Счётчик",
    "question_kk": "Есептегішті кім ауыстырады?",
    "question_ru": "Кто меняет счётчик?",
    "answer_kk": "[Бөлімшеге](/branches/) хабарласыңыз.",
    "answer_ru": "Обратитесь в [отделение](/branches/).",
}


@pytest.fixture
def supervisor(home, client):
    client.force_login(home.supervisor)
    return home.supervisor


@pytest.fixture(autouse=True)
def committed(db, django_capture_on_commit_callbacks):
    """What is done after a commit is done at the end of each request."""
    return django_capture_on_commit_callbacks


def see(client, path, language="kk"):
    client.cookies["django_language"] = language
    return Page(client.get(path))


def listed(page):
    """The list's cells."""
    return rows(page.find("table#result_list"))[1:]


def wrong(page):
    """The messages of the form."""
    return [text(item) for box in page.all("ul.errorlist") for item in box.iter("li")]


def noted():
    """What the audit log has of it: action, login, and what is told, in Kazakh."""
    with translation.override("kk"):
        return [
            (entry.action, entry.actor_login, audit.details(entry))
            for entry in AuditEntry.objects.order_by("pk")
        ]


# Announcements


def test_an_announcement_is_added(client, supervisor, committed):
    assert Page(client.get("/login/", follow=True)).all("section.announcements") == []
    with committed(execute=True):
        response = client.post(f"{ANNOUNCEMENTS}add/", ANNOUNCEMENT)
    assert response.url == ANNOUNCEMENTS
    announcement = Announcement.objects.get()
    almaty = dt.timezone(dt.timedelta(hours=5))
    assert announcement.shown_from == dt.datetime(2026, 4, 10, 9, 30, tzinfo=almaty)
    assert announcement.shown_until == dt.datetime(2026, 4, 11, 18, tzinfo=almaty)
    assert noted() == [
        (
            "announcement_added",
            "supervisor",
            "мәтін: Ертең жарық болмайды.; өрістер: түрі, қазақша мәтін, орысша мәтін, көрсетіле"
            " бастайтын уақыты, көрсетілуі аяқталатын уақыты; хабарландыру нөмірі:"
            f" {announcement.pk}",
        )
    ]
    (box,) = Page(client.get("/accounts/")).all("section.announcements")
    assert text(select(box, "strong")[0]) == "Электр энергиясының өшірілуі"
    assert LogEntry.objects.count() == 0


def test_the_list_shows_them_as_they_stand_on_pages(client, home, supervisor):
    now = timezone.now()
    day = dt.timedelta(days=1)
    AnnouncementFactory(branch=home.account.branch, kind="a_outage", shown_from=now)
    AnnouncementFactory(text_kk="Ертең", shown_from=now + day, shown_until=now + 2 * day)
    AnnouncementFactory(text_kk="Кеше", shown_from=now - day, shown_until=now)
    russian = "В кабинете открылась новая страница."
    assert listed(see(client, ANNOUNCEMENTS)) == [
        [
            *("кейін көрсетіледі", "қызмет жаңалығы", "барлығына", f"Ертең{russian}"),
            "11.04.2026 10:00 – 12.04.2026 10:00",
        ],
        [
            *("қазір көрсетіліп тұр", "электр энергиясының өшірілуі", "Алмалы АЭЖБ"),
            f"Кабинетте жаңа бет ашылды.{russian}",
            "10.04.2026 10:00 – 11.04.2026 10:00",
        ],
        [
            *("енді көрсетілмейді", "қызмет жаңалығы", "барлығына", f"Кеше{russian}"),
            "09.04.2026 10:00 – 10.04.2026 10:00",
        ],
    ]
    states = [row[0] for row in listed(see(client, ANNOUNCEMENTS, "ru"))]
    assert states == ["будет показано", "показывается сейчас", "больше не показывается"]


def test_the_form_has_almaty_time(client, supervisor):
    moment = dt.datetime(2026, 4, 10, 21, 15, tzinfo=dt.UTC)
    row = AnnouncementFactory(shown_from=moment, shown_until=moment + dt.timedelta(hours=1))
    page = see(client, f"{ANNOUNCEMENTS}{row.pk}/change/")
    begin, end = (page.find(f"input#id_shown_{name}") for name in ("from", "until"))
    assert (begin.get("type"), begin.get("value")) == ("datetime-local", "2026-04-11T02:15")
    assert end.get("value") == "2026-04-11T03:15"
    assert [text(each) for each in page.all("div.help")][:2] == ["Алматы уақытымен."] * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shown_until": "2026-04-10T09:30"}, "Басталуынан кейінгі уақытты таңдаңыз."),
        ({"shown_until": "2026-04-09T10:00"}, "Басталуынан кейінгі уақытты таңдаңыз."),
        ({"text_kk": ""}, "Бұл өрісті толтырыңыз."),
        ({"text_ru": " "}, "Бұл өрісті толтырыңыз."),
        ({"shown_from": ""}, "Бұл өрісті толтырыңыз."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(client, supervisor, changes, message):
    client.cookies["django_language"] = "kk"
    response = client.post(f"{ANNOUNCEMENTS}add/", ANNOUNCEMENT | changes)
    assert response.status_code == 200
    assert wrong(Page(response)) == [message]
    assert Announcement.objects.count() == AuditEntry.objects.count() == 0


def test_any_bytes(client, supervisor):
    for value in ("\0", "x" * 501, "2026-13-45T99:99", "-1"):
        response = client.post(f"{ANNOUNCEMENTS}add/", dict.fromkeys(ANNOUNCEMENT, value))
        assert response.status_code == 200
        assert wrong(Page(response)) != []
    assert Announcement.objects.count() == 0


def test_an_announcement_is_changed_and_deleted(client, supervisor, committed):
    row = AnnouncementFactory()
    change = f"{ANNOUNCEMENTS}{row.pk}/change/"
    page = see(client, change)
    same = {
        **{name: getattr(row, name) for name in ("kind", "text_kk", "text_ru")},
        **{
            f"shown_{name}": page.find(f"input#id_shown_{name}").get("value")
            for name in ("from", "until")
        },
    }
    assert client.post(change, same).url == ANNOUNCEMENTS
    assert noted() == []
    assert len(Page(client.get("/accounts/")).all("section.announcements")) == 1
    client.post(change, same | {"text_ru": "Иначе."})
    assert Announcement.objects.get().text_ru == "Иначе."
    with committed(execute=True):
        client.post(f"{ANNOUNCEMENTS}{row.pk}/delete/", {"post": "yes"})
    assert Announcement.objects.count() == 0
    assert noted() == [
        (
            "announcement_changed",
            "supervisor",
            f"мәтін: {row.text_kk}; өрістер: орысша мәтін; хабарландыру нөмірі: {row.pk}",
        ),
        (
            "announcement_deleted",
            "supervisor",
            f"мәтін: {row.text_kk}; хабарландыру нөмірі: {row.pk}",
        ),
    ]
    assert Page(client.get("/accounts/")).all("section.announcements") == []
    assert LogEntry.objects.count() == 0


# Help pages


def test_a_help_page_is_added(client, supervisor, committed):
    client.get("/help/")  # the list is remembered
    with committed(execute=True):
        assert client.post(f"{HELP_PAGES}add/", HELP_PAGE).url == HELP_PAGES
    page = see(client, "/help/")
    assert page.links["Есептегішті кім ауыстырады?"] == "/help/new-meter/"
    ((action, login, details),) = noted()
    assert (action, login) == ("helppage_added", "supervisor")
    assert details == (
        "мәтін: Есептегішті кім ауыстырады?; өрістер: код, тізімдегі орны, бөлімі қазақша, бөлімі"
        " орысша, сұрақ қазақша, сұрақ орысша, жауап қазақша, жауап орысша; анықтама бетінің коды:"
        " new-meter"
    )


@pytest.mark.parametrize("name", ["answer_kk", "answer_ru"])
def test_links_lead_to_pages_that_there_are(client, supervisor, name):
    client.cookies["django_language"] = "kk"
    answer = "[a](/help/) [b](/nothing/) [c](/branches/x/)"
    response = client.post(f"{HELP_PAGES}add/", HELP_PAGE | {name: answer})
    assert wrong(Page(response)) == ["Мұндай бет жоқ: /nothing/, /branches/x/"]
    assert not HelpPage.objects.filter(pk="new-meter").exists()


def test_the_address_of_a_help_page_stays(client, supervisor):
    HelpPageFactory(code="meter")
    client.post(f"{HELP_PAGES}meter/change/", HELP_PAGE)
    page = HelpPage.objects.get(pk="meter")
    assert page.question_ru == "Кто меняет счётчик?"
    assert not HelpPage.objects.filter(pk="new-meter").exists()


def test_a_help_page_is_hidden(client, supervisor, committed):
    HelpPageFactory(code="meter")
    hidden = {name: value for name, value in HELP_PAGE.items() if name != "is_shown"}
    with committed(execute=True):
        client.post(f"{HELP_PAGES}meter/change/", hidden)
    assert client.get("/help/meter/").status_code == 404


def test_the_list_of_help_pages(client, supervisor):
    HelpPage.objects.all().delete()
    HelpPageFactory(code="second", place=20, is_shown=False)
    HelpPageFactory(code="first", place=10)
    question = "Төлемім неге көрінбейді?"
    page = see(client, HELP_PAGES)
    assert listed(page) == [
        ["10", "Шот пен төлем", question, "иә", "/help/first/"],
        ["20", "Шот пен төлем", question, "жоқ", "—"],
    ]
    (link,) = [each for each in page.all("a") if text(each) == "/help/first/"]
    assert link.get("href") == "/help/first/"


# Notices of branches


def test_a_notice_of_a_branch(client, home, supervisor, committed):
    branch = home.account.branch
    texts = {"text_kk": "Жөндеу жүріп жатыр.", "text_ru": "Идёт ремонт."}
    with committed(execute=True):
        client.post(f"{NOTICES}add/", {"branch": branch.pk, **texts})
    assert [text(each) for each in see(client, "/branches/").all("p.branch-notice")] == [
        "! Жөндеу жүріп жатыр."
    ]
    client.cookies["django_language"] = "kk"
    response = client.post(f"{NOTICES}add/", {"branch": branch.pk, **texts})
    assert len(wrong(Page(response))) == 1
    client.post(f"{NOTICES}{branch.pk}/delete/", {"post": "yes"})
    assert BranchNotice.objects.count() == 0
    assert [entry[0] for entry in noted()] == ["branchnotice_added", "branchnotice_deleted"]
    assert noted()[1][2] == "мәтін: Жөндеу жүріп жатыр.; бөлімшенің коды: ALM"


def test_a_notice_stays_with_its_branch(client, home, supervisor):
    BranchNoticeFactory(branch=home.account.branch)
    other = BranchFactory(code="FAR")
    changed = {"branch": other.pk, "text_kk": "Басқа", "text_ru": "Другое"}
    client.post(f"{NOTICES}{home.account.branch_id}/change/", changed)
    assert [*BranchNotice.objects.values_list("branch", "text_kk")] == [("ALM", "Басқа")]


# Who may what


@pytest.mark.parametrize("who", ["support", "biller"])
def test_other_staff_only_look(client, home, who):
    row = AnnouncementFactory()
    client.force_login(getattr(home, who))
    page = see(client, f"{ANNOUNCEMENTS}{row.pk}/change/")
    assert page.status == 200
    assert page.all("input#id_shown_from") == []
    for act in ("add", f"{row.pk}/change", f"{row.pk}/delete"):
        assert (
            client.post(f"{ANNOUNCEMENTS}{act}/", ANNOUNCEMENT | {"post": "yes"}).status_code == 403
        )
    assert [*Announcement.objects.values_list("text_kk", flat=True)] == [row.text_kk]
    assert noted() == []


def test_other_staff_read_help_pages(client, home):
    HelpPageFactory(code="meter", answer_kk="<b>Бір</b>\n\n- екі", is_shown=False)
    client.force_login(home.support)
    page = see(client, f"{HELP_PAGES}meter/change/")
    assert page.status == 200
    answers = [(each.get("aria-label"), each.text) for each in page.all("textarea")]
    assert answers == [
        ("жауап қазақша", "<b>Бір</b>\n\n- екі"),
        ("жауап орысша", "Подождите несколько дней."),
    ]
    assert [each for each in page.all("textarea") if "readonly" not in each.attrib] == []
    shown = [text(each) for each in page.all("div.readonly")]
    assert shown[:3] == ["meter", "100", "жоқ"]
    assert client.post(f"{HELP_PAGES}meter/change/", HELP_PAGE).status_code == 403


@pytest.mark.parametrize("path", [ANNOUNCEMENTS, HELP_PAGES, NOTICES])
@pytest.mark.parametrize("query", ["?q=%00", "?text_kk=%00", "?question_kk__contains=a", "?p=x"])
def test_odd_queries(client, supervisor, path, query):
    assert client.get(f"{path}{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("path", [ANNOUNCEMENTS, HELP_PAGES, NOTICES])
def test_in_both_languages(client, home, supervisor, path, language):
    """No word of ours is English, on the list or the form."""
    HelpPageFactory()
    for page in (see(client, path, language), see(client, f"{path}add/", language)):
        words = {text(each) for tag in ("h1", "label", "th", "option") for each in page.all(tag)}
        english = {word for word in words if any("a" <= letter <= "z" for letter in word)}
        assert english == set()
