"""Checks of what the cabinet stands on, made before every migration."""

from collections.abc import Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)
def database_speaks_kazakh(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """The database is UTF-8 and its locale knows Kazakh capitals: searches depend on it."""
    errors: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_setting('server_encoding'), lower('Ә')")
            encoding, lowered = cursor.fetchone()
        if encoding != "UTF8" or lowered != "ә":
            errors.append(
                Error(
                    f"The database is {encoding} and its lower('Ә') is {lowered!r}: "
                    "Kazakh names would not be found.",
                    hint="CREATE DATABASE … ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0",
                    id="cabinet.E001",
                )
            )
    return errors


@register(Tags.staticfiles)
def supplier_has_a_mark(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """The supplier's logo is there: it stands on every page and paper."""
    if settings.MARK.is_file():
        return []
    hint = "BRAND is the folder of mark.svg, a square drawing; unset, the demonstration's is shown."
    return [Error(f"There is no {settings.MARK}.", hint=hint, id="cabinet.E002")]
