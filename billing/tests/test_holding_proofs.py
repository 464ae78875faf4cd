"""What proves an account: the day of the last payment and what was paid on it."""

import datetime as dt
from decimal import Decimal

import pytest

from billing import proofs
from billing.proofs import Paid, last_day
from billing.tests import factories

TENTH, TWELFTH, TWENTIETH = (dt.date(2026, 3, day) for day in (10, 12, 20))


def paid(day, amount, service="EL"):
    return Paid(service, service == "EL", day, Decimal(amount))


def proof(*payments):
    """The day, and the sums that are right for it; None."""
    found = last_day(payments)
    return found and (found.day, sorted(map(str, found.amounts)))


@pytest.mark.parametrize(
    ("payments", "right"),
    [
        ([], None),
        ([paid(TENTH, "4500.00")], (TENTH, ["4500.00"])),
        ([paid(TENTH, "1.00"), paid(TWELFTH, "2.00")], (TWELFTH, ["2.00"])),
        (
            [paid(TENTH, "4500.00"), paid(TENTH, "139.20", "MS")],
            (TENTH, ["4500.00", "4639.20"]),
        ),
        (
            [paid(TENTH, "1.00"), paid(TENTH, "2.00"), paid(TENTH, "4.00", "MS")],
            (TENTH, ["1.00", "2.00", "7.00"]),
        ),
        ([paid(TENTH, "1.00"), paid(TWELFTH, "2.00"), paid(TWELFTH, "-2.00")], (TENTH, ["1.00"])),
        ([paid(TENTH, "1.00"), paid(TWELFTH, "-1.00")], None),
        (
            [paid(TENTH, "1.00"), paid(TWELFTH, "-1.00"), paid(TWENTIETH, "1.00")],
            (TWENTIETH, ["1.00"]),
        ),
        ([paid(TENTH, "1.00"), paid(TENTH, "1.00"), paid(TWELFTH, "-1.00")], (TENTH, ["1.00"])),
        ([paid(TENTH, "1.00"), paid(TWELFTH, "-1.00", "MS")], (TENTH, ["1.00"])),
        (
            [paid(TENTH, "1.00"), paid(TWELFTH, "-1.00"), paid(TENTH, "5.00", "MS")],
            (TENTH, ["5.00"]),
        ),
    ],
    ids=(
        *("none", "one", "the later day", "the day's total or one for a metered service"),
        *("two for a metered one", "reversed on its day", "reversed later", "paid again since"),
        *("one of two alike reversed", "another service's reversal", "the other of the day"),
    ),
)
def test_the_last_day(payments, right):
    assert proof(*payments) == right
    assert proof(*reversed(payments)) == right


def test_of_an_account(db):
    account = factories.PersonalAccountFactory()
    factories.PaymentFactory(account=account, paid_on=TENTH, amount=Decimal("4500.00"))
    unmetered = factories.ServiceFactory(unmetered=True)
    factories.PaymentFactory(
        account=account, service=unmetered, paid_on=TENTH, amount=Decimal("139.20")
    )
    factories.PaymentFactory(paid_on=TWELFTH, amount=Decimal("77.00"))  # somebody else's
    right = {
        (day, amount)
        for day in (TENTH, TWELFTH)
        for amount in ("4500", "4639.2", "139.2", "4639.19", "77")
        if proofs.by_payment(account, day, Decimal(amount))
    }
    assert right == {(TENTH, "4500"), (TENTH, "4639.2")}
    assert not proofs.by_payment(proofs.nobody(), TENTH, Decimal("4500"))
