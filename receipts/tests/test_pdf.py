import gc
import hashlib
import logging
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request

import pikepdf
import pytest
from django.utils import translation
from django.utils.translation import gettext
from fontTools.ttLib import TTFont

from billing.models import PersonalAccount, Service
from cabinet import months
from receipts import pdf
from receipts.fonts import make
from receipts.statements import ServiceStatement, Statement, StatementRow
from receipts.tests.conftest import an_account, two_services
from receipts.words import Words

KAZAKH = "АаӘәБбВвГгҒғДдЕеЁёЖжЗзИиЙйКкҚқЛлМмНнҢңОоӨөПпРрСсТтУуҰұҮүФфХхҺһЦцЧчШшЩщЪъЫыІіЬьЭэЮюЯя"
SIGNS = "№−–—«»…‘’“”·•₸"
SECRET = "root:x:0:0"

Render = Callable[..., bytes]
Pages = Callable[[bytes], list[str]]
Opened = Callable[[bytes], pikepdf.Pdf]


def row(month: date, opening: str = "100.00", closing: str = "1334.50") -> StatementRow:
    tariff = (Decimal("35.67"), Decimal("36.94"))
    figures = (opening, "1234.50", "-120.00", "0.00", closing)
    return StatementRow(month, *map(Decimal, figures), tariff)


def parts(services: list[Service], first: date, count: int) -> tuple[ServiceStatement, ...]:
    rows = tuple(row(months.plus(first, index)) for index in range(count))
    return tuple(ServiceStatement(service, rows) for service in services)


@pytest.fixture
def statement(account: PersonalAccount, services: list[Service]) -> Statement:
    """A year of electricity."""
    first = date(2025, 11, 1)
    return Statement(account, first, date(2026, 10, 1), parts(services[:1], first, 12))


def on_paper(statement: Statement, language: str = "kk") -> bytes:
    context = {"statement": statement, "supplier": None, "wording": Words((language,))}
    return pdf.render("receipts/statement_pdf.html", context, language=language)


@cache
def long_paper(language: str) -> bytes:
    """Ten years of two services."""
    first = date(2016, 11, 1)
    years = parts(two_services(), first, 120)
    return on_paper(Statement(an_account(), first, date(2026, 10, 1), years), language)


