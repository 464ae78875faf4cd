"""Letters of mailings go behind all others, at a pace that mail servers bear."""

import datetime as dt
import time

import pytest
from django.db import connection
from django.utils import timezone

from cabinet import letters, mailings, pace
from cabinet.letters import Attachment, Content, Made
from cabinet.models import Letter, Mailing, Pace
from cabinet.outbox import Sender, claim, post
from cabinet.tests.factories import LetterFactory, MailingFactory
from cabinet.tests.post_office import TAKEN, unhurried

pytestmark = pytest.mark.django_db

CONTENT = Content(subject="Тема", paragraphs=["Текст."])
SLOW_DOWN = "451 4.7.1 Too many"


@pytest.fixture
def office(settings):
    with unhurried(settings) as office:
        yield office


@pytest.fixture
def made(monkeypatch):
    """Letters of the kind "made" are made when they are sent; by whom they are wanted, and what
    each came to.
    """

    class Shop:
        wanted = True
        told: list[tuple[str, str]] = []

        def make(self, letter):
            if self.wanted is None:
                return None
            return Made(
                f"new-{letter.recipient}",
                "ru",
                CONTENT,
                {"X-One": "1"},
                [Attachment("Түбіртек.pdf", b"%PDF", "application/pdf")],
                lambda: self.wanted,
            )

    shop = Shop()
    shop.told = []
    monkeypatch.setitem(letters.MAKERS, "made", shop.make)
    monkeypatch.setitem(
        letters.TOLD, "made", lambda letter, verdict: shop.told.append(str(verdict.state))
    )
    return shop


def mailed(*recipients, **fields):
    mailing = MailingFactory(**fields)
    return [LetterFactory(mailing=mailing, priority=10, recipient=each) for each in recipients]


def send():
    return Sender("a worker").send_due()


def waiting():
    found = Letter.objects.filter(state="waiting").order_by("pk")
    return list(found.values_list("recipient", flat=True))


# Behind all others


def test_what_somebody_waits_for_is_claimed_first(db):
    mailed("many@example.kz")
    LetterFactory(recipient="one@example.kz", priority=10)
    assert [each.recipient for each in claim("a worker", 20)] == ["one@example.kz"]
    Letter.objects.filter(recipient="one@example.kz").delete()
    assert [each.recipient for each in claim("a worker", 20)] == ["many@example.kz"]


def test_what_comes_in_between_is_not_kept_waiting(office):
    mailed(*(f"{number}@example.kz" for number in range(20)))

    def while_it_runs(address):
        if not Letter.objects.filter(recipient="urgent@example.kz").exists():
            LetterFactory(recipient="urgent@example.kz")
        return TAKEN

    sender = Sender("a worker")
    counted = []
    office.to_letter = lambda address: counted.append(address) or TAKEN
    original = sender._record

    def record(letter, verdict):
        original(letter, verdict)
        if len(counted) == 3:
            while_it_runs("")

    object.__setattr__(sender, "_record", record)
    sender.send_due()
    assert len(office.received) == 3
    object.__setattr__(sender, "_record", original)
    sender.send_due()
    assert office.addresses[3] == "urgent@example.kz"


def test_the_oldest_mailing_goes_first_and_a_paused_one_not_at_all(office):
    mailed("paused@example.kz", paused_at=timezone.now())
    mailed("first@example.kz")
    mailed("second@example.kz")
    while send():
        pass
    assert office.addresses == ["first@example.kz", "second@example.kz"]
    assert waiting() == ["paused@example.kz"]


# Made when they are sent


def test_it_is_made_at_the_last_moment(office, made):
    (letter,) = mailed("a@example.kz")
    Letter.objects.update(kind="made", text="", html="", subject="")
    send()
    ((address, message),) = office.received
    assert (address, message["X-One"], message["Content-Language"]) == (
        "new-a@example.kz",
        "1",
        "ru",
    )
    assert message["Message-ID"] == letter.message_id
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Түбіртек.pdf", b"%PDF")
    kept = Letter.objects.get()
    assert (kept.state, kept.recipient, kept.subject) == ("sent", "new-a@example.kz", "Тема")
    assert (kept.text, kept.html) == ("", "")
    assert made.told == ["sent"]


@pytest.mark.parametrize("wanted", [None, False], ids=["from the beginning", "at the end"])
def test_what_nobody_wants_any_more_is_withdrawn(wanted, office, made):
    mailed("a@example.kz")
    Letter.objects.update(kind="made", text="", html="")
    made.wanted = wanted
    send()
    kept = Letter.objects.get()
    assert (kept.state, kept.last_error, office.received) == (
        "withdrawn",
        "Whoever it was for no longer wants it.",
        [],
    )
    assert kept.done_at


def test_what_cannot_be_made_is_tried_again(office, monkeypatch):
    def fail(letter):
        raise RuntimeError("no font")

    monkeypatch.setitem(letters.MAKERS, "made", fail)
    mailed("a@example.kz", "b@example.kz")
    Letter.objects.filter(recipient="a@example.kz").update(kind="made")
    send()
    assert office.addresses == ["b@example.kz"]
    kept = Letter.objects.get(recipient="a@example.kz")
    assert (kept.state, kept.attempts) == ("waiting", 1)


