"""What must hold of tariffs, terms and VAT under charged intervals, and of requisites."""

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def accept(loaded, tmp_path):
    """Loads the set, which is good."""

    def accepted(files):
        folder = tmp_path / f"accepted{len(list(tmp_path.iterdir()))}"
        assert sets.told(sets.load(sets.write(folder, files))) == []

    return accepted


def interval(account, first, last, *, service="EL", serial="77"):
    """A line of 10 units between two days, in the month of the last day, not closed yet."""
    meter = f"{serial},{first},10,{last},20,30,10"
    return one("charges", f"{account},{service},{last[:7]},1,{meter},1,,25,0.16,290")


def tariff(day, *bands, service="EL", plan="tiered"):
    """A tariff of that day; a band is stove, privilege, level, limit and price."""
    return {
        "tariffs": rows(COLUMNS["tariffs"], f"{service},{plan},{day},,0"),
        "tariff_bands": rows(
            COLUMNS["tariff_bands"], *(f"{service},{plan},{day},{band}" for band in bands)
        ),
    }


@pytest.fixture
def hot_water(loaded, accept):
    """Another service with meters of both accounts, and a flat tariff alone, from March."""
    water = {**of(loaded, "services", code="EL"), "code": "HW"}
    accept({"services": [water], **tariff("2026-03-01", ",,1,,25", service="HW", plan="flat")})
    meters = [f"{account},90,HW,,5,1,2019-03-01,,," for account in (FIRST, SECOND)]
    accept({"meters": rows(COLUMNS["meters"], *meters)})


def water(account=SECOND, first="2026-03-25", last="2026-04-25"):
    return interval(account, first, last, service="HW", serial="90")


# R8: terms


def test_r8_interval_before_any_terms(refuse):
    # Nothing is asked of the tariff where no plan is known.
    assert refuse(interval(FIRST, "2019-01-25", "2019-02-25")) == [
        ("charges", 2, "from_on", "2019-01-25", "R8")
    ]


def test_r8_account_without_terms(loaded, refuse):
    files = {
        **one("accounts", "9999,ALM,a,b,c,2026-01-01,2026-01-01,"),
        **one("meters", "9999,77,EL,,5,1,2026-01-01,,,"),
        **interval("9999", "2026-03-25", "2026-04-25"),
    }
    assert refuse(files) == [("charges", 2, "from_on", "2026-03-25", "R8")]


def test_r8_is_not_asked_of_lines_without_an_interval(accept):
    accept(
        one("accounts", "9999,ALM,a,b,c,2026-01-01,2026-01-01,")
        | one("charges", "9999,EL,2026-04,1,,,,,,,1,,,100,0.16,116")
    )


def late_terms(day):
    """The first account's terms, from a later day on."""
    withdrawn = f"terms,{FIRST}|2019-03-01"
    terms = one("terms", f"{FIRST},{day},2,0,0,tiered")
    return {**terms, "deletions": rows(("file", "key"), withdrawn)}


def test_r8_terms_begin_with_the_first_interval(accept):
    accept(late_terms("2026-01-25"))


def test_r8_terms_begin_after_an_interval(refuse):
    assert refuse(late_terms("2026-01-26")) == [("terms", 2, "valid_from", "2026-01-26", "R8")]


def test_r8_terms_are_withdrawn_under_charges(refuse):
    key = f"{FIRST}|2019-03-01"
    assert refuse({"deletions": rows(("file", "key"), f"terms,{key}")}) == [
        ("deletions", 2, "key", key, "R8")
    ]


# R8: VAT


def before_vat(first):
    """An interval from when VAT begins on the first day of 2010, with terms and a tariff."""
    return {
        **one("terms", f"{FIRST},2005-01-01,2,0,0,tiered"),
        **tariff("2005-01-01", ",,1,,15"),
        **interval(FIRST, first, "2010-01-25"),
    }


def test_r8_interval_begins_with_vat(accept):
    accept(before_vat("2010-01-01"))


def test_r8_interval_begins_before_vat(refuse):
    assert refuse(before_vat("2009-12-31")) == [("charges", 2, "from_on", "2009-12-31", "R8")]


# R8: tariffs


@pytest.mark.parametrize("account", [FIRST, SECOND])
def test_r8_interval_begins_with_the_tariff(accept, account):
    accept(interval(account, "2025-07-15", "2025-08-15"))


