"""Pages of errors are in one language too, whoever gets them."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path

from cabinet.tests import people
from cabinet.tests.test_language import both, check, look
from receipts import documents


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker) as home:
        yield home


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("English")


@both
def test_page_of_400(language, home, db, client):
    client.force_login(home.owner)
    url = f"/accounts/{home.account.number}/payments/?" + "a=1&" * 1100
    response = look(client, url, language)
    assert response.status_code == 400
    check(response, language, home)


@both
@pytest.mark.parametrize("signed_in", [True, False])
def test_page_of_403_for_an_expired_form(signed_in, language, home, db, client):
    if signed_in:
        client.force_login(home.owner)
    client.handler.enforce_csrf_checks = True
    response = look(client, "/login/", language, {"login": "x"})
    assert response.status_code == 403
    check(response, language, home)


@both
@pytest.mark.parametrize("signed_in", [True, False])
def test_page_of_404(signed_in, language, home, db, client):
    if signed_in:
        client.force_login(home.owner)
    response = look(client, "/nothing/", language)
    assert response.status_code == 404
    check(response, language, home)


@both
def test_page_of_500(language, home, db, client, settings):
    settings.ROOT_URLCONF = (path("broken/", broken), *get_resolver().url_patterns)
    client.force_login(home.owner)
    client.raise_request_exception = False
    response = look(client, "/broken/", language)
    assert response.status_code == 500
    check(response, language, home)


@both
def test_page_of_403_for_staff_without_the_right(language, home, db, client):
    client.force_login(home.biller)
    response = look(client, "/admin/billing/personalaccount/", language)
    assert response.status_code == 403
    check(response, language, home, staff=True)


@both
def test_a_method_that_is_not_allowed_says_nothing(language, home, db, client):
    client.force_login(home.owner)
    response = look(client, f"/accounts/{home.account.number}/", language, {})
    assert (response.status_code, response.content) == (405, b"")


@both
def test_page_of_429(language, home, db, client):
    answers = [look(client, "/verify/?number=1&code=1", language) for _try in range(31)]
    assert [each.status_code for each in answers[-2:]] == [400, 429]
    check(answers[-1], language, home)


@both
def test_page_of_503(language, home, db, client, settings, monkeypatch):
    settings.DOCUMENTS_AT_ONCE = 1
    monkeypatch.setattr(documents, "PATIENCE", 0)
    client.force_login(home.owner)
    with documents.turn():
        response = look(client, f"/accounts/{home.account.number}/receipts/2026-02.pdf", language)
    assert response.status_code == 503
    check(response, language, home)
