"""«Менің деректерім»: all that is kept of a user, as one file to take away."""

import csv
import datetime as dt
import io
import json
import re
import zipfile
from decimal import Decimal
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import PASSWORD, AddressChangeFactory, ConsentFactory, UserFactory
from accounts.tests.test_letters import CHROME
from accounts.tests.test_passkeys import add
from accounts.tests.test_password import key_of
from accounts.tests.test_two_step import Clock, again, turn_on
from billing.models import Bank, LedgerEntry, PersonalAccount
from billing.tests import factories
from cabinet import months
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.factories import LetterFactory
from cabinet.tests.pages import Page

URL = "/settings/data/file/"
ALWAYS = [
    *("addresses", "address_changes", "consents", "second_step", "sessions", "letters"),
    *("accounts", "looks"),
]
OF_ACCOUNT = [
    f"000000101/{name}"
    for name in ("months", "charges", "adjustments", "payments", "receipts", "readings")
]


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return client


class Archive:
    """What somebody finds in the file."""

    def __init__(self, response):
        assert response.status_code == 200
        self.zip = zipfile.ZipFile(io.BytesIO(response.content))
        assert self.zip.testzip() is None
        self.names = self.zip.namelist()
        self.data = json.loads(self.zip.read("data.json"))

    def csv(self, name):
        text = self.zip.read(f"{name}.csv").decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))

    @property
    def everything(self):
        return "".join(self.zip.read(name).decode() for name in self.names)


@pytest.fixture
def download(owner):
    return lambda **more: Archive(owner.post(URL, **more))


def test_the_page(owner):
    page = Page(owner.get("/settings/data/"))
    assert page.heading == "Менің деректерім"
    (form,) = page.find("main").iter("form")
    assert (form.get("method"), form.get("action")) == ("post", URL)
    assert page.links["Келісіміңіздің мәтіні"] == "/consent/"


def test_the_file(owner):
    response = owner.post(URL)
    assert response.headers["Content-Type"] == "application/zip"
    assert "no-store" in response.headers["Cache-Control"]
    kind, _, name = response.headers["Content-Disposition"].partition("; filename*=utf-8''")
    assert (kind, unquote(name)) == ("attachment", "Менің деректерім 2026-04-10.zip")
    archive = Archive(response)
    assert archive.names == [f"{name}.csv" for name in [*ALWAYS, *OF_ACCOUNT]] + ["data.json"]
    assert [*archive.data] == ["user", *ALWAYS, *OF_ACCOUNT]


def test_the_user(download, home):
    home.owner.last_login = dt.datetime(2026, 4, 9, 18, 30, tzinfo=dt.UTC)
    home.owner.save()
    assert download().data["user"] == {
        "login": "owner",
        "email": "owner@example.kz",
        "full_name": home.owner.full_name,
        "language": "kk",
        "large_text": False,
        "registered_at": home.owner.joined_at.isoformat(),
        "last_sign_in_at": "2026-04-09T18:30:00+00:00",
    }


def test_addresses_and_consents(download, home):
    consent = ConsentFactory(user=home.owner, version="2026-11")
    ConsentFactory()
    home.owner.emailaddress_set.create(email="jana@example.kz")
    archive = download()
    assert archive.data["addresses"] == [
        {"email": "owner@example.kz", "confirmed": True},
        {"email": "jana@example.kz", "confirmed": False},
    ]
    assert archive.csv("addresses")[1:] == [["owner@example.kz", "иә"], ["jana@example.kz", "жоқ"]]
    assert archive.data["consents"] == [
        {"version": "2026-11", "given_at": consent.given_at.isoformat()}
    ]


def test_sessions(client, home):
    for agent, address in ((CHROME, "203.0.113.7"), ("", "2001:db8::7")):
        browser = type(client)()
        browser.post(
            "/login/",
            {"login": "owner", "password": PASSWORD},
            headers={"user-agent": agent},
            REMOTE_ADDR=address,
        )
    sessions = Archive(browser.post(URL)).data["sessions"]
    assert [(each["device"], each["address"]) for each in sessions] == [
        ("Белгісіз құрылғы", "2001:db8::7"),
        ("Chrome, Windows", "203.0.113.7"),
    ]


def test_accounts(download, home):
    holding = home.owner.holdings.get()
    home.owner.holdings.update(nickname="үйім")
    home.second.holdings.update(nickname="бөтен")
    assert download().data["accounts"] == [
        {
            "number": "000000101",
            "nickname": "үйім",
            "payer": home.account.payer,
            "address": home.account.address_kk,
            "held_since": holding.since.isoformat(),
        }
    ]


