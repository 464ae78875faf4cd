"""Every form that a resident or somebody not signed in meets: named, described, told what is wrong.

Pages are found by the URLs of the site; those behind a step of their own are opened by it.
"""

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.forms import Form
from django.utils.translation import override

from billing.fields import DayField
from cabinet.tests import people
from cabinet.tests.forms import (
    EVERY_FORM,
    LOOKED_AT,
    around,
    box,
    by_id,
    described,
    fields,
    labels,
    open_page,
)
from cabinet.tests.pages import Page, controls, select, text
from cabinet.tests.test_urls import EVERY, example
from support.tests.factories import make_kinds
from support.tests.file_factories import uploaded

pytestmark = pytest.mark.django_db

NONSENSE = "?" * 6000
OPTIONAL = {"kk": "(міндетті емес)", "ru": "(необязательно)"}
PREFIX = {"kk": "Қате: ", "ru": "Ошибка: "}
CONTROLS = ("input", "select", "textarea", "button")
TEXTS = ("text", "email", "password", "search", "tel", "date", "number", "")


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        make_kinds()
        yield home


@pytest.fixture(scope="module")
def pages():
    return {}


@pytest.fixture
def looked_at(client, home, pages):
    """The page of that name, fetched once."""

    def look(name):
        if name not in pages:
            _path, pages[name] = open_page(client, home, name)
        return pages[name]

    return look


@pytest.fixture(autouse=True)
def attachments(settings, tmp_path):
    settings.ATTACHMENTS_FOLDER = tmp_path


every_form = pytest.mark.parametrize("name", EVERY_FORM)


@pytest.mark.parametrize(
    "name", sorted(name for name in EVERY if not EVERY[name].startswith("/admin/"))
)
def test_no_page_with_a_form_is_forgotten(client, home, name):
    """Whatever URL leads to a form is among those that are looked at here."""
    known = {path.partition("?")[0] for _who, path in LOOKED_AT.values()}
    known |= {"/settings/again/code/"}
    for person in (None, home.owner):
        client.cookies.clear()
        if person:
            client.force_login(person)
        url = example(EVERY[name], home, None)
        response = client.get(url)
        if not response.headers["Content-Type"].startswith("text/html") or response.streaming:
            continue
        if response.status_code == 200 and fields(Page(response)):
            assert url in known or url.startswith("/applications/"), url


@every_form
def test_each_field_is_named_and_described(looked_at, name):
    page = looked_at(name)
    identifiers = [each.get("id") for each in page.root.iter() if each.get("id")]
    assert len(identifiers) == len(set(identifiers))
    assert fields(page)
    for control in fields(page):
        (label,) = labels(page, control)
        assert text(label)
        own = box(control)
        hints = select(own, "p.hint") + select(own, "p.error")
        assert sorted(described(page, control)) == sorted(text(each) for each in hints)
        if control.get("type") == "radio":
            group = around(control, "fieldset")
            assert text(select(group, "legend")[0])


@every_form
def test_what_need_not_be_filled_in_is_marked(looked_at, name):
    """Ticks, lists and what is searched for are not asked; all else is required or marked."""
    page = looked_at(name)
    for control in fields(page):
        if control.get("type") in ("checkbox", "radio", "search") or control.tag == "select":
            continue
        marked = text(labels(page, control)[0]).endswith(OPTIONAL["kk"])
        wanted = control.get("type") == "file"  # of some kinds, unless one is attached already
        assert wanted or marked != ("required" in control.attrib), control.get("name")
    assert all("novalidate" in form.attrib for form in posted(page) if has_required(form))


def has_required(form):
    return any("required" in each.attrib for each in controls(form)) and "hidden" not in form.attrib


def posted(page):
    return list(page.find("main").iter("form"))


PERSON = {
    "full_name": "name",
    "login": "username",
    "email": "email",
    "oldpassword": "current-password",
    "password": "current-password",
    "password1": "new-password",
    "password2": "new-password",
}
NUMERIC = ("residents", "digits")
DECIMAL = ("to_value", "from_value", "amount", "reading", "ratio")
NO_WORDS = ("login", "email", "code", "iban")


@every_form
def test_browsers_and_phones_know_what_is_typed(looked_at, name):
    page = looked_at(name)
    for control in fields(page):
        what, kind = control.get("name"), control.get("type", "")
        if control.tag != "input" or kind in ("checkbox", "radio", "file"):
            continue
        is_code = what == "code" and control.get("inputmode") == "numeric"
        wanted = "one-time-code" if is_code else PERSON.get(what, "off")
        assert control.get("autocomplete") == wanted, what
        if what == "number" and name == "verify":  # of a document: letters and digits
            continue
        if what in NUMERIC or what == "number":
            assert control.get("inputmode") == "numeric", what
        if what in DECIMAL:
            assert control.get("inputmode") == "decimal", what
        if what in NO_WORDS:
            assert control.get("spellcheck") == "false", what
            assert control.get("autocapitalize") in ("none", "characters"), what
        assert kind == {"email": "email", "q": "search"}.get(what, kind)
        assert (kind == "password") == ("password" in what)


# What is wrong

DEFIED = [name for name in EVERY_FORM if name != "help"]  # in which nothing can be wrong


def answers(form, value):
    """All fields filled in alike; what is hidden stays, and the first button is pressed."""
    given = {}
    for each in [each for each in form.iter(*CONTROLS) if each.get("name") or each.tag == "button"]:
        kind = each.get("type", "")
        if kind == "hidden":
            given[each.get("name")] = each.get("value", "")
        elif each.tag == "button":
            if each.get("name"):
                given.setdefault(each.get("name"), each.get("value"))
                break
        elif kind not in ("checkbox", "file"):
            given[each.get("name")] = value
    return given


