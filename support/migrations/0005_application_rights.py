"""Operators work on applications; supervisors merge and rename, and keep kinds and templates."""

from django.db import migrations

from accounts.staff import granted

WORK = [
    ("support", "application", "view_application"),
    ("support", "application", "work_application"),
]
KEPT = [
    ("support", model, f"{verb}_{model}")
    for model in ("kind", "answertemplate")
    for verb in ("view", "add", "change")
]
RIGHTS = {
    "operator": WORK,
    "supervisor": [
        *WORK,
        ("support", "application", "merge_application"),
        *KEPT,
        ("support", "answertemplate", "delete_answertemplate"),
    ],
}


class Migration(migrations.Migration):

    dependencies = [("accounts", "0005_groups"), ("support", "0004_kinds")]

    operations = [migrations.RunPython(granted(RIGHTS), migrations.RunPython.noop)]
