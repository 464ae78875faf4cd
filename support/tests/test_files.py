"""What is taken and what is refused, and that of what is refused nothing stays."""

import hashlib

import pikepdf
import pytest
from django.db import transaction
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import files
from support.files.refusals import REASONS
from support.models import Attachment, FileKind
from support.tests import samples
from support.tests.file_factories import (
    ApplicationFactory,
    kept_in,
    refused,
    said,
    uploaded,
)

MEGABYTE = 1 << 20
SAMPLES = [make() for make in (samples.pdf, samples.jpeg, samples.png, samples.heic)]
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    # The fixtures only put a draft in place; each example undoes what it does.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def draft(db):
    return ApplicationFactory()


# What is taken


def test_a_pdf_stays_as_it_is(draft, folder):
    content = samples.pdf()
    taken = files.take(draft, uploaded(content, "Төлем туралы түбіртек.pdf"))
    assert draft.attachments.get() == taken
    assert (taken.name, taken.kind, taken.size, taken.by_staff, taken.message) == (
        "Төлем туралы түбіртек.pdf",
        FileKind.PDF,
        len(content),
        False,
        None,
    )
    assert taken.sha256 == hashlib.sha256(content).hexdigest()
    assert kept_in(folder) == [files.path_of(taken)]
    assert files.path_of(taken).read_bytes() == content


@pytest.mark.parametrize(
    ("make", "sent", "name", "kind"),
    [
        (samples.jpeg, "есептегіш.JPEG", "есептегіш.jpg", FileKind.JPEG),
        (samples.png, "photo.pdf", "photo.png", FileKind.PNG),
        (samples.heic, "IMG_0001.HEIC", "IMG_0001.jpg", FileKind.JPEG),
    ],
)
def test_pictures_are_written_anew(draft, folder, make, sent, name, kind):
    taken = files.take(draft, uploaded(make(), sent))
    content = files.path_of(taken).read_bytes()
    assert (taken.name, taken.kind, taken.size) == (name, kind, len(content))
    assert taken.sha256 == hashlib.sha256(content).hexdigest()
    assert samples.opened(content).format == kind.name
    assert kept_in(folder) == [files.path_of(taken)]


def test_it_is_read_from_its_beginning(draft):
    sent = uploaded(samples.pdf())
    sent.read(100)
    assert files.take(draft, sent).size == len(samples.pdf())


def test_without_a_name(draft):
    sent = uploaded(samples.pdf())
    sent._name = None
    assert files.take(draft, sent).name == files.safe_name("", FileKind.PDF)


@pytest.mark.parametrize("rest", [b"", b"\n", b"\r\n\0\0", b" " * 1024])
def test_a_pdf_may_have_a_little_after_its_end(draft, rest):
    content = samples.pdf().rstrip() + rest
    assert files.take(draft, uploaded(content)).size == len(content)


@pytest.mark.parametrize("stream", [True, False], ids=["stream of places", "table of places"])
def test_pdfs_of_both_forms(draft, stream):
    mode = pikepdf.ObjectStreamMode
    content = samples.pdf(object_stream_mode=mode.generate if stream else mode.disable)
    assert (b"/XRef" in content) == stream
    assert files.take(draft, uploaded(content)).kind == FileKind.PDF


def test_a_pdf_that_tells_of_encryption_in_its_text(draft):
    head, rest = samples.pdf().split(b"\n", 1)
    content = head + b"\n% /Encrypt and /EncryptMetadata\n" + rest
    assert files.take(draft, uploaded(content)).kind == FileKind.PDF


