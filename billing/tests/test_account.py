"""«Дербес шот бойынша ақпарат»: the home, its meters and what is owed."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Receipt
from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, select, text

PAGE = ""
URL = "/accounts/000000101/"
TO_PAY = ["Төлеуге", "1_102,20_₸", "Төлеу мерзімі: 2026 ж. 25 сәуір"]


def see(client, person, url=URL):
    client.force_login(person)
    return Page(client.get(url))


def balance(page):
    """The state, and the lines of the block of the sum."""
    (block,) = page.all("section.sum")
    state = block.get("class").removeprefix("sum balance ")
    return state, [text(line) for line in select(block, "div.sum-now")[0].iter("p")]


def pay_today(home, amount):
    """A payment that waits for April to be closed."""
    factories.PaymentFactory(
        account=home.account,
        paid_on=people.TODAY,
        month=dt.date(2026, 4, 1),
        amount=Decimal(amount),
    )


def test_what_is_known_of_a_home(client, home):
    page = see(client, home.owner)
    assert page.status == 200
    assert page.heading == "Дербес шот бойынша ақпарат"
    assert page.title == "Дербес шот бойынша ақпарат – Жеке кабинет"
    assert page.facts == [
        [
            ("Дербес шот нөмірі", "000000101"),
            ("Төлеуші", "Құдайбергенова Мәдина Бейбітқызы"),
            ("Мекенжайы", "Алматы қ., Абай даңғ., 181-үй, 34-пәтер"),
            ("Тұрақты тұратындардың саны", "3"),
            ("Тариф түрі", "сараланған тариф"),
            ("Электр плитасы", "жоқ"),
            ("Жалғыз басты тұрғын", "жоқ"),
        ],
        [
            ("Орнатылған күні", "20.05.2024"),
            ("Келесі салыстырып тексеру", "01.03.2035"),
            ("Соңғы көрсеткіш", "12_237 25.03.2026"),
        ],
        [("Орнатылған күні", "01.03.2019"), ("Есептегіштерді ауыстыру күні", "20.05.2024")],
    ]
    assert [text(each) for each in page.all("h3")] == ["№ 222 Меркурий 201", "№ 111 СО-И446"]
    leads = {said: to for said, to in page.links.items() if "/applications/" not in to}
    assert leads == {
        "2026 ж. наурыз": "/accounts/000000101/services/2026-03/",
        "Түбіртекті ашу": "/accounts/000000101/receipts/2026-03.pdf",
        "Төлемді есептеу": "/accounts/000000101/calculator/",
        "Осы үйге қай тариф түрі тиімді?": "/accounts/000000101/calculator/plans/",
    }


def test_in_russian(client, home):
    home.owner.language = "ru"
    home.owner.save()
    page = see(client, home.owner)
    assert page.heading == "Информация по лицевому счёту"
    assert page.facts[0][1:4] == [
        ("Плательщик", "Құдайбергенова Мәдина Бейбітқызы"),
        ("Адрес", "г. Алматы, пр. Абая, д. 181, кв. 34"),
        ("Количество постоянно проживающих", "3"),
    ]
    assert balance(page) == ("to-pay", ["К оплате", "1_102,20_₸", "Оплатить до: 25 апреля 2026 г."])


def test_terms_are_those_in_force_today(client, home, monkeypatch):
    factories.TermsFactory(
        account=home.account,
        valid_from=dt.date(2026, 4, 11),
        residents=7,
        electric_stove=True,
        privileged=True,
        plan="flat",
    )
    before = dict(see(client, home.owner).facts[0])
    people.at(dt.date(2026, 4, 11), monkeypatch)
    after = dict(see(client, home.owner).facts[0])
    names = ("Тұрақты тұратындардың саны", "Тариф түрі", "Электр плитасы", "Жалғыз басты тұрғын")
    assert [before[name] for name in names] == ["3", "сараланған тариф", "жоқ", "жоқ"]
    assert [after[name] for name in names] == ["7", "орташа босату тарифі", "иә", "иә"]


def test_the_last_reading_of_a_day_is_the_highest(client, home):
    meter = home.account.meters.get(serial="222")
    factories.ReadingFactory(
        meter=meter, taken_on=dt.date(2026, 3, 25), source="network", value=Decimal("12237.138")
    )
    assert dict(see(client, home.owner).facts[1])["Соңғы көрсеткіш"] == "12_237,138 25.03.2026"


def test_to_pay(client, home):
    """Both services' closings, less the 500 ₸ that wait for April."""
    assert balance(see(client, home.owner)) == ("to-pay", TO_PAY)


