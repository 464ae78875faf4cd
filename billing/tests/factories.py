"""Billing's rows, each valid by itself; the sums over months are the test's own care."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.tests.factories import UserFactory
from billing import models

FEBRUARY = dt.date(2026, 2, 1)


class SupplierFactory(DjangoModelFactory):
    """The issuer."""

    class Meta:
        model = models.Supplier
        django_get_or_create = ("code",)

    code = "ADE"
    name_kk = "«Алтын Дала Энерго» ЖШС"
    name_ru = "ТОО «Алтын Дала Энерго»"
    bin = "991240000013"
    iik = "KZ639990KZT000000001"
    bik = "ADLBKZKA"
    bank_kk = "«Дала Банк» АҚ"
    bank_ru = "АО «Дала Банк»"
    kbe = "17"
    phone = "+7 727 000 0000"
    email = "info@example.kz"
    address_kk = "Алматы қ., Үлгі көшесі, 1"
    address_ru = "г. Алматы, ул. Образцовая, 1"
    issuer = True


class ServiceFactory(DjangoModelFactory):
    """Electricity."""

    class Meta:
        model = models.Service
        django_get_or_create = ("code",)

    class Params:
        unmetered = factory.Trait(
            code="MS",
            name_kk="Есептегішке қызмет көрсету",
            name_ru="Обслуживание прибора учёта",
            unit_kk="ай",
            unit_ru="мес.",
            metered=False,
        )

    code = "EL"
    supplier = factory.SubFactory(SupplierFactory)
    name_kk = "Электр энергиясы"
    name_ru = "Электроэнергия"
    unit_kk = "кВт·сағ"
    unit_ru = "кВт·ч"
    metered = True


class BranchFactory(DjangoModelFactory):
    class Meta:
        model = models.Branch
        django_get_or_create = ("code",)

    code = "ALM"
    name_kk = "Алмалы АЭЖБ"
    name_ru = "Алмалинский РОЭС"
    address_kk = "Алматы қ., Үлгі көшесі, 2"
    address_ru = "г. Алматы, ул. Образцовая, 2"
    phone = "+7 727 000 0001"
    hours_kk = "Дс–Жм 8:30–17:30"
    hours_ru = "Пн–Пт 8:30–17:30"


class BankFactory(DjangoModelFactory):
    class Meta:
        model = models.Bank
        django_get_or_create = ("code",)

    code = "HAL"
    name_kk = "«Құлагер Банк» АҚ"
    name_ru = "АО «Кулагер Банк»"


class VatFactory(DjangoModelFactory):
    class Meta:
        model = models.Vat
        django_get_or_create = ("valid_from",)

    valid_from = dt.date(2026, 1, 1)
    rate = Decimal("0.1600")


class TariffFactory(DjangoModelFactory):
    class Meta:
        model = models.Tariff
        django_get_or_create = ("service", "plan", "valid_from")

    service = factory.SubFactory(ServiceFactory)
    plan = "tiered"
    valid_from = dt.date(2025, 7, 15)
    order_ref = "демо"
    vat_included = False


class TariffBandFactory(DjangoModelFactory):
    """The only level, for whoever has a stove or not, and lives alone or not."""

    class Meta:
        model = models.TariffBand

    service = factory.SubFactory(ServiceFactory)
    plan = "tiered"
    valid_from = dt.date(2025, 7, 15)
    electric_stove = None
    privileged = None
    level = 1
    limit_per_resident = None
    price = Decimal("25.000000")


class PersonalAccountFactory(DjangoModelFactory):
    class Meta:
        model = models.PersonalAccount

    number = factory.Sequence(lambda n: f"{n + 500_000_001:09}")  # not one of those that tests name
    branch = factory.SubFactory(BranchFactory)
    payer = "Құдайбергенова Мәдина Бейбітқызы"
    address_kk = "Алматы қ., Абай даңғ., 181-үй, 34-пәтер"
    address_ru = "г. Алматы, пр. Абая, д. 181, кв. 34"
    opened_on = dt.date(2019, 3, 1)
    owner_since = dt.date(2019, 3, 1)
    closed_on = None


class HoldingFactory(DjangoModelFactory):
    class Meta:
        model = models.Holding

    user = factory.SubFactory(UserFactory)
    account = factory.SubFactory(PersonalAccountFactory)


class TriesFactory(DjangoModelFactory):
    """A user's, one of which has just gone wrong."""

    class Meta:
        model = models.Tries

    kind = "3-user"
    user = factory.SubFactory(UserFactory)
    wrong = factory.LazyAttribute(lambda tries: [tries.at])
    at = factory.LazyFunction(timezone.now)


class TermsFactory(DjangoModelFactory):
    class Meta:
        model = models.Terms

    account = factory.SubFactory(PersonalAccountFactory)
    valid_from = dt.date(2019, 3, 1)
    residents = 2
    electric_stove = False
    privileged = False
    plan = "tiered"


class MeterFactory(DjangoModelFactory):
    class Meta:
        model = models.Meter

    account = factory.SubFactory(PersonalAccountFactory)
    serial = factory.Sequence(lambda n: f"{n + 10_000_000}")
    service = factory.SubFactory(ServiceFactory)
    model = "Меркурий 201"
    digits = 6
    ratio = Decimal("1.000")
    installed_on = dt.date(2019, 3, 1)
    removed_on = None
    verified_on = dt.date(2019, 3, 1)
    next_verification_on = dt.date(2035, 3, 1)


