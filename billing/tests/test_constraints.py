"""What the database itself refuses about billing's data, whoever writes them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import InternalError, connection, transaction

from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from accounts.tests.factories import UserFactory
from billing import models
from billing.tests import factories as make

pytestmark = pytest.mark.django_db

NEXT_DAY = dt.date(2026, 2, 2)
LONG_AGO = dt.date(1999, 1, 1)
LESS = Decimal("-0.001")

FACTORIES = {
    factory._meta.model: factory
    for factory in vars(make).values()
    if isinstance(factory, type)
    and issubclass(factory, make.DjangoModelFactory)
    and factory not in (make.DjangoModelFactory, UserFactory)
}

# What sets a further row apart from the factory's own.
FURTHER = {
    models.Supplier: {"code": "B", "issuer": False},
    models.Service: {"code": "B"},
    models.Branch: {"code": "B"},
    models.Bank: {"code": "B"},
    models.Vat: {"valid_from": NEXT_DAY},
    models.Tariff: {"valid_from": NEXT_DAY},
    models.TariffBand: {"level": 2},
    models.PersonalAccount: {"number": "0000"},
    models.Terms: {"valid_from": NEXT_DAY},
    models.Tries: {"number": "0000"},
    models.ChargeDifference: {"month": dt.date(2026, 3, 1)},
    models.ImportJob: {"is_check": False},
    models.Meter: {"serial": "B"},
    models.Reading: {"source": "consumer"},
    models.LedgerEntry: {"month": dt.date(2026, 3, 1)},
    models.Charge: {"line": 999_999},
    models.Adjustment: {"line": 999_999},
    models.Payment: {"reference": "B"},
    models.Receipt: {"month": dt.date(2026, 3, 1), "number": "B"},
    models.Import: {},
    models.FrozenFact: {"digest": bytes(31) + b"!"},
    models.FrozenReceipt: {"version": 2},
}
METERED = {
    "serial": None,
    "from_on": None,
    "from_value": None,
    "to_on": None,
    "to_value": None,
    "days": None,
}

CASES = [
    # suppliers
    Case("billing_supplier_pkey", make.SupplierFactory, {"code": SAME}),
    Case("supplier_one_issuer", make.SupplierFactory, {"issuer": True}),
    Case("supplier_bin_form", make.SupplierFactory, {"bin": "99124000001"}),
    Case("supplier_iik_form", make.SupplierFactory, {"iik": "KZ639990KZT00000000"}),
    Case("supplier_bik_form", make.SupplierFactory, {"bik": "ADLBKZKA1"}, {"bik": "ADLBKZKA123"}),
    Case("supplier_kbe_form", make.SupplierFactory, {"kbe": "7"}, {"kbe": "19"}),
    # other common rows
    Case("billing_service_pkey", make.ServiceFactory, {"code": SAME}),
    Case("billing_branch_pkey", make.BranchFactory, {"code": SAME}),
    Case("billing_bank_pkey", make.BankFactory, {"code": SAME}),
    Case("billing_vat_pkey", make.VatFactory, {"valid_from": SAME}),
    Case("vat_rate_part_of_one", make.VatFactory, {"rate": 1}, {"rate": Decimal("0.9999")}),
    Case("billing_tariff_pkey", make.TariffFactory, {"valid_from": SAME}),
    Case("tariff_plan_known", make.TariffFactory, {"plan": "zones"}, {"plan": "flat"}),
    Case("tariff_band_key", make.TariffBandFactory, {"level": SAME}, {"electric_stove": True}),
    Case("tariff_band_plan_known", make.TariffBandFactory, {"plan": "zones"}, {"plan": "flat"}),
    Case("tariff_band_level_from_one", make.TariffBandFactory, {"level": 0}),
    Case("billing_tariffband_level_check", make.TariffBandFactory, {"level": -1}),
    Case(
        "tariff_band_limit_per_resident_sign",
        make.TariffBandFactory,
        {"limit_per_resident": LESS},
        {"limit_per_resident": 0},
    ),
    Case("tariff_band_price_sign", make.TariffBandFactory, {"price": LESS}, {"price": 0}),
    # accounts
    Case("billing_personalaccount_number_key", make.PersonalAccountFactory, {"number": SAME}),
    Case("account_number_form", make.PersonalAccountFactory, {"number": "000"}),
    Case(
        "account_closed_on_not_before",
        make.PersonalAccountFactory,
        {"closed_on": dt.date(2019, 2, 28)},
        {"closed_on": dt.date(2019, 3, 1)},
    ),
    Case("holding_once", make.HoldingFactory, {"user_id": SAME}),
    Case(
        "holding_reason_of_staff",
        make.HoldingFactory,
        {"by_staff": True},
        {"by_staff": True, "reason": "Жеке куәлік"},
    ),
    Case(
        "difference_once",
        make.ChargeDifferenceFactory,
        {"month": SAME},
    ),
    Case(
        "difference_month_first_day", make.ChargeDifferenceFactory, {"month": dt.date(2026, 2, 2)}
    ),
    Case("tries_once", make.TriesFactory, {"number": SAME}),
    Case("tries_kind_known", make.TriesFactory, {"kind": "5-all"}, {"kind": "2-number"}),
    Case("billing_terms_pkey", make.TermsFactory, {"valid_from": SAME}),
    Case("terms_residents_0_to_99", make.TermsFactory, {"residents": 100}, {"residents": 99}),
    Case("billing_terms_residents_check", make.TermsFactory, {"residents": -1}, {"residents": 0}),
    Case("terms_plan_known", make.TermsFactory, {"plan": "zones"}, {"plan": "flat"}),
    # meters
    Case("meter_key", make.MeterFactory, {"serial": SAME}),
    Case("meter_digits_1_to_10", make.MeterFactory, {"digits": 11}, {"digits": 10}),
    Case("billing_meter_digits_check", make.MeterFactory, {"digits": -1}, {"digits": 1}),
    Case("meter_ratio_above_zero", make.MeterFactory, {"ratio": 0}, {"ratio": Decimal("0.001")}),
    Case(
        "meter_removed_on_not_before",
        make.MeterFactory,
        {"removed_on": dt.date(2019, 2, 28)},
        {"removed_on": dt.date(2019, 3, 1)},
    ),
    Case("billing_reading_pkey", make.ReadingFactory, {"source": SAME}),
    Case("reading_source_known", make.ReadingFactory, {"source": "guess"}),
    Case("reading_value_sign", make.ReadingFactory, {"value": LESS}, {"value": 0}),
    # months
    Case("billing_ledgerentry_pkey", make.LedgerEntryFactory, {"month": SAME}),
    Case("ledger_month_first_day", make.LedgerEntryFactory, {"month": NEXT_DAY}),
    Case(
        "ledger_balance_identity",
        make.LedgerEntryFactory,
        {"closing": Decimal("0.01")},
        {"closing": Decimal("-0.01"), "paid": Decimal("1450.01")},
    ),
    Case(
        "ledger_accrued_sign",
        make.LedgerEntryFactory,
        {"accrued": Decimal("-0.01"), "closing": Decimal("-1450.01")},
        {"accrued": 0, "closing": -1450},
    ),
    Case("billing_charge_pkey", make.ChargeFactory, {"line": SAME}),
    Case("charge_month_first_day", make.ChargeFactory, {"month": NEXT_DAY}),
    Case("charge_line_from_one", make.ChargeFactory, {"line": 0}),
    Case("billing_charge_line_check", make.ChargeFactory, {"line": -1}),
    Case("charge_metered_or_not", make.ChargeFactory, METERED, {**METERED, "level": None}),
    Case(
        "charge_to_on_not_before",
        make.ChargeFactory,
        {"to_on": dt.date(2026, 1, 24)},
        {"to_on": dt.date(2026, 1, 25)},
    ),
    Case("billing_charge_days_check", make.ChargeFactory, {"days": -1}, {"days": 0}),
    Case("charge_level_from_one", make.ChargeFactory, {"level": 0}, {"level": None}),
    Case("billing_charge_level_check", make.ChargeFactory, {"level": -1}),
    Case("charge_vat_part_of_one", make.ChargeFactory, {"vat_rate": 1}, {"vat_rate": 0}),
    Case("charge_from_value_sign", make.ChargeFactory, {"from_value": LESS}, {"from_value": 0}),
    Case("charge_to_value_sign", make.ChargeFactory, {"to_value": LESS}, {"to_value": 0}),
    Case("charge_quantity_sign", make.ChargeFactory, {"quantity": LESS}, {"quantity": 0}),
    Case("charge_limit_sign", make.ChargeFactory, {"limit": LESS}, {"limit": 0}),
    Case("charge_price_sign", make.ChargeFactory, {"price": LESS}, {"price": 0}),
    Case("charge_amount_sign", make.ChargeFactory, {"amount": Decimal("-0.01")}, {"amount": 0}),
    Case("billing_adjustment_pkey", make.AdjustmentFactory, {"line": SAME}),
    Case("adjustment_month_first_day", make.AdjustmentFactory, {"month": NEXT_DAY}),
    Case("adjustment_line_from_one", make.AdjustmentFactory, {"line": 0}),
    Case("adjustment_amount_not_zero", make.AdjustmentFactory, {"amount": 0}, {"amount": 1}),
    Case("billing_payment_pkey", make.PaymentFactory, {"reference": SAME}),
    Case("payment_month_first_day", make.PaymentFactory, {"month": NEXT_DAY}),
    Case("payment_amount_not_zero", make.PaymentFactory, {"amount": 0}, {"amount": -1450}),
    Case("billing_receipt_pkey", make.ReceiptFactory, {"month": SAME}),
    Case("receipt_month_first_day", make.ReceiptFactory, {"month": NEXT_DAY}),
    Case("receipt_number_once", make.ReceiptFactory, {"number": SAME}),
    Case("billing_receipt_version_check", make.ReceiptFactory, {"version": -1}, {"version": 2}),
    Case("billing_frozenfact_digest_key", make.FrozenFactFactory, {"digest": SAME}),
    Case("billing_frozenreceipt_pkey", make.FrozenReceiptFactory, {"version": SAME}),
    Case("frozen_receipt_month_first_day", make.FrozenReceiptFactory, {"month": NEXT_DAY}),
    Case("frozen_receipt_version_from_one", make.FrozenReceiptFactory, {"version": 0}),
    Case("billing_frozenreceipt_version_check", make.FrozenReceiptFactory, {"version": -1}),
    # imports
    Case("billing_accountimport_pkey", make.AccountImportFactory, {"made_by_id": SAME}),
    Case("import_outcome_known", make.ImportFactory, {"outcome": "lost"}, {"outcome": "refused"}),
    Case("import_job_once", make.ImportJobFactory, {"is_check": SAME}),
    Case("import_job_size_sign", make.ImportJobFactory, {"size": -1}, {"size": 0}),
    Case("import_job_state_known", make.ImportJobFactory, {"state": "lost"}, {"state": "failed"}),
]


def further(model):
    """What sets a further row apart; a holding is another user's, a note another import's."""
    if model is models.AccountImport:
        return {"made_by_id": make.ImportFactory().pk}
    return {"user_id": UserFactory().pk} if model is models.Holding else FURTHER[model]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_constraint(case):
    constraints.holds(case, further(case.factory._meta.model))


@pytest.mark.parametrize("name", sorted(constraints.declared("billing")))
def test_declared_constraint_has_a_test(name):
    assert name in {case.name for case in CASES}


def test_no_constraint_is_tested_twice_or_left_out():
    unreachable = {"billing_adjustment_line_check"}  # adjustment_line_from_one comes first
    present = constraints.in_database("billing") - unreachable
    assert sorted(case.name for case in CASES) == sorted(present)


def test_every_model_has_a_factory():
    assert set(FACTORIES) == set(apps.get_app_config("billing").get_models())


@pytest.mark.parametrize(
    ("model", "column"),
    constraints.required_columns("billing"),
    ids=lambda part: getattr(part, "__name__", part),
)
def test_value_is_required(model, column):
    diagnosis = constraints.fails_without(FACTORIES[model].create(), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)


@pytest.mark.parametrize("empty", list(METERED))
def test_metered_line_has_all_cells_of_its_meter(empty):
    diagnosis = constraints.fails_on(make.ChargeFactory(), {**FURTHER[models.Charge], empty: None})
    assert diagnosis.constraint_name == "charge_metered_or_not"


def test_rate_is_not_negative():
    for factory, column, name in (
        (make.VatFactory, "rate", "vat_rate_part_of_one"),
        (make.ChargeFactory, "vat_rate", "charge_vat_part_of_one"),
    ):
        changes = {**FURTHER[factory._meta.model], column: Decimal("-0.0001")}
        assert constraints.fails_on(factory(), changes).constraint_name == name


@pytest.mark.parametrize(
    ("factory", "column", "nothing"),
    [
        (make.ServiceFactory, "supplier_id", "NONE"),
        (make.TariffFactory, "service_id", "NONE"),
        (make.TariffBandFactory, "service_id", "NONE"),
        (make.PersonalAccountFactory, "branch_id", "NONE"),
        (make.HoldingFactory, "account_id", 0),
        (make.HoldingFactory, "user_id", 0),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_reference_names_what_exists(factory, column, nothing):
    row = factory()
    diagnosis = constraints.fails_on(row, {**further(type(row)), column: nothing})
    assert (diagnosis.sqlstate, diagnosis.table_name) == ("23503", row._meta.db_table)
    assert f"({column})=({nothing})" in diagnosis.message_detail


@pytest.mark.parametrize("factory", [make.FrozenReceiptFactory, make.FrozenFactFactory])
@pytest.mark.parametrize(
    "action", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"]
)
def test_what_was_issued_is_neither_changed_nor_deleted(factory, action):
    table = factory()._meta.db_table
    column = "version" if factory is make.FrozenReceiptFactory else "digest"
    with (
        pytest.raises(InternalError, match="never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(action.format(table=table, column=column))
