"""What a set may bring later, or in parts: the rest is as it was."""

import pytest

from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import COLUMNS, FIRST, SECOND, of, one, rows

pytestmark = pytest.mark.django_db


def test_a_first_load_in_pieces_by_account_and_month(nothing_loaded, tmp_path):
    files = sets.small_set()
    owned = [name for name, columns in COLUMNS.items() if "account" in columns]
    pieces = [{name: content for name, content in files.items() if name not in owned}]
    for name in ("terms", "meters", "readings"):
        pieces.append({name: files[name]})
    for account in (SECOND, FIRST):
        for month in ("2026-02", "2026-03", "2026-04"):
            key = {"account": account, "month": month}
            pieces.append(
                {
                    name: [row for row in files[name] if key.items() <= row.items()]
                    for name in ("ledger", "charges", "adjustments", "payments", "receipts")
                }
            )
    for number, piece in enumerate(pieces):
        assert sets.told(sets.load(sets.write(tmp_path / str(number), piece))) == []
    assert sets.holds(files)


def test_a_closed_account_may_still_be_paid_for(loaded, tmp_path):
    closed = {
        "accounts": [{**of(loaded, "accounts", number=SECOND), "closed_on": "2026-03-31"}],
        "meters": [{**of(loaded, "meters", account=SECOND), "removed_on": "2026-03-31"}],
        **one("readings", f"{SECOND},77,2026-03-31,removed,611"),
        "payments": rows(COLUMNS["payments"], f"{SECOND},P9,EL,2026-04-20,2026-04,1740,HAL"),
    }
    assert sets.told(sets.load(sets.write(tmp_path / "set", closed))) == []
