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
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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
# Names by hash and nothing but what has been collected, as in production.
STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}


@dataclass
class Site:
    """The running site, and the household on it."""

    url: str
    home: people.Home
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def site(
    django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Served from the database proper: another thread does not see an open transaction."""
    static = tmp_path_factory.mktemp("static")
    with (
        django_db_blocker.unblock(),
        override_settings(STATIC_ROOT=static, STORAGES=STORAGES, **OVER_HTTP),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
        call_command("collectstatic", interactive=False, verbosity=0)
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
        connections.close_all()  # while Playwright's loop runs, this thread has one of its own
        browser.close()


WATCH = """
addEventListener("securitypolicyviolation", event =>
    console.error(["CSP", event.violatedDirective, event.sourceFile, event.lineNumber].join(" ")));
"""


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a new browser, signed in as somebody; its troubles fail the test."""
    troubles: list[str] = []
    expected: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(
        path: str,
        who: str = "",
        language: str = "kk",
        status: int = 200,
        refuses: bool = False,
        **options: Any,
    ) -> Page:
        context = chromium.new_context(
            base_url=site.url, locale="en-US", reduced_motion="reduce", **options
        )
        contexts.append(context)
        context.add_init_script(WATCH)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language}
        if who:
            cookies[settings.SESSION_COOKIE_NAME] = site.sessions[who]
        context.add_cookies(
            [{"name": name, "value": value, "url": site.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda message: (
                troubles.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "requestfailed",
            lambda request: (
                troubles.append(f"failed: {request.url}")
                if request.failure != "net::ERR_ABORTED"  # a page that became a download
                else None
            ),
        )
        response = page.goto(path.format(pk=site.home.account.pk))
        assert response
        assert response.status == status
        for each in (status, 400 if refuses else 200):  # `refuses`: a form with errors comes later
            if each >= 400:  # Chromium reports a page's own status as an error
                expected.append(f"the server responded with a status of {each}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [each for each in troubles if not any(known in each for known in expected)] == []
