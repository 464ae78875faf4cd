"""Whoever tries the cabinet out reads its letters on a page of its own, and nowhere else."""

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from cabinet import mail
from cabinet.letters import Content
from cabinet.outbox import Sender, post
from cabinet.tests.pages import Page, text
from cabinet.tests.test_language import faults

URL = "/demo/mail/"
OURS = "https://testserver/confirm/abc/"


@pytest.fixture
def folder(db, settings, tmp_path):
    """Where the demo's letters are kept."""
    settings.DEMO = True
    settings.EMAIL_BACKEND = mail.BACKEND
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


def write(subject="Тема", to="aigul@example.kz", url=OURS, paragraphs=("Текст.",)):
    content = Content(subject=subject, paragraphs=paragraphs, button=("Открыть", url))
    letter = post(to, "test", "ru", content)
    Sender("a worker").send_due()
    letter.refresh_from_db()
    assert letter.state == "sent"
    return letter


def test_a_letter_is_a_file_for_its_owner(folder):
    write()
    (file,) = folder.iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert b"Message-ID" in file.read_bytes()


def test_the_newest_name_sorts_last(folder):
    for number in range(20):
        get_connection().send_messages([EmailMultiAlternatives(f"{number}", "", to=["a@b.kz"])])
    found = [mail.message_from_bytes(path.read_bytes())["Subject"] for path in mail.newest(5)]
    assert found == ["19", "18", "17", "16", "15"]


def test_the_page(folder, client):
    first, second = write(subject="Первое"), write(subject="Второе", to="nurlan@example.kz")
    client.cookies["django_language"] = "ru"
    page = Page(client.get(URL))
    assert page.heading == "Письма демонстрации"
    when = [
        timezone.localtime(each.created_at).strftime("%d.%m.%Y_%H:%M") for each in (second, first)
    ]
    assert [text(each) for each in page.all("summary")] == [
        f"Второеnurlan@example.kz{when[0]}".replace("_", " "),
        f"Первоеaigul@example.kz{when[1]}".replace("_", " "),
    ]
    assert [each.get("open") is not None for each in page.all("details")] == [True, False]
    assert [text(each) for each in page.all("details")[0].iter("p")] == [
        "Личный кабинет",
        "Второе",
        "Текст.",
        f"Открыть:{OURS}",
    ]
    assert page.links == {OURS: OURS}
    assert {each.get("lang") for each in page.all("h2") if each.get("lang")} == {"ru"}


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://testserver/a/?b=1&c=%22", True),
        ("http://testserver/", True),
        ("https://evil.example/", False),
        ("https://testserver@evil.example/", False),
        ("https://testserver.evil.example/", False),
        ("https://testserver:444/", False),
        ("https://testserver\\@evil.example/", False),
        ("javascript:alert(1)//https://testserver/", True),
        ("ftp://testserver/", False),
        ('https://testserver/"onclick="alert(1)', True),
    ],
)
def test_only_links_to_ourselves_lead_anywhere(url, leads, folder, client):
    write(url=url)
    page = Page(client.get(URL))
    hrefs = [link.get("href") for link in page.find("main").iter("a")]
    assert hrefs == ([url[url.index("http") :]] if leads else [])
    assert url in page.content


def test_markup_is_text(folder, client):
    write(subject="<script>1</script>", paragraphs=["<img src=x onerror=alert(1)> &amp;"])
    page = Page(client.get(URL))
    assert "<img src=x onerror=alert(1)> &amp;" in page.content
    assert "<script>1</script>" in page.content
    assert [element.tag for element in page.find("main").iter("script")] == []


def test_at_most_fifty(folder, client):
    messages = [EmailMultiAlternatives(f"{n}", "", to=["a@b.kz"]) for n in range(60)]
    get_connection().send_messages(messages)
    shown = [text(each) for each in Page(client.get(URL)).all("h2")]
    assert [subject for subject in shown if subject.isdigit()] == [str(n) for n in range(59, 9, -1)]


def test_before_there_are_any(folder, client):
    assert "Хаттар әлі жоқ" in Page(client.get(URL)).content


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("letters", [0, 2])
def test_in_one_language(letters, language, folder, client):
    """But for the letters, which are in that of whom they went to."""
    for _letter in range(letters):
        write(subject="«»", url=OURS, paragraphs=[])
    client.cookies["django_language"] = language
    response = client.get(URL)
    known = {"Личный кабинет", "Открыть", OURS, "Қазақша", "Русский"}
    assert faults(response.content.decode(), language, known) == []


def test_when_letters_are_really_sent_none_are_shown(folder, client, settings):
    write()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_FILE_PATH = ""
    assert Page(client.get(URL)).all("details") == []


def test_in_production_there_is_no_such_page(folder, client, settings):
    write()
    settings.DEMO = False
    assert client.get(URL).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_looked_at(method, folder, client):
    assert client.generic(method, URL).status_code == 405
    assert client.head(URL).status_code == 200


def test_the_notice_leads_there(folder, client):
    page = Page(client.get(URL))
    assert [link.get("href") for link in page.find("p.demo").iter("a")] == [
        URL,
        "/demo/codes/",
    ]
