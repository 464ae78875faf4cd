"""Every page is in one language, Kazakh or Russian, down to its numbers and days."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse, QueryDict
from lxml.html import HtmlElement

from accounts.models import User
from accounts.tests.factories import AuditEntryFactory
from billing.models import Import, ImportJob, Service
from billing.names import masked
from cabinet import catalogues
from cabinet.tests import people
from cabinet.tests.pages import Page, parsed
from cabinet.tests.test_urls import EVERY, example
from support.models import (
    Announcement,
    AnswerTemplate,
    Application,
    Attachment,
    BranchNotice,
    HelpPage,
    Kind,
    Message,
)

KAZAKH, RUSSIAN = "kk", "ru"
LANGUAGES = {KAZAKH: "Қазақша", RUSSIAN: "Русский"}
SHOWN_ATTRIBUTES = ("title", "alt", "aria-label", "placeholder", "data-label", "label", "summary")

# Latin letters that may stand on a page, and why.
LATIN = {
    "PDF": "the name of the format, in both languages",
    **dict.fromkeys(("CSV", "XLSX", "JSON", "zip", "SHA"), "names of formats, in both languages"),
    "e-mail": "so written in the manual",
    "E-mail": "so written in the manual",
    "cookie": "so called in both languages",
    "Cookie": "so called in both languages",
    "passkey": "what phones and browsers call it, beside our words for it",
    **dict.fromkeys(("PIN-код", "PIN-коды", "PIN-кодты", "PIN-кодпен"), "so written in both"),
    **dict.fromkeys(("PIN-коду", "PIN-кодом", "QR"), "so written in both"),
    **dict.fromkeys(("Google", "Microsoft", "Authenticator", "Aegis"), "names of apps"),
    **dict.fromkeys(("JPEG", "PNG", "HEIC"), "names of formats, in both languages"),
    "KZ": "how bank accounts here begin",
    "JavaScript": "the name of the language",
    "i": "the sign of an announcement, which is not read out",
    "V": "in the number of the law on personal data",
}
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
KAZAKH_LETTERS = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
DAY = re.compile(r"(?<![\d.])(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.\d{4}(?!\d|\.\d)")
URL = re.compile(r"https://\s*testserver\S*")
APPLICATION = re.compile(r"(?<!\d)\d{4}-\d{6}(?!\d)")  # its number
DEVICE = re.compile(r"\d+(\.\d+){3}")  # the address that a session comes from
PHONE = re.compile(r"\+7 \d{3} \d{3} \d{4}")
WRONG_FIGURES = {
    "a decimal point": re.compile(r"\d\.\d"),
    "a comma between thousands": re.compile(r"\d,\d{3}(?!\d)"),
    "a minus that is a hyphen": re.compile(r"(?<![\w–-])-\d"),
    "a day as machines write it": re.compile(r"\d{4}-\d{2}"),
    "a day as Americans write it": re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}"),
    "thousands that are not set apart": re.compile(r"(?<![\d,])\d{4,},\d"),
    "money whose unit may fall on the next line": re.compile(r"\d (₸|\d{3}(?!\d))"),
}
MONTHS = {
    KAZAKH: "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    RUSSIAN: "январ феврал март апрел мая май июн июл август сентябр октябр ноябр декабр",
}


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


@pytest.fixture
def entry(db):
    return AuditEntryFactory()


def shown(root: HtmlElement) -> Iterator[str]:
    """Every text of a page that somebody sees or hears."""
    for element in root.iter():
        if element.tag in ("script", "style") or not isinstance(element.tag, str):
            yield element.tail or ""
            continue
        yield from (element.get(name, "") for name in SHOWN_ATTRIBUTES)
        if element.get("type") in ("submit", "button", "reset"):
            yield element.get("value", "") if element.tag == "input" else ""
        if element.get("name") == "description":
            yield element.get("content", "")
        yield element.text or ""
        yield element.tail or ""


@cache
def vocabulary(language: str) -> frozenset[str]:
    """All words of a language's messages, ours and Django's."""
    ours = [
        catalogues.read(po)
        for po in Path(settings.BASE_DIR, "locale", language, "LC_MESSAGES").glob("*.po")
    ]
    texts = [
        text
        for catalogue in (*ours, *catalogues.django_messages(language).values())
        for message in catalogue
        if message.id
        for text in ([message.string] if isinstance(message.string, str) else message.string)
    ]
    return frozenset(
        word for text in texts for word in words(re.sub(r"%\(\w+\)\w|\{\w*\}", "", text))
    )


@cache
def foreign(language: str) -> frozenset[str]:
    """Words of the other language that this one does not have."""
    other = RUSSIAN if language == KAZAKH else KAZAKH
    return vocabulary(other) - vocabulary(language)


def words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]


EDITED = (Kind, HelpPage, Announcement, BranchNotice, AnswerTemplate)  # texts of staff


def written_in_applications() -> set[str]:
    """Numbers, and what applicants and staff have typed."""
    texts = set(AnswerTemplate.objects.values_list("name", flat=True))
    for each in Application.objects.all():
        texts |= {each.text, each.number or "", *map(str, each.data.values())}
    texts |= set(Attachment.objects.values_list("name", flat=True))
    texts |= set(Message.objects.values_list("text", flat=True))
    return texts - {""}


def data(home: people.Home, language: str, *, staff: bool) -> set[str]:
    """What people and billing have written: names, and texts of the page's language.

    Staff see an account's texts in both languages side by side.
    """
    account = home.account
    texts = {text for user in User.objects.all() for text in (user.login, user.email) if staff}
    texts |= {home.owner.full_name, home.support.full_name, account.payer, home.strangers.payer}
    texts |= {masked(home.owner.full_name)}
    # Files that billing has handed in, and by whom.
    texts |= {text for each in Import.objects.all() for text in (each.name, each.by)}
    texts |= {text for each in ImportJob.objects.all() for text in (each.name, each.by)}
    texts |= {meter.model for meter in account.meters.all()}
    texts |= {LANGUAGES[RUSSIAN if language == KAZAKH else KAZAKH]}
    rows: list[Any] = [account, home.strangers, account.branch]
    services = Service.objects.select_related("supplier")
    rows += [*services, *(service.supplier for service in services)]
    rows += [payment.bank for payment in account.payments.select_related("bank")[:1]]
    rows += [row for model in EDITED for row in model.objects.all()]
    texts |= written_in_applications()
    if staff:
        texts |= {
            text for page in HelpPage.objects.all() for text in (page.pk, f"/help/{page.pk}/")
        }
        texts |= {kind.pk for kind in Kind.objects.all()}
    for row in rows:
        for field in row._meta.concrete_fields:
            if field.name.endswith(f"_{language}") or (
                staff and field.name.endswith(("_kk", "_ru"))
            ):
                texts.add(getattr(row, field.name))
    return texts


def faults(html: str, language: str, known: set[str]) -> list[str]:
    """What is wrong with the language of a page, apart from the texts that are known."""
    root = parsed(html)
    wrong = []
    if "<html" in html and root.get("lang") != language:  # a part of a page has none
        wrong.append(f"<html lang={root.get('lang')}>")
    names = sorted(known, key=len, reverse=True)
    for text in filter(str.strip, shown(root)):
        wrong += text_faults(text, language, names)
    return wrong


def text_faults(text: str, language: str, names: Iterable[str]) -> list[str]:
    """What is wrong with one text, apart from the names, the longest of which come first."""
    rest = text
    for name in names:
        if name and name in rest:  # few are, and a pattern of each takes a while
            rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", rest)
    for form in (URL, ADDRESS, PHONE, APPLICATION, DEVICE):
        rest = form.sub("…", rest)
    found = [*language_faults(rest, language), *figure_faults(rest, language)]
    return [f"{fault}: {text.strip()}" for fault in found]


def language_faults(text: str, language: str) -> Iterator[str]:
    for word in WORD.findall(text):
        if re.search(r"[A-Za-z]", word) and word not in LATIN:
            yield f"Latin letters «{word}»"
        elif word.lower() in foreign(language):
            yield f"another language «{word}»"
        elif language == RUSSIAN and KAZAKH_LETTERS.search(word):
            yield f"Kazakh letters «{word}»"


def figure_faults(text: str, language: str) -> Iterator[str]:
    rest = DAY.sub("…", text)
    for fault, pattern in WRONG_FIGURES.items():
        if pattern.search(rest):
            yield fault
    month = "|".join(name.capitalize() for name in MONTHS[language].split())
    if re.search(rf"(ж\.|\d)[\s\xa0]+({month})|({month})\w*[\s\xa0]+\d", text):
        yield "a month with a capital letter"


def look(client: Any, url: str, language: str, post: dict[str, str] | None = None) -> HttpResponse:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client.get(url) if post is None else client.post(url, post)


def is_html(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def check(
    response: HttpResponse,
    language: str,
    home: people.Home,
    *,
    staff: bool = False,
    typed: Iterable[str] = (),
) -> None:
    """The page is in the language, but for data and what the person has typed."""
    known = data(home, language, staff=staff) | set(typed)
    assert faults(response.content.decode(), language, known) == []
    assert response.headers["Content-Language"] == language


both = pytest.mark.parametrize("language", LANGUAGES)


# What the others are shown, the crawl reads.
READERS = ("anonymous", "owner", "supervisor")


@both
@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_page(name, language, home, entry, client):
    url = example(EVERY[name], home, entry)
    for who in READERS:
        person = getattr(home, who, None)
        if person:
            client.force_login(person)
        response = look(client, url, language)
        if is_html(response) and response.content:
            check(response, language, home, staff=bool(person and person.is_staff))


FORMS = {
    "nothing filled in": ("/login/", {"login": "", "password": ""}),
    "a wrong password": ("/login/", {"login": "ескі", "password": "x"}),
    "too long": ("/login/", {"login": "ж" * 300, "password": "ж" * 2000}),
    "a NUL": ("/login/", {"login": "ж\0", "password": "ж\0"}),
}
OF_ACCOUNT = {
    "no month": "services/?from=2026-13&to=ертең&service=Газ",
    "months to come": "services/?from=2027-01&to=2027-02",
    "months from after to": "services/?from=2026-03&to=2026-01",
    "too many months": "services/?from=2010-01&to=2026-01",
    "a statement of no service": "services/statement/?service=Газ",
    "a paper of no service": "services/statement.pdf?service=Газ",
    "months without data": "services/?from=2015-01&to=2015-02",
    "a statement without data": "services/statement/?from=2015-01&to=2015-02",
    "no day": "payments/?from=ертең&to=31.02.2026",
    "days to come": "payments/?from=2027-01-01",
    "days from after to": "payments/?from=2026-03-05&to=2026-03-04",
    "too many days": "payments/?from=2010-03-05&to=2026-03-04",
    "days without payments": "payments/?from=2015-01-01&to=2015-01-02",
    "all payments": "payments/?from=2025-01-01&to=2026-04-30",
    "everything": "services/?from=2025-01&to=2026-04",
}
OF_STAFF = {
    "a search": "/admin/billing/personalaccount/?q=000000101",
    "a search by name": "/admin/billing/personalaccount/?q=құдай",
    "a search in vain": "/admin/billing/personalaccount/?q=жоқ",
    "a wrong filter": "/admin/billing/personalaccount/?e=1",
    "a page too far": "/admin/billing/personalaccount/?p=99",
    "all of them": "/admin/billing/personalaccount/?all=",
    "in another order": "/admin/billing/personalaccount/?o=-2.1",
}


@both
@pytest.mark.parametrize("case", FORMS)
def test_messages_of_the_sign_in(case, language, home, db, client):
    url, post = FORMS[case]
    response = look(client, url, language, post)
    assert Page(response).summary != []
    check(response, language, home)


@both
@pytest.mark.parametrize("case", OF_ACCOUNT)
def test_messages_of_an_account(case, language, home, db, client):
    client.force_login(home.owner)
    page, query = OF_ACCOUNT[case].split("?")
    response = look(client, f"/accounts/{home.account.number}/{page}?{query}", language)
    assert response.status_code in (200, 400)
    check(response, language, home, typed=QueryDict(query).dict().values())


@both
@pytest.mark.parametrize("case", OF_STAFF)
def test_pages_of_the_admin(case, language, home, db, client):
    client.force_login(home.support)
    response = look(client, OF_STAFF[case], language)
    check(
        client.get(response.url) if response.has_header("Location") else response,
        language,
        home,
        staff=True,
    )


PASSWORDS = {
    "nothing filled in": ("", "", ""),
    "a wrong one": ("x", "abc", "abd"),
    "short and common": ("x", "12345", "12345"),
    "regular": ("x", "йцукенгшщз", "йцукенгшщз"),
    "known from leaks": ("x", "приветкакдела", "приветкакдела"),
    "like the login": ("", "owner-owner-1", "owner-owner-1"),
}


@both
@pytest.mark.parametrize("case", PASSWORDS)
def test_messages_of_a_change_of_password(case, language, home, db, client):
    client.force_login(home.owner)
    names = ("oldpassword", "password1", "password2")
    typed = dict(zip(names, PASSWORDS[case], strict=True))
    response = look(client, "/settings/password/", language, typed)
    assert Page(response).summary
    check(response, language, home, typed={"owner"})


@both
def test_catalogues_are_complete(language):
    assert catalogues.problems(language) == []


def test_words_that_only_the_other_language_has():
    """These could be told, so the catalogues have not borrowed from one another."""
    russian = "и по на в или для от до без выход войти счёт пароль услуга платежи печать январь"
    kazakh = "және мен бойынша үшін шығу кіру шот құпиясөз қызмет төлемдер көрсету бар жоқ иә"
    assert set(russian.split()) <= foreign(KAZAKH)
    assert set(kazakh.split()) <= foreign(RUSSIAN)


@pytest.mark.parametrize(
    ("language", "body", "fault"),
    [
        ("kk", "<p>Log out</p>", "Latin letters «Log»"),
        ("kk", '<p title="Search">', "Latin letters «Search»"),
        ("kk", '<input type="submit" value="Save">', "Latin letters «Save»"),
        ("kk", "<p>Выход</p>", "another language «Выход»"),
        ("kk", "<p data-label='Итого'>", "another language «Итого»"),
        ("ru", "<p>Шығу</p>", "another language «Шығу»"),
        ("ru", "<p>Әлдеқайдағы</p>", "Kazakh letters «Әлдеқайдағы»"),
        ("kk", "<p>1234.50</p>", "a decimal point"),
        ("kk", "<p>1,234</p>", "a comma between thousands"),
        ("kk", "<p>1234,50</p>", "thousands that are not set apart"),
        ("kk", "<p>-4</p>", "a minus that is a hyphen"),
        ("kk", "<p>500 ₸</p>", "money whose unit may fall on the next line"),
        ("kk", "<p>2025-03-05</p>", "a day as machines write it"),
        ("ru", "<p>03/05/2025</p>", "a day as Americans write it"),
        ("ru", "<p>Март 2025 г.</p>", "a month with a capital letter"),
        ("kk", "<p>2025 ж. Наурыз</p>", "a month with a capital letter"),
    ],
)
def test_what_it_finds(language, body, fault):
    found = faults(f"<html lang={language}>{body}", language, set())[0]
    assert found.startswith(f"{fault}: ")


def test_what_it_lets_pass():
    page = "<html lang=kk><p>05.03.2025 · 2025 ж. 5 наурыз · −1\xa0234,50\xa0₸ · 44,5 · PDF</p>"
    assert faults(page, "kk", set()) == []
    assert faults("<html lang=ru><p>5 марта 2025 г. a.b@example.kz Іңкәр", "ru", {"Іңкәр"}) == []


def test_where_the_language_is_said(client, db, home):
    client.force_login(home.owner)
    assert faults("<html lang=ru>", "kk", set()) == ["<html lang=ru>"]
    assert look(client, "/accounts/", "ru").headers["Content-Language"] == "ru"
