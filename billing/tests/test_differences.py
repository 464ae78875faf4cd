"""Charges that differ from our own computation: found after an import, shown to staff."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from accounts.models import AuditEntry
from billing import differences
from billing.models import Charge, ChargeDifference, Import, PersonalAccount
from billing.tests import exchange_sets, factories
from cabinet.tests.pages import Page, text

EVER = dt.date.min
LIST = "/admin/billing/chargedifference/"


@pytest.fixture
def billed(home):
    """The household's account with one month that our computation agrees with."""
    factories.VatFactory()
    factories.TariffFactory(plan="tiered")
    factories.TariffBandFactory(plan="tiered")
    Charge.objects.all().delete()
    factories.MeterFactory(
        account=home.account, serial="87447638", installed_on=dt.date(2026, 1, 1)
    )
    return factories.ChargeFactory(account=home.account, line=1)


def found(*keys, since=EVER):
    differences.compare_accounts(keys, since)
    return list(ChargeDifference.objects.values_list("month", "billed", "computed"))


def test_what_agrees_is_not_listed(billed):
    assert billed.amount == Decimal("1450.00")
    assert found(billed.account_id) == []


def test_a_tiyn_a_line_agrees(billed):
    Charge.objects.update(amount=Decimal("1450.01"))
    assert found(billed.account_id) == []
    Charge.objects.update(amount=Decimal("1450.02"))
    assert found(billed.account_id) == [(billed.month, Decimal("1450.02"), Decimal("1450.00"))]


def test_what_agrees_again_is_forgotten(billed):
    Charge.objects.update(amount=Decimal("1500.00"))
    assert len(found(billed.account_id)) == 1
    Charge.objects.update(amount=Decimal("1450.00"))
    assert found(billed.account_id) == []


def test_charges_withdrawn_are_forgotten(billed):
    Charge.objects.update(amount=Decimal("1500.00"))
    assert len(found(billed.account_id)) == 1
    Charge.objects.all().delete()
    assert found(billed.account_id) == []


def test_earlier_months_and_others_stay_as_they_are(billed):
    Charge.objects.update(amount=Decimal("1500.00"))
    other = factories.ChargeDifferenceFactory()
    assert len(found(billed.account_id)) == 2
    Charge.objects.update(amount=Decimal("1450.00"))
    assert len(found(billed.account_id, since=dt.date(2026, 3, 1))) == 2
    assert len(found(billed.account_id, since=dt.date(2026, 2, 1))) == 1
    assert ChargeDifference.objects.get() == other


def test_what_cannot_be_computed_is_not_listed(billed):
    Charge.objects.update(amount=Decimal("1500.00"))
    billed.account.terms.all().delete()
    assert found(billed.account_id) == []


def test_lines_that_cancel_out_differ_nevertheless(billed):
    second = {"from_on": billed.to_on, "to_on": dt.date(2026, 3, 25), "line": 2}
    readings = {"from_value": Decimal(1200), "to_value": Decimal(1250), "amount": Decimal(1440)}
    factories.ChargeFactory(account=billed.account, **second, **readings)
    Charge.objects.filter(line=1).update(amount=Decimal("1460.00"))
    assert found(billed.account_id) == [(billed.month, Decimal("2900.00"), Decimal("2900.00"))]


def test_the_same_number_of_queries_however_many(billed):
    def queries(keys):
        with CaptureQueriesContext(connection) as captured:
            differences.compare_accounts(keys, EVER)
        return len(captured)

    def other():
        return factories.PersonalAccountFactory(number=f"9{PersonalAccount.objects.count():05}")

    few = queries([billed.account_id])
    for _each in range(3):
        factories.ChargeFactory(account=other(), line=1)
    assert queries(list(PersonalAccount.objects.values_list("pk", flat=True))) == few


def test_batch_after_batch(billed, monkeypatch):
    monkeypatch.setattr(differences, "BATCH", 2)
    Charge.objects.update(amount=Decimal("1500.00"))
    keys = sorted(PersonalAccount.objects.values_list("pk", flat=True))
    seen = []
    monkeypatch.setattr(
        differences, "compare_accounts", lambda batch, since: seen.append((batch, since))
    )
    task = ("2026-02", None, 0)
    while task:
        DBTaskResult.objects.all().delete()
        differences.compare.call(*task)
        task = next((each.args_kwargs["args"] for each in DBTaskResult.objects.all()), None)
    assert [key for batch, _since in seen for key in batch] == keys
    assert {since for _batch, since in seen} == {dt.date(2026, 2, 1)}


def test_only_what_an_import_changed(billed):
    made_by = factories.AccountImportFactory(account=billed.account).made_by
    Charge.objects.update(amount=Decimal("1500.00"))
    other = factories.PersonalAccountFactory(number="900000")
    factories.TermsFactory(account=other)
    factories.MeterFactory(account=other, serial="87447638")
    factories.ChargeFactory(account=other, line=1, amount=Decimal("1.00"))
    differences.compare.call("2026-02", made_by.pk)
    assert ChargeDifference.objects.get().account == billed.account


