"""Who signs in with a password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User
from cabinet.written import Written

_user = Written(lambda pk: User.objects.filter(pk=pk), int)


class Backend(AuthenticationBackend):
    """By login name or e-mail address; whoever is meant, known or not, costs one hash."""

    def get_user(self, user_id: int) -> User | None:
        """Who is signed in, unless shut out since; asked at each request."""
        user = _user.first(user_id)
        return user if user and self.user_can_authenticate(user) else None

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        meant = credentials.get("email") or credentials.get("username") or ""
        return self._check_password(User.objects.signing_in_as(meant), credentials["password"])

    def _check_password(self, user: Any, password: str) -> User | None:
        """The user whose password it is; one who is shut out gets the answer of a wrong one."""
        if user is None:
            return None
        self._did_check_password = True
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
