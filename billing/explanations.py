"""A month explained: our own computation beside billing's, and why it is more or less."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import breakdowns, causes, sentences
from billing.breakdowns import Breakdown, Interval
from billing.calculation import THOUSANDTH, Home, Prices, round_half_up
from billing.causes import Cause, Kind, Month, Span
from billing.computations import Computed, Facts, facts_of, with_facts
from billing.models import PersonalAccount
from billing.models.accounts import PersonalAccountQuerySet
from billing.models.columns import Plan
from billing.tariffs import Book, NoPrice
from cabinet import figures
from cabinet.jinja import yes_no

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Told:
    """A cause in words, and how many tenge more it makes."""

    words: str
    amount: Decimal


@dataclass(frozen=True)
class Change:
    """How accrued + adjusted differ from those of the month `before`, and why."""

    before: dt.date
    amount: Decimal
    causes: tuple[Told, ...]


@dataclass(frozen=True)
class Part:
    """What was charged between two readings, in sentences, beside our own computation."""

    computed: Computed
    unit: str

    @property
    def interval(self) -> Interval:
        return self.computed.interval

    @property
    def sentences(self) -> list[sentences.Sentence]:
        """One for each line of billing's."""
        return sentences.of_charges(self.computed.pairs, self.unit)

    @property
    def one_price(self) -> bool:
        """Whether all was sold at one price, so that nothing is said of levels."""
        if self.computed.bill:
            return self.computed.bill.is_at_one_price
        return self.interval.is_at_one_price

    @property
    def nobody(self) -> str:
        """That the limits count one resident where none is registered."""
        return sentences.of_nobody_in(self.computed.bill)


@dataclass(frozen=True)
class Explained:
    """A service's month with our own computation of it; `change` where the month before is."""

    breakdown: Breakdown
    parts: tuple[Part, ...]
    change: Change | None


def with_month(accounts: PersonalAccountQuerySet, month: dt.date) -> PersonalAccountQuerySet:
    """Adds to each account what `of_month()` needs of it."""
    return with_facts(breakdowns.with_month(accounts.with_months_beside(month), month))


def of_month(account: PersonalAccount, month: dt.date) -> list[Explained]:
    """Each service's month beside the closed month before; of an account fetched
    `with_month()`, and Http404 as `breakdowns.of_month()`.
    """
    found, before = breakdowns.of_month(account, month), account.month_before
    facts = facts_of(account)
    earlier = {each.service.pk: each for each in breakdowns.at(account, before)} if before else {}
    return [_explained(facts, month, each, before, earlier.get(each.service.pk)) for each in found]


def _explained(
    facts: Facts,
    month: dt.date,
    now: Breakdown,
    before: dt.date | None,
    earlier: Breakdown | None,
) -> Explained:
    service = now.service
    computed = facts.of_intervals(service.pk, month, now.intervals)
    change = None
    if before and now.row and earlier and earlier.row:
        was = facts.of_intervals(service.pk, before, earlier.intervals)
        change = _change(
            facts,
            before,
            now,
            _as_caused(before, earlier, was),
            _as_caused(month, now, computed),
        )
    return Explained(now, tuple(Part(each, service.unit) for each in computed), change)


def _change(facts: Facts, before: dt.date, now: Breakdown, was: Month, becomes: Month) -> Change:
    found = causes.between(was, becomes, partial(_prices_of, facts.book, now.service.pk))
    amount = becomes.accrued + becomes.adjusted - was.accrued - was.adjusted
    words = _Words(facts.book, now.service.pk, now.service.unit, was, becomes)
    days_told = any(cause.kind == Kind.DAYS for cause in found)
    told = [Told(words.of(cause, days_told=days_told), cause.amount) for cause in found]
    return Change(before, amount, tuple(told))


def _as_caused(month: dt.date, breakdown: Breakdown, every: Sequence[Computed]) -> Month:
    """What `causes` asks of a closed month, all of whose intervals are computed."""
    spans: list[Span] = []
    computed: Decimal | None = Decimal("0.00")
    for each in every:
        if each.bill is None:
            computed = None
        elif computed is not None:
            computed += each.bill.amount
            day = each.interval.first.from_on or month
            units = Fraction(each.bill.quantity) / each.bill.days
            for piece in each.bill.pieces:
                spans.append(Span(day, units * piece.days, piece))
                day += dt.timedelta(days=int(piece.days))
    row = breakdown.row
    return Month(
        tuple(spans),
        row.accrued if row else Decimal("0.00"),
        row.adjusted if row else Decimal("0.00"),
        computed,
        breakdown.service.metered,
    )


