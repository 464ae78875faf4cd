"""Figures as people here read them: one way to round and one way to write each kind.

The forms are those of Kazakh and Russian print alike: groups and units set off by a
no-break space, a decimal comma, a real minus.
"""

from decimal import ROUND_HALF_UP, Decimal

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TENGE = "\N{TENGE SIGN}"
TIYN = Decimal("0.01")
_STEPS = [Decimal(1).scaleb(-places) for places in range(11)]
_SIGNS = str.maketrans({",": NO_BREAK_SPACE, ".": ",", "-": MINUS})


def round_half_up(value: Decimal, step: Decimal = TIYN) -> Decimal:
    """The value in whole steps (a tiyn by default), halves away from zero."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def number(value: Decimal, places: int) -> str:
    """`1 234,50`: exactly that many places after the comma."""
    text = f"{value.quantize(_STEPS[places], ROUND_HALF_UP) + 0:,f}"  # + 0, as there is no −0
    return text.translate(_SIGNS)


def money(value: Decimal) -> str:
    """Tenge and tiyn, without the sign: `1 234 567,50`."""
    return number(value, 2)


def tenge(value: Decimal) -> str:
    """Tenge and tiyn with the sign: `1 234 567,50 ₸`."""
    return f"{money(value)}{NO_BREAK_SPACE}{TENGE}"


def whole(value: Decimal) -> str:
    """Whole tenge with the sign, for what is not exact: `1 230 ₸`."""
    return f"{number(value, 0)}{NO_BREAK_SPACE}{TENGE}"


def signed(value: Decimal) -> str:
    """Tenge and tiyn with a plus or a minus before them: `+1 234,50`."""
    return f"+{money(value)}" if value > 0 else money(value)


def quantity(value: Decimal) -> str:
    """A reading or a quantity, to the thousandth, without idle zeros: `12 237`, `44,138`."""
    places = max(0, -int(value.normalize().as_tuple().exponent))
    return number(value, places)


def price(value: Decimal) -> str:
    """A price, exact, with two places at least: `31,848214`, `25,00`."""
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return number(value, places)


def rate(value: Decimal) -> str:
    """A part of one in per cent: `16 %`."""
    return f"{quantity(value * 100)}{NO_BREAK_SPACE}%"