@pytest.mark.parametrize(
    ("day", "told"),
    [(25, "Төлеу мерзімі: 2026 ж. 25 сәуір"), (26, "Төлеу мерзімі өтті: 2026 ж. 25 сәуір")],
)
def test_the_day_to_pay_by(day, told, client, home, monkeypatch):
    people.at(dt.date(2026, 4, day), monkeypatch)
    assert balance(see(client, home.owner))[1][2] == told


def test_the_next_steps_when_nothing_is_to_pay(client, home):
    pay_today(home, "1102.20")
    steps = see(client, home.owner).find("p.sum-steps")
    assert [(text(step), step.get("href")) for step in steps.iter("a")] == [
        ("Айлар бойынша", "/accounts/000000101/services/"),
        ("Төлемді есептеу", "/accounts/000000101/calculator/"),
    ]


@pytest.mark.parametrize(
    ("came", "state", "lines"),
    [
        ("1102.19", "to-pay", ["Төлеуге", "0,01_₸", TO_PAY[2]]),
        ("1102.20", "settled", ["Қазіргі сальдо", "Төлейтін ештеңе жоқ"]),
        (
            "1222.20",
            "overpaid",
            ["Артық төлем", "120,00_₸", "Ол келесі түбіртекте есепке алынады."],
        ),
    ],
)
def test_a_payment_counts_before_its_month_closes(came, state, lines, client, home):
    pay_today(home, came)
    assert balance(see(client, home.owner)) == (state, lines)


def test_a_reversal_counts_before_its_month_closes(client, home):
    pay_today(home, "-500.00")
    assert balance(see(client, home.owner))[1][1] == "1_602,20_₸"


def test_no_data_yet(client, home):
    page = see(client, home.stranger, "/accounts/000000202/")
    assert balance(page) == (
        "unknown",
        [
            "Қазіргі сальдо",
            "Әзірге дерек жоқ",
            "Сандар бірінші ай жабылғаннан кейін осында көрінеді.",
        ],
    )
    assert page.facts == [
        [
            ("Дербес шот нөмірі", "000000202"),
            ("Төлеуші", "Иванов Пётр"),
            ("Мекенжайы", "Алматы қ., Абай даңғ., 181-үй, 34-пәтер"),
        ]
    ]
    assert "Бұл дербес шотта есептегіш жоқ." in page.content


def test_only_a_payment_so_far(client, home):
    factories.PaymentFactory(account=home.strangers, amount=Decimal("300.00"))
    page = see(client, home.stranger, "/accounts/000000202/")
    assert balance(page)[0] == "overpaid"
    assert balance(page)[1][1] == "300,00_₸"


def test_services_may_have_closed_different_months(client, home):
    """The latest closing of each service counts, whatever month it is of."""
    factories.LedgerEntryFactory(
        account=home.account,
        service=factories.ServiceFactory(unmetered=True),
        month=dt.date(2026, 4, 1),
        opening=Decimal("139.20"),
        accrued=Decimal("139.20"),
        paid=Decimal("0.00"),
    )
    assert balance(see(client, home.owner))[1][1] == "1_241,40_₸"


def test_to_pay_without_a_receipt(client, home):
    Receipt.objects.all().delete()
    assert balance(see(client, home.owner))[1] == TO_PAY[:2]


