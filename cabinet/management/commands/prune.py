"""Deletes what nobody needs any more: to be run daily."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cabinet import pruning


class Command(BaseCommand):
    help = "Deletes expired sessions, what was done a month ago, and what was never confirmed."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        for name, old in pruning.OLD.items():
            self.stdout.write(f"{pruning.delete(old(now))} {name} deleted")
