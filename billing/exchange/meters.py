"""What must hold of meters and readings after a set is applied: R1, R5, R6 and R9."""

from billing.exchange.speakers import MONTH, Speaker, tell, withdrawn
from billing.exchange.staging import execute

# Passed over zero: from the old reading to the new one, at most a tenth of the meter's round.
_PASSED = "({new} + power(10::numeric, m.digits) - {old} <= power(10::numeric, m.digits) / 10)"

_SAME_INTERVAL = f"""{MONTH} AND s.serial = b.serial AND s.from_on = b.from_on
    AND s.to_on = b.to_on AND s.from_value = b.from_value AND s.to_value = b.to_value"""
# The line whose figures do not multiply out is the likeliest culprit.
_MULTIPLIES_OUT = "round(s.quantity * s.price * (1 + s.vat_rate), 2) = s.amount"


def of_intervals(
    files: set[str], column: str, sentence: str, *, of_meter: str = "serial"
) -> list[Speaker]:
    """Who speaks of a charged interval: its lines, else what changed under it.

    `column` is the cell of a line, `of_meter` that of a meter, which is to blame.
    """
    speakers = []
    if "charges" in files:
        speakers.append(
            Speaker(
                "charges",
                f"stage_charges s ON {_SAME_INTERVAL}",
                column,
                f's."{column}"',
                sentence,
                order=_MULTIPLIES_OUT,
            )
        )
    if "meters" in files:
        serial = "stage_meters s ON s.account = a.number AND s.serial = b.serial"
        speakers.append(Speaker("meters", serial, of_meter, f"s.{of_meter}", sentence))
    if "terms" in files:
        terms = "stage_terms s ON s.account = a.number"
        speakers.append(Speaker("terms", terms, "valid_from", "s.valid_from", sentence))
    if "deletions" in files:
        speakers += [
            withdrawn("charges", "account_id service_id month", sentence),
            withdrawn("meters", "account_id serial", sentence),
            withdrawn("terms", "account_id", sentence),
        ]
    return speakers


