"""«Қызметтер бойынша ақпарат»: what each month opened with, brought and left."""

import datetime as dt
from decimal import Decimal

from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, text, value

PAGE = "services/"
URL = "/accounts/000000101/services/"
HEAD = ["Ай/Жыл", "Бастапқы сальдо", "Есептеу", "Түзетулер", "Төлемдер", "Соңғы сальдо"]
WINTER = [
    HEAD,
    ["2026 ж. қаңтар", "1_336,55", "1_461,00", "0,00", "1_336,55", "1_461,00"],
    ["2025 ж. желтоқсан", "1_459,00", "1_460,00", "−123,45", "1_459,00", "1_336,55"],
    ["2025 ж. қараша", "1_458,00", "1_459,00", "0,00", "1_458,00", "1_459,00"],
    ["Барлығы", "1_458,00", "4_380,00", "−123,45", "4_253,55", "1_461,00"],
]
WINTER_FEE = [
    HEAD,
    ["2026 ж. қаңтар", "134,40", "139,20", "0,00", "134,40", "139,20"],
    ["2025 ж. желтоқсан", "134,40", "134,40", "0,00", "134,40", "134,40"],
    ["2025 ж. қараша", "134,40", "134,40", "0,00", "134,40", "134,40"],
    ["Барлығы", "134,40", "408,00", "0,00", "403,20", "139,20"],
]


def see(client, home, **query):
    client.force_login(home.owner)
    return Page(client.get(URL, query))


def test_newest_month_first_with_totals(client, home):
    page = see(client, home, **{"from": "2025-11", "to": "2026-01"})
    assert page.status == 200
    assert page.heading == "Қызметтер бойынша ақпарат"
    assert page.title == "Қызметтер бойынша ақпарат – Жеке кабинет"
    assert page.tables == [WINTER, WINTER_FEE]
    assert [text(each) for each in page.all("h2")][:2] == [
        "Электр энергиясы",
        "Есептегішке қызмет көрсету",
    ]
    assert [text(each) for each in page.all("caption")] == ["Сомалар теңгемен (₸)"] * 2
    assert page.content.count("Жеткізуші: «Алтын Дала Энерго» ЖШС") == 2


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home, **{"from": "2025-12", "to": "2025-12", "service": "EL"})
    assert page.heading == "Информация по услугам"
    assert page.tables == [
        [
            [
                "Месяц/Год",
                "Начальное сальдо",
                "Начисление",
                "Корректировки",
                "Платежи",
                "Конечное сальдо",
            ],
            ["декабрь 2025 г.", "1_459,00", "1_460,00", "−123,45", "1_459,00", "1_336,55"],
            ["Итого", "1_459,00", "1_460,00", "−123,45", "1_459,00", "1_336,55"],
        ]
    ]
    assert text(page.all("h2")[0]) == "Электроэнергия"
    assert "Поставщик: ТОО «Алтын Дала Энерго»" in page.content


def test_one_service(client, home):
    page = see(client, home, **{"from": "2025-11", "to": "2026-01", "service": "MS"})
    assert page.tables == [WINTER_FEE]
    assert page.values == {"from": "2025-11", "to": "2026-01", "service": "MS"}


def test_all_services_by_name(client, home):
    page = see(client, home, **{"from": "2025-11", "to": "2026-01", "service": "all"})
    assert page.tables == [WINTER, WINTER_FEE]


def test_the_last_twelve_months_unless_asked(client, home):
    page = see(client, home)
    assert page.values == {"from": "2025-04", "to": "2026-03", "service": ""}
    for table in page.tables:
        months = [row[0] for row in table[1:-1]]
        assert (len(months), months[0], months[-1]) == (12, "2026 ж. наурыз", "2025 ж. сәуір")


def test_either_end_alone(client, home):
    assert see(client, home, **{"from": "2026-02"}).values["to"] == "2026-03"
    page = see(client, home, to="2025-05")
    assert page.values["from"] == "2025-04"
    assert [row[0] for row in page.tables[0]][1:-1] == ["2025 ж. мамыр", "2025 ж. сәуір"]


def test_an_end_long_ago_alone(client, home):
    page = see(client, home, to="2020-06")
    assert (page.status, page.values["from"]) == (200, "2019-07")


def test_twelve_months_that_are_loaded_and_not_the_calendar_s(client, home, monkeypatch):
    people.at(people.TODAY.replace(year=2029), monkeypatch)
    page = see(client, home)
    assert page.values == {"from": "2025-04", "to": "2026-03", "service": ""}
    assert len(page.tables[0]) == 14


