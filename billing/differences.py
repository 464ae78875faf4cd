"""Compares billing's charges with our own computation, for staff to look into.

In batches by the worker, each of which has the next one compared: a million accounts take
minutes, and a worker that dies loses one batch, which another one does again.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django_tasks import task

from billing import breakdowns
from billing.computations import Computed, Dial, Facts
from billing.models import AccountImport, Charge, ChargeDifference, Meter, PersonalAccount, Terms
from billing.tariffs import book, dated_homes
from cabinet import months
from cabinet.memory import forget

BATCH = 500


@task()
def compare(since: str, made_by: int | None = None, after: int = 0) -> None:
    """Compares the charges from a month on of the accounts that an import changed, or of all:
    of those with numbers of rows above `after`, the first ones.
    """
    if made_by:
        changed = AccountImport.objects.filter(made_by=made_by, account_id__gt=after)
        keys = list(changed.order_by("account_id").values_list("account_id", flat=True)[:BATCH])
    else:
        every = PersonalAccount.objects.filter(pk__gt=after)
        keys = list(every.order_by("pk").values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        compare_accounts(keys, months.parse(since))
        if len(keys) == BATCH:
            compare.enqueue(since, made_by, keys[-1])


@task()
def compare_these(keys: list[int]) -> None:
    """Compares all charges of the accounts with these numbers of rows."""
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            compare_accounts(keys[start : start + BATCH], dt.date.min)


def compare_accounts(keys: Sequence[int], since: dt.date) -> None:
    """Writes down which months of these accounts differ now, and forgets those that do not."""
    forget()  # a tariff may just have been loaded
    found = [
        ChargeDifference(
            **dict(zip(breakdowns.MONTH, key, strict=True)),
            billed=sum(each.interval.amount for each in computed),
            computed=sum(each.bill.amount for each in computed if each.bill),
        )
        for key, computed in of_accounts(keys, since)
        if not all(each.agrees for each in computed)
    ]
    ChargeDifference.objects.filter(account__in=keys, month__gte=since).delete()
    ChargeDifference.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["account", "service", "month"],
        update_fields=["billed", "computed"],
    )


def of_accounts(
    keys: Sequence[int], since: dt.date
) -> Iterator[tuple[tuple[int, str, dt.date], tuple[Computed, ...]]]:
    """Each month of each service of these accounts from a month on, computed by us; three
    queries. What cannot be computed is left out.
    """
    facts = _facts_of(keys)
    lines = Charge.objects.filter(account__in=keys, month__gte=since)
    for key, intervals in breakdowns.charged(lines):
        account, service, month = key
        computed = facts[account].of_intervals(service, month, intervals)
        if all(each.bill for each in computed):
            yield key, computed


def _facts_of(keys: Iterable[int]) -> dict[int, Facts]:
    terms: dict[int, list[Terms]] = defaultdict(list)
    for each in Terms.objects.filter(account__in=keys):
        terms[each.account_id].append(each)
    meters: dict[int, dict[str, Dial]] = defaultdict(dict)
    dials = Meter.objects.filter(account__in=keys)
    for account, serial, *dial in dials.values_list("account_id", "serial", *Dial._fields):
        meters[account][serial] = Dial(*dial)
    return {key: Facts(book(), dated_homes(terms[key]), meters[key]) for key in keys}
