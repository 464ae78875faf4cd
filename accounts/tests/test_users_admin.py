"""What staff see of users and do for them, and that all of it is written down."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import admin, staff
from accounts.models import AuditEntry, User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.test_audit import entries
from accounts.tests.test_letters import written
from cabinet.tests import people
from cabinet.tests.pages import Page, rows, text

LIST = "/admin/accounts/user/"
AUDIT = "/admin/accounts/auditentry/"


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email="aigul@example.kz", full_name="Айгүл Сәкенқызы")


def staff_client(client, group):
    client.force_login(people.member(group, login=f"the-{group.split()[0]}", branch="01"))
    return client


@pytest.fixture
def operator(client, aigul):
    return staff_client(client, "operator")


@pytest.fixture
def supervisor(client, aigul):
    return staff_client(client, "supervisor")


def page_of(user):
    return f"{LIST}{user.pk}/change/"


def found(client, sought):
    """The logins in the list."""
    _head, *shown = rows(Page(client.get(LIST, {"q": sought})).find("table#result_list"))
    return [row[0] for row in shown]


def told(response):
    return [str(message) for message in response.context["messages"]]


def buttons(client, user):
    page = Page(client.get(page_of(user)))
    return [text(each) for box in page.all("div.acts") for each in box.iter("button")]


# Finding and looking


@pytest.mark.parametrize("sought", ["aigul", "AIG", "aigul@example.kz", " Aigul@Example.KZ "])
def test_found(sought, operator):
    UserFactory(login="bolat")
    assert found(operator, sought) == ["aigul"]


@pytest.mark.parametrize("sought", ["example.kz", "%", "a_gul", "' OR 1=1 --"])
def test_not_found(sought, operator):
    page = Page(operator.get(LIST, {"q": sought}))
    assert page.all("table#result_list") == []


def test_by_an_address_that_waits_to_be_confirmed(operator, aigul):
    EmailAddress.objects.create(user=aigul, email="jana@example.kz")
    assert found(operator, "jana@example.kz") == ["aigul"]


def test_the_page(operator, aigul):
    content = operator.get(page_of(aigul)).content.decode()
    for shown in ("aigul@example.kz", "Айгүл Сәкенқызы"):
        assert shown in content
    assert aigul.password not in content


def test_neither_a_password_nor_another_field_is_there_to_set(supervisor, aigul):
    form = Page(supervisor.get(page_of(aigul))).find("form#user_form")
    fields = [*form.iter("input"), *form.iter("select")]
    names = {field.get("name") for field in fields} - {None, "csrfmiddlewaretoken"}
    assert names == {"is_active", "is_staff", "branch", "groups", "_save", "_continue"}
    assert supervisor.get(f"{LIST}{aigul.pk}/password/").status_code == 405
    assert supervisor.post(f"{LIST}{aigul.pk}/password/").status_code == 403


def test_every_look_is_written_down(operator, aigul):
    operator.get(LIST)
    operator.get(LIST, {"q": "aigul"})
    operator.get(page_of(aigul))
    assert entries(actor_login="the-operator") == [
        ("users_searched", "the-operator", "", {}),
        ("users_searched", "the-operator", "", {"sought": {"q": "aigul"}}),
        ("looked_at_user", "the-operator", "aigul", {}),
    ]


def test_the_list_asks_the_same_for_any_number(operator):
    counts = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            operator.get(LIST)
        counts.append(len(queries))
        UserFactory.create_batch(20)
    assert counts[0] == counts[1]


# What may be done


def test_an_operator_unlocks_and_no_more(operator, aigul):
    assert buttons(operator, aigul) == ["Кіру мен шот қосудың бұғатын ашу"]
    for act in ("confirm", "reset", "end"):
        assert operator.post(f"{LIST}{aigul.pk}/{act}/").status_code == 403
    response = operator.post(page_of(aigul), {"is_staff": "on", "groups": "1"})
    assert response.status_code == 403
    aigul.refresh_from_db()
    assert not aigul.is_staff
    assert written() == []


def test_unlocking(operator, aigul, client, monkeypatch):
    forgotten = []
    monkeypatch.setattr(staff, "UNLOCKS", [forgotten.append])
    visitor = type(client)()
    for _try in range(6):
        visitor.post("/login/", {"login": "aigul", "password": "wrong"})
    visitor.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert "_auth_user_id" not in visitor.session
    response = operator.post(f"{LIST}{aigul.pk}/unlock/", follow=True)
    assert told(response) == ["Қате әрекеттер ұмытылды."]
    visitor.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert visitor.session["_auth_user_id"] == str(aigul.pk)
    assert forgotten == [aigul]
    assert entries(action="user_unlocked") == [("user_unlocked", "the-operator", "aigul", {})]


def test_a_confirmation_is_sent_again(supervisor):
    new = UserFactory(login="jana", confirmed=False)
    EmailAddress.objects.create(user=new, email=new.email, primary=True)
    supervisor.post(f"{LIST}{new.pk}/confirm/")
    assert written() == [("confirm", "jana@example.kz")]
    assert entries(action="confirmation_sent") == [
        ("confirmation_sent", "the-supervisor", "jana", {})
    ]


def test_nothing_is_sent_to_whoever_has_confirmed(supervisor, aigul):
    response = supervisor.post(f"{LIST}{aigul.pk}/confirm/", follow=True)
    assert told(response) == ["Расталуын күтіп тұрған мекенжай жоқ."]
    assert written() == []
    assert entries(action="confirmation_sent") == []


def test_a_new_password_is_started_and_never_set(supervisor, aigul):
    supervisor.post(f"{LIST}{aigul.pk}/reset/")
    assert written() == [("password_reset", "aigul@example.kz")]
    before = aigul.password
    aigul.refresh_from_db()
    assert aigul.password == before
    assert entries(action="reset_started") == [("reset_started", "the-supervisor", "aigul", {})]


def test_sessions_are_ended(supervisor, aigul, client):
    browser = type(client)()
    browser.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert UserSession.objects.filter(user=aigul).exists()
    supervisor.post(f"{LIST}{aigul.pk}/end/")
    assert browser.get("/accounts/").status_code == 302
    assert entries(action="sessions_ended") == [("sessions_ended", "the-supervisor", "aigul", {})]


@pytest.mark.parametrize("act", ["delete_all", "__init__", "_record", "request"])
def test_nothing_else_may_be_done(act, supervisor, aigul):
    assert supervisor.post(f"{LIST}{aigul.pk}/{act}/").status_code in (403, 404)


@pytest.mark.parametrize("act", ["unlock", "confirm", "reset", "end"])
def test_by_post_only(act, supervisor, aigul):
    assert supervisor.get(f"{LIST}{aigul.pk}/{act}/").status_code == 405
    assert entries(subject_login="aigul") == []


# Rights


@pytest.fixture(autouse=True)
def branches(monkeypatch):
    monkeypatch.setattr(staff, "BRANCHES", [lambda: [("01", "Алмалы"), ("02", "Әуезов")]])


def give(client, user, *groups, **more):
    numbers = [str(Group.objects.get(name=name).pk) for name in groups]
    return client.post(
        page_of(user),
        {"is_active": "on", "is_staff": "on", "branch": "", "groups": numbers, **more},
    )


def test_a_supervisor_makes_an_operator(supervisor, aigul):
    assert give(supervisor, aigul, "operator", branch="02").status_code == 302
    aigul.refresh_from_db()
    assert (aigul.is_staff, aigul.branch) == (True, "02")
    assert [group.name for group in aigul.groups.all()] == ["operator"]
    ((_action, _by, whom, about),) = entries(action="rights_changed")
    assert whom == "aigul"
    assert about == {
        "fields": ["is_staff", "branch", "groups"],
        "before": "",
        "groups": "operator",
        "is_active": True,
        "is_staff": True,
        "branch": "02",
    }


def test_a_branch_that_is_none(supervisor, aigul):
    assert give(supervisor, aigul, "operator", branch="99").status_code == 200
    aigul.refresh_from_db()
    assert not aigul.is_staff


def test_it_takes_effect_at_the_next_request(supervisor, aigul, client):
    give(supervisor, aigul, "operator")
    browser = type(client)()
    aigul.refresh_from_db()
    browser.force_login(aigul)
    assert browser.get(LIST).status_code == 200
    give(supervisor, aigul)
    assert browser.get(LIST).status_code == 403
    give(supervisor, aigul, "operator", is_active="")
    assert browser.get(LIST).status_code == 302


def test_nobody_changes_the_own_rights(supervisor):
    me = User.objects.get(login="the-supervisor")
    assert give(supervisor, me, "operator", "billing operator").status_code == 403
    assert [group.name for group in me.groups.all()] == ["supervisor"]


def test_nor_those_of_a_superuser(supervisor):
    root = User.objects.create_superuser("root", "root@example.kz", PASSWORD, full_name="R")
    assert give(supervisor, root, is_active="").status_code == 403
    root.refresh_from_db()
    assert root.is_active


def test_nor_makes_one(supervisor, aigul):
    give(supervisor, aigul, is_superuser="on", password="x", login="other", user_permissions="1")
    aigul.refresh_from_db()
    assert (aigul.is_superuser, aigul.login) == (False, "aigul")
    assert aigul.check_password(PASSWORD)
    assert not aigul.user_permissions.exists()


def test_djangos_own_log_is_not_kept(supervisor, aigul):
    give(supervisor, aigul, "operator")
    assert LogEntry.objects.count() == 0
    assert supervisor.get(f"{LIST}{aigul.pk}/history/").status_code == 404


def test_what_changed_meanwhile_stays(supervisor, aigul, monkeypatch):
    """Only rights are saved: not the password as it was when the page was read."""
    save = admin.RightsForm.save

    def slowly(form, commit=True):
        User.objects.filter(pk=aigul.pk).update(email="jana@example.kz", password="argon2$new")
        return save(form, commit)

    monkeypatch.setattr(admin.RightsForm, "save", slowly)
    assert give(supervisor, aigul, "operator").status_code == 302
    aigul.refresh_from_db()
    assert (aigul.email, aigul.password, aigul.is_staff) == ("jana@example.kz", "argon2$new", True)


def test_whoever_was_deleted_meanwhile_stays_so(supervisor, aigul, monkeypatch):
    save = admin.RightsForm.save

    def slowly(form, commit=True):
        User.objects.filter(pk=aigul.pk).delete()
        return save(form, commit)

    monkeypatch.setattr(admin.RightsForm, "save", slowly)
    assert give(supervisor, aigul, "operator").status_code == 404


def test_groups_of_whoever_leaves_are_told(supervisor, aigul):
    give(supervisor, aigul, "operator")
    give(supervisor, aigul, is_staff="")
    about = entries(action="rights_changed")[1][3]
    assert (about["before"], about["groups"]) == ("operator", "")


@pytest.mark.parametrize("act", ["unlock", "confirm", "reset", "end"])
@pytest.mark.parametrize("whom", ["oneself", "a superuser"])
def test_on_whom_nobody_acts(whom, act, supervisor):
    user = User.objects.get(login="the-supervisor")
    if whom == "a superuser":
        user = User.objects.create_superuser("root", "r@example.kz", PASSWORD, full_name="R")
    assert supervisor.post(f"{LIST}{user.pk}/{act}/").status_code == 403
    assert written() == []


def test_operators_do_not_unlock_staff(operator):
    other = people.member("billing operator", login="other")
    assert operator.post(f"{LIST}{other.pk}/unlock/").status_code == 403


def test_spaces_hide_nothing_that_is_sought(operator):
    operator.get(LIST, {"q": " " * 300 + "aigul"})
    assert entries(action="users_searched")[0][3] == {"sought": {"q": "aigul"}}


# The audit log


def test_the_log_is_found_by_login_and_account(supervisor, operator, aigul):
    operator.get(page_of(aigul))
    client = staff_client(type(operator)(), "billing operator")
    assert client.get(AUDIT).status_code == 403
    supervisor.force_login(User.objects.get(login="the-supervisor"))
    for sought in ("AIGUL", "the-operator"):
        page = Page(supervisor.get(AUDIT, {"q": sought}))
        _head, *shown = rows(page.find("table#result_list"))
        assert [row[3] for row in shown] == ["пайдаланушыны қарады"]
        assert (shown[0][1], shown[0][2], shown[0][4]) == ("the-operator", "оператор", "aigul")
    assert entries(action="audit_searched")[0][3] == {"sought": {"q": "AIGUL"}}


def test_nobody_changes_it_there(supervisor, aigul):
    supervisor.get(page_of(aigul))
    pk = AuditEntry.objects.get().pk
    for url in (f"{AUDIT}add/", f"{AUDIT}{pk}/delete/"):
        assert supervisor.post(url, {"post": "yes"}).status_code in (403, 302)
    assert supervisor.post(AUDIT, {"action": "delete_selected"}).status_code in (200, 403)
    assert entries(action="looked_at_user")