@pytest.mark.parametrize("account", [FIRST, SECOND])
def test_r8_interval_begins_before_the_tariff(refuse, account):
    assert refuse(interval(account, "2025-07-14", "2025-08-15")) == [
        ("charges", 2, "from_on", "2025-07-14", "R8")
    ]


def test_r8_tariff_is_of_the_accounts_plan(hot_water, accept):
    accept(water())


def test_r8_tariff_is_of_another_plan(hot_water, refuse):
    assert refuse(water(FIRST)) == [("charges", 2, "from_on", "2026-03-25", "R8")]


def test_r8_plan_of_terms_no_longer_in_force_needs_no_tariff(hot_water, accept):
    terms = [f"{SECOND},2018-01-01,1,1,0,tiered", f"{SECOND},2026-04-25,1,1,0,tiered"]
    accept({**water(), "terms": rows(COLUMNS["terms"], *terms)})


def test_r8_plan_changes_within_an_interval(hot_water, refuse):
    terms = one("terms", f"{SECOND},2026-04-24,1,1,0,tiered")
    assert refuse({**water(), **terms}) == [("charges", 2, "from_on", "2026-03-25", "R8")]


def test_r8_plan_changes_under_an_interval_loaded_already(hot_water, accept, refuse):
    accept(water())
    assert refuse(one("terms", f"{SECOND},2026-03-26,1,1,0,tiered")) == [
        ("terms", 2, "valid_from", "2026-03-26", "R8")
    ]


def change_of_plan(tariff_from):
    terms = one("terms", f"{SECOND},2026-04-10,1,1,0,tiered")
    return {**terms, **water(), **tariff(tariff_from, ",,1,,15", service="HW")}


def test_r8_tariff_of_the_new_plan_begins_with_it(hot_water, accept):
    accept(change_of_plan("2026-04-10"))


def test_r8_tariff_of_the_new_plan_begins_after_it(hot_water, refuse):
    assert refuse(change_of_plan("2026-04-11")) == [("charges", 2, "from_on", "2026-03-25", "R8")]


# R8: bands


@pytest.mark.parametrize(
    "bands",
    [
        [",,1,90,15", ",,2,160,20", ",,3,,25"],
        [",,3,,25", ",,1,90,15", ",,2,160,20"],
        [",,1,90,15", "0,,2,,20", "1,,2,160,20", "1,,3,,25"],
        [",,1,90,15", ",0,2,,20", ",1,2,160,20", ",1,3,,25"],
        ["0,0,1,,15", "0,1,1,,15", "1,,1,90,15", "1,0,2,,20", "1,1,2,,20"],
    ],
    ids=["all", "any-order", "stove", "privileged", "each"],
)
def test_r8_empty_stove_or_privilege_stands_for_both(accept, bands):
    accept(tariff("2026-05-01", *bands))


@pytest.mark.parametrize(
    ("bands", "told"),
    [
        ([",,2,,15"], [(2, "level", "2")]),
        ([",,1,90,15", ",,3,,20"], [(3, "level", "3")]),
        ([",,1,90,15", ",,2,160,15", ",,4,,20"], [(4, "level", "4")]),
        ([",,1,,15", ",,2,,20"], [(2, "limit_per_resident", "")]),
        ([",,1,90,15", ",,2,,20", ",,3,,25"], [(3, "limit_per_resident", "")]),
        ([",,1,90,15", ",,2,90.000,20", ",,3,,25"], [(3, "limit_per_resident", "90.000")]),
        ([",,1,90,15", ",,2,89.999,20", ",,3,,25"], [(3, "limit_per_resident", "89.999")]),
        ([",,1,90.000,15"], [(2, "limit_per_resident", "90.000")]),
        ([",,1,90,15", ",,2,160.000,20"], [(3, "limit_per_resident", "160.000")]),
        # for homes with a stove alone
        ([",,1,90,15", "0,,2,,20"], [(2, "limit_per_resident", "90")]),
        ([",,1,90,15", "0,,2,,20", "1,,3,,20"], [(4, "level", "3")]),
        (
            [",,1,90,15", "0,,2,,20", "1,,2,90.000,20", "1,,3,,20"],
            [(4, "limit_per_resident", "90.000")],
        ),
        # for privileged homes alone
        ([",0,1,,15", ",1,2,,20"], [(3, "level", "2")]),
        # two bands of a level for the same homes: the later one is told
        ([",,1,90,15", ",,2,,20", "1,,2,,21"], [(3, "limit_per_resident", ""), (4, "level", "2")]),
        ([",,1,90,15", "1,,2,,21", ",,2,,20"], [(3, "limit_per_resident", ""), (4, "level", "2")]),
    ],
)
def test_r8_bands_of_a_tariff(refuse, bands, told):
    assert refuse(tariff("2026-05-01", *bands)) == [("tariff_bands", *cell, "R8") for cell in told]