def _prices_of(book: Book, service: str, home: Home, day: dt.date) -> Prices | None:
    try:
        return book.version(service, home.plan, day).prices(home)
    except NoPrice:
        return None


@dataclass(frozen=True)
class _Words:
    """The causes of one change, in words."""

    book: Book
    service: str
    unit: str
    before: Month
    after: Month

    def of(self, cause: Cause, *, days_told: bool) -> str:
        words: dict[Kind, Callable[[], str]] = {
            Kind.DAYS: partial(self._days, cause),
            Kind.USE: partial(self._use, cause, days_told),
            Kind.HOME: self._home,
            Kind.PRICE: self._price,
            Kind.VAT: self._vat,
            Kind.ADJUSTMENTS: self._adjustments,
            Kind.ROUNDING: self._rounding,
            Kind.OTHER: self._other,
        }
        return words[cause.kind]()

    def _days(self, cause: Cause) -> str:
        given = {
            "days": _days(self.after.days),
            "before": _days(self.before.days),
            "units": self._units(cause.units),
        }
        if cause.units > 0:
            return _("%(days)s instead of %(before)s: at the same use a day %(units)s more") % given
        return _("%(days)s instead of %(before)s: at the same use a day %(units)s less") % given

    def _use(self, cause: Cause, days_told: bool) -> str:
        given = {"units": self._units(cause.units)}
        if days_told:
            more = _("Use a day rose: %(units)s more") % given
            less = _("Use a day fell: %(units)s less") % given
        else:
            more = _("%(units)s more used") % given
            less = _("%(units)s less used") % given
        words = more if cause.units > 0 else less
        if cause.units == 0:
            words = _("Used at other times of the period")
        levels = [
            _("level %(level)s: %(quantity)s") % {"level": level, "quantity": _signed(units)}
            for level, units in cause.levels.items()
        ]
        return " – ".join([words, ", ".join(levels)]) if levels else words

    def _home(self) -> str:
        was, becomes = self.before.spans[0], self.after.spans[-1]
        told = [
            _("%(what)s: %(before)s → %(now)s") % {"what": what, "before": before, "now": now}
            for what, before, now in zip(
                (_("Residents"), _("Electric stove"), _("Living alone"), _("Tariff plan")),
                _terms(was.piece.conditions.home),
                _terms(becomes.piece.conditions.home),
                strict=True,
            )
            if before != now
        ]
        return "; ".join(told) or _("The home’s terms")

    def _price(self) -> str:
        first, last = self.before.spans[0], self.after.spans[-1]
        conditions = last.piece.conditions
        was = _prices_of(self.book, self.service, conditions.home, first.since)
        now = conditions.prices
        if not was or was == now or was.with_vat != now.with_vat:
            return _("Another tariff")
        given = {"before": _prices(was), "now": _prices(now)}
        if now.with_vat:
            return _("Price with VAT: %(before)s → %(now)s ₸") % given
        return _("Price without VAT: %(before)s → %(now)s ₸") % given

    def _vat(self) -> str:
        rates = [
            figures.rate(span.piece.conditions.vat_rate)
            for span in (self.before.spans[0], self.after.spans[-1])
        ]
        if rates[0] == rates[1]:
            return _("VAT")
        return _("VAT: %(before)s → %(now)s") % dict(zip(("before", "now"), rates, strict=True))

    def _adjustments(self) -> str:
        return _("Adjustments: %(now)s ₸, in the month before %(before)s ₸") % {
            "now": figures.money(self.after.adjusted),
            "before": figures.money(self.before.adjusted),
        }

    def _rounding(self) -> str:
        return _("Rounding of each line to the tiyn")

    def _other(self) -> str:
        if self.before.computed is None or self.after.computed is None:
            return _("Accrued")  # which cannot be told apart
        return _("Billing’s sum differs from our own computation")

    def _units(self, units: Fraction) -> str:
        return f"{_tenths(abs(units))}{figures.NO_BREAK_SPACE}{self.unit}"


def _terms(home: Home) -> tuple[str, ...]:
    return (
        str(home.residents),
        yes_no(home.electric_stove),
        yes_no(home.privileged),
        str(Plan(home.plan).label),
    )


def _prices(prices: Prices) -> str:
    return " / ".join(figures.price(band.price) for band in prices.bands)


def _days(days: Fraction) -> str:
    count = int(days)
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _tenths(units: Fraction) -> str:
    step = TENTH if abs(units) >= TENTH else THOUSANDTH
    return figures.quantity(round_half_up(units, step))


def _signed(units: Fraction) -> str:
    return f"+{_tenths(units)}" if units > 0 else _tenths(units)
