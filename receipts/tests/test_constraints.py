"""What the database itself refuses about statements, subscriptions and deliveries."""

import datetime as dt
import uuid

import pytest

from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from accounts.tests.factories import UserFactory
from billing.tests.factories import PersonalAccountFactory
from cabinet.tests.factories import LetterFactory
from receipts.models import Delivery, IssuedStatement, Subscription, SubscriptionChange
from receipts.tests.factories import (
    DeliveryFactory,
    IssuedStatementFactory,
    SubscriptionChangeFactory,
    SubscriptionFactory,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
MONTH = dt.date(2026, 3, 1)
REFUSED = {"refused_address": "a@example.kz", "refused_at": NOW}
STATEMENT = {"number": "2"}
CASES = [
    Case("receipts_issuedstatement_pkey", IssuedStatementFactory, {"number": SAME}, STATEMENT),
    *(
        Case(
            f"statement_{column}_first_day",
            IssuedStatementFactory,
            {**STATEMENT, column: day},
            {**STATEMENT, column: MONTH},
        )
        for column, day in (("first", dt.date(2025, 3, 2)), ("last", dt.date(2026, 3, 2)))
    ),
    Case(
        "statement_last_not_before",
        IssuedStatementFactory,
        {**STATEMENT, "first": dt.date(2026, 4, 1), "last": MONTH},
        {**STATEMENT, "first": MONTH, "last": MONTH},
    ),
    Case("subscription_once", SubscriptionFactory, {"key": uuid.uuid4()}, {}),
    Case("receipts_subscription_key_key", SubscriptionFactory, {"key": SAME}, {}),
    Case(
        "subscription_language_known", SubscriptionFactory, {"language": "en"}, {"language": "ru"}
    ),
    Case("subscription_form_known", SubscriptionFactory, {"form": "small"}, {"form": "large"}),
    Case(
        "subscription_some_receipt",
        SubscriptionFactory,
        {"paper": False, "receipts": False},
        {"paper": False, "receipts": True},
    ),
    Case("subscription_refusal_whole", SubscriptionFactory, {"refused_at": NOW}, REFUSED),
    Case(
        "subscription_refusal_whole",
        SubscriptionFactory,
        {"refused_address": "a@example.kz"},
        REFUSED,
    ),
    Case(
        "subscription_change_why_known", SubscriptionChangeFactory, {"why": "so"}, {"why": "link"}
    ),
    Case("delivery_month_and_version", DeliveryFactory, {"version": None}, {}),
    Case("delivery_month_and_version", DeliveryFactory, {"month": None}, {}),
    Case("delivery_month_and_version", DeliveryFactory, {"version": 0}, {"version": 2}),
    Case("receipts_delivery_pkey", DeliveryFactory, {"letter_id": SAME}, {}),
]
IMPLIED = {"receipts_delivery_version_check"}  # by delivery_month_and_version
FACTORIES = {
    IssuedStatement: IssuedStatementFactory,
    Subscription: SubscriptionFactory,
    SubscriptionChange: SubscriptionChangeFactory,
    Delivery: DeliveryFactory,
}


def further(case):
    """What a further row differs in, unless the case is about that."""
    if case.factory is SubscriptionFactory:
        own = {"key": uuid.uuid4(), "account_id": PersonalAccountFactory().pk}
        if case.name == "subscription_once":
            del own["account_id"]
        return own
    return {"letter_id": LetterFactory().pk} if case.factory is DeliveryFactory else {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {', '.join(case.bad)}")
def test_constraint(case):
    row = case.factory.create()
    diagnosis = constraints.fails_on(row, {**further(case), **case.bad})
    assert diagnosis.constraint_name == case.name
    good = further(case) | case.good
    if case.name == "subscription_once":
        good["user_id"] = UserFactory().pk
    constraints.add_like(row, good)


def test_every_constraint_has_a_test():
    tested = {case.name for case in CASES} | IMPLIED
    assert constraints.declared("receipts") - tested == set()
    assert constraints.in_database("receipts") == tested


@pytest.mark.parametrize(
    ("model", "column"), constraints.required_columns("receipts"), ids=lambda part: str(part)
)
def test_value_is_required(model, column):
    diagnosis = constraints.fails_without(FACTORIES[model](), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)
