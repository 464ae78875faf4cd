"""R10: control totals, where a set brings them."""

from decimal import Decimal


from billing.exchange.layout import BY_NAME
from billing.exchange.reader import TOTALS, Misshapen, Source, records
from billing.exchange.staging import execute, value_of

COLUMNS = ("file", "rows", "sum")


def find_broken_totals(sources: dict[str, Source]) -> None:
    """Enters a problem for each total that the set's own files do not come to."""
    for line, cells in records(sources[TOTALS], COLUMNS):
        if isinstance(cells, Misshapen):
            _enter(line, "", "", "F", "csv", "")
            continue
        name, rows, total = (cell.strip() for cell in cells)
        if name not in BY_NAME:
            _enter(line, "file", name, "R1", "unknown", "totals.csv")
        elif name not in sources:
            _enter(line, "file", name, "R10", "absent", "")
        else:
            _check(line, sources[name], rows, total)


def _check(line: int, source: Source, rows: str, total: str) -> None:
    file = BY_NAME[source.name]
    if rows != str(source.rows):
        _enter(line, "rows", rows, "R10", "rows", str(source.rows))
    if not total or not file.total:
        return
    found = value_of(f'SELECT coalesce(sum("{file.total}"), 0) FROM stage_{file.name}')
    try:
        holds = Decimal(total) == found
    except ArithmeticError:
        holds = False
    if not holds:
        _enter(line, "sum", total, "R10", "sum", str(found))


def _enter(line: int, column: str, value: str, rule: str, name: str, detail: str) -> None:
    execute(
        "INSERT INTO problem VALUES (%s, %s, %s, %s, %s, %s, %s, '')",
        *(TOTALS, line, column, value, rule, name, detail),
    )
