"""Tariffs and VAT out of the database: what is in force on a day, and what makes a split."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.calculation import Band, Home
from billing.models import Tariff, TariffBand
from billing.tariffs import DatedHome, NoPrice, book, dated_homes, with_plan
from billing.tests import factories
from cabinet import memory

LONG_AGO = dt.date(2020, 1, 1)
HOME = Home(2, electric_stove=False, privileged=False, plan="tiered")
HOMES = (DatedHome(LONG_AGO, HOME),)


def day(text):
    return dt.date.fromisoformat(text)


def tariff(plan, since, *bands, **given):
    """Bands as level, limit and price, with the stove and the privilege that they are for."""
    factories.TariffFactory(plan=plan, valid_from=day(since), **given)
    for level, limit, price, *home in bands:
        factories.TariffBandFactory(
            plan=plan,
            valid_from=day(since),
            level=level,
            limit_per_resident=limit,
            price=Decimal(price),
            **dict(zip(("electric_stove", "privileged"), home, strict=False)),
        )


@pytest.fixture
def loaded(db):
    factories.VatFactory(valid_from=day("2010-01-01"), rate=Decimal("0.12"))
    factories.VatFactory(valid_from=day("2026-01-01"), rate=Decimal("0.16"))
    tariff("flat", "2020-01-01", (1, None, "20"))
    tariff("flat", "2025-07-15", (1, None, "30"), vat_included=True)
    tariff("tiered", "2020-01-01", (1, 90, "15"), (2, None, "25"))
    return book()


def since(found):
    return [each.since.isoformat() for each in found]


def test_the_version_in_force(loaded):
    for asked, price in (("2020-01-01", 20), ("2025-07-14", 20), ("2025-07-15", 30)):
        version = loaded.version("EL", "flat", day(asked))
        assert [band.price for band in version.prices(HOME).bands] == [price]
    assert loaded.rate(day("2025-12-31")) == Decimal("0.12")
    assert loaded.rate(day("2026-01-01")) == Decimal("0.16")


@pytest.mark.parametrize(
    ("service", "plan", "asked"),
    [("EL", "flat", "2019-12-31"), ("EL", "other", "2025-01-01"), ("MS", "flat", "2025-01-01")],
)
def test_where_there_is_none(loaded, service, plan, asked):
    with pytest.raises(NoPrice):
        loaded.version(service, plan, day(asked))


def test_bands_without_stove_or_privilege_are_for_homes_of_both(db):
    tariff(
        *("tiered", "2020-01-01"),
        *((1, 90, "1", False, False), (1, 115, "2", True, None), (1, 100, "3", False, True)),
        *((2, None, "4"),),
    )
    version = book().version("EL", "tiered", LONG_AGO)

    def of(stove, privileged):
        home = HOME._replace(electric_stove=stove, privileged=privileged)
        return version.prices(home).bands

    last = Band(2, None, Decimal(4))
    assert of(False, False) == (Band(1, Decimal(90), Decimal(1)), last)
    assert of(True, False) == of(True, True) == (Band(1, Decimal(115), Decimal(2)), last)
    assert of(False, True) == (Band(1, Decimal(100), Decimal(3)), last)


def test_a_tariff_without_a_band_for_the_home_has_no_price(db):
    tariff("tiered", "2020-01-01", (1, None, "1", True, None))
    with pytest.raises(NoPrice):
        book().version("EL", "tiered", LONG_AGO).prices(HOME)


def test_what_splits_an_interval(loaded):
    homes = (
        DatedHome(LONG_AGO, HOME._replace(plan="flat")),
        DatedHome(day("2025-07-20"), HOME._replace(plan="flat", residents=5)),
    )
    found = loaded.between("EL", homes, day("2025-07-01"), day("2026-02-01"))
    assert since(found) == ["2025-07-01", "2025-07-15", "2025-07-20", "2026-01-01"]
    assert [each.conditions.prices.with_vat for each in found] == [False, True, True, True]
    assert [each.conditions.home.residents for each in found] == [2, 2, 5, 5]
    assert [each.conditions.vat_rate for each in found] == [
        *[Decimal("0.12")] * 3,
        Decimal("0.16"),
    ]


def test_the_tariff_of_another_plan_splits_nothing(loaded):
    assert since(loaded.between("EL", HOMES, day("2025-07-01"), day("2025-08-01"))) == [
        "2025-07-01"
    ]


def test_changes_on_the_first_and_the_last_day_split_nothing(loaded):
    flat = with_plan(HOMES, "flat")
    assert since(loaded.between("EL", flat, day("2025-06-15"), day("2025-07-15"))) == ["2025-06-15"]
    found = loaded.between("EL", flat, day("2025-07-15"), day("2025-08-15"))
    assert since(found) == ["2025-07-15"]
    assert found[0].conditions.prices.with_vat


def test_a_plan_that_changes_inside(loaded):
    homes = (*HOMES, DatedHome(day("2025-07-10"), HOME._replace(plan="flat")))
    found = loaded.between("EL", homes, day("2025-07-01"), day("2025-08-01"))
    assert since(found) == ["2025-07-01", "2025-07-10", "2025-07-15"]
    assert [len(each.conditions.prices.bands) for each in found] == [2, 1, 1]


@pytest.mark.parametrize(
    ("homes", "first"),
    [
        ((), "2025-01-01"),
        ((DatedHome(day("2025-01-02"), HOME),), "2025-01-01"),
        (HOMES, "2019-12-31"),
        ((DatedHome(day("1950-01-01"), HOME),), "2009-12-31"),
    ],
)
def test_whatever_lacks_there_is_no_price(loaded, homes, first):
    with pytest.raises(NoPrice):
        loaded.between("EL", homes, day(first), day("2025-03-01"))


def test_without_a_vat_rate_there_is_no_price(loaded):
    """Though there are terms and a tariff."""
    tariff("tiered", "2000-01-01", (1, None, "5"))
    memory.forget()
    homes = (DatedHome(day("1950-01-01"), HOME),)
    assert book().version("EL", "tiered", day("2009-12-31"))
    with pytest.raises(NoPrice):
        book().rate(day("2009-12-31"))
    with pytest.raises(NoPrice):
        book().between("EL", homes, day("2009-12-31"), day("2010-02-01"))
    assert len(book().between("EL", homes, day("2010-01-01"), day("2010-02-01"))) == 1


@pytest.mark.parametrize("plan", ["other", "flat"])
def test_a_plan_without_a_tariff_from_some_day_on_has_no_price(db, plan):
    factories.VatFactory(valid_from=day("2010-01-01"))
    tariff("tiered", "2020-01-01", (1, None, "15"))
    tariff("flat", "2025-07-20", (1, None, "30"))
    homes = (*HOMES, DatedHome(day("2025-07-10"), HOME._replace(plan=plan)))
    with pytest.raises(NoPrice):
        book().between("EL", homes, day("2025-07-01"), day("2025-08-01"))
    assert len(book().between("EL", homes, day("2025-07-01"), day("2025-07-10"))) == 1


def test_changes_on_one_day_are_one_split(loaded):
    """Tariff, VAT and terms on the same New Year."""
    tariff("tiered", "2026-01-01", (1, None, "50"))
    memory.forget()
    homes = (*HOMES, DatedHome(day("2026-01-01"), HOME._replace(residents=7)))
    found = book().between("EL", homes, day("2025-12-20"), day("2026-01-20"))
    assert since(found) == ["2025-12-20", "2026-01-01"]
    assert [
        (
            each.conditions.home.residents,
            each.conditions.vat_rate,
            len(each.conditions.prices.bands),
        )
        for each in found
    ] == [(2, Decimal("0.12"), 2), (7, Decimal("0.16"), 1)]


def test_with_another_plan_all_else_stays():
    homes = (*HOMES, DatedHome(day("2025-07-10"), HOME._replace(residents=0, plan="flat")))
    assert with_plan(homes, "flat") == (
        DatedHome(LONG_AGO, HOME._replace(plan="flat")),
        DatedHome(day("2025-07-10"), HOME._replace(residents=0, plan="flat")),
    )


def test_a_bill_has_a_day_at_least(loaded):
    with pytest.raises(ValueError, match="no day"):
        loaded.bill("EL", HOMES, day("2025-03-01"), day("2025-03-01"), Decimal(1))


def test_a_bill(loaded):
    made = loaded.bill("EL", HOMES, day("2025-12-01"), day("2026-01-31"), Decimal(100))
    assert [(int(line.days), line.amount) for line in made.lines] == [
        (31, Decimal("853.78")),  # 50.820 × 15 and 12 %
        (30, Decimal("855.73")),  # 49.180 × 15 and 16 %
    ]


def test_plans_that_have_a_tariff(loaded):
    assert loaded.plans("EL") == ["flat", "tiered"]
    assert loaded.plans("EL", day("2019-01-01")) == []
    assert loaded.plans("MS") == []


def test_terms_of_an_account_the_oldest_first(db):
    account = factories.PersonalAccountFactory()
    factories.TermsFactory(account=account, valid_from=day("2025-01-01"), residents=3)
    factories.TermsFactory(account=account, valid_from=day("2020-01-01"))
    assert dated_homes(account.terms.all()) == (
        DatedHome(day("2020-01-01"), HOME),
        DatedHome(day("2025-01-01"), HOME._replace(residents=3)),
    )


def test_it_is_remembered_for_a_while(loaded, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert book() is loaded
    TariffBand.objects.all().delete()
    Tariff.objects.all().delete()
    assert book().plans("EL") == ["flat", "tiered"]
    memory.forget()
    assert book().plans("EL") == []
