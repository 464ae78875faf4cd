"""What the pages of imports show, in the reader's language."""

from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import get_language, gettext

from billing import import_files
from billing.exchange.layout import FILES
from billing.exchange.load import PHASES
from billing.models import Import, ImportJob
from billing.models.jobs import JobState
from cabinet import figures

SHOWN = 1000  # bad rows; all are in the report
COUNTS = ("new", "changed", "same", "deleted", "rejected")
ORDER = [f"{file.name}.csv" for file in FILES]


def heads() -> list[str]:
    """The heads of a table of counts."""
    return [
        *(gettext("file"), gettext("new"), gettext("changed")),
        *(gettext("same"), gettext("deleted"), gettext("rejected")),
    ]


def counts_of(record: Import) -> list[tuple[str, list[tuple[str, str]]]]:
    """Of each file, in the format's order: rows new, changed, the same, deleted, rejected."""

    def place(name: str) -> int:
        return ORDER.index(name) if name in ORDER else len(ORDER)

    return [
        (
            name,
            [
                (head, figures.number(Decimal(record.files[name].get(count, 0)), 0))
                for head, count in zip(heads()[1:], COUNTS, strict=True)
            ],
        )
        for name in sorted(record.files, key=place)
    ]


def problems_of(job: ImportJob) -> list[dict[str, Any]]:
    """The first bad rows, in the reader's language."""
    return list(islice(import_files.problems(job, str(get_language())), SHOWN))


def phase_of(job: ImportJob) -> str:
    """What is being done, in words."""
    if job.phase in PHASES:
        return f"{gettext(PHASES[job.phase])} {job.file}".strip()
    if job.state == JobState.RUNNING:
        return gettext("waiting until another import is done")
    return job.get_state_display()


def share_of(job: ImportJob) -> int:
    """How many percent of the set are read."""
    return min(100 * job.bytes_read // job.bytes_whole, 100) if job.bytes_whole else 0