@pytest.mark.parametrize(
    ("band", "told"),
    [
        ("tiered,2025-07-15,0,,2,90.000,20", [("limit_per_resident", "90.000")]),
        ("tiered,2025-07-15,0,,3,170.000,20", [("limit_per_resident", "170.000")]),
        # what the set's band does to one that is loaded
        ("tiered,2025-07-15,0,,1,160.000,15", [("limit_per_resident", "160.000")]),
        ("tiered,2025-07-15,0,,4,,30", [("limit_per_resident", "")]),
        ("tiered,2025-07-15,0,,5,,30", [("level", "5"), ("limit_per_resident", "")]),
        # two bands of a level for the same homes: one too many, and the other not the last
        ("flat,2025-07-15,0,,1,,30", [("level", "1"), ("limit_per_resident", "")]),
        ("flat,2025-07-15,,1,1,,30", [("level", "1"), ("limit_per_resident", "")]),
        ("tiered,2025-07-15,0,1,3,,30", [("level", "3"), ("limit_per_resident", "")]),
    ],
)
def test_r8_band_beside_those_loaded_already(refuse, band, told):
    assert refuse(one("tariff_bands", f"EL,{band}")) == [
        ("tariff_bands", 2, *cell, "R8") for cell in told
    ]


def test_r8_flat_price_has_no_limit(refuse):
    bands = rows(
        COLUMNS["tariff_bands"], "EL,flat,2025-07-15,,,1,90,15", "EL,flat,2025-07-15,,,2,,20"
    )
    assert refuse({"tariff_bands": bands}) == [
        ("tariff_bands", 2, "limit_per_resident", "90", "R8")
    ]


def test_r8_bad_bands_refuse_the_whole_set(loaded, tmp_path):
    loaded |= tariff("2026-05-01", ",,2,,15")
    of(loaded, "accounts", number=FIRST)["payer"] = "Another"
    before = sets.physical_rows()
    report = sets.load(sets.write(tmp_path / "set", loaded), accept_valid=True)
    assert sets.told(report) == [("tariff_bands", 2, "level", "2", "R8")]
    assert report.refused
    assert sets.physical_rows() == before


# R9: check digits of a supplier's requisites


@pytest.mark.parametrize("value", ["991231500016", "991231500707", "991240000013"])
def test_r9_bin_with_its_check_digit(loaded, accept, value):
    accept({"suppliers": [{**loaded["suppliers"][0], "bin": value}]})


@pytest.mark.parametrize(
    "value",
    [
        "991231500017",
        "991231500010",
        "913991500016",
        "991231500706",
        "991231500770",  # no digit fits, whatever it is
        "991231500777",
    ],
)
def test_r9_bin_with_another_check_digit(loaded, refuse, value):
    assert refuse({"suppliers": [{**loaded["suppliers"][0], "bin": value}]}) == [
        ("suppliers", 2, "bin", value, "R9")
    ]


@pytest.mark.parametrize("value", ["KZ639990KZT000000001", "KZ86125KZT5004100100"])
def test_r9_iik_with_its_check_digits(loaded, accept, value):
    accept({"suppliers": [{**loaded["suppliers"][0], "iik": value}]})


@pytest.mark.parametrize(
    "value",
    [
        "KZ649990KZT000000001",
        "KZ369990KZT000000001",
        "KZ639990KZT000000010",
        "KZ639990KTZ000000001",
    ],
)
def test_r9_iik_with_other_check_digits(loaded, refuse, value):
    assert refuse({"suppliers": [{**loaded["suppliers"][0], "iik": value}]}) == [
        ("suppliers", 2, "iik", value, "R9")
    ]
