"""Who gets what: every URL of the site, as anybody, by any method."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, path

from accounts.models import AuditEntry
from accounts.tests.factories import AuditEntryFactory
from billing.tests.factories import ChargeDifferenceFactory, ImportFactory, ImportJobFactory
from cabinet.models import Mailing
from cabinet.tests import people
from cabinet.tests.factories import MailingFactory
from cabinet.tests.guarded import assert_guarded
from receipts.models import Subscription
from receipts.tests.factories import SubscriptionFactory
from support import files
from support.models import Announcement, AnswerTemplate, Application, Attachment, HelpPage, Kind
from support.tests.factories import AnswerTemplateFactory, ApplicationFactory, make_kinds
from support.tests.file_factories import uploaded
from support.tests.information_factories import (
    AnnouncementFactory,
    BranchNoticeFactory,
    HelpPageFactory,
)
from support.tests.samples import pdf

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
WHO = (
    *("anonymous", "stranger", "former", "suspended", "owner", "second"),
    *("support", "biller", "supervisor"),
)
TOKEN = "t" * 32

# What each of METHODS is answered: a status, or the path that it leads to.
Answers = tuple[int | str, ...]
TO_LOGIN = ("/login/?next={path}",) * 5
TO_STAFF_LOGIN = ("/admin/login/?next={path}",) * 5
FORBIDDEN = (403,) * 5
UNKNOWN = (404,) * 5
ANY_METHOD = (200,) * 5  # as much of Django's admin does


def safe(get: int | str) -> Answers:
    """A page that is only looked at."""
    return (get, get, 405, 405, 405)


def posted(post: int | str) -> Answers:
    """An action."""
    return (405, 405, post, 405, 405)


def row(
    anonymous: Answers,
    stranger: Answers,
    holder: Answers,
    support: Answers,
    **others: Answers,
) -> dict[str, Answers]:
    """Both holders get the same; whoever held the account once is a stranger, if not said apart.

    So are all groups of staff what operators are.
    """
    return {
        **{"anonymous": anonymous, "owner": holder, "second": holder},
        **dict.fromkeys(("stranger", "former", "suspended"), stranger),
        **dict.fromkeys(("support", "biller", "supervisor"), support),
        **others,
    }


def user(answers: Answers, of_staff: Answers | None = None) -> dict[str, Answers]:
    """A page of anybody who has signed in; all staff have a second step."""
    return row(TO_LOGIN, answers, answers, answers if of_staff is None else of_staff)


def staff(
    operator: Answers = FORBIDDEN,
    biller: Answers = FORBIDDEN,
    supervisor: Answers | None = None,
    anonymous: Answers = TO_LOGIN,
) -> dict[str, Answers]:
    """The least rights: a supervisor gets what an operator gets, if not said apart."""
    whole = {"biller": biller, "supervisor": operator if supervisor is None else supervisor}
    return row(anonymous, TO_STAFF_LOGIN, TO_STAFF_LOGIN, operator, **whole)


def django_staff(answers: Answers) -> dict[str, Answers]:
    """The admin's pages that send to its own sign-in, for all staff."""
    return staff(answers, answers, anonymous=TO_STAFF_LOGIN)


OF_AN_ACCOUNT = row(TO_LOGIN, safe(404), safe(200), safe(404))
FORM = (200, 200, 200, 405, 405)
ACTS = {"/mailing/": "pause", "/application/": "take"}
FORM_OF_NOBODY = (404, 404, 404, 405, 405)
SIGNED_IN_ALREADY = ("/", "/", "/", 405, 405)

# The only views that answer somebody not signed in with anything but the way to sign in.
PUBLIC = {
    *("account_login", "mfa_authenticate", "mfa_login_webauthn", "account_logout"),
    *("account_signup", "account_email_verification_sent", "accounts:register_again"),
    *("account_confirm_email", "accounts:undo_email", "accounts:consent", "accounts:language"),
    *("accounts:text_size",),
    *("account_reset_password", "account_reset_password_done", "billing:calculator_public"),
    *("receipts:verify", "receipts:unsubscribe"),
    *("support:contacts", "support:branches", "support:help", "support:help_page"),
    *("account_reset_password_from_key", "demo_mail", "accounts:demo_codes"),
}