@pytest.fixture
def render(tmp_path: Path, settings: Any) -> Render:
    """Renders markup of a test's own."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    def markup(content: str, **context: Any) -> bytes:
        start = '<!doctype html><html lang="kk"><title>T</title>'
        (tmp_path / "test.html").write_text(start + content, encoding="utf-8")
        return pdf.render("test.html", context, language="kk")

    return markup


class TestStatement:
    def test_says_whose_it_is_and_of_when(self, statement: Statement, pages: Pages) -> None:
        (page,) = pages(on_paper(statement))
        assert "«Алтын Дала Энерго» ЖШС" in page
        assert "Ғабдуллин Сергей Ғалымұлы" in page
        assert "Алматы қ., Үлгі көшесі, 1" in page
        assert "000007919" in page
        assert "01.11.2025 – 31.10.2026" in page

    def test_speaks_russian_too(self, statement: Statement, pages: Pages) -> None:
        (page,) = pages(on_paper(statement, "ru"))
        assert "г. Алматы, ул. Образцовая, 1" in page
        assert "Электроэнергия" in page
        assert "март 2026 г. 35,67 / 36,94 100,00 1 234,50 −120,00 0,00 1 334,50" in page

    def test_months_oldest_first_then_totals(self, statement: Statement, pages: Pages) -> None:
        (page,) = pages(on_paper(statement))
        figures = "35,67 / 36,94 100,00 1 234,50 −120,00 0,00 1 334,50"
        assert page.index(f"2025 ж. қараша {figures}") < page.index(f"2026 ж. қазан {figures}")
        assert "100,00 14 814,00 −1 440,00 0,00 1 334,50" in page.split("2026 ж. қазан")[1]

    @pytest.mark.parametrize(
        ("closing", "message", "sum_"),
        [
            ("4500.00", "to pay %(sum)s", "4 500,00 ₸"),
            ("-120.00", "overpaid %(sum)s", "120,00 ₸"),
            ("0.00", "nothing to pay", ""),
        ],
    )
    def test_ends_with_the_closing_balance_in_words(
        self, statement: Statement, pages: Pages, closing: str, message: str, sum_: str
    ) -> None:
        part = statement.services[0]
        rows = (*part.rows[:-1], row(date(2026, 10, 1), closing=closing))
        (page,) = pages(on_paper(replace(statement, services=(replace(part, rows=rows),))))
        with translation.override("kk"):
            words = gettext(message) % {"sum": sum_}
        words = words[0].upper() + words[1:]
        assert re.search(rf"31\.10\.2026 {re.escape(words)}(?! *\d)", page)

    def test_several_services_end_each_and_together(
        self, statement: Statement, services: list[Service], pages: Pages
    ) -> None:
        both = parts(services, statement.first, 12)
        text = " ".join(pages(on_paper(replace(statement, services=both))))
        with translation.override("kk"):
            each, together = (
                gettext("to pay %(sum)s") % {"sum": sum_} for sum_ in ("1 334,50 ₸", "2 669,00 ₸")
            )
        assert text.count(f"31.10.2026: {each}") == 2
        assert text.count(together[0].upper() + together[1:]) == 1

    def test_empty_period_says_so(self, statement: Statement, pages: Pages) -> None:
        empty = (replace(statement.services[0], rows=()),)
        (page,) = pages(on_paper(replace(statement, services=empty)))
        with translation.override("kk"):
            assert gettext("There is no closed month in this period.") in page

    def test_every_letter_and_sign_comes_back(self, statement: Statement, pages: Pages) -> None:
        statement.account.payer = KAZAKH + SIGNS
        statement.services[0].service.name_kk = KAZAKH + SIGNS  # a heading: the bold font
        (page,) = pages(on_paper(statement))
        assert page.replace(" ", "").count(KAZAKH + SIGNS) == 2

    def test_weasyprint_has_nothing_to_complain_of(
        self, statement: Statement, caplog: pytest.LogCaptureFixture
    ) -> None:
        pdf._style.cache_clear()
        with caplog.at_level(logging.WARNING):
            on_paper(statement)
        assert caplog.messages == []


class TestLongStatement:
    def test_head_and_table_head_stand_on_each_page(self, pages: Pages) -> None:
        texts = pages(long_paper("ru"))
        with translation.override("ru"):
            heads = [
                " ".join(map(gettext, ["Month/Year", "Tariff", "Opening balance"])),
                gettext("Accrued"),
            ]
            title = gettext("Statement of the service")
        assert 6 <= len(texts) <= 10
        for text in texts:
            assert all(head in text for head in heads)
            assert title in text
            assert "000007919" in text
        assert "Электроэнергия" in texts[1]
        assert "Обслуживание прибора учёта" in texts[-1]

    def test_every_month_stands_once_per_service_and_whole(self, pages: Pages) -> None:
        text = " ".join(pages(long_paper("ru")))
        figures = "35,67 / 36,94 100,00 1 234,50 −120,00 0,00 1 334,50"
        assert text.count(f"март 2020 г. {figures}") == 2
        assert len(re.findall(rf"\d{{4}} г\. {re.escape(figures)}", text)) == 240

    def test_pages_are_numbered(self, pages: Pages) -> None:
        texts = pages(long_paper("kk"))
        for index, text in enumerate(texts, start=1):
            with translation.override("kk"):
                message = gettext("Page %(page)s of %(pages)s")
            assert message % {"page": index, "pages": len(texts)} in text

    @pytest.mark.parametrize("count", range(23, 29))
    def test_sum_never_stands_alone_on_its_page(
        self, statement: Statement, services: list[Service], pages: Pages, count: int
    ) -> None:
        made = replace(statement, services=parts(services[:1], statement.first, count))
        last = pages(on_paper(made, "ru"))[-1]
        assert re.search(r"\d{4} г\. 35,67 / 36,94 100,00", last)
        assert "1 334,50 ₸" in last


def elements(node: Any) -> Iterator[Any]:
    """The structure elements below the node, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


