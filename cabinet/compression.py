"""Pages go out compressed, but for those that a page of somebody else's has led to.

The length of a compressed page tells whether what its address brought in stands there once more:
so BREACH guesses what a page says, by thousands of requests that the attacker's page has the
victim's browser make. Browsers say of each request whose page it comes from.
"""

import gzip
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

LEVEL = 4  # 30 kB in a seventh of a millisecond; at level 6 it takes twice that for 4 % less
LEAST = 500  # bytes: below that it is not worth it
GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)


def compressed_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """HTML only: papers and XLSX are compressed as they are, other downloads are streams."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponse) and _is_worth_it(response):
            patch_vary_headers(response, ["Accept-Encoding"])
            if GZIP.search(request.headers.get("Accept-Encoding", "")) and _is_ours(request):
                response.content = gzip.compress(response.content, LEVEL, mtime=0)
                response.headers["Content-Encoding"] = "gzip"
                response.headers["Content-Length"] = str(len(response.content))
        return response

    return handle


def _is_worth_it(response: HttpResponse) -> bool:
    return (
        response.headers.get("Content-Type", "").startswith("text/html")
        and len(response.content) >= LEAST
        and not response.has_header("Content-Encoding")
    )


def _is_ours(request: HttpRequest) -> bool:
    """Whether a page of ours or the person asks; old browsers say it by the address before."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said in ("same-origin", "none")
    return urlsplit(request.headers.get("Referer", "")).netloc == request.META.get("HTTP_HOST")
