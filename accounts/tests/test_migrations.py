"""What becomes of the users there are when their addresses move into a table of their own."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("accounts", "0001_initial")], [("accounts", "0002_addresses_and_consents")]
CONFIRMED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

# login, address, confirmed
USERS = [
    ("aigul", "aigul@example.kz", CONFIRMED),
    ("Bolat.S", "Bolat@Example.KZ", CONFIRMED),
    ("dana", "dana@example.kz", None),
    ("Erlan_1", "AIGUL@example.kz", None),  # of another, who has confirmed it
    ("farida", "DANA@example.kz", None),
    ("root", "", None),
]


def migrate(to):
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return executor.loader.project_state(to).apps


def empty():
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_user CASCADE")


@pytest.fixture
def before(transactional_db):
    """The tables as they were; afterwards they are as they should be again."""
    yield migrate(BEFORE)
    empty()
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_users_are_taken_over(before):
    old = before.get_model("accounts", "User")
    for login, email, confirmed in USERS:
        old.objects.create(
            login=login,
            email=email,
            email_confirmed_at=confirmed,
            full_name="Айгүл Сәкенқызы",
            password="argon2$x",
            language="ru",
        )
    dates = dict(old.objects.values_list("pk", "joined_at"))
    apps = migrate(AFTER)
    new = apps.get_model("accounts", "User")
    assert [*new.objects.order_by("pk").values_list("login", "email")] == [
        ("aigul", "aigul@example.kz"),
        ("bolat.s", "bolat@example.kz"),
        ("dana", "dana@example.kz"),
        ("erlan_1", "aigul@example.kz"),
        ("farida", "dana@example.kz"),
        ("root", ""),
    ]
    assert {*new.objects.values_list("password", "full_name", "language")} == {
        ("argon2$x", "Айгүл Сәкенқызы", "ru")
    }
    assert dict(new.objects.values_list("pk", "joined_at")) == dates
    addresses = apps.get_model("account", "EmailAddress").objects.order_by("user_id")
    assert [*addresses.values_list("user__login", "email", "verified", "primary")] == [
        ("aigul", "aigul@example.kz", True, True),
        ("bolat.s", "bolat@example.kz", True, True),
        ("dana", "dana@example.kz", False, True),
        ("erlan_1", "aigul@example.kz", False, True),
        ("farida", "dana@example.kz", False, True),
    ]


def test_many_and_none(before):
    """Nothing to take over is no fault, and a thousand rows and one are all taken."""
    migrate(AFTER)
    old = migrate(BEFORE).get_model("accounts", "User")
    old.objects.bulk_create(
        old(login=f"user{n}", email=f"user{n}@example.kz", email_confirmed_at=CONFIRMED)
        for n in range(1001)
    )
    apps = migrate(AFTER)
    addresses = apps.get_model("account", "EmailAddress").objects
    assert addresses.filter(verified=True, primary=True).count() == 1001
