"""Fills an empty cabinet with the sample set and people to sign in as; in DEMO only."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from billing.exchange.load import load
from billing.models import PersonalAccount
from billing.residents import create_resident

SAMPLE = Path(__file__).resolve().parent.parent.parent / "sample"
# Invented people; the demo refuses to run in production, so these open nothing real.
RESIDENTS = (
    ("aigul", "Айгүл Сәкенқызы Ғабдуллина", ("000007919", "000197975", "000300922")),
    ("nurlan", "Нұрлан Бейбітұлы Құдайбергенов", ("000300922",)),
)
OPERATOR = ("operator", "Әсел Қанатқызы Іскендірова")


def password_of(login: str) -> str:
    """The password that a demo user signs in with."""
    return f"demo-{login}-2026"


class Command(BaseCommand):
    help = "Loads the sample set once and makes the demo's users."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data are loaded with DEMO=1 only.")
        if not PersonalAccount.objects.exists():
            report = load(SAMPLE, by="demo")
            if not report.loaded:
                raise CommandError(str(report.problems[0]))
        with transaction.atomic():
            self.make_people()
        self.tell()

    def make_people(self) -> None:
        """The residents and the operator, where they are not there yet."""
        for login, name, numbers in RESIDENTS:
            if not User.objects.filter(login=login).exists():
                create_resident(login, f"{login}@example.kz", password_of(login), name, numbers)
        login, name = OPERATOR
        if not User.objects.filter(login=login).exists():
            operator = create_resident(login, f"{login}@example.kz", password_of(login), name)
            operator.is_staff = True
            operator.save(update_fields=["is_staff"])
            operator.user_permissions.set(
                Permission.objects.filter(codename__in=["view_personalaccount", "view_letter"])
            )

    def tell(self) -> None:
        """Who may sign in, and with what."""
        self.stdout.write("Sign in as")
        for login, _name, numbers in RESIDENTS:
            held = "account" if len(numbers) == 1 else "accounts"
            self.stdout.write(
                f"resident {login}, password {password_of(login)}, {held} {', '.join(numbers)}"
            )
        login, _name = OPERATOR
        self.stdout.write(f"support {login}, password {password_of(login)}, at /admin/")
