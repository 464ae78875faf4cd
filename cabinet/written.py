"""Queries that Django writes once for a process, and that are asked again with other values.

To write a query costs Django more than PostgreSQL needs to answer it: a fifth of a page. What is
asked is said in Django's own words all the same, in one place, and only their SQL is kept.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.query import ModelIterable, get_related_populators
from django.http import Http404

Row = TypeVar("Row")

# What stands for a value while the query is written; no query has such values of its own.
EXAMPLES: dict[type, Callable[[int], Any]] = {
    int: lambda place: 1_918_273_600 + place,
    str: lambda place: f"\ue000{place}",
    dt.date: lambda place: dt.date(1111, 11, 1 + place),
    dt.datetime: lambda place: dt.datetime(1111, 11, 1 + place, tzinfo=dt.UTC),
}


class Written(Generic[Row]):
    """A query of whole rows, or of `values_list()`. `make` gives it for values of these kinds;
    where they stand in it is all that may depend on them.
    """

    def __init__(self, make: Callable[..., models.QuerySet[Any, Row]], *kinds: type) -> None:
        self._make, self._kinds = make, kinds

    def all(self, *values: Any) -> list[Row]:
        """Every row for these values."""
        with connection.cursor() as cursor:
            sql, parameters = self._written
            cursor.execute(sql, [values[it] if known else it for known, it in parameters])
            return list(map(self._of, self._converted(cursor.fetchall())))

    def first(self, *values: Any) -> Row | None:
        """The first row for these values, if there is any."""
        rows = self.all(*values)
        return rows[0] if rows else None

    def get(self, *values: Any) -> Row:
        """The only row for these values; Http404 if there is none."""
        rows = self.all(*values)
        if not rows:
            raise Http404
        (row,) = rows
        return row

    @cached_property
    def _query(self) -> models.QuerySet[Any, Row]:
        return self._make(*self._examples)

    @cached_property
    def _compiler(self) -> Any:
        return self._query.query.get_compiler(DEFAULT_DB_ALIAS)

    @cached_property
    def _examples(self) -> list[Any]:
        return [EXAMPLES[kind](place) for place, kind in enumerate(self._kinds)]

    @cached_property
    def _written(self) -> tuple[str, list[tuple[bool, Any]]]:
        """The SQL and its parameters: either which of the values it is, or one that is no value."""
        sql, parameters = self._compiler.as_sql()
        examples = self._examples
        return sql, [
            (True, examples.index(each)) if each in examples else (False, each)
            for each in parameters
        ]

    def _converted(self, rows: list[Any]) -> Iterator[Any]:
        converters = self._converters
        return self._compiler.apply_converters(rows, converters) if converters else iter(rows)

    @cached_property
    def _converters(self) -> Any:
        compiler = self._compiler
        return compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]])

    @cached_property
    def _of(self) -> Callable[[Any], Row]:
        """What makes an object of a row, as Django's ModelIterable does; or a tuple."""
        compiler = self._compiler
        select, about = compiler.select, compiler.klass_info
        if self._query._iterable_class is not ModelIterable:
            return tuple  # type: ignore[return-value]
        start, stop = about["select_fields"][0], about["select_fields"][-1] + 1
        names = [column[0].target.attname for column in select[start:stop]]
        related = get_related_populators(about, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        annotations = tuple((compiler.annotation_col_map or {}).items())
        from_db = about["model"].from_db

        def made(row: Any) -> Row:
            found: Row = from_db(DEFAULT_DB_ALIAS, names, row[start:stop])
            for each in related:
                each.populate(row, found)  # type: ignore[arg-type]
            for name, place in annotations:
                setattr(found, name, row[place])
            return found

        return made