# Mail programs post there without any cookie (RFC 8058): the key in the URL is what it needs.
WITHOUT_TOKEN = {"receipts:unsubscribe"}

ANYBODY = row(*[FORM] * 4)
ANYBODY_LOOKS = row(*[safe(200)] * 4)
STAFF_LOGIN = row(safe("/login/?next=/admin/"), safe(403), safe(403), safe("/login/?next=/admin/"))
FIRST_AGAIN = ("/settings/again/?next={quoted}",) * 3 + (405,) * 2

TABLE = {
    "account_login": row(FORM, *[SIGNED_IN_ALREADY] * 3),
    "account_logout": row(*[posted("/login/")] * 4),
    "mfa_authenticate": row(("/login/",) * 3 + (405,) * 2, *[SIGNED_IN_ALREADY] * 3),
    "mfa_login_webauthn": row(("/login/",) * 3 + (405,) * 2, *[SIGNED_IN_ALREADY] * 3),
    "account_signup": row(FORM, *[SIGNED_IN_ALREADY] * 3),
    "account_email_verification_sent": ANYBODY_LOOKS,
    "accounts:register_again": row(*[posted("/register/sent/")] * 4),
    "account_confirm_email": ANYBODY,
    "accounts:undo_email": ANYBODY,
    "accounts:consent": ANYBODY_LOOKS,
    "account_reset_password": ANYBODY,
    "account_reset_password_done": ANYBODY_LOOKS,
    "account_reset_password_from_key": ANYBODY,
    "account_change_password": user(FORM),
    "account_email": user(FORM),
    "accounts:cancel_email": user(posted("/settings/email/")),
    "accounts:profile": user(FORM),
    "account_reauthenticate": user(FORM),
    "mfa_reauthenticate": user(("/settings/again/",) * 3 + (405,) * 2, FORM),
    "mfa_reauthenticate_webauthn": user(("/settings/again/",) * 3 + (405,) * 2),
    "mfa_index": user(safe(200)),
    "mfa_activate_totp": user(FIRST_AGAIN),
    "mfa_deactivate_totp": user((404, 404, 404, 405, 405), FIRST_AGAIN),
    "mfa_view_recovery_codes": user(safe(404)),
    "mfa_download_recovery_codes": user(safe(404)),
    "mfa_generate_recovery_codes": user(FIRST_AGAIN),
    "mfa_add_webauthn": user(FIRST_AGAIN),
    "mfa_edit_webauthn": user(FIRST_AGAIN),
    "mfa_remove_webauthn": user(FIRST_AGAIN),
    "usersessions_list": user((200, 200, "/settings/sessions/", 405, 405)),
    "accounts:end_session": user(posted(404)),
    "accounts:kept_input": user(safe("/")),
    "accounts:drop_kept_input": user(posted("/")),
    "accounts:data": user(safe(200)),
    "accounts:data_file": user(posted(200)),
    "accounts:delete": row(TO_LOGIN, FORM, FORM, (403, 403, 403, 405, 405)),
    "accounts:staff_password": user(safe("/settings/password/")),
    "demo_mail": row(*[safe(404)] * 4),
    "accounts:demo_codes": row(*[safe(404)] * 4),
    "accounts:staff_login": STAFF_LOGIN,
    "accounts:language": row(*[posted("https://testserver/before/")] * 4),
    "accounts:text_size": row(*[posted("/")] * 4),
    "billing:home": row(
        TO_LOGIN,
        safe("/accounts/000000202/"),
        safe("/accounts/000000101/"),
        safe("/accounts/add/"),
        former=safe("/accounts/add/"),
        suspended=safe("/accounts/"),
    ),
    "billing:account_list": user(safe(200)),
    "billing:account_add": user(FORM),
    "billing:account_remove": row(
        TO_LOGIN,
        FORM_OF_NOBODY,
        (200, 200, 400, 405, 405),
        FORM_OF_NOBODY,
        suspended=(200, 200, 400, 405, 405),
    ),
    "billing:account_nickname": row(
        TO_LOGIN, FORM_OF_NOBODY, (200, 200, "/accounts/", 405, 405), FORM_OF_NOBODY
    ),
    "billing:site_map": user(safe(200)),
    "billing:looks": user(safe(200)),
    "billing:account": OF_AN_ACCOUNT,
    "billing:services": OF_AN_ACCOUNT,
    "billing:services_download": OF_AN_ACCOUNT,
    "billing:charges_download": OF_AN_ACCOUNT,
    "billing:readings_download": OF_AN_ACCOUNT,
    "billing:month": OF_AN_ACCOUNT,
    "billing:calculator": OF_AN_ACCOUNT,
    "billing:plans": OF_AN_ACCOUNT,
    "billing:calculator_public": ANYBODY_LOOKS,
    "billing:payments": OF_AN_ACCOUNT,
    "billing:payments_download": OF_AN_ACCOUNT,
    "billing:receipts": OF_AN_ACCOUNT,
    "billing:receipts_download": OF_AN_ACCOUNT,
    "receipts:receipt_front": OF_AN_ACCOUNT,
    "receipts:receipt_outer": OF_AN_ACCOUNT,
    "receipts:receipt_both": OF_AN_ACCOUNT,
    "receipts:verify": ANYBODY_LOOKS,
    "receipts:e_receipt": row(
        TO_LOGIN,
        safe("/accounts/000000202/e-receipt/"),
        safe("/accounts/000000101/e-receipt/"),
        safe(200),
        former=safe(200),
        suspended=safe(200),
    ),
    "receipts:subscription": row(
        TO_LOGIN, FORM_OF_NOBODY, (200, 200, 400, 405, 405), FORM_OF_NOBODY
    ),
    "receipts:sent": row(
        TO_LOGIN,
        *[safe(404)] * 3,
        owner=safe("/accounts/000000101/receipts/2026-03.pdf?lang=both&form=normal"),
    ),
    "receipts:unsubscribe": ANYBODY,
    "receipts:staff_send_again": staff(posted("{account}"), (405, 405, 403, 405, 405)),
    "receipts:staff_receipt_front": staff(safe(200), safe(403)),
    "receipts:staff_receipt_outer": staff(safe(200), safe(403)),
    "receipts:staff_receipt_both": staff(safe(200), safe(403)),
    "support:contacts": ANYBODY_LOOKS,
    "support:branches": ANYBODY_LOOKS,
    "support:help": ANYBODY_LOOKS,
    "support:help_page": ANYBODY_LOOKS,
    "support:applications": user(safe(200)),
    "support:application_new": user((200, 200, 400, 405, 405)),
    "support:attachment": row(TO_LOGIN, *[safe(404)] * 3, owner=safe(200)),
    "support:application": row(TO_LOGIN, *[FORM_OF_NOBODY] * 3, owner=(200, 200, 400, 405, 405)),
    "receipts:statement": OF_AN_ACCOUNT,
    "receipts:statement_download": OF_AN_ACCOUNT,
    "receipts:statement_pdf": OF_AN_ACCOUNT,
    "admin:index": django_staff(ANY_METHOD),
    "admin:login": STAFF_LOGIN,
    "admin:logout": row(TO_STAFF_LOGIN, ("/admin/",) * 5, ("/admin/",) * 5, posted("/login/")),
    "admin:password_change": user(safe("/settings/password/")),
    "admin:password_change_done": django_staff(safe(200)),
    "admin:autocomplete": django_staff(UNKNOWN),
    "admin:jsi18n": django_staff(safe(200)),
    "admin:view_on_site": django_staff(UNKNOWN),
    "admin:app_list": staff(ANY_METHOD, ANY_METHOD, anonymous=TO_STAFF_LOGIN),
    "/admin/(?P<url>.*)$": django_staff(UNKNOWN),
    "admin:billing_personalaccount_changelist": staff(ANY_METHOD),
    "admin:billing_personalaccount_add": staff(FORBIDDEN),
    "admin:billing_personalaccount_history": staff(UNKNOWN, UNKNOWN),
    "admin:billing_personalaccount_delete": staff(FORBIDDEN),
    "admin:billing_personalaccount_change": staff((200, 200, 403, 200, 200)),
    "admin:billing_personalaccount_month": staff(safe(200), safe(403)),
    "admin:billing_personalaccount_link": staff(
        FORM, (403, 403, 403, 405, 405), (403, 403, 403, 405, 405)
    ),
    "admin:billing_personalaccount_unlink": staff(
        (403, 403, 403, 405, 405), (403, 403, 403, 405, 405), FORM
    ),
    "admin:billing_import_changelist": staff(FORBIDDEN, ANY_METHOD, FORBIDDEN),
    "admin:billing_import_upload": staff((403, 403, 403, 405, 405), FORM),
    "admin:billing_import_job": staff(safe(403), safe(200)),
    "admin:billing_import_load": staff(posted(403), posted("{job}")),
    "admin:billing_import_again": staff(posted(403), posted("{job}")),
    "admin:billing_import_report": staff(safe(403), safe(404)),
    "admin:billing_import_rejects": staff(safe(403), safe(404)),
    "admin:billing_import_add": staff(),
    "admin:billing_import_history": staff(UNKNOWN, UNKNOWN),
    "admin:billing_import_delete": staff(),
    "admin:billing_import_change": staff(FORBIDDEN, (200, 200, 403, 200, 200), FORBIDDEN),
    "/admin/billing/import/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:billing_chargedifference_changelist": staff(ANY_METHOD, ANY_METHOD),
    "admin:billing_chargedifference_add": staff(),
    "admin:billing_chargedifference_history": staff(UNKNOWN, UNKNOWN),
    "admin:billing_chargedifference_delete": staff(),
    "admin:billing_chargedifference_change": staff(*[("{month}",) * 5] * 2),
    "/admin/billing/chargedifference/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "receipts:staff_statement_pdf": staff(safe(200), safe(403)),
    "/admin/billing/personalaccount/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:cabinet_letter_changelist": staff(ANY_METHOD),
    "admin:cabinet_letter_add": staff(FORBIDDEN),
    "admin:cabinet_letter_history": staff(UNKNOWN, UNKNOWN),
    "admin:cabinet_letter_delete": staff(FORBIDDEN),
    "admin:cabinet_letter_change": staff(("/admin/", "/admin/", 403, "/admin/", "/admin/")),
    "/admin/cabinet/letter/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:cabinet_mailing_changelist": staff(ANY_METHOD, ANY_METHOD),
    "admin:cabinet_mailing_add": staff(),
    "admin:cabinet_mailing_history": staff(UNKNOWN, UNKNOWN),
    "admin:cabinet_mailing_delete": staff(),
    "admin:cabinet_mailing_change": staff(*[(200, 200, 403, 200, 200)] * 2),
    "admin:cabinet_mailing_progress": staff(*[safe(200)] * 2),
    "admin:cabinet_mailing_act": staff(
        (405, 405, 403, 405, 405), posted("{mailing}"), posted("{mailing}")
    ),
    "/admin/cabinet/mailing/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:accounts_user_changelist": staff(ANY_METHOD),
    "admin:accounts_user_add": staff(),
    "admin:accounts_user_history": staff(UNKNOWN, UNKNOWN),
    "admin:accounts_user_delete": staff(),
    "admin:accounts_user_change": staff(
        (200, 200, 403, 200, 200), supervisor=(200, 200, "/admin/accounts/user/", 200, 200)
    ),
    "admin:accounts_user_act": staff(posted("{user}"), (405, 405, 403, 405, 405)),
    "/admin/accounts/user/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:accounts_auditentry_changelist": staff(supervisor=ANY_METHOD),
    "admin:accounts_auditentry_add": staff(),
    "admin:accounts_auditentry_history": staff(UNKNOWN, UNKNOWN),
    "admin:accounts_auditentry_delete": staff(),
    "admin:accounts_auditentry_change": staff(supervisor=(200, 200, 403, 200, 200)),
    "/admin/accounts/auditentry/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    "admin:support_application_changelist": staff(ANY_METHOD),
    "admin:support_application_statistics": staff(safe(200), safe(403)),
    "admin:support_application_add": staff(),
    "admin:support_application_history": staff(UNKNOWN, UNKNOWN),
    "admin:support_application_delete": staff(),
    "admin:support_application_change": staff((200, 200, 403, 200, 200)),
    "admin:support_application_act": staff(posted(400), posted(403)),
    "admin:support_application_file": staff(safe(200), safe(403)),
    "/admin/support/application/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
    **{
        name: answers
        for kept, deleted in (("kind", FORBIDDEN), ("answertemplate", ANY_METHOD))
        for name, answers in {
            f"admin:support_{kept}_changelist": staff(supervisor=ANY_METHOD),
            f"admin:support_{kept}_add": staff(supervisor=ANY_METHOD),
            f"admin:support_{kept}_history": staff(UNKNOWN, UNKNOWN),
            f"admin:support_{kept}_delete": staff(supervisor=deleted),
            f"admin:support_{kept}_change": staff(supervisor=ANY_METHOD),
            f"/admin/support/{kept}/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
        }.items()
    },
    **{
        name: answers
        for text in ("announcement", "helppage", "branchnotice")
        for name, answers in {
            f"admin:support_{text}_changelist": staff(ANY_METHOD, ANY_METHOD),
            f"admin:support_{text}_add": staff(supervisor=ANY_METHOD),
            f"admin:support_{text}_history": staff(UNKNOWN, UNKNOWN),
            f"admin:support_{text}_delete": staff(supervisor=ANY_METHOD),
            f"admin:support_{text}_change": staff(
                *[(200, 200, 403, 200, 200)] * 2, supervisor=ANY_METHOD
            ),
            f"/admin/support/{text}/<path:object_id>/": staff(*[("{path}change/",) * 5] * 2),
        }.items()
    },
}


