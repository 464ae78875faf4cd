"""What pages show, as CSV, XLSX and JSON, each read back by somebody else's reader."""

import csv
import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from urllib.parse import unquote

import openpyxl
import pytest

from billing import issued
from billing.models import Bank, Receipt, Service, Supplier
from billing.tests import factories
from cabinet.downloads import Column, Table, as_file
from cabinet.tests import asks, people
from cabinet.tests.pages import Page, select, text

D = Decimal
PAGES = ("services", "services/statement", "payments", "receipts")
KINDS = ("csv", "xlsx", "json")
FILES = [f"{page}.{kind}" for page in PAGES for kind in KINDS]
DAYS = {"from": "2026-02-10", "to": "2026-04-05"}
WINTER = {"from": "2025-12", "to": "2026-01"}
SUPPLIER, BANK = "«Алтын Дала Энерго» ЖШС", "«Құлагер Банк» АҚ"
ELECTRICITY, UPKEEP = "Электр энергиясы", "Есептегішке қызмет көрсету"
LEDGER = ("opening", "accrued", "adjusted", "paid", "closing")
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

files = pytest.mark.parametrize("file", FILES)
pages = pytest.mark.parametrize("page", PAGES)


@pytest.fixture
def get(client, home):
    """The owner's file."""

    def gets(file, number="000000101", person=home.owner, **query):
        client.force_login(person)
        return client.get(f"/accounts/{number}/{file}", query)

    return gets


@pytest.fixture
def in_russian(home):
    home.owner.language = "ru"
    home.owner.save()


def read_csv(response):
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def read_sheet(response):
    assert response.status_code == 200
    (sheet,) = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets
    return sheet


def read_xlsx(response):
    """Rows of texts, decimals and days."""
    return [[value(cell) for cell in row] for row in read_sheet(response).iter_rows()]


def value(cell):
    if cell.is_date:
        return cell.value.date()
    return D(str(cell.value)) if cell.data_type == "n" and cell.value is not None else cell.value


def read_json(response):
    assert response.status_code == 200
    return json.loads(response.content)


# What each holds


def test_services_as_csv(get):
    assert read_csv(get("services.csv", **WINTER)) == [
        [
            *("Қызмет", "Жеткізуші", "Ай/Жыл", "Бастапқы сальдо", "Есептеу", "Түзетулер"),
            *("Төлемдер", "Соңғы сальдо"),
        ],
        [ELECTRICITY, SUPPLIER, "2026-01", "1336.55", "1461.00", "0.00", "1336.55", "1461.00"],
        [ELECTRICITY, SUPPLIER, "2025-12", "1459.00", "1460.00", "-123.45", "1459.00", "1336.55"],
        [UPKEEP, SUPPLIER, "2026-01", "134.40", "139.20", "0.00", "134.40", "139.20"],
        [UPKEEP, SUPPLIER, "2025-12", "134.40", "134.40", "0.00", "134.40", "134.40"],
    ]


@pytest.mark.usefixtures("in_russian")
def test_services_as_xlsx_in_russian(get):
    sheet = get("services.xlsx", **{"from": "2025-12", "to": "2025-12", "service": "EL"})
    assert read_xlsx(sheet) == [
        [
            *("Услуга", "Поставщик", "Месяц/Год", "Начальное сальдо", "Начисление"),
            *("Корректировки", "Платежи", "Конечное сальдо"),
        ],
        [
            *("Электроэнергия", "ТОО «Алтын Дала Энерго»", dt.date(2025, 12, 1), D("1459")),
            *(D("1460"), D("-123.45"), D("1459"), D("1336.55")),
        ],
    ]


def test_services_as_json(get):
    assert read_json(get("services.json", **WINTER, service="MS")) == {
        "account": "000000101",
        "from": "2025-12",
        "to": "2026-01",
        "rows": [
            {
                "service": UPKEEP,
                "supplier": SUPPLIER,
                "month": month,
                "opening": "134.40",
                "accrued": accrued,
                "adjusted": "0.00",
                "paid": "134.40",
                "closing": accrued,
            }
            for month, accrued in (("2026-01", "139.20"), ("2025-12", "134.40"))
        ],
    }


