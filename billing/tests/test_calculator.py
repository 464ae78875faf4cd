"""«Есептік калькулятор» of an account: from its last charged reading on."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Charge, Meter, Reading, Tariff, Terms
from billing.tests import factories
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, select, text

URL = "/accounts/000000101/calculator/"
LONG_AGO = dt.date(2020, 1, 1)
BILLED = dt.date(2026, 3, 25)
LEVELS = ((Decimal(90), "20"), (Decimal(160), "30"), (None, "40"))
SMALLER = "Ағымдағы көрсеткіш алдыңғысынан аз: 9_900."
UNCHARGED = "бұл есептегіш бойынша әлі төлем есептелген жоқ"


@pytest.fixture
def metered(home):
    """Charged up to 9 900 on 25 March; four digits; three residents; levels and one price."""
    for day, rate in ((dt.date(2010, 1, 1), "0.12"), (dt.date(2026, 1, 1), "0.16")):
        factories.VatFactory(valid_from=day, rate=Decimal(rate))
    for plan in ("flat", "tiered"):
        factories.TariffFactory(plan=plan, valid_from=LONG_AGO)
    factories.TariffBandFactory(plan="flat", valid_from=LONG_AGO, price=Decimal(25))
    for level, (limit, price) in enumerate(LEVELS, 1):
        factories.TariffBandFactory(
            valid_from=LONG_AGO, level=level, limit_per_resident=limit, price=Decimal(price)
        )
    Meter.objects.filter(serial="222").update(digits=4)
    Charge.objects.filter(service="EL").update(
        serial="222", from_on=dt.date(2026, 2, 25), to_on=BILLED, to_value=Decimal(9900)
    )
    return home


def see(client, home, **query):
    client.force_login(home.owner)
    return Page(client.get(URL, query))


def computed(client, home, value="9960", day="2026-04-10", **query):
    page = see(client, home, to_value=value, to_on=day, **query)
    assert page.status == 200
    return page


def total(page):
    return [text(each) for each in page.all("p.sum-figure")]


def test_before_anything_is_asked(client, metered):
    page = see(client, metered)
    assert page.status == 200
    assert page.heading == "Электр энергиясы бойынша төлемдерді есептеу"
    assert page.facts == [
        [("Есептегіш № 222", "25.03.2026: 9_900 кВт·сағ соңғы есептелген көрсеткіш")]
    ]
    assert page.values == {
        **{"to_on": "2026-04-10", "to_value": "", "residents": "3"},
        **{"stove": "0", "privileged": "0", "plan": "tiered"},
    }
    assert page.beside == {}
    assert total(page) == []


def test_all_in_the_first_level(client, metered):
    page = computed(client, metered)
    assert "Есептегіш бойынша төлемнің есебі" in [text(each) for each in page.all("h2")]
    assert total(page) == ["1_392,00_₸"]
    assert page.tables == [
        [
            [
                *("Деңгей", "Күн", "Шек, кВт·сағ", "Көлем, кВт·сағ"),
                *("ҚҚС-сыз баға, ₸", "ҚҚС", "Сома, ₸"),
            ],
            ["1‑деңгей", "16", "141,639", "60", "20,00", "16_%", "1_392,00"],
        ]
    ]
    assert [text(each) for each in select(page.all("ul.sentences")[0], "li")] == [
        "1‑деңгей 60_кВт·сағ × 20,00_₸ × 1,16 (ҚҚС 16_%) = 1_392,00_₸ 1‑деңгей, шегі:"
        " 90_кВт·сағ × 3 тұрғын ÷ 30,5 × 16 күн = 141,639_кВт·сағ"
    ]


def test_what_to_pay_now(client, metered):
    """1 463 + 139,20 of March, less 500 received, and 1 392 computed."""
    page = computed(client, metered)
    assert page.facts[1] == [
        ("Қазіргі сальдо", "төлеуге 1_102,20_₸"),
        ("Осы сомамен бірге", "төлеуге 2_494,20_₸"),
    ]


def test_an_overpayment_remains(client, metered):
    factories.PaymentFactory(
        account=metered.account, month=dt.date(2026, 4, 1), amount=Decimal(10_000)
    )
    page = computed(client, metered)
    assert page.facts[1][1] == ("Осы сомамен бірге", "артық төлем 7_505,80_₸")


def test_an_estimate_is_not_a_bill(client, metered):
    assert "Бұл шот емес, алдын ала есеп: төлем түбіртек бойынша жүргізіледі." in (
        computed(client, metered).content
    )


def test_both_plans_side_by_side(client, metered):
    page = computed(client, metered)
    assert page.facts[2] == [
        ("орташа босату тарифі", "1_740,00_₸"),
        ("сараланған тариф жоғарыда есептелген", "1_392,00_₸"),
    ]
    assert "348,00_₸ арзан: сараланған тариф" in page.content.replace("\N{NO-BREAK SPACE}", "_")


def test_what_if(client, metered):
    page = computed(client, metered, residents="1", plan="tiered")
    # For one, level 1 ends at 47.213 units: 47.213 × 20 + 12.787 × 30, and 16 %.
    assert total(page) == ["1_540,33_₸"]
    (note,) = page.all("div.note")
    assert text(note) == (
        "Бұл – «егер болса» есебі: дербес шоттың өз шарттарымен емес, басқа шарттармен"
        " есептелді. Дербес шоттың өз шарттары: тұратындардың саны 3; электр плитасы – жоқ;"
        " жалғыз басты тұрғын – жоқ; сараланған тариф. Осылар бойынша есептеу"
    )
    (link,) = select(note, "a")
    back = client.get(URL + link.get("href"))
    assert total(Page(back)) == ["1_392,00_₸"]


def test_what_if_of_another_plan(client, metered):
    page = computed(client, metered, plan="flat")
    assert total(page) == ["1_740,00_₸"]
    assert page.tables[0][1][0] == "Бірыңғай баға"


def test_the_way_back_from_a_what_if_keeps_what_is_asked(client, metered):
    """A meter that went over zero has gone over it by the account's own terms too."""
    page = computed(client, metered, "50", passed="1", residents="1")
    (link,) = select(page.all("div.note")[0], "a")
    back = Page(client.get(URL + link.get("href")))
    assert (back.status, back.tables[0][-1][3]) == (200, "150")
    assert back.all("div.note") == []


