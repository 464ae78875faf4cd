"""A set may be a zip with its files at the root; what is unsafe in it is refused unread."""

import struct
import zipfile
import zlib

import pytest

from billing.models import Import
from billing.tests import exchange_sets as sets
from billing.tests.exchange_sets import of

pytestmark = pytest.mark.django_db

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def pack(path, *entries):
    """A zip of names and contents, which it returns."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def pack_set(path, files):
    folder = sets.write(path.with_suffix(".files"), files)
    return pack(path, *((found.name, found.read_bytes()) for found in folder.iterdir()))


def patch(path, at_local, at_central, form, change):
    """Changes a figure of the first entry, in both of its headers."""
    content = bytearray(path.read_bytes())
    for sign, at in ((LOCAL, at_local), (CENTRAL, at_central)):
        place = content.index(sign) + at
        (figure,) = struct.unpack_from(form, content, place)
        struct.pack_into(form, content, place, change(figure))
    path.write_bytes(content)
    return path


@pytest.fixture
def changed(loaded):
    """A set in which one payment has changed."""
    of(loaded, "payments", id="P4")["amount"] = "501"
    return {"payments": loaded["payments"]}


@pytest.fixture
def refuse_zip(import_billing):
    """Imports what is no set: exit 2 and a reason, and nothing is changed; the reason."""

    def refused(path):
        before = sets.physical_rows()
        code, out, err = import_billing(path)
        assert (code, out) == (2, "")
        assert sets.physical_rows() == before
        assert Import.objects.get(name=path.name).outcome == "not_a_set"
        return err

    return refused


def test_a_zip_loads_like_the_folder(nothing_loaded, import_billing, tmp_path):
    files = sets.small_set()
    path = pack_set(tmp_path / "set.zip", files)
    assert import_billing(path)[0] == 0
    assert sets.holds(files)
    report = sets.load(path)
    assert {name: counts.same for name, counts in report.counts.items()} == {
        name: len(content) for name, content in files.items()
    }


def test_rejects_of_a_zip_are_written_like_those_of_a_folder(changed, import_billing, tmp_path):
    of(changed, "payments", id="P4")["amount"] = "much"
    path = pack_set(tmp_path / "set.zip", changed)
    assert import_billing(path, "--rejects", str(tmp_path / "rejects"))[0] == 1
    assert [row["id"] for row in sets.read(tmp_path / "rejects" / "payments.csv")] == ["P4"]


@pytest.mark.parametrize(
    "name",
    [
        "set/payments.csv",
        "../payments.csv",
        "/payments.csv",
        "./payments.csv",
        "..\\payments.csv",
        "set\\payments.csv",
        "C:\\payments.csv",
        "C:payments.csv",
        "payment.csv",
        "payments.csv.exe",
        "notes.txt",
        "__MACOSX/",
    ],
)
def test_only_known_files_lie_at_the_root(changed, refuse_zip, tmp_path, name):
    path = pack_set(tmp_path / "set.zip", changed)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"")
    assert name in refuse_zip(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_is_there_once(changed, refuse_zip, tmp_path):
    path = pack_set(tmp_path / "set.zip", changed)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("payments.csv", "")
    assert "payments.csv" in refuse_zip(path)


def test_an_empty_zip(loaded, refuse_zip, tmp_path):
    assert "set.zip" in refuse_zip(pack(tmp_path / "set.zip"))


@pytest.mark.parametrize("content", [b"", b"PK", b"account,id\n" * 99], ids=["empty", "PK", "CSV"])
def test_what_is_no_zip(loaded, refuse_zip, tmp_path, content):
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    assert "set.zip" in refuse_zip(path)


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_truncated_zip(changed, refuse_zip, tmp_path, part):
    path = pack_set(tmp_path / "set.zip", changed)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert "set.zip" in refuse_zip(path)


@pytest.mark.parametrize("at", [0, 40, 100])
def test_a_broken_zip(changed, refuse_zip, tmp_path, at):
    path = pack_set(tmp_path / "set.zip", changed)
    content = bytearray(path.read_bytes())
    content[content.index(b"payments.csv") + len("payments.csv") + at] ^= 0x55
    path.write_bytes(content)
    assert "payments.csv" in refuse_zip(path)


def test_an_encrypted_zip(changed, refuse_zip, tmp_path):
    path = patch(pack_set(tmp_path / "set.zip", changed), 6, 8, "<H", lambda flags: flags | 1)
    assert "payments.csv" in refuse_zip(path)


def test_a_zip_packed_in_an_unknown_way(changed, refuse_zip, tmp_path):
    path = patch(pack_set(tmp_path / "set.zip", changed), 8, 10, "<H", lambda method: 97)
    assert "payments.csv" in refuse_zip(path)


@pytest.mark.parametrize("less", [1, 50])
def test_a_file_has_more_bytes_than_the_zip_declares(changed, refuse_zip, tmp_path, less):
    path = patch(pack_set(tmp_path / "set.zip", changed), 22, 24, "<I", lambda size: size - less)
    assert "payments.csv" in refuse_zip(path)


@pytest.mark.parametrize("name", ["payments.csv", "totals.csv"])
def test_a_file_compressed_over_a_hundred_to_one(loaded, refuse_zip, tmp_path, name):
    header = ",".join(sets.COLUMNS["payments"]) + "\n"
    line = f"{sets.FIRST},P9,EL,2026-04-01,2026-04,5,HAL\n"
    path = pack(tmp_path / "set.zip", (name, header + 50_000 * line))
    with zipfile.ZipFile(path) as archive:
        (entry,) = archive.infolist()
    assert entry.file_size > 100 * entry.compress_size
    assert name in refuse_zip(path)


def hand_made(path, content, declared, method=8):
    """A zip whose only file declares another size, with the checksum of what it declares."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush() if method == 8 else content
    checksum = zlib.crc32(content[:declared])
    fixed = struct.pack("<HHHHHIII", 20, 0, method, 0, 33, checksum, len(packed), declared)
    name = b"banks.csv"
    local = b"PK\3\4" + fixed + struct.pack("<HH", len(name), 0) + name + packed
    central = b"PK\1\2" + struct.pack("<H", 20) + fixed
    central += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + b"PK\5\6" + end)
    return path


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
@pytest.mark.parametrize("beyond", [b"Q8,a,b\n", b"\n" * 5_000_000], ids=["a-row", "a-bomb"])
def test_more_bytes_than_the_zip_declares(loaded, tmp_path, import_billing, method, beyond):
    content = b"code,name_kk,name_ru\nQ7,a,b\n"
    path = hand_made(tmp_path / "set.zip", content + beyond, len(content), method)
    before = sets.physical_rows()
    assert import_billing(path)[0] == 2
    assert sets.physical_rows() == before


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
def test_fewer_bytes_than_the_zip_declares(loaded, tmp_path, import_billing, method):
    content = b"code,name_kk,name_ru\nQ7,a,b\n"
    path = hand_made(tmp_path / "set.zip", content, len(content) + 5, method)
    assert import_billing(path)[0] == 2


def test_packed_in_a_way_that_is_not_taken(loaded, tmp_path, import_billing):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("banks.csv", "code,name_kk,name_ru\n")
    code, _out, err = import_billing(path, "--language", "ru")
    assert (code, err) == (2, "banks.csv упакован неизвестным способом.\n")


def test_a_name_that_is_no_text(loaded, tmp_path, import_billing):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("баnks.csv", "code\n")
    content = path.read_bytes().replace("баnks".encode(), b"\xff\xff\xff\xffnks", 1)
    path.write_bytes(content)
    assert import_billing(path)[0] == 2
