"""Putting an address back: a letter to the old one undoes what its owner did not do."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import signing
from django.db import connections

from accounts import undo
from accounts.adapter import Adapter
from accounts.middleware import SEEN
from accounts.models import AuditEntry, User
from accounts.tests.factories import PASSWORD, AddressChangeFactory, UserFactory
from accounts.tests.test_email import NEW, OLD, OTHER, addresses, ask, confirm, sign_in
from accounts.tests.test_letters import facts_of, last, link_in, refuse_letters, written
from accounts.tests.test_password import is_in, messages
from cabinet import pruning
from cabinet.models import Letter
from cabinet.tests.pages import Page

DEAD = (
    "Бұл сілтеме жарамсыз: ол пайдаланылған, мерзімі өткен немесе мекенжай басқа пайдаланушыныкі."
)
REMOVED = "Содан бері қосылған қолданбалар мен кіру кілттері жойылды."
NEXT = "Қыста да жасыл қарағай"
DAY = 24 * 60 * 60


@pytest.fixture
def aigul(db):
    return UserFactory(login="aigul", email=OLD)


@pytest.fixture
def thief(client, aigul):
    """Who knows the password, and has changed the address."""
    sign_in(client, "aigul")
    ask(client)
    confirm(client)
    aigul.refresh_from_db()
    assert aigul.email == NEW
    return client


@pytest.fixture
def owner(thief):
    """Another browser, signed in nowhere."""
    return type(thief)()


@pytest.fixture
def link(thief):
    return link_in(last("email_changed"))


def test_a_look_at_the_link_changes_nothing(owner, link, aigul):
    for look in (owner.get, owner.head):
        assert look(link).status_code == 200
    page = Page(owner.get(link))
    assert page.heading == "E-mail мекенжайын қайтару"
    assert OLD in page.content
    assert NEW not in page.content
    assert addresses(aigul) == [(NEW, True, True)]


def test_the_address_is_put_back(owner, link, aigul):
    response = owner.post(link)
    assert (response.status_code, response.url) == (302, "/login/")
    assert messages(Page(owner.get("/login/"))) == [
        "Мекенжай қайтарылды. Оған жаңа құпиясөз орнататын сілтеме жіберілді."
    ]
    aigul.refresh_from_db()
    assert aigul.email == OLD
    assert addresses(aigul) == [(OLD, True, True)]
    assert not is_in(owner)


def test_everybody_is_signed_out_and_the_password_is_dead(thief, owner, link, aigul):
    second = type(thief)()
    assert sign_in(second, "aigul")
    owner.post(link)
    assert not is_in(thief)
    assert not is_in(second)
    for login in ("aigul", OLD, NEW):
        assert not sign_in(type(thief)(), login)


def test_letters_go_to_both(owner, link, aigul):
    owner.post(link)
    assert written()[-2:] == [("password_reset", OLD), ("email_put_back", NEW)]
    letter = last("email_put_back")
    assert facts_of(letter)["Бұрынғы мекенжай"] == "a***@example.kz"
    assert OLD not in letter.text + letter.html


def test_a_new_password_is_set_by_the_letter(thief, owner, link, aigul):
    owner.post(link)
    form = Page(owner.get(link_in(last("password_reset")), follow=True))
    owner.post(
        form.find("form.form").get("action"), {"password1": NEXT, "password2": NEXT}, follow=True
    )
    assert sign_in(owner, OLD, NEXT)
    assert not sign_in(thief, "aigul")


def test_it_works_once(owner, link, aigul):
    owner.post(link)
    letters = written()
    for response in (owner.post(link), owner.get(link)):
        assert DEAD in Page(response).content
    assert written() == letters


@pytest.mark.parametrize(("days", "works"), [(6.99, True), (7.01, False)])
def test_it_works_for_seven_days(days, works, owner, link, aigul, monkeypatch):
    later = time.time() + days * DAY
    monkeypatch.setattr("time.time", lambda: later)
    owner.post(link)
    aigul.refresh_from_db()
    assert (aigul.email == OLD) is works


def stays(owner, link, user):
    """Nothing comes of the link."""
    before, letters = addresses(user), written()
    for response in (owner.get(link), owner.post(link)):
        assert response.status_code == 200
        assert DEAD in Page(response).content
    user.refresh_from_db()
    assert (addresses(user), written()) == (before, letters)
    assert user.has_usable_password()
    return True


def change_again(thief, aigul, to=OTHER):
    ask(thief, to)
    confirm(thief, to)
    aigul.refresh_from_db()
    assert aigul.email == to


def test_though_the_address_was_changed_again(thief, owner, link, aigul):
    change_again(thief, aigul)
    assert NEW not in Page(owner.get(link)).content
    owner.post(link)
    assert addresses(aigul) == [(OLD, True, True)]
    assert written()[-2:] == [("password_reset", OLD), ("email_put_back", OTHER)]


def test_then_the_thief_s_own_links_are_dead(thief, owner, link, aigul):
    change_again(thief, aigul)
    thief_s = link_in(last("email_changed"))
    assert thief_s != link
    owner.post(link)
    aigul.refresh_from_db()
    aigul.set_password(NEXT)
    aigul.save()
    assert stays(thief, thief_s, aigul)


def test_a_thief_s_link_does_not_keep_the_owner_s_from_working(thief, owner, link, aigul):
    change_again(thief, aigul)
    thief.post(link_in(last("email_changed")))
    assert addresses(aigul) == [(NEW, True, True)]
    owner.post(link)
    assert addresses(aigul) == [(OLD, True, True)]


def test_changes_before_stay_to_be_undone(thief, owner, link, aigul):
    """Whoever puts back a later address has not said that the earlier change was right."""
    change_again(thief, aigul)
    owner.post(link_in(last("email_changed")))
    assert list(aigul.address_changes.order_by("pk").values_list("old", "undone")) == [
        (OLD, False),
        (NEW, True),
    ]


def test_another_user_s_changes_stay(thief, owner, link, aigul):
    other = AddressChangeFactory()
    owner.post(link)
    other.refresh_from_db()
    assert not other.undone


def test_after_the_owner_has_changed_it_back(thief, owner, link, aigul):
    """A passkey that the thief added may be there still; no letter goes to where the link came."""
    change_again(thief, aigul, OLD)
    letters = len(written())
    owner.post(link)
    assert written()[letters:] == [("password_reset", OLD)]
    aigul.refresh_from_db()
    assert not aigul.has_usable_password()


def test_not_once_the_old_address_is_somebody_else_s(owner, link, aigul):
    UserFactory(login="bolat", email=OLD)
    assert stays(owner, link, aigul)


def test_who_is_shut_out_stays_so(owner, link, aigul):
    User.objects.filter(pk=aigul.pk).update(is_active=False)
    assert stays(owner, link, aigul)


def test_nobody_is_there_any_more(owner, link, aigul):
    aigul.delete()
    assert DEAD in Page(owner.post(link)).content


@pytest.mark.parametrize(
    "key",
    ["x", "WzFd:1abc:xyz", "a" * 5_000, "ӘҒҚ", "..", "%00", "1:2:3:4"],
    ids=lambda key: key[:9],
)
def test_keys_that_nobody_made(key, owner, db):
    for response in (owner.get(f"/email/undo/{key}/"), owner.post(f"/email/undo/{key}/")):
        assert DEAD in Page(response).content


@pytest.mark.parametrize(
    "salt", ["account", "django.core.signing", "accounts.devices", "accounts.undo"]
)
def test_nor_one_that_was_made_for_something_else(salt, owner, link, aigul):
    key = signing.dumps(aigul.address_changes.get().pk, salt=salt)
    assert stays(owner, f"/email/undo/{key}/", aigul)


def test_an_address_that_waits_to_be_confirmed_is_dropped(thief, owner, link, aigul):
    ask(thief, OTHER)
    owner.post(link)
    assert addresses(aigul) == [(OLD, True, True)]
    confirm(thief, OTHER)
    assert addresses(aigul) == [(OLD, True, True)]


def second_step(user, kind, since):
    """Seconds before (-) or after the change."""
    created_at = user.address_changes.get().at + dt.timedelta(seconds=since)
    return Authenticator.objects.create(user=user, type=kind, data={}, created_at=created_at)


SECOND_STEPS = {
    "none": ([], []),
    "the owner's": ([("totp", -1), ("recovery_codes", -1)], ["recovery_codes", "totp"]),
    "the thief's app": ([("totp", 0), ("recovery_codes", 0)], []),
    "the thief's passkey": ([("webauthn", 1)], []),
    "a passkey beside the owner's": (
        [("webauthn", -1), ("recovery_codes", -1), ("webauthn", 1)],
        ["recovery_codes", "webauthn"],
    ),
    "codes that were there before": ([("recovery_codes", -1), ("totp", 1)], []),
    "codes made anew": ([("totp", -1), ("recovery_codes", 1)], ["totp"]),
}


@pytest.mark.parametrize("case", SECOND_STEPS)
def test_what_was_added_to_the_second_step_since_is_removed(case, owner, link, aigul):
    there, left = SECOND_STEPS[case]
    for kind, since in there:
        second_step(aigul, kind, since)
    another = Authenticator.objects.create(user=UserFactory(), type="totp", data={})
    owner.post(link)
    kinds = Authenticator.objects.filter(user=aigul).order_by("type")
    assert list(kinds.values_list("type", flat=True)) == left
    assert Authenticator.objects.filter(pk=another.pk).exists()
    told = messages(Page(owner.get("/login/")))[1:]
    assert told == ([REMOVED] if len(left) < len(there) else [])
    assert (REMOVED in last("email_put_back").text) is bool(told)


def test_letter_and_page_say_that_it_will_be(owner, link):
    assert "кіру кілттері" in last("email_changed").text
    assert "кіру кілттері" in Page(owner.get(link)).content


def test_it_is_written_down_who_did_it(owner, link, aigul):
    second_step(aigul, "webauthn", 1)
    owner.post(link)
    entry = AuditEntry.objects.get(action="address_put_back")
    assert (entry.actor_id, entry.about) == (aigul.pk, {"second_step_removed": ["webauthn"]})


def test_an_address_that_is_dropped_while_it_is_being_confirmed_is_not_confirmed(
    thief, owner, link, aigul, rf
):
    ask(thief, OTHER)
    read_before = EmailAddress.objects.get(email=OTHER)
    owner.post(link)
    assert not Adapter(rf.post("/")).confirm_email(rf.post("/"), read_before)
    assert addresses(aigul) == [(OLD, True, True)]


def test_changes_are_forgotten_once_their_links_are_dead(db):
    now = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    ages = [dt.timedelta(days=8, seconds=1), dt.timedelta(days=8), dt.timedelta(0)]
    changes = [AddressChangeFactory(at=now - age) for age in ages]
    assert list(undo.old(now)) == changes[:1]
    assert pruning.OLD["changes of addresses"] == undo.old


@pytest.mark.parametrize("seen", [0, 60, 2 * 60 * 60])
def test_by_whoever_is_signed_in_as_that_user(seen, thief, link, aigul):
    session = thief.session
    session[SEEN] = time.time() - seen
    session.save()
    response = thief.post(link)
    assert (response.status_code, response.url) == (302, "/login/")
    assert not is_in(thief)
    aigul.refresh_from_db()
    assert aigul.email == OLD


def test_at_somebody_else_s_computer(owner, link, aigul):
    owner.force_login(UserFactory(login="bolat"))
    owner.post(link)
    assert is_in(owner)
    aigul.refresh_from_db()
    assert aigul.email == OLD


def test_in_the_user_s_language(owner, link, aigul):
    User.objects.filter(pk=aigul.pk).update(language="ru")
    owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "kk"
    owner.post(link)
    languages = Letter.objects.order_by("-pk").values_list("language", flat=True)[:2]
    assert list(languages) == ["ru", "ru"]


def test_without_the_letters_nothing_is_put_back(owner, link, aigul):
    refuse_letters()
    owner.raise_request_exception = False
    assert owner.post(link).status_code == 500
    aigul.refresh_from_db()
    assert addresses(aigul) == [(NEW, True, True)]
    assert aigul.check_password(PASSWORD)


def test_not_by_another_site_s_form(owner, link, aigul):
    owner.handler.enforce_csrf_checks = True
    assert owner.post(link).status_code == 403
    assert addresses(aigul) == [(NEW, True, True)]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_wrong_method(method, owner, link):
    response = owner.generic(method, link)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once(client):
    aigul = UserFactory(login="aigul", email=NEW)
    change = AddressChangeFactory(user=aigul, old=OLD, new=NEW)
    link = f"/email/undo/{signing.dumps(change.pk, salt=undo.SALT)}/"

    def press(_time):
        try:
            return type(client)().post(link).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(press, range(4))]
    assert set(answers) <= {200, 302}
    assert addresses(aigul) == [(OLD, True, True)]
    assert written() == [("password_reset", OLD), ("email_put_back", NEW)]
    assert EmailAddress.objects.count() == 1