def plain(value):
    return f"{value:.2f}"


def test_months_are_those_of_the_ledger(download, home):
    rows = LedgerEntry.objects.filter(account=home.account).select_related("service__supplier")
    expected = [
        {
            "service": row.service.name_kk,
            "supplier": row.service.supplier.name_kk,
            "month": f"{row.month:%Y-%m}",
            **{
                name: plain(getattr(row, name))
                for name in ("opening", "accrued", "adjusted", "paid", "closing")
            },
        }
        for row in rows.order_by("service__code", "-month")
    ]
    archive = download()
    assert len(expected) == 2 * people.MONTHS
    assert archive.data["000000101/months"] == expected
    assert archive.csv("000000101/months")[1:] == [[*row.values()] for row in expected]


def test_payments_are_all_there(download, home):
    """Reversed ones and those that wait, too."""
    payments = home.account.payments.select_related("service", "bank").order_by("paid_on", "pk")
    expected = [
        {
            "date": row.paid_on.isoformat(),
            "service": row.service.name_kk,
            "amount": plain(row.amount),
            "bank": row.bank.name_kk,
            "booked_to": f"{row.month:%Y-%m}",
            "waiting": row.month > people.LATEST,
        }
        for row in payments
    ]
    archive = download()
    assert [row["waiting"] for row in expected].count(True) == 1
    assert [row["amount"][0] for row in expected].count("-") == 1
    assert archive.data["000000101/payments"] == expected
    yes_no = {True: "иә", False: "жоқ"}
    assert archive.csv("000000101/payments")[1:] == [
        [yes_no.get(value, value) for value in row.values()] for row in expected
    ]


def test_receipts(download, home):
    receipts = home.account.receipts.order_by("-month")
    found = download().data["000000101/receipts"]
    assert [
        (row["month"], row["number"], row["issued_on"], row["due_on"], row["amount_due"])
        for row in found
    ] == [
        (
            f"{row.month:%Y-%m}",
            row.number,
            row.issued_on.isoformat(),
            row.due_on.isoformat(),
            plain(row.amount_due),
        )
        for row in receipts
    ]
    assert [(row["paid"], row["left"]) for row in found[:2]] == [
        ("500.00", "1102.20"),
        ("1601.20", "0.00"),
    ]


def test_charges_are_the_lines_of_the_months(download, home):
    rows = home.account.charges.select_related("service")
    expected = [
        {
            "service": row.service.name_kk,
            "month": f"{row.month:%Y-%m}",
            "meter": row.serial,
            "from": row.from_on.isoformat() if row.from_on else None,
            "previous": thousandth(row.from_value),
            "to": row.to_on.isoformat() if row.to_on else None,
            "current": thousandth(row.to_value),
            "days": str(row.days) if row.days else None,
            "level": str(row.level) if row.level else None,
            "limit": thousandth(row.limit),
            "quantity": thousandth(row.quantity),
            "unit": row.service.unit_kk,
            "price": f"{row.price:.6f}",
            "vat": f"{row.vat_rate:.4f}",
            "amount": plain(row.amount),
        }
        for row in rows.order_by("service__code", "-month", "line")
    ]
    archive = download()
    assert len(expected) == 2 * people.MONTHS + 1
    assert {row["meter"] for row in expected} == {"87447638", None}
    assert archive.data["000000101/charges"] == expected
    assert archive.csv("000000101/charges")[1:] == [
        ["" if value is None else value for value in row.values()] for row in expected
    ]


def thousandth(value):
    return None if value is None else f"{value:.3f}"


def test_adjustments_with_their_reasons(download, home):
    factories.AdjustmentFactory(
        account=home.account,
        service=home.account.adjustments.get().service,
        quantity=Decimal("-1.5"),
        amount=Decimal("-10"),
        reason_kk="Есептегіш тексерілді",
    )
    found = download().data["000000101/adjustments"]
    assert [(row["month"], row["reason"], row["quantity"], row["amount"]) for row in found] == [
        ("2026-02", "Есептегіш тексерілді", "-1.500", "-10.00"),
        ("2025-12", "Көрсеткіш түзетілді", None, "-123.45"),
    ]


