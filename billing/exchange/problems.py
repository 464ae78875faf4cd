"""What can be wrong with a set: with all of it, or with a row of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_


class NotASet(Exception):
    """What was handed in is not a set at all; the text says why, in the language in force."""


@dataclass(frozen=True)
class Problem:
    """A bad row: where it begins, which cell, and which rule (`F` for a format) it breaks."""

    file: str
    line: int
    column: str
    value: str
    rule: str
    message: str


# The sentences by the names that rules use. `value` is the cell as given, `detail` what
# the rule would have wanted.
SENTENCES = {
    "cells": N_("The row has %(value)s cells, the header has %(detail)s."),
    "csv": N_("The row is not CSV: its quotation marks do not match."),
    "empty": N_("The cell must not be empty."),
    "text": N_("The text is longer than %(detail)s characters."),
    "code": N_("A code is 1 to 20 Latin letters, digits, hyphens or underscores."),
    "number": N_("An account number is 4 to 20 digits."),
    "date": N_("A date is written YYYY-MM-DD."),
    "date_range": N_("The date must lie between %(detail)s."),
    "month": N_("A month is written YYYY-MM."),
    "decimal": N_("A number is written in plain digits, with at most %(detail)s after the point."),
    "not_negative": N_(
        "A number of zero or more is written in plain digits, with at most %(detail)s after"
        " the point."
    ),
    "not_zero": N_("The value must not be zero."),
    "integer": N_("A whole number from %(detail)s is wanted."),
    "boolean": N_("0 or 1 is wanted."),
    "choice": N_("One of these is wanted: %(detail)s."),
    "rate": N_("A rate is a part of one, such as 0.12."),
    "bin": N_("A BIN is 12 digits."),
    "bin_check": N_("No BIN ends like this: the last digit does not fit the others."),
    "iban_check": N_("No IIK begins like this: the two check digits do not fit the others."),
    "key": N_("A key is made up of %(detail)s."),
    "brought": N_("Line %(detail)s of the set's own file brings this row."),
    "iik": N_("An IIK is KZ, 2 digits and 16 digits or capital Latin letters."),
    "bik": N_("A BIK is 8 or 11 digits or capital Latin letters."),
    "kbe": N_("A Kbe is 2 digits."),
    "duplicate": N_("The row of line %(detail)s has the same key."),
    "unknown": N_("There is no such entry in %(detail)s."),
    "unknown_meter": N_("The account has no such meter of this service."),
    "has_readings": N_("The meter still has readings."),
    "counted": N_("The meter counted %(detail)s between the two readings."),
    "digits": N_("The meter has %(detail)s digits before the point."),
    "reading_before": N_("An earlier reading is %(detail)s."),
    "reading_after": N_("A later reading is %(detail)s."),
    "overlap": N_("The meter %(detail)s of this service is in place at the same time."),
    "levels": N_("Levels run from 1 without a gap: this would be level %(detail)s."),
    "limits": N_("Limits rise from level to level, and only the last level has none."),
    "last_limit": N_("The last level has no limit."),
    "flat": N_("A flat price has no limit."),
    "no_terms": N_("There are no terms of the account for this interval."),
    "no_vat": N_("There is no VAT rate for this interval."),
    "no_tariff": N_("There is no tariff of the account's plan for this interval."),
    "no_ledger": N_("The month is closed: a payment to it comes with the ledger's row."),
    "due": N_("The account's services closed the month with %(detail)s."),
    "receipt": N_("The services close with %(detail)s, and the month's receipt says otherwise."),
    "issuer": N_("Only one supplier may be the issuer."),
    "no_issuer": N_("One of the suppliers must be the issuer."),
    "no_sum": N_("The rows of this file are not added up: the cell must be empty."),
    "not_metered": N_("The service has no meters: the cell must be empty."),
    "removed": N_("The meter was removed before it was installed."),
    "closed": N_("The account was closed before it was opened."),
    "residents": N_("The number of residents lies between 0 and 99."),
    "interval": N_("The interval ends before it begins."),
    "metered": N_("A line has either all of the meter's cells or none."),
    "number_taken": N_("Another receipt has this number."),
    "identity": N_(
        "Opening + accrued + adjusted − paid gives %(detail)s, and not the closing balance."
    ),
    "before": N_("The month before closed with %(detail)s."),
    "after": N_("The month after opened with %(detail)s."),
    "charges": N_("The month's charges add up to %(detail)s."),
    "adjustments": N_("The month's adjustments add up to %(detail)s."),
    "payments": N_("The payments booked to the month add up to %(detail)s."),
    "left": N_("The payments that stay booked to the month it leaves add up to %(detail)s."),
    "rows": N_("The file has %(detail)s rows."),
    "sum": N_("The file adds up to %(detail)s."),
    "absent": N_("The set has no such file."),
}


def sentence(name: str, values: Mapping[str, Any]) -> str:
    """The named sentence with its values, in the language in force."""
    return _(SENTENCES[name]) % values
