"""Every figure of the two sets of data, read here by other means, stands on the pages."""

import csv
import datetime as dt
import itertools
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from accounts.tests.factories import UserFactory
from billing.exchange.load import load
from billing.models import Holding, PersonalAccount
from cabinet.tests import people
from cabinet.tests.pages import Page, select, text

TODAY = dt.date(2026, 11, 23)
SETS = {"sample": "billing/sample", "hard": "billing/tests/hard"}
MONTHS = [
    *("қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым"),
    *("шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"),
]
YES_NO = {"0": "жоқ", "1": "иә"}
COLUMNS = ("opening", "accrued", "adjusted", "paid", "closing")
Row = dict[str, str]


def money(value: Decimal) -> str:
    """`−1_234,50`"""
    digits = f"{abs(value):,.2f}".replace(",", "_").replace(".", ",")
    return f"−{digits}" if value < 0 else digits


def month(code: str) -> str:
    year, number = code.split("-")
    return f"{year} ж. {MONTHS[int(number) - 1]}"


def day(code: str) -> str:
    return ".".join(reversed(code.split("-")))


def quantity(value: str) -> str:
    whole, _point, rest = f"{Decimal(value):,f}".replace(",", "_").partition(".")
    rest = rest.rstrip("0")
    return f"{whole},{rest}" if rest else whole


@dataclass
class Loaded:
    """A set's files as the csv module reads them, and the client of one who holds it all."""

    files: dict[str, list[Row]]
    client: Any

    def of(self, file: str, number: str) -> list[Row]:
        return self.by_account[file][number]

    def __post_init__(self) -> None:
        self.by_account: dict[str, dict[str, list[Row]]] = {}
        for name, rows in self.files.items():
            grouped = self.by_account[name] = defaultdict(list)
            for row in rows:
                grouped[row.get("account", row.get("number", ""))].append(row)
        self.numbers = [row["number"] for row in self.files["accounts"]]
        self.names = {
            row["code"]: row["name_kk"] for row in self.files["services"] + self.files["banks"]
        }
        self.services = [
            row["code"]
            for row in sorted(
                self.files["services"], key=lambda row: (-int(row["metered"]), row["code"])
            )
        ]

    def see(self, path: str) -> Page:
        response = self.client.get(path)
        assert response.status_code == 200, path
        return Page(response)

    def billed(self, number: str) -> list[tuple[str, list[Row]]]:
        """The services with closed months, and those months, oldest first."""
        rows = sorted(self.of("ledger", number), key=lambda row: row["month"])
        found = [(code, [row for row in rows if row["service"] == code]) for code in self.services]
        return [(code, rows) for code, rows in found if rows]

    def is_waiting(self, payment: Row) -> bool:
        key = payment["service"], payment["month"]
        return key not in {
            (row["service"], row["month"]) for row in self.of("ledger", payment["account"])
        }

    def balance(self, number: str) -> Decimal | None:
        closings = [Decimal(rows[-1]["closing"]) for _code, rows in self.billed(number)]
        waiting = [
            Decimal(row["amount"]) for row in self.of("payments", number) if self.is_waiting(row)
        ]
        return sum(closings) - sum(waiting) if closings or waiting else None


def read(folder: Path) -> dict[str, list[Row]]:
    files = {}
    for path in folder.glob("*.csv"):
        with open(path, encoding="utf-8-sig", newline="") as file:
            files[path.stem] = list(csv.DictReader(file))
    return files


@pytest.fixture(scope="module", params=SETS)
def loaded(request, django_db_setup, django_db_blocker):
    folder = Path(settings.BASE_DIR, SETS[request.param])
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        pytest.MonkeyPatch.context() as patch,
    ):
        people.at(TODAY, patch)
        assert load(folder, by="test").loaded
        user = UserFactory()
        Holding.objects.bulk_create(
            Holding(user=user, account=account) for account in PersonalAccount.objects.all()
        )
        yield read(folder), user
        transaction.set_rollback(True)


@pytest.fixture
def data(loaded, client, db):
    files, user = loaded
    client.force_login(user)
    return Loaded(files, client)


def period(rows: list[Row]) -> str:
    months = [row["month"] for row in rows]
    return f"from={min(months)}&to={max(months)}"


def total(rows: list[Row], column: str) -> Decimal:
    if column == "opening":
        return Decimal(rows[0][column])
    if column == "closing":
        return Decimal(rows[-1][column])
    return sum((Decimal(row[column]) for row in rows), Decimal(0))


def figures(row: Row) -> list[str]:
    return [money(Decimal(row[column])) for column in COLUMNS]


def test_services(data):
    for number in data.numbers:
        rows = data.of("ledger", number)
        page = data.see(f"/accounts/{number}/services/" + (f"?{period(rows)}" if rows else ""))
        wanted = [
            [
                *([month(row["month"]), *figures(row)] for row in reversed(own)),
                ["Барлығы", *(money(total(own, column)) for column in COLUMNS)],
            ]
            for _code, own in data.billed(number)
        ]
        assert [table[1:] for table in page.tables] == wanted, number


