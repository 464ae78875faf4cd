"""`manage.py renew_secrets`: an old SECRET_KEY may go, and second steps are still read."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from accounts.management.commands import renew_secrets
from accounts.tests.factories import UserFactory

SECRET = "JBSWY3DPEHPK3PXP"


def run():
    out = StringIO()
    call_command("renew_secrets", stdout=out)
    return out.getvalue()


def change_key(settings, name="new"):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    settings.SECRET_KEY = f"a {name} key of the site " + "0123456789abcdef" * 3


def kept():
    return list(Authenticator.objects.order_by("pk").values_list("pk", "data"))


@pytest.fixture
def aigul(db):
    """With an app, two recovery codes used of ten, and a passkey."""
    user = UserFactory()
    TOTP.activate(user, SECRET)
    codes = RecoveryCodes.activate(user)
    codes.instance.data["used_mask"] = 0b11
    codes.instance.save()
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "x", "credential": {}})
    return user


@pytest.fixture
def codes(aigul):
    return RecoveryCodes.activate(aigul).get_unused_codes()


def test_then_the_old_key_is_not_needed(aigul, codes, settings):
    change_key(settings)
    assert run() == "2 renewed\n"
    settings.SECRET_KEY_FALLBACKS = []
    app = Authenticator.objects.get(type="totp")
    assert decrypt(app.data["secret"]) == SECRET
    assert len(codes) == 8
    assert RecoveryCodes.activate(aigul).get_unused_codes() == codes


def test_without_it_they_could_not_be_read(aigul, settings):
    change_key(settings)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        decrypt(Authenticator.objects.get(type="totp").data["secret"])


def test_nothing_else_is_touched(aigul, settings):
    before = {pk: {**data, "secret": "", "seed": ""} for pk, data in kept()}
    dates = list(Authenticator.objects.order_by("pk").values_list("created_at", "last_used_at"))
    change_key(settings)
    run()
    assert {pk: {**data, "secret": "", "seed": ""} for pk, data in kept()} == before
    now = Authenticator.objects.order_by("pk").values_list("created_at", "last_used_at")
    assert list(now) == dates


def test_a_second_run_writes_nothing(aigul, settings):
    assert run() == "0 renewed\n"
    change_key(settings)
    run()
    before = kept()
    assert run() == "0 renewed\n"
    assert kept() == before


def test_from_any_of_several_keys(aigul, settings):
    change_key(settings, "newer")
    TOTP.activate(UserFactory(), SECRET)
    change_key(settings, "newest")
    assert run() == "3 renewed\n"


def test_codes_that_were_taken_over(db, settings):
    row = Authenticator.objects.create(
        user=UserFactory(),
        type="recovery_codes",
        data={"migrated_codes": [encrypt("12345678"), encrypt("87654321")]},
    )
    change_key(settings)
    assert run() == "1 renewed\n"
    settings.SECRET_KEY_FALLBACKS = []
    row.refresh_from_db()
    assert row.wrap().get_unused_codes() == ["12345678", "87654321"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 500])
def test_in_chunks(chunk, aigul, settings, monkeypatch):
    monkeypatch.setattr(renew_secrets, "CHUNK", chunk)
    TOTP.activate(UserFactory(), SECRET)
    change_key(settings)
    assert run() == "3 renewed\n"
    assert run() == "0 renewed\n"


def test_what_no_key_reads_is_told_and_stays(aigul, settings):
    Authenticator.objects.filter(type="totp").update(data={"secret": "not a token"})
    change_key(settings)
    with pytest.raises(CommandError, match=r"^1 cannot be read"):
        run()
    assert Authenticator.objects.get(type="totp").data == {"secret": "not a token"}
    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt(Authenticator.objects.get(type="recovery_codes").data["seed"])


@pytest.mark.django_db(transaction=True)
def test_a_code_that_is_used_up_meanwhile_stays_so(settings):
    """The command waits for the row, and reads it after that."""
    row = RecoveryCodes.activate(UserFactory()).instance
    change_key(settings)

    def in_thread():
        try:
            return run()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked = Authenticator.objects.select_for_update().get(pk=row.pk)
            command = pool.submit(in_thread)
            until_somebody_waits()
            locked.data["used_mask"] = 0b101
            locked.save()
        assert command.result() == "1 renewed\n"
    row.refresh_from_db()
    assert row.data["used_mask"] == 0b101


def until_somebody_waits():
    """For a lock."""
    with connection.cursor() as cursor:
        found = 0
        while not found:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            (found,) = cursor.fetchone()
