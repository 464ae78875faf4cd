"""The groups of staff, and what each may do: the least that its work needs.

Models of other apps are meant by their names: their rights are made here if need be.
"""

from django.db import migrations

from accounts.staff import granted

ACCOUNTS = [
    ("billing", "personalaccount", "view_personalaccount"),
    ("billing", "holding", "view_holding"),
]
USERS = [
    ("accounts", "user", "view_user"),
    ("accounts", "user", "unlock_user"),
    ("cabinet", "letter", "view_letter"),
]
RIGHTS = {
    # Looks, links after checking papers, unlocks.
    "operator": [*ACCOUNTS, ("billing", "holding", "add_holding"), *USERS],
    # Loads what billing sends.
    "billing operator": [("billing", "import", "view_import"), ("billing", "import", "load_import")],
    # Sees to users and staff, unlinks, reads the audit log.
    "supervisor": [
        *ACCOUNTS,
        ("billing", "holding", "delete_holding"),
        *USERS,
        ("accounts", "user", "manage_user"),
        ("accounts", "user", "change_rights"),
        ("accounts", "auditentry", "view_auditentry"),
    ],
}


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_address_changes"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(granted(RIGHTS), migrations.RunPython.noop)]
