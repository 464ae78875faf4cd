"""«Қызмет бойынша үзінді көшірме» on screen, and the way to its paper."""

import pytest

from cabinet.tests import asks, people
from cabinet.tests.pages import Page, text

PAGE, PAPER = "services/statement/", "services/statement.pdf"
URL = "/accounts/000000101/services/statement/"
PDF = "/accounts/000000101/services/statement.pdf"
WINTER = {"from": "2025-12", "to": "2026-03", "service": "EL"}
TABLE = [
    ["Ай/Жыл", "Тариф", "Бастапқы сальдо", "Есептеу", "Түзетулер", "Төлемдер", "Соңғы сальдо"],
    ["2025 ж. желтоқсан", "28,00", "1_459,00", "1_460,00", "−123,45", "1_459,00", "1_336,55"],
    ["2026 ж. қаңтар", "29,00", "1_336,55", "1_461,00", "0,00", "1_336,55", "1_461,00"],
    ["2026 ж. ақпан", "29,00", "1_461,00", "1_462,00", "0,00", "1_461,00", "1_462,00"],
    ["2026 ж. наурыз", "17,40 / 23,20", "1_462,00", "1_463,00", "0,00", "1_462,00", "1_463,00"],
    ["Барлығы", "", "1_459,00", "5_846,00", "−123,45", "5_718,55", "1_463,00"],
]


def see(client, home, url=URL, **query):
    client.force_login(home.owner)
    return Page(client.get(url, query))


def test_oldest_month_first_with_tariff_and_totals(client, home):
    page = see(client, home, **WINTER)
    assert page.status == 200
    assert page.heading == "Қызмет бойынша үзінді көшірме"
    assert page.title == "Қызмет бойынша үзінді көшірме – Жеке кабинет"
    assert page.tables == [TABLE]
    assert page.facts == [
        [
            ("Дербес шот нөмірі", "000000101"),
            ("Төлеуші", "Құдайбергенова Мәдина Бейбітқызы"),
            ("Мекенжайы", "Алматы қ., Абай даңғ., 181-үй, 34-пәтер"),
            ("Кезең", "2025 ж. желтоқсан – 2026 ж. наурыз"),
        ]
    ]
    assert text(page.all("h2")[0]) == "Электр энергиясы"
    assert "Жеткізуші: «Алтын Дала Энерго» ЖШС" in page.content
    assert page.values == WINTER


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home, **{**WINTER, "from": "2026-03"})
    assert page.heading == "Выписка по услуге"
    assert page.tables == [
        [
            [
                *("Месяц/Год", "Тариф", "Начальное сальдо", "Начисление", "Корректировки"),
                *("Платежи", "Конечное сальдо"),
            ],
            [
                *("март 2026 г.", "17,40 / 23,20", "1_462,00", "1_463,00", "0,00"),
                *("1_462,00", "1_463,00"),
            ],
            ["Итого", "", "1_462,00", "1_463,00", "0,00", "1_462,00", "1_463,00"],
        ]
    ]
    assert page.facts[0][2:] == [
        ("Адрес", "г. Алматы, пр. Абая, д. 181, кв. 34"),
        ("Период", "март 2026 г. – март 2026 г."),
    ]


def test_all_services_of_the_last_twelve_months_unless_asked(client, home):
    page = see(client, home)
    assert [(len(table), table[1][0], table[-2][0]) for table in page.tables] == [
        (14, "2025 ж. сәуір", "2026 ж. наурыз")
    ] * 2
    assert page.values["from"] == "2025-04"


def test_the_paper_is_of_the_same_period(client, home):
    page = see(client, home, **WINTER)
    period = "?service=EL&from=2025-12&to=2026-03"
    ways = {name: path for name, path in page.links.items() if not path.startswith("?")}
    assert ways == {
        "Басып шығару (PDF)": f"{PDF}{period}",
        **{name: f"{URL[:-1]}.{name.lower()}{period}" for name in ("CSV", "XLSX", "JSON")},
    }
    paper = client.get(page.links["Басып шығару (PDF)"])
    assert (paper.status_code, paper.headers["Content-Type"]) == (200, "application/pdf")
    assert paper.headers["Cache-Control"] == "private, no-cache"
    assert paper.headers["Content-Disposition"].startswith("inline; filename*=utf-8''")
    assert paper.content.startswith(b"%PDF-")


def test_nothing_billed_yet(client, home):
    client.force_login(home.stranger)
    page = Page(client.get("/accounts/000000202/services/statement/"))
    assert (page.status, page.tables) == (200, [])
    assert "Сандар бірінші ай жабылғаннан кейін осында көрінеді." in page.content


def test_a_period_without_months(client, home):
    page = see(client, home, **{"from": "2020-01", "to": "2020-02", "service": "EL"})
    assert (page.status, page.tables) == (200, [])
    assert "Бұл кезеңде жабылған ай жоқ." in page.content


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


@pytest.mark.parametrize(
    "ask",
    [
        asks.a_stranger_learns_nothing,
        asks.staff_have_no_way_round,
        asks.nobody_is_sent_to_sign_in,
        asks.only_looking_is_allowed,
        asks.unlinking_takes_effect_at_once,
    ],
    ids=lambda ask: ask.__name__,
)
def test_access_to_the_paper(ask, client, home):
    ask(client, home, PAPER)


@asks.wrong_months
@pytest.mark.parametrize("url", [URL, PDF], ids=["page", "paper"])
def test_wrong_periods(url, query, messages, client, home):
    """For the paper too a page tells what is wrong, and lets one choose again."""
    asks.is_told_beside_the_field(see(client, home, url, **query), messages)


@pytest.mark.parametrize(
    ("url", "first", "most"), [(URL, "2016-04", 5), (PDF, "2025-01", 6)], ids=["page", "paper"]
)
def test_queries(url, first, most, client, db, monkeypatch):
    """The paper asks for its record too."""
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    long, short = f"{url}?from={first}&to=2026-03", f"{url}?from=2026-03&to=2026-03"
    for each in (long, short):  # which records the paper
        client.get(each)
    assert asks.queries(client, long) == asks.queries(client, short) <= most
