"""What residents told us, as billing gets it: `manage.py export_billing`."""

import csv
import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import events
from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from billing import holdings
from billing.models import Holding
from billing.tests.factories import HoldingFactory, PersonalAccountFactory
from cabinet.tests import people
from receipts import subscriptions
from receipts.models import Subscription, SubscriptionChange
from receipts.tests.factories import SubscriptionChangeFactory

SUBSCRIPTIONS = (
    "account,subscriber,e_receipts,email,language,form,attached,paper,reminders,payments"
    ",changed_at,why"
)
LONG_AGO = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)
MORNING = "2026-04-10T10:00:00+05:00"
LATER = people.TODAY.replace(day=20)
BY_MAIL_ONLY = {"receipts": True, "paper": False}


@pytest.fixture
def export_billing(tmp_path, capsys):
    """Runs the command, to a new path unless another is given: its exit code, stdout, stderr."""
    paths = (tmp_path / f"export-{number}" for number in range(1000))

    def run(*options, to=None):
        path = to or next(paths)
        try:
            call_command("export_billing", "--to", str(path), *options)
            code = 0
        except SystemExit as stop:
            code = stop.code
        return path, code, *capsys.readouterr()

    return run


@pytest.fixture
def exported(export_billing):
    """Runs the command, which has to go well: the rows of each file, without the header."""

    def run(*options):
        path, code, _out, err = export_billing(*options)
        assert (code, err) == (0, "")
        return read(path)

    return run


def read(folder):
    return {path.stem: rows_of(path.read_text()) for path in folder.iterdir()}


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def asking(user):
    request = RequestFactory().post("/")
    request.user = user
    return request


def choose(user, account, **chosen):
    """As the resident does it; a new subscriber of an account, who holds it, wants receipts."""
    own = subscriptions.of(user, account)
    assert subscriptions.choose(asking(user), own, chosen or {"receipts": True})
    return Subscription.objects.get(user=user, account=account)


def row(user, cells, account="000000101"):
    return [account, str(user.pk), *cells.split(",")]


ON = f"1,{{}},both,normal,1,1,0,0,{MORNING},{{}}"
OFF = f"0,,both,normal,1,1,0,0,{MORNING},{{}}"


# What is told


def test_a_household(home, export_billing):
    wanted = {**BY_MAIL_ONLY, "language": "kk", "form": "large", "attached": False}
    choose(home.owner, home.account, **wanted, reminders=True, payments=True)
    choose(home.second, home.account, receipts=False, reminders=True)
    choose(home.stranger, home.strangers)
    last = SubscriptionChange.objects.latest("pk").pk
    owner, second, stranger = home.owner.pk, home.second.pk, home.stranger.pk
    path, code, out, err = export_billing()
    assert (code, err) == (0, "")
    assert {file.name: file.read_bytes().decode().split("\r\n") for file in path.iterdir()} == {
        "subscriptions.csv": [
            SUBSCRIPTIONS,
            f"000000101,{owner},1,owner@example.kz,kk,large,0,0,1,1,{MORNING},chosen",
            f"000000101,{second},0,second@example.kz,both,normal,1,1,1,0,{MORNING},chosen",
            f"000000202,{stranger},1,stranger@example.kz,both,normal,1,1,0,0,{MORNING},chosen",
            "",
        ],
        "paper.csv": ["account,paper", "000000101,1", "000000202,1", ""],
        "totals.csv": ["file,rows,sum", "subscriptions,3,", "paper,2,", ""],
        "export.csv": [
            "version,since,until,made_at",
            f"1,,{last},{read(path)['export'][0][3]}",
            "",
        ],
    }
    assert out.splitlines() == [
        "file           rows",
        "subscriptions     3",
        "paper             2",
        f"The next export goes on with --since {last}.",
    ]


def test_without_any_change(home, exported):
    (about,) = exported().pop("export")
    assert about[:3] == ["1", "", "0"]
    assert {name: rows for name, rows in exported().items() if name != "export"} == {
        "subscriptions": [],
        "paper": [],
        "totals": [["subscriptions", "0", ""], ["paper", "0", ""]],
    }