def test_statement_as_csv_is_the_oldest_first_with_tariff(get):
    period = {"from": "2026-02", "to": "2026-03", "service": "EL"}
    assert read_csv(get("services/statement.csv", **period)) == [
        [
            *("Қызмет", "Жеткізуші", "Ай/Жыл", "Тариф", "Бастапқы сальдо", "Есептеу"),
            *("Түзетулер", "Төлемдер", "Соңғы сальдо"),
        ],
        [
            *(ELECTRICITY, SUPPLIER, "2026-02", "29.00"),
            *("1461.00", "1462.00", "0.00", "1461.00", "1462.00"),
        ],
        [
            *(ELECTRICITY, SUPPLIER, "2026-03", "17.40 / 23.20"),
            *("1462.00", "1463.00", "0.00", "1462.00", "1463.00"),
        ],
    ]


def test_one_price_is_a_number_and_several_are_a_text(get):
    period = {"from": "2026-02", "to": "2026-03", "service": "EL"}
    assert [row[3] for row in read_xlsx(get("services/statement.xlsx", **period))] == [
        *("Тариф", D("29"), "17,40 / 23,20")
    ]
    rows = read_json(get("services/statement.json", **period))["rows"]
    assert [row["tariff"] for row in rows] == [["29.00"], ["17.40", "23.20"]]


def test_a_month_without_charges_has_no_tariff(get, home):
    home.account.charges.all().delete()
    one = {"from": "2026-03", "to": "2026-03", "service": "EL"}
    assert read_csv(get("services/statement.csv", **one))[1][3] == ""
    assert read_xlsx(get("services/statement.xlsx", **one))[1][3] is None
    assert read_json(get("services/statement.json", **one))["rows"][0]["tariff"] == []


def test_payments_as_csv(get):
    assert read_csv(get("payments.csv", **DAYS)) == [
        ["Күні", "Қызмет", "Сома", "Банк", "Қай айға жазылды", "Әлі түбіртекте жоқ"],
        ["2026-04-05", ELECTRICITY, "500.00", BANK, "2026-04", "иә"],
        ["2026-03-10", ELECTRICITY, "1462.00", BANK, "2026-03", "жоқ"],
        ["2026-03-10", UPKEEP, "139.20", BANK, "2026-03", "жоқ"],
        ["2026-02-20", ELECTRICITY, "1461.00", BANK, "2026-02", "жоқ"],
        ["2026-02-12", ELECTRICITY, "-1461.00", BANK, "2026-02", "жоқ"],
        ["2026-02-10", ELECTRICITY, "1461.00", BANK, "2026-02", "жоқ"],
        ["2026-02-10", UPKEEP, "139.20", BANK, "2026-02", "жоқ"],
    ]


@pytest.mark.usefixtures("in_russian")
def test_payments_as_xlsx_in_russian(get):
    assert read_xlsx(get("payments.xlsx", **{**DAYS, "from": "2026-04-05"})) == [
        ["Дата", "Услуга", "Сумма", "Банк", "Отнесён к месяцу", "Ещё не в квитанции"],
        [
            *(dt.date(2026, 4, 5), "Электроэнергия", D("500"), "АО «Кулагер Банк»"),
            *(dt.date(2026, 4, 1), "да"),
        ],
    ]


def test_payments_as_json(get):
    assert read_json(get("payments.json", **{"from": "05.04.2026", "to": "05.04.2026"})) == {
        "account": "000000101",
        "from": "2026-04-05",
        "to": "2026-04-05",
        "rows": [
            {
                "date": "2026-04-05",
                "service": ELECTRICITY,
                "amount": "500.00",
                "bank": BANK,
                "booked_to": "2026-04",
                "waiting": True,
            }
        ],
    }


