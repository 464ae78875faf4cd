"""What a set withdraws by deletions.csv, and which rows of it are bad."""

import pytest

from billing.exchange.apply import Counts
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db


def withdrawn(*lines):
    """The rows of deletions.csv: each a file and a key."""
    return {"deletions": rows(("file", "key"), *lines)}


def key_of(name, row):
    return "|".join(row[column] for column in sets.KEYS[name])


@pytest.fixture
def withdraw(loaded, tmp_path):
    """Loads the set, twice: its counts. The database then holds the loaded set, as changed."""

    def twice(files):
        first = sets.load(sets.write(tmp_path / "withdrawing", files))
        assert sets.told(first) == []
        taken = {tuple(row.values()) for row in files["deletions"]}
        for name in sets.KEYS:
            left = {
                key_of(name, row): row
                for row in loaded[name] + files.get(name, [])
                if (name, key_of(name, row)) not in taken
            }
            loaded[name] = list(left.values())
        assert sets.holds(loaded)

        before = sets.physical_rows()
        second = sets.load(tmp_path / "withdrawing")
        assert sets.told(second) == []
        same = {name: Counts(same=len(rows)) for name, rows in files.items() if name in sets.KEYS}
        assert {name: second.counts[name] for name in second.counts if name in sets.KEYS} == same
        assert second.counts["deletions"] == Counts(same=len(files["deletions"]))
        assert sets.physical_rows() == before
        return first.counts

    return twice


def changed(files, name, key, **cells):
    """The set's one row of the file with that key, and other cells."""
    return {name: [of(files, name, **key) | cells]}


# Each file


def test_terms_are_withdrawn(withdraw):
    others = one("terms", f"{FIRST},2019-02-01,2,0,0,tiered")
    assert withdraw({**others, **withdrawn(f"terms,{FIRST}|2019-03-01")}) == {
        "terms": Counts(new=1, deleted=1),
        "deletions": Counts(deleted=1),
    }


def test_meter_is_withdrawn_with_all_that_names_it(loaded, withdraw):
    """The meter had another serial all the time."""
    names = ("meters", "readings", "charges")
    files = {
        name: [{**row} for row in loaded[name] if (row["account"], row["serial"]) == (SECOND, "77")]
        for name in names
    }
    old = [f"{name},{key_of(name, row)}" for name in names[:2] for row in files[name]]
    for name in names:
        for row in files[name]:
            row["serial"] = "78"
    assert withdraw({**files, **withdrawn(*old)}) == {
        "meters": Counts(new=1, deleted=1),
        "readings": Counts(new=3, deleted=3),
        "charges": Counts(changed=2),
        "deletions": Counts(deleted=4),
    }


def test_reading_is_withdrawn(withdraw):
    assert withdraw(withdrawn(f"readings,{FIRST}|77|2026-02-24|consumer")) == {
        "readings": Counts(deleted=1),
        "deletions": Counts(deleted=1),
    }


def test_ledger_is_withdrawn(loaded, withdraw):
    receipt = changed(loaded, "receipts", {"number": "R-4"}, amount_due="1740")
    assert withdraw({**receipt, **withdrawn(f"ledger,{SECOND}|MS|2026-03")}) == {
        "ledger": Counts(deleted=1),
        "receipts": Counts(changed=1),
        "deletions": Counts(deleted=1),
    }


def test_line_is_withdrawn(loaded, withdraw):
    month = {"account": SECOND, "service": "MS", "month": "2026-03"}
    files = {
        **changed(loaded, "ledger", month, accrued="0", closing="116"),
        **changed(loaded, "receipts", {"number": "R-4"}, amount_due="1856"),
        **withdrawn(f"charges,{SECOND}|MS|2026-03|1"),
    }
    assert withdraw(files) == {
        "ledger": Counts(changed=1),
        "charges": Counts(deleted=1),
        "receipts": Counts(changed=1),
        "deletions": Counts(deleted=1),
    }


