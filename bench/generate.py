"""Writes an invented exchange set of any size; the same arguments give the same bytes.

    python -m bench.generate FOLDER --accounts N --months M [--first-month 2024-09] [--seed 1]
                             [--from-month K] [--to-month K] [--only-last]

The reference files are those of the sample. Memory does not grow with the accounts.
"""

import argparse
import csv
import datetime as dt
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from bench.homes import (
    ELECTRICITY,
    MAINTENANCE,
    NEVER,
    Close,
    Home,
    Level,
    Meter,
    Part,
    Payment,
    Reading,
    Terms,
    first_day,
)
from bench.names import address, payer

REFERENCE = Path(__file__).resolve().parent.parent / "billing" / "sample"
SHARED = ("suppliers", "services", "branches", "banks", "vat", "tariffs", "tariff_bands")
COLUMNS = {
    "accounts": "number,branch,payer,address_kk,address_ru,opened_on,owner_since,closed_on",
    "terms": "account,valid_from,residents,electric_stove,privileged,plan",
    "meters": "account,serial,service,model,digits,ratio,installed_on,removed_on,verified_on,"
    "next_verification_on",
    "readings": "account,serial,taken_on,source,value",
    "ledger": "account,service,month,opening,accrued,adjusted,paid,closing",
    "charges": "account,service,month,line,serial,from_on,from_value,to_on,to_value,days,"
    "quantity,level,limit,price,vat_rate,amount",
    "adjustments": "account,service,month,line,reason_kk,reason_ru,quantity,amount",
    "payments": "account,id,service,paid_on,month,amount,bank",
    "receipts": "account,month,number,issued_on,due_on,amount_due",
}
SUMMED = ("ledger", "charges", "adjustments", "payments", "receipts")
BATCH = 5_000  # rows that a file gathers before it writes them

MOST_ACCOUNTS, MOST_MONTHS = 1_000_000, 60
LAST_MONTH = 2026 * 12 + 9  # October 2026
EARLIEST = 2021 * 12 + 1  # the month after the sample's first tariffs

MODELS = {4: "СО-И446", 5: "Дала 105", 6: "Меркурий 201"}
REASONS = {
    "corrected": "Көрсеткіш түзетілді,Исправлено показание",
    "recalculated": "Тексеруден кейін қайта есептелді,Перерасчёт после поверки",
    "decision": '"Комиссия шешімі, ""б"" тармақшасы","Решение комиссии, подпункт ""б"""',
    "outage": "Қызмет көрсетілмегені үшін,За время без обслуживания",
}


class PriceList:
    """The reference folder's tariffs and VAT rates, laid over intervals."""

    def __init__(self, folder: Path) -> None:
        self._vat = {_day(row["valid_from"]): row["rate"] for row in _rows(folder / "vat.csv")}
        self._bands = _rows(folder / "tariff_bands.csv")
        self._tariffs: dict[tuple[str, str], dict[int, bool]] = {}
        for row in _rows(folder / "tariffs.csv"):
            dates = self._tariffs.setdefault((row["service"], row["plan"]), {})
            dates[_day(row["valid_from"])] = row["vat_included"] == "1"
        self._cached: Callable[..., tuple[Part, ...]] = cache(self._parts)

    def prices(self, service: str, terms: Terms, start: int, end: int) -> tuple[Part, ...]:
        """The parts of [start, end) under these terms."""
        _since, _residents, stove, privileged, plan = terms
        return self._cached(service, plan, stove, privileged, start, end)

    def _parts(
        self, service: str, plan: str, stove: int, privileged: int, start: int, end: int
    ) -> tuple[Part, ...]:
        tariffs = self._tariffs[service, plan]
        changes = {day for day in (*tariffs, *self._vat) if start < day < end}
        starts = [start, *sorted(changes)]
        parts = []
        for begins, ends in zip(starts, [*starts[1:], end], strict=True):
            vat_rate = self._vat[max(day for day in self._vat if day <= begins)]
            tariff = max(day for day in tariffs if day <= begins)
            levels = [
                _level(band, vat_rate, tariffs[tariff])
                for band in self._bands
                if (band["service"], band["plan"], _day(band["valid_from"]))
                == (service, plan, tariff)
                and band["electric_stove"] in ("", str(stove))
                and band["privileged"] in ("", str(privileged))
            ]
            parts.append(Part(ends - begins, vat_rate, tuple(levels)))
        return tuple(parts)


