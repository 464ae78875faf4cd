"""E-receipts while workers are killed, the database goes away and people change their minds."""

import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

import environ
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from cabinet import mailings, outbox, pace
from cabinet.embedded_postgres import Cluster
from cabinet.letters import Content
from cabinet.models import Letter, Pace
from cabinet.tests.post_office import LETS_GO, TAKEN, until
from cabinet.tests.workers import all_done, an_office, cut_off, workers_of
from receipts.tests import crowd
from receipts.tests.crowd import mailing_of, receipts_in, subscribers, told_by, wanted_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SUBSCRIBERS = int(os.environ.get("SUBSCRIBERS", "200"))
KILLS = int(os.environ.get("KILLS", "8"))
SEED = int(os.environ.get("KILLS_SEED", "1"))
LEASE = 5  # seconds: longer than the database is away
UNTIL_IT_GOES_ON = 5  # seconds


@pytest.fixture
def office():
    with an_office() as office:
        yield office


@pytest.fixture
def workers(office):
    with workers_of(office) as start:
        yield start


@pytest.fixture
def restarted(transactional_db, monkeypatch):
    """Restarts the database: one of the test's own, since other runs share that of tests."""
    place = Path(tempfile.mkdtemp(prefix="cabinet-faults-"))
    place.chmod(0o755)
    cluster = Cluster(place / "var", durable=True)
    before = dict(connection.settings_dict)

    def restart():
        connection.close()
        cluster.stop()
        cluster.start()

    try:
        cluster.start()
        monkeypatch.setenv("DATABASE_URL", cluster.url())
        connection.close()
        connection.settings_dict.update(environ.Env.db_url_config(cluster.url()))
        call_command("migrate", verbosity=0)
        yield restart
    finally:
        connection.close()
        connection.settings_dict.update(before)
        cluster.stop()
        shutil.rmtree(place)


def settled(mailing):
    """Its letters by state, once it has ended."""
    mailings.settle()
    mailing.refresh_from_db()
    assert mailing.ended_at
    return mailing.counts["states"]


def in_hand(worker=""):
    """The addresses of the letters that workers are making or handing over, or that one was."""
    begun = Letter.objects.filter(state="waiting", due_at__gt=Now()).exclude(leased_by="")
    return set(begun.filter(leased_by__contains=worker).values_list("recipient", flat=True))


# Workers and the database


def test_killed_at_any_moment_everybody_gets_it(office, workers):
    deliver_while_killed(office, workers, (partial(cut_off, 0), partial(cut_off, 2)))


@pytest.mark.every
def test_killed_while_the_database_restarts_everybody_gets_it(restarted, office, workers):
    deliver_while_killed(office, workers, (restarted, restarted))


def deliver_while_killed(office, workers, gone):
    """Every letter arrives; twice one a kill at most, and only what had just been begun."""
    found, record = subscribers(SUBSCRIBERS)
    mailing = mailing_of(record)
    office.delay = 0.02
    started = time.monotonic()
    in_hands = kill_and_restart(office, workers, gone)
    office.delay = 0
    arrived(office, SUBSCRIBERS)
    until(all_done)
    seconds = time.monotonic() - started
    letters = dict(mailing.letters.values_list("recipient", "message_id"))
    wanted = {(address, letters[address], *told) for address, told in wanted_of(found).items()}
    copies = Counter(
        (address, message["Message-ID"], *told_by(message)) for address, message in office.received
    )
    assert set(copies) == wanted
    assert len(wanted) == SUBSCRIBERS
    assert settled(mailing) == {"sent": SUBSCRIBERS}
    assert mailing.total == SUBSCRIBERS
    doubles = Counter(office.addresses) - Counter(letters.keys())
    print(f"{SUBSCRIBERS} letters, {seconds:.0f} s, {KILLS} kills, {doubles.total()} doubles")
    assert doubles.total() <= KILLS
    assert doubles <= Counter(in_hands)