def test_receipts_as_csv(get, home):
    numbers = dict(home.account.receipts.values_list("month", "number"))
    assert read_csv(get("receipts.csv", **{"from": "2026-02", "to": "2026-03"})) == [
        [
            *("Ай/Жыл", "Нөмірі", "Берілген күні", "Төлеу мерзімі", "Төлеуге"),
            *("Төленгені", "Төлеуге қалғаны"),
        ],
        [
            *("2026-03", numbers[dt.date(2026, 3, 1)], "2026-04-05", "2026-04-25"),
            *("1602.20", "500.00", "1102.20"),
        ],
        [
            *("2026-02", numbers[dt.date(2026, 2, 1)], "2026-03-05", "2026-03-25"),
            *("1601.20", "1601.20", "0.00"),
        ],
    ]


@pytest.mark.usefixtures("in_russian")
def test_receipts_as_xlsx_in_russian(get, home):
    number = home.account.receipts.get(month=people.LATEST).number
    assert read_xlsx(get("receipts.xlsx", **{"from": "2026-03", "to": "2026-03"})) == [
        [
            *("Месяц/Год", "Номер", "Дата выдачи", "Оплатить до", "К оплате"),
            *("Оплачено", "Осталось оплатить"),
        ],
        [
            *(people.LATEST, number, dt.date(2026, 4, 5), dt.date(2026, 4, 25)),
            *(D("1602.2"), D("500"), D("1102.2")),
        ],
    ]


@pytest.mark.parametrize(
    ("due", "waiting", "paid", "left"),
    [
        ("1602.20", "5000", "1602.20", "0.00"),
        ("1602.20", "-700", "0.00", "1602.20"),
        ("0", "500", "0.00", "0.00"),
        ("-120.50", "500", "0.00", "0.00"),
    ],
)
def test_of_a_receipt_no_more_is_paid_than_it_asked_for(due, waiting, paid, left, get, home):
    latest = {"account": home.account, "month": people.LATEST}
    Receipt.objects.filter(**latest).update(amount_due=D(due))
    home.account.payments.filter(month__gt=people.LATEST).update(amount=D(waiting))
    (row,) = read_json(get("receipts.json", **{"from": "2026-03"}))["rows"]
    assert (row["amount_due"], row["paid"], row["left"]) == (f"{D(due):.2f}", paid, left)


