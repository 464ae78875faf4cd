"""`python manage.py catalogues`: run at each start, and by whoever writes or translates."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cabinet import catalogues


class Command(BaseCommand):
    help = "Compiles the message catalogues that changed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="first collect the messages")
        parser.add_argument("--check", action="store_true", help="fail if anything is amiss")

    def handle(self, *, update: bool, check: bool, **options: Any) -> None:
        if update:
            for po in catalogues.update():
                self.stdout.write(f"Updated {po.relative_to(settings.BASE_DIR)}")
        for mo in catalogues.compile_all():
            self.stdout.write(f"Compiled {mo.relative_to(settings.BASE_DIR)}")
        if check:
            self.check_languages()

    def check_languages(self) -> None:
        found = {language: catalogues.problems(language) for language, _ in settings.LANGUAGES}
        for language, problems in found.items():
            for problem in problems:
                self.stdout.write(f"{language}: {problem}")
        if any(found.values()):
            raise CommandError("The catalogues are not complete.")
