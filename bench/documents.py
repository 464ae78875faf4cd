"""What a receipt costs: ours, beside WeasyPrint used naively, wkhtmltopdf and Chromium.

All make a PDF of the same HTML, in turns; told is the processor's time, ours and that of programs
that are started. Then a thousand receipts in one process, to see whether memory grows.
"""

import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TURNS = 12
MANY = 1000
MONTH = "2026-01"  # two VAT rates


def cpu() -> float:
    """Seconds of the processor, of this process and of those it has started."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the processor, and of the clock."""
    before, started = cpu(), time.perf_counter()
    work()
    return (cpu() - before) * 1000, (time.perf_counter() - started) * 1000


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def ways(folder: Path, account: str) -> dict[str, Callable[[], object]]:
    """Each way to make the receipt of that account, by its name."""
    from django.template.loader import render_to_string
    from django.utils import translation
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from billing.models import PersonalAccount
    from billing.sentences import formula
    from cabinet import months
    from receipts import drawings, papers, pdf
    from receipts.words import BOTH, Words

    paper = papers.of_month(PersonalAccount.objects.get(number=account), months.parse(MONTH))
    if paper is None:
        raise LookupError(MONTH)
    context: dict[str, Any] = {
        "paper": paper,
        "wording": Words(BOTH),
        "formula": formula,
        "sides": ("front",),
        "large": False,
        "title": paper.number,
        "proof_address": "https://cabinet.example/verify/",
        "verify_address": "https://cabinet.example/verify/",
        "site_address": "https://cabinet.example/",
        "bars_in_words": drawings.bars_in_words(paper.bars),
        "purpose": "",
    }
    drawn = {
        "paper:qr.svg": drawings.qr("https://cabinet.example/verify/"),
        "paper:bars.svg": drawings.bars(paper.bars),
    }

    def ours() -> bytes:
        return pdf.render(
            "receipts/receipt.html", context, language="kk", style="receipt.css", drawings=drawn
        )

    with translation.override("kk"):
        markup = render_to_string("receipts/receipt.html", context)
    sheet = (pdf.FOLDER / "receipt.css").read_text(encoding="utf-8")
    for name, svg in drawn.items():
        (folder / name.removeprefix("paper:")).write_text(svg)
    shutil.copy(pdf.OURS["paper:mark.svg"][0], folder / "mark.svg")
    markup, sheet = (text.replace("paper:", "") for text in (markup, sheet))
    page = folder / "receipt.html"
    page.write_text(markup.replace("</head>", f"<style>{sheet}</style></head>"), encoding="utf-8")

    def naive() -> bytes:
        style = CSS(string=sheet, base_url=str(folder), font_config=FontConfiguration())
        made: bytes = HTML(string=markup, base_url=str(folder)).write_pdf(stylesheets=[style])
        return made

    def program(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run(arguments, check=True, capture_output=True)

    found: dict[str, Callable[[], object]] = {"ours": ours, "WeasyPrint, naively": naive}
    target = folder / "out.pdf"
    if shutil.which("wkhtmltopdf"):
        found["wkhtmltopdf"] = program(
            "wkhtmltopdf", "--quiet", "--enable-local-file-access", str(page), str(target)
        )
    if shutil.which("chromium"):
        found["Chromium"] = program(
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
            *(f"--print-to-pdf={target}", page.as_uri()),
        )
    return found


def measure(account: str) -> None:
    """Of an account of the sample set, which is loaded."""
    with tempfile.TemporaryDirectory() as name:
        found = ways(Path(name), account)
        times: dict[str, list[tuple[float, float]]] = {way: [] for way in found}
        for work in found.values():
            work()
        for _turn in range(TURNS):
            for way, work in found.items():
                times[way].append(taken(work))
        for way, each in times.items():
            processor, clock = (statistics.median(column) for column in zip(*each, strict=True))
            print(f"receipt, {way:22} {processor:9.1f} ms of the processor {clock:9.1f} ms")
        ours = found["ours"]
        for count in (MANY // 10, MANY - MANY // 10):
            for _number in range(count):
                ours()
            print(f"receipts one after another: {resident():10.1f} MB")
