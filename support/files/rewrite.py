"""A program: the picture at its input is written anew to its output, upright, pixels alone.

It may use only so much memory and time, and can write no file, so that a hostile picture harms
nothing but this process. Where there is no picture it ends with 1 and says `pixels` or `broken`.

    python rewrite.py PNG|JPEG|HEIF MOST_PIXELS LONGEST_SIDE MEMORY SECONDS
"""

import io
import resource
import sys
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

QUALITY = 85  # of a JPEG
PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # Pillow's, as they are; others become one


def main(form: str, *limits: str) -> None:
    """Ends with 0 and the picture, or with 1 and why there is none."""
    most_pixels, longest_side, memory, seconds = map(int, limits)
    _bound(memory, seconds)
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = most_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    too_many = (Image.DecompressionBombWarning, Image.DecompressionBombError, TooManyPixels)
    try:
        written = _written(_opened(sys.stdin.buffer.read(), form, most_pixels, longest_side), form)
    except too_many:
        sys.exit(_told("pixels"))
    except Exception:  # decoders raise whatever they like
        sys.exit(_told("broken"))
    sys.stdout.buffer.write(written)


class TooManyPixels(Exception):
    """The picture is larger than it may be."""


def _told(reason: str) -> int:
    sys.stdout.write(reason)
    return 1


def _bound(memory: int, seconds: int) -> None:
    """Before anything is loaded that could need more."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _opened(content: bytes, form: str, most_pixels: int, longest_side: int) -> "Image.Image":
    """The picture, its first one if there are several; decoded once its size is known."""
    from PIL import Image

    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    picture = Image.open(io.BytesIO(content), formats=[form])
    for _time in ("as it says", "as it is"):  # those of a HEIC may differ
        if max(picture.size) > longest_side or picture.width * picture.height > most_pixels:
            raise TooManyPixels
        picture.load()
    return picture


def _written(picture: "Image.Image", form: str) -> bytes:
    from PIL import ImageOps

    with suppress(Exception):  # a damaged EXIF turns nothing
        ImageOps.exif_transpose(picture, in_place=True)
    picture = _in_usual_colours(picture)
    picture.info = {name: value for name, value in picture.info.items() if name == "transparency"}
    output = io.BytesIO()
    if form == "PNG":
        _as_png(picture).save(output, "PNG")
    else:
        _as_jpeg(picture).save(output, "JPEG", quality=QUALITY)
    return output.getvalue()


def _in_usual_colours(picture: "Image.Image") -> "Image.Image":
    """Those of sRGB, since the profile does not come along; as they are if it is of no use."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        with suppress(Exception):
            turned = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGBA" if picture.mode == "RGBA" else "RGB",
            )
            return turned or picture
    return picture


def _as_png(picture: "Image.Image") -> "Image.Image":
    if picture.mode in PNG_MODES:
        return picture
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _as_jpeg(picture: "Image.Image") -> "Image.Image":
    """What is seen through it is white."""
    from PIL import Image

    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture if picture.mode == "L" else picture.convert("RGB")


if __name__ == "__main__":
    main(*sys.argv[1:])
