"""What a receipt showed is kept before anything behind it changes; versions count corrections."""

import copy
from decimal import Decimal

import pytest

from billing import models
from billing.exchange.apply import Counts
from billing.models import FrozenFact, FrozenReceipt, Import
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows, shift

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(loaded, tmp_path):
    """Loads a good set under a name; the record of it."""

    def loads(name, files):
        assert sets.told(sets.load(sets.write(tmp_path / name, files))) == []
        return Import.objects.get(name=name)

    return loads


def versions():
    """The version of each receipt and the set that made it, by number."""
    found = models.Receipt.objects.values_list("number", "version", "made_by__name")
    return {number: (version, name) for number, version, name in found}


def kept():
    """What is frozen, by number and version."""
    found = FrozenReceipt.objects.select_related("payer", "home", "made_by")
    return {(receipt.number, receipt.version): receipt for receipt in found}


def traces():
    return (FrozenReceipt.objects.count(), FrozenFact.objects.count(), versions())


AS_LOADED = dict.fromkeys(("R-1", "R-2", "R-3", "R-4"), (1, "loaded"))


def corrected(loaded, tenge):
    """February of one service adjusted, with March, which opens with what it closes with."""
    files = copy.deepcopy(loaded)
    of(files, "ledger", account=FIRST, service="MS", month="2026-02").update(
        adjusted=str(tenge), closing=str(116 + tenge)
    )
    shift(of(files, "ledger", account=FIRST, service="MS", month="2026-03"), str(tenge))
    for number, due in (("R-1", "2694.89"), ("R-2", "1756")):
        of(files, "receipts", number=number)["amount_due"] = str(Decimal(due) + tenge)
    files["adjustments"] += rows(COLUMNS["adjustments"], f"{FIRST},MS,2026-02,1,а,б,,{tenge}")
    return {name: files[name] for name in ("ledger", "adjustments", "receipts")}


def test_a_first_load_makes_first_versions_and_keeps_nothing(loaded):
    assert versions() == AS_LOADED
    assert kept() == {}


def test_a_corrected_month_makes_further_versions_of_it_and_of_later_ones(loaded, load):
    load("correction", corrected(loaded, -16))

    correction = (2, "correction")
    assert versions() == {**AS_LOADED, "R-1": correction, "R-2": correction}
    frozen = kept()
    assert sorted(frozen) == [("R-1", 1), ("R-2", 1)]
    first, second = frozen["R-1", 1], frozen["R-2", 1]
    assert (first.amount_due, second.amount_due) == (Decimal("2694.89"), Decimal("1756.00"))
    assert (str(first.issued_on), str(first.due_on)) == ("2026-03-05", "2026-03-25")
    assert first.made_by.name == second.made_by.name == "loaded"


def test_a_kept_version_is_whole(loaded, load):
    load("correction", corrected(loaded, -16))

    receipt = kept()["R-2", 1]
    money = {
        "EL": ["2578.89", "1740.00", "-100.00", "2578.89", "1640.00"],
        "MS": ["116.00", "116.00", "0.00", "116.00", "116.00"],
    }
    assert {
        service: [str(figure) for figure in figures["balance"]]
        for service, figures in receipt.figures.items()
    } == money
    electricity, service = receipt.figures["EL"], receipt.figures["MS"]
    assert electricity["charges"] == [
        [
            1,
            "77",
            "2026-02-25",
            Decimal("1200.000"),
            "2026-03-25",
            Decimal("1300.000"),
            28,
            Decimal("100.000"),
            1,
            Decimal("165.246"),
            Decimal("15.000000"),
            Decimal("0.1600"),
            Decimal("1740.00"),
        ]
    ]
    assert electricity["adjustments"] == [
        [1, "Көрсеткіш түзетілді", "Исправлено показание", Decimal("-4.000"), Decimal("-100.00")]
    ]
    assert electricity["payments"] == [["P2", "2026-03-10", Decimal("2578.89")]]
    assert service["charges"][0][:7] == [1, None, None, None, None, None, None]
    assert (service["adjustments"], service["payments"]) == (
        [],
        [["P3", "2026-03-10", Decimal("116.00")]],
    )
    assert receipt.readings == [
        [
            ["77", "2026-02-25", "network", Decimal("1200.000")],
            ["77", "2026-03-25", "network", Decimal("1300.000")],
        ]
    ]
    assert receipt.payer.content == {
        "payer": "Әбдірахманова Гүлнәр",
        "address_kk": "Абай даңғ. 1",
        "address_ru": "пр. Абая 1",
        "branch": "ALM",
    }
    assert receipt.home.content == {
        "terms": [["2019-03-01", 2, False, False, "tiered"]],
        "meters": [["77", "EL", 6, Decimal("1.000")]],
    }


