"""Subscribing to e-receipts, and the way out of a letter, in a real Chromium."""

import pytest
from playwright.sync_api import expect

from accounts.tests.test_register import in_threads
from cabinet.models import Letter
from cabinet.tests.access import ONCE, hindrances
from cabinet.tests.factories import LetterFactory, MailingFactory
from receipts.models import Subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WORDS = {
    "kk": (
        "Электрондық түбіртекке жазылу",
        "Әр түбіртекті электрондық поштамен жіберу",
        "Қағаз түбіртекті жібере беру",
        "Сақтау",
        "Деректер сақталды",
        "Жазылудан бас тарту",
        "Бұл хаттар енді келмейді",
        "Қателестім: хаттар қайта келсін",
        "Бұл хаттар қайтадан келеді",
    ),
    "ru": (
        "Подписка на электронную квитанцию",
        "Присылать каждую квитанцию по электронной почте",
        "Продолжать присылать квитанцию на бумаге",
        "Сохранить",
        "Данные сохранены",
        "Отписаться",
        "Эти письма больше не приходят",
        "Это ошибка: присылать снова",
        "Эти письма снова будут приходить",
    ),
}


@pytest.mark.parametrize(
    ("language", "script"), [("kk", True), ("ru", False), ("ru", True)], ids=str
)
def test_there_and_back(language, script, visit, site):
    name, each, paper, save, saved, leave, left, mistake, again = WORDS[language]
    options = {"java_script_enabled": script, "viewport": {"width": 360, "height": 740}}
    page = visit("/accounts/000000202/", who="stranger", language=language, **options)
    page.get_by_role("link", name=name).click()
    expect(page.locator("h1")).to_have_text(name)
    page.get_by_label(each).check()
    page.get_by_label(paper).uncheck()
    page.get_by_role("button", name=save).click()
    expect(page.locator(".messages li, .saved").filter(has_text=saved)).to_have_count(1)
    expect(page.get_by_label(each)).to_be_checked()
    expect(page.get_by_label(paper)).not_to_be_checked()
    if script:
        assert hindrances(page, ONCE[language]) == []
    own = Subscription.objects.get(user=site.home.stranger)
    assert (own.receipts, own.paper) == (True, False)

    page = visit(f"/e-receipt/unsubscribe/{own.key}/receipts/", language=language, **options)
    if script:
        assert hindrances(page, ONCE[language]) == []
    page.get_by_role("button", name=leave).click()
    expect(page.locator("h1")).to_have_text(left)
    if script:
        assert hindrances(page, ONCE[language]) == []
    page.get_by_role("button", name=mistake).click()
    expect(page.locator("h1")).to_have_text(again)
    own.refresh_from_db()
    assert (own.receipts, own.paper) == (True, False)
    in_threads(Subscription.objects.all().delete)


def a_mailing():
    mailing = MailingFactory(total=2)
    LetterFactory.create_batch(2, mailing=mailing, priority=10)
    return mailing


def one_is_sent(mailing):
    letter = Letter.objects.filter(mailing=mailing).first()
    done = {"done_at": letter.created_at, "text": "", "html": ""}
    Letter.objects.filter(pk=letter.pk).update(state="sent", **done)


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_mailing_is_followed_and_paused(language, visit, site):
    (mailing,) = in_threads(a_mailing)  # committed, for the site's own thread
    pause, resume = {"kk": ("Кідірту", "Жалғастыру"), "ru": ("Приостановить", "Продолжить")}[
        language
    ]
    page = visit(f"/admin/cabinet/mailing/{mailing.pk}/change/", "supervisor", language)
    sent = page.locator("[data-refresh] dd").nth(1)
    expect(sent).to_have_text("0")
    assert hindrances(page, ONCE[language]) == []
    in_threads(lambda: one_is_sent(mailing))
    expect(sent).to_have_text("1", timeout=9000)
    page.get_by_role("button", name=pause).click()
    page.get_by_role("button", name=resume).click()
    expect(page.get_by_role("button", name=pause)).to_be_visible()
    in_threads(Letter.objects.all().delete)
    in_threads(mailing.delete)
