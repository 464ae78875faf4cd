"""What the database itself refuses about letters and leases."""

import datetime as dt

import pytest

from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from cabinet.models import Letter, Mailing, Pace, TaskLease
from cabinet.tests.factories import (
    LetterFactory,
    MailingFactory,
    PaceFactory,
    TaskLeaseFactory,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
# What a further row differs in, unless the case is about that.
FURTHER = {
    LetterFactory: {"message_id": "<another@localhost>"},
    MailingFactory: {"key": "another"},
    PaceFactory: {"name": "another.example.kz"},
}
LEASED = {"leased_by": "a worker", "leased_until": NOW}
DONE = {"done_at": NOW, "text": "", "html": ""}
CASES = [
    Case("cabinet_letter_message_id_key", LetterFactory, {"message_id": SAME}, {}),
    Case(
        "letter_state_known",
        LetterFactory,
        {"state": "lost", **DONE},
        {"state": "given_up", **DONE},
    ),
    Case("letter_language_known", LetterFactory, {"language": "en"}, {"language": "ru"}),
    Case("letter_priority_sign", LetterFactory, {"priority": -1}, {"priority": 0}),
    Case("letter_attempts_sign", LetterFactory, {"attempts": -1}, {"attempts": 0}),
    Case("letter_headers_one_line", LetterFactory, {"subject": "Тақырып\nBcc: x@example.kz"}, {}),
    Case("letter_headers_one_line", LetterFactory, {"recipient": "a@example.kz\rBcc: x"}, {}),
    Case("letter_lease_whole", LetterFactory, {"leased_by": "a worker"}, LEASED),
    Case("letter_lease_whole", LetterFactory, {"leased_until": NOW}, LEASED),
    Case(
        "letter_lease_whole",
        LetterFactory,
        {"state": "sent", **DONE, **LEASED},
        {"state": "sent", **DONE},
    ),
    Case("letter_done_and_wiped", LetterFactory, {"done_at": NOW}, {}),
    *(
        Case(
            "letter_done_and_wiped",
            LetterFactory,
            {"state": state, **DONE, **left},
            {"state": state, **DONE},
        )
        for state in ("sent", "refused", "given_up", "withdrawn")
        for left in ({"text": "Мәтін"}, {"html": "<p>Мәтін</p>"}, {"done_at": None})
    ),
]
CASES += [
    Case(
        "mailing_once",
        MailingFactory,
        {"kind": SAME, "key": SAME},
        {"kind": "reminder", "key": SAME},
    ),
    Case("cabinet_pace_pkey", PaceFactory, {"name": SAME}, {}),
    Case("cabinet_mailing_total_check", MailingFactory, {"total": -1}, {"total": 0}),
    Case("cabinet_pace_put_off_check", PaceFactory, {"put_off": -1}, {"put_off": 0}),
]
FACTORIES = {
    Letter: LetterFactory,
    Mailing: MailingFactory,
    Pace: PaceFactory,
    TaskLease: TaskLeaseFactory,
}
KEYS = {"cabinet_tasklease_pkey"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {', '.join(case.bad)}")
def test_constraint(case):
    constraints.holds(case, FURTHER.get(case.factory, {}))


def test_a_task_has_one_lease():
    diagnosis = constraints.fails_on(TaskLeaseFactory(), {})
    assert diagnosis.constraint_name == "cabinet_tasklease_pkey"


def test_every_constraint_has_a_test():
    tested = {case.name for case in CASES} | KEYS
    assert constraints.declared("cabinet") - tested == set()
    assert constraints.in_database("cabinet") == tested


@pytest.mark.parametrize(
    ("model", "column"), constraints.required_columns("cabinet"), ids=lambda part: str(part)
)
def test_value_is_required(model, column):
    factory = FACTORIES[model]
    diagnosis = constraints.fails_without(factory(), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)