def _level(band: dict[str, str], vat_rate: str, vat_included: bool) -> Level:
    limit, price = band["limit_per_resident"], _whole(band["price"], 6)
    with_vat = 10_000 + _whole(vat_rate, 4)
    bare = (20_000 * price + with_vat) // (2 * with_vat) if vat_included else price
    factor = price * (10_000 if vat_included else with_vat)
    printed = f"{bare // 1_000_000}.{bare % 1_000_000:06d}"
    return Level(_whole(limit, 3) if limit else None, printed, factor)


def _whole(text: str, places: int) -> int:
    """A decimal's digits as a whole number of its last place."""
    before, _point, after = text.partition(".")
    return int(before + after.ljust(places, "0"))


def _day(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class File:
    """One file of the set, written in batches, with its control total."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        path = folder / f"{name}.csv"
        self._stream = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
        self._pending = [COLUMNS[name] + "\n"]
        self.rows = self.total = 0

    def add(self, row: str, amount: int = 0) -> None:
        self._pending.append(row)
        self.rows += 1
        self.total += amount
        if len(self._pending) >= BATCH:
            self.flush()

    def flush(self) -> None:
        self._stream.write("".join(self._pending))
        self._pending.clear()


class Account:
    """Writes one account's rows."""

    def __init__(self, files: dict[str, File], ordinal: int, seed: int, home: Home) -> None:
        self._files = files
        self._ordinal, self._seed = ordinal, seed
        self._number = account_number(ordinal)
        self._home = home

    def month(self, month: int, close: Close) -> None:
        """A month's close."""
        self.readings(close.readings)
        self._charges(month, close)
        self._adjustments(month, close)
        self.payments(month, close.payments, NEVER)
        start = f"{self._number},"
        text = month_text(month)
        due = 0
        for service, opening, accrued, adjusted, paid, closing in close.balances:
            due += closing
            row = (
                f"{start}{service},{text},{money(opening)},{money(accrued)},"
                f"{money(adjusted)},{money(paid)},{money(closing)}\n"
            )
            self._files["ledger"].add(row, closing)
        if close.balances:
            number = receipt_number(self._ordinal, month, self._seed)
            issued, until = receipt_days(month)
            row = f"{start}{text},{number},{issued},{until},{money(due)}\n"
            self._files["receipts"].add(row, due)

    def readings(self, readings: list[Reading]) -> None:
        for serial, taken_on, source, value in readings:
            row = f"{self._number},{serial},{day_text(taken_on)},{source},{dial(value)}\n"
            self._files["readings"].add(row)

    def payments(self, month: int, payments: list[Payment], before: int) -> None:
        """Payments booked to the month and made before that day, numbered among all of them."""
        text = month_text(month)
        start = f"{self._number},{text[:4]}{text[5:]}{self._ordinal:07d}"
        for place, (service, paid_on, amount, bank) in enumerate(payments, 1):
            if paid_on < before:
                paid = f"{day_text(paid_on)},{text},{money(amount)}"
                row = f"{start}{place:02d},{service},{paid},{bank}\n"
                self._files["payments"].add(row, amount)

    def _charges(self, month: int, close: Close) -> None:
        add = self._files["charges"].add
        start, text = f"{self._number},", month_text(month)
        place = 0
        for serial, from_on, from_value, to_on, to_value, lines in close.intervals:
            interval = (
                f"{serial},{day_text(from_on)},{dial(from_value)},"
                f"{day_text(to_on)},{dial(to_value)}"
            )
            for days, quantity, level, limit, price, vat_rate, amount in lines:
                place += 1
                shown = "" if limit is None else thousandths(limit)
                row = (
                    f"{start}{ELECTRICITY},{text},{place},{interval},{days},"
                    f"{thousandths(quantity)},{level},{shown},{price},{vat_rate},{money(amount)}\n"
                )
                add(row, amount)
        for line in close.maintenance:
            row = (
                f"{start}{MAINTENANCE},{text},1,,,,,,,1,,,"
                f"{line.price},{line.vat_rate},{money(line.amount)}\n"
            )
            add(row, line.amount)

    def _adjustments(self, month: int, close: Close) -> None:
        places = {ELECTRICITY: 0, MAINTENANCE: 0}
        for service, reason, quantity, amount in close.adjustments:
            places[service] += 1
            shown = "" if quantity is None else thousandths(quantity)
            row = (
                f"{self._number},{service},{month_text(month)},{places[service]},"
                f"{REASONS[reason]},{shown},{money(amount)}\n"
            )
            self._files["adjustments"].add(row, amount)

    def standing(self, since: int) -> None:
        """The account, its terms and meters, as far as they have changed since that day."""
        home = self._home
        if max(home.opened_on, home.owner_since, home.closed_on or 0, home.readdressed_on) >= since:
            in_kazakh, in_russian = address(home.address)
            row = (
                f"{self._number},{home.branch},{payer(home.payer)},{quoted(in_kazakh)},"
                f"{quoted(in_russian)},{day_text(home.opened_on)},{day_text(home.owner_since)},"
                f"{day_text(home.closed_on)}\n"
            )
            self._files["accounts"].add(row)
        for valid_from, residents, stove, privileged, plan in home.terms:
            if valid_from >= since:
                start = f"{self._number},{day_text(valid_from)}"
                self._files["terms"].add(f"{start},{residents},{stove},{privileged},{plan}\n")
        for meter in home.meters:
            if max(meter.installed_on, meter.removed_on or 0) >= since:
                self._files["meters"].add(self._meter(meter))

    def _meter(self, meter: Meter) -> str:
        installed = day_text(meter.installed_on)
        next_verification = f"{int(installed[:4]) + 16}{installed[4:]}"
        return (
            f"{self._number},{meter.serial},{ELECTRICITY},{MODELS[meter.digits]},{meter.digits},"
            f"{meter.ratio},{installed},{day_text(meter.removed_on)},{installed},"
            f"{next_verification}\n"
        )


def account_number(ordinal: int) -> str:
    """Nine digits; here and there twenty, or those of the account before with one more zero."""
    if ordinal % 311 == 7:
        return "0" + account_number(ordinal - 1)
    width = 20 if ordinal % 311 == 100 else 9
    return str((ordinal + 1) * 7919 % 10**9).zfill(width)


def receipt_number(ordinal: int, month: int, seed: int) -> str:
    """Fourteen digits, another for each pair: every step can be undone, none shows the account."""
    mask = (1 << 46) - 1
    number = (ordinal * 1024 + month % 1024) ^ (seed * 0x9E3779B97F4B & mask)
    for factor in (0x2C9277B5A4C5, 0x1B873593CC9F, 0x38B34AE5A1E3):
        number ^= number >> 21
        number = number * factor & mask
    number ^= number >> 23
    return str(10**13 + number)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def money(tiyn: int) -> str:
    if tiyn < 0:
        return "-" + money(-tiyn)
    return f"{tiyn // 100}.{tiyn % 100:02d}"


def thousandths(number: int) -> str:
    if number < 0:
        return "-" + thousandths(-number)
    return f"{number // 1000}.{number % 1000:03d}"


def dial(value: int) -> str:
    """A reading as the meter shows it."""
    return thousandths(value) if value % 1000 else str(value // 1000)


@cache
def day_text(day: int | None) -> str:
    return dt.date.fromordinal(day).isoformat() if day else ""


@cache
def month_text(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"


@cache
def receipt_days(month: int) -> tuple[str, str]:
    """When the month's receipt is issued and until when it is to be paid."""
    following = first_day(month + 1)
    return day_text(following + 4), day_text(following + 24)


def month_of(text: str) -> int:
    """The month `YYYY-MM`; ValueError for anything else."""
    day = dt.date.fromisoformat(f"{text}-01")
    return day.year * 12 + day.month - 1


class Span:
    """A set in the making: the closes from one month of a history to another.

    From the first month on it is the whole history with the reference files; from a later one,
    what billing sends after the months before: the closes and what has changed in them.
    """

    def __init__(self, folder: Path, first: int, months: range, stack: ExitStack) -> None:
        self.begin, self.last = first + months.start - 1, first + months.stop - 2
        self._since = 0 if months.start == 1 else first_day(self.begin)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHARED:
            (folder / f"{name}.csv").unlink(missing_ok=True)
        self._files = {name: File(folder, name, stack) for name in COLUMNS}

    def take(self, month: int, home: Home, close: Close, ordinal: int, seed: int) -> None:
        """A month's close, and what goes with the first and with the last of them."""
        if not self.begin <= month <= self.last:
            return
        account = Account(self._files, ordinal, seed, home)
        new = self._since == 0 or home.opens >= self.begin
        if month == self.begin and new and home.opens <= self.last:
            account.readings(home.first_readings)
        account.month(month, close)
        if month == self.last and home.opens <= self.last:
            account.standing(self._since)
            account.payments(month + 1, home.coming, first_day(month + 1) + 12)

    def finish(self) -> dict[str, int]:
        """Writes what is left, the reference files and the control totals; rows by file."""
        for file in self._files.values():
            file.flush()
        return _finish(self._folder, self._files, with_reference=self._since == 0)


def generate(
    spans: dict[Path, range],
    accounts: int,
    months: int,
    *,
    first_month: str | None = None,
    seed: int = 1,
) -> dict[Path, dict[str, int]]:
    """Writes sets of a history of so many months, each the closes of a range of them (from 1);
    their rows by file.

    By default the history ends with October 2026; the same first month, the same accounts.
    """
    first = month_of(first_month) if first_month else LAST_MONTH + 1 - months
    good = all(1 <= span.start < span.stop <= months + 1 for span in spans.values())
    if not (good and 0 < accounts <= MOST_ACCOUNTS and months <= MOST_MONTHS):
        raise ValueError(f"At most {MOST_ACCOUNTS} accounts, {MOST_MONTHS} months in their order.")
    if first < EARLIEST or seed < 0:
        raise ValueError(f"The first month is {month_text(EARLIEST)} or later, the seed 0 or more.")
    prices = PriceList(REFERENCE).prices
    with ExitStack() as stack:
        sets = [Span(folder, first, span, stack) for folder, span in spans.items()]
        last = max(each.last for each in sets)
        for ordinal in range(accounts):
            home = Home(ordinal, seed, first, prices)
            for month in range(first, last + 1):
                close = home.close(month)
                for each in sets:
                    each.take(month, home, close, ordinal, seed)
        return {folder: each.finish() for folder, each in zip(spans, sets, strict=True)}


def _finish(folder: Path, files: dict[str, File], *, with_reference: bool) -> dict[str, int]:
    """Adds the reference files and the control totals; drops files that stayed empty."""
    rows = {}
    with (folder / "totals.csv").open("w", encoding="utf-8", newline="") as totals:
        totals.write("file,rows,sum\n")
        for name in SHARED if with_reference else ():
            shutil.copyfile(REFERENCE / f"{name}.csv", folder / f"{name}.csv")
            rows[name] = len(_rows(folder / f"{name}.csv"))
            totals.write(f"{name},{rows[name]},\n")
        for name, file in files.items():
            if not file.rows:
                (folder / f"{name}.csv").unlink()
                continue
            rows[name] = file.rows
            total = money(file.total) if name in SUMMED else ""
            totals.write(f"{name},{file.rows},{total}\n")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.generate")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--months", type=int, required=True)
    parser.add_argument("--first-month", metavar="YYYY-MM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from-month", type=int, default=1, metavar="K")
    parser.add_argument("--to-month", type=int, metavar="K")
    parser.add_argument("--only-last", action="store_true")
    asked = parser.parse_args()
    last = asked.to_month or asked.months
    span = range(last if asked.only_last else asked.from_month, last + 1)
    started = time.perf_counter()
    try:
        (rows,) = generate(
            {asked.folder: span},
            asked.accounts,
            asked.months,
            first_month=asked.first_month,
            seed=asked.seed,
        ).values()
    except ValueError as error:
        parser.error(str(error))
    seconds = time.perf_counter() - started
    for name, count in rows.items():
        print(f"{name:14}{count:12,}")
    print(f"{'rows':14}{sum(rows.values()):12,} in {seconds:.1f} s")


if __name__ == "__main__":
    main()
