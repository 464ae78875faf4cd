"""Files may be far larger than memory, and bad rows as many as they like."""

import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from billing.models import Import, Payment
from billing.tests import exchange_sets as sets

ROWS, BAD = 300_000, 100_000
MEGABYTES = 40  # the rows alone would take more than 100

# What the process itself took when the import began, and at most; its parent's does not count.
PROGRAM = """
import sys
import django
django.setup()
from django.core.management import call_command
def tell(name):
    print(next(line for line in open("/proc/self/status") if line.startswith(name)))
tell("VmRSS")
try:
    call_command("import_billing", sys.argv[1])
finally:
    tell("VmHWM")
"""


def import_apart(folder):
    """Imports in a process of its own: exit code, megabytes that it took, what it printed."""
    database = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not ended.stderr
    before, peak = map(int, re.findall(r"^Vm\w+:\s*(\d+) kB$", ended.stdout, re.MULTILINE))
    return ended.returncode, (peak - before) // 1024, ended.stdout


def write_payments(path, bad):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(sets.COLUMNS["payments"]) + "\n")
        for number in range(ROWS):
            amount = "much" if number < bad else "5"
            file.write(f"{sets.FIRST},N{number},EL,2026-04-10,2026-04,{amount},HAL\n")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells the peak")
@pytest.mark.django_db(transaction=True)
def test_memory_stays_flat(tmp_path):
    assert sets.load(sets.write(tmp_path / "base", sets.small_set())).loaded
    folder = tmp_path / "large"
    folder.mkdir()

    write_payments(folder / "payments.csv", bad=BAD)
    code, taken, out = import_apart(folder)
    assert code == 1
    assert re.search(rf"^payments( +\d+){{4}} +{BAD}$", out, re.MULTILINE)
    assert Payment.objects.count() == 6
    assert taken < MEGABYTES

    write_payments(folder / "payments.csv", bad=0)
    code, taken, out = import_apart(folder)
    assert code == 0
    assert Payment.objects.count() == 6 + ROWS
    assert taken < MEGABYTES
    assert list(Import.objects.filter(name="large").values_list("outcome", flat=True)) == [
        "loaded",
        "refused",
    ]
