"""How a month was made up: every figure of its ledger row, line by line."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Charge, LedgerEntry
from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, text

PAGE = "services/2025-12/"
URL = "/accounts/000000101/services/"
BANK = "10.12.2025 «Құлагер Банк» АҚ"
HEAD = ["Деңгей", "Күн", "Көлем, кВт·сағ", "ҚҚС-сыз баға, ₸", "ҚҚС", "Сома, ₸"]


def see(client, home, month="2025-12"):
    client.force_login(home.owner)
    return Page(client.get(f"{URL}{month}/"))


def intervals(page):
    return [text(each) for each in page.all("p.interval")]


def test_each_figure_and_what_is_behind_it(client, home):
    page = see(client, home)
    assert page.status == 200
    assert page.heading == "2025 ж. желтоқсан қалай құралды"
    assert page.title == "2025 ж. желтоқсан – Жеке кабинет"
    assert [text(each) for each in page.all("h2")][:2] == [
        "Электр энергиясы",
        "Есептегішке қызмет көрсету",
    ]
    assert page.facts == [
        [
            ("Бастапқы сальдо", "1_459,00"),
            ("+ Есептеу", "1_460,00"),
            ("+ Түзетулер", "−123,45"),
            ("− Төлемдер", "1_459,00"),
            ("= Соңғы сальдо, ₸", "1_336,55"),
        ],
        [
            ("Түзетулер: −123,45_₸, алдыңғы айда 0,00_₸", "−123,45"),
            ("Есептеу", "+1,00"),
            ("Айырма, ₸", "−122,45"),
        ],
        [("Көрсеткіш түзетілді", "−123,45")],
        [(BANK, "1_459,00")],
        [
            ("Бастапқы сальдо", "134,40"),
            ("+ Есептеу", "134,40"),
            ("+ Түзетулер", "0,00"),
            ("− Төлемдер", "134,40"),
            ("= Соңғы сальдо, ₸", "134,40"),
        ],
        [("1 ай × 120,00_₸ және ҚҚС 12_%", "134,40")],
        [(BANK, "134,40")],
    ]
    assert intervals(page) == ["Есептегіш № 87447638: 1_150 → 1_200 25.01.2026 – 25.02.2026"]
    assert page.tables == [[HEAD, ["Бірыңғай баға", "31", "50", "25,00", "12_%", "1_460,00"]]]


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home)
    assert page.heading == "декабрь 2025 г. из чего сложился"
    assert page.facts[2] == [("Исправлено показание", "−123,45")]
    assert page.tables[0][0] == [
        "Уровень",
        "Дни",
        "Объём, кВт·ч",
        "Цена без НДС, ₸",
        "НДС",
        "Сумма, ₸",
    ]


def test_two_tariffs_two_vat_rates_and_a_replaced_meter(client, home):
    charges = home.account.charges.filter(month=dt.date(2025, 12, 1), service="EL")
    service = charges.get().service
    charges.delete()
    line = {"account": home.account, "service": service, "month": dt.date(2025, 12, 1)}
    old = {
        **line,
        "serial": "111",
        "from_on": dt.date(2025, 12, 20),
        "from_value": Decimal("9990.5"),
        "to_on": dt.date(2026, 1, 10),
        "to_value": Decimal("20.5"),
    }
    first = {"days": 12, "limit": Decimal("35.41"), "vat_rate": Decimal("0.12")}
    factories.ChargeFactory(**old, **first, line=1, quantity=Decimal("17.143"))
    second = {"days": 9, "price": Decimal("31.848214")}
    factories.ChargeFactory(**old, **second, line=2, level=2, quantity=Decimal("12.857"))
    new = {"serial": "222", "from_on": dt.date(2026, 1, 10), "to_on": dt.date(2026, 1, 25)}
    flat = {"level": None, "days": 15, "quantity": Decimal("10")}
    factories.ChargeFactory(
        **line, **new, **flat, line=3, from_value=Decimal(0), to_value=Decimal(10)
    )
    page = see(client, home)
    assert intervals(page) == [
        "Есептегіш № 111: 9_990,5 → 20,5 20.12.2025 – 10.01.2026",
        "Есептегіш № 222: 0 → 10 10.01.2026 – 25.01.2026",
    ]
    with_limit = [*HEAD[:2], "Шек, кВт·сағ", *HEAD[2:]]
    assert page.tables == [
        [
            with_limit,
            ["1‑деңгей", "12", "35,41", "17,143", "25,00", "12_%", "480,00"],
            ["2‑деңгей", "9", "", "12,857", "31,848214", "16_%", "474,99"],
            ["Барлығы", "21", "", "30", "", "", "954,99"],
        ],
        [HEAD, ["Бірыңғай баға", "15", "10", "25,00", "16_%", "290,00"]],
    ]


def test_a_reversed_payment_and_one_made_again(client, home):
    page = see(client, home, "2026-02")
    assert page.facts[2] == [
        ("10.02.2026 «Құлагер Банк» АҚ", "1_461,00"),
        ("12.02.2026 «Құлагер Банк» АҚ Төлем қайтарылды", "−1_461,00"),
        ("20.02.2026 «Құлагер Банк» АҚ", "1_461,00"),
        ("Барлығы", "1_461,00"),
    ]


def test_a_month_that_is_not_closed_shows_what_has_come(client, home):
    page = see(client, home, "2026-04")
    assert page.status == 200
    assert "Бұл ай әлі жабылған жоқ." in page.content
    assert page.facts == [
        [
            (
                "05.04.2026 «Құлагер Банк» АҚ Түсті; түбіртекте көрсетіледі: 2026 ж. сәуір",
                "500,00",
            )
        ]
    ]


def test_an_open_month_without_anything(client, home):
    home.account.payments.filter(month=dt.date(2026, 4, 1)).delete()
    page = see(client, home, "2026-04")
    assert (page.status, page.tables, page.facts) == (200, [], [])
    assert "Сандар ай жабылғаннан кейін осында көрінеді." in page.content


@pytest.mark.parametrize(
    "month", ["2026-05", "2015-01", "2025-13", "2025-1", "2025-00", "20251", "1899-12", "all"]
)
def test_there_is_no_such_month(month, client, home):
    assert see(client, home, month).status == 404


@pytest.mark.parametrize(
    ("month", "beside"),
    [
        ("2025-02", ["2025 ж. наурыз"]),
        ("2025-12", ["2025 ж. қараша", "2026 ж. қаңтар"]),
        ("2026-03", ["2026 ж. ақпан"]),
        ("2026-04", ["2026 ж. наурыз"]),
    ],
)
def test_the_months_beside_it(month, beside, client, home):
    page = see(client, home, month)
    links = list(page.all("p.steps")[0].iter("a"))
    assert [text(link) for link in links] == beside
    for link in links:
        assert client.get(link.get("href")).status_code == 200


def test_figures_are_exact(client, home):
    """Through the database's JSON too: no figure passes through a float."""
    LedgerEntry.objects.filter(account=home.account, month=dt.date(2025, 12, 1)).delete()
    Charge.objects.filter(account=home.account, month=dt.date(2025, 12, 1)).update(
        quantity=Decimal("99999999999.999"),
        price=Decimal("0.000001"),
        amount=Decimal("999999999999.99"),
    )
    page = see(client, home)
    row = page.tables[0][1]
    assert row[2:] == ["99_999_999_999,999", "0,000001", "12_%", "999_999_999_999,99"]


