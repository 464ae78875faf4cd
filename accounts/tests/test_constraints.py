"""What the database itself refuses about users."""

import pytest
from django.db import IntegrityError

from accounts.models import AddressChange, Consent, User
from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from accounts.tests.factories import (
    PASSWORD,
    AddressChangeFactory,
    AuditEntryFactory,
    ConsentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CASES = [
    Case("accounts_user_login_key", UserFactory, {"login": SAME}, {}),
    Case("user_login_form", UserFactory, {"login": "an@other"}, {"login": "a.n-o_7"}),
    Case("user_language_known", UserFactory, {"language": "en"}, {"language": "ru"}),
    Case("consent_once", ConsentFactory, {}, {"version": "2027-01"}),
    Case("audit_action_form", AuditEntryFactory, {"action": "Looked!"}, {"action": "looked"}),
    Case("audit_actor_known", AuditEntryFactory, {"actor_id": None}, {"actor_kind": "resident"}),
    Case(
        "audit_unknown_asked_or_refused",
        AuditEntryFactory,
        {"actor_kind": "unknown", "actor_id": None},
        {"actor_kind": "unknown", "actor_id": None, "action": "sign_in_refused"},
    ),
]
FURTHER = {
    UserFactory: {"login": "another", "email": "another@example.kz"},
    ConsentFactory: {},
    AuditEntryFactory: {},
}

FACTORIES = {User: UserFactory, Consent: ConsentFactory, AddressChange: AddressChangeFactory}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_constraint(case):
    constraints.holds(case, FURTHER[case.factory])


def test_logins_and_addresses_have_no_capitals():
    user = UserFactory(login="AiGul", email="Aigul@Example.kz")
    user.refresh_from_db()
    assert (user.login, user.email) == ("aigul", "aigul@example.kz")
    assert User.objects.get(login="AIGUL") == user


def test_a_confirmed_address_has_one_user():
    UserFactory(email="aigul@example.kz")
    another = UserFactory(email="AIGUL@example.kz", confirmed=False)
    with pytest.raises(IntegrityError):
        another.confirm_email()


def test_every_constraint_has_a_test():
    tested = {case.name for case in CASES}
    assert constraints.declared("accounts") - tested == set()
    assert constraints.in_database("accounts") == tested


@pytest.mark.parametrize(
    ("model", "column"), constraints.required_columns("accounts"), ids=lambda part: str(part)
)
def test_value_is_required(model, column):
    factory = FACTORIES[model]
    diagnosis = constraints.fails_without(factory(), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)


def test_factory_gives_the_known_password():
    assert UserFactory().check_password(PASSWORD)
    assert UserFactory(password="another one").check_password("another one")
