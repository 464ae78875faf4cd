"""Bars by month and the story of the latest one."""

import datetime as dt
from decimal import Decimal

from billing.models import Charge
from billing.tests import factories
from cabinet.tests import people
from cabinet.tests.pages import Page, select, text

ACCOUNT = "/accounts/000000101/"
CONSUMPTION, MONEY = "Айлар бойынша шығын, кВт·сағ", "Айлар бойынша есептеу, ₸"


def see(client, home, url=ACCOUNT):
    client.force_login(home.owner)
    return Page(client.get(url))


def why(client, home):
    return text(next(see(client, home).find("div.sum-why").iter("p")))


def drawn(root, tag):
    """The elements of a picture."""
    return list(root.iter(tag))


def of_class(elements, name):
    return [each for each in elements if name in each.get("class", "")]


def charge(home, month, quantity, **more):
    """The month's only line of electricity."""
    Charge.objects.filter(account=home.account, service="EL", month=month).delete()
    return factories.ChargeFactory(
        account=home.account,
        service=factories.ServiceFactory(),
        month=month,
        quantity=Decimal(quantity),
        **more,
    )


def test_thirteen_months_beside_those_a_year_before(client, home):
    charge(home, dt.date(2025, 3, 1), "44.5")
    charts = see(client, home).charts
    assert list(charts) == [CONSUMPTION, MONEY]
    assert charts[CONSUMPTION][0] == ["Ай/Жыл", "кВт·сағ", "Бір жыл бұрын"]
    assert charts[CONSUMPTION][1] == ["2026 ж. наурыз", "100", "44,5"]
    assert charts[CONSUMPTION][-1] == ["2025 ж. наурыз", "44,5", ""]
    assert len(charts[CONSUMPTION]) == len(charts[MONEY]) == 14
    assert charts[MONEY][1] == ["2026 ж. наурыз", "1_463,00", "1_290,50"]
    assert charts[MONEY][2] == ["2026 ж. ақпан", "1_462,00", "1_450,00"]


def test_heights_are_as_the_figures(client, home):
    for month, quantity in ((dt.date(2026, 3, 1), "200"), (dt.date(2026, 2, 1), "50")):
        charge(home, month, quantity)
    (chart, _money) = see(client, home).all("figure.chart")
    bars = [
        [int(rect.get("height")) for rect in of_class(drawn(bar, "rect"), "level")]
        for bar in drawn(chart, "g")
    ]
    assert bars == [[250]] * 12 + [[1000]]
    last = drawn(chart, "g")[-1]
    assert [text(each) for each in drawn(last, "text")] == ["200", "нау"]
    assert [text(each) for each in drawn(last, "title")] == [
        "2026 ж. наурыз: 200; бір жыл бұрын: 50"
    ]


def test_levels_stand_on_one_another(client, home):
    charge(home, people.LATEST, "30", level=1, limit=Decimal(30))
    for level, quantity in ((2, "50"), (3, "20")):
        factories.ChargeFactory(
            account=home.account,
            service=factories.ServiceFactory(),
            month=people.LATEST,
            level=level,
            quantity=Decimal(quantity),
        )
    (chart, _money) = see(client, home).all("figure.chart")
    parts = [
        (rect.get("class"), int(rect.get("y")), int(rect.get("height")))
        for rect in of_class(drawn(drawn(chart, "g")[-1], "rect"), "level")
    ]
    assert parts == [("level-1", 900, 300), ("level-2", 400, 500), ("level-3", 200, 200)]
    assert [text(each) for each in select(chart, "li")] == [
        *("бірыңғай баға", "1‑деңгей", "2‑деңгей", "3‑деңгей", "бір жыл бұрын"),
    ]


def test_months_without_charges_have_no_bar(client, home):
    Charge.objects.filter(
        account=home.account, service="EL", month__lt=people.LATEST, month__gt=dt.date(2025, 4, 1)
    ).delete()
    charts = see(client, home).charts
    months = [row[0] for row in charts[CONSUMPTION][1:]]
    assert months == ["2026 ж. наурыз", "2025 ж. сәуір", "2025 ж. наурыз"]
    (chart, _money) = see(client, home).all("figure.chart")
    lefts = [of_class(drawn(bar, "rect"), "level")[0].get("x") for bar in drawn(chart, "g")]
    assert lefts == ["50", "370", "3890"]


def test_no_picture_without_consumption(client, home):
    Charge.objects.filter(account=home.account, service="EL").delete()
    assert see(client, home).charts == {}


def test_nothing_used_for_months(client, home):
    Charge.objects.filter(account=home.account, service="EL").update(quantity=0)
    assert list(see(client, home).charts) == [MONEY]


def test_the_story(client, home):
    """Two lines in March, one in February; the fee is in the sum too."""
    charge(home, people.LATEST, "183", level=1, limit=Decimal(190), amount=Decimal("2000.00"))
    charge(home, dt.date(2026, 2, 1), "131", amount=Decimal("880.00"))
    assert why(client, home) == (
        "2026 ж. наурыз: 183 кВт·сағ, 31 күн, барлығы 1‑деңгейде;"
        " алдыңғы айдан 1_120,00_₸ көп; шығын 52 кВт·сағ көп."
    )


