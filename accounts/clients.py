"""Where somebody came from, in words that a person recognises."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

LONGEST = 512  # of what a browser says of itself, beyond which nobody reads on
# A browser says of itself what it likes, and letters go to strangers too: only names that are
# known are passed on, by families of ua-parser.
KNOWN = frozenset(
    {
        *("Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Chrome Mobile iOS", "Chromium"),
        *("HeadlessChrome", "Edge", "Edge Mobile", "IE", "IE Mobile", "Google"),
        *("Firefox", "Firefox Mobile", "Firefox iOS", "Firefox Focus"),
        *("Safari", "Mobile Safari", "Mobile Safari UI/WKWebView"),
        *("Opera", "Opera Mobile", "Opera Mini", "Opera Touch", "Opera GX"),
        *("Yandex Browser", "Samsung Internet", "MiuiBrowser", "Huawei Browser", "UC Browser"),
        *("DuckDuckGo", "DuckDuckGo Mobile", "Brave", "Vivaldi", "curl"),
        *("Instagram", "Facebook", "WhatsApp", "Telegram"),
        *("Windows", "Windows Phone", "Mac OS X", "iOS", "iPadOS", "Android", "HarmonyOS"),
        *("Linux", "Ubuntu", "Debian", "Fedora", "Chrome OS", "KaiOS", "Tizen"),
    }
)


def address_of(request: HttpRequest) -> str:
    """The network address, as `cabinet.middleware.client_address` found it."""
    return request.META.get("REMOTE_ADDR") or _("unknown")


def device_of(user_agent: str) -> str:
    """`Chrome, Windows`"""
    from ua_parser import parse  # its patterns take a second to load, and few pages need them

    found = parse(user_agent[:LONGEST])
    names = dict.fromkeys(part.family for part in (found.user_agent, found.os) if part)
    return ", ".join(name for name in names if name in KNOWN) or _("Unknown device")