def tasks(files, tmp_path):
    """What loading the set has asked for, whatever was asked before."""
    DBTaskResult.objects.all().delete()
    report = exchange_sets.load(exchange_sets.write(tmp_path / "set", files))
    assert report.problems == []
    record = Import.objects.latest("pk").pk
    return [
        (
            each.task_path.rpartition(".")[2],
            *(("its own" if value == record else value) for value in each.args_kwargs["args"]),
        )
        for each in DBTaskResult.objects.order_by("enqueued_at")
    ]


def keys(*numbers):
    found = PersonalAccount.objects.filter(number__in=numbers).order_by("pk")
    return list(found.values_list("pk", flat=True))


def test_a_first_load_has_all_compared(nothing_loaded, tmp_path):
    files = exchange_sets.small_set()
    numbers = {row["number"] for row in files["accounts"]}
    assert min(row["valid_from"] for row in files["vat"]) == "2010-01-01"
    assert tasks(files, tmp_path) == [
        ("compare_these", keys(*numbers)),
        ("compare", "2009-12"),
    ]


def test_a_set_that_changes_nothing_has_nothing_compared(loaded, tmp_path):
    assert tasks(loaded, tmp_path) == []


def test_new_terms_have_the_whole_account_compared(loaded, tmp_path):
    row = loaded["terms"][0]
    row["residents"] = str(int(row["residents"]) + 1)
    assert tasks({"terms": [row]}, tmp_path) == [("compare_these", keys(row["account"]))]


def test_a_new_tariff_has_all_compared_from_its_day_on(loaded, tmp_path):
    new = {"valid_from": "2026-09-15"}
    files = {
        "tariffs": [{**loaded["tariffs"][0], **new}],
        "tariff_bands": [
            {**row, **new}
            for row in loaded["tariff_bands"]
            if all(
                row[name] == loaded["tariffs"][0][name]
                for name in ("service", "plan", "valid_from")
            )
        ],
    }
    assert tasks(files, tmp_path) == [("compare", "2026-08")]


def test_a_check_has_nothing_compared(loaded, tmp_path):
    row = loaded["terms"][0]
    row["residents"] = str(int(row["residents"]) + 1)
    DBTaskResult.objects.all().delete()
    exchange_sets.load(exchange_sets.write(tmp_path / "set", {"terms": [row]}), check=True)
    assert not DBTaskResult.objects.exists()


def see(client, user, path=LIST):
    client.force_login(user)
    return Page(client.get(path))


def listed(page):
    """The rows of the list."""
    (table,) = (table for table in page.tables if "Айырма" in table[0])
    return table[1:]


def test_staff_see_the_largest_first(client, home):
    small = {"billed": Decimal("10.00"), "computed": Decimal("12.50")}
    factories.ChargeDifferenceFactory(account=home.strangers, **small)
    factories.ChargeDifferenceFactory(account=home.account)
    for user in (home.support, home.biller, home.supervisor):
        page = see(client, user)
        assert listed(page) == [
            [
                "000000101",
                "2026 ж. ақпан",
                "Электр энергиясы",
                "1_450,00_₸",
                "1_400,00_₸",
                "+50,00",
            ],
            ["000000202", "2026 ж. ақпан", "Электр энергиясы", "10,00_₸", "12,50_₸", "−2,50"],
        ]
    assert AuditEntry.objects.filter(action="differences_listed").count() == 3


def test_by_month(client, home):
    factories.ChargeDifferenceFactory(account=home.account)
    factories.ChargeDifferenceFactory(account=home.account, month=dt.date(2026, 1, 1))
    page = see(client, home.biller, f"{LIST}?month=2026-01")
    assert [row[1] for row in listed(page)] == ["2026 ж. қаңтар"]
    assert see(client, home.biller, f"{LIST}?month=2026-99").status == 200


def test_a_row_leads_to_the_month(client, home):
    row = factories.ChargeDifferenceFactory(account=home.account)
    client.force_login(home.support)
    response = client.get(f"{LIST}{row.pk}/change/")
    assert response.url == (f"/admin/billing/personalaccount/{home.account.pk}/months/2026-02/")
    assert client.get(f"{LIST}{row.pk + 1}/change/").status_code == 404


def test_the_resident_reads_it_in_neutral_words(client, billed, home):
    Charge.objects.update(amount=Decimal("1500.00"))
    client.force_login(home.owner)
    page = Page(client.get("/accounts/000000101/services/2026-02/"))
    assert [text(each) for each in page.all("p.note")] == [
        "Тариф пен үйдің шарттары бойынша біздің есебіміз: 1_450,00_₸; шоттағы сома: 1_500,00_₸."
        " Төлеу үшін шоттағы сома қолданылады. Айырманың себебін контакт-орталығы түсіндіреді."
    ]
    assert page.all("p.checked") == []


def test_the_resident_reads_that_it_agrees(client, billed, home):
    client.force_login(home.owner)
    page = Page(client.get("/accounts/000000101/services/2026-02/"))
    assert [text(each) for each in page.all("p.checked")] == [
        "✓ Тариф бойынша қайта есептелді: 1_450,00_₸"
    ]