def test_by_its_own_terms_it_is_no_what_if(client, metered):
    own = {"residents": "3", "stove": "0", "privileged": "0", "plan": "tiered"}
    assert computed(client, metered, **own).all("div.note") == []


def test_terms_that_changed_inside_the_period_split_it(client, metered):
    factories.TermsFactory(account=metered.account, valid_from=dt.date(2026, 4, 2), residents=9)
    page = computed(client, metered)
    assert [row[1] for row in page.tables[0][1:]] == ["8", "8", "16"]
    assert total(page) == ["1_392,00_₸"]


def test_a_plan_that_changed_inside_the_period_is_none_of_those_beside_it(client, metered):
    """Half of it at 20 and half at 25 is neither plan's sum."""
    factories.TermsFactory(account=metered.account, valid_from=dt.date(2026, 4, 2), plan="flat")
    page = computed(client, metered)
    assert total(page) == ["1_566,00_₸"]
    assert page.facts[2] == [
        ("орташа босату тарифі", "1_740,00_₸"),
        ("сараланған тариф", "1_392,00_₸"),
    ]


def test_an_account_without_terms(client, metered):
    Terms.objects.all().delete()
    (note,) = computed(client, metered).all("div.note")
    assert text(note) == (
        "Дербес шоттың шарттары әлі түскен жоқ: осы жерде таңдалған шарттармен есептелді."
    )


def test_terms_that_began_after_the_last_reading(client, metered):
    Terms.objects.all().delete()
    factories.TermsFactory(account=metered.account, valid_from=dt.date(2026, 4, 2), residents=3)
    page = see(client, metered, to_value="9960", to_on="2026-04-10")
    assert page.status == 400
    assert page.beside == {
        "plan": "Осы күндердің алғашқылары үшін дербес шоттың шарттары белгісіз: басқа шарттармен"
        " есептеуге болады."
    }
    assert total(computed(client, metered, residents="2")) == ["1_392,00_₸"]


def test_an_account_of_nobody_counts_one_and_says_so(client, metered):
    Terms.objects.update(residents=0)
    page = computed(client, metered)
    assert total(page) == ["1_540,33_₸"]
    assert "Тұратындар тіркелмеген: шекте бір адам есептеледі." in page.content
    assert page.all("div.note") == []


def test_a_tariff_of_the_next_year(client, metered, monkeypatch):
    """The interval is split on the day of the new VAT and of the new tariff."""
    factories.VatFactory(valid_from=dt.date(2026, 4, 1), rate=Decimal("0.20"))
    page = computed(client, metered)
    assert [row[5] for row in page.tables[0][1:3]] == ["16_%", "20_%"]


@pytest.mark.parametrize(
    "value", ["9960", "9 960", "9\N{NO-BREAK SPACE}960", " 9960 ", "9960,0", "9960.000"]
)
def test_readings_as_people_write_them(client, metered, value):
    assert total(computed(client, metered, value)) == ["1_392,00_₸"]


def test_days_as_people_write_them(client, metered):
    assert total(computed(client, metered, day="10.04.2026")) == ["1_392,00_₸"]


