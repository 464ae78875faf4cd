"""What scripts add to pages, in a real Chromium: tips, copying, saving, no sending twice."""

import re

import pytest
from playwright.sync_api import expect

from accounts.tests.test_register import in_threads
from billing.models import Holding
from receipts.models import Subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ACCOUNT = "/accounts/000000101/"
SAVED = "Деректер сақталды"


def chart(page):
    return page.locator("figure.chart").first


def tip_of(page):
    return chart(page).locator(".tip")


def within(inner, outer):
    return (
        outer["x"] <= inner["x"]
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        and outer["y"] <= inner["y"]
    )


def test_bars_are_one_stop_of_the_tab_key(visit):
    page = visit(ACCOUNT, who="owner")
    bars, tip = chart(page).locator(".bar"), tip_of(page)
    expect(tip).to_be_hidden()
    assert chart(page).locator("title").count() == 0
    assert [bar.get_attribute("tabindex") for bar in bars.all()] == ["-1"] * 12 + ["0"]
    bars.last.focus()
    last = bars.last.get_attribute("aria-label")
    expect(tip).to_have_text(last)
    page.keyboard.press("ArrowLeft")
    expect(bars.nth(11)).to_be_focused()
    expect(tip).to_have_text(bars.nth(11).get_attribute("aria-label"))
    for _step in range(14):
        page.keyboard.press("ArrowLeft")
    expect(bars.first).to_be_focused()
    assert within(tip.bounding_box(), chart(page).bounding_box())
    page.set_viewport_size({"width": 320, "height": 720})
    assert within(tip.bounding_box(), chart(page).bounding_box())
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.keyboard.press("Tab")
    expect(chart(page).locator("summary")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(bars.first).to_be_focused()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_tip_stays_within_the_picture(width, visit):
    page = visit(ACCOUNT, who="owner", viewport={"width": width, "height": 720})
    bars, tip = chart(page).locator(".bar"), tip_of(page)
    for bar in (bars.first, bars.nth(6), bars.last):
        bar.hover()
        expect(tip).to_be_visible()
        assert within(tip.bounding_box(), chart(page).bounding_box())
    tip.hover()  # one may go there, and it does not go away
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    bars.first.hover()
    page.locator("h1").hover()
    expect(tip).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_titles_and_the_table_tell(visit):
    page = visit(ACCOUNT, who="owner", java_script_enabled=False)
    assert "; бір жыл бұрын: " in chart(page).locator("title").last.text_content()
    expect(tip_of(page)).to_be_hidden()
    expect(page.locator("[data-copy]")).to_be_hidden()


@pytest.mark.parametrize(
    ("language", "copy", "copied"),
    [("kk", "Көшіру", "Көшірілді"), ("ru", "Скопировать", "Скопировано")],
)
def test_the_account_number_is_copied(language, copy, copied, visit):
    page = visit(ACCOUNT, who="owner", language=language)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=copy).click()
    expect(page.get_by_role("status").filter(has_text=copied)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "000000101"
    page.context.clear_permissions()


def nickname():
    return Holding.objects.get(user__login="owner", account__number="000000101").nickname


def test_a_name_is_saved_without_leaving_the_page(visit):
    page = visit(f"{ACCOUNT}nickname/", who="owner")
    page.evaluate("window.same = true")
    page.fill("[name=nickname]", "Үй")
    page.get_by_role("button", name="Сақтау").click()
    expect(page.locator("main").get_by_role("status")).to_have_text(SAVED)
    expect(page.locator(".head-nickname")).to_have_text("Үй")
    expect(page.get_by_role("button", name="Сақтау")).to_be_focused()
    assert page.evaluate("window.same")
    assert in_threads(nickname) == ["Үй"]
    page.locator("[name=nickname]").evaluate("each => { each.value = 'x'.repeat(61) }")
    page.get_by_role("button", name="Сақтау").click()
    expect(page.locator("main .summary")).to_be_focused()
    expect(page.locator("main").get_by_role("status")).to_have_text("")
    assert page.evaluate("window.same")
    page.fill("[name=nickname]", "")
    page.get_by_role("button", name="Сақтау").click()
    expect(page.locator("main").get_by_role("status")).to_have_text(SAVED)
    expect(page.locator("main .summary")).to_have_count(0)
    expect(page.locator(".head-nickname")).to_have_count(0)
    assert in_threads(nickname) == [""]


def test_what_comes_by_mail_is_saved_without_leaving_the_page(visit):
    page = visit(f"{ACCOUNT}e-receipt/", who="owner")
    page.evaluate("window.same = true")
    page.check("[name=reminders]")
    page.get_by_role("button", name="Сақтау").click()
    expect(page.locator("main").get_by_role("status")).to_have_text(SAVED)
    expect(page.locator("[name=reminders]")).to_be_checked()
    assert page.evaluate("window.same")
    in_threads(Subscription.objects.all().delete)


@pytest.mark.parametrize("trouble", ["network", "type", "sign-in"])
def test_whatever_goes_wrong_the_form_is_sent_as_any_other(trouble, visit):
    page = visit(f"{ACCOUNT}nickname/", who="owner")

    def answer(route):
        if route.request.is_navigation_request():
            route.continue_()
        elif trouble == "network":
            route.abort("aborted")
        elif trouble == "type":
            route.fulfill(status=200, content_type="application/json", body="{}")
        else:
            route.fulfill(status=302, headers={"location": "/login/?next=/"})

    page.route(f"**{ACCOUNT}nickname/", answer)
    page.get_by_role("button", name="Сақтау").click()
    expect(page).to_have_url(re.compile("/accounts/$"))
    expect(page.locator(".messages")).to_have_text(SAVED)
    page.unroute_all()


def test_nothing_is_sent_twice(visit):
    page = visit("/login/")
    page.fill("[name=login]", "nobody")
    page.fill("[name=password]", "nothing-right")
    sent = []

    def answer(route):
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.url)
        return route.fulfill(status=204)  # one stays on the page

    page.route("**/login/", answer)
    button = page.get_by_role("button", name="Кіру", exact=True).first
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    page.locator("[name=password]").press("Enter")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert len(sent) == 1
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    with page.expect_request(lambda request: request.method == "POST"):
        button.click()
    page.unroute_all()
