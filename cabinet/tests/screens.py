"""Which pages there are, and who looks at them."""

from collections.abc import Iterator
from itertools import cycle

LOGIN = "/login/"
ACCOUNT = "/accounts/000000101/"
PAGES = {
    "sign-in": ("", LOGIN),
    "register": ("", "/register/"),
    "registered": ("", "/register/sent/"),
    "consent": ("", "/consent/"),
    "password forgotten": ("", "/password-reset/"),
    "letter sent": ("", "/password-reset/sent/"),
    "link that does not work": ("", "/email/confirm/nothing/"),
    "link for a password that does not work": ("", "/password-reset/1-nothing/"),
    "link back that does not work": ("", "/email/undo/nothing/"),
    "demo's letters": ("", "/demo/mail/"),
    "password": ("owner", "/settings/password/"),
    "address": ("owner", "/settings/email/"),
    "profile": ("owner", "/settings/profile/"),
    "two steps": ("owner", "/settings/two-step/"),
    "password once more": ("owner", "/settings/again/"),
    "sessions": ("owner", "/settings/sessions/"),
    "own data": ("owner", "/settings/data/"),
    "deletion": ("owner", "/settings/delete/"),
    "list": ("owner", "/accounts/"),
    "empty list": ("support", "/accounts/"),
    "account to add": ("owner", "/accounts/add/"),
    "e-receipts": ("owner", "/accounts/000000101/e-receipt/"),
    "e-receipts of nothing": ("support", "/e-receipt/"),
    "way out of a letter": (
        "",
        "/e-receipt/unsubscribe/7d0c5a52-6d0e-4d6e-9d55-2f9c3f1d8a11/receipts/",
    ),
    "account to remove": ("owner", f"{ACCOUNT}remove/"),
    "account's nickname": ("owner", f"{ACCOUNT}nickname/"),
    "account": ("owner", ACCOUNT),
    "account without data": ("stranger", "/accounts/000000202/"),
    "services": ("owner", f"{ACCOUNT}services/"),
    "services, wrong period": ("owner", f"{ACCOUNT}services/?from=2026-03&to=2025-01&service=ZZ"),
    "statement": ("owner", f"{ACCOUNT}services/statement/"),
    "payments": ("owner", f"{ACCOUNT}payments/"),
    "payments, wrong period": ("owner", f"{ACCOUNT}payments/?from=2027-01-01&to=x"),
    "payments, none": ("owner", f"{ACCOUNT}payments/?from=2020-01-01&to=2020-01-31"),
    "receipts": ("owner", f"{ACCOUNT}receipts/"),
    "receipts, wrong period": ("owner", f"{ACCOUNT}receipts/?from=2026-03&to=2025-01"),
    "receipts, none": ("owner", f"{ACCOUNT}receipts/?from=2020-01&to=2020-02"),
    "month": ("owner", f"{ACCOUNT}services/2026-03/"),
    "looks of staff": ("owner", "/settings/looks/"),
    "calculator for anybody": ("", "/calculator/"),
    "is a paper genuine": ("", "/verify/"),
    "no such paper": ("", "/verify/?number=1&code=AAAA-AAAA"),
    "applications": ("owner", "/applications/"),
    "application to file": ("owner", "/applications/new/payment/"),
    "codes of staff": ("", "/demo/codes/"),
    "contacts": ("", "/contacts/"),
    "branches": ("owner", "/branches/"),
    "help": ("", "/help/"),
    "help, found": ("owner", "/help/?q=пароль"),
    "help, nothing found": ("", "/help/?q=абракадабра"),
    "help page": ("", "/help/refused/"),
    "site map": ("support", "/site-map/"),
    "not found": ("", "/nothing/"),
    "admin": ("support", "/admin/"),
    "admin, accounts": ("support", "/admin/billing/personalaccount/"),
    "admin, search": ("support", "/admin/billing/personalaccount/?q=құдай"),
    "admin, account": ("support", "/admin/billing/personalaccount/{pk}/change/"),
    "admin, letters": ("support", "/admin/cabinet/letter/"),
    "admin, mailings": ("support", "/admin/cabinet/mailing/"),
    "admin, announcements": ("support", "/admin/support/announcement/"),
    "admin, announcement to add": ("supervisor", "/admin/support/announcement/add/"),
    "admin, help pages": ("support", "/admin/support/helppage/"),
    "admin, help page": ("supervisor", "/admin/support/helppage/refused/change/"),
    "admin, notice to add": ("supervisor", "/admin/support/branchnotice/add/"),
}
WITH_FRAME = ("sign-in", "account", "admin")  # menu and head of each kind of visitor
STATUS = {
    "services, wrong period": 400,
    "payments, wrong period": 400,
    "receipts, wrong period": 400,
    "no such paper": 400,
    "not found": 404,
}


def looks() -> Iterator[tuple[str, str, str]]:
    """Each page in both languages, thoroughly in one of them in turn; the admin in that alone.

    With the page's name and the language, the part that is looked at thoroughly.
    """
    for name, first in zip(PAGES, cycle(("kk", "ru"))):
        for language in ("kk", "ru"):
            if name in WITH_FRAME:
                yield name, language, "html"
            elif language == first:
                yield name, language, "main"
            elif not name.startswith("admin"):
                yield name, language, ""
