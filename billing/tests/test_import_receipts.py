"""What a receipt showed stays, whatever is corrected later; versions count what differs."""

import copy
from decimal import Decimal

import pytest

from billing.models import FrozenReceipt, Import, PersonalAccount, Receipt
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, rows

pytestmark = pytest.mark.django_db


def of(files, name, **key):
    """The one row of the file with that key."""
    (row,) = [row for row in files[name] if key.items() <= row.items()]
    return row


@pytest.fixture
def change(loaded, tmp_path):
    """Loads parts of the small set after they were changed."""
    numbers = iter(range(99))

    def load(*names, **options):
        folder = tmp_path / f"set-{next(numbers)}"
        return sets.load(sets.write(folder, {name: loaded[name] for name in names}), **options)

    return load


def versions():
    """Each receipt's number and version."""
    return dict(Receipt.objects.values_list("number", "version"))


def kept(number):
    """The kept versions of a receipt."""
    return list(FrozenReceipt.objects.filter(number=number).order_by("version"))


def correct_february(files):
    """A correction of an old month, with the later one that it rolls through."""
    of(files, "ledger", account=FIRST, service="MS", month="2026-02").update(
        adjusted="-16", closing="100"
    )
    of(files, "ledger", account=FIRST, service="MS", month="2026-03").update(
        opening="100", closing="100"
    )
    of(files, "receipts", number="R-1")["amount_due"] = "2678.89"
    of(files, "receipts", number="R-2")["amount_due"] = "1740"
    files["adjustments"] += rows(COLUMNS["adjustments"], f"{FIRST},MS,2026-02,1,Қайта,Заново,,-16")


def test_what_is_issued_is_version_1_of_its_import_and_nothing_is_kept_twice(loaded):
    assert versions() == {"R-1": 1, "R-2": 1, "R-3": 1, "R-4": 1}
    assert not FrozenReceipt.objects.exists()
    (made_by,) = {receipt.made_by for receipt in Receipt.objects.all()}
    assert made_by.name == "loaded"
    texts = made_by.texts.content
    assert texts["suppliers"]["ADE"]["name_kk"] == "«Алтын Дала Энерго» ЖШС"
    assert set(texts) == {"suppliers", "services", "branches", "banks"}


def test_a_correction_makes_a_version_of_each_receipt_it_rolls_through(loaded, change):
    correct_february(loaded)
    assert change("ledger", "adjustments", "receipts").problems == []

    assert versions() == {"R-1": 2, "R-2": 2, "R-3": 1, "R-4": 1}
    (first,), (second,) = kept("R-1"), kept("R-2")
    assert (first.version, first.amount_due) == (1, Decimal("2694.89"))
    assert (second.version, second.amount_due) == (1, Decimal("1756.00"))
    assert first.figures["MS"] == {
        "balance": [Decimal(x) for x in ("0.00", "116.00", "0.00", "0.00", "116.00")],
        "charges": [
            [1, *[None] * 6, Decimal("1"), None, None, Decimal("100"), Decimal("0.16"), 116]
        ],
        "adjustments": [],
        "payments": [],
    }
    assert [line[7] for line in first.figures["EL"]["charges"]] == [
        Decimal("182.951"),
        Decimal("17.049"),
    ]
    assert first.figures["EL"]["payments"] == [["P1", "2026-02-10", Decimal("1000.00")]]
    assert first.payer.content["payer"] == "Әбдірахманова Гүлнәр"
    assert first.home.content["terms"] == [["2019-03-01", 2, False, False, "tiered"]]
    assert first.home.content["meters"] == [["77", "EL", 6, Decimal("1.000")]]
    assert first.readings == [
        [
            ["77", "2026-01-25", "network", Decimal("1000.000")],
            ["77", "2026-02-24", "consumer", Decimal("1195.500")],
            ["77", "2026-02-25", "network", Decimal("1200.000")],
        ]
    ]
    assert Receipt.objects.get(number="R-1").made_by.name == "set-0"
    assert first.made_by.name == "loaded"


def test_corrected_back_it_is_a_third_version_and_the_others_stay(loaded, change):
    before = copy.deepcopy(loaded)
    correct_february(loaded)
    change("ledger", "adjustments", "receipts")
    loaded.update({name: before[name] for name in ("ledger", "receipts")})
    loaded["deletions"] = [{"file": "adjustments", "key": f"{FIRST}|MS|2026-02|1"}]
    assert change("ledger", "receipts", "deletions").problems == []
    assert versions()["R-1"] == 3
    assert [version.amount_due for version in kept("R-1")] == [
        Decimal("2694.89"),
        Decimal("2678.89"),
    ]


