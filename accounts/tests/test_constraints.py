"""What the database itself refuses about users."""

import pytest

from accounts.models import User
from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

FURTHER = {"login": "another", "email": "another@example.kz"}
CASES = [
    Case("accounts_user_login_key", UserFactory, {"login": SAME}, {}),
    Case("user_login_form", UserFactory, {"login": "an@other"}, {"login": "A.n-o_7"}),
    Case(
        "user_confirmed_email_unique",
        UserFactory,
        {"email": SAME},
        {"email": SAME, "email_confirmed_at": None},
    ),
    Case("user_language_known", UserFactory, {"language": "en"}, {"language": "ru"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_constraint(case):
    constraints.holds(case, FURTHER)


def test_logins_differ_by_more_than_capitals():
    user = UserFactory(login="aigul")
    diagnosis = constraints.fails_on(user, {**FURTHER, "login": "AiGul"})
    assert diagnosis.constraint_name == "user_login_unique"
    constraints.add_like(user, {**FURTHER, "login": "aigul2"})


def test_confirmed_addresses_differ_by_more_than_capitals():
    user = UserFactory(email="aigul@example.kz")
    diagnosis = constraints.fails_on(user, {**FURTHER, "email": "Aigul@Example.kz"})
    assert diagnosis.constraint_name == "user_confirmed_email_unique"


def test_every_constraint_has_a_test():
    tested = {case.name for case in CASES} | {"user_login_unique"}
    assert constraints.declared("accounts") - tested == set()
    assert constraints.in_database("accounts") == tested


@pytest.mark.parametrize(
    ("model", "column"), constraints.required_columns("accounts"), ids=lambda part: str(part)
)
def test_value_is_required(model, column):
    assert model is User
    diagnosis = constraints.fails_without(UserFactory(), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)


def test_factory_gives_the_known_password():
    assert UserFactory().check_password(PASSWORD)
    assert UserFactory(password="another one").check_password("another one")
