"""The statement as a table for files."""

from django.utils.translation import gettext as _

from billing.downloads import of_month, of_service
from cabinet import months
from cabinet.downloads import Column, Table
from receipts.statements import Statement


def statement(made: Statement) -> Table:
    """The months of each service, the oldest first, each with its tariff."""
    month, *figures = of_month()
    return Table(
        _("Statement of the service"),
        made.account.number,
        months.code(made.first),
        months.code(made.last),
        [*of_service(), month, Column("tariff", _("Tariff"), "prices"), *figures],
        [
            (each.service.name, each.service.supplier.name, row.month, row.tariff, *row[1:-1])
            for each in made.services
            for row in each.rows
        ],
    )