NOT_AFTER = "Алдыңғы көрсеткіштен кейінгі күнді таңдаңыз: 25.03.2026."
WRONG = [
    ({"to_value": ""}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "көп"}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "-9960"}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "1e4"}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "9960\0"}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "9" * 5000}, {"to_value": "Көрсеткішті сан түрінде енгізіңіз"}),
    ({"to_value": "9800"}, {"to_value": SMALLER}),
    ({"to_value": "12345"}, {"to_value": "Есептегіште үтірге дейінгі цифрлар саны: 4."}),
    ({"to_on": "2026-04-11"}, {"to_on": "Бұл күн әлі келген жоқ."}),
    (
        {"to_on": "2026-03-25"},
        {"to_on": NOT_AFTER},
    ),
    (
        {"to_on": "2026-03-01"},
        {"to_on": NOT_AFTER},
    ),
    ({"to_on": "кеше"}, {"to_on": "Күнді былай жазыңыз: 05.03.2025."}),
    ({"to_on": "2026-02-30"}, {"to_on": "Күнді былай жазыңыз: 05.03.2025."}),
    ({"residents": "0"}, {"residents": "Тұратындардың рұқсат етілген саны: 1 – 99."}),
    ({"residents": "100"}, {"residents": "Тұратындардың рұқсат етілген саны: 1 – 99."}),
    ({"residents": "-1"}, {"residents": "Тұратындардың рұқсат етілген саны: 1 – 99."}),
    ({"residents": "екі"}, {"residents": "Тұратындардың санын цифрмен жазыңыз."}),
    ({"residents": "9" * 5000}, {"residents": "Тұратындардың санын цифрмен жазыңыз."}),
    (
        {"to_value": "9800", "to_on": "2026-04-11", "residents": "0"},
        {
            "to_value": SMALLER,
            "to_on": "Бұл күн әлі келген жоқ.",
            "residents": "Тұратындардың рұқсат етілген саны: 1 – 99.",
        },
    ),
]