# What is refused


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", said("empty")),
        (b"%PDF-1.7\n" + b"\0" * 10 * MEGABYTE, said("large", megabytes=10)),
        *(
            (content, said("kind"))
            for content in (
                b"\0",
                b"Hello",
                b"<!DOCTYPE html><script>alert(1)</script>",
                b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
                b"<?xml version='1.0'?><svg/>",
                b"#!/bin/sh\nrm -rf /\n",
                b"<?php system($_GET['x']);",
                b"MZ\x90\0" + b"\0" * 100,
                b"\x7fELF" + b"\0" * 100,
                b"%!PS-Adobe-3.0",
                b"GIF89a" + b"\0" * 100,
                b"RIFF\0\0\0\0WEBP",
                b"BM" + b"\0" * 100,
                b"\0\0\0\x1cftypavif" + b"\0" * 100,
                b"\0\0\0\x1cftypisom" + b"\0" * 100,
                b"{\\rtf1}",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
                samples.archive(),
                b"\0" * 1024 + samples.pdf(),
                b" " + samples.jpeg(),
            )
        ),
        (b"\n" + samples.pdf(), said("mixed_pdf")),
        (b"<html><!--" + samples.pdf(), said("mixed_pdf")),
        (b"\xff\xfe" + samples.pdf(), said("mixed_pdf")),
        (samples.archive() + samples.pdf(), said("mixed_pdf")),
        (samples.pdf() + samples.archive(), said("mixed_pdf")),
        (samples.pdf_and_archive(), said("mixed_pdf")),
        (samples.pdf().rstrip() + b"<script>" * 129, said("mixed_pdf")),
        (b"%PDF-", said("broken_pdf")),
        (samples.pdf()[:200], said("broken_pdf")),
        (samples.pdf()[:-10], said("broken_pdf")),
        (b"%PDF-1.7\n%%EOF", said("broken_pdf")),
        (samples.protected_pdf("password"), said("protected_pdf")),
        (samples.protected_pdf(""), said("protected_pdf")),
        *(
            (content, said("broken_picture"))
            for content in (
                b"\xff\xd8\xff",
                b"\xff\xd8\xff" + b"<?php system($_GET['x']);" * 100,
                b"\x89PNG\r\n\x1a\n",
                b"\0\0\0\x18ftypheic" + b"\0" * 100,
                samples.saved(samples.halves(), "JPEG")[:-100],
                samples.saved(samples.halves(), "PNG")[:-40],
                samples.heic()[:-60],
                samples.saved(samples.halves(), "AVIF").replace(b"ftypavif", b"ftypmif1"),
            )
        ),
        *(
            (content, said("pixels", side=12_000, megapixels=40))
            for content in (
                samples.png_of_size(20_000, 20_000),
                samples.png_of_size(12_001, 1),
                samples.png_of_size(1, 12_001),
                samples.png_of_size(8_000, 5_001),
                samples.heic_of_size(8_000, 5_001),
                samples.saved(samples.halves((12_001, 1)), "JPEG"),
            )
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else repr(value[:8]),
)
def test_refused(draft, folder, content, answer):
    assert refused(draft, content) == answer
    assert (Attachment.objects.count(), kept_in(folder)) == (0, [])


def test_the_largest_that_is_taken(draft):
    content = samples.pdf()
    head, rest = content.split(b"\n", 1)
    filling = b"%" + b"." * (10 * MEGABYTE - len(content) - 2) + b"\n"
    content = head + b"\n" + filling + rest
    assert files.take(draft, uploaded(content)).size == 10 * MEGABYTE
    assert refused(draft, content + b"\n")[0] == "large"


def test_the_largest_pictures_that_are_taken(draft):
    for size in ((8_000, 5_000), (12_000, 1), (1, 12_000)):
        taken = files.take(draft, uploaded(samples.png_of_size(*size)))
        assert samples.opened(files.path_of(taken).read_bytes()).size == size


def test_a_picture_that_grows_too_much(draft, folder, monkeypatch):
    monkeypatch.setattr("support.files.contents.LARGEST_KEPT", 500)
    assert refused(draft, samples.jpeg()) == said("large_picture")
    assert (Attachment.objects.count(), kept_in(folder)) == (0, [])


@EXAMPLES
@given(
    st.sampled_from([b"", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]),
    st.binary(max_size=300),
    st.sampled_from([b"", b"\nstartxref\n", b"%%EOF", b"\xff\xd9"]),
)
def test_of_any_bytes_nothing_is_taken(draft, head, content, tail):
    code, _words = refused(draft, head + content + tail)
    assert code in ("empty", "kind", "broken_pdf", "mixed_pdf", "broken_picture", "pixels")


@EXAMPLES
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_files_are_refused_or_made_whole(draft, whole, data):
    content = bytearray(whole)
    for _change in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        with transaction.atomic():
            taken = files.take(draft, uploaded(bytes(content)))
            if taken.kind != FileKind.PDF:
                samples.opened(files.path_of(taken).read_bytes())
            transaction.set_rollback(True)
    except files.Refused:
        pass


def test_words_are_the_readers(draft):
    """The same refusal, in the language in which it is read."""
    with pytest.raises(files.Refused) as caught:
        files.take(draft, uploaded(b""))
    for code in ("kk", "ru"):
        with override(code):
            assert caught.value.messages == [str(REASONS["empty"])]