def walk(
    resolver: URLResolver, names: tuple[str, ...] = (), route: str = "/"
) -> Iterator[tuple[str, str, URLPattern]]:
    """Each URL's full name (its route where it has none), its route, and its pattern."""
    for each in resolver.url_patterns:
        here = route + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each, (*names, each.namespace) if each.namespace else names, here)
        else:
            yield ":".join((*names, each.name)) if each.name else here, here, each


EVERY = {name: route for name, route, _pattern in walk(get_resolver())}


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


@pytest.fixture(autouse=True)
def attachments(settings, tmp_path):
    settings.ATTACHMENTS_FOLDER = tmp_path


@pytest.fixture
def entry(db):
    return AuditEntryFactory()


@pytest.fixture
def strict(client):
    """A browser whose forms' tokens are checked."""
    client.handler.enforce_csrf_checks = True
    return client


def sign_in(client: Any, person: Any) -> None:
    """Unless it is the person who was there before, and still is."""
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    session = (person and person.pk, cookie.value if cookie else "")
    if getattr(client, "before", None) == session:
        return
    client.cookies.clear()
    cache.clear()  # the limits are not asked about here
    if person:
        client.force_login(person)
        client.before = person.pk, client.cookies[settings.SESSION_COOKIE_NAME].value


def ask(client: Any, person: Any, method: str, url: str, token: str = TOKEN) -> HttpResponse:
    """The answer to somebody who has signed in, or to nobody."""
    sign_in(client, person)
    client.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    referer = "https://testserver/before/"
    headers = {"X-CSRFToken": token, "Referer": referer}
    return to_its_end(client.generic(method, url, headers=headers))


