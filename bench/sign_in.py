"""Whether the time of an answer tells if a user exists, and what signing in costs.

The same request for users that are there and for names that are not, in turns; each try comes
from another network address and means another user, so that no limit is reached.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable

from bench import web

TURNS, USERS = 60, 400
WRONG = "not-the-password-9"


def make_users() -> None:
    """Confirmed users `bench0`, `bench1`, … with one password."""
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password

    from accounts.models import User

    hashed = make_password(web.PASSWORD)
    users = User.objects.bulk_create(
        User(login=f"bench{n}", email=f"bench{n}@example.kz", full_name="Бенчмарк", password=hashed)
        for n in range(USERS)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )


def asked() -> dict[str, Callable[[], None]]:
    """What is asked for, by name; known and unknown stand beside each other."""
    numbers = itertools.count()
    chance = random.Random(7)

    def post(path: str, **fields: str) -> Callable[[], None]:
        def ask() -> None:
            from django.test import Client

            n = next(numbers)
            address = ".".join(str(chance.randrange(1, 255)) for _part in range(4))
            filled = {name: value.format(n=n % USERS, u=n) for name, value in fields.items()}
            answer = Client().post(path, filled, secure=True, REMOTE_ADDR=address)
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{path} answers {answer.status_code}")

        return ask

    person = {"full_name": "Бенчмарк", "password1": web.PASSWORD, "password2": web.PASSWORD}
    sign_in = {"path": "/login/", "password": WRONG}
    return {
        "wrong password, known login": post(**sign_in, login="bench{n}"),
        "wrong password, unknown login": post(**sign_in, login="nobody{u}"),
        "wrong password, known address": post(**sign_in, login="bench{n}@example.kz"),
        "wrong password, unknown address": post(**sign_in, login="nobody{u}@example.kz"),
        "right password": post("/login/", login="bench{n}", password=web.PASSWORD),
        "register, known address": post(
            "/register/", **person, email="bench{n}@example.kz", consent="on"
        ),
        "register, unknown address": post(
            "/register/", **person, email="new{u}@example.kz", consent="on"
        ),
        "reset, known address": post("/password-reset/", email="bench{n}@example.kz"),
        "reset, unknown address": post("/password-reset/", email="nobody{u}@example.kz"),
    }


def measure() -> None:
    """Prints the median and the middle half of each, in milliseconds, and of the hash alone."""
    from django.contrib.auth.hashers import make_password

    make_users()
    works = {"the hash alone": lambda: make_password(WRONG), **asked()}
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(TURNS + 2):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn > 1:  # the first turns warm everything
                taken[name].append((time.perf_counter() - started) * 1000)
    print(f"{'':34}{'median ms':>10}{'middle half':>20}")
    for name, each in taken.items():
        low, middle, high = statistics.quantiles(each, n=4)
        print(f"{name:34}{middle:10.1f}{low:12.1f} –{high:6.1f}")
