"""Supervisors edit announcements, help pages and notices of branches; other staff see them."""

from django.db import migrations

from accounts.staff import granted

MODELS = ("announcement", "helppage", "branchnotice")
VIEW = [("support", model, f"view_{model}") for model in MODELS]
EDIT = [
    ("support", model, f"{act}_{model}") for model in MODELS for act in ("add", "change", "delete")
]
RIGHTS = {"operator": VIEW, "billing operator": VIEW, "supervisor": [*VIEW, *EDIT]}


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0005_groups"),
        ("support", "0002_help_pages"),
    ]

    operations = [migrations.RunPython(granted(RIGHTS), migrations.RunPython.noop)]