def tariff(charges: list[Row]) -> str:
    prices = {
        (Decimal(row["price"]) * (1 + Decimal(row["vat_rate"]))).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
        for row in charges
    }
    return " / ".join(map(money, sorted(prices)))


def test_statement(data):
    for number in data.numbers:
        rows = data.of("ledger", number)
        charges = defaultdict(list)
        for row in data.of("charges", number):
            charges[row["service"], row["month"]].append(row)
        query = f"?{period(rows)}" if rows else ""
        page = data.see(f"/accounts/{number}/services/statement/{query}")
        wanted = [
            [
                *(
                    [month(row["month"]), tariff(charges[code, row["month"]]), *figures(row)]
                    for row in own
                ),
                ["Барлығы", "", *(money(total(own, column)) for column in COLUMNS)],
            ]
            for code, own in data.billed(number)
        ]
        assert [table[1:] for table in page.tables] == wanted, number


def told(data: Loaded, payment: Row) -> str:
    """The service, and what else is said of a payment."""
    parts = [data.names[payment["service"]]]
    if Decimal(payment["amount"]) < 0:
        parts.append("Төлем қайтарылды")
    if data.is_waiting(payment):
        parts.append(f"Түсті; түбіртекте көрсетіледі: {month(payment['month'])}")
    return " ".join(parts)


def test_payments(data):
    for number in data.numbers:
        rows = sorted(
            data.of("payments", number), key=lambda row: (row["bank"], row["service"], row["id"])
        )
        rows.sort(key=lambda row: row["paid_on"], reverse=True)
        wanted = []
        for _key, group in itertools.groupby(rows, lambda row: (row["paid_on"], row["bank"])):
            first, *others = group
            wanted.append(
                [
                    day(first["paid_on"]),
                    told(data, first),
                    money(Decimal(first["amount"])),
                    data.names[first["bank"]],
                ]
            )
            wanted += [[told(data, row), money(Decimal(row["amount"]))] for row in others]
            if others:
                together = sum(Decimal(row["amount"]) for row in (first, *others))
                wanted.append(["Барлығы бірге", money(together)])
        query = ""
        if rows:
            wanted.append(["Барлығы", money(sum(Decimal(row["amount"]) for row in rows)), ""])
            query = f"?from={rows[-1]['paid_on']}&to={rows[0]['paid_on']}"
        page = data.see(f"/accounts/{number}/payments/{query}")
        assert [row for table in page.tables for row in table[1:]] == wanted, number


def meter_facts(data: Loaded, meter: Row) -> list[tuple[str, str]]:
    readings = [
        (row["taken_on"], Decimal(row["value"]), row["value"])
        for row in data.of("readings", meter["account"])
        if row["serial"] == meter["serial"]
    ]
    facts = [("Орнатылған күні", day(meter["installed_on"]))]
    if meter["removed_on"]:
        facts.append(("Есептегіштерді ауыстыру күні", day(meter["removed_on"])))
    elif meter["next_verification_on"]:
        facts.append(("Келесі салыстырып тексеру", day(meter["next_verification_on"])))
    if readings:
        taken_on, _value, written = max(readings)
        facts.append(("Соңғы көрсеткіш", f"{quantity(written)} {day(taken_on)}"))
    return facts


def test_account(data):
    plans = {"flat": "орташа босату тарифі", "tiered": "сараланған тариф"}
    for account in data.files["accounts"]:
        number = account["number"]
        facts = [
            ("Дербес шот нөмірі", number),
            ("Төлеуші", account["payer"]),
            ("Мекенжайы", account["address_kk"]),
        ]
        if account["owner_since"] > account["opened_on"]:
            facts.insert(2, ("Қазіргі төлеуші қай күннен", day(account["owner_since"])))
        terms = [row for row in data.of("terms", number) if row["valid_from"] <= TODAY.isoformat()]
        if terms:
            latest = max(terms, key=lambda row: row["valid_from"])
            facts += [
                ("Тұрақты тұратындардың саны", latest["residents"]),
                ("Тариф түрі", plans[latest["plan"]]),
                ("Электр плитасы", YES_NO[latest["electric_stove"]]),
                ("Жалғыз басты тұрғын", YES_NO[latest["privileged"]]),
            ]
        meters = sorted(
            data.of("meters", number),
            key=lambda row: (not row["removed_on"], row["removed_on"], row["installed_on"]),
            reverse=True,
        )
        page = data.see(f"/accounts/{number}/")
        assert page.facts == [facts, *(meter_facts(data, meter) for meter in meters)], number
        assert [text(each) for each in page.all("h3")] == [
            f"№ {meter['serial']} {meter['model']}".strip() for meter in meters
        ]


def in_words(balance: Decimal | None) -> str:
    if balance is None:
        return "әзірге дерек жоқ"
    if not balance:
        return "төлейтін ештеңе жоқ"
    return f"{'төлеуге' if balance > 0 else 'артық төлем'} {money(abs(balance))}_₸"


def test_balances(data):
    listed = {
        text(select(item, "span.accounts-number")[0]): text(
            select(item, "span.accounts-balance")[0]
        )
        for item in data.see("/accounts/").find("ul.accounts")
    }
    assert listed == {number: in_words(data.balance(number)) for number in data.numbers}