def kill_and_restart(office, workers, gone):
    """Kills one of two workers at so many random moments; the database goes away in between.
    The addresses of the letters that whoever was killed had begun.
    """
    rng = random.Random(SEED)  # noqa: S311 - moments, the same in every run
    share = 0.9 * SUBSCRIBERS / KILLS
    going = {KILLS * place // (len(gone) + 1): go for place, go in enumerate(gone, start=1)}
    start = partial(workers, f"--lease={LEASE}")
    two, in_hands = [start(), start()], []
    for kill in range(KILLS):
        arrived(office, int((kill + rng.random()) * share))
        if kill in going:
            going[kill]()
            arrived(office, len(office.received) + 1, UNTIL_IT_GOES_ON)
        time.sleep(rng.uniform(0, 0.1))
        assert not all_done(), f"only {kill} kills"
        victim = two.pop(rng.randrange(2))
        victim.kill()
        assert victim.wait() == -signal.SIGKILL
        in_hands += in_hand(f"-{victim.pid}-")
        two.append(start())
    return in_hands


def arrived(office, count, seconds=LETS_GO):
    """Waits for so many letters in all; fails once none has come for so long."""
    while (before := len(office.received)) < count:
        until(lambda before=before: len(office.received) > before, seconds)


# The mail server


def test_whoever_is_put_off_gets_it_later(office, workers):
    found, record = subscribers(90)
    mailing = mailing_of(record)
    put_off = {each.user.email for each in found[::3]}

    def first_no_then_yes(address):
        if address in put_off:
            put_off.remove(address)
            return "451 4.7.1 Try again later"
        return TAKEN

    office.to_recipient = first_no_then_yes
    workers(), workers()
    until(all_done, 40)
    assert sorted(office.addresses) == sorted(each.user.email for each in found)
    assert settled(mailing) == {"sent": 90}
    assert mailing.letters.filter(attempts=2).count() == 30


@pytest.mark.parametrize("answer", ["451 4.7.1 Too many letters", "421 4.7.0 Too many letters"])
def test_a_domain_that_wants_fewer_rests_while_others_get_theirs(answer, office, workers):
    found, record = subscribers(
        60, lambda number: "busy.kz" if number % 4 == 0 else "example.kz", attached=False
    )
    mailing = mailing_of(record)
    asked, is_busy = [], True

    def answered(address):
        asked.append(address)
        return answer if is_busy and address.endswith("@busy.kz") else TAKEN

    office.to_recipient = answered
    workers("--pause=1"), workers("--pause=1")
    arrived(office, 45)
    others = {each.user.email for each in found if each.user.email.endswith("@example.kz")}
    assert set(office.addresses) == others
    refused = [address for address in asked if address.endswith("@busy.kz")]
    assert pace.PATIENCE <= len(refused) <= pace.PATIENCE + 5
    assert Pace.objects.get(name="busy.kz").put_off >= pace.PATIENCE
    is_busy = False
    until(all_done, 40)
    assert sorted(office.addresses) == sorted(each.user.email for each in found)
    assert settled(mailing) == {"sent": 60}


# Before others, and not at all


def test_what_somebody_waits_for_overtakes_a_mailing(office, workers):
    _found, record = subscribers(120)
    mailing_of(record)
    office.delay = 0.05
    workers(), workers()
    overtaken = []
    for number in range(8):
        arrived(office, len(office.received) + 5)
        before, address = len(office.received), f"waits{number}@example.kz"
        outbox.post(address, "test", "kk", Content("Тақырып", ["Мәтін"]))
        until(lambda address=address: address in office.addresses)
        overtaken.append(office.addresses.index(address) - before)
    assert not all_done(), "the mailing had ended"
    assert max(overtaken) <= 6, overtaken


def test_a_paused_mailing_goes_on_when_it_is_resumed(office, workers):
    found, record = subscribers(80, attached=False)
    mailing = mailing_of(record)
    office.delay = 0.05
    workers(), workers()
    arrived(office, 20)
    assert mailings.pause(mailing)
    before = len(office.received)
    until(lambda: not in_hand())
    time.sleep(1)
    assert len(office.received) <= before + 2  # each worker had one in hand
    assert mailings.resume(mailing)
    until(all_done)
    assert sorted(office.addresses) == sorted(each.user.email for each in found)
    assert settled(mailing) == {"sent": 80}


EACH = 3  # people who do so


def test_whoever_leaves_meanwhile_gets_nothing_more(office, workers, client):
    """But what a worker had in hand at that moment."""
    found, record = subscribers(140, attached=False)
    mailing = mailing_of(record)
    by_address = {each.user.email: each for each in found}
    office.delay = 0.05
    workers(), workers()
    left, late = {}, set()
    for number, act in enumerate(crowd.LEAVING * EACH):
        arrived(office, len(office.received) + 2)
        address = somebody(mailing, left, is_claimed=number % 2 == 0)
        act(client, by_address[address])
        late |= {address} & (in_hand() | set(office.addresses))
        left[address] = act
        client.logout()
    assert not all_done(), "the mailing had ended"
    until(all_done, 40)
    times = Counter(address for address, _message in receipts_in(office.received))
    assert {address for address in left if times[address]} <= late
    assert {times[address] for address in by_address.keys() - left.keys()} == {1}
    moved = [address for address, act in left.items() if act is crowd.moves]
    assert [times[each] + times[f"new-{each}"] for each in moved] == [1] * EACH
    sent = times.total() - sum(times[each] for each in left if left[each] is crowd.deletes_the_user)
    assert settled(mailing) == {"sent": sent, "withdrawn": len(found) - EACH - sent}


def somebody(mailing, left, *, is_claimed):
    """The address of a letter that waits, of those that a worker has claimed, or of the others."""
    waiting = mailing.letters.filter(state="waiting", due_at__lte=Now())
    claimed = waiting.exclude(leased_by="") if is_claimed else waiting.filter(leased_by="")
    found = (claimed if claimed.exists() else waiting).exclude(recipient__in=left)
    return found.order_by("pk").values_list("recipient", flat=True).last()
