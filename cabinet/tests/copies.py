"""A household's rows as the database gave them out, to be put back without being made anew."""

import copy
import io
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import User
from billing import models

MODELS = (
    *(User, User.groups.through, EmailAddress),
    *(models.Supplier, models.Service, models.Branch, models.Bank),
    *(models.PersonalAccount, models.Holding, models.Terms, models.Meter, models.Reading),
    *(models.LedgerEntry, models.Charge, models.Adjustment, models.Payment, models.Receipt),
)
TABLES = [model._meta.db_table for model in MODELS]
# Rows of the other tables need one of these.
FIRST = [model._meta.db_table for model in (User, models.Supplier, models.Branch, models.Bank)]
COUNTED = [model._meta.db_table for model in MODELS if model._meta.auto_field is not None]
NOTHING = "SELECT " + " AND ".join(f"NOT EXISTS (TABLE {table})" for table in FIRST)
LAST = "SELECT " + ", ".join(f"(SELECT max(id) FROM {table})" for table in COUNTED)  # noqa: S608
# A table that was emptied together with its counter gives out no number twice.
COUNT_ON = "SELECT " + ", ".join(  # noqa: S608 - names of tables
    f"setval('{table}_id_seq', greatest(%s, (SELECT last_value FROM {table}_id_seq)))"  # noqa: S608
    for table in COUNTED
)


@dataclass(frozen=True)
class Copy:
    """What a household consists of."""

    home: Any
    rows: dict[str, str]
    last: tuple[int, ...]


def nothing_is_there(cursor: Any) -> bool:
    """Whether the tables are empty, so that a copy may be taken or put back."""
    cursor.execute(NOTHING)
    (empty,) = cursor.fetchone()
    return bool(empty)


def taken(cursor: Any, home: Any) -> Copy:
    """All that is in the tables, and the household whose it is."""
    rows = {}
    for table in TABLES:
        file = io.StringIO()
        cursor.copy_expert(f"COPY {table} TO STDOUT", file)
        rows[table] = file.getvalue()
    cursor.execute(LAST)
    return Copy(copy.deepcopy(home), rows, cursor.fetchone())


def put_back(cursor: Any, made: Copy) -> Any:
    """Into empty tables; the household."""
    for table, rows in made.rows.items():
        cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(rows))
    cursor.execute(COUNT_ON, made.last)
    return copy.deepcopy(made.home)
