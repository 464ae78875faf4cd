"""What is written down about who did what, and that nobody can change it."""

import datetime as dt
import re

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import override

from accounts import audit
from accounts.models import AuditEntry
from accounts.tests.factories import PASSWORD, AuditEntryFactory, UserFactory
from cabinet import pruning
from cabinet.tests.pages import Page

BROWSER = {
    "HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0.0.0",
    "REMOTE_ADDR": "203.0.113.7",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul")


@pytest.fixture
def browser(client, aigul):
    client.defaults |= BROWSER
    client.force_login(aigul)
    return client


def entries(**wanted):
    """Action, login of whoever did it and of whom it concerns, and details; the oldest first."""
    found = AuditEntry.objects.filter(**wanted).order_by("pk")
    return [(each.action, each.actor_login, each.subject_login, each.about) for each in found]


def sign_in(client, login="aigul", password=PASSWORD):
    client.defaults |= BROWSER
    return client.post("/login/", {"login": login, "password": password})


# Signing in and out


def test_signing_in_and_out(client, aigul):
    sign_in(client)
    client.post("/logout/")
    assert entries() == [
        ("signed_in", "aigul", "", {"means": ["password"]}),
        ("signed_out", "aigul", "", {}),
    ]
    entry = AuditEntry.objects.first()
    assert (entry.actor_kind, entry.actor_id) == ("resident", aigul.pk)
    assert (entry.address, entry.device) == ("203.0.113.7", BROWSER["HTTP_USER_AGENT"])
    assert abs(entry.at - timezone.now()) < dt.timedelta(minutes=1)


def test_a_refusal_names_whom_it_concerns_and_nothing_that_was_typed(client, aigul):
    sign_in(client, "aigul@example.kz", "not the password")
    sign_in(client, "my secret password", PASSWORD)
    assert entries() == [
        ("sign_in_refused", "", "aigul", {"why": "password"}),
        ("sign_in_refused", "", "", {"why": "password"}),
    ]
    assert set(AuditEntry.objects.values_list("actor_kind", flat=True)) == {"unknown"}


def test_so_does_one_of_too_many_tries(client, aigul):
    for _try in range(6):
        sign_in(client, password="wrong")
    assert entries()[-1] == ("sign_in_refused", "", "aigul", {"why": "too_many"})


def test_a_known_and_an_unknown_login_cost_the_same_entries(client, aigul):
    counts = []
    for login in ("aigul", "nobody"):
        before = AuditEntry.objects.count()
        sign_in(client, login, "wrong")
        client.post("/password-reset/", {"email": f"{login}@example.kz"})
        counts.append(AuditEntry.objects.count() - before)
    assert counts == [2, 2]


def test_nobody_else_signs_out(client):
    client.post("/logout/")
    assert entries() == []


# Settings


def test_registering_and_confirming(client, aigul):
    filled = {
        "full_name": "Нұрлан Бейбітұлы",
        "email": "nurlan@example.kz",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "consent": "on",
    }
    client.post("/register/", filled)
    client.post("/register/", {**filled, "email": "aigul@example.kz"})
    assert entries() == [
        ("registered", "nurlan", "", {"consent": "2026-11"}),
        ("register_refused", "", "aigul", {}),
    ]


CHANGES = {
    "password": (
        "/settings/password/",
        {
            "oldpassword": PASSWORD,
            "password1": "Kerege-10-shangyraq",
            "password2": "Kerege-10-shangyraq",
        },
        ("password_changed", {}),
    ),
    "address": (
        "/settings/email/",
        {"email": "jana@example.kz", "password": PASSWORD},
        ("address_change_asked", {}),
    ),
    "profile": (
        "/settings/profile/",
        {"full_name": "Жаңа Есім", "login": "aigul", "language": "ru"},
        ("profile_changed", {"fields": ["full_name", "language"]}),
    ),
    "language": ("/language/", {"language": "ru"}, ("profile_changed", {"fields": ["language"]})),
    "text size": (
        "/text-size/",
        {"size": "large"},
        ("profile_changed", {"fields": ["large_text"]}),
    ),
    "sessions": ("/settings/sessions/", {}, ("sessions_ended", {"all_others": True})),
    "download": ("/settings/data/file/", {}, ("data_taken", {})),
    "deletion": ("/settings/delete/", {"password": PASSWORD}, ("user_deleted", {})),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_written_down(change, browser):
    path, posted, (action, about) = CHANGES[change]
    assert browser.post(path, posted).status_code < 400
    assert entries() == [(action, "aigul", "", about)]
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("change", ["password", "address", "profile", "deletion"])
def test_what_is_not_done_is_not_written_down(change, browser):
    path, posted, _entry = CHANGES[change]
    wrong = {**posted, "oldpassword": "wrong", "password": "wrong", "login": "aigul-2"}
    assert browser.post(path, wrong).status_code == 200
    assert entries() == [("sign_in_refused", "aigul", "aigul", {"why": "password"})]


def test_language_that_one_has_already(browser):
    browser.post("/language/", {"language": "kk"})
    assert entries() == []


def test_a_change_that_cannot_be_written_down_is_not_made(browser, aigul, monkeypatch):
    def broken(*args, **about):
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "record", broken)
    path, posted, _entry = CHANGES["password"]
    with pytest.raises(OSError, match="disk is full"):
        browser.post(path, posted)
    aigul.refresh_from_db()
    assert aigul.check_password(PASSWORD)


# What `record` takes


def test_an_action_that_nobody_knows(rf, aigul):
    with pytest.raises(ValueError, match="no such action: danced"):
        audit.record("danced", aigul)


def test_somebody_must_have_done_it(client, rf):
    request = rf.get("/")
    request.user = type("Nobody", (), {"is_authenticated": False})()
    with pytest.raises(ValueError, match="nobody is known"):
        audit.record("password_changed", request)


def test_what_the_cabinet_does_by_itself():
    audit.record("sessions_ended", None)
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor_id, entry.address) == ("cabinet", None, None)


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_actions_are_named(language):
    with override(language):
        names = [str(name).replace("e-mail", "") for name in audit.ACTIONS.values()]
    assert [name for name in names if re.search("[a-z]", name)] == []
    assert [name for name in names if names.count(name) > 1] == []