def widen_charged(files: set[str]) -> None:
    """Adds to `charged` the intervals under which a meter or the terms changed.

    New meters and the terms of new accounts have no charges but the set's own.
    """
    changed = ["SELECT account_id, serial FROM gone WHERE file = 'meters'"]
    if "meters" in files:
        changed.append("SELECT account_id, serial FROM delta_meters WHERE known")
    changed.append("SELECT account_id, NULL FROM gone WHERE file = 'terms'")
    if "terms" in files:
        new = ""
        if "accounts" in files:
            new = """ WHERE NOT EXISTS (SELECT FROM delta_accounts n
                JOIN billing_personalaccount a ON a.number = n.number
                WHERE NOT n.known AND a.id = d.account_id)"""
        changed.append(f"SELECT account_id, NULL FROM delta_terms d{new}")
    execute(
        f"""WITH changed (account_id, serial) AS ({" UNION ".join(changed)})
        INSERT INTO charged
        SELECT c.account_id, c.service_id, c.month, c.serial, c.from_on, c.to_on, c.from_value,
               c.to_value, sum(c.quantity), sum(c.amount)
        FROM (SELECT DISTINCT account_id FROM changed) d JOIN billing_charge c USING (account_id)
        WHERE EXISTS (SELECT FROM changed x WHERE x.account_id = c.account_id
                      AND (x.serial IS NULL OR x.serial = c.serial))
        AND NOT EXISTS (SELECT FROM charged o WHERE (o.account_id, o.service_id, o.month)
                          = (c.account_id, c.service_id, c.month))
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""
    )


def find_unknown_meters(files: set[str]) -> None:
    """R1: lines name a meter of their account and service, readings one that is there."""
    speakers = of_intervals(files, "serial", "unknown_meter")
    if speakers:
        tell(
            """SELECT c.*, NULL::text AS wanted FROM charged c
            LEFT JOIN billing_meter m ON m.account_id = c.account_id AND m.serial = c.serial
             AND m.service_id = c.service_id
            WHERE c.serial IS NOT NULL AND m.id IS NULL
            AND c.service_id IN (SELECT code FROM billing_service)""",
            "R1",
            speakers,
            every_row=True,
        )
    if "deletions" in files:
        tell(
            """SELECT DISTINCT g.account_id, g.serial, NULL::text AS wanted FROM gone g
            JOIN billing_reading r ON r.meter_id = g.meter_id
            WHERE g.file = 'meters'""",
            "R1",
            [withdrawn("meters", "account_id serial", "has_readings")],
        )


def find_wrong_lines(files: set[str]) -> None:
    """Lines of services without meters leave the meter's cells empty; R6: the two readings of a
    line lie within the meter's digits.
    """
    if "charges" not in files:
        return
    execute(
        """INSERT INTO problem
        SELECT 'charges', d.row_line, x.col, x.value::text, x.rule, x.sentence, x.wanted, a.number
        FROM delta_charges d
        JOIN billing_meter m ON m.account_id = d.account_id AND m.serial = d.serial
         AND m.service_id = d.service_id
        JOIN billing_service s ON s.code = d.service_id
        JOIN billing_personalaccount a ON a.id = d.account_id
        CROSS JOIN LATERAL (
            SELECT 'serial' AS col, d.serial AS value, 'F' AS rule, 'not_metered' AS sentence,
                   NULL AS wanted WHERE NOT s.metered
            UNION ALL
            SELECT v.col, v.value::text, 'R6', 'digits', m.digits::text
            FROM (VALUES ('from_value', d.from_value), ('to_value', d.to_value)) v (col, value)
            WHERE v.value >= power(10::numeric, m.digits)) x
        WHERE NOT EXISTS (SELECT FROM fallen f WHERE f.owner = a.number)"""
    )


def find_broken_quantities(files: set[str]) -> None:
    """R5: an interval's quantities add up to what the meter counted, times its ratio."""
    passed = _PASSED.format(new="c.to_value", old="c.from_value")
    speakers = of_intervals(files, "quantity", "counted", of_meter="ratio")
    if not speakers:
        return
    tell(
        f"""SELECT c.account_id, c.service_id, c.month, c.serial, c.from_on, c.to_on,
               c.from_value, c.to_value, x.counted AS wanted
        FROM charged c
        JOIN billing_meter m ON m.account_id = c.account_id AND m.serial = c.serial
         AND m.service_id = c.service_id
        CROSS JOIN LATERAL (SELECT round(m.ratio * (c.to_value - c.from_value +
            CASE WHEN c.to_value < c.from_value AND {passed}
                 THEN power(10::numeric, m.digits) ELSE 0 END), 3) AS counted) x
        WHERE x.counted <> c.quantity""",
        "R5",
        speakers,
    )


def find_broken_readings(files: set[str]) -> None:
    """R6: a reading lies within the meter's digits and is not below an earlier one of its source,
    unless the meter passed over zero.
    """
    parts = [
        "SELECT meter_id, taken_on, source, NULL::numeric AS value, 'deletions' AS file, row_line"
        " FROM gone"
        " WHERE file = 'readings'"
    ]
    if "readings" in files:
        parts.append(
            "SELECT meter_id, taken_on, source, value, 'readings', row_line FROM delta_readings"
        )
    if "meters" in files:
        parts.append(
            """SELECT m.id, r.taken_on, r.source, r.value, 'meters', d.row_line FROM delta_meters d
            JOIN billing_meter m USING (account_id, serial)
            JOIN billing_reading r ON r.meter_id = m.id WHERE d.known"""
        )
    execute(f"CREATE TEMP TABLE looked AS {' UNION ALL '.join(parts)}")
    execute("ANALYZE looked (meter_id)")

    def falls(old: str, new: str) -> str:
        return f"({new} < {old} AND NOT {_PASSED.format(new=new, old=old)})"

    neighbour = """LEFT JOIN LATERAL (
        SELECT x.value, x.taken_on FROM billing_reading x
        WHERE x.meter_id = k.meter_id AND x.source = k.source AND x.taken_on {side} k.taken_on
        ORDER BY x.taken_on {order} LIMIT 1) {name} ON TRUE"""
    too_large = "k.value >= power(10::numeric, m.digits)"
    fell = falls("p.value", "k.value")
    falls_after = falls("coalesce(k.value, p.value)", "n.value")
    execute(
        f"""CREATE TEMP TABLE suspect AS
        SELECT k.meter_id, k.source, k.file, k.row_line, m.account_id,
               {too_large} AS too_large, {fell} AS fell, {falls_after} AS falls,
               m.digits::text AS digits, p.value::text AS before, n.value::text AS after,
               n.taken_on AS after_on, k.value IS NOT NULL AS is_there
        FROM looked k JOIN billing_meter m ON m.id = k.meter_id
        {neighbour.format(side="<", order="DESC", name="p")}
        {neighbour.format(side=">", order="ASC", name="n")}
        WHERE {too_large} OR {fell} OR {falls_after}"""
    )
    # A later reading that is looked at itself tells of its own fall.
    execute(
        """CREATE TEMP TABLE fallen_reading AS
        SELECT file, row_line, account_id, 'digits' AS sentence, digits AS wanted
        FROM suspect WHERE too_large
        UNION ALL
        SELECT file, row_line, account_id, 'reading_before', before FROM suspect WHERE fell
        UNION ALL
        SELECT file, row_line, account_id, 'reading_after', after FROM suspect k
        WHERE falls AND NOT (is_there AND EXISTS (
            SELECT FROM looked o WHERE o.meter_id = k.meter_id AND o.source = k.source
            AND o.taken_on = k.after_on))"""
    )
    for file, column in (("readings", "value"), ("meters", "digits"), ("deletions", "key")):
        if file in files:
            _tell_readings(file, column)


def _tell_readings(file: str, column: str) -> None:
    execute(
        f"""INSERT INTO problem
        SELECT DISTINCT ON (f.row_line) '{file}', f.row_line, '{column}', s."{column}"::text, 'R6',
               f.sentence, f.wanted, a.number
        FROM fallen_reading f JOIN stage_{file} s USING (row_line)
        JOIN billing_personalaccount a ON a.id = f.account_id
        WHERE f.file = '{file}' AND NOT EXISTS (SELECT FROM fallen x WHERE x.owner = a.number)
        ORDER BY f.row_line, f.sentence"""
    )


def find_overlapping_meters() -> None:
    """R9: at most one meter of a service is in place on any day; of two, the later row is told."""
    execute(
        """INSERT INTO problem
        SELECT DISTINCT ON (d.row_line) 'meters', d.row_line, 'installed_on',
               d.installed_on::text, 'R9', 'overlap', o.serial, a.number
        FROM delta_meters d JOIN billing_personalaccount a ON a.id = d.account_id
        JOIN billing_meter o ON o.account_id = d.account_id AND o.service_id = d.service_id
         AND o.serial <> d.serial
         AND daterange(o.installed_on, o.removed_on) && daterange(d.installed_on, d.removed_on)
        LEFT JOIN delta_meters e ON e.account_id = o.account_id AND e.serial = o.serial
        WHERE (e.row_line IS NULL OR e.row_line < d.row_line)
        AND NOT EXISTS (SELECT FROM fallen x WHERE x.owner = a.number)
        ORDER BY d.row_line, o.serial"""
    )
