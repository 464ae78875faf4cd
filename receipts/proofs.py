"""Whether a paper is genuine: what its number and check code prove, and nothing else."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.http import urlencode

from billing import shown
from billing.balances import Balance
from billing.models import FrozenReceipt, PersonalAccount, Receipt
from billing.shown import Shown
from receipts import codes
from receipts.codes import RECEIPT, STATEMENT
from receipts.models import IssuedStatement
from receipts.papers import figures_of
from receipts.statements import Statement

LATEST = 3  # receipts whose codes prove who lives there
HIDDEN = "•"


@dataclass(frozen=True)
class Genuine:
    """All that is told of a genuine paper: tenge, and of the account its last three digits."""

    kind: str
    account: str
    first: dt.date
    last: dt.date
    balance: Balance
    issued_on: dt.date
    version: int = 1
    is_replaced: bool = False


def found(number: str, typed: str) -> Genuine | None:
    """The paper of that number, as given or without spaces and №, whose code was typed; None for
    any other.
    """
    bare = "".join(number.split()).removeprefix("№")
    for each in dict.fromkeys((number, " ".join(number.split()), bare)):
        if genuine := _receipt(each, typed) or _statement(each, typed):
            return genuine
    return None


def _receipt(number: str, typed: str) -> Genuine | None:
    for account in PersonalAccount.objects.filter(pk__in=_accounts(number)):
        for receipt, is_replaced in _receipts(account, number):
            if codes.is_right(typed, RECEIPT, receipt.number, figures_of(receipt)):
                return Genuine(
                    RECEIPT,
                    masked(account.number),
                    receipt.month,
                    receipt.month,
                    Balance(receipt.amount_due),
                    receipt.issued_on,
                    receipt.version,
                    is_replaced,
                )
    return None


def _statement(number: str, typed: str) -> Genuine | None:
    statement = IssuedStatement.objects.filter(pk=number).select_related("account").first()
    if not (statement and codes.is_right(typed, STATEMENT, number, _bound(statement))):
        return None
    return Genuine(
        STATEMENT,
        masked(statement.account.number),
        statement.first,
        statement.last,
        Balance(statement.amount),
        statement.issued_on,
    )


def _accounts(number: str) -> set[int]:
    """Whose receipts have, or have had, that number."""
    return {
        *Receipt.objects.filter(number=number).values_list("account_id", flat=True),
        *FrozenReceipt.objects.filter(number=number).values_list("account_id", flat=True),
    }


def _receipts(account: PersonalAccount, number: str) -> Iterator[tuple[Shown, bool]]:
    """Every version of that number, and whether it is no longer in force."""
    months = {
        *account.receipts.filter(number=number).values_list("month", flat=True),
        *account.frozen_receipts.filter(number=number).values_list("month", flat=True),
    }
    for month in months:
        current, every = shown.versions(account, month)
        for each in every:
            if each.number == number:
                yield each, each.version != current


def is_code_of(account: PersonalAccount, typed: str) -> bool:
    """Whether it is the code of one of the account's last receipts since the present payer came;
    two queries in any case.
    """
    latest = shown.latest(account, LATEST)
    months = [each.month for each in latest] or [dt.date.min]
    every = [*latest, *shown.kept(account, months)]
    right = [
        codes.is_right(typed, RECEIPT, each.number, figures_of(each))
        and each.issued_on >= account.owner_since
        for each in every
    ]
    return any(right)


def link(verify: str, number: str, code: str) -> str:
    """Where the QR code of a paper leads: `verify` is the address of the page that proves it."""
    return f"{verify}?{urlencode({'number': number, 'code': code})}"


def masked(number: str) -> str:
    """An account's number but for its last three digits: `••••••919`."""
    return HIDDEN * (len(number) - 3) + number[-3:]


def figures_of_statement(statement: Statement) -> list[Any]:
    """All that a statement's number comes from: whose it is, its period and its rows."""
    account = statement.account
    return [
        *(account.number, account.payer, account.address_kk, account.address_ru),
        *(statement.first, statement.last),
        [[each.service.pk, [list(row) for row in each.rows]] for each in statement.services],
    ]


def recorded(statement: Statement) -> tuple[IssuedStatement, str]:
    """The record of a statement, made with its first copy, and its check code."""
    text = json.dumps(figures_of_statement(statement), default=str, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    number = f"{int(digest, 16) % 10**16:016}"
    record, _made = IssuedStatement.objects.get_or_create(
        pk=number,
        defaults={
            "account": statement.account,
            "first": statement.first,
            "last": statement.last,
            "services": ",".join(each.service.pk for each in statement.services)[:500],
            "amount": statement.balance.amount or Decimal("0.00"),
            "digest": digest,
            "issued_on": timezone.localdate(),
        },
    )
    return record, codes.code(STATEMENT, number, _bound(record))


def _bound(record: IssuedStatement) -> list[Any]:
    head = record.account_id, record.first, record.last, record.services
    return [*head, f"{record.amount:.2f}", record.digest, record.issued_on]
