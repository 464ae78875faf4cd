"""`python manage.py renew_secrets`: after the site's key has changed, before the old one goes."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import QuerySet

from accounts.second_step import renewed

CHUNK = 500  # rows in one transaction, so that nobody waits long at signing in


class Command(BaseCommand):
    help = (
        "Encrypts the secrets of the second step under the present SECRET_KEY. Run it until it "
        "finds none to renew; then the old key may leave SECRET_KEY_FALLBACKS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """CommandError when there are secrets that none of the keys reads."""
        secret = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk")
        last, count, unread = 0, 0, 0
        while keys := list(secret.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
            changed, failed = renew(secret.filter(pk__in=keys))
            last, count, unread = keys[-1], count + changed, unread + failed
        self.stdout.write(f"{count} renewed")
        if unread:
            raise CommandError(f"{unread} cannot be read: the key that they are under is missing.")


@transaction.atomic
def renew(rows: QuerySet[Authenticator]) -> tuple[int, int]:
    """How many of the rows have changed, and how many could not be read."""
    changed = failed = 0
    for row in rows.select_for_update():
        try:
            data = renewed(row.data)
        except InvalidToken:
            failed += 1
            continue
        if data != row.data:
            row.data = data
            row.save(update_fields=["data"])
            changed += 1
    return changed, failed
