"""What every template may ask for."""

from django.conf import settings
from django.http import HttpRequest

LARGE = "large"


def running(request: HttpRequest) -> dict[str, object]:
    """`demo`: whether the pages show invented data; the languages to choose from; whether the text
    is large.
    """
    return {
        "demo": settings.DEMO,
        "LANGUAGES": settings.LANGUAGES,
        "large_text": _is_large(request),
    }


def _is_large(request: HttpRequest) -> bool:
    """As chosen on this device, else as the user chose."""
    chosen = request.COOKIES.get(settings.TEXT_SIZE_COOKIE_NAME)
    if chosen or not request.user.is_authenticated:
        return chosen == LARGE
    return request.user.large_text