def amounts(response, kind, keys):
    """The figures of these columns, as the file has them."""
    if kind == "json":
        return [tuple(D(row[key]) for key in keys) for row in read_json(response)["rows"]]
    rows = read_csv(response) if kind == "csv" else read_xlsx(response)
    return [tuple(map(D, row[-len(keys) :])) for row in rows[1:]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_of_every_month(kind, get, home):
    every = {"from": "2025-01"}
    newest_first = [
        *home.account.ledger.order_by("service", "-month").values_list(*LEDGER),
    ]
    assert len(newest_first) == 2 * people.MONTHS
    assert amounts(get(f"services.{kind}", **every), kind, LEDGER) == newest_first
    oldest_first = [*home.account.ledger.order_by("service", "month").values_list(*LEDGER)]
    assert amounts(get(f"services/statement.{kind}", **every), kind, LEDGER) == oldest_first
    wanted = [
        (each.amount_due, each.amount_due - each.left, each.left)
        for each in issued.of_account(home.account)
    ]
    assert len(wanted) == people.MONTHS
    columns = ("amount_due", "paid", "left")
    assert amounts(get(f"receipts.{kind}", **every), kind, columns) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_every_payment(kind, get, home):
    response = get(f"payments.{kind}", **{"from": "2025-01-01"})
    if kind == "json":
        found = [D(row["amount"]) for row in read_json(response)["rows"]]
    else:
        rows = read_csv(response) if kind == "csv" else read_xlsx(response)
        found = [D(row[2]) for row in rows[1:]]
    newest_first = home.account.payments.order_by("-paid_on", "service")
    assert found == [*newest_first.values_list("amount", flat=True)]
    assert len(found) == 2 * (people.MONTHS - 1) + 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_figures(kind, get, home):
    big = (D("-999999999999.99"), D("0.01"), D("-0.01"), D("0.00"), D("-999999999999.99"))
    factories.LedgerEntryFactory(account=home.strangers, **dict(zip(LEDGER, big, strict=True)))
    response = get(f"services.{kind}", "000000202", home.stranger)
    assert amounts(response, kind, LEDGER) == [big]


@files
def test_the_defaults_are_the_page_s(file, get):
    page = Page(get(f"{file.rsplit('.', 1)[0]}/"))
    period = {name: value for name, value in page.values.items() if value}
    assert get(file).content == get(file, **period).content
    if file.endswith(".json"):
        found = read_json(get(file))
        assert {"from": found["from"], "to": found["to"]} == period


@files
def test_a_period_without_anything(file, get):
    empty = {"from": "2020-01", "to": "2020-02"}
    if file.startswith("payments"):
        empty = {"from": "2020-01-01", "to": "2020-02-01"}
    response = get(file, **empty)
    if file.endswith(".json"):
        assert read_json(response) == {"account": "000000101", **empty, "rows": []}
    else:
        read = read_csv if file.endswith(".csv") else read_xlsx
        assert len(read(response)) == 1


@files
def test_nothing_billed_yet(file, get, home):
    assert get(file, "000000202", home.stranger).status_code == 200


# As files


@files
def test_it_is_saved_under_a_name_that_says_what_it_is(file, get):
    name, kind = file.rsplit(".", 1)
    titles = {
        "services": "Қызметтер бойынша ақпарат",
        "services/statement": "Қызмет бойынша үзінді көшірме",
        "payments": "Төлемдер",
        "receipts": "Түбіртектер",
    }
    period = DAYS if name == "payments" else WINTER
    headers = get(file, **period).headers
    way, _, saved_as = headers["Content-Disposition"].partition("; filename*=utf-8''")
    assert way == "attachment"
    assert unquote(saved_as) == (
        f"{titles[name]} 000000101 {period['from']} – {period['to']}.{kind}"
    )
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    types = {"csv": "text/csv; charset=utf-8", "xlsx": SHEETS, "json": "application/json"}
    assert headers["Content-Type"] == types[kind]


@pytest.mark.usefixtures("in_russian")
def test_the_name_in_russian(get):
    saved_as = get("receipts.csv", **WINTER).headers["Content-Disposition"]
    assert unquote(saved_as).endswith("''Квитанции 000000101 2025-12 – 2026-01.csv")


@files
def test_the_same_data_are_the_same_bytes(file, get, monkeypatch):
    first = get(file).content
    people.at(people.TODAY + dt.timedelta(days=2), monkeypatch)
    assert get(file).content == first


def test_csv_is_what_spreadsheets_read(get):
    content = get("payments.csv", **DAYS).content
    assert content.startswith("\ufeffКүні,Қызмет,Сома,Банк,".encode())
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r") == 8


def test_json_is_read_as_it_stands(get):
    assert ELECTRICITY.encode() in get("payments.json", **DAYS).content


def test_the_sheet(get):
    sheet = read_sheet(get("payments.xlsx", **DAYS))
    assert (sheet.title, sheet.freeze_panes) == ("Төлемдер", "A2")
    assert [cell.font.bold for cell in sheet[1]] == [True] * 6
    assert [cell.font.bold for cell in sheet[2]] == [False] * 6
    assert [cell.number_format for cell in sheet[2]] == [
        *("dd.mm.yyyy", "General", "#,##0.00", "General", "mm.yyyy", "General")
    ]
    widths = [sheet.column_dimensions[letter].width for letter in "ABCDEF"]
    assert all(12 <= width <= 40 for width in widths)
    assert sheet.column_dimensions["B"].width > len(UPKEEP)


def test_a_receipt_s_number_stays_a_text(get, home):
    cell = read_sheet(get("receipts.xlsx"))["B2"]
    number = home.account.receipts.get(month=people.LATEST).number
    assert (cell.data_type, cell.value) == ("s", number)


@pages
def test_the_sheet_says_nothing_of_who_made_it(page, get):
    response = get(f"{page}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert not book.properties.creator
    assert not book.properties.lastModifiedBy
    assert book.properties.created == book.properties.modified == dt.datetime(2000, 1, 1)
    with zipfile.ZipFile(io.BytesIO(response.content)) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


@pytest.mark.parametrize(
    "name",
    [
        *("=1+1", "+7", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(0)"),
        *("http://evil.example/", "{=1}", "a,b", '"a"', "a\r\nb", "'=1", "_x0041_", "<b>&"),
    ],
)
def test_a_name_is_never_a_formula(name, get, home):
    names = {"name_kk": name, "name_ru": name}
    Service.objects.update(**names)
    Bank.objects.update(**names)
    Supplier.objects.update(**names)
    guarded = f"'{name}" if name[0] in "=+-@\t\r" else name
    services, payments = get("services.csv", **WINTER), get("payments.csv", **DAYS)
    assert [row[:2] for row in read_csv(services)[1:]] == [[guarded, guarded]] * 4
    assert [row[1::2][:2] for row in read_csv(payments)[1:]] == [[guarded, guarded]] * 7
    assert read_csv(payments)[5][2] == "-1461.00"
    for file, cells, period in (
        ("services.xlsx", ("A2", "B2"), WINTER),
        ("payments.xlsx", ("B2", "D2"), DAYS),
    ):
        sheet = read_sheet(get(file, **period))
        for place in cells:
            cell = sheet[place]
            written = name.replace("\r", "_x000D_")  # which openpyxl leaves to Excel
            assert (cell.data_type, cell.hyperlink, cell.value) == ("s", None, written)
    assert read_json(get("payments.json", **DAYS))["rows"][0]["bank"] == name


@pytest.mark.parametrize("first", "=+-@\t\r\n\0")
def test_what_begins_a_formula(first):
    """Also in heads, and what no database holds."""
    table = Table("t", "1", "a", "b", [Column("k", f"{first}h")], [[f"{first}1"], [None], ["1="]])
    assert read_csv(as_file(table, "csv")) == [[f"'{first}h"], [f"'{first}1"], [""], ["1="]]


def test_what_is_not_known_is_left_empty():
    columns = [Column(name, name, name) for name in ("text", "sum", "day", "month", "yes_no")]
    table = Table("t", "1", "a", "b", columns, [[None] * 5])
    assert read_csv(as_file(table, "csv"))[1] == [""] * 5
    assert read_xlsx(as_file(table, "xlsx"))[1:] in ([], [[None] * 5])
    assert read_json(as_file(table, "json"))["rows"] == [dict.fromkeys(c.key for c in columns)]


# Who gets them, and how they are found


@files
@asks.access
def test_access(ask, file, client, home):
    ask(client, home, file)


@pytest.mark.parametrize(
    "file", ["payments.xls", "payments.CSV", "payments.", "payments.csv/", "receipts.pdf", ".csv"]
)
def test_other_kinds_are_not_there(file, get):
    assert get(file).status_code == 404


@pytest.mark.parametrize(
    ("page", "query", "messages"),
    [
        (page, *each)
        for page in ("services", "services/statement", "receipts")
        for each in asks.WRONG_MONTHS
        if page != "receipts" or "service" not in each[0]
    ],
    ids=lambda q: str(q)[:50],
)
def test_wrong_months(page, query, messages, get):
    asks.is_told_beside_the_field(Page(get(f"{page}.csv", **query)), messages)


@asks.wrong_days
def test_wrong_days(query, messages, get):
    asks.is_told_beside_the_field(Page(get("payments.csv", **query)), messages)


@files
def test_of_a_wrong_period_a_page_tells(file, get):
    """And lets one choose again."""
    response = get(file, to="x")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Disposition" not in response.headers
    message = asks.NO_DAY if file.startswith("payments") else asks.NO_MONTH
    asks.is_told_beside_the_field(Page(response), {"to": message})


def marked(page):
    """The items of the menu that are marked as the current one."""
    return [text(link) for link in page.all("a") if link.get("aria-current") == "page"]


@pages
def test_the_page_of_a_wrong_period_is_the_page_s_own(page, get):
    of_file, of_page = (Page(get(f"{page}{ending}", **{"from": "x"})) for ending in (".csv", "/"))
    assert (of_file.status, of_file.content) == (of_page.status, of_page.content)
    assert marked(of_file) == marked(of_page) != []


@pages
def test_pages_lead_to_their_files(page, client, get):
    period = {"from": "2026-02-10", "to": "2026-03-10"} if page == "payments" else dict(WINTER)
    if page.startswith("services"):
        period = {"service": "EL", **period}
    shown = Page(get(f"{page}/", **period))
    query = "&".join(f"{name}={value}" for name, value in period.items())
    links = [link.get("href") for link in shown.all("a")]
    for kind in KINDS:
        link = f"/accounts/000000101/{page}.{kind}?{query}"
        assert link in links
        assert client.get(link).content == get(f"{page}.{kind}", **period).content
    assert "Жүктеп алу" in shown.content


def test_one_menu_has_all_of_the_months(client, get):
    """Months, charge lines, readings and payments, each of them answered."""
    shown = Page(get("services/", **WINTER))
    (menu,) = shown.all("details.downloads")
    links = [link.get("href") for link in select(menu, "a")]
    assert [link.partition("?")[0].rpartition("/")[2] for link in links] == [
        f"{name}.{kind}"
        for name in ("services", "charges", "readings", "payments")
        for kind in KINDS
    ]
    assert {client.get(link).status_code for link in links} == {200}


def test_charge_lines_of_the_months(get):
    head, *rows = read_csv(get("services/charges.csv", **WINTER))
    assert head[:3] == ["Қызмет", "Ай/Жыл", "Есептегіш"]
    assert head[-4:] == ["Өлшем бірлігі", "ҚҚС-сыз баға", "ҚҚС мөлшерлемесі", "Сома"]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        (ELECTRICITY, "2026-01", "1461.00"),
        (ELECTRICITY, "2025-12", "1460.00"),
        (UPKEEP, "2026-01", "139.20"),
        (UPKEEP, "2025-12", "134.40"),
    ]


def test_readings_of_the_months(get):
    found = json.loads(
        get("services/readings.json", **{"from": "2026-03", "to": "2026-03"}).content
    )
    assert (found["from"], found["to"]) == ("2026-03", "2026-03")
    assert found["rows"] == [
        {"meter": "222", "date": "2026-03-25", "source": "тұтынушы", "reading": "12237.000"}
    ]


@pytest.mark.parametrize("of", ["charges", "readings"])
def test_wrong_months_of_lines(get, of):
    page = Page(get(f"services/{of}.csv", **{"from": "2026-03", "to": "2026-01"}))
    assert page.status == 400
    assert page.beside == {"from": asks.BACKWARDS}


@pages
def test_a_page_without_rows_leads_to_no_file(page, get):
    empty = {"from": "2020-01", "to": "2020-02"}
    if page == "payments":
        empty = {"from": "2020-01-01", "to": "2020-02-01"}
    for query in (empty, {"from": "x"}):
        assert "CSV" not in Page(get(f"{page}/", **query)).links


@files
def test_queries(file, client, db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    home = people.household(120)
    client.force_login(home.owner)
    ends = ("2016-05-01", "2026-04-05") if file.startswith("payments") else ("2016-04", "2026-03")
    url = f"/accounts/000000101/{file}"
    many = asks.queries(client, f"{url}?from={ends[0]}&to={ends[1]}")
    few = asks.queries(client, f"{url}?from={ends[1]}&to={ends[1]}")
    page = asks.queries(client, f"{url.rsplit('.', 1)[0]}/?from={ends[0]}&to={ends[1]}")
    assert many == few <= page <= 5
