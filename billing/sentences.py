"""A bill's lines as sentences that multiply out, for somebody who knows nothing of tariffs."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import breakdowns
from billing.calculation import Bill, Home, Line, round_half_up
from cabinet import figures

NO_BREAK_SPACE = figures.NO_BREAK_SPACE


class Sentence(NamedTuple):
    """A line of a bill: how its sum came about, and its limit; either may be empty."""

    line: breakdowns.Line | Line
    sum: str
    limit: str


def of_bill(bill: Bill, unit: str) -> list[Sentence]:
    """One for each line of our own bill."""
    return [Sentence(line, of_line(line, unit), of_limit(line, unit)) for line in bill.lines]


def of_charges(pairs: Iterable[tuple[breakdowns.Line, Line | None]], unit: str) -> list[Sentence]:
    """One for each line of billing's, which may stand beside ours."""
    return [
        Sentence(line, of_charge(line, ours, unit), of_limit(ours, unit) if ours else "")
        for line, ours in pairs
    ]


def of_line(line: Line, unit: str) -> str:
    """How a line of ours came to its amount: “125 kWh × 21,91 ₸ × 1,12 (VAT 12 %) = 3 067,40 ₸”."""
    if line.conditions.prices.with_vat:
        return _with_vat(line.quantity, unit, line.band.price, line.vat_rate, line.amount)
    return _without_vat(line.quantity, unit, line.price, line.vat_rate, line.amount)


def of_charge(charge: breakdowns.Line, ours: Line | None, unit: str) -> str:
    """The same of a line of billing's; empty where its figures do not multiply out.

    `ours` is our own line of the same, which knows whether the price was one with VAT.
    """
    amount = round_half_up(
        Fraction(charge.quantity) * Fraction(charge.price) * (1 + Fraction(charge.vat_rate))
    )
    given = charge.quantity, unit, charge.price, charge.vat_rate, charge.amount
    if ours and ours.conditions.prices.with_vat and ours.amount == charge.amount:
        return _with_vat(charge.quantity, unit, ours.band.price, charge.vat_rate, charge.amount)
    return _without_vat(*given) if amount == charge.amount else ""


def formula(charge: breakdowns.Line) -> str:
    """The same in figures alone, which need no language: `125 × 21,91 ₸ × 1,12 = 3 067,40 ₸`."""
    if not of_charge(charge, None, ""):
        return ""
    price = f"{figures.price(charge.price)}{NO_BREAK_SPACE}{figures.TENGE}"
    factor = figures.quantity(1 + charge.vat_rate)
    quantity = figures.quantity(charge.quantity)
    return f"{quantity} × {price} × {factor} = {figures.tenge(charge.amount)}"


def of_limit(line: Line, unit: str) -> str:
    """Where the line's level ends and why; empty in the last level and at one price."""
    if line.limit is None or line.band.limit is None:
        return ""
    days, residents = int(line.days), line.conditions.home.counted
    given = {
        "level": line.level,
        "limit": f"{figures.quantity(line.band.limit)}{NO_BREAK_SPACE}{unit}",
        "residents": ngettext("%(count)s resident", "%(count)s residents", residents)
        % {"count": residents},
        "days": ngettext("%(count)s day", "%(count)s days", days) % {"count": days},
        "result": f"{figures.quantity(line.limit)}{NO_BREAK_SPACE}{unit}",
    }
    return (
        _("Level %(level)s goes up to %(limit)s × %(residents)s ÷ 30.5 × %(days)s = %(result)s")
        % given
    )


def of_nobody(home: Home) -> str:
    """That nobody counts as one; empty where somebody lives."""
    if home.residents:
        return ""
    return _("No residents are registered: the limits count one.")


def of_nobody_in(bill: Bill | None) -> str:
    """The same of a bill; empty where there is none, or no limit in it."""
    return of_nobody(bill.pieces[0].conditions.home) if bill and bill.has_limits else ""


def _without_vat(
    quantity: Decimal, unit: str, price: Decimal, rate: Decimal, amount: Decimal
) -> str:
    return _("%(quantity)s × %(price)s × %(factor)s (VAT %(rate)s) = %(amount)s") % {
        **_given(quantity, unit, price, rate, amount),
        "factor": figures.quantity(1 + rate),
    }


def _with_vat(quantity: Decimal, unit: str, price: Decimal, rate: Decimal, amount: Decimal) -> str:
    return _("%(quantity)s × %(price)s (with VAT %(rate)s) = %(amount)s") % _given(
        quantity, unit, price, rate, amount
    )


def _given(
    quantity: Decimal, unit: str, price: Decimal, rate: Decimal, amount: Decimal
) -> dict[str, str]:
    return {
        "quantity": f"{figures.quantity(quantity)}{NO_BREAK_SPACE}{unit}",
        "price": f"{figures.price(price)}{NO_BREAK_SPACE}{figures.TENGE}",
        "rate": figures.rate(rate),
        "amount": figures.tenge(amount),
    }
