"""Which row of a set a broken rule is told of.

A rule finds what is broken as rows of a temporary table `broken`: the account, what else
tells the place, and `wanted`, the figure that the rule would have. Speakers are selects
that give rows of the set for them; the first speaker that knows a row is heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.exchange.staging import execute, value_of


@dataclass(frozen=True)
class Speaker:
    """Rows of a file that speak of broken `b`, of account `a`: a cell, its value and a sentence.

    `rows` is a FROM clause, of which `line` is the row's line in the file.
    """

    file: str
    rows: str
    column: str
    value: str
    sentence: str
    line: str = "s.row_line"
    order: str = "TRUE"


def tell(broken: str, rule: str, speakers: Sequence[Speaker], *, every_row: bool = False) -> None:
    """Enters each broken thing as a problem of one row of the set, or of every row.

    A cell is told once, however much it breaks. Accounts that have fallen out already are not
    judged; what no row speaks of is told of the first file of the set, since it must not pass.
    """
    execute(f"CREATE TEMP TABLE broken AS SELECT row_number() OVER () AS id, b.* FROM ({broken}) b")
    if value_of("SELECT count(*) FROM broken"):
        selects = " UNION ALL ".join(
            f"""SELECT b.id, {rank} AS rank, '{speaker.file}' AS file, {speaker.line} AS line,
                '{speaker.column}' AS col, ({speaker.value})::text AS value,
                '{speaker.sentence}' AS sentence, ({speaker.order}) AS last
            FROM broken b JOIN billing_personalaccount a ON a.id = b.account_id
            JOIN {speaker.rows}"""
            for rank, speaker in enumerate(speakers)
        )
        distinct = "" if every_row else "DISTINCT ON (b.id)"
        execute(
            f"""INSERT INTO problem
            SELECT DISTINCT ON (file, line, col, sentence)
                   file, line, col, value, '{rule}', sentence, wanted, number
            FROM (
                SELECT {distinct} b.id, a.number, b.wanted::text AS wanted,
                       coalesce(r.file, (SELECT min(file) FROM told_of)) AS file,
                       coalesce(r.line, 1) AS line, coalesce(r.col, '') AS col,
                       coalesce(r.value, '') AS value,
                       coalesce(r.sentence, '{speakers[0].sentence}') AS sentence
                FROM broken b JOIN billing_personalaccount a ON a.id = b.account_id
                LEFT JOIN ({selects}) r ON r.id = b.id
                WHERE NOT EXISTS (SELECT FROM fallen f WHERE f.owner = a.number)
                ORDER BY b.id, r.rank, r.last, r.line) heard
            ORDER BY file, line, col, sentence, id"""
        )
    execute("DROP TABLE broken")


MONTH = """s.account = a.number AND s.service = b.service_id
    AND s.month = to_char(b.month, 'YYYY-MM')"""


def of_month(file: str, column: str, sentence: str) -> Speaker:
    """The file's row of the broken account, service and month."""
    return Speaker(file, f"stage_{file} s ON {MONTH}", column, f's."{column}"', sentence)


def withdrawn(file: str, column: str, sentence: str) -> Speaker:
    """The row of deletions.csv that took away a row of the file with the same value."""
    same = " AND ".join(f"g.{name} = b.{name}" for name in column.split())
    return Speaker(
        "deletions",
        f"""gone g ON g.file = '{file}' AND {same}
        JOIN stage_deletions s ON s.row_line = g.row_line""",
        "key",
        "s.key",
        sentence,
    )
