"""Letters are written with what they tell of, and what a real mail server says is recorded."""

import datetime as dt
import socket
import threading
from email.utils import parsedate_to_datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from cabinet import outbox
from cabinet.letters import Content
from cabinet.models import Letter
from cabinet.outbox import NoServer, Sender, claim, post
from cabinet.tests.factories import LetterFactory
from cabinet.tests.post_office import HANG_UP, PostOffice

CONTENT = Content(
    subject="Тема",
    paragraphs=["Текст."],
    button=("Открыть", "https://cabinet.example.kz/reset/secret/"),
)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def office(settings):
    """An open mail server that the settings name."""
    office = PostOffice().open()
    send_to(office.port, settings)
    yield office
    if office.is_open:
        office.close()


def send_to(port, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.DEFAULT_FROM_EMAIL = "Кабинет <cabinet@example.kz>"


def send():
    return Sender("a worker").send_due()


def states():
    return list(Letter.objects.order_by("pk").values_list("state", "attempts", "last_error"))


def free():
    """The addresses of the letters that anybody may claim."""
    letters = Letter.objects.filter(state="waiting", leased_by="", leased_until=None)
    return [letter.recipient for letter in letters.order_by("pk")]


# Writing


def test_a_letter_goes_with_its_transaction(db):
    with transaction.atomic():
        post("a@example.kz", "test", "ru", CONTENT)
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    with transaction.atomic():
        written = post("a@example.kz", "test", "ru", CONTENT)
    assert Letter.objects.get() == written


def test_it_is_written_in_its_own_language(db):
    with translation.override("kk"):
        letter = post("a@example.kz", "test", "ru", CONTENT)
        assert translation.get_language() == "kk"
    assert letter.text.startswith("Личный кабинет\n\nТема\n")
    assert '<html lang="ru">' in letter.html
    assert (letter.kind, letter.language, letter.priority) == ("test", "ru", 0)


def test_a_subject_is_one_line(db):
    content = Content(subject="Тема\r\nBcc: evil@example.kz\n\n x", paragraphs=[])
    assert post("a@example.kz", "test", "ru", content).subject == "Тема Bcc: evil@example.kz x"


@pytest.mark.parametrize("wrong", ["a@example.kz\nBcc: b@example.kz", "a@example.kz\r"])
def test_no_header_is_smuggled_in(wrong, db):
    with pytest.raises(ValueError, match="line break"):
        post(wrong, "test", "ru", CONTENT)
    for headers in ({"X-One": wrong}, {wrong: "x"}):
        with pytest.raises(ValueError, match="line break"):
            post("a@example.kz", "test", "ru", CONTENT, headers=headers)
    assert not Letter.objects.exists()


# Claiming


def claimed(worker, count):
    return [letter.recipient for letter in claim(worker, count)]


def test_what_somebody_waits_for_goes_first(db):
    now = timezone.now()
    for name, priority, ago in (("d", 10, 9), ("b", 0, 1), ("c", 10, 90), ("a", 0, 5)):
        LetterFactory(recipient=name, priority=priority, due_at=now - ago * MINUTE)
    LetterFactory(recipient="later", due_at=now + MINUTE)
    LetterFactory(recipient="done", state="sent", done_at=now, text="", html="")
    assert claimed("one", 3) == ["a", "b", "c"]
    assert claimed("two", 3) == ["d"]
    assert claimed("two", 3) == ["d"]  # its own, which it has not handled
    assert claimed("three", 3) == []


def test_a_lease_that_has_passed_is_anothers(db):
    now = timezone.now()
    for name, until in (("dead", now), ("alive", now + MINUTE)):
        LetterFactory(recipient=name, leased_by=name, leased_until=until)
    assert claimed("one", 9) == ["dead"]
    letter = Letter.objects.get(recipient="dead")
    assert letter.leased_by == "one"
    assert abs(letter.leased_until - timezone.now() - MINUTE) < dt.timedelta(seconds=5)


@pytest.mark.django_db(transaction=True)
def test_nobody_claims_what_another_is_claiming():
    """Nor waits for it: eight workers at once get ten different letters each."""
    LetterFactory.create_batch(80)
    got = []
    together = threading.Barrier(8)

    def work(name):
        together.wait()
        got.append(claimed(name, 10))
        connection.close()

    threads = [threading.Thread(target=work, args=[f"worker {n}"]) for n in range(8)]
    with transaction.atomic():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(map(len, got)) == [10] * 8
    assert len({recipient for recipients in got for recipient in recipients}) == 80


# Sending


def test_what_arrives_is_what_was_written(db, office):
    with translation.override("kk"):
        letter = post(
            "aigul@example.kz", "test", "ru", CONTENT, headers={"List-Unsubscribe": "<https://x>"}
        )
    text, html = letter.text, letter.html
    assert send() == 1
    ((address, message),) = office.received
    assert address == "aigul@example.kz"
    assert dict(message) | {"Content-Type": "", "MIME-Version": ""} == {
        "Content-Type": "",
        "MIME-Version": "",
        "Subject": "Тема",
        "From": "Кабинет <cabinet@example.kz>",
        "To": "aigul@example.kz",
        "List-Unsubscribe": "<https://x>",
        "Message-ID": letter.message_id,
        "Date": message["Date"],
        "Content-Language": "ru",
        "Auto-Submitted": "auto-generated",
        **{name: message[name] for name in message if name.startswith("X-")},
    }
    assert letter.message_id.endswith("@example.kz>")
    assert parsedate_to_datetime(message["Date"]) == letter.created_at.replace(microsecond=0)
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == text
    assert message.get_body(("html",)).get_content().replace("\r\n", "\n") == html


def test_what_is_sent_is_recorded_and_wiped(db, office):
    LetterFactory.create_batch(3)
    assert send() == 3
    assert states() == [("sent", 1, "")] * 3
    assert set(Letter.objects.values_list("subject", "text", "html")) == {("Тақырып", "", "")}
    assert Letter.objects.filter(done_at__isnull=False, leased_by="").count() == 3
    assert send() == 0
    assert len(office.received) == 3
    assert office.connections == 1


def test_without_letters_nobody_is_called(db, office):
    assert send() == 0
    assert office.connections == 0


@pytest.mark.parametrize("stage", ["to_recipient", "to_letter"])
def test_refused_for_good(stage, db, office):
    LetterFactory(recipient="gone@example.kz")
    LetterFactory(recipient="a@example.kz")
    answers = {"gone@example.kz": "550 5.1.1 No such user, see https://x.kz/secret"}
    setattr(office, stage, lambda address: answers.get(address, "250 OK"))
    assert send() == 2
    assert states() == [("refused", 1, "550 5.1.1 No such user, see …"), ("sent", 1, "")]
    assert set(Letter.objects.values_list("text", "html")) == {("", "")}
    assert office.connections == 1


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a b@example.kz", "@example.kz"])
def test_what_is_no_address_is_refused_here(address, db, office):
    LetterFactory(recipient=address)
    LetterFactory(recipient="a@example.kz")
    send()
    assert states() == [("refused", 1, "This is not an e-mail address."), ("sent", 1, "")]
    assert office.addresses == ["a@example.kz"]


@pytest.mark.parametrize("stage", ["to_recipient", "to_letter"])
def test_refused_for_now(stage, db, office):
    letter = LetterFactory()
    setattr(office, stage, lambda address: "451 4.3.0 Try later")
    for attempt, (least, most) in enumerate([(15, 45), (30, 90), (60, 180)], start=1):
        assert send() == 1
        assert states() == [("waiting", attempt, "451 4.3.0 Try later")]
        assert free() == [letter.recipient]
        letter.refresh_from_db()
        pause = (letter.due_at - timezone.now()).total_seconds()
        assert least - 5 < pause < most
        assert send() == 0
        Letter.objects.update(due_at=timezone.now())
    setattr(office, stage, lambda address: "250 OK")
    send()
    assert states() == [("sent", 4, "")]
    assert office.times == {letter.message_id: 1}


def test_every_attempt_is_the_same_letter(db, office):
    """A server that hangs up after it has the letter gets it again, and can tell."""
    letter = LetterFactory()
    before = letter.message().message()
    Letter.objects.update(attempts=7, due_at=timezone.now())
    after = Letter.objects.get().message().message()
    for name in ("Message-ID", "Date", "To", "Subject"):
        assert before[name] == after[name]


def test_in_the_end_it_is_given_up(db, office):
    letter = LetterFactory(attempts=outbox.MOST_ATTEMPTS - 2)
    office.to_recipient = lambda address: "450 4.2.2 Mailbox full"
    send()
    assert states() == [("waiting", outbox.MOST_ATTEMPTS - 1, "450 4.2.2 Mailbox full")]
    Letter.objects.update(due_at=timezone.now())
    send()
    assert states() == [("given_up", outbox.MOST_ATTEMPTS, "450 4.2.2 Mailbox full")]
    letter.refresh_from_db()
    assert (letter.text, letter.html, letter.done_at is None) == ("", "", False)


def test_it_is_tried_for_three_days():
    pauses = [
        min(outbox.FIRST_PAUSE * 2**attempt, outbox.LONGEST_PAUSE)
        for attempt in range(outbox.MOST_ATTEMPTS - 1)
    ]
    assert dt.timedelta(days=2.5) < sum(pauses, dt.timedelta()) < dt.timedelta(days=3.5)


def test_not_all_come_again_at_once():
    first, longest = dt.timedelta(seconds=10), dt.timedelta(seconds=60)
    for times, middle in ((0, 10), (1, 20), (2, 40), (3, 60), (4, 60), (10_000, 60)):
        pauses = {outbox.pause(first, times, longest).total_seconds() for _try in range(200)}
        assert middle * 0.5 <= min(pauses) < middle * 0.6
        assert middle * 1.4 < max(pauses) <= middle * 1.5


@pytest.mark.parametrize(
    ("stage", "answer", "reason"),
    [
        ("to_letter", HANG_UP, "The mail server broke off the connection."),
        ("to_letter", "421 4.3.2 Going down", "421 4.3.2 Going down"),
        ("to_recipient", "421 4.3.2 Going down", "421 4.3.2 Going down"),
    ],
)
def test_when_the_server_goes_the_others_wait_unharmed(stage, answer, reason, db, office):
    """The letter in hand counts an attempt: should it be the cause, the others get their turn."""
    LetterFactory(recipient="first@example.kz")
    LetterFactory(recipient="culprit@example.kz")
    LetterFactory(recipient="last@example.kz")
    setattr(office, stage, lambda to: answer if to.startswith("culprit") else "250 OK")
    with pytest.raises(NoServer) as error:
        send()
    assert error.value.sent == 1
    assert states() == [("sent", 1, ""), ("waiting", 1, reason), ("waiting", 0, reason)]
    assert free() == ["culprit@example.kz", "last@example.kz"]
    assert send() == 1
    assert office.addresses == ["first@example.kz", "last@example.kz"]


@pytest.mark.parametrize("answer", ["530 5.7.0 Sign in first", "535 5.7.8 Wrong password"])
def test_when_we_are_not_let_in_no_letter_is_blamed(answer, db, office):
    LetterFactory.create_batch(2)
    office.to_recipient = lambda address: answer
    with pytest.raises(NoServer, match=answer):
        send()
    assert states() == [("waiting", 0, answer)] * 2
    assert len(free()) == 2
    office.to_recipient = lambda address: "250 OK"
    assert send() == 2


def test_when_the_server_is_gone_no_letter_is_blamed(db, office):
    LetterFactory.create_batch(2)
    office.close()
    with pytest.raises(NoServer) as error:
        send()
    assert error.value.sent == 0
    assert states() == [("waiting", 0, "The mail server cannot be reached.")] * 2
    assert len(free()) == 2


def test_a_server_that_says_nothing_counts_as_gone(db, settings):
    settings.EMAIL_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        send_to(silent.getsockname()[1], settings)
        LetterFactory()
        with pytest.raises(NoServer):
            send()
    assert states() == [("waiting", 0, "The mail server cannot be reached.")]


def test_a_letter_that_cannot_be_made_holds_up_no_other(db, office, caplog):
    LetterFactory(recipient="a@example.kz", headers={"X-Wrong": "one\ntwo"})
    LetterFactory(recipient="b@example.kz")
    send()
    assert states() == [("waiting", 1, "The letter could not be made."), ("sent", 1, "")]
    assert "could not be made" in caplog.text


def test_what_another_has_taken_over_is_not_sent(db, office):
    """While this worker was slow with the first letter, its lease of the second one passed."""
    LetterFactory(recipient="first@example.kz")
    second = LetterFactory(recipient="second@example.kz")

    def meanwhile():
        if office.received:
            Letter.objects.filter(pk=second.pk).update(leased_by="another")
        return False

    Sender("a worker", stopping=meanwhile).send_due()
    assert office.addresses == ["first@example.kz"]
    second.refresh_from_db()
    assert (second.state, second.leased_by, second.attempts) == ("waiting", "another", 0)


def test_a_worker_that_is_to_stop_gives_back_the_rest(db, office):
    LetterFactory.create_batch(5)
    Sender("a worker", stopping=lambda: len(office.received) == 2).send_due()
    assert len(office.received) == 2
    assert len(free()) == 3
    assert [state for state, _attempts, _error in states()].count("sent") == 2


def test_nothing_of_a_letter_is_logged(db, office, caplog):
    caplog.set_level("DEBUG")
    answers = iter(["250 OK", "550 no https://x/secret/", "451 no", "421 no"])
    for number in range(4):
        post(f"to{number}@example.kz", "test", "ru", CONTENT)
    office.to_letter = lambda address: next(answers)
    with pytest.raises(NoServer):
        send()
    assert [state for state, _attempts, _error in states()] == [
        "sent",
        "refused",
        "waiting",
        "waiting",
    ]
    logged = "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("cabinet")
    )
    for word in ("Текст", "secret", "example.kz"):
        assert word not in logged
    assert not Letter.objects.filter(last_error__contains="secret").exists()