def test_readings_of_all_meters(download, home):
    old, _new = home.account.meters.order_by("serial")
    factories.ReadingFactory(
        meter=old, taken_on=dt.date(2024, 5, 20), source="removed", value=Decimal("900.125")
    )
    factories.ReadingFactory()
    archive = download()
    assert [[*row.values()] for row in archive.data["000000101/readings"]] == [
        ["111", "2024-05-20", "алған кезде", "900.125"],
        ["222", "2026-03-25", "тұтынушы", "12237.000"],
        ["222", "2026-02-25", "энергия беруші ұйым", "1195.500"],
    ]


def test_letters_to_one_s_addresses(download, home):
    """Without what they say; to an address that somebody has not confirmed, none."""
    home.owner.emailaddress_set.create(email="jana@example.kz")
    day = timezone.now()
    sent = LetterFactory(
        recipient="Owner@Example.KZ",
        kind="email_changed",
        subject="Тақырып бір",
        created_at=day,
        state="sent",
        done_at=day + dt.timedelta(seconds=1),
        text="",
        html="",
    )
    waiting = LetterFactory(recipient="owner@example.kz", text="құпия", html="құпия", kind="x")
    for recipient in ("jana@example.kz", "stranger@example.kz", "not-owner@example.kz"):
        LetterFactory(recipient=recipient, subject="бөтен")
    archive = download()
    waiting.refresh_from_db()
    assert archive.data["letters"] == [
        {
            "kind": "мекенжай өзгертілді",
            "subject": "Тақырып бір",
            "written": day.isoformat(),
            "done": sent.done_at.isoformat(),
            "state": "пошта серверіне берілді",
        },
        {
            "kind": "x",
            "subject": "Тақырып",
            "written": waiting.created_at.isoformat(),
            "done": None,
            "state": "жіберілуін күтуде",
        },
    ]
    assert [word for word in ("құпия", "бөтен") if word in archive.everything] == []


def test_letters_are_found_by_their_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Letter.objects.to(["owner@example.kz"]).explain()
    assert "letter_recipient" in plan


def test_changes_of_the_address(download, home):
    change = AddressChangeFactory(user=home.owner, old="earlier@example.kz")
    AddressChangeFactory(old="other@example.kz")
    assert download().data["address_changes"] == [
        {
            "old": "earlier@example.kz",
            "new": "owner@example.kz",
            "at": change.at.isoformat(),
            "undone": False,
        }
    ]


def test_in_russian(owner, home):
    User.objects.filter(pk=home.owner.pk).update(language="ru")
    response = owner.post(URL)
    name = unquote(response.headers["Content-Disposition"].partition("''")[2])
    assert name == "Мои данные 2026-04-10.zip"
    archive = Archive(response)
    assert archive.csv("000000101/months")[1][:2] == ["Электроэнергия", "ТОО «Алтын Дала Энерго»"]
    assert archive.data["accounts"][0]["address"] == home.account.address_ru


def test_only_one_s_own(owner, home):
    """Nothing of the stranger's, nor of who holds the same account."""
    factories.LedgerEntryFactory(account=home.strangers)
    owner.force_login(home.stranger)
    archive = Archive(owner.post(URL))
    assert [name for name in archive.data if "/" in name] == ["000000202/months"]
    told = archive.everything
    assert "000000101" not in told
    owner.force_login(home.second)
    archive = Archive(owner.post(URL))
    assert [name for name in archive.data if "/" in name] == OF_ACCOUNT
    assert "owner" not in archive.everything


def test_what_is_no_longer_held_is_not_there(download, home):
    home.owner.holdings.all().delete()
    archive = download()
    assert archive.data["accounts"] == []
    assert [*archive.data] == ["user", *ALWAYS]


@pytest.mark.parametrize("who", ["former", "suspended"])
def test_nor_what_is_held_no_longer(who, client, home):
    """Removed, or made before the present payer came."""
    client.force_login(getattr(home, who))
    archive = Archive(client.post(URL))
    assert archive.data["accounts"] == []
    assert [*archive.data] == ["user", *ALWAYS]


def test_who_looked(download, home, client):
    client.force_login(home.support)
    client.get(f"/admin/billing/personalaccount/{home.account.pk}/change/")
    client.force_login(home.owner)
    (look,) = download().data["looks"]
    told = [look[name] for name in ("what", "number", "role", "branch")]
    assert told == ["дербес шотты қарады", "000000101", "оператор", ""]


def test_several_accounts(download, home):
    other = factories.PersonalAccountFactory(number="000000303")
    factories.HoldingFactory(user=home.owner, account=other)
    factories.PaymentFactory(account=other)
    archive = download()
    assert [row["number"] for row in archive.data["accounts"]] == ["000000101", "000000303"]
    assert [*archive.data] == ["user", *ALWAYS, *OF_ACCOUNT, "000000303/payments"]
    assert len(archive.data["000000303/payments"]) == 1


