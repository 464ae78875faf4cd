"""The receipt, front and outer side: every figure of the sets, versions, forms, and who gets it."""

import datetime as dt
import re
from decimal import Decimal
from urllib.parse import unquote

import pypdfium2
import pytest
from django.db import transaction
from django.utils import translation

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from billing.exchange.load import load
from billing.models import Charge, Holding, PersonalAccount, Receipt
from billing.tests import exchange_sets, factories
from cabinet import days, figures, months
from cabinet.tests import asks, people
from cabinet.tests.pages import Page
from receipts import documents
from receipts.tests.conftest import make_anew

pytestmark = pytest.mark.usefixtures("laid_out_once")

URL = "/accounts/000000101/receipts/"
SIDES = ("2026-03.pdf", "2026-03/outer.pdf", "2026-03/both.pdf")
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]")


@pytest.fixture(autouse=True)
def nothing_kept():
    documents._kept.clear()


@pytest.fixture
def paper(client, home, pages):
    """The text of a paper of the household, all its pages."""
    client.force_login(home.owner)

    def read(path="2026-03.pdf", **query):
        response = client.get(URL + path, query)
        assert response.status_code == 200
        return " ".join(pages(response.content))

    return read


# What stands on it, of both sets


@pytest.fixture(scope="module", params=["sample", "hard"])
def loaded(request, django_db_setup, django_db_blocker):
    folder = getattr(exchange_sets, request.param.upper())
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(folder, by="test").loaded
        user = UserFactory(language="ru")
        Holding.objects.bulk_create(
            Holding(user=user, account=account) for account in PersonalAccount.objects.all()
        )
        names = ("accounts", "receipts", "ledger", "charges", "adjustments", "payments")
        yield user, {name: exchange_sets.read(folder / f"{name}.csv") for name in names}
        transaction.set_rollback(True)


SHAPES = 24  # receipts of each set in the fast run: those with the most lines and rarest shapes


def chosen(files, most):
    """The receipts whose months have most meters, reversals, lines and adjustments."""
    weights = {}
    for name, weigh in (
        ("charges", lambda row: {("serial", row["serial"]), ("line", row["service"], row["line"])}),
        ("adjustments", lambda row: {("adjusted", row["line"])}),
        ("payments", lambda row: {("back", row["id"])} if row["amount"].startswith("-") else set()),
    ):
        for row in files[name]:
            weights.setdefault((row["account"], row["month"]), set()).update(weigh(row))

    def weight(row):
        kinds = [each[0] for each in weights.get((row["account"], row["month"]), ())]
        counts = (kinds.count(kind) for kind in ("serial", "back", "line", "adjusted"))
        return *counts, row["number"]

    return sorted(files["receipts"], key=weight, reverse=True)[:most]


def check_front(client, pages, files, row):
    number, month = row["account"], row["month"]
    response = client.get(f"/accounts/{number}/receipts/{month}.pdf?lang=ru")
    text = " ".join(pages(response.content)).replace("\u00a0", " ").replace("\u2011", "-")

    def has(*wanted):
        for each in wanted:
            assert each.replace("\u00a0", " ") in text, (number, month, each, text)

    def money(value):
        return figures.money(Decimal(value))

    own = {
        name: [e for e in files[name] if e["account"] == number and e["month"] == month]
        for name in ("ledger", "charges", "adjustments", "payments")
    }
    (account,) = (each for each in files["accounts"] if each["number"] == number)
    has(row["number"], number, account["payer"], account["address_ru"])
    has(days.day(dt.date.fromisoformat(row["issued_on"])))
    due = Decimal(row["amount_due"])
    has(
        figures.tenge(abs(due)), "К оплате" if due > 0 else "Переплата" if due < 0 else "Оплачивать"
    )
    for each in own["ledger"]:
        has(" ".join(money(each[n]) for n in ("opening", "accrued", "adjusted", "paid", "closing")))
    for each in own["charges"]:
        quantity, price = figures.quantity(Decimal(each["quantity"])), Decimal(each["price"])
        rate = figures.rate(Decimal(each["vat_rate"]))
        if each["serial"]:
            has(f"№ {each['serial']}", figures.quantity(Decimal(each["from_value"])))
            has(figures.quantity(Decimal(each["to_value"])))
            has(*(days.day(dt.date.fromisoformat(each[n])) for n in ("from_on", "to_on")))
            has(f"{quantity} {figures.price(price)} {rate} {money(each['amount'])}")
        else:
            has(f"{quantity} × {figures.price(price)} ₸")
    for each in own["adjustments"]:
        has(each["reason_ru"], money(each["amount"]))
    for each in own["payments"]:
        has(days.day(dt.date.fromisoformat(each["paid_on"])), money(each["amount"]))
    assert CODE.search(text)


