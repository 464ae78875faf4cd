"""What a home would have paid under each plan: the sums by hand, and the page."""

import datetime as dt
from decimal import Decimal

import pytest

from billing import breakdowns, differences, plans
from billing.calculation import Band, Home
from billing.computations import Facts
from billing.exchange.load import load
from billing.models import Charge, PersonalAccount, Terms
from billing.tariffs import Book, DatedHome, Version
from billing.tests import exchange_sets, factories
from cabinet.tests import asks
from cabinet.tests.pages import Page, select, text

URL = "/accounts/000000101/calculator/plans/"
HOME = Home(2, electric_stove=False, privileged=False, plan="tiered")
MARCH = dt.date(2026, 3, 1)


def version(since, *bands):
    made = (Band(level, limit, Decimal(price)) for level, (limit, price) in enumerate(bands, 1))
    return Version(since, False, tuple((None, None, band) for band in made))


LONG_AGO = dt.date(2020, 1, 1)
LEVELS = ((Decimal(90), "20"), (Decimal(160), "30"), (None, "40"))
BOOK = Book(
    {
        ("EL", "flat"): (version(LONG_AGO, (None, "25")),),
        ("EL", "tiered"): (version(LONG_AGO, *LEVELS),),
    },
    ((LONG_AGO, Decimal("0.12")),),
)


HOMES = (DatedHome(LONG_AGO, HOME),)


def charged(units, days=31, to_on=dt.date(2026, 3, 25)):
    """What was charged between two readings."""
    line = breakdowns.Line(
        *("1", to_on - dt.timedelta(days=days), Decimal(0), to_on, Decimal(units), days),
        *(Decimal(units), 1, None, Decimal(25), Decimal("0.12"), Decimal(0)),
    )
    return breakdowns.Interval((line,))


def compared(months, book=BOOK, homes=HOMES):
    return plans.compared(Facts(book, homes, {}), "EL", months, "tiered")


def test_sums_by_hand():
    found = compared({MARCH: [charged(100)], dt.date(2026, 2, 1): [charged(400)]})
    assert found.plans == ("flat", "tiered")
    # 400 units in 31 days for two: 182.951 × 20 + 142.295 × 30 + 74.754 × 40, and 12 %.
    assert [(each.month, each.quantity, each.sums) for each in found.months] == [
        (MARCH, Decimal(100), (Decimal("2800.00"), Decimal("2240.00"))),
        (dt.date(2026, 2, 1), Decimal(400), (Decimal("11200.00"), Decimal("12228.19"))),
    ]
    assert found.sums == (Decimal("14000.00"), Decimal("14468.19"))
    assert (found.cheapest, found.saved, found.months_cheapest) == ("flat", Decimal("468.19"), 1)


def test_meter_by_meter():
    found = compared({MARCH: [charged(60, 10), charged(60, 21)]})
    whole = compared({MARCH: [charged(120)]})
    assert found.months[0].quantity == whole.months[0].quantity
    assert found.sums[0] == whole.sums[0]
    assert found.sums[1] > whole.sums[1]  # 60 units are much for ten days


def test_the_homes_residents_of_those_days():
    homes = (DatedHome(LONG_AGO, HOME), DatedHome(dt.date(2026, 3, 1), HOME._replace(residents=9)))
    few, many = compared({MARCH: [charged(400)]}), compared({MARCH: [charged(400)]}, homes=homes)
    assert many.sums[0] == few.sums[0]
    assert many.sums[1] < few.sums[1]


def test_the_homes_own_plan_does_not_matter():
    flat = (DatedHome(LONG_AGO, HOME._replace(plan="flat")),)
    months = {MARCH: [charged(400)]}
    assert compared(months, homes=flat).sums == compared(months).sums


def test_months_without_a_tariff_are_left_out_of_all_sums():
    late = version(dt.date(2026, 1, 1), (None, "25"))
    book = BOOK._replace(tariffs=BOOK.tariffs | {("EL", "flat"): (late,)})
    old = dt.date(2025, 9, 1)
    months = {MARCH: [charged(100)], old: [charged(100, to_on=dt.date(2025, 9, 25))]}
    found = compared(months, book)
    assert [each.month for each in found.months] == [MARCH]
    assert found.left_out == (old,)
    assert found.sums == (Decimal("2800.00"), Decimal("2240.00"))


def test_a_plan_that_never_had_a_tariff_then_is_not_compared():
    late = version(dt.date(2026, 6, 1), (None, "25"))
    found = compared(
        {MARCH: [charged(100)]}, BOOK._replace(tariffs=BOOK.tariffs | {("EL", "flat"): (late,)})
    )
    assert (found.plans, found.left_out, found.cheapest) == (("tiered",), (), "")


