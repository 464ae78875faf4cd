"""Applications in a real Chromium on a telephone: each kind is filed, and one goes all the way."""

import datetime as dt
from functools import partial

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import expect

from accounts.tests.test_register import in_threads
from cabinet.tests.access import hindrances
from cabinet.tests.pages import SPACES
from support import application_views
from support.models import Application, Kind
from support.tests.factories import (
    ANSWERS,
    MUST,
    AnswerTemplateFactory,
    ApplicationFactory,
    AttachmentFactory,
    DraftFactory,
    MessageFactory,
    make_kinds,
)
from support.tests.samples import jpeg, pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

REGISTERED = {"kk": "тіркелді", "ru": "зарегистрирована"}
TELEPHONE = {"width": 360, "height": 740}
PICTURE = {"name": "фото.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
PAPER = {"name": "анықтама.pdf", "mimeType": "application/pdf", "buffer": pdf()}


@pytest.fixture(autouse=True)
def kinds(site, settings, tmp_path, monkeypatch):
    settings.ATTACHMENTS_FOLDER = tmp_path
    monkeypatch.setitem(application_views.LIMITS, "application", "100/d/user")
    in_threads(make_kinds)
    yield
    in_threads(Application.objects.all().delete)


def words_in(language):
    def words(text):
        with override(language):
            return gettext(text)

    return words


def press(page, name):
    """And waits for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def fill(page, code):
    for name, value in ANSWERS[code].items():
        field = page.locator(f"[name={name}]").first
        kind = field.evaluate("each => each.type")
        if kind == "radio":
            page.check(f"[name={name}][value={value}]")
        elif kind == "select-one":
            field.select_option(value)
        else:
            field.fill(value)
    if code in MUST:
        page.set_input_files("[name=files]", [PAPER])


@pytest.mark.parametrize(("language", "script"), [("kk", True), ("ru", False)])
def test_each_kind_is_filed(language, script, visit, site):
    words = words_in(language)
    page = visit(
        "/applications/", "owner", language, java_script_enabled=script, viewport=TELEPHONE
    )
    kinds = Kind.objects.filter(pk__in=ANSWERS if script else MUST)  # a form is a form
    for kind in kinds.order_by("place"):
        name = getattr(kind, f"name_{language}")
        if script:
            page.goto("/applications/")
            page.get_by_role("link", name=name, exact=True).click()
        else:
            page.goto(f"/applications/new/{kind.pk}/")
        expect(page.locator("h1")).to_have_text(name)
        fill(page, kind.pk)
        press(page, words("Send"))
        expect(page.locator(".messages li")).to_have_count(1)
        sent = Application.objects.get(kind=kind)
        told = words("The application is registered. Its number: %(number)s")
        expect(page.locator(".messages li")).to_have_text(told % {"number": sent.number})
        expect(page.locator(".sum-word")).to_have_text(REGISTERED[language])
        assert page.url.endswith(f"/applications/{sent.number}/")
        assert (sent.state, sent.attachments.count()) == ("registered", kind.pk in MUST)


def test_a_draft_waits_and_its_file_is_taken_away(visit, site):
    words = words_in("kk")
    page = visit("/applications/new/payment/", "owner", refuses=True, viewport=TELEPHONE)
    page.fill("[name=bank]", "Құлагер Банк")
    page.set_input_files("[name=files]", [PAPER, PICTURE])
    press(page, words("Save the draft"))
    expect(page.locator(".messages li")).to_have_text(words("The draft is saved"))
    page.goto("/applications/")
    page.get_by_role("link", name="Жалғастыру: Төлем көрсетілмеген").click()
    expect(page.locator("[name=bank]")).to_have_value("Құлагер Банк")
    press(page, "Файлды алып тастау: анықтама.pdf")
    expect(page.locator(".files a")).to_have_text(["фото.jpg"])
    page.locator("[name=submit]").click()
    expect(page.locator(".summary li")).to_have_count(2)
    expect(page.locator(".files a")).to_have_text(["фото.jpg"])


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_all_the_way(language, visit, site):
    """Taken, asked, answered with a picture, finished with a paper, rated, reopened, declined; a
    second one is withdrawn.
    """
    words = words_in(language)
    home = site.home
    application = in_threads(
        partial(ApplicationFactory, user=home.owner, kind_id="reading", account=home.account)
    )[0]
    asked = "Есептегіштің суреті бар ма?"
    in_threads(partial(AnswerTemplateFactory, name=f"Сурет {language}", text_kk=asked))
    staff = visit(f"/admin/support/application/{application.pk}/change/", "support", language)
    own = visit(f"/applications/{application.number}/", "owner", language, viewport=TELEPHONE)

    def step(act, text="", file=None):
        form = staff.locator(f"#act-{act}")
        if text:
            if not form.is_visible():
                staff.locator("details", has=form).locator("summary").click()
            form.locator("textarea").fill(text)
        if file:
            form.locator("[type=file]").set_input_files([file])
        form.locator("button").click()
        expect(staff.locator(".messagelist li")).to_have_text(words("Done."))

    def state(page=own):
        page.reload()
        return SPACES.sub(" ", page.locator(".sum-word").inner_text())

    step("take")
    staff.locator("#act-ask select").select_option(f"Сурет {language}")
    expect(staff.locator("#act-ask textarea")).to_have_value(asked)
    step("ask")
    assert state() == words("waiting for you")
    expect(own.locator("main")).to_contain_text(asked)
    own.fill("[name=text]", "Міне.")
    own.set_input_files("[name=files]", [PICTURE])
    press(own, words("Send"))
    expect(own.locator(".messages li")).to_have_text(words("Your message is sent"))
    staff.reload()
    with staff.expect_download() as download:
        staff.get_by_role("link", name="фото.jpg").click()
    assert download.value.suggested_filename == "фото.jpg"
    step("finish", "Түзетілді.", PAPER)
    assert state() == words("done")
    with own.expect_download() as download:
        own.get_by_role("link", name="анықтама.pdf").click()
    assert download.value.suggested_filename == "анықтама.pdf"
    press(own, words("Solved"))
    expect(own.locator(".messages li")).to_have_text(words("Thank you for your word"))
    own.fill("[name=text]", "Әлі түзетілмеген.")
    press(own, words("Reopen"))
    assert state() == words("reopened")
    expect(own.get_by_role("button", name=words("Solved"), exact=True)).to_have_count(0)
    staff.reload()
    step("decline", "Көрсеткіш дұрыс жазылған.")
    assert state() == words("declined")
    expect(own.get_by_role("button", name=words("Reopen"), exact=True)).to_have_count(0)
    other = in_threads(partial(ApplicationFactory, user=home.owner))[0]
    own.goto(f"/applications/{other.number}/")
    own.get_by_text(words("I no longer need it"), exact=True).click()
    press(own, words("Withdraw the application"))
    assert state() == words("withdrawn")


def test_nobody_is_kept_off(visit, site):
    home = site.home
    (application,) = in_threads(partial(_everything, home))
    page = visit("/applications/", "owner", refuses=True, viewport=TELEPHONE)
    assert hindrances(page) == []
    page.goto("/applications/new/meter/")
    page.locator("[name=submit]").click()
    expect(page.locator(".summary li")).to_have_count(1)
    assert hindrances(page) == []
    page.goto(f"/applications/{application.number}/")
    assert hindrances(page) == []
    page = visit(f"/admin/support/application/{application.pk}/change/", "supervisor")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert hindrances(page) == []
    page.goto("/admin/support/application/")
    assert hindrances(page) == []


def _everything(home):
    """An application with all that its page can show, overdue."""
    application = ApplicationFactory(
        user=home.owner,
        kind_id="payment",
        account=home.account,
        due_on=dt.date(2026, 4, 1),
        data={"paid_on": "2026-04-08", "amount": "4500.50", "bank": "Құлагер Банк"},
    )
    AttachmentFactory(application=application)
    MessageFactory(application=application)
    answer = MessageFactory(application=application, author=home.support, by_staff=True)
    AttachmentFactory(application=application, message=answer, by_staff=True)
    MessageFactory(application=application, by_staff=True, is_internal=True, author=home.support)
    DraftFactory(user=home.owner, kind_id="paper")
    ApplicationFactory(user=home.owner, state="done", closed_at=application.registered_at)
    AnswerTemplateFactory()
    return application
