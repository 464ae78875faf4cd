"""What the database itself refuses about announcements, help pages and notices of branches."""

import datetime as dt

import pytest

from accounts.tests import constraints
from accounts.tests.constraints import SAME, Case
from billing.tests.factories import BranchFactory
from support.models import Announcement, BranchNotice, HelpPage
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    HelpPageFactory,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
# What a further row differs in, unless the case is about that.
FURTHER = {HelpPageFactory: {"code": "another"}, BranchNoticeFactory: {"branch_id": "ANOTHER"}}
CASES = [
    Case("announcement_kind_known", AnnouncementFactory, {"kind": "c_other"}, {"kind": "a_outage"}),
    *(
        Case(
            "announcement_until_after_from",
            AnnouncementFactory,
            {"shown_from": NOW, "shown_until": until},
            {"shown_from": NOW, "shown_until": NOW + MOMENT},
        )
        for until in (NOW, NOW - MOMENT)
    ),
    Case("support_helppage_pkey", HelpPageFactory, {"code": SAME}),
    Case("support_helppage_place_check", HelpPageFactory, {"place": -1}, {"place": 0}),
    Case("support_branchnotice_pkey", BranchNoticeFactory, {"branch_id": SAME}),
]
FACTORIES = {
    Announcement: AnnouncementFactory,
    HelpPage: HelpPageFactory,
    BranchNotice: BranchNoticeFactory,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {', '.join(case.bad)}")
def test_constraint(case):
    constraints.holds(case, FURTHER.get(case.factory, {}))


def test_the_branch_of_an_announcement_is_one_that_there_is():
    row = AnnouncementFactory(branch=BranchFactory())
    diagnosis = constraints.fails_on(row, {"branch_id": "NOWHERE"})
    assert (diagnosis.sqlstate, diagnosis.table_name) == ("23503", "support_announcement")


@pytest.mark.parametrize(
    ("model", "column"),
    [each for each in constraints.required_columns("support") if each[0] in FACTORIES],
    ids=lambda part: str(part),
)
def test_value_is_required(model, column):
    diagnosis = constraints.fails_without(FACTORIES[model](), column)
    assert (diagnosis.sqlstate, diagnosis.column_name) == ("23502", column)
