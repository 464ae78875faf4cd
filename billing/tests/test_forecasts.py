"""The month under way: the day on which a level is passed, and about what it will cost."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import forecasts
from billing.calculation import Band, Home
from billing.computations import Dial, Facts
from billing.consumption import Consumption, Used
from billing.forecasts import LastRead
from billing.models import Charge, Reading, Service
from billing.tariffs import Book, DatedHome, Version
from billing.tests import factories
from cabinet import months
from cabinet.tests.pages import Page, select, text

LONG_AGO = dt.date(2020, 1, 1)
HOME = Home(2, electric_stove=False, privileged=False, plan="tiered")
LEVELS = ((Decimal(90), "20"), (Decimal(160), "30"), (None, "40"))
HOMES = (DatedHome(LONG_AGO, HOME),)
ONE_PRICE = ((None, "25"),)
MARCH = dt.date(2026, 3, 1)
BILLED = dt.date(2026, 3, 25)  # the last charged reading
TODAY = dt.date(2026, 4, 10)


def facts(bands=LEVELS, ratio=1, homes=HOMES):
    made = tuple(
        (None, None, Band(level, limit, Decimal(price)))
        for level, (limit, price) in enumerate(bands, 1)
    )
    tariffs = {("EL", "tiered"): (Version(LONG_AGO, False, made),)}
    dials = {"1": Dial(4, Decimal(ratio))}
    return Facts(Book(tariffs, ((LONG_AGO, Decimal("0.12")),)), homes, dials)


def used(*quantities, last_value="5000"):
    """Months up to March 2026, each of 30 days, the last one's quantity last."""
    every = [
        Used(
            months.plus(MARCH, place + 1 - len(quantities)),
            Decimal(quantity),
            first=BILLED - dt.timedelta(days=30),
            last=BILLED,
            serial="1",
            last_value=Decimal(last_value),
        )
        for place, quantity in enumerate(quantities)
    ]
    return Consumption(Service(code="EL"), tuple(every))


def read(on=BILLED, value="5000"):
    return LastRead("1", on, Decimal(value))


def forecast(history, reading=None, today=TODAY, **given):
    return forecasts.of_service(facts(**given), history, reading or read(), today)


def test_by_the_readings_so_far():
    """160 units in 16 days are 10 a day, 310 in the 31 days to 25 April."""
    found = forecast(used(100), read(TODAY, "5160"))
    assert (found.first, found.last, found.days) == (BILLED, dt.date(2026, 4, 25), 31)
    assert found.by_readings
    assert found.read_on == TODAY
    assert found.quantity == Decimal(310)
    # 182.951 × 20 + 127.049 × 30, each with 12 %.
    assert found.amount == Decimal("4098.10") + Decimal("4268.85")
    # Level 1 ends at 182.951 units: in the 19th day; level 2 at 325.246, which is not reached.
    assert [(each.level, each.day) for each in found.levels] == [
        (1, BILLED + dt.timedelta(days=18)),
        (2, None),
    ]
    assert [each.limit for each in found.levels] == [Decimal("182.951"), Decimal("325.246")]


def test_by_the_same_month_a_year_before():
    """April 2025 had 300 units in 30 days, whatever the months since."""
    found = forecast(used(300, *["60"] * 11))
    assert not found.by_readings
    assert found.quantity == Decimal(310)


def test_readings_multiply_by_the_ratio():
    assert forecast(used(100), read(TODAY, "5008"), ratio=20).quantity == Decimal(310)


def test_at_one_price_there_are_no_levels():
    found = forecast(used(100), read(TODAY, "5160"), bands=ONE_PRICE)
    assert found.levels == ()
    assert found.amount == Decimal("8680.00")
    assert found.bands == [(1, 0, 1000)]


def test_what_is_read_already_is_certain():
    """±20 % of the 15 days left, at 10 a day."""
    found = forecast(used(100), read(TODAY, "5160"), bands=ONE_PRICE)
    assert not found.has_range
    assert (found.lowest, found.highest) == (
        Decimal("7840.00"),  # 160 + 120 units
        Decimal("9520.00"),  # 160 + 180 units
    )


def test_the_range_is_that_of_half_of_the_homes_months():
    """From month to month 0.5, 1, 1, 1.5 and 2 times as much: a quarter is 1, three 1.5."""
    history = used("100", "50", "50", "75", "150", "150")
    found = forecast(history, read(TODAY, "5160"), bands=ONE_PRICE)
    assert found.has_range
    assert found.lowest == found.amount == Decimal("8680.00")
    assert found.highest == (160 + 150 * Decimal("1.5")) * 28


def test_the_sum_lies_in_its_range_even_if_all_months_rose():
    history = used("10", "20", "40", "80", "160")
    found = forecast(history, read(TODAY, "5160"), bands=ONE_PRICE)
    assert found.lowest == found.amount < found.highest


def test_sums_are_told_in_tens_outwards():
    found = forecast(used(100), read(TODAY, "5160.003"), bands=ONE_PRICE)
    assert found.about == (Decimal(8680), Decimal(7840), Decimal(9530))


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (dt.date(2026, 3, 26), dt.date(2026, 4, 25)),
        (dt.date(2026, 4, 25), dt.date(2026, 4, 25)),
        (dt.date(2026, 5, 3), dt.date(2026, 5, 3)),  # the bill has not come
    ],
)
def test_to_the_same_day_of_the_next_month(day, last):
    assert forecast(used(100, *["90"] * 12), read(), today=day).last == last