def test_line_is_withdrawn_whose_month_comes_anew_without_it(loaded, withdraw):
    key = {"account": FIRST, "service": "EL", "month": "2026-02", "line": "1"}
    line = changed(loaded, "charges", key, quantity="200", limit="", amount="3578.89")
    assert withdraw({**line, **withdrawn(f"charges,{FIRST}|EL|2026-02|2")}) == {
        "charges": Counts(changed=1, deleted=1),
        "deletions": Counts(deleted=1),
    }


def test_adjustment_is_withdrawn_and_the_month_has_none(loaded, withdraw):
    month = {"account": FIRST, "service": "EL", "month": "2026-03"}
    files = {
        **changed(loaded, "ledger", month, adjusted="0", closing="1740"),
        **changed(loaded, "receipts", {"number": "R-2"}, amount_due="1856"),
        **withdrawn(f"adjustments,{FIRST}|EL|2026-03|1"),
    }
    assert withdraw(files) == {
        "ledger": Counts(changed=1),
        "adjustments": Counts(deleted=1),
        "receipts": Counts(changed=1),
        "deletions": Counts(deleted=1),
    }
    assert not loaded["adjustments"]


def test_payment_is_withdrawn(loaded, withdraw):
    month = {"account": SECOND, "service": "EL", "month": "2026-03"}
    files = {
        **changed(loaded, "ledger", month, paid="1600", closing="1590"),
        **changed(loaded, "receipts", {"number": "R-4"}, amount_due="1822"),
        **withdrawn(f"payments,{SECOND}|P2"),
    }
    assert withdraw(files) == {
        "ledger": Counts(changed=1),
        "payments": Counts(deleted=1),
        "receipts": Counts(changed=1),
        "deletions": Counts(deleted=1),
    }


def test_waiting_payment_is_withdrawn_alone(withdraw):
    assert withdraw(withdrawn(f"payments,{FIRST}|P4")) == {
        "payments": Counts(deleted=1),
        "deletions": Counts(deleted=1),
    }


def test_receipt_is_withdrawn(withdraw):
    assert withdraw(withdrawn(f"receipts,{SECOND}|2026-03")) == {
        "receipts": Counts(deleted=1),
        "deletions": Counts(deleted=1),
    }


def test_account_is_emptied(loaded, withdraw):
    content = {name: [row for row in loaded[name] if row["account"] == FIRST] for name in sets.KEYS}
    lines = [f"{name},{key_of(name, row)}" for name in sets.KEYS for row in content[name]]
    assert withdraw(withdrawn(*lines)) == {
        **{name: Counts(deleted=len(content[name])) for name in sets.KEYS},
        "deletions": Counts(deleted=len(lines)),
    }


def test_the_sign_between_parts_may_stand_in_a_serial_and_an_id(loaded, withdraw, tmp_path):
    files = {
        **one("meters", f"{FIRST},7|7,EL,,5,1,2015-03-01,2019-03-01,,"),
        **one("readings", f"{FIRST},7|7,2019-03-01,removed,9000"),
        **one("payments", f"{FIRST},P|9,EL,2026-04-10,2026-04,1,HAL"),
    }
    assert sets.load(sets.write(tmp_path / "signs", files)).loaded
    lines = [f"{name},{key_of(name, row)}" for name, (row,) in files.items()]
    assert withdraw(withdrawn(*lines)) == {
        **dict.fromkeys(files, Counts(deleted=1)),
        "deletions": Counts(deleted=3),
    }


# What the rules then say


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("charges", f"{SECOND}|MS|2026-03|1"),
        ("adjustments", f"{FIRST}|EL|2026-03|1"),
        ("payments", f"{SECOND}|P2"),
    ],
)
def test_closed_months_sums_still_hold(refuse, name, key):
    assert refuse(withdrawn(f"{name},{key}")) == [("deletions", 2, "key", key, "R4")]


