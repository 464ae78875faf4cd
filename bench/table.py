"""What was measured, beside what must be reached, printed as one table at the end."""

from typing import NamedTuple


class Line(NamedTuple):
    """A figure, its target in words, and whether it is met; None where there is no target."""

    what: str
    measured: str
    target: str
    met: bool | None


_lines: list[Line] = []


def at_most(what: str, measured: float, target: float, unit: str = "") -> None:
    """A figure that must not be more."""
    _note(what, measured, f"≤ {_figure(target)}{unit}", measured <= target, unit)


def at_least(what: str, measured: float, target: float, unit: str = "") -> None:
    """A figure that must not be less."""
    _note(what, measured, f"≥ {_figure(target)}{unit}", measured >= target, unit)


def told(what: str, measured: float, unit: str = "") -> None:
    """A figure without a target."""
    _note(what, measured, "", None, unit)


def _note(what: str, measured: float, target: str, met: bool | None, unit: str) -> None:
    _lines.append(Line(what, _figure(measured) + unit, target, met))


def _figure(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def show() -> None:
    """Prints the table in Markdown, as docs/performance.md has it."""
    if not _lines:
        return
    print("\n| what | measured | must be | |\n| --- | --- | --- | --- |")
    for what, measured, target, met in _lines:
        verdict = {True: "met", False: "**missed**", None: ""}[met]
        print(f"| {what} | {measured} | {target} | {verdict} |")
