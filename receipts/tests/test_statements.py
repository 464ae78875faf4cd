import csv
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.http import content_disposition_header

from billing.models import PersonalAccount, Service
from cabinet import months
from cabinet.months import name as month_name
from receipts import pdf, statements
from receipts.tests.conftest import SAMPLE, build
from receipts.words import Words

DECEMBER, JANUARY, FEBRUARY = dt.date(2025, 12, 1), dt.date(2026, 1, 1), dt.date(2026, 2, 1)
PRICE = [("31.848214", "0.12")]


def D(text: str) -> Decimal:
    return Decimal(text)


def test_months_stand_oldest_first_with_their_figures(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    electricity = services[0]
    bill(electricity, JANUARY, "1000.00", "2500.50", "-120.00", "1000.00", prices=PRICE)
    bill(electricity, DECEMBER, "-300.00", "1300.00", "0", "0", prices=PRICE)
    made = build(billed, [electricity], DECEMBER, JANUARY)
    assert made.services[0].rows == (
        statements.StatementRow(
            DECEMBER, D("-300"), D("1300"), D("0"), D("0"), D("1000"), (D("35.67"),)
        ),
        statements.StatementRow(
            JANUARY, D("1000"), D("2500.50"), D("-120"), D("1000"), D("2380.50"), (D("35.67"),)
        ),
    )


def test_totals_are_first_opening_sums_and_last_closing(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    electricity = services[0]
    bill(electricity, DECEMBER, "-300.00", "1300.00", "0", "0", prices=PRICE)
    bill(electricity, JANUARY, "1000.00", "2500.50", "-120.00", "1000.00", prices=PRICE)
    (part,) = build(billed, [electricity], DECEMBER, JANUARY).services
    totals = (part.opening, part.accrued, part.adjusted, part.paid, part.closing)
    assert totals == (D("-300"), D("3800.50"), D("-120"), D("1000"), D("2380.50"))
    assert part.closed_on == dt.date(2026, 1, 31)


def test_both_ends_of_the_period_belong_to_it_and_nothing_beyond(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    for index in range(-1, 3):
        month = months.plus(DECEMBER, index)
        bill(services[0], month, "0", "10", "0", "10", prices=PRICE)
    made = build(billed, services, DECEMBER, JANUARY)
    assert [row.month for row in made.services[0].rows] == [DECEMBER, JANUARY]
    assert (made.first, made.last, made.last_day) == (DECEMBER, JANUARY, dt.date(2026, 1, 31))


def test_tariff_across_new_year_has_the_price_with_either_vat_rate(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    prices = [("31.848214", "0.12"), ("31.848214", "0.16")]
    bill(services[0], JANUARY, "0", "10", "0", "10", prices=prices)
    made = build(billed, services[:1], JANUARY, JANUARY)
    assert made.services[0].rows[0].tariff == (D("35.67"), D("36.94"))


def test_tariffs_rise_whatever_the_order_of_the_lines_and_stand_once(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    prices = [("25.285714", "0.12"), ("15.651786", "0.12"), ("15.651790", "0.12")]
    bill(services[0], JANUARY, "0", "10", "0", "10", prices=prices)
    made = build(billed, services[:1], JANUARY, JANUARY)
    assert made.services[0].rows[0].tariff == (D("17.53"), D("28.32"))


def test_tariff_is_rounded_half_up(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    bill(services[0], JANUARY, "0", "10", "0", "10", prices=[("10.125000", "0")])
    made = build(billed, services[:1], JANUARY, JANUARY)
    assert made.services[0].rows[0].tariff == (D("10.13"),)


def test_service_without_a_month_is_there_without_figures(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    bill(services[0], JANUARY, "0", "10", "0", "0", prices=PRICE)
    with_rows, without = build(billed, services, JANUARY, JANUARY).services
    assert (without.service, without.rows, without.closed_on) == (services[1], (), None)
    assert (without.opening, without.closing, without.balance.state) == (0, 0, "unknown")
    assert with_rows.closing == 10


def test_services_that_were_not_asked_for_are_not_there(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    for service in services:
        bill(service, JANUARY, "0", "10", "0", "0", prices=PRICE)
    made = build(billed, services[1:], JANUARY, JANUARY)
    assert [part.service.pk for part in made.services] == ["MS"]
    assert made.balance.amount == 10


def test_another_account_is_never_in_it(
    billed: PersonalAccount, services: list[Service], bill: Callable[..., None]
) -> None:
    bill(services[0], JANUARY, "0", "10", "0", "0", prices=PRICE)
    other = PersonalAccount.objects.create(
        number="000015838",
        branch=billed.branch,
        payer="Іскендірова Әлия",
        opened_on=billed.opened_on,
        owner_since=billed.owner_since,
    )
    assert build(other, services[:1], JANUARY, JANUARY).services[0].rows == ()


@pytest.mark.parametrize(
    ("electricity", "fee", "amount", "state"),
    [("10", "5", 15, "to-pay"), ("-10", "4", -6, "overpaid"), ("-10", "10", 0, "settled")],
)
def test_balance_is_that_of_all_services_together(
    billed: PersonalAccount,
    services: list[Service],
    bill: Callable[..., None],
    electricity: str,
    fee: str,
    amount: int,
    state: str,
) -> None:
    bill(services[0], JANUARY, electricity, "0", "0", "0", prices=[])
    bill(services[1], DECEMBER, fee, "0", "0", "0", prices=[])
    made = build(billed, services, DECEMBER, FEBRUARY)
    assert (made.balance.amount, made.balance.state) == (amount, state)
    assert made.closed_on == dt.date(2026, 1, 31)


def test_balance_of_an_empty_period_is_unknown(
    billed: PersonalAccount, services: list[Service]
) -> None:
    made = build(billed, services, JANUARY, JANUARY)
    assert (made.balance.state, made.closed_on) == ("unknown", None)


@pytest.mark.parametrize("count", [1, 24])
def test_queries_are_two_whatever_the_rows(
    billed: PersonalAccount,
    services: list[Service],
    bill: Callable[..., None],
    django_assert_num_queries: Any,
    count: int,
) -> None:
    last = months.plus(JANUARY, count - 1)
    for service in services:
        for index in range(count):
            bill(service, months.plus(JANUARY, index), "0", "10", "0", "10", prices=PRICE)
    Service.objects.listed()  # remembered
    with django_assert_num_queries(2):
        made = build(billed, services, JANUARY, last)
        assert [len(part.rows) for part in made.services] == [count, count]
        assert all(row.tariff for part in made.services for row in part.rows)


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_file_name_says_account_and_period(account: PersonalAccount, language: str) -> None:
    made = statements.Statement(account, dt.date(2025, 11, 1), dt.date(2026, 10, 1), ())
    with translation.override(language):
        name = statements.filename(made)
    assert name.endswith(" 000007919 2025-11 – 2026-10.pdf")
    assert re.fullmatch(r"[^/\\:*?\"<>|\r\n]+", name)
    header = content_disposition_header(False, name)
    assert header.startswith("inline; filename*=utf-8''")
    assert header.isascii()


def of_sample(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def figure(value: Decimal) -> str:
    """`−1 234,50`, with ordinary spaces."""
    text = f"{abs(value):,.2f}".translate({ord(","): " ", ord("."): ","})
    return f"−{text}" if value < 0 else text


def rows_of_sample() -> dict[str, dict[str, dict[str, tuple[str, list[Decimal]]]]]:
    """The set's own figures: account → service → month → tariff and the five amounts."""
    prices = defaultdict(set)
    for line in of_sample("charges"):
        price = Decimal(line["price"]) * (1 + Decimal(line["vat_rate"]))
        key = line["account"], line["service"], line["month"]
        prices[key].add(price.quantize(Decimal("0.01"), ROUND_HALF_UP))
    rows: dict[str, Any] = defaultdict(lambda: defaultdict(dict))
    for entry in of_sample("ledger"):
        account, service, month = entry["account"], entry["service"], entry["month"]
        amounts = [
            Decimal(entry[column])
            for column in ("opening", "accrued", "adjusted", "paid", "closing")
        ]
        tariff = " / ".join(map(figure, sorted(prices[account, service, month])))
        rows[account][service][month] = tariff, amounts
    return rows


ROWS = rows_of_sample()


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=[pytest.mark.every] if place % 3 else [])
        for place, number in enumerate(ROWS)
    ],
)
class TestSample:
    """Every figure of the sample set is on paper as the set has it, in its place: those of every
    third account, or of all.
    """

    def test_figures(self, sample: Path, number: str, pages: Callable[[bytes], list[str]]) -> None:
        language = ("kk", "ru")[int(number) % 2]
        account = PersonalAccount.objects.get(number=number)
        services = list(Service.objects.order_by("code").select_related("supplier"))
        every = sorted(set().union(*ROWS[number].values()))
        first, last = months.parse(every[0]), months.parse(every[-1])
        made = build(account, services, first, last)
        text = " ".join(
            pages(
                pdf.render(
                    "receipts/statement_pdf.html",
                    {"statement": made, "supplier": None, "wording": Words((language,))},
                    language=language,
                )
            )
        )
        place = 0
        for line in self.expected(ROWS[number], services, language):
            assert line in text[place:]
            place = text.index(line, place) + len(line)
        count = sum(len(rows) for rows in ROWS[number].values())
        assert len(re.findall(r"\d{4} (?:ж\. [а-яәіңғүұқөһ]+|г\.) \d", text)) == count

    @staticmethod
    def expected(rows: Any, services: list[Service], language: str) -> Iterator[str]:
        """The lines of the paper, in its order."""
        for service in services:
            yield service.name_kk if language == "kk" else service.name_ru
            amounts = []
            for code in sorted(rows[service.pk]):
                tariff, figures = rows[service.pk][code]
                amounts.append(figures)
                with translation.override(language):
                    label = month_name(months.parse(code))
                yield " ".join([label, tariff, *map(figure, figures)])
            accrued, adjusted, paid = (sum(row[column] for row in amounts) for column in (1, 2, 3))
            totals = amounts[0][0], accrued, adjusted, paid, amounts[-1][4]
            yield " ".join(map(figure, totals))