def test_receipts(data):
    for number in data.numbers:
        issued = sorted(data.of("receipts", number), key=lambda row: row["month"], reverse=True)
        query = f"?{period(issued)}" if issued else ""
        page = data.see(f"/accounts/{number}/receipts/{query}")
        wanted = [
            [
                f"{month(row['month'])} № {row['number']}",
                day(row["issued_on"]),
                day(row["due_on"]),
                money(Decimal(row["amount_due"])),
                whether_paid(data, row),
                *("Қарау", "Қарау екі жағы"),
            ]
            for row in issued
        ]
        assert [row for table in page.tables for row in table[1:]] == wanted, number


def whether_paid(data: Loaded, receipt: Row) -> str:
    """By what was booked to later months than the receipt's."""
    due = Decimal(receipt["amount_due"])
    later = sum(
        Decimal(row["amount"])
        for row in data.of("payments", receipt["account"])
        if row["month"] > receipt["month"]
    )
    if due <= 0:
        return "Төлейтін ештеңе жоқ"
    if later >= due:
        return "✓ Төленген"
    return f"Қалғаны: {money(due - later)}_₸" if later > 0 else "Төленбеген"


def unusual(data: Loaded, number: str) -> list[str]:
    """Months that are more than one line and one payment a service, and the latest one."""
    keys = defaultdict(int)
    for name in ("charges", "payments"):
        for row in data.of(name, number):
            keys[name, row["service"], row["month"]] += 1
    months = {month for (_name, _service, month), count in keys.items() if count > 1}
    months |= {row["month"] for row in data.of("adjustments", number)}
    return sorted(months | {row["month"] for row in data.of("ledger", number)[-1:]})


ONE_PRICE = {Decimal(each) for each in ("20.18", "27.59", "31.848214")}  # of the flat plan


def line_cells(row: Row, *, limited: bool) -> list[str]:
    rate = f"{quantity(str(Decimal(row['vat_rate']) * 100))}_%"
    return [
        "Бірыңғай баға" if Decimal(row["price"]) in ONE_PRICE else f"{row['level']}‑деңгей",
        row["days"],
        *([quantity(row["limit"]) if row["limit"] else ""] if limited else []),
        quantity(row["quantity"]),
        price(row["price"]),
        rate,
        money(Decimal(row["amount"])),
    ]


def price(value: str) -> str:
    whole, _point, rest = f"{Decimal(value):,f}".replace(",", "_").partition(".")
    return f"{whole},{rest.rstrip('0').ljust(2, '0')}"


def metered_tables(rows: list[Row]) -> list[list[list[str]]]:
    """The tables of lines, one for each pair of readings."""
    tables = []
    between = ("service", "serial", "from_on", "from_value", "to_on", "to_value")
    for _key, group in itertools.groupby(rows, lambda row: [row[name] for name in between]):
        lines = list(group)
        limited = any(row["limit"] for row in lines)
        cells = [line_cells(row, limited=limited) for row in lines]
        if len(lines) > 1:
            days = dt.date.fromisoformat(lines[0]["to_on"]) - dt.date.fromisoformat(
                lines[0]["from_on"]
            )
            used = quantity(str(sum(Decimal(row["quantity"]) for row in lines)))
            amount = money(sum(Decimal(row["amount"]) for row in lines))
            blank = [""] if limited else []
            cells.append(["Барлығы", str(days.days), *blank, used, "", "", amount])
        tables.append(cells)
    return tables


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.every)])
def test_how_months_were_made_up(data, step):
    """Of every eighth account, or of all."""
    for number in data.numbers[::step]:
        for code in unusual(data, number):
            page = data.see(f"/accounts/{number}/services/{code}/")
            ledger, charges, adjustments, payments = (
                sorted(
                    (row for row in data.of(name, number) if row["month"] == code),
                    key=lambda row: (data.services.index(row["service"]), *order(row)),
                )
                for name, order in (
                    ("ledger", lambda row: ()),
                    ("charges", lambda row: (int(row["line"]),)),
                    ("adjustments", lambda row: (int(row["line"]),)),
                    ("payments", lambda row: (row["paid_on"],)),
                )
            )
            causes = [dl for why in page.all("section.why") for dl in select(why, "dl")]
            sums = [
                [value for _name, value in facts]
                for dl, facts in zip(page.all("dl"), page.facts, strict=True)
                if dl not in causes
            ]
            assert sums[0] == figures(ledger[0]), (number, code)
            shown = sorted(value for facts in sums for value in facts)
            wanted = [figure for row in ledger for figure in figures(row)]
            parts = [*(row for row in charges if not row["serial"]), *adjustments, *payments]
            wanted += [money(Decimal(row["amount"])) for row in parts]
            for service in data.services:
                paid = [Decimal(row["amount"]) for row in payments if row["service"] == service]
                wanted += [money(sum(paid))] if len(paid) > 1 else []
            assert shown == sorted(wanted), (number, code)
            metered = [row for row in charges if row["serial"]]
            assert [table[1:] for table in page.tables] == metered_tables(metered), (number, code)
