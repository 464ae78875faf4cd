"""Which addresses were put in the place of which, to put them back from a letter."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0003_audit")]

    operations = [
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("old", accounts.models.AddressField(max_length=254, verbose_name="earlier address")),
                ("new", accounts.models.AddressField(max_length=254, verbose_name="new address")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("undone", models.BooleanField(default=False, verbose_name="undone")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="address_changes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of an address",
                "verbose_name_plural": "changes of addresses",
                "indexes": [models.Index(fields=["at"], name="address_change_at")],
            },
        ),
    ]
