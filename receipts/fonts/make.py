"""Makes the two fonts of every PDF from `fontpkg-noto-sans`: `python -m receipts.fonts.make`.

A variable font costs a tenth of a second a document, a small static subset nothing. The
same packages give the same bytes.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FOLDER = Path(__file__).resolve().parent
WEIGHTS = {"Regular": 400, "Bold": 700}
RANGES = [
    (0x0020, 0x007E),  # Basic Latin
    (0x00A0, 0x017F),  # no-break space, « » § ° ± × · and the Latin letters of other names
    (0x0400, 0x04FF),  # Cyrillic, all letters of Kazakh among them
    (0x2007, 0x200A),  # figure, punctuation, thin and hair space
    (0x2010, 0x2015),  # hyphens and dashes
    (0x2018, 0x201E),  # quotation marks
]
SINGLE = "Əə…•\N{NARROW NO-BREAK SPACE}№₸−"
FEATURES = ["kern", "tnum"]


def letters() -> Iterator[int]:
    """Every character that the fonts have."""
    for first, last in RANGES:
        yield from range(first, last + 1)
    yield from map(ord, SINGLE)


def make(folder: Path = FOLDER) -> None:
    """Writes Noto Sans regular and bold, static, unhinted, with our letters, and the licence."""
    package = files("fontpkg_noto_sans")
    for name, weight in WEIGHTS.items():
        with (package / "files" / "NotoSans[wdth,wght].ttf").open("rb") as source:
            font = TTFont(source, recalcTimestamp=False)
            options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
            subsetter = Subsetter(options)
            subsetter.populate(unicodes=letters())
            subsetter.subset(font)
            axes = {"wght": weight, "wdth": 100}
            instantiateVariableFont(font, axes, inplace=True, updateFontNames=True)
            del font["STAT"]  # of no use to a static font
            font.save(folder / f"NotoSans-{name}.ttf")
    (folder / "OFL.txt").write_bytes((package / "LICENSE").read_bytes())


if __name__ == "__main__":
    make()