def test_a_month_without_that_day():
    assert forecasts._ending(dt.date(2026, 1, 31), dt.date(2026, 2, 1)) == dt.date(2026, 2, 28)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"history": used()}, "no charge"),
        ({"history": used(100)}, "neither a reading since nor a year before"),
        ({"history": used(100), "reading": read(dt.date(2026, 3, 27), "5020")}, "too short"),
        ({"history": used(100), "reading": read(TODAY, "4990")}, "below the last one"),
        ({"history": used(100), "reading": read(dt.date(2026, 4, 11), "5160")}, "of tomorrow"),
        ({"history": used(100), "reading": LastRead("2", TODAY, Decimal(9))}, "another meter"),
        ({"history": used(100), "reading": read(TODAY, "5160"), "homes": ()}, "no terms"),
        (
            {
                "history": used(*["90"] * 13),
                "reading": read(dt.date(2026, 6, 1), "5900"),
                "today": dt.date(2026, 6, 9),
            },
            "76 days since the last charge",
        ),
    ],
)
def test_without_enough_there_is_none(given, why):
    assert forecast(**given) is None, why


def test_a_level_that_is_passed_on_the_last_day():
    found = forecast(used(100), read(TODAY, str(5000 + Decimal("5.95") * 16)))
    assert found.levels[0].day == BILLED + dt.timedelta(days=30)
    assert forecast(used(100), read(TODAY, "5094")).levels[0].day is None


def test_bands_fill_the_period():
    found = forecast(used(100), read(TODAY, "5400"))
    assert [level for level, _start, _width in found.bands] == [1, 2, 3]
    assert sum(width for _level, _start, width in found.bands) == 1000
    assert found.place(TODAY) == 16 * 1000 // 31


@settings(max_examples=80)
@given(st.decimals(0, 900, places=3), st.decimals(0, 900, places=3))
def test_who_uses_more_passes_no_later_and_pays_no_less(one, other):
    less, more = (
        forecast(used(100), read(TODAY, str(5000 + units))) for units in sorted((one, other))
    )
    for low, high in zip(less.levels, more.levels, strict=True):
        assert (high.day or dt.date.max) <= (low.day or dt.date.max)
    assert less.quantity <= more.quantity
    assert less.amount <= more.amount + Decimal("0.02")
    for each in (less, more):
        assert each.lowest <= each.amount <= each.highest
        assert sum(width for _level, _start, width in each.bands) == 1000


@settings(max_examples=80)
@given(st.lists(st.fractions(0, 9), min_size=4, max_size=30))
def test_quartiles_hold_half_of_the_months(ratios):
    low, high = forecasts._quartiles(sorted(ratios))
    assert low <= high
    assert sum(low <= ratio <= high for ratio in ratios) * 2 >= len(ratios)
    assert Fraction(min(ratios)) <= low
    assert high <= max(ratios)


@pytest.fixture
def running(home):
    """March's charge ends on 25 March at 5000; a reading of 10 April; levels as above."""
    factories.VatFactory(valid_from=dt.date(2010, 1, 1), rate=Decimal("0.12"))
    factories.TariffFactory(valid_from=LONG_AGO)
    for level, (limit, price) in enumerate(LEVELS, 1):
        factories.TariffBandFactory(
            valid_from=LONG_AGO, level=level, limit_per_resident=limit, price=Decimal(price)
        )
    Charge.objects.filter(service="EL").update(
        serial="222", from_on=dt.date(2026, 2, 25), to_on=BILLED, to_value=Decimal(12000)
    )
    Reading.objects.filter(source="consumer").update(taken_on=TODAY, value=Decimal(12160))
    return home


def see(client, home):
    client.force_login(home.owner)
    return Page(client.get("/accounts/000000101/"))


def test_the_page(client, running):
    (section,) = see(client, running).all("section.level-meter")
    sums = text(select(section, "p")[0])
    assert sums == "шамамен 7_340_₸ 25.04.2026 күніне қарай, 7_340_₸ – 7_350_₸ аралығында"
    # Three residents since June: level 1 ends at 274.426 units, at 10 a day on the 28th day.
    assert [text(each) for each in select(section, "li")] == [
        "1‑деңгей (274,426) шамамен 21.04.2026 күні таусылады",
        "2‑деңгей (487,869) таусылмайды",
    ]
    assert [text(each) for each in select(section, "h2")] == ["Ағымдағы ай болжам, шот емес"]
    assert "Соңғы шоттан кейінгі көрсеткіштер бойынша, соңғысы: 10.04.2026." in text(section)


def test_a_closed_account_has_none(client, running):
    running.account.closed_on = dt.date(2026, 4, 1)
    running.account.save()
    assert see(client, running).all("section.level-meter") == []


def test_without_a_tariff_the_page_has_none(client, home):
    page = see(client, home)
    assert page.status == 200
    assert page.all("section.level-meter") == []
