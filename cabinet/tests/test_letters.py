"""A letter says the same as HTML and as plain text, whatever its words are."""

import pytest
from django.utils import translation

from billing.tests.factories import SupplierFactory
from cabinet.letters import Content, rendered
from cabinet.tests.pages import parsed, rows, select, text

RESET = Content(
    subject="Новый пароль",
    paragraphs=["Кто-то попросил новый пароль.", "Ссылка действует два часа."],
    facts=[("Логин", "aigul"), ("Устройство", "Chrome, Windows")],
    button=("Задать новый пароль", "https://cabinet.example.kz/reset/1-a/?next=/&x=<1>"),
    afterwards=["Если это не вы, ничего не делайте."],
)
MARKUP = "<script>alert('&amp;')</script> \"{{ 7 * 7 }}\" %(x)s"


@pytest.fixture
def supplier(db):
    return SupplierFactory(
        name_kk="«Жарық» ЖШС",
        name_ru="ТОО «Жарық»",
        phone="+7 727 356 9999",
        email="help@example.kz",
        issuer=True,
    )


def in_russian(content):
    with translation.override("ru"):
        plain, html = rendered(content)
    return plain, parsed(html)


def test_plain_text(supplier):
    plain, _html = in_russian(RESET)
    assert plain == (
        "ТОО «Жарық» · Личный кабинет\n"
        "\n"
        "Новый пароль\n"
        "\n"
        "Кто-то попросил новый пароль.\n"
        "\n"
        "Ссылка действует два часа.\n"
        "\n"
        "Логин: aigul\n"
        "Устройство: Chrome, Windows\n"
        "\n"
        "Задать новый пароль:\n"
        "https://cabinet.example.kz/reset/1-a/?next=/&x=<1>\n"
        "\n"
        "Если это не вы, ничего не делайте.\n"
        "\n"
        "Контакт-центр: +7 727 356 9999, help@example.kz\n"
    )


def test_html(supplier):
    _plain, html = in_russian(RESET)
    assert html.get("lang") == "ru"
    assert text(select(html, "title")[0]) == text(select(html, "h1")[0]) == "Новый пароль"
    assert [text(paragraph) for paragraph in select(html, "p")] == [
        "ТОО «Жарық»Личный кабинет",
        "Кто-то попросил новый пароль.",
        "Ссылка действует два часа.",
        "Если кнопка не работает, скопируйте этот адрес в браузер:"
        "https://cabinet.example.kz/reset/1-a/?next=/&x=<1>",
        "Если это не вы, ничего не делайте.",
        "Контакт-центр+7 727 356 9999 · help@example.kz",
    ]
    facts = next(table for table in select(html, "table") if table.get("class") == "line")
    assert rows(facts) == [["Логин", "aigul"], ["Устройство", "Chrome, Windows"]]
    url = "https://cabinet.example.kz/reset/1-a/?next=/&x=<1>"
    assert [(text(link), link.get("href")) for link in select(html, "a")] == [
        ("Задать новый пароль", url),
        (url, url),
        ("+7 727 356 9999", "tel:+77273569999"),
        ("help@example.kz", "mailto:help@example.kz"),
    ]


def test_in_kazakh(supplier):
    with translation.override("kk"):
        plain, html = rendered(Content(subject="Тақырып", paragraphs=["Мәтін."]))
    assert plain == (
        "«Жарық» ЖШС · Жеке кабинет\n\nТақырып\n\nМәтін.\n\n"
        "Контакт-орталығы: +7 727 356 9999, help@example.kz\n"
    )
    assert '<html lang="kk">' in html
    assert "<table role" in html


def test_before_there_is_a_supplier(db):
    plain, html = in_russian(Content(subject="Тема", paragraphs=["Текст."]))
    assert plain == "Личный кабинет\n\nТема\n\nТекст.\n\n"
    assert [text(paragraph) for paragraph in select(html, "p")] == ["Личный кабинет", "Текст."]


def test_markup_is_text(supplier):
    supplier.name_ru = supplier.phone = supplier.email = MARKUP
    supplier.save()
    content = Content(
        subject=MARKUP,
        paragraphs=[MARKUP],
        facts=[(MARKUP, MARKUP)],
        button=(MARKUP, f"https://x/{MARKUP}"),
        afterwards=[MARKUP],
    )
    plain, html = in_russian(content)
    assert plain.count(MARKUP) == 10
    assert select(html, "script") == []
    assert text(select(html, "h1")[0]) == MARKUP
    assert {text(cell) for cell in select(html, "td.line")} == {MARKUP}
    button = select(html, "a.on-button")[0]
    assert (text(button), button.get("href")) == (MARKUP, f"https://x/{MARKUP}")


def test_nothing_is_fetched(supplier):
    """No picture, style sheet, font or form: opening the letter tells nobody."""
    with translation.override("ru"):
        _plain, html = rendered(RESET)
    root = parsed(html)
    fetching = {"img", "link", "script", "iframe", "form", "object", "svg", "base"}
    assert fetching & {element.tag for element in root.iter()} == set()
    assert "url(" not in html
    assert "@import" not in html
