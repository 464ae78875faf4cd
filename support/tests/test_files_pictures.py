"""A picture is written anew: upright, in usual colours, and nothing of it but what is seen."""

import pytest
from PIL import Image, ImageOps

from support.files import pictures
from support.tests import samples
from support.tests.samples import BLUE, RED, WHITE, halves, opened, saved

METHODS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # by which an upright picture becomes what a camera stores


@pytest.fixture(autouse=True)
def turns(settings, tmp_path):
    settings.DOCUMENTS_FOLDER = tmp_path / "turns"
    return settings.DOCUMENTS_FOLDER


def written(content, form):
    return pictures.written_anew(content, form)


def pixels(picture):
    return list(picture.get_flattened_data())


def near(found, wanted):
    return all(abs(one - other) < 12 for one, other in zip(found, wanted, strict=True))


def ends(picture):
    """The colours at its left and its right end; of a tall one, at its top and its bottom."""
    width, height = picture.size
    middle = (height if width > height else width) // 2
    last = max(width, height) - 3
    places = ((2, middle), (last, middle)) if width > height else ((middle, 2), (middle, last))
    return [
        next(
            name
            for name, colour in (("red", RED), ("blue", BLUE), ("white", WHITE))
            if near(picture.convert("RGB").getpixel(place), colour)
        )
        for place in places
    ]


# Nothing but the picture


@pytest.mark.parametrize(
    ("make", "form", "found"),
    [(samples.jpeg, "JPEG", "JPEG"), (samples.png, "PNG", "PNG"), (samples.heic, "HEIF", "JPEG")],
)
def test_nothing_is_in_it_but_what_is_seen(make, form, found):
    content = make()
    assert samples.SECRET.encode() in content
    assert opened(content).getexif().get_ifd(0x8825)  # the place
    kept = written(content, form)
    picture = opened(kept)
    assert (picture.format, picture.size, ends(picture)) == (found, (64, 32), ["red", "blue"])
    assert not picture.getexif()
    assert {*picture.info} <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for trace in (samples.SECRET.encode(), b"Exif", b"Camera", b"xmp", b"ICC", b"sRGB"):
        assert trace not in kept


def test_a_jpeg_has_only_the_segments_of_its_pixels():
    kept = written(samples.jpeg(), "JPEG")
    # APP0 (JFIF), quantization, frame, Huffman tables
    assert samples.jpeg_segments(kept) == {0xE0, 0xDB, 0xC0, 0xC4}
    assert kept.endswith(b"\xff\xd9")
    assert {0xE1, 0xE2, 0xFE} <= samples.jpeg_segments(samples.jpeg())


def test_a_png_has_only_the_chunks_of_its_pixels():
    assert samples.png_chunks(written(samples.png(), "PNG")) == ["IHDR", "IDAT", "IEND"]


# Upright


@pytest.mark.parametrize("orientation", METHODS)
def test_it_is_turned_as_the_camera_was_held(orientation):
    upright = Image.new("RGB", (3, 2))
    upright.putdata([(place * 40, 0, 255 - place * 40) for place in range(6)])
    method = METHODS[orientation]
    stored = upright.transpose(method) if method is not None else upright
    kept = opened(written(saved(stored, "PNG", exif=samples.exif(orientation)), "PNG"))
    assert (kept.size, pixels(kept)) == (upright.size, pixels(upright))


@pytest.mark.parametrize(("make", "form"), [(samples.jpeg, "JPEG"), (samples.heic, "HEIF")])
def test_a_photo_taken_with_a_turned_phone(make, form):
    kept = opened(written(make(orientation=6), form))
    assert (kept.size, ends(kept)) == ((32, 64), ["red", "blue"])


def test_a_heic_that_is_turned_by_its_container_is_turned_once():
    made = halves()
    made.info["exif"] = samples.exif(6).tobytes()
    content = saved(made, "HEIF", quality=95)
    assert b"irot" in content
    kept = opened(written(content, "HEIF"))
    assert (kept.size, ends(kept)) == ((32, 64), ["red", "blue"])


def test_a_damaged_exif_turns_nothing():
    content = saved(halves(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\x12" * 40)
    assert ends(opened(written(content, "JPEG"))) == ["red", "blue"]


# Colours


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA")])
def test_colours_are_those_that_the_profile_means(form, mode):
    content = saved(halves(mode=mode), form, icc_profile=samples.red_for_blue())
    kept = opened(written(content, form))
    assert (kept.mode, ends(kept)) == (mode, ["blue", "red"])


def test_a_damaged_profile_changes_no_colours():
    content = saved(halves(), "PNG", icc_profile=samples.srgb()[:200])
    assert ends(opened(written(content, "PNG"))) == ["red", "blue"]


@pytest.mark.parametrize(
    ("mode", "kept"), [("L", "L"), ("RGB", "RGB"), ("CMYK", "RGB"), ("YCbCr", "RGB")]
)
def test_modes_of_jpegs(mode, kept):
    content = saved(halves(mode=mode), "JPEG", quality=95)
    picture = opened(written(content, "JPEG"))
    assert picture.mode == kept
    assert near(
        picture.convert("RGB").getpixel((5, 5)), opened(content).convert("RGB").getpixel((5, 5))
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_modes_of_pngs(mode):
    content = saved(halves(mode=mode), "PNG")
    picture = opened(written(content, "PNG"))
    assert picture.mode == mode
    assert pixels(picture.convert("RGBA")) == pixels(opened(content).convert("RGBA"))


@pytest.mark.parametrize(("mode", "clear"), [("P", 0), ("L", 76), ("RGB", RED)])
def test_what_is_transparent_by_its_colour_stays_so(mode, clear):
    content = saved(halves(mode=mode), "PNG", transparency=clear)
    kept = written(content, "PNG")
    assert "tRNS" in samples.png_chunks(kept)
    assert pixels(opened(kept).convert("RGBA")) == pixels(opened(content).convert("RGBA"))


def test_sixteen_bits_of_grey_become_eight():
    deep = Image.new("I;16", (3, 1))
    for place, value in enumerate((0, 32768, 65535)):
        deep.putpixel((place, 0), value)
    kept = opened(written(saved(deep, "PNG"), "PNG"))
    assert (kept.mode, pixels(kept)) == ("L", [0, 128, 255])


def test_what_is_seen_through_a_heic_is_white():
    clear = halves(mode="RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 32, 32))
    assert ends(opened(written(saved(clear, "HEIF", quality=95), "HEIF"))) == ["white", "blue"]


# The first of several


def test_of_an_animation_the_first_picture():
    others = [ImageOps.mirror(halves())]
    moving = saved(halves(), "PNG", save_all=True, append_images=others)
    kept = written(moving, "PNG")
    assert samples.png_chunks(kept) == ["IHDR", "IDAT", "IEND"]
    assert ends(opened(kept)) == ["red", "blue"]


def test_of_a_photo_with_others_behind_it_the_first():
    several = saved(halves(), "MPO", save_all=True, append_images=[ImageOps.mirror(halves())])
    kept = written(several, "JPEG")
    assert (opened(kept).format, ends(opened(kept))) == ("JPEG", ["red", "blue"])
    assert kept.count(b"\xff\xd8\xff") == 1


def test_of_several_in_a_heic_the_one_that_it_shows():
    others = [ImageOps.mirror(halves())]
    several = saved(halves(), "HEIF", save_all=True, append_images=others, quality=95)
    assert ends(opened(written(several, "HEIF"))) == ["red", "blue"]