def test_the_last_of_several_changes(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY)
    subscriptions.unsubscribe(asking(home.owner), own.key, "receipts")
    files = exported()
    assert files["subscriptions"] == [row(home.owner, OFF.format("link"))]
    assert files["paper"] == [["000000101", "1"]]


def test_an_address_is_quoted_and_otherwise_as_it_is(home, exported):
    for user, address in ((home.owner, '"a,b"@example.kz'), (home.second, "=1+1@example.kz")):
        user.email = address
        user.save()
        choose(user, home.account)
    emails = [cells[3] for cells in exported()["subscriptions"]]
    assert emails == ['"a,b"@example.kz', "=1+1@example.kz"]


def test_another_address(home, exported):
    choose(home.owner, home.account)
    home.owner.email = "new@example.kz"
    home.owner.save()
    events.moved(home.owner)
    expected = [row(home.owner, ON.format("new@example.kz", "moved"))]
    assert exported()["subscriptions"] == expected


def test_an_address_that_takes_no_letters(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY)
    subscriptions.refuse(own, "owner@example.kz", "550 no such mailbox")
    files = exported()
    cells = ON.format("", "refused").replace("normal,1,1", "normal,1,0")
    assert files["subscriptions"] == [row(home.owner, cells)]
    assert files["paper"] == [["000000101", "1"]]


def test_a_user_who_is_deleted(home, exported):
    own = choose(home.owner, home.account, **BY_MAIL_ONLY, language="ru")
    subscriber = home.owner.pk
    events.leaving(home.owner, "deleted")
    home.owner.delete()
    home.owner.pk = subscriber
    files = exported()
    assert not Subscription.objects.filter(pk=own.pk).exists()
    cells = OFF.format("deleted").replace("both", "ru")
    assert files["subscriptions"] == [row(home.owner, cells)]
    assert files["paper"] == [["000000101", "1"]]


def suspended(home):
    home.account.holdings.filter(user=home.owner).update(since=LONG_AGO)
    holdings.end(Holding.objects.filter(user=home.owner), "suspended")


def stopped(home):
    home.owner.is_active = False
    home.owner.save()
    events.leaving(home.owner, "stopped")


def removed(home):
    holdings.remove(asking(home.owner), home.account)


def unlinked(home):
    (link,) = Holding.objects.filter(user=home.owner)
    holdings.unlink_by_staff(asking(home.support), link, "by mistake")


@pytest.mark.parametrize("end", [suspended, stopped, removed, unlinked])
def test_what_ends_by_itself(home, exported, end):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    end(home)
    files = exported()
    assert files["subscriptions"] == [row(home.owner, OFF.format(end.__name__))]
    assert files["paper"] == [["000000101", "1"]]


@pytest.mark.parametrize("end", [stopped, removed])
def test_no_paper_while_one_of_two_holders_wants_none(home, exported, end):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    choose(home.second, home.account, **BY_MAIL_ONLY)
    last = exported()["export"][0][2]
    end(home)
    files = exported("--since", last)
    assert [cells[1] for cells in files["subscriptions"]] == [str(home.owner.pk)]
    assert files["paper"] == [["000000101", "0"]]


def test_who_lost_the_right_otherwise_is_not_told_by_address(home, exported):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    Holding.objects.filter(user=home.owner).delete()
    files = exported()
    assert files["subscriptions"][0][2:4] == ["1", ""]
    assert files["paper"] == [["000000101", "1"]]


# Since when


def test_since_an_earlier_export(home, exported, monkeypatch):
    choose(home.owner, home.account)
    first = exported()
    second = exported("--since", first["export"][0][2])
    choose(home.second, home.account, **BY_MAIL_ONLY)
    third = exported("--since", second["export"][0][2])
    assert [len(files["subscriptions"]) for files in (first, second, third)] == [1, 0, 1]
    assert third["subscriptions"][0][1] == str(home.second.pk)
    assert [files["export"][0][1] for files in (second, third)] == [
        files["export"][0][2] for files in (first, second)
    ]