def test_every_correction_is_one_more_version(loaded, load):
    load("correction", corrected(loaded, -16))
    load("second", corrected(loaded, -10))
    load("back", {**loaded, "deletions": [{"file": "adjustments", "key": f"{FIRST}|MS|2026-02|1"}]})

    assert versions() == {**AS_LOADED, "R-1": (4, "back"), "R-2": (4, "back")}
    assert {key: str(receipt.amount_due) for key, receipt in kept().items()} == {
        ("R-1", 1): "2694.89",
        ("R-1", 2): "2678.89",
        ("R-1", 3): "2684.89",
        ("R-2", 1): "1756.00",
        ("R-2", 2): "1740.00",
        ("R-2", 3): "1746.00",
    }


def test_loading_a_correction_twice_makes_nothing(loaded, load):
    load("correction", corrected(loaded, -16))
    before, written = traces(), sets.physical_rows()
    load("again", corrected(loaded, -16))
    assert traces() == before
    assert sets.physical_rows() == written


def test_a_new_payer_leaves_the_version_and_the_old_one_is_kept(loaded, load):
    account = of(loaded, "accounts", number=FIRST)
    new = {**account, "payer": "Оспанова Әсел", "owner_since": "2026-04-01"}
    load("new owner", {"accounts": [new]})

    assert versions() == AS_LOADED
    assert {key: receipt.payer.content["payer"] for key, receipt in kept().items()} == {
        ("R-1", 1): "Әбдірахманова Гүлнәр",
        ("R-2", 1): "Әбдірахманова Гүлнәр",
    }
    assert len({receipt.payer_id for receipt in kept().values()}) == 1


def test_a_new_payer_is_on_the_next_receipt_alone(loaded, load):
    account = of(loaded, "accounts", number=FIRST)
    load("new owner", {"accounts": [{**account, "payer": "Оспанова Әсел"}]})
    load(
        "april",
        {
            **one("ledger", f"{FIRST},EL,2026-04,1640,0,0,500,1140"),
            **one("receipts", f"{FIRST},2026-04,R-5,2026-05-05,2026-05-25,1140"),
        },
    )
    load("next owner", {"accounts": [{**account, "payer": "Ли Ән"}]})
    assert versions() == {**AS_LOADED, "R-5": (1, "april")}
    assert {key: receipt.payer.content["payer"] for key, receipt in kept().items()} == {
        ("R-1", 1): "Әбдірахманова Гүлнәр",
        ("R-2", 1): "Әбдірахманова Гүлнәр",
        ("R-5", 1): "Оспанова Әсел",
    }


@pytest.mark.parametrize(
    ("day", "numbers"),
    [
        ("2026-01-24", []),
        ("2026-01-25", ["R-1"]),
        ("2026-02-25", ["R-1", "R-2"]),
        ("2026-03-31", ["R-2"]),
        ("2026-04-01", []),
    ],
)
def test_a_late_reading_of_the_consumer(load, day, numbers):
    value = {"2026-01-24": 999, "2026-01-25": 1000}.get(day, 1250)
    load("late", one("readings", f"{FIRST},77,{day},consumer,{value}"))
    assert versions() == AS_LOADED
    assert sorted(number for number, _version in kept()) == numbers
    for receipt in kept().values():
        assert day not in [
            reading[1] for reading in receipt.readings[0] if reading[2:] == ["consumer", value]
        ]


@pytest.mark.parametrize(
    ("day", "numbers"),
    [("2026-02-28", ["R-1", "R-2"]), ("2026-03-01", ["R-2"]), ("2026-04-01", [])],
)
def test_changed_terms(load, day, numbers):
    load("terms", one("terms", f"{FIRST},{day},3,0,0,tiered"))
    assert versions() == AS_LOADED
    assert {number: receipt.home.content["terms"] for (number, _v), receipt in kept().items()} == {
        number: [["2019-03-01", 2, False, False, "tiered"]] for number in numbers
    }


def test_changed_terms_with_corrected_figures_are_a_further_version(loaded, load):
    files = {**corrected(loaded, -16), **one("terms", f"{FIRST},2026-03-01,3,0,0,tiered")}
    load("correction", files)
    load("again", corrected(loaded, -10))
    assert {
        (number, version): [terms[:2] for terms in receipt.home.content["terms"]]
        for (number, version), receipt in kept().items()
    } == {
        ("R-1", 1): [["2019-03-01", 2]],
        ("R-1", 2): [["2019-03-01", 2]],
        ("R-2", 1): [["2019-03-01", 2]],
        ("R-2", 2): [["2019-03-01", 2], ["2026-03-01", 3]],
    }


def test_a_replaced_meter(loaded, load):
    old = {**of(loaded, "meters", account=FIRST), "removed_on": "2026-04-01"}
    new = {**old, "serial": "88", "installed_on": "2026-04-01", "removed_on": ""}
    load("meter", {"meters": [old, new]})
    assert versions() == AS_LOADED
    assert {key: receipt.home.content["meters"] for key, receipt in kept().items()} == {
        (number, 1): [["77", "EL", 6, Decimal("1.000")]] for number in ("R-1", "R-2")
    }