@pytest.mark.parametrize("language", ["kk", "ru"])
class TestAccess:
    def test_document_says_its_title_and_language(
        self, statement: Statement, opened: Opened, language: str
    ) -> None:
        with opened(on_paper(statement, language)) as made, translation.override(language):
            assert str(made.Root.Lang) == language
            assert made.docinfo["/Title"] == f"{gettext('Statement of the service')} 000007919"
            assert made.Root.ViewerPreferences.DisplayDocTitle
            assert made.Root.MarkInfo.Marked
            with made.open_metadata() as metadata:
                assert metadata["pdfuaid:part"] == "1"

    def test_headings_and_tables_are_tagged(
        self, statement: Statement, opened: Opened, language: str
    ) -> None:
        with opened(on_paper(statement, language)) as made:
            kinds = [str(each.S) for each in elements(made.Root.StructTreeRoot)]
        assert [kind for kind in kinds if kind in ("/H1", "/H2", "/Table")] == [
            "/H1",
            "/H2",
            "/Table",
        ]
        assert [kinds.count(kind) for kind in ("/TR", "/TH", "/TD")] == [14, 7 + 13, 13 * 6]

    def test_header_cells_say_what_they_head(self, opened: Opened, language: str) -> None:
        with opened(long_paper(language)) as made:
            cells = [
                each for each in elements(made.Root.StructTreeRoot) if each.S in ("/TH", "/TD")
            ]
            heads = {str(cell.ID): str(cell.A.Scope) for cell in cells if cell.S == "/TH"}
            assert list(heads.values()).count("/Row") == 2 * 121
            for cell in cells:
                if cell.S == "/TD":
                    scopes = [heads[str(head)] for head in cell.A.Headers]
                    assert sorted(scopes) == ["/Column", "/Row"]

    def test_only_noto_sans_is_in_it_and_only_what_is_used(
        self, statement: Statement, opened: Opened, language: str
    ) -> None:
        with opened(on_paper(statement, language)) as made:
            fonts = [
                each
                for each in made.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"
            ]
            embedded = [each.FontDescriptor for each in fonts if "/FontDescriptor" in each]
            names = {str(each.FontName).partition("+")[2] for each in embedded}
            assert names == {"Noto-Sans", "Noto-Sans-Bold"}
            assert all(re.match(r"/[A-Z]{6}\+", str(each.FontName)) for each in embedded)
            assert all(len(each.FontFile2.read_bytes()) < 30_000 for each in embedded)


class TestSameBytes:
    def test_again(self, statement: Statement, opened: Opened) -> None:
        first, second = on_paper(statement), on_paper(statement)
        assert first == second
        with opened(first) as made:
            assert "/CreationDate" not in made.docinfo
            assert "/ID" in made.trailer

    def test_in_another_process(self, render: Render, tmp_path: Path) -> None:
        markup = "<h1>Ғимарат 12 500,00 ₸</h1><p><b>№</b> 1</p>"
        here = hashlib.sha256(render(markup)).hexdigest()
        program = (
            "import django, hashlib; from django.conf import settings; django.setup()\n"
            f"settings.TEMPLATES[0]['DIRS'] = [{str(tmp_path)!r}]\n"
            "from receipts import pdf\n"
            "made = pdf.render('test.html', {}, language='kk')\n"
            "print(hashlib.sha256(made).hexdigest())"
        )
        there = [
            subprocess.run(
                [sys.executable, "-c", program], capture_output=True, text=True, check=True
            ).stdout.strip()
            for _ in range(2)
        ]
        assert there == [here, here]

    def test_other_figures_give_another_identifier(
        self, statement: Statement, opened: Opened
    ) -> None:
        other = replace(statement, last=date(2026, 9, 1))
        with opened(on_paper(statement)) as one, opened(on_paper(other)) as two:
            assert bytes(one.trailer.ID[0]) != bytes(two.trailer.ID[0])


