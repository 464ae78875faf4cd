"""Help pages: the list, one page, the search, and what plain text becomes."""

import re

import pytest
from django.test import Client

from cabinet import memory
from cabinet.tests import asks
from cabinet.tests.pages import Page, select, text
from support import help_search, help_texts
from support.models import HelpPage
from support.tests.information_factories import HelpPageFactory, first_help

HELP = "/help/"
KAZAKH = set("әғқңөұүһі")


@pytest.fixture
def pages(db):
    """Those that the cabinet begins with."""
    made = first_help()
    memory.forget()
    return made


@pytest.fixture
def alone(db):
    """One page."""
    HelpPage.objects.all().delete()
    memory.forget()
    return HelpPageFactory(code="payment")


def see(client, path=HELP, language="kk", **query):
    client.cookies["django_language"] = language
    return Page(client.get(path, query))


def questions(page):
    return [text(link) for box in page.all("ul.questions") for link in box.iter("a")]


def found(sought):
    """The codes of what is found, and whether all words were."""
    pages, all_words = help_search.find(sought)
    return [page.pk for page in pages], all_words


# The list and a page


def test_the_list(client, pages):
    page = see(client)
    assert page.heading == "Анықтама"
    assert [text(each) for each in page.all("h2")][:5] == [
        "Кіру және тіркелу",
        "Дербес шотты қосу",
        "Шот пен төлем",
        "Түбіртектер",
        "Байланыс",
    ]
    assert len(questions(page)) == len(pages) == 17
    assert page.links["Дербес шот неге қосылмайды?"] == "/help/refused/"


def test_the_list_in_russian(client, pages):
    page = see(client, language="ru")
    assert page.heading == "Справка"
    assert page.links["Почему счёт не добавляется?"] == "/help/refused/"


def test_a_page(client, alone):
    HelpPage.objects.update(
        answer_kk="Күтіңіз.\nСосын [қараңыз](/accounts/).\n\nНе болмаса:\n- бір\n- [екі](/nothing/)"
    )
    page = see(client, "/help/payment/")
    assert page.heading == "Төлемім неге көрінбейді?"
    (answer,) = page.all("div.answer")
    assert [text(each) for each in answer.iter("p")] == ["Күтіңіз.Сосын қараңыз.", "Не болмаса:"]
    assert len(list(answer.iter("br"))) == 1
    assert [text(each) for each in answer.iter("li")] == ["бір", "екі"]
    assert {text(each): each.get("href") for each in answer.iter("a")} == {"қараңыз": "/accounts/"}
    assert text(page.find("p.crumbs")) == "Анықтама · Шот пен төлем"
    (further,) = page.all("section.further")
    assert {text(each): each.get("href") for each in further.iter("a")} == {
        "Басқа сұрақтар": "/help/",
        "Өтінім беру": "/applications/",
        "Контакт-орталығы": "/contacts/",
    }


def test_what_is_hidden_is_not_there(client, alone):
    HelpPage.objects.update(is_shown=False)
    memory.forget()
    assert see(client, "/help/payment/").status == 404
    assert see(client, "/help/nothing/").status == 404
    assert questions(see(client)) == []
    assert questions(see(client, q="төлем")) == []


def test_nothing_there_yet(client, alone):
    alone.delete()
    memory.forget()
    notes = [text(each) for each in see(client).all("p.note")]
    assert notes == ["Мұнда әзірге сұрақтар жоқ. Контакт-орталығы"]


def test_markup_stays_text(client, alone):
    markup = "<script>x()</script><b>{{ 7 * 7 }}</b>"
    HelpPage.objects.update(
        section_kk=markup,
        question_kk=markup,
        answer_kk=f"{markup}\n\n- [{markup}](/accounts/)\n- [x](javascript:x) <a href='/x/'>x</a>",
    )
    memory.forget()
    for path in ("/help/payment/", HELP):
        root = see(client, path).root
        main = next(root.iter("main"))
        assert list(main.iter("script")) == list(main.iter("b")) == []
        assert markup in text(main)
    (answer,) = see(client, "/help/payment/").all("div.answer")
    assert [(text(each), each.get("href")) for each in answer.iter("a")] == [(markup, "/accounts/")]


