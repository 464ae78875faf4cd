"""Django's cache in a table, without counting its rows at each change.

Django counts them to throw some out when there is no room, which here never happens: the worker
deletes what has expired. An attack leaves a row for each try; to count a million of them at each
further try would be the attacker's gain.
"""

import base64
import datetime as dt
import pickle
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone

STATEMENTS = {
    "set": """INSERT INTO {table} (cache_key, value, expires) VALUES (%(key)s, %(value)s, %(until)s)
        ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires""",
    "add": """INSERT INTO {table} AS t (cache_key, value, expires)
        VALUES (%(key)s, %(value)s, %(until)s)
        ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires
        WHERE t.expires < %(now)s""",
    "touch": """UPDATE {table} SET expires = %(until)s
        WHERE cache_key = %(key)s AND expires >= %(now)s""",
}


class Cache(DatabaseCache):
    """Each change is one statement, so that of two who add at once one is the first."""

    def _base_set(
        self, mode: str, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT
    ) -> bool:
        until = self.get_backend_timeout(timeout)
        values: dict[str, Any] = {
            "key": key,
            "value": base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii"),
            "until": dt.datetime.max.replace(tzinfo=dt.UTC)
            if until is None
            else dt.datetime.fromtimestamp(until, dt.UTC).replace(microsecond=0),
            "now": timezone.now().replace(microsecond=0),
        }
        using = router.db_for_write(self.cache_model_class)
        connection = connections[using]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        statement = STATEMENTS[mode].format(table=table)
        try:
            with transaction.atomic(using=using), connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.rowcount == 1
        except DatabaseError:
            return False  # as Django's own: who asks goes on without it
