"""What a receipt asks of the ledger, and what a payment to a closed month comes with."""

import pytest

from billing.exchange.apply import Counts
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows, shift

pytestmark = pytest.mark.django_db


def load(tmp_path, files):
    """Loads the set, which is good; the report."""
    report = sets.load(sets.write(tmp_path / f"good{len(list(tmp_path.iterdir()))}", files))
    assert sets.told(report) == []
    return report


def withdrawn(*lines):
    """The rows of deletions.csv: each a file and a key."""
    return {"deletions": rows(("file", "key"), *lines)}


# R7: what is due is what the services closed with


@pytest.mark.parametrize("amount_due", ["1756.01", "1755.99", "0.00", "-1756.00", "1640.00"])
def test_r7_receipt_says_otherwise(loaded, refuse, amount_due):
    receipt = {**of(loaded, "receipts", number="R-2"), "amount_due": amount_due}
    assert refuse({"receipts": [receipt]}) == [("receipts", 2, "amount_due", amount_due, "R7")]


def test_r7_is_told_of_the_receipt_where_the_set_brings_the_ledger_too(loaded, refuse):
    of(loaded, "receipts", number="R-3")["amount_due"] = "1565.99"
    assert refuse(loaded) == [("receipts", 4, "amount_due", "1565.99", "R7")]


def test_r7_receipt_of_a_month_without_any_ledger(refuse):
    assert refuse(one("receipts", f"{FIRST},2026-04,R-9,2026-05-05,2026-05-25,0.01")) == [
        ("receipts", 2, "amount_due", "0.01", "R7")
    ]


def test_r7_receipt_of_nothing(loaded, tmp_path):
    load(tmp_path, one("receipts", f"{FIRST},2026-04,R-9,2026-05-05,2026-05-25,0"))


def test_r7_receipt_may_be_of_a_credit(loaded, tmp_path):
    april = {
        **one("ledger", f"{FIRST},EL,2026-04,1640,0,0,2000,-360"),
        **one("payments", f"{FIRST},P4,EL,2026-04-10,2026-04,2000,HAL"),
        **one("receipts", f"{FIRST},2026-04,R-9,2026-05-05,2026-05-25,-360"),
    }
    load(tmp_path, april)


def test_r7_ledger_closes_otherwise_than_the_receipt_loaded_already(loaded, refuse):
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    row |= {"adjusted": "-99.99", "closing": "1640.01"}
    adjustment = {**loaded["adjustments"][0], "amount": "-99.99"}
    assert refuse({"ledger": [row], "adjustments": [adjustment]}) == [
        ("ledger", 2, "closing", "1640.01", "R7")
    ]


def test_r7_ledger_of_a_service_more_than_the_receipt_has(loaded, refuse, tmp_path):
    load(tmp_path, {"services": [{**of(loaded, "services", code="MS"), "code": "HW"}]})
    assert refuse(one("ledger", f"{FIRST},HW,2026-03,0.01,0,0,0,0.01")) == [
        ("ledger", 2, "closing", "0.01", "R7")
    ]


def test_r7_services_may_change_if_their_sum_stays(loaded, tmp_path):
    services = {"services": [{**of(loaded, "services", code="MS"), "code": "HW"}]}
    lines = (f"{FIRST},EL,2026-03,1,a,b,,-150", f"{FIRST},HW,2026-03,1,a,b,,50")
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    ledger |= {"adjusted": "-150", "closing": "1590"}
    more = rows(COLUMNS["ledger"], f"{FIRST},HW,2026-03,0,0,50,0,50")
    adjustments = rows(COLUMNS["adjustments"], *lines)
    load(tmp_path, {**services, "ledger": [ledger, *more], "adjustments": adjustments})


def test_r7_correction_of_an_old_month_brings_the_later_receipt(loaded, refuse):
    """The March receipt is stale, though its own month's lines did not change."""
    february = of(loaded, "ledger", account=FIRST, service="MS", month="2026-02")
    february |= {"adjusted": "-16.00", "closing": "100.00"}
    march = of(loaded, "ledger", account=FIRST, service="MS", month="2026-03")
    shift(march, "-16.00")
    receipt = {**of(loaded, "receipts", number="R-1"), "amount_due": "2678.89"}
    correction = {
        "ledger": [february, march],
        "receipts": [receipt],
        **one("adjustments", f"{FIRST},MS,2026-02,1,a,b,,-16"),
    }
    assert refuse(correction) == [("ledger", 3, "closing", "100.00", "R7")]


def test_r7_ledger_is_withdrawn_under_a_receipt(loaded, refuse, tmp_path):
    load(
        tmp_path,
        {
            **one("ledger", f"{FIRST},MS,2026-04,116,0,0,0,116"),
            **one("receipts", f"{FIRST},2026-04,R-9,2026-05-05,2026-05-25,116"),
        },
    )
    key = f"{FIRST}|MS|2026-04"
    assert refuse(withdrawn(f"ledger,{key}")) == [("deletions", 2, "key", key, "R7")]