def test_markup_in_data_is_text(client, home):
    home.account.adjustments.update(reason_kk="<b>x</b>")
    assert see(client, home).facts[2] == [("<b>x</b>", "−123,45")]


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


def test_queries(client, home):
    client.force_login(home.owner)
    many = asks.queries(client, f"{URL}2025-12/")
    few = asks.queries(client, f"{URL}2026-04/")
    assert many == few <= 5


def test_a_month_closed_for_one_service_only(client, home, monkeypatch):
    people.at(dt.date(2026, 5, 10), monkeypatch)
    factories.LedgerEntryFactory(
        account=home.account,
        service=factories.ServiceFactory(unmetered=True),
        month=dt.date(2026, 4, 1),
        opening=Decimal("139.20"),
        accrued=Decimal("139.20"),
        paid=Decimal("0.00"),
    )
    page = see(client, home, "2026-04")
    assert page.content.count("Бұл ай әлі жабылған жоқ.") == 1
    assert page.facts[1][-1] == ("= Соңғы сальдо, ₸", "278,40")


def test_a_month_missing_in_between(client, home):
    """Its neighbours lead past it; for itself there is no page."""
    for rows in (home.account.ledger, home.account.charges, home.account.payments):
        rows.filter(month=dt.date(2025, 11, 1)).delete()
    assert see(client, home, "2025-11").status == 404
    assert "2025 ж. қазан" in see(client, home).links
    assert "2025 ж. желтоқсан" in see(client, home, "2025-10").links
    client.force_login(home.support)
    path = f"/admin/billing/personalaccount/{home.account.pk}/months/2025-11/"
    assert client.get(path).status_code == 404


def test_money_taken_back_was_not_received(client, home):
    home.account.payments.filter(month=dt.date(2026, 4, 1)).update(amount=Decimal(-500))
    ((name, amount),) = see(client, home, "2026-04").facts[0]
    assert (name, amount) == ("05.04.2026 «Құлагер Банк» АҚ Төлем қайтарылды", "−500,00")


def test_lines_of_two_meters_in_mixed_order_are_two_tables(client, home):
    month = dt.date(2025, 12, 1)
    charges = home.account.charges.filter(month=month, service="EL")
    service = charges.get().service
    charges.delete()
    for line, serial in enumerate(("111", "222", "111", "222"), start=1):
        factories.ChargeFactory(
            account=home.account, service=service, month=month, line=line, serial=serial
        )
    page = see(client, home)
    assert [each.partition(":")[0] for each in intervals(page)] == [
        "Есептегіш № 111",
        "Есептегіш № 222",
    ]
    assert [len(table) for table in page.tables] == [4, 4]  # head, two lines, total