def test_a_payments_bank_is_on_no_receipt(loaded, load):
    payment = {**of(loaded, "payments", account=FIRST, id="P1"), "bank": "KAS"}
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-02")
    load("bank", {"payments": [payment], "ledger": [row], **one("banks", "KAS,a,b")})
    assert versions() == AS_LOADED


def test_a_payments_day_is_on_its_receipt(loaded, load):
    payment = {**of(loaded, "payments", account=FIRST, id="P1"), "paid_on": "2026-02-11"}
    row = of(loaded, "ledger", account=FIRST, service="EL", month="2026-02")
    load("day", {"payments": [payment], "ledger": [row]})
    assert versions() == {**AS_LOADED, "R-1": (2, "day")}
    (receipt,) = kept().values()
    assert receipt.figures["EL"]["payments"] == [["P1", "2026-02-10", Decimal("1000.00")]]


def test_a_waiting_payment_is_on_no_receipt(load):
    load("payment", one("payments", f"{FIRST},P9,EL,2026-04-11,2026-04,5,HAL"))
    assert (versions(), kept()) == (AS_LOADED, {})


def test_a_changed_date_of_a_receipt_is_a_further_version(loaded, load):
    load("due", {"receipts": [{**of(loaded, "receipts", number="R-4"), "due_on": "2026-04-26"}]})
    assert versions() == {**AS_LOADED, "R-4": (2, "due")}
    assert [str(receipt.due_on) for receipt in kept().values()] == ["2026-04-25"]


def withdraw(load, name="withdrawal"):
    return load(name, {"deletions": [{"file": "receipts", "key": f"{FIRST}|2026-03"}]})


def test_a_withdrawn_receipt_is_kept(load):
    withdraw(load)
    assert "R-2" not in versions()
    assert [(key, str(receipt.amount_due)) for key, receipt in kept().items()] == [
        (("R-2", 1), "1756.00")
    ]


def test_a_withdrawn_receipt_comes_again_as_it_was(loaded, load):
    withdraw(load)
    load("again", {"receipts": [of(loaded, "receipts", number="R-2")]})
    assert versions()["R-2"][0] == 1
    assert sorted(kept()) == [("R-2", 1)]


def test_a_withdrawn_receipt_comes_again_otherwise(loaded, load):
    withdraw(load)
    again = {**of(loaded, "receipts", number="R-2"), "number": "R-9"}
    load("again", {"receipts": [again]})
    assert versions()["R-9"] == (2, "again")
    assert sorted(kept()) == [("R-2", 1)]


def test_a_corrected_receipt_is_withdrawn_and_comes_again_as_it_was(loaded, load):
    load("correction", corrected(loaded, -16))
    withdraw(load)
    load("again", {"receipts": [of(corrected(loaded, -16), "receipts", number="R-2")]})
    assert versions()["R-2"] == (2, "correction")
    assert sorted(kept()) == [("R-1", 1), ("R-2", 1), ("R-2", 2)]


def test_texts_are_those_of_the_import_that_made_the_version(loaded, load):
    first = Import.objects.get(name="loaded")
    assert first.texts.content["suppliers"]["ADE"]["phone"] == "+7 727 000 0000"
    assert set(first.texts.content) == {"suppliers", "services", "branches", "banks"}

    phone = {"suppliers": [{**loaded["suppliers"][0], "phone": "+7 727 111 1111"}]}
    assert load("phone", phone).texts is None
    assert (versions(), kept()) == (AS_LOADED, {})

    later = load("correction", corrected(loaded, -16))
    assert later.texts.content["suppliers"]["ADE"]["phone"] == "+7 727 111 1111"
    first.refresh_from_db()
    assert first.texts.content["suppliers"]["ADE"]["phone"] == "+7 727 000 0000"
    assert kept()["R-1", 1].made_by == first

    assert load("second", corrected(loaded, -10)).texts == later.texts


@pytest.mark.parametrize("how", ["refused", "checked", "no set"])
def test_what_is_not_loaded_leaves_no_trace(loaded, tmp_path, import_billing, how):
    files = corrected(loaded, -16)
    if how == "refused":
        of(files, "ledger", account=SECOND, service="MS", month="2026-03")["closing"] = "0"
    if how == "no set":
        files["receipts"][-1]["number"] = "\0"
    before, written = traces(), sets.physical_rows()
    folder = sets.write(tmp_path / "set", files)
    code = import_billing(folder, *(["--check"] if how == "checked" else []))[0]
    assert code == {"refused": 1, "checked": 0, "no set": 2}[how]
    assert traces() == before
    assert sets.physical_rows() == written
    assert Import.objects.get(name="set").texts is None


def test_an_account_that_falls_out_leaves_no_trace(loaded, tmp_path):
    files = corrected(loaded, -16)
    of(files, "receipts", number="R-2")["amount_due"] = "1"
    payment = one("payments", f"{SECOND},P9,EL,2026-04-11,2026-04,5,HAL")
    before = traces()
    report = sets.load(sets.write(tmp_path / "set", {**files, **payment}), accept_valid=True)
    assert report.in_part
    assert report.counts["payments"] == Counts(new=1)
    assert traces() == before