def test_r7_ledger_is_withdrawn_and_the_receipt_says_otherwise(loaded, refuse):
    receipt = {**of(loaded, "receipts", number="R-4"), "amount_due": "1739.99"}
    lines = withdrawn(f"ledger,{SECOND}|MS|2026-03")
    assert refuse({"receipts": [receipt], **lines}) == [
        ("receipts", 2, "amount_due", "1739.99", "R7")
    ]


def test_r7_ledger_is_withdrawn_and_the_receipt_follows(loaded, tmp_path):
    receipt = {**of(loaded, "receipts", number="R-4"), "amount_due": "1740"}
    load(tmp_path, {"receipts": [receipt], **withdrawn(f"ledger,{SECOND}|MS|2026-03")})


# R4: a payment to a closed month comes with the ledger's row

CANCELLED = (
    f"{FIRST},P8,EL,2026-04-02,2026-03,5,HAL",
    f"{FIRST},P9,EL,2026-04-03,2026-03,-5,HAL",
)


def payments(*lines):
    return {"payments": rows(COLUMNS["payments"], *lines)}


def test_r4_payment_and_its_reversal_without_the_ledger(refuse):
    assert refuse(payments(*CANCELLED)) == [("payments", 2, "month", "2026-03", "R4")]


def test_r4_payment_and_its_reversal_with_another_months_ledger(loaded, refuse):
    february = of(loaded, "ledger", account=FIRST, service="EL", month="2026-02")
    other = of(loaded, "ledger", account=FIRST, service="MS", month="2026-03")
    assert refuse({**payments(*CANCELLED), "ledger": [february, other]}) == [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_payment_and_its_reversal_with_the_ledger(loaded, tmp_path):
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    report = load(tmp_path, {**payments(*CANCELLED), "ledger": [ledger]})
    assert report.counts == {"payments": Counts(new=2), "ledger": Counts(same=1)}


def test_r4_payments_that_swap_amounts_without_the_ledger(loaded, refuse):
    lines = (
        f"{SECOND},P1,EL,2026-03-11,2026-03,-150,HAL",
        f"{SECOND},P2,EL,2026-03-12,2026-03,1600,HAL",
    )
    assert refuse(payments(*lines)) == [("payments", 2, "month", "2026-03", "R4")]


def test_r4_payments_that_swap_services_without_the_ledgers(loaded, tmp_path, refuse):
    """Each service's sum stays; both months are told."""
    lines = (
        f"{FIRST},P5,EL,2026-04-02,2026-03,5,HAL",
        f"{FIRST},P6,EL,2026-04-02,2026-03,-5,HAL",
        f"{FIRST},P7,MS,2026-04-02,2026-03,5,HAL",
        f"{FIRST},P8,MS,2026-04-02,2026-03,-5,HAL",
    )
    closed = [
        of(loaded, "ledger", account=FIRST, service=service, month="2026-03")
        for service in ("EL", "MS")
    ]
    load(tmp_path, {**payments(*lines), "ledger": closed})
    moved = (lines[0].replace("EL", "MS"), lines[2].replace("MS", "EL"))
    assert refuse(payments(*moved)) == [
        ("payments", 2, "month", "2026-03", "R4"),
        ("payments", 3, "month", "2026-03", "R4"),
    ]


def test_r4_payment_changes_its_day_without_the_ledger(refuse):
    assert refuse(payments(f"{FIRST},P2,EL,2026-03-09,2026-03,2578.89,HAL")) == [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_payment_changes_its_day_with_the_ledger(loaded, tmp_path):
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    changed = payments(f"{FIRST},P2,EL,2026-03-09,2026-03,2578.89,HAL")
    load(tmp_path, {**changed, "ledger": [row]})


def test_r4_payment_again_as_it_is_without_the_ledger(loaded, tmp_path):
    report = load(tmp_path, {"payments": loaded["payments"]})
    assert report.counts == {"payments": Counts(same=len(loaded["payments"]))}


def test_r4_payment_withdrawn_without_the_ledger(refuse):
    key = f"{FIRST}|P2"
    assert refuse(withdrawn(f"payments,{key}")) == [("deletions", 2, "key", key, "R4")]


def test_r4_payment_withdrawn_with_a_ledger_that_still_has_it(loaded, refuse):
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    assert refuse({"ledger": [ledger], **withdrawn(f"payments,{FIRST}|P2")}) == [
        ("ledger", 2, "paid", "2578.89", "R4")
    ]


def test_r4_payment_withdrawn_and_another_in_its_place(loaded, refuse):
    files = payments(f"{FIRST},P9,EL,2026-03-10,2026-03,2578.89,HAL")
    assert refuse({**files, **withdrawn(f"payments,{FIRST}|P2")}) == [
        ("payments", 2, "month", "2026-03", "R4")
    ]


def test_r4_payment_and_reversal_withdrawn_with_the_ledger(loaded, tmp_path):
    ledger = of(loaded, "ledger", account=FIRST, service="EL", month="2026-03")
    load(tmp_path, {**payments(*CANCELLED), "ledger": [ledger]})
    lines = withdrawn(f"payments,{FIRST}|P8", f"payments,{FIRST}|P9")
    report = load(tmp_path, {"ledger": [ledger], **lines})
    assert report.counts["payments"] == Counts(deleted=2)
    assert sets.holds(loaded)