def test_a_closed_account_stays_readable(client, home):
    home.account.closed_on = dt.date(2026, 3, 31)
    home.account.save()
    page = see(client, home.owner)
    assert "Бұл дербес шот жабылған. Жабылған күні: 2026 ж. 31 наурыз" in page.content
    assert balance(page) == ("to-pay", TO_PAY)


def test_markup_in_data_is_text(client, home):
    home.account.payer = "<script>alert(1)</script>&amp;"
    home.account.save()
    page = see(client, home.owner)
    assert page.facts[0][1] == ("Төлеуші", "<script>alert(1)</script>&amp;")
    assert [each for each in page.all("script") if not each.get("src") or each.text] == []


def test_the_menu(client, home):
    page = see(client, home.owner)
    (menu,) = page.all("nav.menu-beside")
    items = [(text(item), item.get("href"), item.get("aria-current")) for item in menu.iter("a")]
    assert items == [
        ("Қолжетімді дербес шоттар", "/accounts/", None),
        ("Дербес шот бойынша ақпарат", "/accounts/000000101/", "page"),
        ("Қызметтер бойынша ақпарат", "/accounts/000000101/services/", None),
        (
            "Электр энергиясы бойынша төлемдерді есептеу",
            "/accounts/000000101/calculator/",
            None,
        ),
        ("Төлемдер", "/accounts/000000101/payments/", None),
        ("Түбіртектер", "/accounts/000000101/receipts/", None),
        ("Өтінім беру", "/applications/", None),
        ("Құпиясөзді өзгерту", "/settings/password/", None),
        ("E-mail мекенжайын өзгерту", "/settings/email/", None),
        ("Дербес баптаулар", "/settings/profile/", None),
    ]
    assert [text(item) for item in menu.iter("li")] == [
        "Қолжетімді дербес шоттар",
        "Дербес шот бойынша ақпарат",
        "Қызметтер бойынша ақпарат",
        "Электр энергиясы бойынша төлемдерді есептеу",
        "Төлемдер",
        "Түбіртектер",
        "Өтінім беру",
        "Құпиясөзді өзгерту",
        "E-mail мекенжайын өзгерту",
        "Дербес баптаулар",
    ]


def test_the_frame(client, home):
    page = see(client, home.owner)
    (head,) = page.all("header")
    assert text(select(head, "span.person-name")[0]) == "Ысқақова Іңкәр Әшімқызы"
    assert (
        text(select(head, "p.head-account")[0])
        == "Дербес шот 000000101 Алматы қ., Абай даңғ., 181-үй, 34-пәтер"
    )
    assert text(select(head, "a.brand")[0]) == "«Алтын Дала Энерго» ЖШС Жеке кабинет"
    (aside,) = page.all("aside.information")
    assert [text(each) for each in aside.iter("h2")] == [
        "Контакт-орталығы",
        "«Алтын Дала Энерго» ЖШС аудандық бөлімшелері (АЭЖБ)",
    ]
    assert [(text(each), each.get("href")) for each in aside.iter("a")] == [
        ("Контакт-орталығы", "/contacts/"),
        ("+7 727 000 0000", "tel:+77270000000"),
        ("info@example.kz", "mailto:info@example.kz"),
        ("«Алтын Дала Энерго» ЖШС аудандық бөлімшелері (АЭЖБ)", "/branches/"),
        ("+7 727 000 0001", "tel:+77270000001"),
        ("Электрондық түбіртекке жазылу", "/e-receipt/"),
        ("Анықтама", "/help/"),
        ("Сайт картасы", "/site-map/"),
    ]


@asks.access
def test_access(ask, client, home):
    ask(client, home, PAGE)


def test_queries(client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    many = asks.queries(client, URL)
    client.force_login(home.stranger)
    assert many == asks.queries(client, "/accounts/000000202/") <= 5
