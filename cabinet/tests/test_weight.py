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
