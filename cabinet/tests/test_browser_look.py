"""What looks at pages finds each kind of fault, and none where there is none."""

import pytest

from cabinet.tests.structure import faults

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="kk"><meta name="viewport" content="width=device-width">
<style>body {{ margin: 0; font: 16px/1.5 sans-serif; background: #fff; color: #222 }}
a {{ color: #06c }} main {{ padding: 8px }} button, input {{ font: inherit; padding: 4px 12px }}
:focus-visible {{ outline: 2px solid #06c; outline-offset: 2px }}
.columns {{ display: grid; grid-template-columns: 200px 200px; gap: 8px }}</style>
<main><h1>Шоттар</h1>{}</main></html>"""
SMALL = '<button style="padding: 0; width: 20px; height: 20px">×</button>'
GOOD = f"""
<p>Толық <a href="#x">мәтін</a> осында, <strong>бәрі</strong> жақсы.</p>
<p><button>Жіберу</button> <input aria-label="Сома" value="500"></p>
<div style="overflow-x: auto; width: 150px" tabindex="0"><p style="width: 400px">Алыс</p></div>
<span style="position: absolute; width: 1px; height: 1px; overflow: hidden">Естілетіні</span>
<section><div style="margin-inline: -8px">Шетке дейін</div></section>
<details><summary>Толығырақ</summary><p>Жасырын</p></details>
<div class="columns"><p>Бір</p><p>Екі</p></div>
{SMALL}<h2>Төлемдер</h2><h3>Наурыз</h3><svg viewBox="0 0 10 10" width="20"></svg>
<table><tr><td>500,00</td></tr></table>"""
PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
BAD = {
    "a text upon a text": (
        '<p>Бірінші</p><p style="margin-top: -34px">Екінші</p>',
        "overlap: p “Бірінші” and p “Екінші”",
    ),
    "a text upon a button": (
        '<button>Жіберу</button><p style="margin: -20px 0 0">Мәтін</p>',
        "overlap: button “Жіберу” and p “Мәтін”",
    ),
    "a page that scrolls sideways": (
        '<div style="width: 900px">Кең</div>',
        "wider than the screen: 908 px",
    ),
    "a text beyond the screen": (
        '<p style="position: relative; left: 790px">Алыс</p>',
        "outside the screen: p “Алыс”",
    ),
    "a table over its column": (
        '<div class="columns"><table style="width: 300px"><tr><td>500</td></tr></table>'
        "<p>Бір</p></div>",
        "reaches over: table “500” over p “Бір”",
    ),
    "a text over its column": (
        '<div class="columns"><p>Электрмен_жабдықтаушының</p><p>Бір</p></div>',
        "reaches over: p “Электрмен_жабдықтаушының” over p “Электрмен_жабдықтаушының”",
    ),
    "a button lower than its label": (
        '<button style="height: 30px; width: 140px; padding: 0">Электрондық түбіртек</button>',
        "higher than its box: button “Электрондық түбіртек” in button “Электрондық түбіртек”",
    ),
    "a text cut by its box": (
        '<p style="overflow: hidden; width: 80px; white-space: nowrap">Кесілген мәтін</p>',
        "cut: p “Кесілген мәтін”",
    ),
    "a choice cut by its box": (
        '<select aria-label="Ай" style="width: 70px"><option>2025 ж. желтоқсан</option></select>',
        "cut: select “2025 ж. желтоқсан”",
    ),
    "a broken word": (
        '<button style="width: 90px; overflow-wrap: anywhere">Электрондық</button>',
        "broken word: Электрондық in button “Электрондық”",
    ),
    "a small target": (
        f"{SMALL}{SMALL}",
        "small target: button “×”, 20 × 20 px",
    ),
    "a pale text": (
        '<p style="color: #888">Бозғылт</p>',
        "contrast 3.54 < 4.5: p “Бозғылт”",
    ),
    "a pale text on a gradient": (
        '<p style="background: linear-gradient(#000, #fff)">Бозғылт</p>',
        "contrast 1.32 < 4.5: p “Бозғылт”",
    ),
    "a pale figure": (
        '<table><tr><td style="color: #666">500,00</td></tr></table>',
        "contrast 5.74 < 7: td “500,00”",
    ),
    "a pale edge of a field": (
        '<input aria-label="Сома" style="border: 1px solid #ccc">',
        "contrast of the edge 1.61 < 3: input",
    ),
    "a second h1": ("<h1>Төлемдер</h1>", "2 h1"),
    "a level left out": ("<h3>Наурыз</h3>", "skips a level: h3 “Наурыз” after h1"),
    "two menus of one name": (
        '<nav aria-label="Мәзір"><p>Бір</p></nav><nav aria-label="Мәзір"><p>Екі</p></nav>',
        "no name of its own: nav “Бір”",
    ),
    "two menus without a name": ("<nav>Бір</nav><nav>Екі</nav>", "no name of its own: nav “Бір”"),
    "a picture without a size": (
        f'<img alt="" src="{PICTURE}">',
        "without a size: img",
    ),
    "no focus ring": (
        '<button style="outline: none">Жіберу</button>',
        "no focus ring: button “Жіберу”",
    ),
    "a pale focus ring": (
        '<button style="outline-color: #eee">Жіберу</button>',
        "focus ring hardly seen: button “Жіберу”",
    ),
    "a focus ring cut by a box": (
        '<div id="box" style="overflow: hidden"><button>Жіберу</button></div>',
        "focus ring cut: button “Жіберу” by div#box “Жіберу”",
    ),
    "a focus ring cut by the screen": (
        '<button style="position: relative; left: -8px">Жіберу</button>',
        "focus ring cut by the screen: button “Жіберу”",
    ),
}


@pytest.fixture(scope="module")
def sheet(chromium):
    return chromium.new_page(viewport={"width": 800, "height": 600})


def test_a_good_page_has_none(sheet):
    sheet.set_content(PAGE.format(GOOD))
    assert faults(sheet) == []


@pytest.mark.parametrize("name", BAD)
def test_each_fault_is_found(name, sheet):
    html, fault = BAD[name]
    sheet.set_content(PAGE.format(html))
    assert fault in faults(sheet)


def test_before_a_dialog_only_the_dialog_is_looked_at(sheet):
    html = f"<dialog>{BAD['a pale text'][0]}</dialog>{BAD['a small target'][0]}"
    sheet.set_content(PAGE.format(html))
    assert faults(sheet) == ["small target: button “×”, 20 × 20 px"]
    sheet.evaluate("document.querySelector('dialog').showModal()")
    assert faults(sheet) == ["contrast 3.54 < 4.5: p “Бозғылт”"]
