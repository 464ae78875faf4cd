"""Every form that a resident or somebody not signed in meets, and how its page is come to."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator

from accounts.tests.factories import PASSWORD
from cabinet.tests import people
from cabinet.tests.pages import Page, controls, text

ACCOUNT = "/accounts/000000101/"
KINDS = (
    *("residents", "owner", "plan", "reading", "recalculation", "payment", "refund", "paper"),
    *("meter", "access", "other"),
)
FIELD = {"field", "field-tick", "field-choice"}


def sign_in(client, user):
    """By the forms, and once more, so that what matters may be done at once."""
    client.post("/login/", {"login": user.login, "password": PASSWORD})
    client.post("/settings/again/", {"password": PASSWORD})


# How each page with a form is come to, by its name: for whom, and where it is.

LOOKED_AT = {
    "sign-in": ("", "/login/"),
    "registration": ("", "/register/"),
    "password forgotten": ("", "/password-reset/"),
    "verify": ("", "/verify/"),
    "public calculator": ("", "/calculator/"),
    "help": ("", "/help/"),
    "calculator": ("owner", f"{ACCOUNT}calculator/"),
    "plans": ("owner", f"{ACCOUNT}calculator/plans/"),
    "receipts": ("owner", f"{ACCOUNT}receipts/"),
    "services": ("owner", f"{ACCOUNT}services/"),
    "payments": ("owner", f"{ACCOUNT}payments/"),
    "statement": ("owner", f"{ACCOUNT}services/statement/"),
    "receipt asked for wrongly": ("owner", f"{ACCOUNT}receipts/2026-03.pdf?lang=x"),
    "account to add": ("owner", "/accounts/add/"),
    "nickname": ("owner", f"{ACCOUNT}nickname/"),
    "e-receipts": ("owner", f"{ACCOUNT}e-receipt/"),
    "profile": ("owner", "/settings/profile/"),
    "password": ("owner", "/settings/password/"),
    "address": ("owner", "/settings/email/"),
    "deletion": ("owner", "/settings/delete/"),
    "password once more": ("owner", "/settings/again/"),
    "app to set up": ("owner", "/settings/two-step/app/"),
    "passkey to add": ("owner", "/settings/passkeys/add/"),
    **{f"application: {code}": ("owner", f"/applications/new/{code}/") for code in KINDS},
}


def second_step(client, home):
    """Half-way through signing in."""
    people.second_step_of(home.stranger)
    sign_in(client, home.stranger)
    return "/login/code/"


def code_once_more(client, home):
    people.second_step_of(home.stranger)
    client.force_login(home.stranger)
    return "/settings/again/code/"


def new_password(client, home):
    """Behind the link of a letter."""
    key = default_token_generator.make_token(home.stranger)
    link = f"/password-reset/{user_pk_to_url_str(home.stranger)}-{key}/"
    return client.get(link).url


def passkey_to_name(client, home):
    sign_in(client, home.owner)
    data = {"name": "Телефон", "credential": {}, "passwordless": True}
    passkey = Authenticator.objects.create(user=home.owner, type="webauthn", data=data)
    return f"/settings/passkeys/{passkey.pk}/"


def message(client, home):
    """Of an application that was sent."""
    client.force_login(home.owner)
    sent = client.post("/applications/new/other/", {"text": "Неге?", "submit": "yes"})
    return sent.url


STEPPED_TO = {
    "second step": second_step,
    "code once more": code_once_more,
    "new password": new_password,
    "passkey's name": passkey_to_name,
    "message": message,
}


def open_page(client, home, name):
    """The path of the page of that name, and the page."""
    if name in STEPPED_TO:
        path = STEPPED_TO[name](client, home)
    else:
        who, path = LOOKED_AT[name]
        if who:
            sign_in(client, getattr(home, who))
    response = client.get(path)
    assert response.status_code in (200, 400), (name, response.status_code)
    return path, Page(response)


EVERY_FORM = [*LOOKED_AT, *STEPPED_TO]


def fields(page):
    """What a person fills in, of the page proper."""
    found = [each for each in controls(page.find("main")) if "hidden" not in each.attrib]
    return [each for each in found if each.get("type") not in ("submit", "button")]


def by_id(page, identifier):
    (found,) = [each for each in page.root.iter() if each.get("id") == identifier]
    return found


def around(control, *tags):
    """The nearest such element that holds it."""
    return next((each for each in control.iterancestors() if each.tag in tags), None)


def box(control):
    """What the template of fields has put around it."""
    return next(
        each for each in control.iterancestors() if FIELD & set(each.get("class", "").split())
    )


def labels(page, control):
    return [each for each in page.all("label") if each.get("for") == control.get("id")]


def described(page, control):
    """The texts that belong to it or to its group."""
    told = [control.get("aria-describedby") or ""]
    group = around(control, "fieldset")
    if group is not None and control.get("type") == "radio":
        told.append(group.get("aria-describedby") or "")
    return [text(by_id(page, each)) for each in " ".join(told).split()]
