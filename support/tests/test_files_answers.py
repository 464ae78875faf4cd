"""What a browser is given, through all that answers go through."""

import uuid

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from accounts.tests.factories import UserFactory
from support import files
from support.models import Attachment
from support.tests import samples
from support.tests.file_factories import ApplicationFactory, uploaded


def handed_out(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    attachment = get_object_or_404(Attachment, pk=key)
    return files.answer(attachment, inline="inline" in request.GET)


urlpatterns = [path("<uuid:key>/", handed_out)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def reader(client):
    client.force_login(UserFactory())
    return client


def taken(make=samples.pdf, name="Төлем түбіртегі.pdf"):
    return files.take(ApplicationFactory(), uploaded(make(), name))


def test_a_pdf(reader):
    attachment = taken()
    response = reader.get(f"/{attachment.key}/")
    content = response.getvalue()
    assert content == samples.pdf()
    headers = response.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Length"] == str(len(content))
    assert headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%D0%A2%D3%A9%D0%BB%D0%B5%D0%BC%20"
        "%D1%82%D2%AF%D0%B1%D1%96%D1%80%D1%82%D0%B5%D0%B3%D1%96.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("make", "query", "disposition", "content_type"),
    [
        (samples.pdf, "", 'attachment; filename="scan.pdf"', "application/pdf"),
        (samples.pdf, "?inline", 'attachment; filename="scan.pdf"', "application/pdf"),
        (samples.jpeg, "", 'attachment; filename="scan.jpg"', "image/jpeg"),
        (samples.heic, "?inline", 'inline; filename="scan.jpg"', "image/jpeg"),
        (samples.png, "?inline", 'inline; filename="scan.png"', "image/png"),
    ],
)
def test_saved_or_shown(reader, make, query, disposition, content_type):
    response = reader.get(f"/{taken(make, 'scan').key}/{query}")
    response.getvalue()
    headers = response.headers
    assert headers["Content-Disposition"] == disposition
    assert headers["Content-Type"] == content_type
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_hostile_name(reader):
    attachment = taken(name='x"\r\nSet-Cookie: a=b;.pdf')
    response = reader.get(f"/{attachment.key}/")
    response.getvalue()
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="x Set-Cookie a=b;.pdf"'
    )
    assert not response.cookies.get("a")


def test_the_file_is_gone(reader, caplog):
    attachment = taken()
    files.path_of(attachment).unlink()
    assert reader.get(f"/{attachment.key}/").status_code == 404
    assert [
        record.getMessage() for record in caplog.records if record.name.startswith("support")
    ] == [f"The file of attachment {attachment.key} is gone."]