def send(client, path, form, given):
    if form.get("method") == "get":
        return client.get(f"{path.partition('?')[0]}?{urlencode(given)}")
    return client.post(form.get("action") or path, given)


@pytest.mark.parametrize("name", DEFIED)
def test_what_is_wrong_is_told_on_top_and_beside(client, home, name):
    path, page = open_page(client, home, name)
    told = 0
    for form in posted(page):
        if not [each for each in fields(page) if around(each, "form") is form]:
            continue
        for value in ("", NONSENSE):
            given = answers(form, value)
            response = send(client, path, form, given)
            if response.status_code == 302 or "html" not in response.headers["Content-Type"]:
                continue
            page_after = Page(response)
            if not page_after.all("div.summary"):
                continue
            told += 1
            is_told(page_after, given)
    assert told, name


def is_told(page, given):
    (box_,) = page.all("div.summary")
    assert (box_.get("role"), box_.get("tabindex")) == ("alert", "-1")
    assert "autofocus" in box_.attrib
    assert page.title.startswith(PREFIX["kk"])
    linked = [link.get("href") for link in box_.iter("a")]
    wrong = [each for each in fields(page) if each.get("aria-invalid") == "true"]
    for each in linked:
        assert by_id(page, each.removeprefix("#")) in wrong
    assert {each.get("name") for each in wrong} == {
        by_id(page, each.removeprefix("#")).get("name") for each in linked
    }
    for control in wrong:
        errors = [text(each) for each in select(box(control), "p.error")]
        assert errors
        assert set(errors) <= set(described(page, control))
    for what, typed in given.items():
        kept = [
            text(each) if each.tag == "textarea" else each.get("value", "")
            for each in fields(page)
            if each.get("name") == what and each.get("type", "") in TEXTS and each.tag != "select"
        ]
        secret = "password" in what or what == "code"
        assert not kept or (secret and set(kept) == {""}) or typed in kept, what


def test_in_russian_too(client, home):
    client.cookies["django_language"] = "ru"
    _path, page = open_page(client, home, "public calculator")
    assert text(labels(page, by_id(page, "id_digits"))[0]).endswith(OPTIONAL["ru"])
    page = Page(client.get("/calculator/?to_on=x"))
    assert page.title.startswith(PREFIX["ru"])


def test_wrong_files_are_told_in_the_title(client, home):
    client.force_login(home.owner)
    given = {"text": "Неге?", "submit": "yes", "files": [uploaded(b"MZ", name="a.exe")]}
    page = Page(client.post("/applications/new/other/", given))
    assert page.title.startswith(PREFIX["kk"])


# Days

SHAPES = ("05.03.2025", "5.3.2025", "05/03/2025", "5/3/2025", "2025-03-05", " 05.03.2025 ")


class OneDay(Form):
    day = DayField()


@pytest.mark.parametrize("typed", SHAPES)
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_day_in_any_shape(client, typed, language):
    with override(language):
        form = OneDay({"day": typed})
        assert form.is_valid()
        assert form.cleaned_data["day"] == dt.date(2025, 3, 5)
        assert 'value="2025-03-05"' in str(form["day"])


# Where days are asked for: their fields, and how far back and ahead the server takes them.
TODAY, NEVER = "2026-04-10", None
WITH_DAYS = {
    "public calculator": {"from_on": (NEVER, TODAY), "to_on": (NEVER, TODAY)},
    "calculator": {"to_on": ("2026-02-26", TODAY)},
    "payments": {"from": (NEVER, "2026-04-30"), "to": (NEVER, "2026-04-30")},
    "account to add": {"paid_on": (NEVER, TODAY)},
    "application: residents": {"since": (NEVER, NEVER)},
    "application: owner": {"since": (NEVER, NEVER)},
    "application: plan": {"since": (NEVER, NEVER)},
    "application: reading": {"reading_on": (NEVER, TODAY)},
    "application: payment": {"paid_on": (NEVER, TODAY)},
}


@every_form
def test_days_are_asked_for_by_a_calendar(looked_at, name):
    page = looked_at(name)
    asked = {
        each.get("name"): (each.get("min"), each.get("max"))
        for each in fields(page)
        if each.get("type") == "date"
    }
    assert asked == WITH_DAYS.get(name, {})
    for each in fields(page):
        if each.get("type") == "date":
            hint = [] if name == "payments" else ["Мысалы, 05.03.2025"]
            assert described(page, each) == hint


@pytest.mark.parametrize("typed", ["01.04.2026", "1.4.2026", "01/04/2026", "2026-04-01"])
@pytest.mark.parametrize("name", WITH_DAYS)
def test_each_takes_a_day_in_any_shape(client, home, name, typed):
    path, page = open_page(client, home, name)
    (form,) = {around(each, "form") for each in fields(page) if each.get("type") == "date"}
    given = {**answers(form, NONSENSE), **dict.fromkeys(WITH_DAYS[name], typed)}
    after = Page(send(client, path, form, given))
    for what in WITH_DAYS[name]:
        (field,) = [each for each in fields(after) if each.get("name") == what]
        assert field.get("value") == "2026-04-01"
        no_day = "Күнді былай жазыңыз: 05.03.2025."
        assert no_day not in described(after, field)
