"""Pictures that are to do harm, or come too many at once."""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading
import tracemalloc

import pytest
from PIL import Image

from support import files
from support.files import pictures
from support.files.refusals import REASONS
from support.tests import samples
from support.tests.samples import opened, saved

PICTURE_MEGABYTES = 500  # that the process may need; MEMORY is where it is stopped

# Runs a program on its input; what it says, and the megabytes that it needed.
MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run(json.loads(sys.argv[1]), input=sys.stdin.buffer.read(), capture_output=True)
needed = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps([done.returncode, done.stdout[:10].decode("latin-1"), needed]))
"""


@pytest.fixture(autouse=True)
def turns(settings, tmp_path):
    settings.DOCUMENTS_FOLDER = tmp_path / "turns"
    return settings.DOCUMENTS_FOLDER


def refusal(content, form):
    with pytest.raises(files.Refused) as caught:
        pictures.written_anew(content, form)
    return caught.value.code


def measured(content, form):
    """The program's exit code, the beginning of what it says, and the megabytes it needed."""
    command = [sys.executable, "-I", "-c", MEASURED, json.dumps(pictures.command(form))]
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda: samples.png_of_size(20_000, 20_000), "PNG"),
        (lambda: samples.heic_of_size(20_000, 20_000), "HEIF"),
    ],
    ids=["PNG", "HEIC"],
)
def test_a_bomb_is_not_decoded(make, form):
    content = make()
    assert len(content) < 100_000
    code, said, megabytes = measured(content, form)
    assert (code, said) == (1, "pixels")
    assert megabytes < 60
    tracemalloc.start()
    assert refusal(content, form) == "pixels"
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_heic_that_is_larger_than_it_says():
    content = samples.saved(Image.new("RGB", (2048, 2048)), "HEIF")
    said = b"ispe\0\0\0\0" + (2048).to_bytes(4) * 2
    assert said in content
    content = content.replace(said, said[:8] + (64).to_bytes(4) * 2)
    assert refusal(content, "HEIF") == "broken_picture"


@pytest.mark.slow
def test_a_picture_with_the_most_pixels_fits_in_the_memory():
    size = (8_000, 5_000)
    clear = saved(
        Image.new("RGBA", size, (1, 2, 3, 4)),
        "PNG",
        compress_level=1,
        icc_profile=samples.srgb(),
        exif=samples.exif(6),
    )
    printed = saved(Image.new("CMYK", size), "JPEG", icc_profile=samples.srgb())
    for content, form in ((clear, "PNG"), (printed, "JPEG")):
        code, _said, megabytes = measured(content, form)
        assert code == 0
        assert megabytes < PICTURE_MEGABYTES


def test_one_that_needs_too_much_memory_is_refused(monkeypatch):
    content = saved(Image.new("RGB", (6_000, 6_000)), "JPEG")
    monkeypatch.setattr(pictures, "MEMORY", 150 << 20)
    assert refusal(content, "JPEG") == "broken_picture"


def test_one_that_takes_too_long_is_refused(monkeypatch, caplog):
    content = samples.jpeg_of_many_scans(1000)
    assert len(content) < 1 << 20
    monkeypatch.setattr(pictures, "SECONDS", 1)
    assert refusal(content, "JPEG") == "broken_picture"
    assert [record.getMessage() for record in caplog.records] == [
        "A picture ended its process with -9: "
    ]


def test_one_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE", 0.5)
    assert refusal(samples.jpeg_of_many_scans(1000), "JPEG") == "broken_picture"


def test_the_program_knows_nothing_of_ours_and_writes_no_file(tmp_path):
    """Said by itself: what a hostile picture could make it do."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import rewrite;"
        "rewrite._bound(1 << 30, 5); print(sorted(set(os.environ) - {'LC_CTYPE'}), flush=True);"
        "os.write(os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY), b'x')"
    )
    program = str(pictures.PROGRAM.parent)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code, program, str(tmp_path / "file")],
        env={},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n"
    assert "File too large" in done.stderr
    assert (tmp_path / "file").read_text() == ""


# Turns


@pytest.fixture
def held(turns):
    """All turns, as other processes hold them; each ends when its file is closed."""
    turns.mkdir()
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(_held(turns / f"picture-{place}.lock"))
            for place in range(pictures.AT_ONCE)
        ]


def _held(path):
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def test_only_so_many_at_once(held, monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE", 0.1)
    with pytest.raises(files.Refused) as caught:
        pictures.written_anew(samples.png(), "PNG")
    assert caught.value.messages == [str(REASONS["busy"])]


def test_whoever_waits_gets_the_turn(held, turns):
    release = threading.Timer(0.3, held[0].close)
    release.start()
    assert opened(pictures.written_anew(samples.png(), "PNG")).size == (64, 32)
    release.join()
    assert sorted(os.listdir(turns)) == ["picture-0.lock", "picture-1.lock"]
