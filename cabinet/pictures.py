"""What `make screenshots` runs: pictures of the demonstration's pages and papers, in every form.

All of them go to docs/pictures/<language>-<device>-<scheme>/, with index.html to look at them as a
set; the few that the README shows to docs/pictures/ itself.
"""

import argparse
import contextlib
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import django
import pypdfium2
from django.template.loader import render_to_string
from django.utils import translation
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from cabinet.serve import BASE_DIR, set_environment

FOLDER = BASE_DIR / "docs" / "pictures"
LANGUAGES = ("kk", "ru")
DEVICES = {"phone": 360, "tablet": 768, "desktop": 1440}
SCHEMES = ("light", "dark")
ONE = "/accounts/000007919/"
# Whose page, and where; "" for nobody.
PAGES = {
    "log-in": ("", "/login/"),
    "log-in-wrong": ("", "/login/?wrong"),
    "register": ("", "/register/"),
    "consent": ("", "/consent/"),
    "password-forgotten": ("", "/password-reset/"),
    "calculator-for-anyone": ("", "/calculator/"),
    "verify": ("", "/verify/"),
    "verify-wrong": ("", "/verify/?number=1&code=AAAAAAAAAAAAA"),
    "contacts": ("", "/contacts/"),
    "branches": ("", "/branches/"),
    "help": ("", "/help/"),
    "help-page": ("", "/help/refused/"),
    "letters": ("", "/demo/mail/"),
    "accounts": ("aigul", "/accounts/"),
    "account-add": ("aigul", "/accounts/add/"),
    "account": ("aigul", ONE),
    "account-two-zones": ("aigul", "/accounts/000197975/"),
    "account-of-a-family": ("nurlan", "/accounts/000300922/"),
    "account-remove": ("aigul", f"{ONE}remove/"),
    "account-nickname": ("aigul", f"{ONE}nickname/"),
    "services": ("aigul", f"{ONE}services/"),
    "services-wrong": ("aigul", f"{ONE}services/?from=2026-03&to=2025-01"),
    "services-without-data": ("aigul", f"{ONE}services/?from=2018-01&to=2018-02"),
    "month": ("aigul", f"{ONE}services/2026-09/"),
    "statement": ("aigul", f"{ONE}services/statement/"),
    "payments": ("aigul", f"{ONE}payments/"),
    "receipts": ("aigul", f"{ONE}receipts/"),
    "calculator": ("aigul", f"{ONE}calculator/"),
    "calculator-computed": ("aigul", f"{ONE}calculator/?to_value=15100"),
    "calculator-wrong": ("aigul", f"{ONE}calculator/?to_value=1&to_on=2020-01-01"),
    "plans": ("aigul", f"{ONE}calculator/plans/"),
    "e-receipt": ("aigul", f"{ONE}e-receipt/"),
    "applications": ("aigul", "/applications/"),
    "application-new": ("nurlan", "/applications/new/recalculation/?account=000300922"),
    "settings": ("aigul", "/settings/profile/"),
    "password": ("aigul", "/settings/password/"),
    "e-mail": ("aigul", "/settings/email/"),
    "two-steps": ("aigul", "/settings/two-step/"),
    "sessions": ("aigul", "/settings/sessions/"),
    "own-data": ("aigul", "/settings/data/"),
    "who-looked": ("aigul", "/settings/looks/"),
    "deletion": ("aigul", "/settings/delete/"),
    "site-map": ("aigul", "/site-map/"),
    "no-accounts": ("operator", "/accounts/"),
    "admin": ("supervisor", "/admin/"),
    "admin-accounts": ("supervisor", "/admin/billing/personalaccount/?q=000007919"),
    "admin-applications": ("supervisor", "/admin/support/application/"),
    "admin-imports": ("biller", "/admin/billing/import/"),
}
# Pages of errors, which a running cabinet shows only when something is wrong.
ERRORS = ("400", "403", "403_csrf", "404", "429", "500", "503")
PAPERS = {
    "receipt": f"{ONE}receipts/2026-09.pdf",
    "receipt-outer": f"{ONE}receipts/2026-09/outer.pdf",
    "statement-paper": f"{ONE}services/statement.pdf",
}
# What the README shows: the page and its form.
CHOSEN = {
    "account": ("account", "kk-desktop-light"),
    "month": ("month", "ru-desktop-light"),
    "phone": ("account", "kk-phone-light"),
    "phone-dark": ("services", "ru-phone-dark"),
    "receipt": ("receipt", "kk-paper"),
}


class Form(NamedTuple):
    """How a page is looked at."""

    language: str
    device: str
    scheme: str

    @property
    def name(self) -> str:
        return "-".join(self)