def to_its_end(response: HttpResponse) -> HttpResponse:
    """Read, so that a file is closed."""
    if response.streaming:
        b"".join(response)
    return response


def example(route: str, home: people.Home, entry: AuditEntry) -> str:
    """A URL of that route, of the household's account."""
    examples = {
        "<number:number>": _number(route, home),
        "<month:month>": "2026-03",
        "<download:kind>": "csv",
        "<int:holding>": str(home.owner.holdings.get().pk),
        "<int:pk>": str(_object(route, home, entry).pk),
        "<path:content_type_id>": "1",
        "<str:key>": "nothing",
        "^email/confirm/(?P<key>[-:\\w]+)/$": "email/confirm/nothing/",
        "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\\w]+)/$": "1-nothing/",
        "^password-reset/": "password-reset/",
        "<path:object_id>": str(_object(route, home, entry).pk),
        "<slug:code>": str(_object(route, home, entry).pk),
        "<slug:act>": next((act for of, act in ACTS.items() if of in route), "unlock"),
        "<uuid:key>": _key(route, home),
        "<int:subscription>": str(_subscription(home).pk),
        "<notice:notice>": "receipts",
        "(?P<url>.*)$": "nothing/",
    }
    route = re.sub(r"\^\(\?P<app_label>.+\)/\$", "cabinet/", route)
    for part, value in examples.items():
        route = route.replace(part, value)
    assert not re.search(r"[<(^$]", route), f"say what {route} is to be tried with"
    return route


