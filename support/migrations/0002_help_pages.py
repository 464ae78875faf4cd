"""The first help pages; what staff make of them later is theirs.

Each file of the folder beside this module is a page: its code is the file's name after the place in
the list; in it, per language, stand section, question and answer, the languages parted by a line of
`=`, the parts by blank lines.
"""

from pathlib import Path
from typing import Any

from django.db import migrations

FOLDER = Path(__file__).parent / "help_pages"
BETWEEN = "\n====\n"


def page(path: Path) -> dict[str, Any]:
    """The columns of the page in `10-account-number.txt`."""
    place, _dash, code = path.stem.partition("-")
    columns: dict[str, Any] = {"code": code, "place": int(place)}
    for language, text in zip(("kk", "ru"), path.read_text("utf-8").split(BETWEEN), strict=True):
        section, question, answer = text.strip().split("\n\n", 2)
        columns[f"section_{language}"] = section
        columns[f"question_{language}"] = question
        columns[f"answer_{language}"] = answer
    return columns


def pages() -> list[dict[str, Any]]:
    """All of them, in the order of the list."""
    return [page(path) for path in sorted(FOLDER.glob("*.txt"))]


def add(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("support", "HelpPage")
    using = model.objects.using(schema_editor.connection.alias)
    using.bulk_create((model(**columns) for columns in pages()), ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [("support", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
