"""What every template may ask for."""

from django.conf import settings
from django.http import HttpRequest


def running(request: HttpRequest) -> dict[str, object]:
    """`demo`: whether the pages show invented data; the languages to choose from."""
    return {"demo": settings.DEMO, "LANGUAGES": settings.LANGUAGES}
