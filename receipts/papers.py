"""What stands on a receipt: one of its versions, made of what it showed when it was issued."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from billing import breakdowns, shown
from billing.balances import Balance
from billing.breakdowns import Interval, Line
from billing.calculation import Home
from billing.ledgers import Row
from billing.models import Bank, Branch, Import, PersonalAccount, Service, Supplier
from billing.shown import Shown
from cabinet import months
from receipts import codes

MONTHS = 13
Texts = Mapping[str, Mapping[str, Mapping[str, Any]]]
TABLES = {"suppliers": Supplier, "services": Service, "branches": Branch, "banks": Bank}


class Read(NamedTuple):
    """What a meter showed on a day, and who says so."""

    on: dt.date
    value: Decimal
    source: str


@dataclass(frozen=True)
class MeterPart:
    """What was charged of a meter between two readings, and who took them.

    `own` is the consumer's latest reading in these days, beside that of the network company.
    """

    interval: Interval
    before: Read
    now: Read
    own: Read | None
    ratio: Decimal


class Adjusted(NamedTuple):
    """A correction in tenge; its reason is `reason_kk` and `reason_ru`."""

    reason: Mapping[str, str]
    quantity: Decimal | None
    amount: Decimal


class Paid(NamedTuple):
    """Money received, in tenge; below zero when it was taken back."""

    on: dt.date
    amount: Decimal


@dataclass(frozen=True)
class ServicePart:
    """A service: its month, and the lines behind each figure."""

    texts: Mapping[str, Any]
    supplier: Mapping[str, Any]
    row: Row
    meters: tuple[MeterPart, ...]
    lines: tuple[Line, ...]
    adjustments: tuple[Adjusted, ...]
    payments: tuple[Paid, ...]


class Bar(NamedTuple):
    """What was used of the first metered service in a month."""

    month: dt.date
    quantity: Decimal


@dataclass(frozen=True)
class ReceiptPaper:
    """A version of a receipt; `is_replaced` if there is a later one. Money in tenge."""

    account: str
    month: dt.date
    number: str
    version: int
    is_replaced: bool
    issued_on: dt.date
    due_on: dt.date
    amount_due: Decimal
    code: str
    payer: Mapping[str, str]
    branch: Mapping[str, Any]
    home: Home | None
    issuer: Mapping[str, Any]
    services: tuple[ServicePart, ...]
    bars: tuple[Bar, ...]
    unit: Mapping[str, Any]

    @property
    def balance(self) -> Balance:
        """What is to be paid, in words."""
        return Balance(self.amount_due)

    @property
    def totals(self) -> Row:
        """The months of all services together."""
        rows: list[Any] = [part.row for part in self.services]
        sums = [sum((row[place] for row in rows), Decimal("0.00")) for place in range(1, 6)]
        return Row(self.month, *sums)

    @property
    def has_adjustments(self) -> bool:
        return any(part.adjustments for part in self.services)

    @property
    def has_payments(self) -> bool:
        return any(part.payments for part in self.services)


def of_month(
    account: PersonalAccount, month: dt.date, version: int | None = None
) -> ReceiptPaper | None:
    """The month's receipt, in the version in force unless another is asked for; None without it."""
    current, every = shown.versions(account, month)
    for each in every:
        if each.version == (version or current):
            return made(account, each, is_replaced=each.version != current)
    return None


def amount_before(
    account: PersonalAccount, month: dt.date, version: int, known: int | None = None
) -> Decimal | None:
    """What was to be paid by the version before that one, or by the one that is `known`, in tenge;
    None where none is kept.
    """
    earlier = account.frozen_receipts.filter(month=month, version__lt=version)
    if known is not None and known < version:
        earlier = earlier.filter(version=known)
    return earlier.order_by("-version").values_list("amount_due", flat=True).first()


def figures_of(receipt: Shown) -> list[Any]:
    """All that a check code is bound to, besides the number: what nobody may alter."""
    head = receipt.month, receipt.issued_on, receipt.due_on, receipt.amount_due, receipt.version
    return [*head, receipt.figures]


