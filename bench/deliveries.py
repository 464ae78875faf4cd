"""How fast e-receipts go out, what a letter costs, and how long it takes to write very many.

    make bench ARGS="deliveries --subscribers 2000 --accounts 100000"

A set is loaded with 13 months of bills, everybody is subscribed, and the mailing of its last month
goes to a mail server that throws all away: by link and with the PDF attached, by one worker and by
two, in turns and without a bound on their pace; beside them, the same letters by smtplib alone.
"""

import os
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from bench.database import BASE_DIR
from bench.generate import generate

TURNS = 3
MONTHS = 13  # what the bars of a receipt show
DOMAINS = 5
FEWER = 10  # times fewer letters with the PDF attached, since each takes that much longer
COUNTED = 100  # letters whose queries are counted
CLAIMS = 50
UNBOUND = {"MAIL_PER_SECOND": "0", "MAIL_PER_SECOND_AND_DOMAIN": "0"}

PEOPLE = """
INSERT INTO accounts_user (password, is_superuser, login, email, full_name, language, is_active,
    is_staff, branch, joined_at)
SELECT '!', false, 'bench' || id, 'bench' || id || '@mail' || id % 5 || '.kz', 'Бенчмарк', 'kk',
    true, false, '', now() FROM billing_personalaccount;
INSERT INTO billing_holding (user_id, account_id, since)
SELECT u.id, a.id, now() FROM billing_personalaccount a
JOIN accounts_user u ON u.login = 'bench' || a.id;
INSERT INTO receipts_subscription (user_id, account_id, key, receipts, reminders, payments,
    language, form, attached, paper, changed_at, refused_address, refusal)
SELECT user_id, account_id, gen_random_uuid(), true, false, false, 'both', 'normal', false, true,
    now(), '', '' FROM billing_holding;
ANALYZE
"""
HOMES = """
INSERT INTO billing_personalaccount
    (number, branch_id, payer, address_kk, address_ru, opened_on, owner_since)
SELECT lpad(n::text, 9, '0'), 'A', 'Бенчмарк', '', '', '2019-03-01', '2019-03-01'
FROM generate_series(1, {accounts}) n;
INSERT INTO billing_receipt (account_id, month, number, issued_on, due_on, amount_due, made_by_id)
SELECT id, month, id::text || '-' || month, month, month, 1000, made_by
FROM billing_personalaccount,
    (VALUES ('2026-02-01'::date, NULL), ('2026-03-01', {made_by})) made (month, made_by)
"""
NO_LETTERS = "TRUNCATE receipts_delivery, cabinet_letter, cabinet_mailing"


class Sent(NamedTuple):
    """Letters a second; milliseconds of the processor a letter, of workers and of PostgreSQL; and
    megabytes of the largest worker.
    """

    rate: float
    worker: float
    database: float
    memory: float


def execute(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def mail_server() -> Iterator[int]:
    """In a process of its own, it throws letters away; its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    sink = ("-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{port}")
    process = subprocess.Popen([sys.executable, "-m", "aiosmtpd", "-n", *sink])
    try:
        for _try in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def load(accounts: int) -> Any:
    """Loads so many accounts, each with a subscriber; the import that made the last receipts."""
    from billing.exchange.load import load as load_set
    from billing.models import Import

    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        parts = Path(name, "history"), Path(name, "close")
        generate(
            {parts[0]: range(1, MONTHS), parts[1]: range(MONTHS, MONTHS + 1)}, accounts, MONTHS
        )
        for part in parts:
            report = load_set(part, "bench")
            if not report.loaded:
                raise SystemExit(f"The set is bad: {report.problems[:3]}")
    execute(PEOPLE)
    return Import.objects.latest("pk")


def write(record: Any, attached: bool, most: int) -> int:
    """The mailing of the import and no other, of so many letters at most; how many there are."""
    from django.db import transaction

    from cabinet.models import Letter
    from receipts import deliveries
    from receipts.models import Delivery, Subscription

    execute(NO_LETTERS)
    Subscription.objects.update(attached=attached)
    with transaction.atomic():
        deliveries.follow_import(record, set())
        kept = list(Letter.objects.order_by("pk").values_list("pk", flat=True)[:most])
        Delivery.objects.exclude(letter__in=kept).delete()
        Letter.objects.exclude(pk__in=kept).delete()
    execute("ANALYZE")
    return len(kept)


def send(port: int, workers: int) -> Sent:
    """All letters that wait, measured from when every worker has begun to the last letter."""
    from cabinet.models import Letter

    environment = {**os.environ, **UNBOUND, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    command = [sys.executable, "manage.py", "worker"]
    at_work = [
        subprocess.Popen(command, cwd=BASE_DIR, env=environment) for _worker in range(workers)
    ]
    ours = [each.pid for each in at_work]
    waiting, sent = (Letter.objects.filter(state=state) for state in ("waiting", "sent"))
    claimed = waiting.exclude(leased_by="").order_by().values("leased_by").distinct()
    try:
        while sent.count() < 2 * workers or claimed.count() < workers:
            time.sleep(0.02)
        before, started, first = spent(ours), time.perf_counter(), sent.count()
        while waiting.exists():
            time.sleep(0.02)
        seconds, after = time.perf_counter() - started, spent(ours)
        memory = max(map(peak, ours))
    finally:
        for each in at_work:
            each.terminate()
            each.wait()
    letters = sent.count() - first
    if Letter.objects.count() != sent.count():
        raise SystemExit("Not every letter was sent.")
    worker, database = ((new - old) / letters for old, new in zip(before, after, strict=True))
    return Sent(letters / seconds, worker, database, memory)


def spent(workers: list[int]) -> tuple[float, float]:
    """Milliseconds of the processor so far, of these processes and of PostgreSQL's for them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        backends = [pid for (pid,) in cursor]
    ticks = os.sysconf("SC_CLK_TCK") / 1000
    return sum(map(processor, workers)) / ticks, sum(map(processor, backends)) / ticks


def processor(process: int) -> int:
    """Ticks of the processor that it has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def peak(process: int) -> float:
    """Megabytes of memory at its peak."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


def queries(port: int) -> float:
    """How many a letter takes, of those that wait."""
    from django.db import connection
    from django.test import override_settings

    from cabinet.outbox import Sender

    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    sender, sent = Sender("bench"), 0
    unbound = dict.fromkeys(UNBOUND, 0)
    here = override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, **unbound)
    with here, connection.execute_wrapper(note):
        while sent < COUNTED and (some := sender.send_due()):
            sent += some
    return len(asked) / sent


