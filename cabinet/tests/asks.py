"""What is asked of every page of an account, whatever it shows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cabinet.tests.pages import Page
from cabinet.tests.people import Home

UNKNOWN = ("000000999", "0", "ӘҒ", "-1", "000000101%20", "0000001010", "%27", "9" * 64)
NUL, LONG = "\0", "9" * 10_000

IN_FUTURE = "Бұл уақыт әлі келген жоқ: осы айдан аспайтын кезеңді таңдаңыз."
BACKWARDS = "Кезеңнің басы аяғынан кейін тұр."
TOO_LONG = "Он жылдан аспайтын кезеңді таңдаңыз."
NO_MONTH = "Айды тізімнен таңдаңыз."
NO_DAY = "Күнді былай жазыңыз: 05.03.2025."
NO_SERVICE = "Бұл дербес шотта мұндай қызмет жоқ."

WRONG_MONTHS = [
    ({"from": "2026-03", "to": "2026-02"}, {"from": BACKWARDS}),
    ({"from": "2026-05"}, {"from": IN_FUTURE}),
    ({"to": "2026-05"}, {"to": IN_FUTURE}),
    ({"from": "2026-05", "to": "2027-01"}, {"from": IN_FUTURE, "to": IN_FUTURE}),
    ({"from": "2016-03", "to": "2026-03"}, {"from": TOO_LONG}),
    ({"from": "1900-01"}, {"from": TOO_LONG}),
    *[
        ({"from": nonsense, "to": nonsense}, {"from": NO_MONTH, "to": NO_MONTH})
        for nonsense in (
            *("2026-13", "2026-00", "2026-3", "03.2026", "2026", "2026-03-01", "0000-01"),
            *("наурыз", "٢٠٢٦-٠٣", "-", "<b>", f"2026-0{NUL}3", LONG),
        )
    ],
    *[
        ({"service": unknown}, {"service": NO_SERVICE})
        for unknown in ("ZZ", "el", "EL,MS", "<script>", f"E{NUL}L", LONG)
    ],
    (
        {"from": "x", "to": "2026-05", "service": "ZZ"},
        {"from": NO_MONTH, "to": IN_FUTURE, "service": NO_SERVICE},
    ),
]
WRONG_DAYS = [
    ({"from": "2026-03-05", "to": "2026-03-04"}, {"from": BACKWARDS}),
    ({"from": "2026-05-01"}, {"from": IN_FUTURE}),
    ({"to": "01.05.2026"}, {"to": IN_FUTURE}),
    ({"from": "2016-03-31", "to": "2026-03-01"}, {"from": TOO_LONG}),
    ({"from": "0001-01-01"}, {"from": TOO_LONG}),
    *[
        ({"from": nonsense, "to": nonsense}, {"from": NO_DAY, "to": NO_DAY})
        for nonsense in (
            *("2026-02-29", "31.02.2026", "2026-13-01", "2026-03", "03/31/2026", "5 наурыз"),
            *("0000-01-01", "99999-01-01", "-", "<b>", f"2026-03-0{NUL}1", LONG),
        )
    ],
]
NAMES = {"from": "Бастап", "to": "Дейін", "service": "Қызмет"}

wrong_months = pytest.mark.parametrize(
    ("query", "messages"), WRONG_MONTHS, ids=lambda q: str(q)[:50]
)
wrong_days = pytest.mark.parametrize(("query", "messages"), WRONG_DAYS, ids=lambda q: str(q)[:50])


def holders_see_the_same(client: Any, home: Home, page: str) -> None:
    shown = []
    for holder in (home.owner, home.second):
        client.force_login(holder)
        response = client.get(f"/accounts/{home.account.number}/{page}")
        assert response.status_code == 200
        is_page = response.headers["Content-Type"].startswith("text/html")
        shown.append(Page(response).content if is_page else response.content)
    assert shown[0] == shown[1]


def a_stranger_learns_nothing(client: Any, home: Home, page: str) -> None:
    """Whose account it is and whether there is one: the same bytes."""
    client.force_login(home.stranger)
    refused = client.get(f"/accounts/{home.account.number}/{page}")
    assert refused.status_code == 404
    for number in UNKNOWN:
        unknown = client.get(f"/accounts/{number}/{page}")
        assert (unknown.status_code, unknown.content) == (404, refused.content)


def staff_have_no_way_round(client: Any, home: Home, page: str) -> None:
    client.force_login(home.support)
    assert client.get(f"/accounts/{home.account.number}/{page}").status_code == 404


def nobody_is_sent_to_sign_in(client: Any, home: Home, page: str) -> None:
    """Whatever the number, with the way back."""
    for number in (home.account.number, "000000999"):
        path = f"/accounts/{number}/{page}"
        for response in (client.get(path), client.post(path)):
            assert (response.status_code, response.url) == (302, f"/login/?next={path}")
    response = client.get(f"/accounts/{home.account.number}/{page}?from=2026-01&to=2026-02")
    assert response.url.endswith("%3Ffrom%3D2026-01%26to%3D2026-02")


def only_looking_is_allowed(client: Any, home: Home, page: str) -> None:
    for person in (home.owner, home.stranger, home.support):
        client.force_login(person)
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            response = client.generic(method, f"/accounts/{home.account.number}/{page}")
            assert response.status_code == 405
            assert response.headers["Allow"] == "GET, HEAD"


def unlinking_takes_effect_at_once(client: Any, home: Home, page: str) -> None:
    client.force_login(home.second)
    path = f"/accounts/{home.account.number}/{page}"
    assert client.get(path).status_code == 200
    home.second.holdings.all().delete()
    assert client.get(path).status_code == 404


access = pytest.mark.parametrize(
    "ask",
    [
        holders_see_the_same,
        a_stranger_learns_nothing,
        staff_have_no_way_round,
        nobody_is_sent_to_sign_in,
        only_looking_is_allowed,
        unlinking_takes_effect_at_once,
    ],
    ids=lambda ask: ask.__name__,
)


def is_told_beside_the_field(page: Page, messages: dict[str, str]) -> None:
    """The message on top and beside the field; the form is there, figures are not."""
    assert page.status == 400
    assert page.beside == messages
    assert page.summary == [f"{NAMES[name]}: {message}" for name, message in messages.items()]
    assert page.tables == []
    for name in messages:
        (field,) = [each for each in page.root.iter() if each.get("name") == name]
        assert field.get("aria-invalid") == "true"
        (said,) = [
            each for each in page.root.iter() if each.get("id") == field.get("aria-describedby")
        ]
        assert said.text == messages[name]
        assert [link for link in page.all("a") if link.get("href") == f"#{field.get('id')}"]


def queries(client: Any, path: str) -> int:
    """How many the page makes, session and user included, once the frame is remembered."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len([each for each in captured if "SAVEPOINT" not in each["sql"]])
