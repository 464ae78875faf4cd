"""Facts that repeat from document to document, stored once."""

import json
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExactDecoder(json.JSONDecoder):
    """Reads the numbers of figures as Decimal, with their places; never as a float."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class FrozenFact(models.Model):
    """What repeats from receipt to receipt, stored once and found by its SHA-256.

    The payer's name and address; the terms and meters of a home.
    """

    digest = models.BinaryField(_("SHA-256"), max_length=32, unique=True)
    content = models.JSONField(_("content"), decoder=ExactDecoder)

    class Meta:
        verbose_name = _("frozen fact")
        verbose_name_plural = _("frozen facts")

    def __str__(self) -> str:
        return bytes(self.digest).hex()
