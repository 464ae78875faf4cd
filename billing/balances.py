"""A balance in words that cannot be misread: the same on every page, paper and mail."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cabinet import figures


@dataclass(frozen=True)
class Balance:
    """What an account owes in tenge: above zero to pay, below zero overpaid; None unknown."""

    amount: Decimal | None

    @property
    def state(self) -> str:
        """`to-pay`, `overpaid`, `settled`, or `unknown` while billing has sent nothing."""
        if self.amount is None:
            return "unknown"
        return "to-pay" if self.amount > 0 else "overpaid" if self.amount < 0 else "settled"

    @property
    def sum(self) -> str:
        """The amount without its sign: `4 500,00 ₸`."""
        return figures.tenge(abs(self.amount or Decimal(0)))

    @property
    def words(self) -> str:
        """“to pay 4 500,00 ₸”, “overpaid 120,00 ₸”, “nothing to pay”."""
        return {
            "to-pay": _("to pay %(sum)s"),
            "overpaid": _("overpaid %(sum)s"),
            "settled": _("nothing to pay"),
            "unknown": _("no data yet"),
        }[self.state] % {"sum": self.sum}

    @property
    def sentence(self) -> str:
        """The words as a sentence begins."""
        return self.words[:1].upper() + self.words[1:]

    def __str__(self) -> str:
        return self.words
