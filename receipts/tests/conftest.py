"""What the tests of papers stand on: PDFs read back, and the sample set."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.db import transaction
from weasyprint import HTML

from billing import ledgers
from billing.exchange.load import load
from billing.ledgers import ServiceLedger
from billing.models import Branch, Charge, LedgerEntry, PersonalAccount, Service, Supplier
from billing.tests.conftest import nothing_loaded  # noqa: F401 - a fixture
from receipts import documents, pdf, statements

SAMPLE = Path(__file__).resolve().parents[2] / "billing" / "sample"
ADDRESS = {"address_kk": "Алматы қ., Үлгі көшесі, 1", "address_ru": "г. Алматы, ул. Образцовая, 1"}


@pytest.fixture(scope="class")
def sample(django_db_setup: None, django_db_blocker: Any) -> Iterator[Path]:
    """The sample set, loaded for the tests of a class and gone after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(SAMPLE, by="test").loaded
        yield SAMPLE
        transaction.set_rollback(True)


_laid_out: dict[tuple[Any, ...], bytes] = {}


class LaidOutOnce(HTML):  # type: ignore[misc]
    """The same markup, drawings and sheets were laid out by an earlier test: the same bytes."""

    def __init__(self, string: str, base_url: str, url_fetcher: pdf.OurFiles) -> None:
        super().__init__(string=string, base_url=base_url, url_fetcher=url_fetcher)
        self.made_of = string, *sorted(url_fetcher.drawings.items())
        self.fetcher = url_fetcher

    def write_pdf(self, stylesheets: list[Any], **options: Any) -> bytes:
        made_of = *self.made_of, *stylesheets, *sorted(map(repr, options.items()))
        if made_of not in _laid_out:
            content: bytes = super().write_pdf(stylesheets=stylesheets, **options)
            if self.fetcher.refused:
                return content
            _laid_out[made_of] = content
        return _laid_out[made_of]


@pytest.fixture
def laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a paper takes a third of a second; `make_anew` is for what asks whether another
    one is the same.
    """
    monkeypatch.setattr(pdf, "HTML", LaidOutOnce)


def make_anew() -> None:
    """Nothing that was made is used again."""
    documents._kept.clear()
    _laid_out.clear()


@pytest.fixture(scope="session")
def pages() -> Callable[[bytes], list[str]]:
    """Reads a PDF: the text of each page, every run of spaces and line ends as one space."""

    def read(content: bytes) -> list[str]:
        document = pypdfium2.PdfDocument(content)
        texts = []
        for page in document:
            textpage = page.get_textpage()
            texts.append(" ".join(textpage.get_text_range().split()))
            textpage.close()
            page.close()
        document.close()
        return texts

    return read


@pytest.fixture(scope="session")
def opened() -> Callable[[bytes], pikepdf.Pdf]:
    """Opens a PDF to look at how it is made."""
    return lambda content: pikepdf.open(io.BytesIO(content))


def a_supplier() -> Supplier:
    return Supplier(
        code="ADE",
        name_kk="«Алтын Дала Энерго» ЖШС",
        name_ru="ТОО «Алтын Дала Энерго»",
        bin="991240000013",
        iik="KZ639990KZT000000001",
        bik="ADLBKZKA",
        kbe="17",
        issuer=True,
        **ADDRESS,
    )


def two_services() -> list[Service]:
    """Electricity and a fixed fee, not saved."""
    supplier = a_supplier()
    return [
        Service(
            code="EL",
            supplier=supplier,
            name_kk="Электр энергиясы",
            name_ru="Электроэнергия",
            unit_kk="кВт·сағ",
            unit_ru="кВт·ч",
            metered=True,
        ),
        Service(
            code="MS",
            supplier=supplier,
            name_kk="Есептегішке қызмет көрсету",
            name_ru="Обслуживание прибора учёта",
            unit_kk="ай",
            unit_ru="мес.",
            metered=False,
        ),
    ]


def an_account() -> PersonalAccount:
    """An account, not saved."""
    return PersonalAccount(
        number="000007919",
        branch=Branch(code="ALM", name_kk="Алмалы АЭЖБ", name_ru="Алмалинский РОЭС", **ADDRESS),
        payer="Ғабдуллин Сергей Ғалымұлы",
        opened_on=dt.date(2019, 3, 1),
        owner_since=dt.date(2019, 3, 1),
        **ADDRESS,
    )


@pytest.fixture
def services() -> list[Service]:
    return two_services()


@pytest.fixture
def account() -> PersonalAccount:
    return an_account()


@pytest.fixture
def billed(db: None, account: PersonalAccount, services: list[Service]) -> PersonalAccount:
    """The account in the database, with its services, without any month."""
    account.branch.save()
    services[0].supplier.save()
    for service in services:
        service.save()
    account.save()
    return account


@pytest.fixture
def bill(billed: PersonalAccount) -> Callable[..., None]:
    """Closes a month: opening, accrued, adjusted, paid; and lines at (price, VAT rate)."""

    def write(
        service: Service, month: dt.date, *figures: str, prices: list[tuple[str, str]]
    ) -> None:
        opening, accrued, adjusted, paid = map(Decimal, figures)
        LedgerEntry.objects.create(
            account=billed,
            service=service,
            month=month,
            opening=opening,
            accrued=accrued,
            adjusted=adjusted,
            paid=paid,
            closing=opening + accrued + adjusted - paid,
        )
        for line, (price, vat_rate) in enumerate(prices, start=1):
            Charge.objects.create(
                account=billed,
                service=service,
                month=month,
                line=line,
                quantity=Decimal(1),
                price=Decimal(price),
                vat_rate=Decimal(vat_rate),
                amount=Decimal(0),
            )

    return write


def build(
    account: PersonalAccount, services: list[Service], first: dt.date, last: dt.date
) -> statements.Statement:
    """The statement of these services, also of one that has no closed month."""
    every = {each.service.pk: each for each in ledgers.of_account(account)}
    chosen = [every.get(service.pk, ServiceLedger(service, ())) for service in services]
    return statements.build(account, ledgers.within(chosen, first, last), first, last)
