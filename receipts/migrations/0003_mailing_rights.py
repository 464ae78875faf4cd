"""Operators have a receipt sent again; supervisors and billing's operators see to mailings."""

from django.db import migrations

from accounts.staff import granted

VIEW = ("cabinet", "mailing", "view_mailing")
MANAGE = ("cabinet", "mailing", "manage_mailing")
AGAIN = ("receipts", "subscription", "send_again")
RIGHTS = {
    "operator": [VIEW, AGAIN],
    "billing operator": [VIEW, MANAGE],
    "supervisor": [VIEW, MANAGE, AGAIN],
}


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0005_groups"),
        ("cabinet", "0002_mailings"),
        ("receipts", "0002_subscriptions"),
    ]

    operations = [migrations.RunPython(granted(RIGHTS), migrations.RunPython.noop)]