def made(account: PersonalAccount, receipt: Shown, *, is_replaced: bool) -> ReceiptPaper:
    """The paper of a version of a receipt."""
    texts = texts_of(receipt.made_by)
    parts = tuple(
        _service(texts, code, receipt)
        for code in sorted(
            receipt.figures, key=lambda code: (not texts["services"][code]["metered"], code)
        )
    )
    metered = [code for code in receipt.figures if texts["services"][code]["metered"]]
    first = min(metered, default="")
    return ReceiptPaper(
        account.number,
        receipt.month,
        receipt.number,
        receipt.version,
        is_replaced,
        receipt.issued_on,
        receipt.due_on,
        receipt.amount_due,
        codes.code(codes.RECEIPT, receipt.number, figures_of(receipt)),
        receipt.payer,
        texts["branches"].get(receipt.payer["branch"], {}),
        _home(receipt),
        next((each for each in texts["suppliers"].values() if each["issuer"]), {}),
        parts,
        _bars(account, receipt, first) if first else (),
        texts["services"].get(first, {}),
    )


def texts_of(made_by: int | None) -> Texts:
    """The texts of suppliers, services, branches and banks as of an import, else as of now."""
    kept = Import.objects.filter(pk=made_by).select_related("texts").first() if made_by else None
    if kept and kept.texts:
        return kept.texts.content
    return {
        name: {row["code"]: row for row in model._default_manager.values()}
        for name, model in TABLES.items()
    }


def _service(texts: Texts, code: str, receipt: Shown) -> ServicePart:
    facts, own = receipt.figures[code], texts["services"][code]
    ratios = {serial: ratio for serial, _service, _digits, ratio in receipt.home["meters"]}
    meters: list[MeterPart] = []
    lines: list[Line] = []
    for interval in breakdowns.intervals(map(_line, facts["charges"])):
        if interval.first.serial is None:
            lines += interval.lines
        else:
            ratio = ratios.get(interval.first.serial, Decimal(1))
            meters.append(_meter(interval, receipt.readings, ratio))
    return ServicePart(
        own,
        texts["suppliers"][own["supplier_id"]],
        Row(receipt.month, *facts["balance"]),
        tuple(meters),
        tuple(lines),
        tuple(
            Adjusted({"reason_kk": kk, "reason_ru": ru}, quantity, amount)
            for _line_number, kk, ru, quantity, amount in facts["adjustments"]
        ),
        tuple(Paid(_day(day), amount) for _reference, day, amount in facts["payments"]),
    )


def _line(cells: Sequence[Any]) -> Line:
    _number, serial, from_on, from_value, to_on, to_value, *rest = cells
    return Line(
        serial, from_on and _day(from_on), from_value, to_on and _day(to_on), to_value, *rest
    )


def _meter(interval: Interval, readings: list[list[list[Any]]], ratio: Decimal) -> MeterPart:
    first = interval.first
    taken = [
        Read(_day(day), value, source)
        for of_meter in readings
        for serial, day, source, value in of_meter
        if serial == first.serial
    ]
    from_on, to_on = first.from_on or dt.date.min, first.to_on or dt.date.min
    own = [each for each in taken if each.source == "consumer" and from_on < each.on <= to_on]
    return MeterPart(
        interval,
        _charged(taken, from_on, first.from_value),
        _charged(taken, to_on, first.to_value),
        max(own, default=None),
        ratio,
    )


def _charged(taken: list[Read], day: dt.date, value: Decimal | None) -> Read:
    """The reading that was charged; the consumer's own only where nobody else's is that one."""
    same = [each for each in taken if each.on == day and each.value == value]
    others = [each for each in same if each.source != "consumer"]
    return (others or same or [Read(day, value or Decimal(0), "")])[0]


def _home(receipt: Shown) -> Home | None:
    """The terms at the month's end."""
    terms = receipt.home["terms"]
    return Home(*terms[-1][1:]) if terms else None


def _bars(account: PersonalAccount, receipt: Shown, service: str) -> tuple[Bar, ...]:
    """Of 13 months up to this one, each by the version that was in force when this was made."""
    first = months.plus(receipt.month, 1 - MONTHS)
    before = [months.plus(first, place) for place in range(MONTHS - 1)]
    found = {receipt.month: receipt}
    made_by = receipt.made_by or 0
    for _month, versions in groupby(shown.every(account, before), key=lambda each: each.month):
        known = [each for each in versions if (each.made_by or 0) <= made_by]
        if known:
            found[known[0].month] = known[0]
    return tuple(Bar(month, _used(found[month], service)) for month in sorted(found))


def _used(receipt: Shown, service: str) -> Decimal:
    lines = receipt.figures.get(service, {}).get("charges", ())
    return sum((_line(cells).quantity for cells in lines), Decimal(0))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
