"""Every account and month of both sets: our computation equals billing's, and the causes of
each difference between months add up to it.
"""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import translation

from billing import differences, explanations
from billing.causes import Kind
from billing.exchange.load import load
from billing.models import ChargeDifference, LedgerEntry, PersonalAccount
from cabinet.tests.test_figures_of_sample import SETS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=sorted(SETS))
def loaded(request, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(Path(settings.BASE_DIR, SETS[request.param]), by="test").loaded
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.every)])
def test_every_month(loaded, db, monkeypatch, step):
    """Of every eighth account, or of all."""
    kinds = set()
    between = explanations.causes.between

    def noted(*months):
        found = between(*months)
        kinds.update(cause.kind for cause in found)
        return found

    monkeypatch.setattr(explanations.causes, "between", noted)
    told = wanted = 0
    for account in PersonalAccount.objects.order_by("number")[::step]:
        rows = {(row.service_id, row.month): row for row in account.ledger.all()}
        wanted += len(rows)
        for month in sorted({month for _service, month in rows}):
            own = PersonalAccount.objects.filter(pk=account.pk)
            found = explanations.with_month(own, month).get()
            with translation.override("ru" if told % 2 else "kk"):
                told += check(found, month, rows)
    assert told == wanted
    if step == 1:
        assert wanted == LedgerEntry.objects.count()
        assert {*Kind} - kinds - {Kind.HOME} == {Kind.OTHER}


def check(account, month, rows):
    """Of all services, how many there were."""
    explained = explanations.of_month(account, month)
    for each in explained:
        assert [part.computed.difference for part in each.parts] == [Decimal(0)] * len(each.parts)
        for part in each.parts:
            assert part.computed.bill is not None
            check_lines(part.computed)
            assert [sentence.line.amount for sentence in part.sentences if not sentence.sum] == []
        service = each.breakdown.service.pk
        before = rows.get((service, account.month_before))
        assert (each.change is None) == (before is None)
        if before:
            row = rows[service, month]
            wanted = row.accrued + row.adjusted - before.accrued - before.adjusted
            assert each.change.amount == wanted
            assert sum((cause.amount for cause in each.change.causes), Decimal(0)) == wanted
            assert all(cause.words and cause.amount for cause in each.change.causes)
    return len(explained)


def check_lines(computed):
    """Line by line all that is printed; of a line of zero billing prints the days of a part."""
    ours = [
        (each.quantity, each.level, each.limit, each.price, each.vat_rate, each.amount)
        for each in computed.bill.lines
    ]
    metered = computed.interval.first.serial is not None
    assert ours == [
        (
            *(each.quantity, each.level if metered else 1, each.limit),
            *(each.price, each.vat_rate, each.amount),
        )
        for each in computed.interval.lines
    ]
    if metered and computed.interval.quantity:
        assert [each.days for each in computed.bill.lines] == [
            each.days for each in computed.interval.lines
        ]


def test_staff_have_no_differences_to_look_into(loaded, db):
    keys = list(PersonalAccount.objects.values_list("pk", flat=True))
    months = [key for key, _computed in differences.of_accounts(keys, differences.dt.date.min)]
    assert len(months) == LedgerEntry.objects.count()
    differences.compare_accounts(keys, differences.dt.date.min)
    assert not ChargeDifference.objects.exists()