# What a row must be by itself


@pytest.mark.parametrize(
    "name", ["accounts", "tariffs", "deletions", "payments.csv", "PAYMENTS", ""]
)
def test_file_that_has_no_withdrawals(refuse, name):
    assert refuse(withdrawn(f"{name},{FIRST}|P4")) == [("deletions", 2, "file", name, "F")]


@pytest.mark.parametrize(
    "line",
    [
        f"terms,{FIRST}",
        "terms,",
        f"terms,{FIRST}|2019-02-30",
        f"terms,{FIRST}|2019-03-01|1",
        "terms,|2019-03-01",
        f"meters,{FIRST}",
        f"meters,{FIRST}|",
        f"readings,{FIRST}|77|2026-02-24",
        f"readings,{FIRST}|77|2026-02-24|guessed",
        f"readings,{FIRST}|77|network|2026-02-24",
        f"ledger,{FIRST}|EL|2026-13",
        f"ledger,{FIRST}|EL|2026-02-01",
        f"ledger,EL|{FIRST}|2026-02",
        f"charges,{FIRST}|EL|2026-02",
        f"charges,{FIRST}|EL|2026-02|0",
        f"charges,{FIRST}|EL|2026-02|1.0",
        f"adjustments,{FIRST}|EL|2026-03|-1",
        f"adjustments,{FIRST}||2026-03|1",
        f"payments,{FIRST}",
        "payments,101|P4",
        f"receipts,{FIRST}|2026-2",
        f"receipts,{FIRST};2026-02",
    ],
)
def test_malformed_key(refuse, line):
    assert refuse(withdrawn(line)) == [("deletions", 2, "key", line.split(",")[1], "F")]


@pytest.mark.parametrize("name", sets.KEYS)
def test_unknown_account(loaded, refuse, name):
    key = key_of(name, {**loaded[name][0], "account": "9999"})
    assert refuse(withdrawn(f"{name},{key}")) == [("deletions", 2, "key", key, "R1")]


@pytest.mark.parametrize("name", ["ledger", "charges", "adjustments"])
def test_unknown_service(loaded, refuse, name):
    key = key_of(name, {**loaded[name][0], "service": "NONE"})
    assert refuse(withdrawn(f"{name},{key}")) == [("deletions", 2, "key", key, "R1")]


@pytest.mark.parametrize("name", sets.KEYS)
def test_key_both_brought_and_withdrawn(loaded, refuse, name):
    row = loaded[name][0]
    key = key_of(name, row)
    assert refuse({name: [row], **withdrawn(f"{name},{key}")}) == [
        ("deletions", 2, "key", key, "R9")
    ]


@pytest.mark.parametrize("name", sets.KEYS)
def test_key_withdrawn_twice(loaded, refuse, name):
    key = key_of(name, loaded[name][0])
    other = f"payments,{SECOND}|P9"
    assert refuse(withdrawn(f"{name},{key}", other, f"{name},{key}", f"{name},{key}")) == [
        ("deletions", 4, "key", key, "R9"),
        ("deletions", 5, "key", key, "R9"),
    ]


def test_account_with_a_bad_withdrawal_falls_out(loaded, tmp_path):
    files = {
        **changed(loaded, "accounts", {"number": FIRST}, payer="Another"),
        **withdrawn(f"payments,{FIRST}|P4", f"payments,{FIRST}|P2", f"receipts,{SECOND}|2026-03"),
    }
    report = sets.load(sets.write(tmp_path / "set", files), accept_valid=True)
    assert sets.told(report) == [("deletions", 3, "key", f"{FIRST}|P2", "R4")]
    assert report.in_part
    of(loaded, "accounts", number=FIRST)["payer"] = sets.small_set()["accounts"][0]["payer"]
    assert sets.holds({**loaded, "receipts": loaded["receipts"][:3]})
