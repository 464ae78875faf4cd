"""What is drawn on papers: the QR code, and bars of what was used month by month."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from cabinet import figures, months
from receipts.papers import MONTHS, Bar

STEP, WIDTH = 40, 26  # of a bar's place, and of the bar
HEIGHT, HEAD, FOOT = 100, 16, 16


def qr(text: str) -> str:
    """The text as a QR code (SVG), with the quiet margin that readers want."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=2)
    code.add_data(text)
    matrix = code.get_matrix()
    side = len(matrix)
    path = "".join(
        f"M{x} {y}h{length}v1h-{length}z"
        for y, row in enumerate(matrix)
        for x, length in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def _runs(row: Sequence[bool | None]) -> list[tuple[int, int]]:
    """Where dark modules stand side by side, and how many: a path of runs is drawn faster."""
    found, place = [], 0
    for dark, group in groupby(row):
        length = len(list(group))
        if dark:
            found.append((place, length))
        place += length
    return found


def bars(shown: Sequence[Bar]) -> str:
    """Bars (SVG) with the quantity over and the month under each, the last one dark."""
    highest = max((bar.quantity for bar in shown), default=Decimal(0))
    base, parts = HEAD + HEIGHT, []
    first = MONTHS - len(shown)  # the last one stands at the right
    for place, bar in enumerate(shown, start=first):
        height = int(bar.quantity * HEIGHT / highest) if highest else 0
        left, middle = place * STEP + (STEP - WIDTH) // 2, place * STEP + STEP // 2
        fill = "#0b5cad" if place == MONTHS - 1 else "#a9c6e3"
        value = figures.number(bar.quantity, 0)
        parts.append(
            f'<rect x="{left}" y="{base - height}" width="{WIDTH}" height="{height}"'
            f' fill="{fill}"/>'
            f'<text x="{middle}" y="{base - height - 4}">{value}</text>'
            f'<text x="{middle}" y="{base + 13}">{bar.month:%m.%y}</text>'
        )
    width = STEP * MONTHS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {base + FOOT}"'
        ' font-family="Noto Sans" font-size="10.5" text-anchor="middle" fill="#1b2430">'
        f'{"".join(parts)}<path d="M0 {base}h{width}" stroke="#1b2430" stroke-width="1"/></svg>'
    )


def bars_in_words(shown: Sequence[Bar]) -> str:
    """The same, for whoever cannot see them."""
    return "; ".join(f"{months.name(bar.month)}: {figures.quantity(bar.quantity)}" for bar in shown)