@pytest.mark.parametrize(
    ("since", "written", "rows"),
    [
        ("2026-04-10", "2026-04-10T00:00:00+05:00", 2),
        ("2026-04-11", "2026-04-11T00:00:00+05:00", 1),
        ("2026-04-20", "2026-04-20T00:00:00+05:00", 1),
        ("2026-04-21", "2026-04-21T00:00:00+05:00", 0),
        ("2026-04-20T10:00:00+05:00", "2026-04-20T10:00:00+05:00", 1),
        ("2026-04-20T05:00Z", "2026-04-20T10:00:00+05:00", 1),
        ("2026-04-20T10:00:00.000001+05:00", "2026-04-20T10:00:00.000001+05:00", 0),
        ("2026-04-20T10:00:00+04:00", "2026-04-20T11:00:00+05:00", 0),
        ("2024-01-01", "2024-01-01T00:00:00+06:00", 2),
    ],
)
def test_since_a_day_or_a_time(home, exported, monkeypatch, since, written, rows):
    choose(home.owner, home.account)
    people.at(LATER, monkeypatch)
    choose(home.second, home.account)
    files = exported("--since", since)
    assert len(files["subscriptions"]) == rows
    assert files["export"][0][1] == written


def test_paper_counts_those_who_changed_nothing_since(home, exported, monkeypatch):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    people.at(LATER, monkeypatch)
    choose(home.second, home.account, **BY_MAIL_ONLY)
    files = exported("--since", "2026-04-20")
    assert [cells[1] for cells in files["subscriptions"]] == [str(home.second.pk)]
    assert files["paper"] == [["000000101", "0"]]


def test_paper_comes_while_one_of_two_holders_wants_it(home, exported):
    choose(home.owner, home.account, **BY_MAIL_ONLY)
    choose(home.second, home.account, receipts=False, reminders=True)
    assert exported()["paper"] == [["000000101", "1"]]
    choose(home.second, home.account, **BY_MAIL_ONLY)
    assert exported()["paper"] == [["000000101", "0"]]


NONSENSE = [
    *(
        "",
        " ",
        "yesterday",
        "-1",
        "1.5",
        "10.04.2026",
        "2026-4-1",
        "2026-02-30",
        "2026-04-10T25:00Z",
    ),
    *("2026-04-10T10:00", "2026-04-10 10:00+05:00", "20260410T100000Z", "٢٠٢٦-٠٤-١٠", "٣"),
    *("1999-12-31", "0001-01-01", "2026-04-10\n", "1" * 19, "x" * 5000),
]


@pytest.mark.parametrize("since", NONSENSE, ids=lambda since: ascii(since)[:30])
def test_since_nonsense(db, export_billing, since):
    path, code, out, err = export_billing(f"--since={since}")
    assert (code, out) == (2, "")
    assert err == (
        f"{since!r} is neither a day like 2026-04-10, nor a time like 2026-04-10T09:30:00+05:00,"
        " nor the number that ended an earlier export.\n"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2099-01-01", "2099-01-01T00:00:00+05:00 is still to come.\n"),
        ("2099-12-31T23:59:59-12:00", "2099-12-31T23:59:59-12:00 is still to come.\n"),
        ("8", "There is no change 8 yet: the last one is 7.\n"),
    ],
)
def test_since_what_is_still_to_come(home, export_billing, since, told):
    SubscriptionChangeFactory(pk=7, account=home.account)
    path, code, out, err = export_billing("--since", since)
    assert (code, out, err) == (2, "", told)
    assert not path.exists()


# How it is written


def test_it_is_written_down(home, exported):
    choose(home.owner, home.account)
    files = exported("--since", "2026-04-01")
    entry = AuditEntry.objects.get(action="data_exported")
    assert (entry.actor_kind, entry.account_number, entry.subject_login) == ("cabinet", "", "")
    assert entry.about.pop("run_by")
    assert entry.about == {
        "since": "2026-04-01T00:00:00+05:00",
        "until": int(files["export"][0][2]),
        "rows": 1,
    }


def test_queries(home, exported):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            exported()
        return len(captured)

    choose(home.owner, home.account)
    few = queries()
    for _each in range(20):
        user, account = UserFactory(), PersonalAccountFactory()
        HoldingFactory(user=user, account=account)
        choose(user, account)
    assert queries() == few
