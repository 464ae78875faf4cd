"""The kinds of column that many of billing's tables share, and their constraints."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class Plan(models.TextChoices):
    """How a quantity is priced; a code, so that a further plan is one more line."""

    FLAT = "flat", _("average selling tariff")
    TIERED = "tiered", _("differentiated tariff")


class Code(models.CharField):
    """A short code given by billing, the row's key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(*args, **kwargs)


class Money(models.DecimalField):
    """Tenge to the tiyn, up to 999 999 999 999,99 either way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=14, decimal_places=2)
        super().__init__(*args, **kwargs)


class Quantity(models.DecimalField):
    """Units of the service or a reading, to the thousandth."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=14, decimal_places=3)
        super().__init__(*args, **kwargs)


class Price(models.DecimalField):
    """Tenge per unit, to the millionth."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=12, decimal_places=6)
        super().__init__(*args, **kwargs)


class Rate(models.DecimalField):
    """A part of one: 0.1200 is 12 %."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=5, decimal_places=4)
        super().__init__(*args, **kwargs)


def in_two_languages(name: str) -> property:
    """The column `name_kk` or `name_ru`, by the language in force."""

    return property(lambda row: in_language(row, name))


def in_language(row: object, name: str) -> str:
    """What `name_kk` or `name_ru` of the row holds, by the language in force."""
    language = translation.get_language() or "kk"
    return getattr(row, f"{name}_{'ru' if language.startswith('ru') else 'kk'}")


def first_of_month(table: str, column: str = "month") -> models.CheckConstraint:
    """The column holds months, each as its first day."""
    return models.CheckConstraint(
        condition=Q(**{f"{column}__day": 1}), name=f"{table}_{column}_first_day"
    )


def not_negative(table: str, *columns: str) -> list[models.CheckConstraint]:
    """Each of the columns is zero or more."""
    return [
        models.CheckConstraint(condition=Q(**{f"{column}__gte": 0}), name=f"{table}_{column}_sign")
        for column in columns
    ]


def in_order(table: str, earlier: str, later: str) -> models.CheckConstraint:
    """The later day is not before the earlier one (an empty day passes)."""
    return models.CheckConstraint(
        condition=Q(**{f"{earlier}__lte": F(later)}) | Q(**{f"{later}__isnull": True}),
        name=f"{table}_{later}_not_before",
    )


def one_of(table: str, column: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """The column holds one of the choices."""
    return models.CheckConstraint(
        condition=Q(**{f"{column}__in": choices.values}), name=f"{table}_{column}_known"
    )
