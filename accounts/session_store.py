"""Django's sessions in the database, whose query is written once for a process."""

import datetime as dt

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from cabinet.written import Written

_alive = Written(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now), str, dt.datetime
)


class SessionStore(db.SessionStore):
    """As its own, which each request asks for."""

    def _get_session_from_db(self) -> Session | None:
        found = _alive.first(self.session_key or "", timezone.now())
        if not found:
            self._session_key = None
        return found
