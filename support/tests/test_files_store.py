"""Where files are, who may read them, and when they go."""

import datetime as dt
import os
import stat
import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from support import files
from support.files import store
from support.models import Attachment
from support.tests import samples
from support.tests.file_factories import (
    ApplicationFactory,
    AttachmentFactory,
    kept_in,
    uploaded,
)

NOW = timezone.now()
LATER = NOW + dt.timedelta(days=2)  # a day after whatever these tests write


@pytest.fixture
def taken(db):
    return files.take(ApplicationFactory(), uploaded(samples.pdf()))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_path():
    key = uuid.UUID("ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11")
    path = files.path_of(Attachment(key=key))
    assert path.parts[-3:] == ("attachments", "ab", "ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11")


def test_only_the_servers_own_user_reads_it(folder, db):
    before = os.umask(0)
    try:
        taken = files.take(ApplicationFactory(), uploaded(samples.pdf()))
    finally:
        os.umask(before)
    path = files.path_of(taken)
    assert [mode(each) for each in (folder, path.parent, path)] == [0o700, 0o700, 0o600]


def test_removed(taken, folder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as due:
        files.remove(taken)
        assert not Attachment.objects.exists()
        assert len(kept_in(folder)) == 1
    for each in due:
        each()
    assert kept_in(folder) == []


def test_what_is_not_removed_after_all_stays(taken, folder, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        files.remove(Attachment.objects.get())
        transaction.set_rollback(True)
    assert Attachment.objects.get() == taken
    assert kept_in(folder) == [files.path_of(taken)]


def test_removing_what_has_no_file(taken, folder, django_capture_on_commit_callbacks):
    files.path_of(taken).unlink()
    with django_capture_on_commit_callbacks(execute=True):
        files.remove(taken)
    assert not Attachment.objects.exists()


# Strays


def test_a_transaction_that_comes_to_nothing_leaves_a_stray(folder, db):
    with transaction.atomic():
        taken = files.take(ApplicationFactory(), uploaded(samples.pdf()))
        transaction.set_rollback(True)
    path = files.path_of(taken)
    assert (Attachment.objects.count(), kept_in(folder)) == (0, [path])
    assert (files.strays(NOW), kept_in(folder)) == (0, [path])
    assert (files.strays(LATER), kept_in(folder)) == (1, [])


def test_what_a_killed_process_had_begun_to_write(taken, folder):
    half = files.path_of(taken).with_name(f"{taken.key}.part")
    other = folder / "ab" / "ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11.part"
    other.parent.mkdir(exist_ok=True)
    for path in (half, other):
        path.write_bytes(b"%PDF-")
    assert files.strays(NOW) == 0
    assert files.strays(LATER) == 2
    assert kept_in(folder) == [files.path_of(taken)]


def test_files_of_whoever_is_deleted_go_too(taken, folder):
    other = files.take(ApplicationFactory(), uploaded(samples.pdf()))
    taken.application.user.delete()
    assert files.strays(LATER) == 1
    assert kept_in(folder) == [files.path_of(other)]


def test_what_is_not_ours_stays(taken, folder):
    others = [
        folder / "README",
        folder / "ab" / "notes.txt",
        folder / "ab" / ".nfs0001",
        folder / "ab" / "cd0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11",
        folder / "ab" / "ab0f1c6e0d0b4c1e9a554f2f0e0a7c11",
        folder / "lost+found" / "ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11",
    ]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert files.strays(LATER) == 0
    assert kept_in(folder) == sorted([*others, files.path_of(taken)])


def test_rows_without_a_file_are_no_strays(folder, db):
    attachment = AttachmentFactory()
    assert files.strays(LATER) == 0
    assert Attachment.objects.get() == attachment


@pytest.mark.parametrize("count", [1, 5])
def test_a_folder_is_one_question(folder, db, django_assert_num_queries, count):
    for number in range(count):
        path = folder / "ab" / f"ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c{number:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    with django_assert_num_queries(1):
        assert files.strays(LATER) == count


def test_a_worker_looks_once_a_day(folder, db, monkeypatch, caplog):
    stray = folder / "ab" / "ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11"
    stray.parent.mkdir(parents=True)
    monkeypatch.setattr(store, "_next_look", 0.0)
    for there in (False, True):
        stray.write_text("")
        os.utime(stray, (0, 0))
        files.tidy()
        assert stray.exists() == there


def test_a_worker_outlives_a_folder_that_it_cannot_read(folder, db, monkeypatch, caplog):
    (folder / "ab").mkdir(parents=True)
    stray = folder / "ab" / "ab0f1c6e-0d0b-4c1e-9a55-4f2f0e0a7c11"
    stray.mkdir()
    os.utime(stray, (0, 0))
    monkeypatch.setattr(store, "_next_look", 0.0)
    files.tidy()
    (record,) = caplog.records
    assert record.getMessage().startswith("Stray attachments cannot be deleted: ")