def _number(route: str, home: people.Home) -> str:
    return str(_application(home).number if "applications/" in route else home.account.number)


def _key(route: str, home: people.Home) -> str:
    return str(_attachment(home).key if "files/" in route else _subscription(home).key)


def _application(home: people.Home) -> Application:
    """The owner's."""
    own: Application | None = home.owner.applications.first()
    return own or ApplicationFactory(user=home.owner, account=home.account)


def _attachment(home: people.Home) -> Attachment:
    """What the owner has sent."""
    application = _application(home)
    own: Attachment | None = application.attachments.first()
    return own or files.take(application, uploaded(pdf()))


def _subscription(home: people.Home) -> Subscription:
    """The owner's."""
    own: Subscription | None = home.owner.subscriptions.first()
    return own or SubscriptionFactory(user=home.owner, account=home.account)


def _object(route: str, home: people.Home, entry: AuditEntry) -> Any:
    """What stands at the place of a key."""
    if "/accounts/user/" in route:
        return home.stranger
    if "/mailing/" in route:
        return Mailing.objects.first() or MailingFactory(total=1)
    if "/import/" in route:
        return ImportJobFactory() if "/jobs/" in route else ImportFactory()
    if "/chargedifference/" in route:
        return home.account.differences.first() or ChargeDifferenceFactory(account=home.account)
    if "/support/application/" in route:
        return _application(home)
    if "/applications/new/" in route or "/kind/" in route:
        make_kinds()
        return Kind.objects.get(pk="other")
    if "/answertemplate/" in route:
        return AnswerTemplate.objects.first() or AnswerTemplateFactory()
    if "/announcement/" in route:
        return Announcement.objects.first() or AnnouncementFactory()
    if "/branchnotice/" in route:
        return BranchNoticeFactory(branch=home.account.branch)
    if "/help" in route:
        return HelpPage.objects.first() or HelpPageFactory()
    return entry if "/auditentry/" in route else home.account