def test_another_payer_and_address_make_no_version_and_the_old_one_is_kept(loaded, change):
    of(loaded, "accounts", number=FIRST).update(payer="Жаңа Иесі", address_ru="ул. Новая 1")
    assert change("accounts").problems == []
    assert set(versions().values()) == {1}
    assert [receipt.payer.content for receipt in kept("R-1") + kept("R-2")] == 2 * [
        {
            "payer": "Әбдірахманова Гүлнәр",
            "address_kk": "Абай даңғ. 1",
            "address_ru": "пр. Абая 1",
            "branch": "ALM",
        }
    ]
    assert kept("R-3") == []
    assert len({receipt.payer_id for receipt in kept("R-1") + kept("R-2")}) == 1


def test_a_late_reading_is_not_on_a_receipt_issued_before(loaded, change):
    loaded["readings"] += rows(COLUMNS["readings"], f"{FIRST},77,2026-03-24,consumer,1299")
    assert change("readings").problems == []
    assert set(versions().values()) == {1}
    assert kept("R-1") == []
    ((only,),) = [kept("R-2")]
    assert [reading[1:3] for reading in only.readings[0]] == [
        ["2026-02-25", "network"],
        ["2026-03-25", "network"],
    ]


def test_terms_and_meters_of_later_do_not_change_receipts_of_before(loaded, change):
    loaded["terms"] += rows(COLUMNS["terms"], f"{FIRST},2026-03-10,5,0,0,tiered")
    of(loaded, "meters", account=SECOND)["ratio"] = "1"
    of(loaded, "meters", account=FIRST)["next_verification_on"] = "2036-03-01"
    assert change("terms", "meters").problems == []
    assert set(versions().values()) == {1}
    assert [version.home.content["terms"][-1][1] for version in kept("R-2")] == [2]


def test_a_bank_is_no_figure(loaded, change):
    loaded["banks"] += rows(COLUMNS["banks"], "KAS,a,b")
    of(loaded, "payments", account=FIRST, id="P2")["bank"] = "KAS"
    assert change("banks", "payments").problems == []
    assert set(versions().values()) == {1}


def test_a_date_of_the_receipt_is_one(loaded, change):
    of(loaded, "receipts", number="R-4")["due_on"] = "2026-04-27"
    change("receipts")
    assert versions()["R-4"] == 2
    assert [version.due_on.isoformat() for version in kept("R-4")] == ["2026-04-25"]


@pytest.mark.parametrize(("due_on", "version"), [("2026-04-25", 1), ("2026-04-30", 2)])
def test_withdrawn_and_sent_again(loaded, change, due_on, version):
    account = PersonalAccount.objects.get(number=SECOND)
    loaded["deletions"] = [{"file": "receipts", "key": f"{SECOND}|2026-03"}]
    assert change("deletions").problems == []
    assert "R-4" not in versions()
    assert [receipt.account_id for receipt in kept("R-4")] == [account.pk]

    of(loaded, "receipts", number="R-4")["due_on"] = due_on
    assert change("receipts").problems == []
    assert versions()["R-4"] == version


def test_texts_are_those_of_the_import_that_made_the_version(loaded, change):
    loaded["suppliers"][0]["phone"] = "+7 727 111 1111"
    change("suppliers")
    of(loaded, "receipts", number="R-4")["due_on"] = "2026-04-27"
    change("receipts")
    phones = {
        receipt.number: receipt.made_by.texts.content["suppliers"]["ADE"]["phone"]
        for receipt in Receipt.objects.select_related("made_by__texts")
    }
    assert phones == {
        "R-1": "+7 727 000 0000",
        "R-2": "+7 727 000 0000",
        "R-3": "+7 727 000 0000",
        "R-4": "+7 727 111 1111",
    }


@pytest.mark.parametrize("options", [{"check": True}, {}], ids=["checked", "refused"])
def test_what_is_not_loaded_leaves_no_version(loaded, change, options):
    correct_february(loaded)
    if not options:
        loaded["receipts"][0]["amount_due"] = "1"
    change("ledger", "adjustments", "receipts", **options)
    assert set(versions().values()) == {1}
    assert not FrozenReceipt.objects.exists()
    assert Import.objects.get(name="set-0").texts is None


def test_loaded_again_nothing_is_kept_anew(loaded, change):
    correct_february(loaded)
    for _turn in range(2):
        change("ledger", "adjustments", "receipts")
    assert versions() == {"R-1": 2, "R-2": 2, "R-3": 1, "R-4": 1}
    assert FrozenReceipt.objects.count() == 2
