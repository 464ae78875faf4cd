"""What all accounts share: suppliers, services, branches, banks, VAT and tariffs."""

from collections.abc import Set

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.columns import (
    Code,
    Plan,
    Price,
    Quantity,
    Rate,
    in_two_languages,
    not_negative,
    one_of,
)
from cabinet.memory import forget, remembered


class SupplierQuerySet(models.QuerySet["Supplier"]):
    @staticmethod
    @remembered
    def issuer() -> "Supplier | None":
        """The supplier whose cabinet this is; remembered for a minute."""
        return Supplier.objects.filter(issuer=True).first()

    @staticmethod
    def names_of_issuer() -> list[str]:
        """In both languages; none before anything is loaded."""
        issuer = Supplier.objects.issuer()
        return [issuer.name_kk, issuer.name_ru] if issuer else []


class Supplier(models.Model):
    """Who is paid: the requisites stand on the papers."""

    code = Code(_("code"), primary_key=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=200)
    name_ru = models.CharField(_("name in Russian"), max_length=200)
    bin = models.CharField(_("BIN"), max_length=12)
    iik = models.CharField(_("IIK"), max_length=20)
    bik = models.CharField(_("BIK"), max_length=11)
    bank_kk = models.CharField(_("bank in Kazakh"), max_length=200)
    bank_ru = models.CharField(_("bank in Russian"), max_length=200)
    kbe = models.CharField(_("Kbe"), max_length=2)
    phone = models.CharField(_("telephone"), max_length=100)
    email = models.CharField(_("e-mail"), max_length=254)
    address_kk = models.CharField(_("address in Kazakh"), max_length=300)
    address_ru = models.CharField(_("address in Russian"), max_length=300)
    issuer = models.BooleanField(_("stands on pages and receipts"), default=False)

    name = in_two_languages("name")
    bank = in_two_languages("bank")
    address = in_two_languages("address")

    objects = SupplierQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.UniqueConstraint("issuer", name="supplier_one_issuer", condition=Q(issuer=True)),
            models.CheckConstraint(
                condition=Q(bin__regex=r"^[0-9]{12}$"), name="supplier_bin_form"
            ),
            models.CheckConstraint(
                condition=Q(iik__regex=r"^KZ[0-9]{2}[0-9A-Z]{16}$"), name="supplier_iik_form"
            ),
            models.CheckConstraint(
                condition=Q(bik__regex=r"^[0-9A-Z]{8}([0-9A-Z]{3})?$"), name="supplier_bik_form"
            ),
            models.CheckConstraint(condition=Q(kbe__regex=r"^[0-9]{2}$"), name="supplier_kbe_form"),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceQuerySet(models.QuerySet["Service"]):
    @staticmethod
    @remembered
    def listed() -> "dict[str, Service]":
        """All services by their codes, metered ones first; remembered for a minute."""
        services = Service.objects.select_related("supplier").order_by("-metered", "code")
        return {service.pk: service for service in services}

    def of(self, codes: Set[str]) -> "dict[str, Service]":
        """The services of these codes in their order, also what has just been loaded."""
        if not codes <= self.listed().keys():
            forget()
        return {code: service for code, service in self.listed().items() if code in codes}


class Service(models.Model):
    """What is supplied and billed; a metered one is counted by meters."""

    code = Code(_("code"), primary_key=True)
    supplier = models.ForeignKey(Supplier, models.PROTECT, verbose_name=_("supplier"))
    name_kk = models.CharField(_("name in Kazakh"), max_length=200)
    name_ru = models.CharField(_("name in Russian"), max_length=200)
    unit_kk = models.CharField(_("unit in Kazakh"), max_length=20)
    unit_ru = models.CharField(_("unit in Russian"), max_length=20)
    metered = models.BooleanField(_("metered"))

    name = in_two_languages("name")
    unit = in_two_languages("unit")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")

    def __str__(self) -> str:
        return self.name


