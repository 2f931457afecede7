"""The page that goes with a quarter's files: due date, response rates, what is missing, who checks what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import duckdb

from voxpop.export.checks import Finding
from voxpop.export.texts import text
from voxpop.quarter import Quarter
from voxpop.release.manifest import Cause, Manifest, Restatement

_CAUSES: dict[Cause, str] = {
    "method": "models, seeds or policies changed",
    "excluded": "a batch was left out",
    "included": "a batch was taken in again",
    "records": "records came in or changed",
    "indirect": "something else of theirs did",
}
_SAME_ANSWERS = frozenset({"cx_index", "survey_quality"})
"""The public tables that count the answers and offers that are filed; no other tells of them."""
_NOTES = 12
"""How many notes fit onto one sheet; it says how many more there are and where."""


@dataclass(frozen=True)
class Provided:
    """What one provider files: counts are exact, None where a part of them is unknown."""

    name: str
    contact: str | None
    services: int
    details: int
    uploads: int
    customers: int | None
    offered: int | None
    respondents: int

    @property
    def rate(self) -> str:
        """Respondents of those offered; a dash where offers are unknown or fewer than the answers."""
        return rate(self.respondents, self.offered)


def rate(respondents: int, offered: int | None) -> str:
    """A response rate in percent, one decimal, half away from zero; an em dash where there is none."""
    if not offered or respondents > offered:
        return "—"
    percent = (Decimal(respondents) * 100 / Decimal(offered)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{percent}%"


def render(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    quarter: Quarter,
    due: date,
    findings: Sequence[Finding],
) -> bytes:
    """Make the memo.

    Args:
        connection: on the release's database.
        manifest: the release's.
        quarter: which.
        due: when it is due.
        findings: what a person should know; no refusal among them.

    Returns:
        One HTML document, UTF-8, that prints on one sheet.
    """
    agency = connection.execute(
        "select organization_name from marts.dim_organizations where parent_organization_id is null"
    ).fetchone()
    providers = _providers(connection, quarter)
    said = [finding.said for finding in findings]
    return text(
        "memo.html.j2",
        agency=agency[0] if agency else "",
        quarter=quarter,
        due=due,
        manifest=manifest,
        providers=providers,
        respondents=sum(one.respondents for one in providers),
        customers=_total([one.customers for one in providers]),
        offered=_total([one.offered for one in providers]),
        rate=rate,
        ratings=_ratings(connection, quarter),
        notes=said[:_NOTES],
        more=len(said) - _NOTES,
        restated=_restated(manifest, quarter),
        is_filed_restated=any(one["table"] in _SAME_ANSWERS for one in _changes(manifest, quarter)),
    )


def _total(counts: Sequence[int | None]) -> int | None:
    """A sum; None where a part of it is unknown."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _providers(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> list[Provided]:
    rows = connection.execute(
        """
        select
            coalesce(c.service_provider_name, c.service_provider_organization_name),
            c.user_email,
            count(distinct c.id),
            count(*),
            count(*) filter (d.volume_of_respondents > 0),
            if(count(d.volume_of_customers) = count(*), sum(d.volume_of_customers), null)::bigint,
            if(
                count(d.volume_of_customers_provided_survey_opportunity) = count(*),
                sum(d.volume_of_customers_provided_survey_opportunity), null
            )::bigint,
            sum(d.volume_of_respondents)::bigint
        from marts.a11_280_collections as c
        inner join marts.a11_280_collection_details as d on d.cx_collection_id = c.id
        where c.quarter_start = ?
        group by all order by all
        """,
        [quarter.start],
    ).fetchall()
    return [Provided(*row) for row in rows]


def _ratings(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Mapping[str, int]:
    return dict(
        connection.execute(
            "select rating, count(*) from marts.a11_280_collections where quarter_start = ? "
            "group by rating order by rating desc",
            [quarter.start],
        ).fetchall()
    )


def _changes(manifest: Manifest, quarter: Quarter) -> list[Restatement]:
    labels = (quarter.label, *quarter.months)
    return [one for one in manifest["restatements"] if one["period_label"] in labels]


def _restated(manifest: Manifest, quarter: Quarter) -> list[str]:
    """What of this quarter's public figures the release changes, by table and cause."""
    counts = Counter((one["table"], one["cause"]) for one in _changes(manifest, quarter))
    return [
        f"{table}: {count:,} {'figure' if count == 1 else 'figures'}, because {_CAUSES[cause]}"
        for (table, cause), count in sorted(counts.items())
    ]