def outcome(response: HttpResponse) -> int | str:
    return response.url if response.status_code in (301, 302) else response.status_code


def test_every_url_has_its_row():
    assert EVERY.keys() == TABLE.keys()


# Who is much like somebody else is tried by these methods alone, but by `-m every`.
LIKE_OTHERS = ("second", "former", "suspended")
MOST_USED = ("GET", "POST")


@pytest.mark.parametrize("name", sorted(EVERY))
def test_who_gets_what(name, home, entry, strict):
    who_gets_what(name, home, entry, strict, dict.fromkeys(LIKE_OTHERS, MOST_USED))


@pytest.mark.every
@pytest.mark.parametrize("name", sorted(EVERY))
def test_who_gets_what_by_every_method(name, home, entry, strict):
    who_gets_what(name, home, entry, strict, {})


def who_gets_what(
    name: str, home: people.Home, entry: AuditEntry, client: Any, less: dict[str, tuple[str, ...]]
) -> None:
    """As the table says, by all METHODS or by the less that are said."""
    url = example(EVERY[name], home, entry)
    got = {
        who: {
            method: outcome(asked(client, getattr(home, who, None), method, url))
            for method in less.get(who, METHODS)
        }
        for who in WHO
    }
    wanted = {
        who: {
            method: each.format(
                path=url,
                quoted=quote(url, safe=""),
                month=f"/admin/billing/personalaccount/{home.account.pk}/months/2026-02/",
                user=f"/admin/accounts/user/{home.stranger.pk}/change/",
                account=f"/admin/billing/personalaccount/{home.account.pk}/change/",
                mailing=url.removesuffix("pause/") + "change/",
                job=url.removesuffix("load/").removesuffix("again/"),
            )
            if isinstance(each, str)
            else each
            for method, each in zip(METHODS, answers, strict=True)
            if method in less.get(who, METHODS)
        }
        for who, answers in TABLE[name].items()
    }
    assert got == wanted


