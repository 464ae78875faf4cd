"""The plumbing: formats, checks, commands that concern the whole."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CabinetConfig(AppConfig):
    name = "cabinet"
    verbose_name = _("Personal cabinet")

    def ready(self) -> None:
        from cabinet import checks  # noqa: F401 (registers the checks)
