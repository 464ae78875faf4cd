"""Makes a confirmed resident: `manage.py create_resident --login … --email … …`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from billing.residents import create_resident


class Command(BaseCommand):
    help = "Makes a confirmed user who holds the given accounts; for trying out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for option in ("login", "email", "password", "name"):
            parser.add_argument(f"--{option}", required=True)
        parser.add_argument("--account", nargs="*", default=[], action="extend", metavar="NUMBER")
        parser.add_argument("--force", action="store_true", help="also in production")

    def handle(self, *args: Any, account: list[str], force: bool, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG or force):
            raise CommandError(
                _("This is for trying out (DEMO or DEBUG). Say --force to do it here all the same.")
            )
        try:
            user = create_resident(
                options["login"], options["email"], options["password"], options["name"], account
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(_("Resident made: %(login)s") % {"login": user.login})
