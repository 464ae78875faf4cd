"""What the database itself refuses about applications, their kinds and what belongs to them."""

import datetime as dt
import uuid

import pytest

from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from accounts.tests.factories import UserFactory
from support.models import AnswerTemplate, Application, Attachment, Change, Kind, Message
from support.tests import test_information_constraints
from support.tests.factories import (
    AnswerTemplateFactory,
    ApplicationFactory,
    AttachmentFactory,
    ChangeFactory,
    DraftFactory,
    KindFactory,
    MessageFactory,
    make_kinds,
)

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 4, 15)
NOW = dt.datetime(2026, 4, 15, 5, tzinfo=dt.UTC)
ANOTHER = {"number": "2026-999999"}
# What a further row differs in, unless the case is about that.
FURTHER = {
    KindFactory: {"code": "another"},
    ApplicationFactory: ANOTHER,
    AttachmentFactory: {"key": uuid.UUID(int=1)},
    AnswerTemplateFactory: {"name": "Басқа"},
}
# Django's own of a positive number: ours is stricter, and asked before it.
NEVER_FIRST = {"support_kind_days_check"}
UNSENT = {"state": "draft", "number": None, "registered_at": None, "due_on": None}
WAITING = {"state": "waiting", "waiting_since": DAY}


CASES = [
    Case("support_kind_pkey", KindFactory, {"code": SAME}),
    Case("kind_attachments_known", KindFactory, {"attachments": "any"}, {"attachments": "must"}),
    *(
        Case("kind_days_1_to_90", KindFactory, {"days": wrong}, {"days": right})
        for wrong, right in ((0, 1), (91, 90))
    ),
    Case(
        "kind_fields_known",
        KindFactory,
        {"fields": ["month", "age"]},
        {"fields": ["month", "plan"]},
    ),
    Case("support_kind_place_check", KindFactory, {"place": -1}, {"place": 0}),
    Case("support_application_number_key", ApplicationFactory, {"number": SAME}),
    Case("application_state_known", ApplicationFactory, {"state": "lost"}, {"state": "done"}),
    *(
        Case("application_number_once_submitted", ApplicationFactory, wrong, right)
        for wrong, right in (
            ({"number": None}, UNSENT),
            ({"registered_at": None}, UNSENT),
            ({"due_on": None}, UNSENT),
            ({"state": "draft"}, UNSENT),
            ({**UNSENT, "number": "2026-999998"}, UNSENT),
            ({**UNSENT, "registered_at": NOW}, {**UNSENT, "due_on": DAY}),
        )
    ),
    *(
        Case("application_clock_stands_while_waiting", ApplicationFactory, wrong, WAITING)
        for wrong in ({"state": "waiting"}, {"state": "in_progress", "waiting_since": DAY})
    ),
    *(
        Case(
            "application_rated_once_answered",
            ApplicationFactory,
            {"state": state, "solved": solved},
            {"state": right, "solved": solved},
        )
        for state, solved, right in (
            ("registered", True, "done"),
            ("reopened", False, "declined"),
            ("withdrawn", False, "done"),
        )
    ),
    Case("application_one_draft", DraftFactory, {}, {"kind_id": "other"}),
    Case(
        "application_not_its_own_duplicate",
        ApplicationFactory,
        {"id": 1_000_000, "merged_into_id": 1_000_000},
        {"id": 1_000_000, "merged_into_id": None},
    ),
    Case("support_answertemplate_name_key", AnswerTemplateFactory, {"name": SAME}),
    Case("message_internal_by_staff", MessageFactory, {"is_internal": True}, {"by_staff": True}),
    Case("support_attachment_pkey", AttachmentFactory, {"key": SAME}),
    Case("attachment_kind_known", AttachmentFactory, {"kind": "heic"}, {"kind": "png"}),
    Case("support_attachment_size_check", AttachmentFactory, {"size": -1}, {"size": 0}),
    *(
        Case(f"application_change_{when}_known", ChangeFactory, {when: "lost"}, {when: "waiting"})
        for when in ("before", "after")
    ),
]
FACTORIES = {
    Kind: KindFactory,
    Application: ApplicationFactory,
    Message: MessageFactory,
    Attachment: AttachmentFactory,
    Change: ChangeFactory,
    AnswerTemplate: AnswerTemplateFactory,
    **test_information_constraints.FACTORIES,
}


@pytest.fixture(autouse=True)
def kinds(db):
    """Those that come with the migrations, which another test may have taken away."""
    make_kinds()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {', '.join(case.bad)}")
def test_constraint(case):
    constraints.holds(case, FURTHER.get(case.factory, {}))


def test_of_each_kind_and_user_there_is_one_draft():
    """Whatever has been sent before."""
    draft = DraftFactory()
    ApplicationFactory.create_batch(2, user=draft.user, kind=draft.kind)
    constraints.add_like(draft, {"user_id": UserFactory().pk})
    assert constraints.fails_on(draft, {}).constraint_name == "application_one_draft"


def test_every_constraint_has_a_test():
    tested = {case.name for case in (*CASES, *test_information_constraints.CASES)}
    assert constraints.declared("support") - tested == set()
    assert constraints.in_database("support") == tested | NEVER_FIRST


@pytest.mark.parametrize(
    ("model", "column"),
    [
        each
        for each in constraints.required_columns("support")
        if each[0] not in test_information_constraints.FACTORIES
    ],
    ids=lambda part: str(part),
)
def test_value_is_required(model, column):
    diagnosis = constraints.fails_without(FACTORIES[model](), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)
