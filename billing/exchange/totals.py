"""R10: control totals, where a set brings them."""

from decimal import Decimal

from billing.exchange import cells
from billing.exchange.layout import BY_NAME
from billing.exchange.reader import Misshapen, Records
from billing.exchange.sources import DELETIONS, TOTALS, Source
from billing.exchange.staging import enter_problem, row_of

COLUMNS = ("file", "rows", "sum")
SUM = cells.decimal(18, 2, signed=True)


def find_broken_totals(sources: dict[str, Source]) -> None:
    """Enters a problem for each total that the set's own files do not come to."""
    lines: dict[str, int] = {}
    records = Records(sources[TOTALS])
    places = records.places(COLUMNS)
    for line, record in records:
        sources[TOTALS].rows += 1
        if isinstance(record, Misshapen):
            _enter(line, *record.fault())
            continue
        name, rows, total = (record[place].strip() for place in places)
        if name not in (*BY_NAME, DELETIONS):
            _enter(line, "file", name, "R1", "unknown", "totals.csv")
        elif name not in sources:
            _enter(line, "file", name, "R10", "absent", "")
        elif name in lines:
            _enter(line, "file", name, "R9", "duplicate", str(lines[name]))
        else:
            lines[name] = line
            _check(line, sources[name], rows, total)


def _check(line: int, source: Source, rows: str, total: str) -> None:
    if rows != str(source.rows):
        _enter(line, "rows", rows, "R10", "rows", str(source.rows))
    column = BY_NAME[source.name].total if source.name in BY_NAME else ""
    if not total:
        return
    if not column:
        _enter(line, "sum", total, "R10", "no_sum", "")
        return
    if not SUM.pattern.fullmatch(total):
        _enter(line, "sum", total, "F", SUM.sentence, SUM.detail)
        return
    found, staged = row_of(
        f'SELECT coalesce(sum("{column}"), 0.00), count(*) FROM stage_{source.name}'
    )
    if staged != source.rows:  # rows that could not be taken count too, as far as they are known
        found = _sum_as_given(source, column)
    if found is not None and Decimal(total) != found:
        _enter(line, "sum", total, "R10", "sum", str(found))


def _sum_as_given(source: Source, column: str) -> Decimal | None:
    """What the file's own cells add up to; None where one of them is no number."""
    records, found = Records(source), Decimal("0.00")
    place = records.header.index(column)
    for _line, record in records:
        if isinstance(record, Misshapen) or not SUM.pattern.fullmatch(record[place].strip()):
            return None
        found += Decimal(record[place].strip())
    return found


def _enter(line: int, column: str, value: str, rule: str, name: str, detail: str) -> None:
    enter_problem(TOTALS, line, column, value, rule, name, detail, "")
