"""«Төлемдер»: what came, when and through whom, and what it leaves to pay."""

import datetime as dt
from decimal import Decimal

from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, text

PAGE = "payments/"
URL = "/accounts/000000101/payments/"
HEAD = ["Күні", "Қызмет", "Сома", "Банк"]
BANK = "«Құлагер Банк» АҚ"
ELECTRICITY, UPKEEP = "Электр энергиясы", "Есептегішке қызмет көрсету"
WAITING = "Түсті; түбіртекте көрсетіледі: 2026 ж. сәуір"
NOTE = (
    "Кейбір төлемдер әлі түбіртекке енген жоқ. Оларды қоса алғандағы қазіргі сальдо: "
    "төлеуге 1_102,20_₸"
)
NOTHING = "Бұл кезеңде төлем жоқ."


def see(client, home, **query):
    client.force_login(home.owner)
    return Page(client.get(URL, query))


def test_a_day_and_bank_stand_together_with_their_sum(client, home):
    page = see(client, home, **{"from": "2026-02-10", "to": "2026-04-05"})
    assert page.status == 200
    assert page.heading == "Төлемдер"
    assert page.title == "Төлемдер – Жеке кабинет"
    assert page.tables == [
        [
            HEAD,
            ["05.04.2026", f"{ELECTRICITY} {WAITING}", "500,00", BANK],
            ["10.03.2026", ELECTRICITY, "1_462,00", BANK],
            [UPKEEP, "139,20"],
            ["Барлығы бірге", "1_601,20"],
            ["20.02.2026", ELECTRICITY, "1_461,00", BANK],
            ["12.02.2026", f"{ELECTRICITY} Төлем қайтарылды", "−1_461,00", BANK],
            ["10.02.2026", ELECTRICITY, "1_461,00", BANK],
            [UPKEEP, "139,20"],
            ["Барлығы бірге", "1_600,20"],
            ["Барлығы", "3_701,40", ""],
        ]
    ]
    assert NOTE in page.content
    assert page.values == {"from": "2026-02-10", "to": "2026-04-05"}


def test_every_row_of_a_group_belongs_to_its_date_and_bank(client, home):
    page = see(client, home, **{"from": "2026-03-10", "to": "2026-03-10"})
    spans = {
        text(cell): cell.get("rowspan") for cell in page.find("table").iter() if cell.get("rowspan")
    }
    assert spans == {"10.03.2026": "3", BANK: "3"}


def test_two_banks_on_a_day_stand_apart(client, home):
    other = factories.BankFactory(code="KAS", name_kk="«Қанат Банк» АҚ")
    factories.PaymentFactory(
        account=home.account,
        paid_on=dt.date(2026, 3, 10),
        month=people.LATEST,
        bank=other,
        amount=Decimal("0.01"),
    )
    page = see(client, home, **{"from": "2026-03-10", "to": "2026-03-10"})
    assert page.tables[0][1:] == [
        ["10.03.2026", ELECTRICITY, "1_462,00", BANK],
        [UPKEEP, "139,20"],
        ["Барлығы бірге", "1_601,20"],
        ["10.03.2026", ELECTRICITY, "0,01", "«Қанат Банк» АҚ"],
        ["Барлығы", "1_601,21", ""],
    ]


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home, **{"from": "2026-04-05", "to": "2026-04-05"})
    assert page.heading == "Платежи"
    assert page.tables == [
        [
            ["Дата", "Услуга", "Сумма", "Банк"],
            [
                "05.04.2026",
                "Электроэнергия Получено; будет в квитанции: апрель 2026 г.",
                "500,00",
                "АО «Кулагер Банк»",
            ],
            ["Итого", "500,00", ""],
        ]
    ]
    assert "Сальдо с их учётом: к оплате 1_102,20_₸" in page.content


def test_without_a_payment_that_waits_there_is_no_note(client, home):
    page = see(client, home, **{"from": "2026-03-10", "to": "2026-03-10"})
    assert "түбіртекке енген жоқ" not in page.content


def test_a_payment_stops_waiting_when_its_month_closes(client, home):
    factories.LedgerEntryFactory(
        account=home.account,
        month=dt.date(2026, 4, 1),
        opening=Decimal("1463.00"),
        accrued=Decimal("0.00"),
        paid=Decimal("500.00"),
    )
    page = see(client, home, **{"from": "2026-04-05", "to": "2026-04-05"})
    assert page.tables[0][1] == ["05.04.2026", ELECTRICITY, "500,00", BANK]


def test_a_payment_waits_for_the_month_of_its_own_service(client, home):
    factories.LedgerEntryFactory(
        account=home.account,
        service=factories.ServiceFactory(unmetered=True),
        month=dt.date(2026, 4, 1),
        paid=Decimal("0.00"),
    )
    page = see(client, home, **{"from": "2026-04-05", "to": "2026-04-05"})
    assert page.tables[0][1][1] == f"{ELECTRICITY} {WAITING}"


def test_days_of_the_last_twelve_months_and_what_came_since(client, home):
    page = see(client, home)
    assert page.values == {"from": "2025-04-01", "to": "2026-04-05"}
    days = [row[0] for row in page.tables[0] if len(row) == 4][1:]
    assert (days[0], days[-1]) == ("05.04.2026", "10.04.2025")


def test_the_default_without_anything_billed(client, home):
    client.force_login(home.stranger)
    page = Page(client.get("/accounts/000000202/payments/"))
    assert (page.status, page.tables) == (200, [])
    assert page.values == {"from": "2025-05-01", "to": "2026-04-30"}
    assert NOTHING in page.content


def test_both_ways_to_write_a_day(client, home):
    written = see(client, home, **{"from": "10.02.2026", "to": "20.02.2026"})
    by_calendar = see(client, home, **{"from": "2026-02-10", "to": "2026-02-20"})
    assert written.tables == by_calendar.tables != []
    # An <input type="date"> shows nothing but this form.
    assert written.values == by_calendar.values == {"from": "2026-02-10", "to": "2026-02-20"}


def test_both_days_belong_to_the_period(client, home):
    page = see(client, home, **{"from": "2026-02-10", "to": "2026-02-12"})
    assert [row[0] for row in page.tables[0] if len(row) == 4] == [
        "Күні",
        "12.02.2026",
        "10.02.2026",
    ]
    page = see(client, home, **{"from": "2026-02-11", "to": "2026-02-11"})
    assert (page.status, page.tables) == (200, [])
    assert NOTHING in page.content


def test_the_current_month_s_last_day_is_no_future(client, home):
    assert see(client, home, to="2026-04-30").status == 200


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


@asks.wrong_days
def test_wrong_periods(query, messages, client, home):
    asks.is_told_beside_the_field(see(client, home, **query), messages)


def test_queries(client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    many = asks.queries(client, f"{URL}?from=2016-05-01&to=2026-04-30")
    few = asks.queries(client, f"{URL}?from=2026-04-05&to=2026-04-05")
    assert many == few <= 5
