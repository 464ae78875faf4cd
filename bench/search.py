"""How fast support staff find an account among so many, by each kind of search.

Some names and streets are ten times as frequent as others. `search` is what the database is asked,
`page` the admin's page with what was found.
"""

import re
import statistics
import time
from collections.abc import Callable
from random import Random

from bench import table, web

TURNS = 25

MOST = 100  # milliseconds


def searches() -> dict[str, Callable[[Random], str]]:
    """What is typed, by kind; each time for another account."""
    from django.db.models import Max, Min

    from billing.models import PersonalAccount

    ends = PersonalAccount.objects.aggregate(first=Min("pk"), last=Max("pk"))

    def drawn(random: Random) -> PersonalAccount:
        pk = random.randrange(ends["first"], ends["last"])
        return PersonalAccount.objects.filter(pk__gte=pk).order_by("pk")[0]

    def payer(random: Random, *letters: int) -> str:
        names = drawn(random).payer.split()
        return " ".join(name[:some] for name, some in zip(names, letters, strict=False))

    def address(random: Random, column: str) -> str:
        return getattr(drawn(random), column)

    def serial(random: Random) -> str:
        return drawn(random).meters.all()[0].serial

    def short(random: Random) -> str:
        _town, street, house, flat = re.split(", *", address(random, "address_ru"))
        return f"{street[4:]} {house[3:]} {flat[4:]}"

    return {
        "nothing typed": lambda random: "",
        "number": lambda random: drawn(random).number,
        "number, 3 digits of it": lambda random: drawn(random).number[:3],
        "number, 6 digits of it": lambda random: drawn(random).number[:6],
        "serial number": serial,
        "serial number, 3 digits of it": lambda random: serial(random)[-8:][:3],
        "number and serial number": lambda random: f"{drawn(random).number} {serial(random)}",
        "payer, whole": lambda random: payer(random, 99, 99, 99),
        "payer, name first": lambda random: " ".join(payer(random, 99, 99).split()[::-1]),
        "payer, beginnings": lambda random: payer(random, 5, 4),
        "payer, surname and initials": lambda random: payer(random, 99, 1, 1),
        "payer and number": lambda random: f"{payer(random, 99)} {drawn(random).number[:5]}",
        "address, street house flat": short,
        "address in Kazakh, whole": lambda random: address(random, "address_kk"),
        "address in Russian, whole": lambda random: address(random, "address_ru"),
        "payer and address": lambda random: f"{payer(random, 99)} {short(random)}",
        "frequent surname": lambda random: "ахмет",
        "frequent name": lambda random: "нұрлан",
        "frequent town": lambda random: "алматы",
        "frequent words": lambda random: "алматы абай ахмет нұр",
        "two towns": lambda random: "алматы қаскелең",
        "a kind alone": lambda random: "пәтер",
        "three letters": lambda random: random.choice(("сер", "нұр", "айг", "бат", "ұлы")),
        "two letters": lambda random: random.choice(("ал", "кв", "би", "ул")),
        "one letter": lambda random: random.choice("агдкс"),
        "two digits": lambda random: str(random.randrange(10, 100)),
        "no such word": lambda random: f"жоқсөз{random.random()}",
        "no such word beside a frequent one": lambda random: "алматы жоқсөз",
        "no such number": lambda random: f"9{random.randrange(10**18)}",
    }


def measure(accounts: int) -> None:
    """Prints milliseconds by kind: the median and the worst of the search, and of the page."""
    from django.test import Client

    from accounts.models import User
    from billing import search
    from billing.models import PersonalAccount
    from cabinet.tests import people

    client = Client()
    staff = User.objects.filter(login="search").first() or User.objects.create_superuser(
        "search", "search@example.kz", web.PASSWORD
    )
    client.force_login(staff)
    session = client.session
    session.update(people.second_step_of(staff))
    session.save()

    def asked(text: str) -> None:
        found = PersonalAccount.objects.filter(pk__in=search.find(text))
        list(found.select_related("branch"))

    def page(text: str) -> None:
        path = "/admin/billing/personalaccount/"
        if client.get(path, {"q": text}, secure=True).status_code != 200:
            raise SystemExit(f"No page for {text!r}.")

    page("")
    worst = 0.0
    print(f"{accounts:,} accounts, {TURNS} times each; ms{'search, worst':>32}{'page, worst':>17}")
    for kind, typed in searches().items():
        random = Random(1)
        texts = [typed(random) for _turn in range(TURNS)]
        figures = [
            f(taken)
            for taken in (times(asked, texts), times(page, texts))
            for f in (statistics.median, max)
        ]
        worst = max(worst, figures[0])
        scans = ", read row by row!" if scanned(texts[0]) else ""
        print(f"{kind:36}" + "".join(f"{figure:10.1f}" for figure in figures) + scans)
    table.at_most(
        f"staff search among {accounts:,}, the slowest kind".replace(",", " "), worst, MOST, " ms"
    )


def times(work: Callable[[str], None], texts: list[str]) -> list[float]:
    """Milliseconds of each."""
    taken = []
    for text in texts:
        started = time.perf_counter()
        work(text)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def scanned(text: str) -> bool:
    """Whether a query of the search reads a whole table."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from billing import search

    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        search.find(text)
        plans = []
        with connection.cursor() as cursor:
            for query in [each["sql"] for each in asked.captured_queries]:
                if query.startswith("SELECT"):
                    cursor.execute(f"EXPLAIN {query}")
                    plans += [line for (line,) in cursor]
    return any("Seq Scan" in line for line in plans)
