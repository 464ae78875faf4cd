"""What every answer goes through."""

import re
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers

# `203.0.113.7:4711` or `[2001:db8::7]:4711`
WITH_PORT = re.compile(r"([0-9.]+|\[.+\]):[0-9]+")

Handler = Callable[[HttpRequest], HttpResponse]


def client_address(get_response: Handler) -> Handler:
    """`REMOTE_ADDR` is the client's: what proxies of ours say of it counts, and nobody else's word.

    Proxies append to X-Forwarded-For, so the client is the last one there that is not ours.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        address = valid_address(request.META.get("REMOTE_ADDR", ""))
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            before = valid_address(hop.strip())
            if not before or not _is_ours(address):
                break
            address = before
        request.META["REMOTE_ADDR"] = address
        return get_response(request)

    return handle


def valid_address(text: str) -> str:
    """The address in its usual form, without the port that some proxies add; else an empty text.

    IPv4 within IPv6, as a socket for both has it, is IPv4: it has no network in common.
    """
    if WITH_PORT.fullmatch(text):
        text = text.rpartition(":")[0].strip("[]")
    try:
        address = ip_address(text.partition("%")[0])  # without the link that it came by
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_ours(address: str) -> bool:
    """Whether it is of a proxy of ours; a socket, which has no address, is on this machine."""
    if not address:
        return bool(settings.TRUSTED_PROXIES)
    return any(ip_address(address) in network for network in settings.TRUSTED_PROXIES)


def whole_cookies(get_response: Handler) -> Handler:
    """A cookie with NUL in it, which the database takes for no text, is none."""

    def handle(request: HttpRequest) -> HttpResponse:
        cookies = request.COOKIES
        request.COOKIES = {name: cookies[name] for name in cookies if "\0" not in cookies[name]}
        return get_response(request)

    return handle


def language(get_response: Handler) -> Handler:
    """Kazakh, unless this device or this user chose otherwise; the browser is not asked."""
    known = dict(settings.LANGUAGES)

    def handle(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen not in known and settings.SESSION_COOKIE_NAME in request.COOKIES:
            chosen = getattr(request.user, "language", None)
        if chosen not in known:
            chosen = settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response

    return handle


def no_store(get_response: Handler) -> Handler:
    """Pages are personal: no cache keeps them, unless the view says otherwise."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return handle