@pytest.mark.parametrize(("query", "errors"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_stands_beside_its_field(client, metered, query, errors):
    page = see(client, metered, **{"to_value": "9960", "to_on": "2026-04-10"} | query)
    assert page.status == 400
    assert page.beside == errors
    assert total(page) == []


@pytest.mark.parametrize("name", ["stove", "privileged", "plan"])
def test_choices_that_are_none(client, metered, name):
    page = see(client, metered, to_value="9960", to_on="2026-04-10", **{name: "2"})
    assert page.status == 400
    assert list(page.beside) == [name]


def test_passing_over_zero_is_offered_where_it_is_plausible(client, metered):
    """From 9 900 to 50 are 150 units of a round of 10 000."""
    page = see(client, metered, to_value="50", to_on="2026-04-10")
    assert page.status == 400
    assert page.beside == {
        "to_value": f"{SMALLER} Есептегіш нөлден өткен болса, төменде белгілеңіз."
    }
    assert "passed" in page.values
    page = computed(client, metered, "50", passed="on")
    assert page.tables[0][-1][3] == "150"
    assert "passed" in page.values


def test_passing_over_zero_is_not_offered_beyond_a_tenth_of_the_round(client, metered):
    """Rule R6: 1 000 units at most."""
    assert computed(client, metered, "900", passed="on").tables[0][-1][3] == "1_000"
    page = see(client, metered, to_value="901", to_on="2026-04-10", passed="on")
    assert page.beside == {"to_value": SMALLER}
    assert "passed" not in page.values


def replace_meter(home):
    """On 1 April, at 9 930, by one that shows 7."""
    day, old = dt.date(2026, 4, 1), Meter.objects.get(serial="222")
    old.removed_on = day
    old.save()
    factories.ReadingFactory(meter=old, source="removed", taken_on=day, value=Decimal(9930))
    new = factories.MeterFactory(account=home.account, serial="333", installed_on=day)
    factories.ReadingFactory(meter=new, source="installed", taken_on=day, value=Decimal(7))


def test_a_replaced_meter_is_computed_to_its_last_reading_first(client, metered):
    replace_meter(metered)
    page = computed(client, metered, "37")
    assert [text(each) for each in page.all("p.interval")] == [
        "Есептегіш № 222: 9_900 → 9_930 25.03.2026 – 01.04.2026",
        "Есептегіш № 333: 7 → 37 01.04.2026 – 10.04.2026",
    ]
    assert total(page) == ["1_392,00_₸"]
    assert page.facts[0] == [
        (
            "Есептегіш № 222",
            "25.03.2026: 9_900 → 01.04.2026: 9_930 соңғы есептеуден кейін алынды",
        ),
        ("Есептегіш № 333", f"01.04.2026: 7 кВт·сағ {UNCHARGED}"),
    ]


def test_a_replaced_meter_does_not_depend_on_another_service(client, metered):
    """Water, charged to a later day than the one on which the meter was replaced."""
    replace_meter(metered)
    water = factories.ServiceFactory(code="WA", name_kk="Су", unit_kk="м³")
    meter = factories.MeterFactory(account=metered.account, serial="777", service=water)
    factories.ChargeFactory(
        account=metered.account, service=water, serial=meter.serial, to_on=dt.date(2026, 4, 7)
    )
    page = see(client, metered, service="EL", to_value="37", to_on="2026-04-10")
    assert [text(each)[:16] for each in page.all("p.interval")] == [
        *("Есептегіш № 222:", "Есептегіш № 333:"),
    ]
    assert total(page) == ["1_392,00_₸"]


def test_a_meter_without_any_charge_begins_at_its_installation(client, metered):
    Charge.objects.all().delete()
    factories.ReadingFactory(
        meter=Meter.objects.get(serial="222"),
        source="installed",
        taken_on=dt.date(2024, 5, 20),
        value=Decimal(0),
    )
    page = see(client, metered)
    assert page.facts[0] == [("Есептегіш № 222", f"20.05.2024: 0 кВт·сағ {UNCHARGED}")]


def test_a_closed_account(client, metered):
    metered.account.closed_on = dt.date(2026, 4, 1)
    metered.account.save()
    page = see(client, metered, to_value="9960", to_on="2026-04-10")
    assert page.status == 200
    assert "Енді ештеңе есепке алынбайды" in page.content
    (way_on,) = select(page.all("main")[0], "a")
    assert way_on.get("href") == "/accounts/000000101/"
    assert page.values == {}


@pytest.mark.parametrize("missing", [Charge, Reading])
def test_without_a_meter_in_place(client, metered, missing):
    Charge.objects.all().delete()
    Reading.objects.all().delete()
    page = see(client, metered)
    assert page.status == 200
    assert page.links["Өз цифрларыңызбен есептеу"] == "/calculator/"


def test_without_a_tariff(client, metered):
    Tariff.objects.filter(plan="tiered").delete()
    page = see(client, metered, to_value="9960", to_on="2026-04-10")
    assert page.status == 400
    assert page.beside == {"plan": "Бұл тариф түрінің осы күндердің бәріне бірдей бағасы жоқ."}


def test_two_metered_services(client, metered):
    water = factories.ServiceFactory(code="WA", name_kk="Су", unit_kk="м³")
    meter = factories.MeterFactory(account=metered.account, serial="777", service=water)
    factories.ReadingFactory(
        meter=meter, source="installed", taken_on=dt.date(2026, 3, 1), value=Decimal(3)
    )
    assert see(client, metered).values["service"] == "EL"
    page = see(client, metered, service="WA", to_value="9", to_on="2026-04-10")
    assert page.beside == {"plan": "Бұл тариф түрінің осы күндердің бәріне бірдей бағасы жоқ."}
    assert page.facts[0] == [
        (
            "Электр энергиясы. Есептегіш № 222",
            "25.03.2026: 9_900 кВт·сағ соңғы есептелген көрсеткіш",
        ),
        ("Су. Есептегіш № 777", f"01.03.2026: 3 м³ {UNCHARGED}"),
    ]
    assert "service" in see(client, metered, service="ZZ", to_value="9").beside


def test_in_russian(client, metered):
    metered.owner.language = "ru"
    metered.owner.save()
    page = computed(client, metered)
    assert page.heading == "Расчёт платежей по электроэнергии"
    assert page.facts[1][1] == ("Вместе с этой суммой", "к оплате 2_494,20_₸")


@asks.access
def test_access(ask, client, home):
    ask(client, home, "calculator/")


def test_queries(client, metered):
    client.force_login(metered.owner)
    query = "?to_value=9960&to_on=2026-04-10"
    many = asks.queries(client, URL + query)
    Charge.objects.filter(month__lt=people.LATEST).delete()
    assert many == asks.queries(client, URL + query) <= 5


def test_a_meter_taken_away_without_a_last_reading_is_told(client, metered):
    Meter.objects.filter(serial="222").update(removed_on=dt.date(2026, 4, 1))
    new = factories.MeterFactory(
        account=metered.account, serial="333", installed_on=dt.date(2026, 4, 1)
    )
    factories.ReadingFactory(
        meter=new, source="installed", taken_on=dt.date(2026, 4, 1), value=Decimal(7)
    )
    page = computed(client, metered, "37")
    assert [text(each) for each in page.all("p.note")] == [
        "№ 222 есептегіш алынған, бірақ соңғы көрсеткіші әлі түскен жоқ: соңғы есептеуден кейін"
        " тұтынылғаны сомаға кірмейді."
    ]
