"""The calculators in a real Chromium: the result follows the typing, and is there without it."""

import datetime as dt
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from accounts.tests.test_register import in_threads
from billing.models import Charge, Meter
from billing.tests import factories
from cabinet import memory
from cabinet.tests.access import hindrances

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

LONG_AGO = dt.date(2020, 1, 1)
PAGE = "/accounts/000000101/calculator/"
COMPUTE = {"kk": "Есептеу", "ru": "Рассчитать"}


def metered():
    """Charged up to 9 900 on 25 March; one price and levels."""
    factories.VatFactory(valid_from=LONG_AGO, rate=Decimal("0.12"))
    for plan, price in (("flat", "25"), ("tiered", "20")):
        factories.TariffFactory(plan=plan, valid_from=LONG_AGO)
        factories.TariffBandFactory(plan=plan, valid_from=LONG_AGO, price=Decimal(price))
    Meter.objects.filter(serial="222").update(digits=4)
    Charge.objects.filter(service="EL").update(
        serial="222",
        from_on=dt.date(2026, 2, 25),
        to_on=dt.date(2026, 3, 25),
        to_value=Decimal(9900),
    )


@pytest.fixture(scope="module", autouse=True)
def _metered(site, django_db_blocker):
    with django_db_blocker.unblock():
        in_threads(metered)
    memory.forget()


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_result_follows_the_typing(language, visit):
    page = visit(PAGE, who="owner", language=language)
    figure = page.locator("#estimate .sum-figure")
    expect(figure).to_have_count(0)
    page.locator("[name=to_value]").press_sequentially("9960")
    expect(figure).to_have_text("1 344,00 ₸")
    expect(page.get_by_role("status")).to_have_text("1 344,00 ₸")
    page.locator("summary", has_text="Егер" if language == "kk" else "Что если").click()
    page.select_option("[name=plan]", "flat")
    expect(figure).to_have_text("1 680,00 ₸")
    expect(page.locator("#estimate .note")).to_have_count(1)
    assert hindrances(page) == []
    page.fill("[name=to_value]", "")
    expect(figure).to_have_count(0)
    expect(page.locator(".error")).to_have_count(0)


def test_without_a_script(visit):
    page = visit(PAGE, who="owner", java_script_enabled=False)
    page.fill("[name=to_value]", "9960")
    page.get_by_role("button", name=COMPUTE["kk"], exact=True).click()
    expect(page.locator("#estimate .sum-figure")).to_have_text("1 344,00 ₸")


def test_passing_over_zero(visit):
    page = visit(f"{PAGE}?to_value=50&to_on=2026-04-10", who="owner", status=400)
    expect(page.locator(".error, .summary")).to_have_count(2)
    page.locator("[name=passed]").check()
    expect(page.locator("#estimate .sum-figure")).to_have_text("3 360,00 ₸")
    expect(page.locator(".error, .summary, [aria-invalid]")).to_have_count(0)
    page.get_by_role("button", name=COMPUTE["kk"], exact=True).click()
    expect(page.locator("#estimate .sum-figure")).to_have_text("3 360,00 ₸")
    assert "passed=on" in page.url


def test_the_public_one_is_a_link(visit):
    page = visit("/calculator/")
    figure = page.locator("#estimate .sum-figure")
    for name, value in (
        *(("from_on", "2026-02-01"), ("from_value", "100"), ("to_on", "2026-03-01")),
        *(("to_value", "200"), ("residents", "2")),
    ):
        page.fill(f"[name={name}]", value)
    expect(figure).to_have_text("2 240,00 ₸")
    assert hindrances(page) == []
    copy = visit(page.url)
    expect(copy.locator("#estimate .sum-figure")).to_have_text("2 240,00 ₸")


@pytest.mark.parametrize("path", [f"{PAGE}plans/", "/accounts/000000101/services/2026-03/"])
def test_everybody_can_use_it(path, visit):
    page = visit(path, who="owner")
    assert hindrances(page) == []
