"""A site that a real Chromium looks at."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from accounts.models import User
from cabinet.tests import people

WHO = ("owner", "stranger", "suspended", "support", "biller", "supervisor")
LONG_NAME = "Құдайбергенова-Нұрмұхамбетова Айгүлсұлу-Гүлбаршын Әбдірахманқызы Өтегенбай-Ұлытау"
LONG_ADDRESS = (
    "Алматы қ., Ұлттық-инженерлік-техникалық-академиясыныңқалашығы ықшамауданы, "
    "Жамбыл Жабаевтың атындағы даңғылдың бойындағы тұйық көше, 1234-үй, 5678-пәтер, кіреберіс 12"
)

# As on http://localhost: production's cookies and redirects are for https.
OVER_HTTP = {
    "DEMO": True,
    "SECURE_SSL_REDIRECT": False,
    "SESSION_COOKIE_NAME": "session",
    "CSRF_COOKIE_NAME": "csrf",
    "DEVICE_COOKIE_NAME": "device",
    "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": True,
    "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "http",
    "SESSION_COOKIE_SECURE": False,
    "CSRF_COOKIE_SECURE": False,
    "LANGUAGE_COOKIE_SECURE": False,
}


@dataclass
class Site:
    """The running site, and the household on it."""

    url: str
    home: people.Home
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def site(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Site]:
    """Served from the database proper: another thread does not see an open transaction."""
    with (
        django_db_blocker.unblock(),
        override_settings(**OVER_HTTP),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
        people.at(people.TODAY, patch)
        home = people.household()
        for row, names in ((home.account, ("payer",)), (home.owner, ("full_name",))):
            for name in names:
                setattr(row, name, LONG_NAME)
        home.account.address_kk = home.account.address_ru = LONG_ADDRESS
        home.account.save()
        home.owner.save()
        server = LiveServerThread("127.0.0.1", lambda application: application)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        try:
            sessions = {who: session(getattr(home, who)) for who in WHO}
            yield Site(f"http://localhost:{server.port}", home, sessions)
        finally:
            server.terminate()
            cache.clear()
            call_command("flush", interactive=False, verbosity=0)


def session(user: User) -> str:
    """The key of a session of that user's."""
    client = Client()
    client.force_login(user)
    if user.is_staff:
        kept = client.session
        kept.update(people.second_step_of(user))
        kept.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests need Debian's chromium"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
            connections.close_all()  # while Playwright's loop runs, this thread has one of its own
        browser.close()


WATCH = """
addEventListener("securitypolicyviolation", event =>
    console.error(["CSP", event.violatedDirective, event.sourceFile, event.lineNumber].join(" ")));
"""
VIEWPORT: ViewportSize = {"width": 1280, "height": 720}
MEDIA: dict[str, Any] = {
    "media": "null",
    "color_scheme": "light",
    "reduced_motion": "reduce",
    "forced_colors": "none",
    "contrast": "no-preference",
}


class Windows:
    """Pages, each in a browser of its own, that one test after the other looks through."""

    def __init__(self, chromium: Browser, url: str) -> None:
        self.chromium, self.url = chromium, url
        self.free: dict[bool, list[Window]] = {True: [], False: []}
        self.taken: list[Window] = []

    def take(self, script: bool) -> "Window":
        free = self.free[script]
        window = free.pop() if free else self._open(script)
        self.taken.append(window)
        return window

    def give_back(self) -> list[str]:
        """The troubles there were."""
        troubles: list[str] = []
        for window in self.taken:
            for other in window.page.context.pages[1:]:
                other.close()
            if window.page.locator("[data-refresh]").count():
                window.page.goto("about:blank")  # which asks for nothing more
            troubles += window.troubles
            window.troubles.clear()
            self.free[window.script].append(window)
        self.taken.clear()
        return troubles

    def _open(self, script: bool) -> "Window":
        context = self.chromium.new_context(
            base_url=self.url, locale="en-US", java_script_enabled=script
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(10_000)
        window = Window(page, script, [])
        page.on("console", window.noted)
        page.on("pageerror", lambda error: window.troubles.append(str(error)))
        page.on("requestfailed", window.failed)
        return window


@dataclass
class Window:
    """A page and what went wrong there."""

    page: Page
    script: bool
    troubles: list[str]

    def noted(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that became a download
            self.troubles.append(f"failed: {request.url}")

    def start(
        self, url: str, cookies: dict[str, str], viewport: ViewportSize, **media: Any
    ) -> None:
        """As if opened anew, with these cookies alone."""
        context = self.page.context
        context.clear_cookies()
        context.add_cookies(
            [{"name": name, "value": cookies[name], "url": url} for name in cookies]
        )
        if self.page.viewport_size != viewport:
            self.page.set_viewport_size(viewport)
        self.page.emulate_media(**{**MEDIA, **media})


@pytest.fixture(scope="module")
def windows(site: Site, chromium: Browser) -> Windows:
    return Windows(chromium, site.url)


@pytest.fixture
def visit(site: Site, windows: Windows) -> Iterator[Callable[..., Page]]:
    """Opens a page as if in a new browser, signed in as somebody; its troubles fail the test."""
    expected: list[str] = []

    def open_page(
        path: str,
        who: str = "",
        language: str = "kk",
        status: int = 200,
        refuses: bool = False,
        java_script_enabled: bool = True,
        viewport: ViewportSize = VIEWPORT,
        **media: Any,
    ) -> Page:
        window = windows.take(java_script_enabled)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if who:
            cookies[settings.SESSION_COOKIE_NAME] = site.sessions[who]
        window.start(site.url, cookies, viewport, **media)
        response = window.page.goto(path.format(pk=site.home.account.pk))
        assert response
        assert response.status == status
        for each in (status, 400 if refuses else 200):  # `refuses`: a form with errors comes later
            if each >= 400:  # Chromium reports a page's own status as an error
                expected.append(f"the server responded with a status of {each}")
                expected.append("does not conform to the required format")  # a day as it was typed
        return window.page

    yield open_page
    troubles = windows.give_back()
    assert [each for each in troubles if not any(known in each for known in expected)] == []