def test_the_months_on_offer(client, home):
    page = see(client, home)
    select = page.find("select#id_from")
    assert [group.get("label") for group in select.iter("optgroup")] == ["2026", "2025"]
    offered = [option.get("value") for option in select.iter("option")]
    assert (offered[0], offered[-1], len(offered)) == ("2026-03", "2025-02", 14)
    assert [text(option) for option in page.find("select#id_service").iter("option")] == [
        "Барлық қызмет",
        "Электр энергиясы",
        "Есептегішке қызмет көрсету",
    ]


def test_a_month_outside_the_list_stays_chosen(client, home):
    page = see(client, home, **{"from": "2020-01", "to": "2020-02"})
    assert (page.status, page.tables) == (200, [])
    assert page.values == {"from": "2020-01", "to": "2020-02", "service": ""}
    assert page.content.count("Бұл кезеңде жабылған ай жоқ.") == 2


def test_the_current_month_is_no_future(client, home):
    assert see(client, home, **{"from": "2026-04", "to": "2026-04"}).status == 200


def test_the_month_is_almaty_s(client, home, monkeypatch):
    """At 19:00 UTC of the last of April May begins there."""
    late = dt.datetime(2026, 4, 30, 18, 59, tzinfo=dt.UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    assert see(client, home, to="2026-05").beside == {"to": asks.IN_FUTURE}
    monkeypatch.setattr("django.utils.timezone.now", lambda: late + dt.timedelta(minutes=1))
    assert see(client, home, to="2026-05").status == 200


def test_ten_years_are_not_too_many(client, home):
    assert see(client, home, **{"from": "2016-04", "to": "2026-03"}).status == 200


def test_print_leads_to_the_statement(client, home):
    page = see(client, home, **{"from": "2025-11", "to": "2026-01", "service": "EL"})
    assert page.links["Басып шығару"] == (
        "/accounts/000000101/services/statement/?service=EL&from=2025-11&to=2026-01"
    )
    assert client.get(page.links["Басып шығару"]).status_code == 200


def test_each_month_leads_to_how_it_was_made_up(client, home):
    page = see(client, home, **{"from": "2025-11", "to": "2026-01", "service": "EL"})
    months = {"2026 ж. қаңтар": "2026-01", "2025 ж. желтоқсан": "2025-12"}
    for name, month in months.items():
        assert page.links[name] == f"/accounts/000000101/services/{month}/"
        assert client.get(page.links[name]).status_code == 200


def test_nothing_billed_yet(client, home):
    client.force_login(home.stranger)
    page = Page(client.get("/accounts/000000202/services/"))
    assert (page.status, page.tables) == (200, [])
    assert "Сандар бірінші ай жабылғаннан кейін осында көрінеді." in page.content


def test_a_service_that_ended(client, home):
    """Its own months count for what is on offer; in the period it has none."""
    gas = factories.ServiceFactory(code="GS", name_kk="Газ", name_ru="Газ", metered=False)
    factories.LedgerEntryFactory(
        account=home.account, service=gas, month=people.LATEST.replace(year=2020)
    )
    page = see(client, home)
    assert "Газ" in [text(each) for each in page.all("h2")]
    assert len(page.tables) == 2
    assert [value(each) for each in page.all("select")][:2] == ["2025-04", "2026-03"]
    assert "2020-03" in [option.get("value") for option in page.all("option")]


def test_figures_of_any_size(client, home):
    factories.LedgerEntryFactory(
        account=home.strangers,
        opening=Decimal("-999999999999.99"),
        accrued=Decimal("0.01"),
        adjusted=Decimal("-0.01"),
        paid=Decimal("0"),
    )
    client.force_login(home.stranger)
    page = Page(client.get("/accounts/000000202/services/"))
    assert page.tables[0][1][1:] == [
        "−999_999_999_999,99",
        "0,01",
        "−0,01",
        "0,00",
        "−999_999_999_999,99",
    ]


def test_others_accounts_stay_out(client, home):
    factories.LedgerEntryFactory(account=home.strangers, accrued=Decimal("7777.00"))
    assert "7_777,00" not in see(client, home).content


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


@asks.wrong_months
def test_wrong_periods(query, messages, client, home):
    asks.is_told_beside_the_field(see(client, home, **query), messages)


def test_queries(client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    many = asks.queries(client, f"{URL}?from=2016-04&to=2026-03")
    few = asks.queries(client, f"{URL}?from=2026-03&to=2026-03")
    assert many == few <= 5
