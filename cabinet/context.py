"""What every template may ask for."""

from django.conf import settings
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.utils.functional import SimpleLazyObject

LARGE = "large"


def running(request: HttpRequest) -> dict[str, object]:
    """`demo`: whether the pages show invented data; the languages to choose from; whether the text
    is large; and what each form needs against forged ones, made once for all forms of a page.
    """
    return {
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
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
