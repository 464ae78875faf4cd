"""What other apps do when something happens to a user, in the transaction of that.

They add to it when they are ready.
"""

from collections.abc import Callable

from accounts.models import User

# The user is about to be `deleted`, or is `stopped`: may no longer sign in.
LEAVING: list[Callable[[User, str], object]] = []
# Letters go to another address from now on.
MOVED: list[Callable[[User], object]] = []


def leaving(user: User, why: str) -> None:
    for each in LEAVING:
        each(user, why)


def moved(user: User) -> None:
    for each in MOVED:
        each(user)