def by_smtplib(port: int, count: int) -> float:
    """Letters a second, each like the first that waits."""
    from cabinet.attempts import put_into
    from cabinet.letters import MAKERS
    from cabinet.models import Letter

    letter = Letter.objects.filter(state="waiting").order_by("pk")[0]
    made = MAKERS[letter.kind](letter)
    if made is None:
        raise SystemExit("Nobody wants the first letter.")
    put_into(letter, made)
    content = letter.message(made.attachments).message().as_bytes(linesep="\r\n")
    print(f"  a letter of {len(content) / 1000:.0f} kB")
    with smtplib.SMTP("127.0.0.1", port) as server:
        started = time.perf_counter()
        for _letter in range(count):
            server.sendmail("cabinet@example.kz", [letter.recipient], content)
        return count / (time.perf_counter() - started)


def measure(subscribers: int, accounts: int) -> None:
    """Prints what it takes to send so many letters, and to write that many."""
    from bench.__main__ import clear

    record = load(subscribers)
    with mail_server() as port:
        for name, attached, most in (
            ("by link", False, subscribers),
            ("with the PDF", True, max(subscribers // FEWER, COUNTED)),
        ):
            tell(record, port, name, attached, most)
    clear()
    tell_writing(accounts)


def tell(record: Any, port: int, name: str, attached: bool, most: int) -> None:
    """One worker and two, in turns."""
    count = write(record, attached, most)
    print(f"{count:,} letters {name}, {TURNS} turns of one worker and of two")
    bare = by_smtplib(port, count)
    print(f"  queries a letter {queries(port):27.1f}")
    found: dict[int, list[Sent]] = {1: [], 2: []}
    for _turn in range(TURNS):
        for workers, each in found.items():
            write(record, attached, most)
            each.append(send(port, workers))
    for workers, each in found.items():
        rate, worker, database, memory = map(statistics.median, zip(*each, strict=True))
        turns = ", ".join(f"{sent.rate:.1f}" for sent in each)
        print(f"  letters a second, {workers} at work {rate:17.1f}   ({turns})")
        print(
            f"    ms of the processor a letter: worker {worker:.1f}, PostgreSQL {database:.1f};"
            f" a worker's memory {memory:.0f} MB"
        )
    print(f"  letters a second, smtplib alone {bare:12.1f}")


def tell_writing(accounts: int) -> None:
    """The letters of a mailing to so many, and claims among them."""
    from django.db import transaction

    from billing.models import Branch, Import
    from cabinet.models import Letter
    from cabinet.outbox import CHUNK, claim
    from receipts import deliveries

    Branch.objects.create(code="A")
    record = Import.objects.create(by="bench", name="bench", seconds=0, outcome="loaded")
    execute(HOMES.format(accounts=accounts, made_by=record.pk))
    execute(PEOPLE)
    seconds, claims = [], []
    for _turn in range(TURNS):
        execute(NO_LETTERS)
        started = time.perf_counter()
        with transaction.atomic():
            deliveries.follow_import(record, set())
        seconds.append(time.perf_counter() - started)
    for _claim in range(CLAIMS):
        started = time.perf_counter()
        claim("bench" * 2, CHUNK)
        claims.append((time.perf_counter() - started) * 1000)
    turns = ", ".join(f"{each:.2f}" for each in seconds)
    print(
        f"{Letter.objects.count():,} letters written: {statistics.median(seconds):.2f} s ({turns})"
    )
    print(f"a claim of {CHUNK} among them: {statistics.median(claims):.1f} ms")
