"""Fills an empty cabinet with the sample set and people to sign in as; in DEMO only."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import demo, steps
from accounts.models import User
from billing.exchange.load import load
from billing.models import Branch, PersonalAccount
from billing.residents import create_resident

SAMPLE = Path(__file__).resolve().parent.parent.parent / "sample"
# Invented people; the demo refuses to run in production, so these open nothing real.
RESIDENTS = (
    ("aigul", "Айгүл Сәкенқызы Ғабдуллина", ("000007919", "000197975", "000300922")),
    ("nurlan", "Нұрлан Бейбітұлы Құдайбергенов", ("000300922",)),
)
# Members of staff, and the group that each is in: its rights come with the migrations.
STAFF = (
    ("operator", "Әсел Қанатқызы Іскендірова", "operator"),
    ("biller", "Тимур Асқарұлы Жұмабаев", "billing operator"),
    ("supervisor", "Гүлнар Сабырқызы Омарова", "supervisor"),
)


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
        """The residents and the staff, where they are not there yet."""
        for login, name, numbers in RESIDENTS:
            if not User.objects.filter(login=login).exists():
                create_resident(login, f"{login}@example.kz", password_of(login), name, numbers)
        branch = Branch.objects.order_by("code").first()
        for login, name, group in STAFF:
            if not User.objects.filter(login=login, groups__name=group).exists():
                email, password = f"{login}@example.kz", password_of(login)
                known = User.objects.filter(login=login).first()  # by an earlier version
                member = known or create_resident(login, email, password, name)
                member.is_staff, member.branch = True, branch.code if branch else ""
                member.save(update_fields=["is_staff", "branch"])
                member.user_permissions.clear()
                member.groups.add(Group.objects.get(name=group))
                if not steps.has_second(member):
                    demo.give_second_step(member)

    def tell(self) -> None:
        """Who may sign in, and with what."""
        self.stdout.write("Sign in as")
        for login, _name, numbers in RESIDENTS:
            held = "account" if len(numbers) == 1 else "accounts"
            self.stdout.write(
                f"resident {login}, password {password_of(login)}, {held} {', '.join(numbers)}"
            )
        for login, _name, group in STAFF:
            self.stdout.write(f"{group} {login}, password {password_of(login)}, at /admin/")
        self.stdout.write("The codes of staff's second step are at /demo/codes/")
