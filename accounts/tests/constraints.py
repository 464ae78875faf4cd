"""What tests of database constraints share."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from factory.django import DjangoModelFactory

SAME = object()  # the value of the row that is there already


@dataclass(frozen=True)
class Case:
    """A constraint, a factory, what breaks it, and what is just right.

    Both are changes to a further row beside the factory's own.
    """

    name: str
    factory: type[DjangoModelFactory]
    bad: dict[str, Any]
    good: dict[str, Any] = field(default_factory=dict)


def add_like(row: models.Model, changes: dict[str, Any]) -> models.Model:
    """Inserts a further row like this one, with the changes."""
    values = {
        column.attname: getattr(row, column.attname)
        for column in row._meta.concrete_fields
        if not column.generated and column.db_column != "id" and column.attname != "id"
    }
    for name, value in changes.items():
        values[name] = getattr(row, name) if value is SAME else value
    further = type(row)(**values)
    further.save(force_insert=True)
    _run("SET CONSTRAINTS ALL IMMEDIATE")  # references are else checked at the commit
    return further


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def fails_on(row: models.Model, changes: dict[str, Any]) -> Any:
    """The database's diagnosis of such a further row."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        add_like(row, changes)
    return error.value.__cause__.diag  # type: ignore[union-attr]


def fails_without(row: models.Model, column: str) -> Any:
    """The database's diagnosis of the table's rows with that column emptied."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        _run(f'UPDATE {row._meta.db_table} SET "{column}" = NULL')  # noqa: S608
    return error.value.__cause__.diag  # type: ignore[union-attr]


def holds(case: Case, further: dict[str, Any]) -> None:
    """The bad row breaks that very constraint, and the good one is taken."""
    row = case.factory.create()
    diagnosis = fails_on(row, {**further, **case.bad})
    assert diagnosis.constraint_name == case.name
    add_like(row, {**further, **case.good})


def declared(app: str) -> set[str]:
    """The names of all constraints that the app's models declare."""
    return {
        constraint.name
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
    }


def in_database(app: str) -> set[str]:
    """All checks, unique indexes and natural keys of the app's tables, as PostgreSQL has them."""
    tables = [model._meta.db_table for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conname FROM pg_constraint
            WHERE contype = 'c' AND conrelid = ANY(%(tables)s::regclass[])
            UNION ALL
            SELECT indexrelid::regclass::text FROM pg_index
            WHERE indisunique AND indrelid = ANY(%(tables)s::regclass[])
              AND pg_get_indexdef(indexrelid) NOT LIKE '%%(id)'""",
            {"tables": tables},
        )
        return {name for (name,) in cursor}


def required_columns(app: str) -> list[tuple[type[models.Model], str]]:
    """(model, column) of each column that must have a value, keys of the database's own aside."""
    return [
        (model, column.attname)
        for model in apps.get_app_config(app).get_models()
        if model._meta.managed
        for column in model._meta.concrete_fields
        if not column.null and not column.generated and column.attname != "id"
        if not isinstance(column, models.CompositePrimaryKey)
    ]
