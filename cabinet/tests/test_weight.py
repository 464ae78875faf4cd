"""What pages weigh on the way to a browser, and how static files are kept there."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from cabinet import sheets

SOURCES = Path(settings.BASE_DIR) / "static"
ADMIN = {"admin", "staff", "letters"}  # the admin's, and those of a page of the demonstration


def linked(page: bytes) -> list[str]:
    """The addresses of the static files that a page links."""
    return sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())))


def test_every_sheet_is_in_the_one_file_or_the_admins():
    assert {path.stem for path in (SOURCES / "css").glob("*.css")} == {*sheets.SHEETS} | ADMIN


def test_the_one_file_holds_the_sheets_in_their_order():
    made = Path(finders.find("css/cabinet.css")).read_text()
    places = [made.index((SOURCES / "css" / f"{sheet}.css").read_text()) for sheet in sheets.SHEETS]
    assert places == sorted(places)


def test_it_is_made_anew_when_a_sheet_has_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MADE", tmp_path)
    monkeypatch.setattr(sheets, "SOURCES", tmp_path)
    for sheet in sheets.SHEETS:
        (tmp_path / f"{sheet}.css").write_text(f".{sheet} {{}}")
    first = Path(finders.find("css/cabinet.css")).read_text()
    (tmp_path / "print.css").write_text("@media print {}")
    second = Path(finders.find("css/cabinet.css")).read_text()
    assert (first.splitlines()[-1], second.splitlines()[-1]) == (".print {}", "@media print {}")
    assert finders.find("css/cabinet.css", find_all=True) == [str(tmp_path / sheets.NAME)]
    assert finders.find("css/none.css") is None


@pytest.mark.parametrize("path", ["/login/", "/nothing/"])
def test_a_page_links_one_sheet_and_one_picture(path, client, db):
    static = [each for each in linked(client.get(path).content) if not each.endswith(".js")]
    assert [re.sub(r"\.[0-9a-f]{12}\.", ".", each) for each in static] == [
        "/static/css/cabinet.css",
        "/static/mark.svg",
    ]


@pytest.mark.parametrize(
    ("accepted", "encoding", "read"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip, deflate", "gzip", gzip.decompress),
        ("", None, bytes),
    ],
)
def test_static_files_are_compressed_and_kept_for_good(accepted, encoding, read, client, db):
    for path in linked(client.get("/login/").content):
        answer = client.get(path, headers={"accept-encoding": accepted})
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert (answer.headers.get("Content-Encoding"), answer.headers["Vary"]) == (
            encoding,
            "Accept-Encoding",
        )
        assert read(answer.getvalue()) == client.get(path).getvalue()


LIST = "/accounts/"
BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}


def encoding(client, path=LIST, **headers):
    answer = client.get(path, headers={**BROWSER, **headers})
    return answer.headers.get("Content-Encoding")


def test_pages_are_compressed(home, client):
    client.force_login(home.owner)
    plain = client.get(LIST)
    answer = client.get(LIST, headers={**BROWSER, "sec-fetch-site": "same-origin"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.content) < len(plain.content) / 3
    assert len(gzip.decompress(answer.content)) == len(plain.content)
    for each in (plain, answer):
        assert "Accept-Encoding" in each.headers["Vary"].split(", ")


@pytest.mark.parametrize(
    ("headers", "compressed"),
    [
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "referer": "https://testserver/"}, False),
        ({}, False),
        ({"referer": "https://testserver/accounts/"}, True),
        ({"referer": "https://testserver.evil.example/"}, False),
    ],
)
def test_no_page_is_that_another_site_led_to(headers, compressed, home, client):
    client.force_login(home.owner)
    assert encoding(client, host="testserver", **headers) == ("gzip" if compressed else None)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"])
def test_who_does_not_take_gzip_gets_none(accepted, home, client):
    client.force_login(home.owner)
    asked = {"accept-encoding": accepted, "sec-fetch-site": "none"}
    assert encoding(client, **asked) is None
    assert encoding(client, **{**asked, "accept-encoding": "br;q=1.0, gzip;q=0.8"}) == "gzip"


def test_papers_and_downloads_stay_as_they_are(home, client):
    client.force_login(home.owner)
    page = f"/accounts/{home.account.number}/services"
    for path in (f"{page}.csv", f"{page}.xlsx", f"{page}.json"):
        assert encoding(client, path, **{"sec-fetch-site": "none"}) is None


FIRST, AFTERWARDS = 60_000, 12_000  # bytes, with what they take along
STEADY = 0.1  # what browsers' makers call a good layout shift; a table that comes in parts moves
PAGES = {
    "": ("/login/", "/calculator/"),
    "owner": (
        "/accounts/",
        "/accounts/{number}/",
        "/accounts/{number}/services/",
        "/accounts/{number}/receipts/",
        "/accounts/{number}/calculator/",
    ),
}


SHIFTED = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 50);
})"""


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "path"), [(who, path) for who, paths in PAGES.items() for path in paths]
)
def test_a_page_is_light(who, path, site, chromium):
    """As Chromium counts it: first with an empty cache, then once more."""
    context = chromium.new_context(base_url=site.url)
    if who:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": site.sessions[who]}
        context.add_cookies([{**cookie, "url": site.url}])
    page = context.new_page()
    received = []
    network = context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda each: received.append(each["encodedDataLength"]))
    network.send("Network.enable")
    weights = []
    for _visit in range(2):
        received.clear()
        page.goto(path.format(number=site.home.account.number), wait_until="networkidle")
        weights.append(sum(received))
    shift = page.evaluate(SHIFTED)
    unsized = page.locator("img:not([width][height])").count()
    context.close()
    assert shift < STEADY
    assert unsized == 0
    assert 5_000 < weights[0] <= FIRST
    assert 2_000 < weights[1] <= AFTERWARDS