def test_equal_sums_have_no_cheapest():
    same = BOOK._replace(tariffs=dict.fromkeys(BOOK.tariffs, (version(LONG_AGO, (None, "25")),)))
    found = compared({MARCH: [charged(100)]}, same)
    assert (found.cheapest, found.months_cheapest) == ("", 0)


@pytest.fixture
def priced(home):
    """Tariffs of both plans for all months of the household."""
    for day, rate in ((dt.date(2010, 1, 1), "0.12"), (dt.date(2026, 1, 1), "0.16")):
        factories.VatFactory(valid_from=day, rate=Decimal(rate))
    for plan, price in (("flat", "30"), ("tiered", "25")):
        factories.TariffFactory(plan=plan, valid_from=LONG_AGO)
        factories.TariffBandFactory(plan=plan, valid_from=LONG_AGO, price=Decimal(price))
    Charge.objects.filter(month=MARCH, line=2).delete()
    return home


def see(client, home, query=""):
    client.force_login(home.owner)
    return Page(client.get(URL + query))


def test_the_page(client, priced):
    page = see(client, priced)
    assert page.status == 200
    assert page.heading == "Осы үйге қай тариф түрі тиімді?"
    # Each month has 50 units in the days from 25 January to 25 February 2026, at 16 %.
    assert [text(each) for each in select(page.all("section.sum")[0], "p")] == [
        "Арзанырақ: сараланған тариф",
        "3_480,00_₸",
        "соңғы 12 айда аз төленер еді; бұл үйде қазір осы тариф қолданылады",
        "12 айдың 12 айында арзанырақ.",
    ]
    (table,) = page.tables
    assert table[0] == [
        "Ай/Жыл",
        "кВт·сағ",
        "орташа босату тарифі, ₸",
        "сараланған тариф – қазіргі, ₸",
    ]
    assert len(table) == 14
    assert table[1] == ["2026 ж. наурыз", "50", "1_740,00", "1_450,00"]
    assert table[-1] == ["Барлығы", "600", "20_880,00", "17_400,00"]


def test_more_months_than_there_are(client, priced):
    page = see(client, priced, "?months=24")
    assert len(page.tables[0]) == 16
    assert "Әзірге 14 ай бар." in page.content


@pytest.mark.parametrize("months", ["0", "13", "-12", "x", "12.0", "%00", "٢٤"])
def test_other_lengths_are_refused(client, priced, months):
    page = see(client, priced, f"?months={months}")
    assert page.status == 400
    assert "12, 24 немесе 36 айды таңдаңыз." in page.content
    assert page.tables == []


def test_a_service_of_somebody_else_is_refused(client, priced):
    page = see(client, priced, "?service=MS")
    assert page.status == 400
    assert "Бұл дербес шотта мұндай қызмет жоқ." in page.content


def test_without_any_charge(client, priced):
    Charge.objects.all().delete()
    page = see(client, priced)
    assert page.status == 200
    assert "Сандар бірінші ай жабылғаннан кейін осында көрінеді." in page.content


def test_without_terms_no_month_can_be_computed(client, priced):
    Terms.objects.all().delete()
    page = see(client, priced)
    assert page.status == 200
    assert page.tables == []
    assert "2026 ж. наурыз" in page.content


@asks.access
def test_access(ask, client, home):
    ask(client, home, "calculator/plans/")


def test_queries(client, priced):
    client.force_login(priced.owner)
    many = asks.queries(client, f"{URL}?months=36")
    Charge.objects.filter(month__lt=MARCH).delete()
    assert many == asks.queries(client, URL) <= 5


@pytest.mark.slow
@pytest.mark.parametrize("files", ["sample", "hard"])
def test_under_its_own_plan_a_home_pays_what_was_billed(nothing_loaded, files):
    assert load(getattr(exchange_sets, files.upper()), by="test").loaded
    keys = list(PersonalAccount.objects.values_list("pk", flat=True))
    facts = differences._facts_of(keys)
    seen = 0
    for (account, service, month), intervals in breakdowns.charged(
        Charge.objects.exclude(serial=None)
    ):
        used = {
            home.home.plan
            for home in facts[account].homes
            if home.since < max(each.first.to_on for each in intervals)
        }
        if len(used) == 1:
            found = plans.compared(facts[account], service, {month: intervals}, "")
            place = found.plans.index(*used)
            assert found.months[0].sums[place] == sum(each.amount for each in intervals)
            seen += 1
    assert seen > 1000