@pytest.mark.parametrize("name", sorted(EVERY))
def test_without_a_token_nothing_is_posted(name, home, entry, strict):
    url = example(EVERY[name], home, entry)
    if name in WITHOUT_TOKEN:
        return
    for person in (home.owner, home.support):
        assert ask(strict, person, "POST", url, token="").status_code == 403


# What a form is about to ask, a key's challenge for instance, is kept in the session; looks at
# forms that are limited are counted; a statement is recorded with its first copy.
OF_LOOKS = r'"(django_session|cabinet_cache|receipts_issuedstatement)"'
WRITES = re.compile(rf"(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY) (?!{OF_LOOKS})")
OF_THE_AUDIT = 'INSERT INTO "accounts_auditentry"'


def asked(client: Any, person: Any, method: str, url: str) -> HttpResponse:
    """The answer, which carries what every answer does; a look has changed nothing."""
    sign_in(client, person)
    with CaptureQueriesContext(connection) as queries:
        answer = ask(client, person, method, url)
    assert_guarded(answer)
    if method in ("GET", "HEAD"):
        of_staff = person and person.is_staff  # which is what the audit log is for
        written = [query["sql"] for query in queries if WRITES.match(query["sql"])]
        assert [sql for sql in written if not (of_staff and sql.startswith(OF_THE_AUDIT))] == []
    return answer


def test_what_is_public():
    """Everything else leads to signing in, by whatever method."""
    ways_in = re.compile(r"(/admin)?/login/\?next=.+")
    public = {
        name
        for name, answers in TABLE.items()
        for answer in answers["anonymous"]
        if not (isinstance(answer, str) and ways_in.fullmatch(answer)) and answer != 405
    }
    assert public == PUBLIC


def forgotten(request: HttpRequest) -> HttpResponse:
    """A view that nobody thought of."""
    return HttpResponse("secret")


@pytest.mark.parametrize("method", METHODS)
def test_a_view_without_a_decorator_is_not_public(client, settings, method):
    settings.ROOT_URLCONF = (path("forgotten/", forgotten), *get_resolver().url_patterns)
    response = client.generic(method, "/forgotten/")
    assert outcome(response) == "/login/?next=/forgotten/"


@pytest.mark.parametrize("url", ["/nothing/", "/accounts/000000101/nothing/", "/%00", "/%2e%2e/"])
def test_where_there_is_nothing(client, home, db, url):
    assert client.get(url).status_code == 404
    client.force_login(home.owner)
    assert client.get(url).status_code == 404
