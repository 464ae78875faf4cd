"""Staff search by what is offered only: nothing hidden is guessed by filters in the address."""

import pytest

from accounts import audit
from accounts.models import AuditEntry
from cabinet.models import Letter
from cabinet.tests import people
from cabinet.tests.factories import LetterFactory
from support.tests.factories import ApplicationFactory, KindFactory

LISTS = {
    "/admin/accounts/user/": "supervisor",
    "/admin/accounts/auditentry/": "supervisor",
    "/admin/cabinet/letter/": "operator",
    "/admin/billing/personalaccount/": "operator",
    "/admin/billing/import/": "billing operator",
    "/admin/support/application/": "operator",
}
HIDDEN = {
    "/admin/accounts/user/": (
        *("password__startswith=a", "password__regex=[", "consents__version=1", "login__regex=("),
        *("joined_at__year=999999999999", "groups__name=operator", "holdings__reason__contains=a"),
    ),
    "/admin/accounts/auditentry/": ("about__contains=1", "address=zzz", "device__startswith=a"),
    "/admin/cabinet/letter/": ("text__contains=a", "html__contains=a", "headers__a=1"),
    "/admin/billing/personalaccount/": ("payer__regex=(", "opened_on__year=99999999"),
    "/admin/billing/import/": ("files__contains=1", "kept__0=1"),
    "/admin/support/application/": ("kind__help_kk__contains=a", "text__contains=a", "user__id=1"),
}


@pytest.fixture
def staff(db, client):
    """Signs in somebody of the group that sees that list."""

    def sign_in(path):
        client.force_login(people.member(LISTS[path], login="somebody"))
        return client

    return sign_in


@pytest.mark.parametrize(
    ("path", "query"), [(path, query) for path, queries in HIDDEN.items() for query in queries]
)
def test_nothing_hidden_is_filtered_by(path, query, staff):
    assert staff(path).get(f"{path}?{query}").status_code == 400
    assert not AuditEntry.objects.exists()


def test_what_is_offered_is(staff):
    path = "/admin/cabinet/letter/"
    LetterFactory()
    assert Letter.objects.get().state == "waiting"
    client = staff(path)
    for state, shown in (("waiting", 1), ("sent", 0)):
        response = client.get(f"{path}?state__exact={state}")
        assert response.context["cl"].result_count == shown


def test_a_row_of_another_table_is_chosen_by_its_key(staff):
    path = "/admin/support/application/"
    ApplicationFactory(kind=KindFactory())
    ApplicationFactory(kind=KindFactory(code="other"))
    response = staff(path).get(f"{path}?kind__code__exact=other")
    assert [str(each.kind_id) for each in response.context["cl"].result_list] == ["other"]


def test_the_audit_log_tells_what_was_chosen_in_words(staff):
    path = "/admin/accounts/auditentry/"
    client = staff(path)
    client.get(f"{path}?action=address_put_back")
    entry = AuditEntry.objects.get()
    assert audit.details(entry) == "не ізделді: e-mail мекенжайын қайтарды"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    ["q=%00", "e=%00", "_popup=%00", "all=%00", "%00=1", "q=%ED%A0%80", "p=9999999999", "o=x"],
)
def test_odd_queries_are_no_error(path, query, staff):
    assert staff(path).get(f"{path}?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("field", ["user", "account"])
def test_nothing_completes_what_is_typed(field, staff):
    client = staff("/admin/billing/personalaccount/")
    query = f"app_label=billing&model_name=holding&field_name={field}&term=0"
    assert client.get(f"/admin/autocomplete/?{query}").status_code == 404
