"""The tables that a month's close only adds to are vacuumed after each close.

By default PostgreSQL waits for a fifth of a table's rows to be new, which after five years is a
year's closes; until then whoever first reads a page of them writes it anew, with its hint bits, and
the planner's statistics know nothing of the last months.
"""

from typing import ClassVar

from django.db import migrations

TABLES = ("ledgerentry", "charge", "adjustment", "payment", "receipt", "reading")
OPTIONS = {
    "autovacuum_vacuum_insert_scale_factor": "0.01",
    "autovacuum_analyze_scale_factor": "0.01",
}


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0009_frozen_receipt_number")]

    operations: ClassVar = [
        migrations.RunSQL(
            f"ALTER TABLE billing_{table} SET"
            f" ({', '.join(f'{name} = {value}' for name, value in OPTIONS.items())})",
            f"ALTER TABLE billing_{table} RESET ({', '.join(OPTIONS)})",
        )
        for table in TABLES
    ]
