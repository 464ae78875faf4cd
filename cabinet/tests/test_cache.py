"""The cache in a table: each change is one statement, and nothing is counted."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cabinet.cache import Cache

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ours():
    cache.clear()
    assert isinstance(cache._connections[cache._alias], Cache)


def test_what_is_set_is_there_until_it_expires():
    cache.set("a", {"tries": 1}, 60)
    cache.set("b", "for ever", None)
    cache.set("c", "gone", -1)
    assert cache.get_many(["a", "b", "c"]) == {"a": {"tries": 1}, "b": "for ever"}
    cache.set("a", 2, 60)
    assert cache.get("a") == 2
    cache.delete("a")
    assert cache.get("a") is None


def test_the_first_who_adds():
    assert cache.add("a", 1, 60) is True
    assert cache.add("a", 2, 60) is False
    assert cache.get("a") == 1
    cache.set("a", 3, -1)
    assert cache.add("a", 4, 60) is True
    assert cache.get("a") == 4


def test_what_is_there_is_kept_longer():
    assert cache.touch("a", 60) is False
    cache.set("a", 1, 1)
    assert cache.touch("a", 60) is True
    cache.set("b", 1, -1)
    assert cache.touch("b", 60) is False
    assert cache.get("a") == 1


def test_it_counts_up():
    cache.set("a", 1, 60)
    assert cache.incr("a") == 2
    assert cache.get_or_set("a", 9) == 2


@pytest.mark.parametrize("change", [cache.set, cache.add])
def test_one_statement_and_no_count(change):
    with CaptureQueriesContext(connection) as asked:
        change("a", 1, 60)
    changes = [each["sql"] for each in asked if "SAVEPOINT" not in each["sql"]]
    assert len(changes) == 1
    assert "COUNT" not in changes[0].upper()
