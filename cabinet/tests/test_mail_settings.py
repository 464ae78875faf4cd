"""Where letters go, by what the environment says."""

import pytest

from cabinet.tests.test_settings import ENVIRONMENT, checkout, values  # noqa: F401 - a fixture

NAMES = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_TIMEOUT")
SMTP, FOLDER = "django.core.mail.backends.smtp.EmailBackend", "cabinet.mail.EmailBackend"
ELSEWHERE = {"EMAIL_URL": "smtp://post.example.kz:26"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, [SMTP, "localhost", 25, 20]),
        ({"EMAIL_URL": " "}, [SMTP, "localhost", 25, 20]),
        (ELSEWHERE, [SMTP, "post.example.kz", 26, 20]),
        ({"DEMO": "1"}, [FOLDER, "localhost", 25, 20]),
        ({"DEBUG": "1"}, [FOLDER, "localhost", 25, 20]),
        ({"DEMO": "1", **ELSEWHERE}, [SMTP, "post.example.kz", 26, 20]),
    ],
)
def test_where_letters_go(environment, found, checkout):  # noqa: F811
    told = values(checkout, *NAMES, **ENVIRONMENT, **environment)
    assert [told[name] for name in NAMES] == found