class BranchQuerySet(models.QuerySet["Branch"]):
    @staticmethod
    @remembered
    def listed() -> "list[Branch]":
        """All branches in the order of their codes; remembered for a minute."""
        return list(Branch.objects.order_by("code"))

    def choices(self) -> list[tuple[str, str]]:
        """Code and name of each, in the language in force."""
        return [(branch.code, branch.name) for branch in self.listed()]


class Branch(models.Model):
    """A district branch (АЭЖБ, РОЭС)."""

    code = Code(_("code"), primary_key=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=200)
    name_ru = models.CharField(_("name in Russian"), max_length=200)
    address_kk = models.CharField(_("address in Kazakh"), max_length=300)
    address_ru = models.CharField(_("address in Russian"), max_length=300)
    phone = models.CharField(_("telephone"), max_length=100)
    hours_kk = models.CharField(_("hours in Kazakh"), max_length=200)
    hours_ru = models.CharField(_("hours in Russian"), max_length=200)

    name = in_two_languages("name")
    address = in_two_languages("address")
    hours = in_two_languages("hours")

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")

    def __str__(self) -> str:
        return self.name


class BankQuerySet(models.QuerySet["Bank"]):
    @staticmethod
    @remembered
    def listed() -> "dict[str, Bank]":
        """All banks by their codes; remembered for a minute."""
        return {bank.pk: bank for bank in Bank.objects.all()}

    def of(self, codes: Set[str]) -> "dict[str, Bank]":
        """The banks of these codes and others, also what has just been loaded."""
        if not codes <= self.listed().keys():
            forget()
        return self.listed()


class Bank(models.Model):
    """Through whom a payment came."""

    code = Code(_("code"), primary_key=True)
    name_kk = models.CharField(_("name in Kazakh"), max_length=200)
    name_ru = models.CharField(_("name in Russian"), max_length=200)

    name = in_two_languages("name")

    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank")
        verbose_name_plural = _("banks")

    def __str__(self) -> str:
        return self.name


class Vat(models.Model):
    """The rate of value-added tax from a day on."""

    valid_from = models.DateField(_("valid from"), primary_key=True)
    rate = Rate(_("rate"))

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gte=0, rate__lt=1), name="vat_rate_part_of_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.rate}"


class Tariff(models.Model):
    """A plan's prices from a day on; its bands hold them."""

    pk = models.CompositePrimaryKey("service_id", "plan", "valid_from")
    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("service"))
    plan = models.CharField(_("plan"), max_length=20, choices=Plan)
    valid_from = models.DateField(_("valid from"))
    order_ref = models.CharField(_("order"), max_length=200, blank=True)
    vat_included = models.BooleanField(_("prices with VAT"))

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        constraints = [one_of("tariff", "plan", Plan)]

    def __str__(self) -> str:
        return f"{self.service_id} {self.plan} {self.valid_from}"


class TariffBand(models.Model):
    """One level of a tariff: its limit per resident and month, and its price per unit.

    An empty stove or privilege stands for both.
    """

    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("service"))
    plan = models.CharField(_("plan"), max_length=20, choices=Plan)
    valid_from = models.DateField(_("valid from"))
    electric_stove = models.BooleanField(_("electric stove"), null=True)
    privileged = models.BooleanField(_("living alone"), null=True)
    level = models.PositiveSmallIntegerField(_("level"))
    limit_per_resident = Quantity(_("limit per resident and month"), null=True)
    price = Price(_("price"))

    class Meta:
        verbose_name = _("tariff band")
        verbose_name_plural = _("tariff bands")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "service",
                    "plan",
                    "valid_from",
                    "electric_stove",
                    "privileged",
                    "level",
                ],
                name="tariff_band_key",
                nulls_distinct=False,
            ),
            one_of("tariff_band", "plan", Plan),
            models.CheckConstraint(condition=Q(level__gte=1), name="tariff_band_level_from_one"),
            *not_negative("tariff_band", "limit_per_resident", "price"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.plan} {self.valid_from} {self.level}"