def resident_memory() -> int:
    """What this process holds, in kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * (resource.getpagesize() // 1024)


@pytest.mark.slow
def test_memory_stays_flat(statement: Statement) -> None:
    for _ in range(20):
        on_paper(statement)
    gc.collect()
    before = resident_memory()
    for _ in range(60):
        on_paper(statement)
    gc.collect()
    assert resident_memory() - before < 2_000


FOREIGN = [
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "http://127.0.0.1:1/x",
    "https://example.kz/x",
    "ftp://example.kz/x",
    "data:text/css,p{color:red}",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    "//example.kz/x",
    "/etc/passwd",
    "../../../etc/passwd",
    "etc/passwd",
    "paper:../cabinet/settings.py",
    "paper:mark.svg?x",
    "PAPER:mark.svg",
]
WAYS = [
    '<img alt="" src="{url}">',
    '<link rel="stylesheet" href="{url}">',
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">a</a>',
    '<object data="{url}"></object>',
    '<embed src="{url}">',
    '<style>@import url("{url}");</style>',
    '<style>@font-face {{ font-family: X; src: url("{url}") }} p {{ font-family: X }}</style><p>x',
    '<style>p {{ background: url("{url}") }}</style><p>x',
    '<style>li {{ list-style-image: url("{url}") }}</style><ul><li>x</ul>',
    '<style>p::before {{ content: url("{url}") }}</style><p>x',
    "<p style='background-image: url(\"{url}\")'>x",
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{url}"'
    ' width="9" height="9"/></svg>',
]


class TestNothingIsFetched:
    """ASVS 1.3.6: neither network nor disk, even where a template would ask for it."""

    @pytest.mark.parametrize("url", FOREIGN)
    def test_address_that_is_not_ours_is_refused(self, render: Render, url: str) -> None:
        with pytest.raises(pdf.ForeignResource):
            render(f'<img alt="" src="{url}">')

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:1/x"])
    @pytest.mark.parametrize("way", WAYS)
    def test_in_whatever_way_it_is_asked_for(self, render: Render, way: str, url: str) -> None:
        with pytest.raises(pdf.ForeignResource):
            render(way.format(url=url))

    @pytest.mark.parametrize("url", FOREIGN)
    def test_by_every_door_of_the_fetcher(self, url: str) -> None:
        fetcher = pdf.OurFiles()
        for door in (fetcher, fetcher.fetch, fetcher.open):
            with pytest.raises(ValueError, match="not ours"):
                door(url)
        if ":" in url:
            with pytest.raises(ValueError, match="not ours"):
                fetcher.open(Request(url))  # noqa: S310 - that is the question

    def test_ours_is_served(self, render: Render, opened: Opened) -> None:
        with opened(render('<img alt="белгі" src="paper:mark.svg">')) as made:
            figures = [each for each in elements(made.Root.StructTreeRoot) if each.S == "/Figure"]
            assert [str(each.Alt) for each in figures] == ["белгі"]

    @pytest.mark.parametrize(
        "name",
        [
            '<img src="file:///etc/passwd">',
            '"><link rel=attachment href="file:///etc/passwd"><p title="',
            "<style>@import url(file:///etc/passwd)</style>",
            "{% include '/etc/passwd' %}{{ statement }}",
            "</title><script>1</script>",
        ],
    )
    def test_markup_in_free_text_is_text(
        self, statement: Statement, pages: Pages, opened: Opened, name: str
    ) -> None:
        statement.account.payer = statement.account.address_kk = name
        service = statement.services[0].service
        service.name_kk = service.supplier.name_kk = name
        content = on_paper(statement)
        text = "".join(pages(content))
        assert text.replace(" ", "").count(name.replace(" ", "")) == 5
        assert SECRET not in text
        with opened(content) as made:
            assert not made.attachments
            assert "/EmbeddedFiles" not in made.Root.get("/Names", {})
            kinds = {str(each.S) for each in elements(made.Root.StructTreeRoot)}
        assert "/Figure" not in kinds

    def test_letters_we_lack_are_boxes_and_not_from_fonts_of_the_machine(
        self, render: Render, opened: Opened
    ) -> None:
        with opened(render('<p style="font-family: DejaVu Serif, monospace">中文 x 😀')) as made:
            names = {
                str(each.FontName).partition("+")[2]
                for each in made.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor"
            }
        assert names == {"Noto-Sans"}


class TestFonts:
    @pytest.mark.parametrize("name", ["Regular", "Bold"])
    def test_have_every_letter_that_the_script_names(self, name: str) -> None:
        path = make.FOLDER / f"NotoSans-{name}.ttf"
        with TTFont(path) as font:
            assert set(font.getBestCmap()) == set(make.letters())
            assert {*map(ord, KAZAKH + SIGNS)} <= set(font.getBestCmap())
        assert path.stat().st_size < 60_000

    def test_figures_are_all_equally_wide(self) -> None:
        with TTFont(make.FOLDER / "NotoSans-Regular.ttf") as font:
            names = [font.getBestCmap()[ord(sign)] for sign in "0123456789−"]
            assert len({font["hmtx"][name][0] for name in names}) == 1

    @pytest.mark.slow
    def test_are_made_the_same_every_time(self, tmp_path: Path) -> None:
        pytest.importorskip("fontpkg_noto_sans")
        for folder in ("one", "two"):
            (tmp_path / folder).mkdir()
            make.make(tmp_path / folder)
        for made in (tmp_path / "one").iterdir():
            assert made.read_bytes() == (tmp_path / "two" / made.name).read_bytes()
