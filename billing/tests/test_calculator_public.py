"""The calculator for anybody: a computation is a link, by the tariffs and VAT of its days."""

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.exchange.load import load
from billing.models import Service
from billing.tests import exchange_sets
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, select, text

URL = "/calculator/"
DOCUMENTED = {
    **{"service": "EL", "plan": "tiered", "from_on": "2021-05-30", "from_value": "8590"},
    **{"to_on": "2021-06-30", "to_value": "8799", "residents": "4", "stove": "1"},
    "privileged": "0",
}
SMALLER = "Ағымдағы көрсеткіш алдыңғысынан аз: 8_590."
DIGITS = "Цифр саны: 1–10."
IN_DIGITS = "Көрсеткішті сан түрінде енгізіңіз"


@pytest.fixture(scope="module")
def loaded_sample(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(exchange_sets.SAMPLE, by="test").loaded
        yield
        transaction.set_rollback(True)


@pytest.fixture
def sample(loaded_sample, db, monkeypatch):
    """The sample set, on a day that stands still."""
    people.at(dt.date(2026, 11, 25), monkeypatch)


def see(client, **query):
    return Page(client.get(URL, query))


def total(page):
    return [text(each) for each in page.all("p.sum-figure")]


def test_the_documented_link(client, sample):
    page = Page(client.get(f"{URL}?{urlencode(DOCUMENTED)}"))
    assert page.status == 200
    assert total(page) == ["3_663,77_₸"]
    assert page.tables[0][1] == [
        *("1‑деңгей", "31", "467,541", "209", "15,651786", "12_%", "3_663,77"),
    ]
    assert page.values == {**DOCUMENTED, "digits": "", "ratio": ""}


@pytest.mark.parametrize(
    ("change", "sum"),
    [
        ({"plan": "flat"}, "4_723,73_₸"),  # 209 × 20.18 and 12 %
        # 91.475 × 15.651786 + 71.148 × 20.232143 + 46.377 × 25.285714, each with 12 %
        ({"stove": "0", "residents": "1"}, "4_529,17_₸"),
        ({"ratio": "20", "to_value": "8600"}, "3_506,00_₸"),
        ({"digits": "4", "from_value": "9995", "to_value": "5", "passed": "1"}, "175,30_₸"),
    ],
)
def test_other_links(client, sample, change, sum):
    assert total(see(client, **DOCUMENTED | change)) == [sum]


def test_the_rest_of_a_home_with_a_privilege(client, sample):
    """115 units instead of 90 for one who lives alone."""
    page = see(client, **DOCUMENTED | {"stove": "0", "privileged": "1", "residents": "1"})
    assert [row[2] for row in page.tables[0][1:3]] == ["116,885", "162,623"]


def test_vat_of_both_years(client, sample):
    dates = {"from_on": "2025-12-22", "to_on": "2026-01-11"}
    page = see(client, **DOCUMENTED | dates)
    assert [(row[1], row[5]) for row in page.tables[0][1:3]] == [("10", "12_%"), ("10", "16_%")]


def test_both_plans_side_by_side(client, sample):
    assert see(client, **DOCUMENTED).facts == [
        [
            ("орташа босату тарифі", "4_723,73_₸"),
            ("сараланған тариф жоғарыда есептелген", "3_663,77_₸"),
        ]
    ]


def test_an_empty_form(client, sample):
    page = see(client)
    assert page.status == 200
    assert page.heading == "Есептік калькулятор"
    assert page.values["plan"] == "tiered"
    assert page.values["from_value"] == ""
    assert page.summary == []
    assert total(page) == []


def test_only_metered_services(client, sample):
    page = see(client)
    (field,) = (each for each in page.all("select") if each.get("name") == "service")
    assert [text(each) for each in select(field, "option")] == ["Электр энергиясы"]
    page = see(client, **DOCUMENTED | {"service": "MS"})
    assert page.status == 400
    assert list(page.beside) == ["service"]


WRONG = [
    *[({name: ""}, {name: IN_DIGITS}) for name in ("from_value", "to_value")],
    ({"from_value": "-1"}, {"from_value": IN_DIGITS}),
    ({"to_value": "8500"}, {"to_value": SMALLER}),
    ({"to_value": "8500", "digits": "4"}, {"to_value": SMALLER}),
    ({"to_value": "8500", "passed": "1"}, {"to_value": SMALLER}),
    ({"digits": "3"}, {"from_value": "Есептегіште үтірге дейінгі цифрлар саны: 3."}),
    ({"digits": "0"}, {"digits": DIGITS}),
    ({"digits": "11"}, {"digits": DIGITS}),
    ({"digits": "4.5"}, {"digits": DIGITS}),
    ({"ratio": "0"}, {"ratio": "Коэффициентті цифрмен жазыңыз: 1 немесе 20."}),
    ({"ratio": "x"}, {"ratio": "Коэффициентті цифрмен жазыңыз: 1 немесе 20."}),
    ({"to_on": "2026-11-26"}, {"to_on": "Бұл күн әлі келген жоқ."}),
    (
        {"to_on": "2021-05-30"},
        {"to_on": "Алдыңғы көрсеткіштен кейінгі күнді таңдаңыз: 30.05.2021."},
    ),
    ({"to_on": "2031-05-30"}, {"to_on": "Бұл күн әлі келген жоқ."}),
    ({"from_on": "2026-11-26"}, {"from_on": "Бұл күн әлі келген жоқ."}),
    (
        {"from_on": "2016-01-01", "to_on": "2026-02-01"},
        {"to_on": "Он жылдан аспайтын кезеңді таңдаңыз."},
    ),
    ({"residents": "-1"}, {"residents": "Тұратындардың рұқсат етілген саны: 1 – 99."}),
    ({"residents": "0"}, {"residents": "Тұратындардың рұқсат етілген саны: 1 – 99."}),
    (
        {"from_on": "2020-12-31"},
        {"plan": "Бұл тариф түрінің осы күндердің бәріне бірдей бағасы жоқ."},
    ),
]


@pytest.mark.parametrize(("change", "beside"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_stands_beside_its_field(client, sample, change, beside):
    page = see(client, **DOCUMENTED | change)
    assert page.status == 400
    assert page.beside == beside
    assert total(page) == []


def test_passing_over_zero_is_offered_when_the_digits_make_it_plausible(client, sample):
    page = see(client, **DOCUMENTED | {"digits": "4", "from_value": "9995", "to_value": "5"})
    assert page.status == 400
    assert "passed" in page.values
    page = see(client, **DOCUMENTED | {"from_value": "9995", "to_value": "5"})
    assert "passed" not in page.values


def test_before_anything_is_loaded(client, nothing_loaded):
    page = see(client)
    assert page.status == 200
    assert "Тарифтер әлі жүктелген жоқ." in page.content
    assert see(client, **DOCUMENTED).status == 400
    assert not Service.objects.exists()


def test_it_says_nothing_of_anybody(client, sample):
    """Nobody has signed in, and nothing of a home is in the link or on the page."""
    page = see(client, **DOCUMENTED)
    assert page.all("nav.menu-beside") == []
    assert asks.queries(client, f"{URL}?{urlencode(DOCUMENTED)}") == 0


values = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**12), 10**12).map(str),
    st.dates().map(str),
    st.sampled_from(["", "0", "1", "tiered", "flat", "EL", "2026-11-01", "9999999999", "\0"]),
)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.dictionaries(st.sampled_from([*DOCUMENTED, "digits", "ratio", "passed"]), values))
def test_whatever_is_asked_is_answered(client, sample, change):
    response = client.get(URL, DOCUMENTED | change)
    assert response.status_code in (200, 400)
    assert (response.status_code == 200) == bool(total(Page(response)))


@pytest.mark.parametrize(
    ("query", "status"),
    [("plan=flat&plan=tiered", 200), ("plan=tiered&plan=", 200), ("to_value=1&to_value=x", 400)],
)
def test_of_what_is_asked_twice_the_last_counts(client, sample, query, status):
    assert client.get(f"{URL}?{urlencode(DOCUMENTED)}&{query}").status_code == status


def test_numbers_are_bounded(client, sample):
    largest = {"from_value": "0", "to_value": "9999999999,999", "ratio": "9999999999,999"}
    page = see(client, **DOCUMENTED | largest)
    assert page.status == 200
    assert len(total(page)[0]) > 30