# Nobody changes it

STATEMENTS = {
    "update": "UPDATE accounts_auditentry SET action = 'danced'",
    "delete": "DELETE FROM accounts_auditentry",
    "truncate": "TRUNCATE accounts_auditentry",
    "cascade": "TRUNCATE accounts_auditentry CASCADE",
    "days": "SET LOCAL cabinet.audit_days = 0; DELETE FROM accounts_auditentry",
    "another clock": (
        "CREATE FUNCTION public.statement_timestamp() RETURNS timestamptz LANGUAGE sql"
        " AS $$SELECT '2999-01-01'::timestamptz$$; SET LOCAL search_path = public, pg_catalog;"
        " SET LOCAL cabinet.audit_days = 0; DELETE FROM accounts_auditentry"
    ),
    "words": "SET LOCAL cabinet.audit_days = '1 day'; DELETE FROM accounts_auditentry",
}


@pytest.mark.parametrize("how", STATEMENTS)
def test_the_database_refuses(how):
    """Whoever owns the table, as we do in these tests."""
    AuditEntryFactory()
    refused = pytest.raises(IntegrityError, match="only added to")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STATEMENTS[how])
    assert AuditEntry.objects.count() == 1


def test_nor_by_the_models():
    entry = AuditEntryFactory()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
            change()


def test_only_what_is_older_than_the_setting_goes(settings, capsys):
    settings.AUDIT_DAYS = 400
    now = timezone.now()
    for days in (0, 399, 401, 3000):
        AuditEntryFactory(at=now - dt.timedelta(days=days), about={"days": days})
    call_command("prune")
    assert "2 entries of the audit log deleted" in capsys.readouterr().out
    assert [each.about["days"] for each in AuditEntry.objects.order_by("pk")] == [0, 399]


def test_within_a_year_nothing_goes_whatever_is_set(settings):
    settings.AUDIT_DAYS = 1
    AuditEntryFactory(at=timezone.now() - dt.timedelta(days=300))
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
        pruning.delete(audit.old(timezone.now()))


def test_it_outlives_whom_it_tells_of(browser, aigul):
    browser.post("/settings/delete/", {"password": PASSWORD})
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor_login) == (aigul.pk, "aigul")


def test_device_with_line_breaks_and_nul_is_kept_as_one_text(client, aigul):
    client.post(
        "/login/",
        {"login": "aigul", "password": "x"},
        HTTP_USER_AGENT="a\x00b\r\nSet-Cookie: x" + "y" * 500,
    )
    entry = AuditEntry.objects.get()
    assert entry.device.startswith("ab")
    assert len(entry.device) <= 200
    assert Page(client.get("/login/"))
