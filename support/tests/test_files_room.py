"""How many files are taken and how much, several at once, and what else may happen meanwhile."""

import datetime as dt
import errno
import os
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.test_register import in_threads
from support import files
from support.models import Application, Attachment
from support.tests import samples
from support.tests.file_factories import (
    ApplicationFactory,
    AttachmentFactory,
    MessageFactory,
    kept_in,
    refused,
    said,
    uploaded,
)

MEGABYTE = 1 << 20


@pytest.fixture
def draft(db):
    return ApplicationFactory()


def test_the_sixth_of_a_draft(draft, folder):
    for _number in range(5):
        files.take(draft, uploaded(samples.pdf()))
    assert refused(draft, samples.pdf()) == said("many", count=5)
    assert (draft.attachments.count(), len(kept_in(folder))) == (5, 5)
    files.take(ApplicationFactory(user=draft.user, submitted=True), uploaded(samples.pdf()))


def test_the_sixth_of_a_message(db):
    """Neither what came with the draft counts, nor what came with other messages, nor staff's."""
    application = ApplicationFactory(submitted=True)
    before = application.registered_at - dt.timedelta(minutes=1)
    AttachmentFactory.create_batch(5, application=application, at=before)
    message = MessageFactory(application=application)
    AttachmentFactory.create_batch(5, application=application, message=message)
    AttachmentFactory.create_batch(5, application=application, by_staff=True)
    for _number in range(5):
        files.take(application, uploaded(samples.pdf()))
    assert refused(application, samples.pdf()) == said("many", count=5)


def test_the_sixth_of_staff(db):
    application = ApplicationFactory(submitted=True)
    for _number in range(5):
        assert files.take(application, uploaded(samples.pdf()), by_staff=True).by_staff
    assert refused(application, samples.pdf(), by_staff=True) == said("many", count=5)
    assert not files.take(application, uploaded(samples.pdf())).by_staff


def filled(user, room):
    """An application of the user's, which leaves so much of the quota."""
    application = ApplicationFactory(user=user, submitted=True)
    size = 100 * MEGABYTE - room
    return AttachmentFactory(application=application, message=None, size=size).application


def test_the_quota_of_all_applications(draft, folder):
    size = len(samples.pdf())
    filled(draft.user, room=2 * size - 1)
    files.take(draft, uploaded(samples.pdf()))
    assert refused(draft, samples.pdf()) == said("quota", megabytes=100)
    assert (draft.attachments.count(), len(kept_in(folder))) == (1, 1)


def test_what_others_and_staff_sent_takes_none_of_the_quota(draft):
    filled(ApplicationFactory().user, room=0)
    AttachmentFactory(application=draft, by_staff=True, size=200 * MEGABYTE)
    files.take(draft, uploaded(samples.pdf()))
    filled(draft.user, room=0)
    files.take(draft, uploaded(samples.pdf()), by_staff=True)


def test_a_picture_is_not_decoded_when_there_is_no_room(draft, settings):
    settings.DOCUMENTS_FOLDER = "/proc/none"
    filled(draft.user, room=0)
    assert refused(draft, samples.jpeg()) == said("quota", megabytes=100)


@pytest.fixture
def slow_attachments(transactional_db):
    """Each attachment takes a while, so that those at once do meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END';
            CREATE TRIGGER slowly BEFORE INSERT ON support_attachment
            FOR EACH ROW EXECUTE FUNCTION slowly()"""
        )
        yield
        cursor.execute("DROP FUNCTION slowly CASCADE")


def answer(application):
    try:
        files.take(application, uploaded(samples.pdf()))
    except files.Refused as error:
        return error.code
    return "taken"


@pytest.mark.django_db(transaction=True)
def test_the_last_of_the_quota_at_once(folder, slow_attachments):
    first = ApplicationFactory(submitted=True)
    second = ApplicationFactory(user=first.user, submitted=True)
    filled(first.user, room=2 * len(samples.pdf()) - 1)
    assert sorted(in_threads(partial(answer, first), partial(answer, second))) == ["quota", "taken"]
    assert len(kept_in(folder)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_fifth_at_once(folder, slow_attachments):
    draft = ApplicationFactory()
    AttachmentFactory.create_batch(4, application=draft)
    assert sorted(in_threads(*[partial(answer, draft)] * 3)) == ["many", "many", "taken"]
    assert (draft.attachments.count(), len(kept_in(folder))) == (5, 1)


# What happens meanwhile


def test_the_application_is_deleted_meanwhile(draft, folder):
    Application.objects.filter(pk=draft.pk).delete()
    assert refused(draft, samples.pdf()) == said("gone")
    assert kept_in(folder) == []


def test_the_user_is_deleted_meanwhile(draft, folder):
    type(draft.user).objects.filter(pk=draft.user_id).delete()
    assert refused(draft, samples.pdf()) == said("gone")
    assert kept_in(folder) == []


def test_the_draft_is_submitted_meanwhile(draft):
    Application.objects.filter(pk=draft.pk).update(
        state="registered", number="2026-000001", registered_at=timezone.now(), due_on="2026-12-01"
    )
    assert refused(draft, samples.pdf()) == said("gone")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["mkdir", "open", "fsync", "rename"])
def test_a_full_disk(draft, folder, monkeypatch, code, step):
    def full(*_arguments, **_options):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as disk:
        disk.setattr(os, step, full)
        answer = refused(draft, samples.pdf())
    assert answer == said("no_room")
    assert (Attachment.objects.count(), kept_in(folder)) == (0, [])


def test_a_folder_that_cannot_be_written_to_is_no_fault_of_the_applicant(draft, settings, tmp_path):
    settings.ATTACHMENTS_FOLDER = tmp_path / "file"
    settings.ATTACHMENTS_FOLDER.write_text("")
    with pytest.raises(NotADirectoryError):
        files.take(draft, uploaded(samples.pdf()))


def test_the_row_cannot_be_written(draft, folder, monkeypatch):
    """However it fails, the file goes too."""
    monkeypatch.setattr("support.files.taking.safe_name", lambda name, kind: "x" * 201)
    with pytest.raises(Exception, match="too long"), transaction.atomic():
        files.take(draft, uploaded(samples.pdf()))
    assert (Attachment.objects.count(), kept_in(folder)) == (0, [])