def test_queries(client, pages, home):
    assert asks.queries(client, HELP) == 0
    assert asks.queries(client, f"{HELP}?q=төлем") == 0
    assert asks.queries(client, "/help/refused/") == 1
    client.force_login(home.owner)
    assert asks.queries(client, "/help/refused/") == 3


# The search


def test_what_is_found(client, pages):
    page = see(client, q="тексеру коды")
    assert questions(page) != []
    assert page.values == {"q": "тексеру коды"}
    assert text(page.all("h2")[0]) == "Табылғаны"
    assert page.title == "тексеру коды – Анықтама – Жеке кабинет"
    assert page.links["Барлық сұрақтар"] == "/help/"


@pytest.mark.parametrize(
    ("sought", "first"),
    [
        ("Төлемім неге көрінбейді?", "payment-not-shown"),
        ("көрінбейді төлемім неге", "payment-not-shown"),
        ("толемим корин", "payment-not-shown"),  # on a Russian keyboard, and only beginnings
        ("ПЛАТЁЖ не виден", "payment-not-shown"),
        ("платеж виден", "payment-not-shown"),
        ("почему больше", "why-more"),
        ("неге көп шықты", "why-more"),
        ("құпиясөзді ұмыттым", "password"),
        ("пароль не помню", "password"),
        ("забыли пароль", "password"),
        ("потерял телефон", "two-step"),
        ("счёт не добавляется", "refused"),
        ("номер лицевого счета", "account-number"),
        ("где найти номер", "account-number"),
        ("квитанцию распечатать", "receipt"),
        ("түбіртегімді басып шығару", "receipt"),
        ("подлинная", "genuine"),
        ("кто смотрел", "who-looked"),
        ("сменился плательщик", "payer-changed"),
        ("написать", "write-to-us"),
        ("как считается", "how-computed"),
        ("НДС", "how-computed"),
        ("тіркелу", "register"),
        ("электронная почта отказаться", "e-receipts"),
    ],
)
def test_words(pages, sought, first):
    codes, all_words = found(sought)
    assert (codes[0], all_words) == (first, True)


@pytest.mark.parametrize("sought", ["ұмыттым", "не помню пароль"])
def test_both_languages_are_searched_whatever_the_page(client, pages, sought):
    for language, question in (
        ("kk", "Құпиясөзді ұмыттым. Не істеймін?"),
        ("ru", "Не помню пароль. Что делать?"),
    ):
        assert questions(see(client, language=language, q=sought))[0] == question


def test_when_no_page_has_all_words(client, pages):
    page = see(client, q="платеж пингвин")
    assert text(page.all("h2")[0]) == "Осы сөздердің бәрі бар бет табылмады; ең жақындары"
    assert 0 < len(questions(page)) <= help_search.CLOSEST
    assert found("платеж пингвин жираф") == ([], False)


@pytest.mark.parametrize("sought", ["абракадабра", "???", "٣٣", "<script>", "/accounts/"])
def test_nothing_is_found(client, pages, sought):
    """What to do next, and all questions."""
    page = see(client, q=sought)
    (note,) = page.all("div.note")
    assert [text(each) for each in note.iter("p")] == [
        "Ештеңе табылмады. Бір сөзбен іздеп көріңіз немесе төмендегі сұрақтарды қарап шығыңыз.",
        "Сұрағыңызға мұнда да жауап береді: Контакт-орталығы",
    ]
    assert page.values == {"q": sought}
    assert len(questions(page)) == 17


@pytest.mark.parametrize("sought", ["", " ", "\0", " \u202e\n "])
def test_nothing_is_sought(client, pages, sought):
    page = see(client, q=sought)
    assert page.all("div.note") == []
    assert (len(questions(page)), page.values) == (17, {"q": ""})


