"""How fast support staff find an account among so many, by each kind of search.

    make bench ARGS="search --accounts 1000000"

Payers, addresses and serial numbers are drawn by the database, some words ten times as often
as others. `search` is what the database is asked, `page` the admin's page with what was found.
"""

import re
import statistics
import time
from collections.abc import Callable
from random import Random

TURNS = 25

STEMS = (
    "Ахмет Омар Қасым Сүлеймен Ғабдулл Жүніс Мұқан Нұрпейіс Оңғар Шәріп Өтеген Іскендір Үсен Ысқақ"
    " Әбдірахман Құдайберген Иван Петр Сидор Смағұл Тілеу Байжан Ержан Жақсылық Есім Сағын Мырза"
)
ENDINGS = "ов баев беков ғалиев жанов әлиев ханов ин"
MEN = (
    "Нұрлан Сергей Ұлан Алексей Қайрат Әділ Ерлан Дәулет Асхат Бауыржан Марат Серік Өркен Шыңғыс"
    " Ғани Еңсеген Жәнібек Пётр Иван Данияр Тимур Руслан Азамат Болат Ринат"
)
WOMEN = (
    "Айгүл Мәдина Гүлнәр Әлия Айнұр Сәуле Динара Іңкәр Һадиша Ұлжан Қымбат Жансұлу Виктория Ирина"
    " Алёна Айжан Зәуре Жанар Назгүл Ақмарал Светлана Ольга Бибігүл Раушан"
)
FATHERS = (
    "Ғалым Бейбіт Нұрғали Қанат Әшім Сәкен Ұлықпан Серік Марат Болат Ерлан Қайрат Асқар Талғат"
    " Мұрат Жомарт Кәрім Рахым Сапар Тұрсын"
)
TOWNS = "Алматы Қаскелең Талғар Есік"
STREETS = (
    "Абай Қабанбай Өтеген Жібек Әуезов Гагарин Пушкин Достық Сейфуллин Райымбек Төле Қазыбек"
    " Әйтеке Шевченко Байтұрсынов Жандосов Тимирязев Розыбакиев Мәуленов Самал Орбита Ақсай Мамыр"
    " Таугүл Алмагүл Наурызбай Панфилов Фурманов Масанчи Мұқанов Жамбыл Шалқар Аққайың Бостандық"
)
FURTHER = "бұлақ батыр жолы шығыс батыс тау төбе сай дала би 2 3 4"

DRAWING = """
CREATE FUNCTION pg_temp.below(top int, key bigint) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(key, top) & 1073741823)::int % top $$;
CREATE FUNCTION pg_temp.one(words text, key bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT w[1 + floor(cardinality(w) * (hashint8extended(key, length(words)) & 65535)^2
                      / 4294967296.0)::int] FROM string_to_array(words, ' ') w $$;
"""
ACCOUNTS = """
INSERT INTO billing_personalaccount
    (number, branch_id, payer, address_kk, address_ru, opened_on, owner_since)
SELECT lpad((n * 7919 %% 1000000000)::text, 9, '0'), 'A',
    surname || CASE WHEN woman THEN 'а ' ELSE ' ' END || name || ' ' || father
        || CASE WHEN woman THEN 'қызы' ELSE 'ұлы' END,
    town || ' қ., ' || street || ' көш., ' || house || '-үй, ' || flat || '-пәтер',
    'г. ' || town || ', ул. ' || street || ', д. ' || house || ', кв. ' || flat,
    '2019-03-01', '2019-03-01'
FROM (SELECT n, woman, pg_temp.one(%(stems)s, n) || pg_temp.one(%(endings)s, n) AS surname,
        pg_temp.one(CASE WHEN woman THEN %(women)s ELSE %(men)s END, n) AS name,
        pg_temp.one(%(fathers)s, n) AS father, pg_temp.one(%(towns)s, n) AS town,
        pg_temp.one(%(streets)s, n) || ' ' || pg_temp.one(%(further)s, n) AS street,
        1 + pg_temp.below(200, n) AS house, 1 + pg_temp.below(120, n) AS flat
    FROM (SELECT n, pg_temp.below(2, n) = 0 AS woman
          FROM generate_series(1::bigint, %(accounts)s) n) AS homes) AS people
"""
METERS = """
INSERT INTO billing_meter (account_id, serial, service_id, model, digits, ratio, installed_on)
SELECT id, CASE WHEN id % 50 = 0 THEN 'АЕ-' ELSE '' END || (pg_temp.below(89999999, id) + 10000000),
    'EL', '', 6, 1, '2019-03-01'
FROM billing_personalaccount
"""


def make(accounts: int) -> None:
    """So many accounts, each with a meter."""
    from django.db import connection

    from billing.models import Branch

    Branch.objects.create(code="A")
    words = {
        **{"stems": STEMS, "endings": ENDINGS, "men": MEN, "women": WOMEN, "fathers": FATHERS},
        **{"towns": TOWNS, "streets": STREETS, "further": FURTHER, "accounts": accounts},
    }
    with connection.cursor() as cursor:
        cursor.execute(DRAWING)
        cursor.execute(ACCOUNTS, words)
        cursor.execute(METERS)
        cursor.execute("VACUUM ANALYZE billing_personalaccount, billing_meter")


def searches(accounts: int) -> dict[str, Callable[[Random], str]]:
    """What is typed, by kind; each time for another account."""
    from billing.models import PersonalAccount

    first = PersonalAccount.objects.order_by("pk").values_list("pk", flat=True)[0]

    def drawn(random: Random) -> PersonalAccount:
        return PersonalAccount.objects.get(pk=first + random.randrange(accounts))

    def payer(random: Random, *letters: int) -> str:
        names = drawn(random).payer.split()
        return " ".join(names[place][:some] for place, some in enumerate(letters))

    def address(random: Random, column: str) -> str:
        return getattr(drawn(random), column)

    def serial(random: Random) -> str:
        return drawn(random).meters.get().serial

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
    from django.core.management import call_command
    from django.test import Client

    from accounts.models import User
    from billing import search
    from billing.models import PersonalAccount
    from cabinet.serve import collect_static

    call_command("catalogues", verbosity=0)
    collect_static()
    client = Client()
    client.force_login(User.objects.create_superuser("bench", "b@example.kz", "bench-only-1"))

    def asked(text: str) -> None:
        found = PersonalAccount.objects.filter(pk__in=search.find(text))
        list(found.select_related("branch"))

    def page(text: str) -> None:
        path = "/admin/billing/personalaccount/"
        if client.get(path, {"q": text}, secure=True).status_code != 200:
            raise SystemExit(f"No page for {text!r}.")

    page("")
    print(f"{accounts:,} accounts, {TURNS} times each; ms{'search, worst':>32}{'page, worst':>17}")
    for kind, typed in searches(accounts).items():
        random = Random(1)
        texts = [typed(random) for _turn in range(TURNS)]
        figures = [
            f(taken)
            for taken in (times(asked, texts), times(page, texts))
            for f in (statistics.median, max)
        ]
        scans = ", read row by row!" if scanned(texts[0]) else ""
        print(f"{kind:36}" + "".join(f"{figure:10.1f}" for figure in figures) + scans)


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
