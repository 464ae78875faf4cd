"""What follows of a real set: letters of its receipts and payments, the end with a new payer; and
what the worker looks after by itself.
"""

import copy
import datetime as dt

import pytest
from django.utils import timezone

from accounts import events
from billing.models import PersonalAccount
from billing.tests import exchange_sets as sets
from billing.tests.conftest import _small_set_in_database, loaded  # noqa: F401 - fixtures
from billing.tests.exchange_sets import COLUMNS, FIRST, of, rows
from cabinet import worker
from cabinet.models import Letter, Mailing
from receipts import deliveries, own_data
from receipts.models import Delivery, Subscription, SubscriptionChange
from receipts.tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db

MARCH = dt.date(2026, 3, 1)


@pytest.fixture
def own(loaded):  # noqa: F811
    """Somebody who wants all that there is of an account of the set."""
    account = PersonalAccount.objects.get(number=FIRST)
    return SubscriptionFactory(account=account, payments=True, reminders=True)


def load(folder, files):
    report = sets.load(sets.write(folder, files))
    assert sets.told(report) == []
    return report


def corrected(loaded):  # noqa: F811
    """March adjusted by 100 tenge."""
    files = copy.deepcopy(loaded)
    of(files, "ledger", account=FIRST, service="MS", month="2026-03").update(adjusted="100")
    row = of(files, "ledger", account=FIRST, service="MS", month="2026-03")
    row["closing"] = f"{float(row['closing']) + 100:.2f}"
    receipt = next(
        each for each in files["receipts"] if (each["account"], each["month"]) == (FIRST, "2026-03")
    )
    receipt["amount_due"] = f"{float(receipt['amount_due']) + 100:.2f}"
    files["adjustments"] += rows(COLUMNS["adjustments"], f"{FIRST},MS,2026-03,1,а,б,,100")
    return {name: files[name] for name in ("ledger", "adjustments", "receipts")}


def test_a_corrected_month_is_sent(own, loaded, tmp_path):  # noqa: F811
    load(tmp_path / "set", corrected(loaded))
    delivery = Delivery.objects.get()
    assert (delivery.month, delivery.version, delivery.since) == (MARCH, 2, MARCH)
    assert delivery.letter.recipient == own.user.email
    assert Mailing.objects.get().kind == "receipt"


def test_loaded_again_nothing_follows(own, loaded, tmp_path):  # noqa: F811
    load(tmp_path / "set", corrected(loaded))
    load(tmp_path / "again", corrected(loaded))
    assert Letter.objects.count() == 1


def test_a_check_sends_nothing(own, loaded, tmp_path):  # noqa: F811
    report = sets.load(sets.write(tmp_path / "set", corrected(loaded)), check=True)
    assert sets.told(report) == []
    assert not Letter.objects.exists()


def test_a_new_payment_is_told(own, loaded, tmp_path, monkeypatch):  # noqa: F811
    given = copy.deepcopy(loaded["payments"][0])
    today = timezone.localdate()
    given.update(account=FIRST, id="NEW-1", paid_on=f"{today:%Y-%m-%d}", month=f"{today:%Y-%m}")
    given["amount"] = "500"
    load(tmp_path / "set", {"payments": [given]})
    delivery = Delivery.objects.get()
    assert (delivery.letter.kind, delivery.payments) == ("payment", ["NEW-1"])
    assert Mailing.objects.get().kind == "payment"


def test_a_new_payer_ends_it(own, loaded, tmp_path):  # noqa: F811
    row = copy.deepcopy(of(loaded, "accounts", number=FIRST))
    row["owner_since"] = f"{timezone.localdate() + dt.timedelta(days=1):%Y-%m-%d}"
    load(tmp_path / "set", {"accounts": [row]})
    own.refresh_from_db()
    assert not own.is_on
    assert SubscriptionChange.objects.get().why == "suspended"


def test_the_worker_reminds():
    assert deliveries.remind in worker.DUTIES


def test_another_address_is_noted(own):
    events.moved(own.user)
    assert SubscriptionChange.objects.get().why == "moved"


def test_it_is_part_of_the_own_data(own):
    assert list(own_data.tables(own.user)) == []
    events.moved(own.user)
    ((name, table),) = own_data.tables(own.user)
    assert name == "subscriptions"
    assert table.rows[0][1:4] == (FIRST, "хаттар басқа мекенжайға барады", "иә")


def test_whoever_may_not_see_accounts_sends_nothing_again(own, client, home):
    client.force_login(home.biller)
    url = f"/admin/billing/personalaccount/{own.account_id}/subscriptions/{own.pk}/again/"
    assert client.post(url).status_code == 403
    assert not Letter.objects.exists()
    assert Subscription.objects.get().receipts