# The pace


def test_no_more_than_so_many_a_second(office, settings):
    settings.MAIL_PER_SECOND = 20
    mailed(*(f"a@mail{number}.example.kz" for number in range(10)))
    started = time.monotonic()
    send()
    assert len(office.received) == 10
    assert time.monotonic() - started >= 9 / 20


def test_no_more_to_one_domain_and_others_meanwhile(office, settings):
    settings.MAIL_PER_SECOND_AND_DOMAIN = 10
    ahead = timezone.now() + dt.timedelta(seconds=30)  # other workers have taken turns
    Pace.objects.create(name="slow.kz", next_at=ahead)
    mailed("a@Slow.kz", "b@slow.kz", "a@other.kz", "c@slow.kz", "a@third.kz")
    send()
    assert office.addresses == ["a@other.kz", "a@third.kz"]
    assert waiting() == ["a@Slow.kz", "b@slow.kz", "c@slow.kz"]
    later = Letter.objects.filter(state="waiting").values_list("due_at", flat=True)
    assert sorted(later) == [ahead + dt.timedelta(seconds=place / 10) for place in (1, 2, 3)]
    assert not Letter.objects.exclude(leased_by="").exists()
    mailed("d@slow.kz", kind="reminder")  # gets a turn behind those
    send()
    last = Letter.objects.get(recipient="d@slow.kz").due_at
    assert last == ahead + dt.timedelta(seconds=4 / 10)


def test_a_slow_domain_is_waited_for(office, settings):
    settings.MAIL_PER_SECOND_AND_DOMAIN = 2
    mailed("a@slow.kz", "b@slow.kz", "c@slow.kz")
    started = time.monotonic()
    send()
    assert len(office.received) == 3
    assert time.monotonic() - started >= 2 / 2


def test_what_somebody_waits_for_does_not_wait_for_a_turn(office, settings):
    settings.MAIL_PER_SECOND = settings.MAIL_PER_SECOND_AND_DOMAIN = 0.01
    for number in range(3):
        post(f"{number}@example.kz", "test", "ru", CONTENT)
    send()
    assert len(office.received) == 3
    assert not Pace.objects.exists()


def test_a_domain_that_wants_less_rests(office):
    office.to_recipient = lambda address: SLOW_DOWN if "@slow.kz" in address else TAKEN
    mailed(*(f"{number}@slow.kz" for number in range(8)), "a@other.kz")
    send()
    domain = Pace.objects.get(name="slow.kz")
    assert (domain.put_off, domain.rests_until > timezone.now()) == (pace.PATIENCE, True)
    assert office.addresses == ["a@other.kz"]
    untried = Letter.objects.filter(state="waiting", attempts=0)
    assert untried.count() == 8 - pace.PATIENCE
    assert min(untried.values_list("due_at", flat=True)) >= domain.rests_until


def test_a_domain_that_takes_letters_again_is_forgiven(office):
    answers = iter([SLOW_DOWN] * 3)
    office.to_recipient = lambda address: next(answers, TAKEN)
    mailed(*(f"{number}@slow.kz" for number in range(4)))
    send()
    assert Pace.objects.get(name="slow.kz").put_off == 0


@pytest.mark.parametrize("answer", ["452 4.2.2 Mailbox full", "450 Try later", "550 5.1.1 No"])
def test_one_mailbox_is_not_its_domain(answer, office):
    office.to_recipient = lambda address: answer
    mailed(*(f"{number}@example.kz" for number in range(8)))
    send()
    assert Pace.objects.get(name="example.kz").put_off == 0


# Numbers


def test_how_far_it_is(db):
    (sent, refused, *_rest) = mailed(*(f"{number}@example.kz" for number in range(5)))
    now = timezone.now()
    done = {"text": "", "html": ""}
    Letter.objects.filter(pk=sent.pk).update(
        state="sent", done_at=now - dt.timedelta(seconds=20), **done
    )
    Letter.objects.filter(pk=refused.pk).update(
        state="refused", last_error="550 No", done_at=now - dt.timedelta(seconds=10), **done
    )
    found = mailings.progress(Mailing.objects.get())
    assert (found.total, found.sent, found.failed, found.waiting) == (5, 1, 1, 3)
    assert found.reasons == [("550 No", 1)]
    assert str(found.rate) == "0.1"
    assert 25 < (found.ends_at - now).total_seconds() < 35


def test_failed_letters_wait_anew(office):
    office.to_recipient = lambda address: "550 5.7.1 No" if address.startswith("1") else TAKEN
    mailed("1@example.kz", "2@example.kz")
    send()
    mailings.settle()
    mailing = Mailing.objects.get()
    assert mailing.counts["states"] == {"sent": 1, "refused": 1}
    assert mailings.retry(mailing) == 1
    assert Mailing.objects.get().ended_at is None


def test_the_claim_reads_as_much_as_it_takes(db):
    """However many letters of a paused mailing lie in wait."""
    paused = MailingFactory(paused_at=timezone.now())
    Letter.objects.bulk_create(
        LetterFactory.build_batch(2000, mailing=paused, priority=10), batch_size=500
    )
    mailed("a@example.kz")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cabinet_letter")
    assert [each.recipient for each in claim("a worker", 20)] == ["a@example.kz"]
