"""Which addresses are confirmed is told by allauth's table; logins and addresses lose capitals."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

import accounts.models


def take_over(apps, schema_editor):
    """Each user's address becomes a row of allauth's, the primary one, confirmed as it was."""
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    User.objects.update(login=Lower("login"), email=Lower("email"))
    addresses = [
        EmailAddress(
            user_id=user.pk, email=user.email, primary=True, verified=user.email_confirmed_at is not None
        )
        for user in User.objects.exclude(email="").only("pk", "email", "email_confirmed_at").iterator()
    ]
    EmailAddress.objects.bulk_create(addresses, batch_size=1000)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RemoveConstraint("user", "user_login_unique"),
        migrations.RemoveConstraint("user", "user_confirmed_email_unique"),
        migrations.RemoveConstraint("user", "user_login_form"),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("user", "email_confirmed_at"),
        migrations.AlterField(
            "user",
            "login",
            accounts.models.LoginField(
                error_messages={"unique": "This login name is taken."},
                max_length=64,
                unique=True,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z0-9._-]{3,64}$",
                        "3 to 64 Latin letters, digits, full stops, hyphens, underscores.",
                    )
                ],
                verbose_name="login name",
            ),
        ),
        migrations.AlterField(
            "user",
            "email",
            accounts.models.AddressField(
                db_index=True, max_length=254, verbose_name="e-mail address"
            ),
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=models.Q(("login__regex", "^[a-z0-9._-]{3,64}$")), name="user_login_form"
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=20, verbose_name="version")),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="given at")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="consents", to=settings.AUTH_USER_MODEL, verbose_name="user")),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "constraints": [models.UniqueConstraint(models.F("user"), models.F("version"), name="consent_once")],
            },
        ),
    ]
