"""How the receipt is made as a PDF: tags, languages, fonts, order, and nothing from elsewhere."""

import re
from collections import Counter

import pikepdf
import pytest

from cabinet.tests import people
from receipts import documents, drawings, papers
from receipts.tests.test_pdf import elements
from receipts.words import Words

URL = "/accounts/000000101/receipts/2026-03"


@pytest.fixture
def content(client, home):
    documents._kept.clear()
    client.force_login(home.owner)
    return lambda path=".pdf": client.get(URL + path).content


def structure(made):
    return list(elements(made.Root.StructTreeRoot))


def test_it_says_its_title_and_languages(content, opened):
    with opened(content()) as made:
        assert str(made.Root.Lang) == "kk"
        assert re.fullmatch(r"Түбіртек \d{14}", str(made.docinfo["/Title"]))
        assert made.Root.MarkInfo.Marked
        with made.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        languages = Counter(str(each.Lang) for each in structure(made) if "/Lang" in each)
        assert languages["ru"] > 30


def test_in_one_language_no_part_has_another(content, opened):
    with opened(content(".pdf?lang=ru")) as made:
        assert str(made.Root.Lang) == "ru"
        assert {str(each.Lang) for each in structure(made) if "/Lang" in each} <= {"ru"}


def test_only_tables_of_figures_are_tables(content, opened):
    with opened(content("/both.pdf")) as made:
        kinds = Counter(str(each.S) for each in structure(made))
        assert kinds["/H1"] == 2  # of either side
        assert kinds["/Figure"] == 2
        assert kinds["/Table"] == 4  # the meter, its lines, the balance, payments
        cells = [each for each in structure(made) if each.S in ("/TH", "/TD")]
        heads = {str(cell.ID): str(cell.A.Scope) for cell in cells if cell.S == "/TH"}
        for cell in cells:
            if cell.S == "/TD":
                scopes = sorted(heads[str(head)] for head in cell.A.Headers)
                assert scopes == ["/Column", "/Row"]


def test_drawings_have_a_text(content, opened):
    with opened(content()) as made:
        code, bars = (str(each.Alt) for each in structure(made) if each.S == "/Figure")
    assert code.startswith("https://testserver/verify/?number=")
    assert bars.startswith("2025 ж. наурыз: 50; ")
    assert bars.endswith("2026 ж. наурыз: 100")


def test_fonts_are_ours_and_embedded(content, opened):
    with opened(content("/both.pdf")) as made:
        fonts = [
            each.FontDescriptor
            for each in made.objects
            if isinstance(each, pikepdf.Dictionary)
            and each.get("/Type") == "/Font"
            and "/FontDescriptor" in each
        ]
        names = {str(each.FontName).partition("+")[2] for each in fonts}
        assert names == {"Noto-Sans", "Noto-Sans-Bold"}
        assert all("/FontFile2" in each for each in fonts)


def test_texts_come_in_the_order_of_reading(content, pages):
    text = " ".join(pages(content(".pdf?lang=kk")))
    order = [
        *("«Алтын Дала Энерго» ЖШС", "Түбіртек", "2026 ж. наурыз", "Төлеуге", "Тексеру коды"),
        *("Төлеуші", "Дербес шот нөмірі", "Электр энергиясы", "Есептегіш", "Деңгей"),
        *("Сома қалай құралды", "Төлемдер", "Айлар бойынша шығын", "ЖСК"),
    ]
    place = 0
    for word in order:
        assert word in text[place:], word
        place = text.index(word, place)


def test_kazakh_letters_are_whole(content, pages, home):
    home.account.payer = "Әңғарбекұлы Үкібай Өтегенұлы Һәкім Іңкәр Қожа"
    home.account.save()
    assert home.account.payer in " ".join(pages(content()))


@pytest.mark.parametrize("count", [1, 13])
def test_bars_stand_within_the_drawing(home, count):
    paper = papers.of_month(home.account, people.LATEST)
    drawn = drawings.bars(paper.bars[-count:])
    lefts = [int(left) for left in re.findall(r'<rect x="(\d+)"', drawn)]
    assert len(lefts) == count
    assert max(lefts) + drawings.WIDTH <= drawings.STEP * papers.MONTHS


def test_words_that_are_the_same_in_both_languages_are_said_once():
    say = Words(("kk", "ru"))
    row = {"name_kk": "№ 5", "name_ru": "№ 5", "unit_kk": "кВт·сағ", "unit_ru": "кВт·ч"}
    assert say.text(row, "name") == "№ 5"
    russian = '<span class="ru" lang="ru">Объём, кВт·ч</span>'
    assert say("Quantity", unit=row) == f"Көлем, кВт·сағ / {russian}"
    assert say("Quantity", unit=row, stacked=True) == f"Көлем, кВт·сағ<br>{russian}"


def test_markup_in_texts_of_billing_is_text():
    say = Words(("kk", "ru"))
    assert "<b>" not in say.text({"name_kk": "<b>", "name_ru": "<i>"}, "name")
    assert "<b>" not in say("Pay by: %(day)s", day="<b>")
