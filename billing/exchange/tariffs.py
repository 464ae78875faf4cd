"""What must hold of tariffs and terms after a set is applied: R8."""

from billing.exchange.layout import BY_NAME
from billing.exchange.meters import of_intervals
from billing.exchange.speakers import tell
from billing.exchange.staging import execute
from billing.exchange.targets import target_of
from billing.models.columns import Plan


def find_broken_bands(files: set[str]) -> None:
    """R8: for each kind of home a tariff's levels run 1…n, limits rise, the last has none.

    A band with an empty stove or privilege counts for homes of both kinds. What is wrong is
    told of the set's own row of the tariff: the band itself where the set brings it.
    """
    touched = " UNION ".join(
        f"SELECT service_id, plan, valid_from FROM delta_{name}"
        for name in ("tariffs", "tariff_bands")
        if name in files
    )
    line, brought = "NULL::integer", ""
    if "tariff_bands" in files:  # of two bands for the same homes, the one that comes later
        line, bands = "d.row_line", target_of(BY_NAME["tariff_bands"])
        brought = f"LEFT JOIN delta_tariff_bands d ON {bands.match_row('d')}"
    execute(
        f"""CREATE TEMP TABLE broken_band AS
        SELECT DISTINCT ON (b.id) b.*, CASE
            WHEN b.level <> b.place THEN 'levels'
            WHEN b.place = b.levels THEN 'last_limit' ELSE 'limits' END AS sentence
        FROM (
            SELECT b.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY
                       b.service_id, b.plan, b.valid_from, home.stove, home.privileged) AS levels,
                   lag(b.limit_per_resident) OVER w AS before
            FROM (SELECT t.*, {line} AS row_line FROM billing_tariffband t {brought}) b
            JOIN ({touched}) t USING (service_id, plan, valid_from)
            JOIN (VALUES (FALSE, FALSE), (FALSE, TRUE), (TRUE, FALSE), (TRUE, TRUE))
              home (stove, privileged)
              ON coalesce(b.electric_stove, home.stove) = home.stove
             AND coalesce(b.privileged, home.privileged) = home.privileged
            WINDOW w AS (PARTITION BY b.service_id, b.plan, b.valid_from, home.stove,
                         home.privileged ORDER BY b.level, b.row_line NULLS FIRST, b.id)
        ) b
        WHERE b.level <> b.place
           OR (b.place = b.levels) <> (b.limit_per_resident IS NULL)
           OR b.limit_per_resident <= b.before
        ORDER BY b.id, b.place"""
    )
    if "tariff_bands" in files:
        execute(
            """INSERT INTO problem
            SELECT DISTINCT ON (b.service_id, b.plan, b.valid_from, b.id)
                   'tariff_bands', s.row_line, x.col, x.value, 'R8', b.sentence, b.place::text, ''
            FROM broken_band b JOIN stage_tariff_bands s
              ON (s.service, s.plan, s.valid_from) = (b.service_id, b.plan, b.valid_from)
            CROSS JOIN LATERAL (SELECT
                (s.electric_stove, s.privileged, s.level) IS NOT DISTINCT FROM
                (b.electric_stove, b.privileged, b.level) AS itself) i
            CROSS JOIN LATERAL (SELECT
                CASE b.sentence WHEN 'levels' THEN 'level' ELSE 'limit_per_resident' END AS col,
                CASE b.sentence WHEN 'levels' THEN s.level::text
                    ELSE coalesce(s.limit_per_resident::text, '') END AS value) x
            ORDER BY b.service_id, b.plan, b.valid_from, b.id, i.itself DESC, s.row_line"""
        )
    elif "tariffs" in files:
        execute(
            """INSERT INTO problem
            SELECT DISTINCT 'tariffs', s.row_line, 'valid_from', s.valid_from::text, 'R8',
                   b.sentence, b.place::text, ''
            FROM broken_band b JOIN stage_tariffs s
              ON (s.service, s.plan, s.valid_from) = (b.service_id, b.plan, b.valid_from)"""
        )


def find_uncovered_intervals(files: set[str]) -> None:
    """R8: terms, tariff and VAT are there for each charged interval, over all of its days."""
    for sentence, missing in (
        ("no_terms", _WITHOUT_TERMS),
        ("no_vat", _WITHOUT_VAT),
        ("no_tariff", _WITHOUT_TARIFF),
    ):
        speakers = of_intervals(files, "from_on", sentence)
        if speakers:
            tell(f"SELECT c.*, NULL::text AS wanted FROM charged c {missing}", "R8", speakers)


_WITHOUT_TERMS = """
    WHERE c.serial IS NOT NULL AND NOT EXISTS (
        SELECT FROM billing_terms t
        WHERE t.account_id = c.account_id AND t.valid_from <= c.from_on)"""

_WITHOUT_VAT = """
    WHERE c.from_on < coalesce((SELECT min(valid_from) FROM billing_vat), 'infinity')"""

# From the day on when every plan of the service has a tariff, none can lack; before it, it is
# asked by the plan of each of the terms in force.
_WITHOUT_TARIFF = f"""
    LEFT JOIN (
        SELECT service_id, max(first) AS every_plan_from FROM (
            SELECT service_id, plan, min(valid_from) AS first
            FROM billing_tariff GROUP BY service_id, plan) p
        GROUP BY service_id HAVING count(*) = {len(Plan.values)}) f USING (service_id)
    WHERE c.from_on < coalesce(f.every_plan_from, 'infinity') AND EXISTS (
        SELECT FROM billing_terms t
        WHERE t.account_id = c.account_id
        AND (t.valid_from < c.to_on OR t.valid_from <= c.from_on)
        AND NOT EXISTS (SELECT FROM billing_terms later WHERE later.account_id = t.account_id
                        AND later.valid_from > t.valid_from AND later.valid_from <= c.from_on)
        AND NOT EXISTS (SELECT FROM billing_tariff x
                        WHERE x.service_id = c.service_id AND x.plan = t.plan
                        AND x.valid_from <= greatest(t.valid_from, c.from_on)))"""
