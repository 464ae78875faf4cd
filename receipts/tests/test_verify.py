"""`/verify/`: a genuine paper is told so and nothing else is; a forged one is not genuine."""

import datetime as dt
import json
import re
from decimal import Decimal

import pikepdf
import pytest
from django.core.cache import cache

from billing import shown
from billing.models import Charge, Holding, LedgerEntry, Receipt
from billing.tests.factories import FrozenFactFactory, FrozenReceiptFactory
from cabinet.tests import people
from cabinet.tests.pages import Page, text
from receipts import codes, documents, papers, proofs
from receipts.models import IssuedStatement
from receipts.tests.conftest import make_anew

pytestmark = pytest.mark.usefixtures("laid_out_once")

URL = "/verify/"
NOT_GENUINE = "Шынайы емес: мұндай нөмірі мен коды бар біздің құжат жоқ."
SLIP = "Кодта қате бар: әр таңбасын салыстырыңыз."
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]")


@pytest.fixture(autouse=True)
def fresh(db):
    documents._kept.clear()
    cache.clear()


@pytest.fixture
def paper(home):
    return papers.of_month(home.account, people.LATEST)


def see(client, number, code):
    return Page(client.get(URL, {"number": number, "code": code}))


def told(page):
    return [value for _name, value in (page.facts or [[]])[0]]


def test_a_genuine_receipt(client, paper):
    page = see(client, paper.number, paper.code)
    assert page.status == 200
    assert page.facts == [
        [
            ("Құжат", "Түбіртек"),
            ("Дербес шот нөмірі", "••••••101"),
            ("Кезең", "2026 ж. наурыз"),
            ("Сома", "Төлеуге 1_602,20_₸"),
            ("Берілген күні", "05.04.2026"),
            ("Нұсқа", "1"),
        ]
    ]
    for private in (people_of(paper), "000000101"):
        assert private not in page.content


def people_of(paper):
    return paper.payer["payer"]


def test_the_square_code_leads_to_it(client, home, opened, paper):
    client.force_login(home.owner)
    content = client.get("/accounts/000000101/receipts/2026-03.pdf").content
    with opened(content) as made:
        tagged = [each for each in made.objects if isinstance(each, pikepdf.Dictionary)]
        alts = [str(each.Alt) for each in tagged if "/Alt" in each]
    (link,) = (alt for alt in alts if "/verify/" in alt)
    assert link == f"https://testserver/verify/?number={paper.number}&code={paper.code}"
    client.logout()
    assert told(Page(client.get(link)))[0] == "Түбіртек"


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", " ")])
def test_as_people_type_it(client, paper, change):
    assert told(see(client, f" № {paper.number} ", change(paper.code)))[0] == "Түбіртек"


def test_a_slip_of_the_pen_is_told_apart(client, paper):
    wrong = paper.code[:-1] + ("0" if paper.code[-1] != "0" else "1")
    page = see(client, paper.number, wrong)
    assert (page.status, page.beside) == (400, {"code": SLIP})


def whole(letters):
    return letters + codes._check(letters)


@pytest.mark.parametrize("number", ["", "0", "60000000000099", "' OR 1=1 --", "9" * 40])
def test_a_forged_number(client, paper, number):
    page = see(client, number, paper.code)
    assert told(page) == []
    assert page.status == (400 if not number else 200)


def test_a_forged_code(client, paper):
    page = see(client, paper.number, whole("ABCDEFGHJKMN"))
    assert [text(each) for each in page.all("p.note")] == [NOT_GENUINE]


def test_the_code_of_another_receipt(client, home, paper):
    other = papers.of_month(home.account, dt.date(2026, 2, 1))
    assert told(see(client, paper.number, other.code)) == []


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Receipt, {"amount_due": Decimal("1.00")}),
        (Receipt, {"due_on": dt.date(2026, 12, 31)}),
        (Charge, {"quantity": Decimal("1.000")}),
        (LedgerEntry, {"opening": Decimal("0.00"), "paid": Decimal("0.00")}),
    ],
)
def test_a_forged_amount(client, home, paper, model, change):
    """Whatever figure differs from those that were printed, the code no longer fits."""
    rows = model.objects.filter(account=home.account, month=people.LATEST)
    if model is LedgerEntry:
        row = rows.first()
        change = {"opening": row.opening + 1, "closing": row.closing + 1}
        rows = rows.filter(service=row.service)
    rows.update(**change)
    assert told(see(client, paper.number, paper.code)) == []


def test_another_payer_changes_nothing(client, home, paper):
    home.account.payer = "Басқа Адам"
    home.account.save()
    assert told(see(client, paper.number, paper.code))[0] == "Түбіртек"


def test_a_statement_is_recorded_when_it_is_first_made(client, home, pages, monkeypatch):
    client.force_login(home.owner)
    url = "/accounts/000000101/services/statement.pdf?from=2026-02&to=2026-03"
    first = client.get(url)
    record = IssuedStatement.objects.get()
    code = CODE.search(" ".join(pages(first.content)))[0]
    people.at(dt.date(2026, 6, 1), monkeypatch)
    client.force_login(home.owner)
    make_anew()
    assert client.get(url).content == first.content
    client.get(url + "&lang=both")
    assert IssuedStatement.objects.count() == 1
    client.get(url + "&service=EL")
    assert IssuedStatement.objects.count() == 2
    client.logout()
    assert told(see(client, record.number, code)) == [
        *("Қызмет бойынша үзінді көшірме", "••••••101", "2026 ж. ақпан – 2026 ж. наурыз"),
        *("Төлеуге 1_602,20_₸", "10.04.2026", "1"),
    ]