def test_long_and_odd_queries(client, pages):
    for sought in ("төлем " * 10_000, "а" * 10_000, "%00%ff", "a\0b"):
        assert see(client, q=sought).status == 200
    assert Client().get(f"https://testserver{HELP}?q=%ff%fe", secure=True).status_code == 200


def test_paths_of_links_are_not_words(pages):
    assert found("forgotten")[0] == found("branches")[0] == []


# Plain text


def pieces(line):
    (block,) = help_texts.blocks(line)
    (only,) = block.lines
    return [tuple(piece) for piece in only]


def test_paragraphs_and_lists():
    blocks = help_texts.blocks("\nБір\nекі\r\n \r\n\n- үш\n- төрт\nбес\n")
    assert [
        (block.is_list, [[piece.text for piece in line] for line in block.lines])
        for block in blocks
    ] == [(False, [["Бір"], ["екі"]]), (True, [["үш"], ["төрт"]]), (False, [["бес"]])]


def test_no_text_is_nothing():
    assert help_texts.blocks(" \n\n ") == []


def test_a_link():
    assert pieces("[Бұл](/help/), [ол](/accounts/add/).") == [
        ("Бұл", "/help/"),
        (", ", ""),
        ("ол", "/accounts/add/"),
        (".", ""),
    ]


@pytest.mark.parametrize(
    "path", ["/nothing/", "/help/no such/", "/help", "/accounts/add/x/", "/settings/"]
)
def test_a_link_that_leads_nowhere_is_its_text(path):
    assert [each for each in pieces(f"[Бұл]({path})") if each[1]] == []


@pytest.mark.parametrize(
    "line",
    [
        "[x](https://example.kz/)",
        "[x](//example.kz/)",
        "[x](/\\example.kz/)",
        "[x](javascript:alert(1))",
        "[x](/help/?q=1)",
        "[x](/help/ onclick=x)",
        "[x](%2f%2fexample.kz/)",
        "[x] (/help/)",
        "[](/help/)",
        "[x](help/)",
    ],
)
def test_what_is_no_link_stays_as_it_is(line):
    assert pieces(line) == [(line, "")]


# The pages that the cabinet begins with


def test_every_link_of_the_first_pages_leads_somewhere(pages, home, client):
    client.force_login(home.owner)
    paths = {
        path
        for page in pages
        for answer in (page.answer_kk, page.answer_ru)
        for path in help_texts.paths(answer)
    }
    assert len(paths) > 10
    assert {path for path in paths if client.get(path, follow=True).status_code != 200} == set()
    assert [path for page in pages for path in help_texts.paths(page.answer_kk)] == [
        path for page in pages for path in help_texts.paths(page.answer_ru)
    ]


def test_the_first_pages_are_written_in_their_languages(pages):
    for page in pages:
        russian = f"{page.section_ru} {page.question_ru} {page.answer_ru}".lower()
        assert KAZAKH & set(russian) == set()
        assert KAZAKH & set(page.question_kk.lower())
        for answer in (page.answer_kk, page.answer_ru):
            assert re.findall("[a-z][а-яәіңғүұқөһ]|[а-яәіңғүұқөһ][a-z]", answer.lower()) == []
            assert "](" not in help_texts.without_links(answer)


def test_both_languages_say_as_much(pages):
    """As many paragraphs and items, so that none was forgotten in one of them."""
    for page in pages:
        shapes = [
            [(block.is_list, len(block.lines)) for block in help_texts.blocks(answer)]
            for answer in (page.answer_kk, page.answer_ru)
        ]
        assert shapes[0] == shapes[1], page.pk


def test_every_page_can_be_read(client, pages):
    for language in ("kk", "ru"):
        for page in pages:
            shown = see(client, f"/help/{page.pk}/", language)
            assert shown.heading == getattr(page, f"question_{language}")
            (answer,) = shown.all("div.answer")
            assert select(answer, "p")
