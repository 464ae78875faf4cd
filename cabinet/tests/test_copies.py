"""A household that is put back from its copy is the one that was made."""

from django.apps import apps
from django.db import connection, transaction

from billing.tests.factories import PaymentFactory
from cabinet.tests import copies, people


def everything():
    """All rows of all tables."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608
            found[table] = cursor.fetchall()
    return found


def test_its_rows(db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    people.make_groups()
    before = everything()
    home = people.make_household(people.MONTHS)
    made = everything()
    assert {table for table in made if made[table] != before[table]} == set(copies.TABLES)
    with connection.cursor() as cursor:
        taken = copies.taken(cursor, home)
        assert not copies.nothing_is_there(cursor)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in reversed(copies.TABLES):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        assert copies.nothing_is_there(cursor)
        for table in copies.COUNTED:
            cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART")
        again = copies.put_back(cursor, taken)
    assert everything() == made
    assert again == home
    assert again.owner is not home.owner
    PaymentFactory(account=again.account, service_id="EL", bank_id="HAL")


def test_what_a_test_does_to_it_the_next_one_does_not_see(db, monkeypatch):
    people.at(people.TODAY, monkeypatch)
    with transaction.atomic():
        home = people.household(1)
        home.owner.full_name = "Somebody else"
        home.owner.save()
        transaction.set_rollback(True)
    again = people.household(1)
    assert again.owner.full_name != "Somebody else"
    again.owner.refresh_from_db()
    assert again.owner.full_name != "Somebody else"