def test_a_forged_record_of_a_statement(client, home, pages):
    client.force_login(home.owner)
    content = client.get("/accounts/000000101/services/statement.pdf").content
    record = IssuedStatement.objects.get()
    code = CODE.search(" ".join(pages(content)))[0]
    assert told(see(client, record.number, code))
    IssuedStatement.objects.update(amount=Decimal("1.00"))
    assert told(see(client, record.number, code)) == []


def test_an_empty_form(client, db):
    page = Page(client.get(URL))
    assert page.status == 200
    assert page.heading == "Бұл құжат шынайы ма?"
    assert page.summary == []


def test_tries_are_limited_by_address(client, paper):
    answers = [client.get(URL, {"number": "1", "code": paper.code}).status_code for _n in range(31)]
    assert answers == [200] * 30 + [429]
    assert client.get(URL).status_code == 200  # a look at the form is no try


# The second proof for adding an account


def test_the_code_of_one_of_the_last_three_receipts_adds_the_account(client, home):
    for month, right in ((1, True), (12, False), (3, True)):
        Holding.objects.filter(user=home.stranger, account=home.account).delete()
        year = 2025 if month == 12 else 2026
        found = papers.of_month(home.account, dt.date(year, month, 1))
        client.force_login(home.stranger)
        answer = client.post("/accounts/add/", {"number": "000000101", "code": found.code.lower()})
        assert (answer.status_code == 302) is right
        held = Holding.objects.filter(user=home.stranger, account=home.account)
        assert held.exists() is right


def test_the_code_of_somebody_elses_receipt_does_not(client, home, paper):
    client.force_login(home.stranger)
    client.post("/accounts/add/", {"number": home.strangers.number, "code": paper.code})
    other = home.stranger.accounts.filter(number="000000101")
    assert not other.exists()
    assert not proofs.is_code_of(home.strangers, paper.code)


def test_a_wrong_code_costs_as_much_as_one_of_nobodys(home, django_assert_num_queries):
    from billing.proofs import nobody

    for account in (home.account, home.strangers, nobody()):
        with django_assert_num_queries(2):
            assert not proofs.is_code_of(account, whole("ABCDEFGHJKMN"))


def test_figures_are_those_of_the_version_kept_too(home, paper):
    (now,) = shown.now(home.account, [people.LATEST])
    assert papers.figures_of(now)[-1] == now.figures
    assert codes.is_right(paper.code, "receipt", now.number, papers.figures_of(now))


# What a sceptic found


def test_an_overpaid_paper_is_told_in_the_same_words(client, home):
    Receipt.objects.filter(account=home.account, month=people.LATEST).update(
        amount_due=Decimal("-8397.80")
    )
    paper = papers.of_month(home.account, people.LATEST)
    assert told(see(client, paper.number, paper.code))[3] == "Артық төлем 8_397,80_₸"


@pytest.mark.parametrize("number", ["АЛ 2026/000123", "№ 17", "A  B"])
def test_numbers_with_spaces_and_signs(client, home, number):
    Receipt.objects.filter(account=home.account, month=people.LATEST).update(number=number)
    paper = papers.of_month(home.account, people.LATEST)
    assert told(see(client, number, paper.code))[0] == "Түбіртек"


def test_the_code_of_a_former_payers_receipt_adds_nothing(client, home):
    """Issued on 5 April; the present payer came later."""
    paper = papers.of_month(home.account, people.LATEST)
    home.account.owner_since = dt.date(2026, 4, 6)
    home.account.save()
    assert not proofs.is_code_of(home.account, paper.code)
    home.account.owner_since = dt.date(2026, 4, 5)
    home.account.save()
    assert proofs.is_code_of(home.account, paper.code)


def test_a_withdrawn_receipt_is_no_longer_in_force(client, home):
    """It was kept before it was withdrawn: an old copy is told as one that does not count."""
    paper = papers.of_month(home.account, people.LATEST)
    (now,) = shown.now(home.account, [people.LATEST])
    FrozenReceiptFactory(
        account=home.account,
        month=now.month,
        number=now.number,
        issued_on=now.issued_on,
        due_on=now.due_on,
        amount_due=now.amount_due,
        figures=json.loads(json.dumps(now.figures, default=float)),
        payer=FrozenFactFactory(content=now.payer),
        home=FrozenFactFactory(content=json.loads(json.dumps(now.home, default=float))),
    )
    Receipt.objects.filter(account=home.account, month=people.LATEST).delete()
    client.force_login(home.owner)
    assert client.get("/accounts/000000101/receipts/2026-03.pdf").status_code == 404
    old = client.get("/accounts/000000101/receipts/2026-03.pdf?version=1")
    assert old.status_code == 200
    (receipt, is_replaced) = next(proofs._receipts(home.account, paper.number))
    assert (receipt.version, is_replaced) == (1, True)


def test_a_statement_of_another_payer_is_another_document(client, home, pages):
    client.force_login(home.owner)
    url = "/accounts/000000101/services/statement.pdf"
    first = client.get(url)
    home.account.payer = "Басқа Адам"
    home.account.save()
    second = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "Басқа Адам" in " ".join(pages(second.content))
    assert IssuedStatement.objects.count() == 2


def test_what_is_not_made_is_not_recorded(client, home):
    client.force_login(home.owner)
    url = "/accounts/000000101/services/statement.pdf"
    client.get(url, headers={"If-None-Match": "*"})
    client.get(f"{url}?from=1990-01&to=1990-12")
    assert not IssuedStatement.objects.exists()
