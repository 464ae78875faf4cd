"""What a set may have changed of our own computation of charges, which is then made anew."""

from billing import differences
from billing.exchange.staging import row_of, value_of
from cabinet import months

PRICED = ("tariffs", "tariff_bands", "vat")
WHOLE = ("terms", "meters")  # may concern any month of an account
MOST_BY_KEY = 1000  # accounts named in a task
EVER = "1950-01"


def have_charges_compared(names: set[str], made_by: int) -> None:
    """In the import's transaction: of all accounts from the day on from which it brings prices;
    of those that it changes, from the first month on of which it brings charges, and wholly if
    it brings terms or meters or withdraws anything.
    """
    days = [f"SELECT valid_from AS day FROM delta_{name}" for name in PRICED if name in names]
    everybody, since = (
        _first_month(days),
        _first_month(["SELECT month AS day FROM delta_charges"] if "charges" in names else []),
    )
    wholly = ["SELECT account_id FROM gone"]
    wholly += [f"SELECT account_id FROM delta_{name}" for name in WHOLE if name in names]
    keys, count = row_of(
        f"""SELECT array_agg(account_id ORDER BY account_id), count(*) FROM (
            SELECT DISTINCT account_id FROM ({" UNION ALL ".join(wholly)}) c
            LIMIT {MOST_BY_KEY + 1}) d"""
    )
    if count > MOST_BY_KEY:
        since = EVER
    elif count:
        differences.compare_these.enqueue(keys)
    if everybody:
        differences.compare.enqueue(everybody)
    if since and not (everybody and everybody <= since):
        differences.compare.enqueue(since, made_by)


def _first_month(days: list[str]) -> str:
    """The month before what these selects find, whose charges may reach into it, as `YYYY-MM`;
    empty if they find nothing.
    """
    found = value_of(f"SELECT min(day) FROM ({' UNION ALL '.join(days)}) d") if days else None
    return months.code(months.plus(months.first_day(found), -1)) if found else ""
