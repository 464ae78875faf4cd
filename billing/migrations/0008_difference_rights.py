"""All groups of staff may look at the list of differences: billing mends, the others explain."""

from django.db import migrations

from accounts.staff import granted

VIEW = [("billing", "chargedifference", "view_chargedifference")]
RIGHTS = dict.fromkeys(("operator", "billing operator", "supervisor"), VIEW)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0005_groups"),
        ("billing", "0007_differences"),
    ]

    operations = [migrations.RunPython(granted(RIGHTS), migrations.RunPython.noop)]