def test_the_story_of_less(client, home):
    charge(home, people.LATEST, "0.5", level=None, amount=Decimal("10.00"))
    charge(home, dt.date(2026, 2, 1), "1", amount=Decimal("20.01"))
    assert why(client, home) == (
        "2026 ж. наурыз: 0,5 кВт·сағ, 31 күн; алдыңғы айдан 10,01_₸ аз; шығын 0,5 кВт·сағ аз."
    )


def test_the_story_of_the_same_in_several_levels(client, home):
    home.owner.language = "ru"
    home.owner.save()
    charge(home, people.LATEST, "160", level=1, limit=Decimal(160), amount=Decimal("900.00"))
    factories.ChargeFactory(
        account=home.account,
        service=factories.ServiceFactory(),
        month=people.LATEST,
        level=2,
        quantity=Decimal("20"),
        amount=Decimal("100.00"),
    )
    charge(home, dt.date(2026, 2, 1), "180", amount=Decimal("1000.00"))
    assert why(client, home) == (
        "март 2026 г.: 180 кВт·ч за 31 день, уровень 1: 160, уровень 2: 20;"
        " столько же, сколько месяцем раньше; расход тот же."
    )


def test_no_story_without_a_meter(client, home):
    Charge.objects.filter(account=home.account, service="EL").delete()
    assert see(client, home).all("p.sum-why") == []


def test_the_last_payment_is_all_of_its_day(client, home):
    factories.PaymentFactory(
        account=home.account,
        service=factories.ServiceFactory(unmetered=True),
        paid_on=dt.date(2026, 4, 5),
        month=dt.date(2026, 4, 1),
        amount=Decimal("139.20"),
    )
    *_why, line = see(client, home).find("div.sum-why").iter("p")
    assert text(line) == "Соңғы төлем: 05.04.2026, 639,20_₸"


def test_a_plan_changed_within_the_month(client, home):
    """Lines at one price beside lines with levels: the parts add up to the whole."""
    charge(home, people.LATEST, "40", level=None)
    for level, quantity in ((1, "50"), (2, "10")):
        factories.ChargeFactory(
            account=home.account,
            service=factories.ServiceFactory(),
            month=people.LATEST,
            level=level,
            limit=Decimal(50 * level),
            quantity=Decimal(quantity),
        )
    (chart, _money) = see(client, home).all("figure.chart")
    rects = of_class(drawn(drawn(chart, "g")[-1], "rect"), "level")
    assert [int(rect.get("height")) for rect in rects] == [400, 500, 100]
    assert "бірыңғай баға: 40, 1‑деңгей: 50, 2‑деңгей: 10;" in why(client, home)


def test_the_value_stands_clear_of_the_bars_beside_it(client, home):
    charge(home, dt.date(2026, 2, 1), "200")
    (chart, _money) = see(client, home).all("figure.chart")
    last, before = drawn(chart, "g")[-1], drawn(chart, "g")[-2]
    top = min(int(rect.get("y")) for rect in of_class(drawn(before, "rect"), "level"))
    assert int(of_class(drawn(last, "text"), "bar-value")[0].get("y")) < top


def test_the_last_payment_is_one_that_was_not_taken_back(client, home):
    for day, amount in ((6, "700"), (7, "-700")):
        factories.PaymentFactory(
            account=home.account,
            service=factories.ServiceFactory(),
            paid_on=dt.date(2026, 4, day),
            month=dt.date(2026, 4, 1),
            amount=Decimal(amount),
        )
    *_why, line = see(client, home).find("div.sum-why").iter("p")
    assert text(line) == "Соңғы төлем: 05.04.2026, 500,00_₸"


def test_a_line_of_a_metered_service_without_a_meter_is_part_of_its_bar(client, home):
    charge(home, people.LATEST, "60", level=1, limit=Decimal(90))
    factories.ChargeFactory(
        account=home.account,
        service=factories.ServiceFactory(),
        month=people.LATEST,
        quantity=Decimal("40"),
        **dict.fromkeys(("serial", "from_on", "from_value", "to_on", "to_value", "days", "level")),
    )
    (chart, _money) = see(client, home).all("figure.chart")
    rects = of_class(drawn(drawn(chart, "g")[-1], "rect"), "level")
    assert [int(rect.get("height")) for rect in rects] == [400, 600]


def test_money_stands_in_levels_too(client, home):
    charge(home, people.LATEST, "90", level=1, limit=Decimal(90), amount=Decimal("2000.00"))
    factories.ChargeFactory(
        account=home.account,
        service=factories.ServiceFactory(),
        month=people.LATEST,
        level=2,
        quantity=Decimal(10),
        amount=Decimal("500.00"),
    )
    (_quantity, chart) = see(client, home).all("figure.chart")
    rects = of_class(drawn(drawn(chart, "g")[-1], "rect"), "level")
    assert [(rect.get("class"), int(rect.get("height"))) for rect in rects] == [
        ("level-1", 800),
        ("level-2", 200),
    ]