class ReadingFactory(DjangoModelFactory):
    class Meta:
        model = models.Reading

    meter = factory.SubFactory(MeterFactory)
    taken_on = dt.date(2026, 2, 25)
    source = "network"
    value = Decimal("1200.000")


class LedgerEntryFactory(DjangoModelFactory):
    """February 2026, paid in full; the closing follows from the rest."""

    class Meta:
        model = models.LedgerEntry

    account = factory.SubFactory(PersonalAccountFactory)
    service = factory.SubFactory(ServiceFactory)
    month = FEBRUARY
    opening = Decimal("0.00")
    accrued = Decimal("1450.00")
    adjusted = Decimal("0.00")
    paid = Decimal("1450.00")
    closing = factory.LazyAttribute(lambda row: row.opening + row.accrued + row.adjusted - row.paid)


class ChargeFactory(DjangoModelFactory):
    """50 units by a meter; the amount follows from quantity, price and VAT."""

    class Meta:
        model = models.Charge

    class Params:
        unmetered = factory.Trait(
            service=factory.SubFactory(ServiceFactory, unmetered=True),
            serial=None,
            from_on=None,
            from_value=None,
            to_on=None,
            to_value=None,
            days=None,
            level=None,
            quantity=Decimal("1.000"),
            price=Decimal("120.000000"),
        )

    account = factory.SubFactory(PersonalAccountFactory)
    service = factory.SubFactory(ServiceFactory)
    month = FEBRUARY
    line = factory.Sequence(lambda n: n + 1)
    serial = "87447638"
    from_on = dt.date(2026, 1, 25)
    from_value = Decimal("1150.000")
    to_on = dt.date(2026, 2, 25)
    to_value = Decimal("1200.000")
    days = 31
    quantity = Decimal("50.000")
    level = 1
    limit = None
    price = Decimal("25.000000")
    vat_rate = Decimal("0.1600")
    amount = factory.LazyAttribute(
        lambda row: (row.quantity * row.price * (1 + row.vat_rate)).quantize(
            Decimal("0.01"), ROUND_HALF_UP
        )
    )


class AdjustmentFactory(DjangoModelFactory):
    class Meta:
        model = models.Adjustment

    account = factory.SubFactory(PersonalAccountFactory)
    service = factory.SubFactory(ServiceFactory)
    month = FEBRUARY
    line = factory.Sequence(lambda n: n + 1)
    reason_kk = "Көрсеткіш түзетілді"
    reason_ru = "Исправлено показание"
    quantity = None
    amount = Decimal("-123.45")


class PaymentFactory(DjangoModelFactory):
    class Meta:
        model = models.Payment

    account = factory.SubFactory(PersonalAccountFactory)
    reference = factory.Sequence(lambda n: f"{n + 1:012}")
    service = factory.SubFactory(ServiceFactory)
    paid_on = dt.date(2026, 2, 10)
    month = FEBRUARY
    amount = Decimal("1450.00")
    bank = factory.SubFactory(BankFactory)


class ReceiptFactory(DjangoModelFactory):
    class Meta:
        model = models.Receipt

    account = factory.SubFactory(PersonalAccountFactory)
    month = FEBRUARY
    number = factory.Sequence(lambda n: f"{n + 60_000_000_000_000}")
    issued_on = dt.date(2026, 3, 5)
    due_on = dt.date(2026, 3, 25)
    amount_due = Decimal("1450.00")


class ChargeDifferenceFactory(DjangoModelFactory):
    class Meta:
        model = models.ChargeDifference

    account = factory.SubFactory(PersonalAccountFactory)
    service = factory.SubFactory(ServiceFactory)
    month = FEBRUARY
    billed = Decimal("1450.00")
    computed = Decimal("1400.00")


class ImportFactory(DjangoModelFactory):
    class Meta:
        model = models.Import

    by = "operator"
    name = "2026-02"
    seconds = Decimal("1.000")
    outcome = "loaded"


class AccountImportFactory(DjangoModelFactory):
    class Meta:
        model = models.AccountImport

    account = factory.SubFactory(PersonalAccountFactory)
    made_by = factory.SubFactory(ImportFactory)


class FrozenFactFactory(DjangoModelFactory):
    class Meta:
        model = models.FrozenFact

    digest = factory.Sequence(lambda n: n.to_bytes(32, "big"))
    content = factory.LazyAttribute(lambda fact: {"payer": fact.digest.hex()})


class FrozenReceiptFactory(DjangoModelFactory):
    class Meta:
        model = models.FrozenReceipt

    account = factory.SubFactory(PersonalAccountFactory)
    month = FEBRUARY
    version = 1
    number = factory.Sequence(lambda n: f"{n + 60_000_000_000_000}")
    issued_on = dt.date(2026, 3, 5)
    due_on = dt.date(2026, 3, 25)
    amount_due = Decimal("1450.00")
    figures = factory.LazyFunction(dict)
    readings = factory.LazyFunction(list)
    payer = factory.SubFactory(FrozenFactFactory)
    home = factory.SubFactory(FrozenFactFactory)


class ImportJobFactory(DjangoModelFactory):
    """A set that was uploaded and refused."""

    class Meta:
        model = models.ImportJob

    key = factory.Faker("uuid4")
    by = "biller"
    language = "kk"
    name = "2026-03.zip"
    size = 1000
    sha256 = "0" * 64
    is_check = True
    state = "done"
