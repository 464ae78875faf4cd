"""What every answer carries, of pages, papers and errors alike."""

from django.http import HttpResponse

ATTACHED = "sandbox; default-src 'none'"


def assert_guarded(response: HttpResponse) -> None:
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    if policy == ATTACHED:  # what residents attach is never kept by others, and nothing runs in it
        assert "no-store" in headers["Cache-Control"]
        assert headers["Content-Disposition"].startswith("attachment")
    else:
        assert_policy(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    if "Content-Disposition" in headers and policy != ATTACHED:  # papers and downloads
        assert {"private", "no-cache"} <= {*headers["Cache-Control"].split(", ")}
    else:
        assert {"no-store", "private"} <= {*headers["Cache-Control"].split(", ")}


def assert_policy(policy: str) -> None:
    assert {*policy.split("; ")} == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    }
