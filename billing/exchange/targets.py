"""How the columns of a staged row become those of its table.

SQL here speaks of the staged row as `s`, of its account as `a`, of a reading's meter as
`m` and of the table's own row as `t`.
"""

from dataclasses import dataclass
from functools import cache

from django.db import models

from billing.exchange.layout import Column, File


@dataclass(frozen=True)
class Target:
    """A file's table: its columns, each with the SQL of its new value, and those of its key."""

    table: str
    values: dict[str, str]
    key: tuple[str, ...]
    # The joins from `s` to what its names mean; a row with a NULL among these names nothing.
    joins: str
    resolved: tuple[str, ...]

    @property
    def match(self) -> str:
        """`t` is the row that the staged row speaks of."""
        return " AND ".join(
            f't."{name}" {self._equals(name)} {self.values[name]}' for name in self.key
        )

    def match_row(self, row: str) -> str:
        """`t` is the row with the key of another row that has the table's columns."""
        return " AND ".join(f't."{name}" {self._equals(name)} {row}."{name}"' for name in self.key)

    @property
    def rest(self) -> list[str]:
        """The columns outside the key."""
        return [name for name in self.values if name not in self.key]

    def _equals(self, name: str) -> str:
        # Only a tariff's bands have a key with empty parts.
        optional = self.table == "billing_tariffband" and name in ("electric_stove", "privileged")
        return "IS NOT DISTINCT FROM" if optional else "="


_ACCOUNT = ' LEFT JOIN billing_personalaccount a ON a.number = s."account"'
_METER = ' LEFT JOIN billing_meter m ON m.account_id = a.id AND m.serial = s."serial"'


@cache
def target_of(file: File) -> Target:
    """The table of the file's rows."""
    resolved: tuple[str, ...]
    if file.name == "readings":
        values = {"meter_id": "m.id"}
        named = {"account": "meter_id", "serial": "meter_id"}
        joins, resolved = _ACCOUNT + _METER, ("account_id", "meter_id")
    elif file.owner == "account":
        values = {"account_id": "a.id"}
        named = {"account": "account_id"}
        joins, resolved = _ACCOUNT, ("account_id",)
    else:
        values, named, joins, resolved = {}, {}, "", ()
    for column in file.columns:
        if column.name not in named:
            values[column.target] = _value(file, column)
            named[column.name] = column.target
    key = tuple(dict.fromkeys(named[name] for name in file.key))
    return Target(file.table, values, key, joins, resolved)


def _value(file: File, column: Column) -> str:
    value = column.kind.stored % ("s", column.name)
    field = file.model._meta.get_field(column.target.removesuffix("_id"))
    if not column.required and not field.null and isinstance(field, models.CharField):
        return f"coalesce({value}, '')"
    return value