def test_figures_of_the_rarest_shapes(loaded, client, pages, db):
    user, files = loaded
    client.force_login(user)
    for row in chosen(files, SHAPES):
        check_front(client, pages, files, row)


@pytest.mark.every
def test_figures_of_every_receipt(loaded, client, pages, db):
    user, files = loaded
    client.force_login(user)
    for row in files["receipts"]:
        check_front(client, pages, files, row)


# Forms and sides


def test_in_both_languages_unless_asked_otherwise(paper):
    both, kazakh, russian = paper(), paper(lang="kk"), paper(lang="ru")
    for word, texts in (("Төлеуге", (both, kazakh)), ("К оплате", (both, russian))):
        assert [word in text for text in (both, kazakh, russian)] == [
            text in texts for text in (both, kazakh, russian)
        ]


def test_large_print(client, home, paper):
    assert "Төлеуге" in paper(form="large")
    normal, large = (
        heights(client.get(f"{URL}2026-03.pdf?form={form}").content) for form in ("normal", "large")
    )
    assert large > 1.4 * normal


def heights(content):
    """The median height of what is written on the first page."""
    textpage = pypdfium2.PdfDocument(content)[0].get_textpage()
    boxes = [textpage.get_rect(index) for index in range(textpage.count_rects())]
    textpage.close()
    return sorted(top - bottom for _left, bottom, _right, top in boxes)[len(boxes) // 2]


def test_the_outer_side_says_nothing_of_money(paper, home):
    text = paper("2026-03/outer.pdf")
    assert home.account.number in text
    assert home.account.payer in text
    assert home.account.address_kk in text
    assert "Шотты қалай оқу керек" in text
    assert "Как читать счёт" in text
    assert "Алмалы АЭЖБ" in text
    assert "₸" not in text
    assert not re.search(r"\d,\d\d", text)
    assert not re.search("[Бб]ерешек[^:,;]*\\d|долг", text)


def test_both_sides_in_one(paper, pages, client):
    content = client.get(URL + "2026-03/both.pdf").content
    texts = pages(content)
    assert "Төлеуге" in texts[0]
    assert "Шотты қалай оқу керек" in texts[-1]


def test_the_address_stands_in_the_window(client, home):
    """20 mm from the left and 45 to 90 mm from the top, and nothing else beside it."""
    client.force_login(home.owner)
    document = pypdfium2.PdfDocument(client.get(URL + "2026-03/outer.pdf").content)
    page, inside = document[0], []
    textpage = page.get_textpage()
    height = page.get_height()
    for index in range(textpage.count_rects()):
        left, bottom, right, top = textpage.get_rect(index)
        text = textpage.get_text_bounded(left, bottom, right, top).strip()
        box = [value * 25.4 / 72 for value in (left, height - top, right, height - bottom)]
        if box[1] < 97 and box[3] > 38 and box[0] < 117:  # seen when the paper slips 7 mm
            inside.append(text)
            assert (box[0] >= 20, box[2] <= 110) == (True, True), text
            assert (box[1] >= 45, box[3] <= 90) == (True, True), text
    textpage.close()
    shown = " ".join(inside)
    assert home.account.payer in shown
    assert home.account.address_kk in shown
    assert home.account.number not in shown


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("kk", "Түбіртек 000000101 2026-03.pdf"),
        ("ru", "Квитанция 000000101 2026-03.pdf"),
    ],
)
def test_it_opens_inline_under_a_proper_name(client, home, language, name):
    home.owner.language = language
    home.owner.save()
    client.force_login(home.owner)
    header = client.get(URL + "2026-03.pdf")["Content-Disposition"]
    assert unquote(header) == f"inline; filename*=utf-8''{name}"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lang": "en"}, "lang"),
        ({"form": "huge"}, "form"),
        ({"version": "0"}, "version"),
        ({"version": "x"}, "version"),
        ({"version": "99999999999"}, "version"),
        ({"lang": "k\0"}, "lang"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(client, home, query, field):
    client.force_login(home.owner)
    page = Page(client.get(URL + "2026-03.pdf", query))
    assert page.status == 400
    assert list(page.beside) == [field]


@pytest.mark.parametrize("path", ["2020-01.pdf", "2026-04.pdf", "2026-03.pdf?version=2"])
def test_a_receipt_that_there_is_not(client, home, path):
    client.force_login(home.owner)
    assert client.get(URL + path).status_code == 404


@pytest.mark.parametrize("side", SIDES)
def test_of_nobody_else(client, home, side):
    for who, status in ((home.second, 200), (home.stranger, 404), (home.former, 404)):
        client.force_login(who)
        assert client.get(URL + side).status_code == status
    client.logout()
    assert client.get(URL + side).status_code == 302


def test_from_the_table(client, home):
    client.force_login(home.owner)
    page = Page(client.get(f"{URL}?from=2026-03&to=2026-03"))
    assert page.tables[0][0][-2:] == ["Түбіртек", "Шоттың сыртқы жағы"]
    assert page.tables[0][1][-2:] == ["Қарау", "Қарау екі жағы"]
    hrefs = [link.get("href") for link in page.all("a") if "/receipts/2026" in link.get("href", "")]
    assert hrefs == [URL + side for side in SIDES]


def test_from_the_admin(client, home):
    client.force_login(home.support)
    path = f"/admin/billing/personalaccount/{home.account.pk}/"
    page = Page(client.get(f"{path}change/?from=2026-03&to=2026-03"))
    hrefs = [link.get("href") for link in page.all("a") if ".pdf" in link.get("href", "")]
    assert f"{path}receipts/2026-03.pdf" in hrefs
    for side in SIDES:
        response = client.get(f"{path}receipts/{side}")
        assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    looks = AuditEntry.objects.filter(action="looked_at_receipt", account_id=home.account.pk)
    assert looks.count() == 3


# The same document for years


def reload(files, tmp_path, name):
    report = exchange_sets.load(exchange_sets.write(tmp_path / name, files))
    assert report.problems == []


@pytest.fixture
def resident(loaded_small, client):
    user = UserFactory()
    for account in PersonalAccount.objects.all():
        factories.HoldingFactory(user=user, account=account)
    client.force_login(user)
    return user


@pytest.fixture
def loaded_small(nothing_loaded, tmp_path, monkeypatch):
    """The small set of the exchange."""
    people.at(dt.date(2026, 11, 25), monkeypatch)
    files = exchange_sets.small_set()
    reload(files, tmp_path, "first")
    return files


def fetch(client, receipt, query=""):
    make_anew()
    path = f"/accounts/{receipt['account']}/receipts/{receipt['month']}.pdf{query}"
    response = client.get(path)
    assert response.status_code == 200
    return response.content


def test_another_payer_and_address_change_no_byte(loaded_small, resident, client, tmp_path):
    receipt = loaded_small["receipts"][-1]
    before = fetch(client, receipt)
    (row,) = (e for e in loaded_small["accounts"] if e["number"] == receipt["account"])
    row |= {"payer": "Басқа Адам", "address_kk": "Басқа көше, 1", "address_ru": "Другая ул., 1"}
    reload({"accounts": [row]}, tmp_path, "payer")
    assert fetch(client, receipt) == before
    for supplier in loaded_small["suppliers"]:
        supplier["name_kk"] = supplier["name_ru"] = "Басқа жеткізуші"
    reload({"suppliers": loaded_small["suppliers"]}, tmp_path, "supplier")
    assert fetch(client, receipt) == before


def test_a_corrected_month_is_another_version_and_the_old_one_stays(
    loaded_small, resident, client, pages, tmp_path
):
    receipt = loaded_small["receipts"][-1]
    before = fetch(client, receipt, "?lang=kk")
    key = {"account": receipt["account"], "month": receipt["month"]}
    line = next(
        row for row in loaded_small["charges"] if key.items() <= row.items() and not row["serial"]
    )
    ledger = next(
        row
        for row in loaded_small["ledger"]
        if key.items() <= row.items() and row["service"] == line["service"]
    )
    line["price"] = str(Decimal(line["price"]) + 100)
    more = Decimal(100) * (1 + Decimal(line["vat_rate"]))
    for row, columns in ((line, ("amount",)), (ledger, ("accrued", "closing"))):
        for column in columns:
            row[column] = f"{Decimal(row[column]) + more:.2f}"
    receipt["amount_due"] = f"{Decimal(receipt['amount_due']) + more:.2f}"
    charges = [
        row
        for row in loaded_small["charges"]
        if key.items() <= row.items() and row["service"] == line["service"]
    ]
    reload({"charges": charges, "ledger": [ledger], "receipts": [receipt]}, tmp_path, "corrected")
    now, old = fetch(client, receipt, "?lang=kk"), fetch(client, receipt, "?lang=kk&version=1")
    texts = [" ".join(pages(content)) for content in (before, now, old)]
    told = "кейінгі нұсқасымен ауыстырылған"
    assert [told in text for text in texts] == [False, False, True]
    assert "Нұсқа 2" in texts[1]
    assert CODE.search(texts[0])[0] == CODE.search(texts[2])[0] != CODE.search(texts[1])[0]
    listed = Page(client.get(f"/accounts/{receipt['account']}/receipts/"))
    assert f"/accounts/{receipt['account']}/receipts/{receipt['month']}.pdf?version=1" in [
        link.get("href") for link in listed.all("a")
    ]


# Made on demand


def test_the_same_bytes_and_an_etag(client, home):
    client.force_login(home.owner)
    first = client.get(URL + "2026-03.pdf")
    make_anew()
    second = client.get(URL + "2026-03.pdf")
    assert first.content == second.content
    assert first["ETag"] == second["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    same = client.get(URL + "2026-03.pdf", headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    other = client.get(URL + "2026-03.pdf?lang=ru", headers={"If-None-Match": first["ETag"]})
    assert other.status_code == 200


def test_a_figure_changes_the_etag(client, home):
    client.force_login(home.owner)
    before = client.get(URL + "2026-03.pdf")["ETag"]
    Charge.objects.filter(month=people.LATEST, service="MS").update(quantity=Decimal(2))
    assert client.get(URL + "2026-03.pdf")["ETag"] != before


def test_what_was_made_is_kept_for_a_while(client, home, monkeypatch):
    client.force_login(home.owner)
    first = client.get(URL + "2026-03.pdf").content
    monkeypatch.setattr("receipts.pdf.render", None)
    assert client.get(URL + "2026-03.pdf").content == first


def test_over_the_bound_one_is_asked_to_wait(client, home, settings, monkeypatch):
    settings.DOCUMENTS_AT_ONCE = 1
    monkeypatch.setattr(documents, "PATIENCE", 0)
    client.force_login(home.owner)
    with documents.turn():
        busy = client.get(URL + "2026-03.pdf")
        assert (busy.status_code, busy["Retry-After"]) == (503, "5")
        assert "Қазір көп құжат жасалып жатыр." in busy.content.decode()
        assert client.get("/accounts/000000101/").status_code == 200
    assert client.get(URL + "2026-03.pdf").status_code == 200


def test_a_turn_is_given_back_whatever_happens(settings):
    settings.DOCUMENTS_AT_ONCE = 1
    with pytest.raises(ZeroDivisionError), documents.turn():
        raise ZeroDivisionError
    with documents.turn():
        pass


def test_markup_in_names_stays_text(client, home, pages):
    home.account.payer = "<b>Тест</b> & <img src='file:///etc/passwd'>"
    home.account.save()
    client.force_login(home.owner)
    for side in SIDES:
        text = " ".join(pages(client.get(f"{URL}{side}?lang=kk").content))
        assert "<b>Тест</b>&<imgsrc='file:///etc/passwd'>" in text.replace(" ", "")


def test_queries(client, home):
    client.force_login(home.owner)
    many = asks.queries(client, URL + "2026-03.pdf")
    documents._kept.clear()
    Receipt.objects.filter(month__lt=dt.date(2026, 2, 1)).delete()
    assert asks.queries(client, URL + "2026-03.pdf") <= many <= 13


def test_months_before_are_bars(paper):
    text = paper()
    with translation.override("kk"):
        assert months.name(people.LATEST) in text
    assert "Айлар бойынша шығын" in text


# Statements of both sets


def check_statement(client, pages, files, number):
    """Every row of every service, with its totals."""
    rows = [row for row in files["ledger"] if row["account"] == number]
    ends = f"from={min(row['month'] for row in rows)}&to={max(row['month'] for row in rows)}"
    response = client.get(f"/accounts/{number}/services/statement.pdf?service=all&{ends}&lang=ru")
    text = " ".join(pages(response.content))
    names = ("opening", "accrued", "adjusted", "paid", "closing")
    for row in rows:
        with translation.override("ru"):
            month = months.name(months.parse(row["month"]))
        sums = seen(Decimal(row[name]) for name in names)
        assert re.search(f"{re.escape(month)} [\\d, /]*{re.escape(sums)}", text), (number, row)
    for service in {row["service"] for row in rows}:
        own = sorted((r for r in rows if r["service"] == service), key=lambda r: r["month"])
        totals = [sum(Decimal(row[name]) for row in own) for name in names]
        totals[0], totals[-1] = Decimal(own[0]["opening"]), Decimal(own[-1]["closing"])
        assert seen(totals) in text, number


def seen(sums):
    """A row of sums, as `pages` reads it."""
    return " ".join(map(figures.money, sums)).replace(figures.NO_BREAK_SPACE, " ")


def test_statements_of_some_accounts(loaded, client, pages, db):
    user, files = loaded
    client.force_login(user)
    for row in files["accounts"][::12]:
        check_statement(client, pages, files, row["number"])


@pytest.mark.every
def test_statements_of_every_account(loaded, client, pages, db):
    user, files = loaded
    client.force_login(user)
    for row in files["accounts"]:
        check_statement(client, pages, files, row["number"])


def test_a_folder_of_turns_that_was_cleaned_away_is_made_again(client, home, settings, tmp_path):
    settings.DOCUMENTS_FOLDER = tmp_path / "turns"
    client.force_login(home.owner)
    assert client.get(URL + "2026-03.pdf").status_code == 200
    for file in settings.DOCUMENTS_FOLDER.iterdir():
        file.unlink()
    settings.DOCUMENTS_FOLDER.rmdir()
    assert client.get(URL + "2026-02.pdf").status_code == 200


def test_staff_who_have_it_already_look_at_it_again(client, home):
    client.force_login(home.support)
    path = f"/admin/billing/personalaccount/{home.account.pk}/receipts/2026-03.pdf"
    etag = client.get(path)["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again["ETag"]) == (304, etag)
    assert AuditEntry.objects.filter(action="looked_at_receipt").count() == 2
