"""Billing's data, as the exchange brings them, and who holds which personal account."""

from billing.models.accounts import Holding, Meter, PersonalAccount, Reading, Terms
from billing.models.differences import ChargeDifference
from billing.models.facts import FrozenFact
from billing.models.frozen import FrozenReceipt
from billing.models.imports import AccountImport, Import
from billing.models.jobs import ImportJob
from billing.models.ledger import Adjustment, Charge, LedgerEntry, Payment, Receipt
from billing.models.reference import Bank, Branch, Service, Supplier, Tariff, TariffBand, Vat
from billing.models.tries import Tries

__all__ = [
    "AccountImport",
    "Adjustment",
    "Bank",
    "Branch",
    "Charge",
    "ChargeDifference",
    "FrozenFact",
    "FrozenReceipt",
    "Holding",
    "Import",
    "ImportJob",
    "LedgerEntry",
    "Meter",
    "Payment",
    "PersonalAccount",
    "Reading",
    "Receipt",
    "Service",
    "Supplier",
    "Tariff",
    "TariffBand",
    "Terms",
    "Tries",
    "Vat",
]