def main() -> int:
    asked = _arguments()
    set_environment()
    with running() as url, sync_playwright() as playwright:
        django.setup()
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        keys = {who: sign_in(browser, url, who) for who in {who for who, _path in PAGES.values()}}
        languages = [asked.language] if asked.language else LANGUAGES
        devices = [asked.device] if asked.device else DEVICES
        schemes = [asked.scheme] if asked.scheme else SCHEMES
        for form in itertools.starmap(Form, itertools.product(languages, devices, schemes)):
            print(form.name, flush=True)
            with contextlib.closing(Camera(browser, url, form, keys)) as camera:
                camera.take(asked.pages)
        for language in languages:
            take_papers(browser, url, keys["aigul"], language, asked.pages)
        browser.close()
    choose()
    write_index()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="names of pages; all of them unless named")
    for name, known in (("language", LANGUAGES), ("device", DEVICES), ("scheme", SCHEMES)):
        parser.add_argument(f"--{name}", choices=[*known], help="this one instead of all")
    return parser.parse_args()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The URL of this checkout's cabinet: of the one that runs, or of one started for now."""
    command = [sys.executable, "-m", "cabinet.serve"]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            for line in server.stdout or ():
                if found := re.search(r"https?://\S+/", line):
                    yield found[0]
                    return
                print(line, end="")
            raise SystemExit(1)
        finally:
            server.terminate()


def sign_in(browser: Browser, url: str, who: str) -> list[dict[str, str]]:
    """The cookies of a demo user who has signed in; none for nobody."""
    if not who:
        return []
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", f"demo-{who}-2026")
    page.click("main button.primary")
    if "/login/code/" in page.url:
        codes = context.new_page()
        codes.goto("/demo/codes/")
        code = re.search(rf"{who}\D*(\d{{3}})\s?(\d{{3}})", codes.inner_text("main"))
        page.fill("[name=code]", "".join(code.groups()) if code else "")
        page.click("main button.primary")
    page.wait_for_url(lambda there: "/login/" not in there)
    cookies = [{**each} for each in context.cookies() if each["name"].endswith("session")]
    context.close()
    return cookies  # type: ignore[return-value]


class Camera:
    """Takes pictures of pages in one form."""

    def __init__(
        self, browser: Browser, url: str, form: Form, keys: dict[str, list[dict[str, str]]]
    ) -> None:
        self.url, self.form = url, form
        self.folder = FOLDER / form.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.contexts = {who: self._context(browser, cookies) for who, cookies in keys.items()}

    def _context(self, browser: Browser, cookies: list[dict[str, str]]) -> BrowserContext:
        context = browser.new_context(
            base_url=self.url,
            viewport={"width": DEVICES[self.form.device], "height": 900},
            color_scheme=self.form.scheme,  # type: ignore[arg-type]
            locale=self.form.language,
        )
        chosen = {"name": "django_language", "value": self.form.language, "url": self.url}
        context.add_cookies([*cookies, chosen])  # type: ignore[list-item]
        return context

    def take(self, wanted: list[str]) -> None:
        for name, (who, path) in PAGES.items():
            if not wanted or name in wanted:
                page = self.contexts[who].new_page()
                page.goto(path)
                if name == "log-in-wrong":
                    page.click("main button.primary")
                self._keep(page, name)
        for name in ERRORS:
            if not wanted or name in wanted:
                page = self.contexts[""].new_page()
                page.route("**/error/", self._error(name))
                page.goto("/error/")
                self._keep(page, name)

    def _error(self, name: str) -> Callable[[Route], None]:
        def fulfil(route: Route) -> None:
            with translation.override(self.form.language):
                body = render_to_string(f"{name}.html")
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

        return fulfil

    def _keep(self, page: Page, name: str) -> None:
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        page.close()

    def close(self) -> None:
        for context in self.contexts.values():
            context.close()


def take_papers(
    browser: Browser, url: str, cookies: list[dict[str, str]], language: str, wanted: list[str]
) -> None:
    """The first page of each paper."""
    folder = FOLDER / f"{language}-paper"
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(base_url=url)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    for name, path in PAPERS.items():
        if not wanted or name in wanted:
            paper = context.request.get(f"{path}?lang={language}").body()
            with contextlib.closing(pypdfium2.PdfDocument(paper)) as document:
                document[0].render(scale=1.5).to_pil().save(folder / f"{name}.png")
    context.close()


def choose() -> None:
    """The README's pictures, in few colours and so of little weight."""
    for name, (page, form) in CHOSEN.items():
        taken = FOLDER / form / f"{page}.png"
        if taken.exists():
            picture = Image.open(taken).convert("RGB")
            height = min(picture.height, picture.width * (2 if "phone" in form else 1))
            picture = picture.crop((0, 0, picture.width, height))
            picture.quantize(160).save(FOLDER / f"{name}.png", optimize=True)


def write_index() -> None:
    """All pictures side by side: a row for each page."""
    forms = sorted(each.name for each in FOLDER.iterdir() if each.is_dir())
    names = dict.fromkeys(each.stem for each in sorted(FOLDER.glob("*/*.png")))
    rows = "".join(
        f"<h2>{name}</h2><p>"
        + "".join(
            f'<a href="{form}/{name}.png"><img loading=lazy height=480 src="{form}/{name}.png" '
            f'alt="{form}" title="{form}"></a> '
            for form in forms
            if (FOLDER / form / f"{name}.png").exists()
        )
        for name in names
    )
    page = f"<!doctype html><meta charset=utf-8><title>Pictures</title><body>{rows}"
    Path(FOLDER / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