def test_who_has_no_account(client, db):
    client.force_login(UserFactory(login="jana"))
    archive = Archive(client.post(URL))
    assert [*archive.data] == ["user", *ALWAYS]
    assert archive.data["accounts"] == []
    assert [len(archive.csv(name)) for name in ALWAYS] == [2, 1, 1, 1, 1, 1, 1, 1]


def test_no_secret_is_in_it(owner, home, monkeypatch):
    Clock(monkeypatch)
    again(owner)
    app, codes = turn_on(owner)
    phone = add(owner, "Телефон")
    archive = Archive(owner.post(URL))
    assert [row["kind"] for row in archive.data["second_step"]] == [
        "Аутентификатор қолданбасы",
        "Қалпына келтіру кодтары",
        "Телефон",
    ]
    home.owner.refresh_from_db()
    rows = {row.type: row.data for row in Authenticator.objects.filter(user=home.owner)}
    secrets = {
        *(home.owner.password, PASSWORD, app.secret, *codes, key_of(owner), phone.id.hex()),
        *(rows["totp"]["secret"], rows["recovery_codes"]["seed"], "argon2"),
        *(rows["webauthn"]["credential"]["rawId"], "attestationObject"),
    }
    assert [secret for secret in secrets if secret in archive.everything] == []


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_table_is_a_formula(first, owner, home, monkeypatch):
    """What people and billing have written is text."""
    Clock(monkeypatch)
    text = f'{first}HYPERLINK("http://evil.example")'
    again(owner)
    add(owner, text)
    PersonalAccount.objects.update(payer=text, address_kk=text)
    Bank.objects.update(name_kk=text)
    home.owner.holdings.update(nickname=text)
    home.account.meters.filter(serial="222").update(serial=text)
    home.account.adjustments.update(reason_kk=text, quantity=Decimal("-1.5"))
    LetterFactory(recipient="owner@example.kz", subject=text.strip())
    archive = Archive(owner.post(URL))
    assert archive.csv("accounts")[1][1:4] == [f"'{text}"] * 3
    assert archive.csv("000000101/payments")[1][3] == f"'{text}"
    kinds = [row[0] for row in archive.csv("second_step")]
    assert f"'{text}" in kinds or first in "\t\r"  # which a name does not begin with
    cells = [
        cell
        for name in archive.names
        if name.endswith(".csv")
        for row in archive.csv(name[:-4])
        for cell in row
    ]
    suspicious = [
        cell for cell in cells if cell[:1] in {*"=+@\t\r"} or re.match(r"-(?!\d+\.\d{2,3}$)", cell)
    ]
    assert suspicious == []
    assert archive.data["accounts"][0]["payer"] == text


def test_it_can_be_had_five_times_an_hour(owner):
    answers = [owner.post(URL).status_code for _time in range(6)]
    assert answers == [200] * 5 + [429]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_by_post_only(method, owner):
    response = owner.generic(method, URL)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_not_by_another_site_s_form(owner):
    owner.handler.enforce_csrf_checks = True
    assert owner.post(URL).status_code == 403


def test_nobody_else(client, db):
    response = client.post(URL)
    assert (response.status_code, response.url) == (302, f"/login/?next={URL}")


def queries(client):
    with CaptureQueriesContext(connection) as captured:
        assert client.post(URL).status_code == 200
    return len(captured)


def test_the_database_is_asked_as_often_whatever_there_is(client, db, monkeypatch):
    """For each account, however many months, payments and receipts it has."""
    people.at(people.TODAY, monkeypatch)
    home = people.household(4)
    client.force_login(home.owner)
    queries(client)  # what is asked but once
    few = queries(client)
    factories.PaymentFactory.create_batch(50, account=home.account)
    LetterFactory.create_batch(50, recipient=home.owner.email)
    meter = home.account.meters.latest("pk")
    for ago in range(50):
        taken_on = dt.date(2025, 1, 1) + dt.timedelta(days=ago)
        factories.ReadingFactory(meter=meter, taken_on=taken_on)
    for ago in range(12, 60):
        month = months.plus(people.LATEST, -ago)
        factories.LedgerEntryFactory(account=home.account, month=month)
        factories.ReceiptFactory(account=home.account, month=month)
        factories.ChargeFactory(account=home.account, month=month)
        factories.AdjustmentFactory(account=home.account, month=month)
    assert queries(client) == few
