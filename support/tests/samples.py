"""Files that people attach, and files that others send to do harm: all made here."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pikepdf
import pillow_heif
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

pillow_heif.register_heif_opener()

SECRET = "Абай даңғылы 181"  # what nobody should find in a file that is kept
# The harmless bytes that every scanner takes for malware (eicar.org), in two parts for those
# that look at this one.
EICAR = "".join((r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"))
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    output = io.BytesIO()
    picture.save(output, form, **options)
    return output.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def halves(size: tuple[int, int] = (64, 32), mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    width, height = size
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    """Where it was taken, by whom, and how the camera was held."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = "Camera"
    made[ExifTags.Base.ImageDescription] = SECRET
    made.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: (43.0, 14.0, 15.5),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: (76.0, 56.0, 42.5),
        }
    )
    return made


def xmp() -> bytes:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def red_for_blue() -> bytes:
    """A profile by which what is stored as red is seen as blue."""
    head, rest = srgb()[:128], srgb()[128:]
    swapped = rest.replace(b"rXYZ", b"----", 1).replace(b"bXYZ", b"rXYZ", 1)
    return head + swapped.replace(b"----", b"bXYZ", 1)


def jpeg(orientation: int = 1) -> bytes:
    """A photo as a phone makes it: with a place, and more behind its end."""
    made = saved(
        halves(),
        "JPEG",
        quality=95,
        exif=exif(orientation),
        icc_profile=srgb(),
        comment=SECRET.encode(),
        xmp=xmp(),
    )
    return made + SECRET.encode()


def png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET, zip=False)
    text.add_itxt("XML:com.adobe.xmp", xmp().decode())
    made = saved(halves(), "PNG", pnginfo=text, exif=exif(), icc_profile=srgb(), dpi=(72, 72))
    return made + SECRET.encode()


def heic(orientation: int = 1) -> bytes:
    """A photo as an iPhone makes it."""
    made = exif(orientation).tobytes()
    return saved(halves(), "HEIF", exif=made, xmp=xmp(), quality=95)


def pdf(**options: Any) -> bytes:
    """A blank page; the same bytes at any time, but for an encrypted one."""
    output = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(595, 842))
        document.save(output, deterministic_id="encryption" not in options, **options)
    return output.getvalue()


def protected_pdf(password: str) -> bytes:
    """Nobody opens it without the password; without one, nobody may change it."""
    return pdf(encryption=pikepdf.Encryption(owner="owner", user=password))


def archive() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as made:
        made.writestr("run.exe", b"MZ")
    return output.getvalue()


def pdf_and_archive() -> bytes:
    """An archive that begins and ends as a PDF."""
    output = io.BytesIO(pdf())
    output.seek(0, io.SEEK_END)
    with zipfile.ZipFile(output, "a") as made:
        made.writestr("run.exe", b"MZ")
        made.comment = b"\nstartxref\n9\n%%EOF\n"
    return output.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A black picture, which takes a thousand times as much memory as it is long."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _row in range(height)) + packer.flush()
    head = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, content)
        for kind, content in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", _sum(kind, content))


def _sum(kind: bytes, content: bytes) -> int:
    return zlib.crc32(kind + content)


def jpeg_of_many_scans(count: int) -> bytes:
    """A small file whose pixels are gone through again and again."""
    made = saved(Image.new("L", (6000, 6000), 128), "JPEG", progressive=True)
    last = made[made.rfind(b"\xff\xda") : -2]
    return made[:-2] + last * count + made[-2:]


def heic_of_size(width: int, height: int) -> bytes:
    """A small picture that says that it is of that size."""
    made = saved(Image.new("RGB", (64, 64)), "HEIF")
    said = b"ispe\0\0\0\0" + struct.pack("!II", 64, 64)
    return made.replace(said, said[:8] + struct.pack("!II", width, height))


def png_chunks(content: bytes) -> list[str]:
    """Their kinds, in order, up to the file's end."""
    kinds, place = [], 8
    while place < len(content):
        (length,) = struct.unpack("!I", content[place : place + 4])
        kinds.append(content[place + 4 : place + 8].decode())
        place += 12 + length
    return kinds


def jpeg_segments(content: bytes) -> set[int]:
    """The markers of the segments before the pixels."""
    markers, place = set(), 2
    while content[place + 1] != 0xDA:
        markers.add(content[place + 1])
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return markers
