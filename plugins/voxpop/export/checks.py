"""Whether a quarter is whole in a release: what stands in the way of filing it, and what to know before.

What makes a count wrong refuses: days that are not over in the data, a source of the filing that is behind,
records that are unaccounted for, counts that don't agree. What is true and only inconvenient warns: a refusal
for answers without clearance, or for a volume that nobody counted, would last for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import duckdb

from voxpop.quarter import Quarter
from voxpop.release.manifest import Manifest, complete_to
from voxpop.release.store import Release

_RECONCILIATION = "audit/reconciliation.parquet"
_OFFERS = "survey_offers"
"""The stream that counts who was offered a survey, whatever source it comes from."""


@dataclass(frozen=True)
class Finding:
    """Something that a person has to know of before they file.

    Attributes:
        kind: `refused` stands in the way; `warned` is written into the memo.
        said: in a sentence.
    """

    kind: Literal["refused", "warned"]
    said: str


def examine(connection: duckdb.DuckDBPyConnection, release: Release, quarter: Quarter) -> list[Finding]:
    """Look at all of it, whatever the first finding is.

    Args:
        connection: on the release's database.
        release: which.
        quarter: which.

    Returns:
        What was found, refusals first.
    """
    manifest = release.manifest
    sources = _sources(connection, manifest)
    refused = [
        *_open_days(manifest, quarter),
        *_late(manifest, sources, quarter),
        *_unreconciled(connection, release, sources, quarter),
        *_counts(connection, quarter),
    ]
    warned = [
        *_begins_late(connection, quarter),
        *_behind(manifest, sources, quarter),
        *_set_aside(connection, release, sources, quarter),
        *_without_clearance(connection, quarter),
        *_nonresponse(connection, quarter),
        *_missing(connection, quarter),
    ]
    return [
        *(Finding("refused", said) for said in refused),
        *(Finding("warned", said) for said in warned),
    ]


def examine_goals(connection: duckdb.DuckDBPyConnection, release: Release, quarter: Quarter) -> list[Finding]:
    """The same for priority goals, which may rest on any source."""
    found = [Finding("refused", said) for said in _open_days(release.manifest, quarter)]
    measures: int = connection.execute(
        "select count(*) from marts.priority_goal_measures "
        "where period_type = 'quarter' and period_label = ?",
        [quarter.label],
    ).fetchall()[0][0]
    if not measures:
        there = _quarters(
            connection,
            "select distinct period_start from marts.priority_goal_measures "
            "where period_type = 'quarter' order by 1",
        )
        found.append(
            Finding("refused", f"No measure of a priority goal has a row for {quarter.label}: {there}.")
        )
    found += [Finding("warned", said) for said in _not_reported(connection, quarter)]
    found += [Finding("warned", said) for said in _provisional(connection, quarter)]
    found += [Finding("warned", said) for said in _broken(connection, quarter)]
    for late in release.manifest["late_sources"]:
        if _is_behind(late["newest"], quarter):
            found.append(Finding("warned", f"{late['source']} is behind: {_newest(late['newest'])}."))
    return found


def _not_reported(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    """Measures of goals that run in the quarter, and of which nobody says a value."""
    rows = connection.execute(
        "select coalesce(indicator, goal), source from marts.priority_goal_measures "
        "where period_type = 'quarter' and period_label = ? and status = 'not_reported' order by all",
        [quarter.label],
    ).fetchall()
    for name, source in rows:
        yield f"{name}: {source} has no value of {quarter.label}; it is filed as not reported, with a blank."


def _provisional(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    """Values of files that were made while the quarter was open; own measures of one are refused."""
    rows = connection.execute(
        "select distinct coalesce(indicator, goal), edition_date from marts.priority_goal_measures "
        "where period_type = 'quarter' and period_label = ? and is_provisional order by all",
        [quarter.label],
    ).fetchall()
    for name, day in rows:
        if day is not None:
            yield f"{name}: its value is of {day}, before {quarter.label} had ended; no verdict is filed."


def _broken(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    """Progress that is measured from before a survey was asked in another way."""
    rows = connection.execute(
        "select coalesce(indicator, goal), replace(breaks_since_start, ',', ', ') "
        "from marts.priority_goal_measures "
        "where period_type = 'quarter' and period_label = ? "
        "and progress is not null and breaks_since_start is not null order by all",
        [quarter.label],
    ).fetchall()
    for name, breaks in rows:
        yield (
            f"{name}: its survey was asked in another way since the goal began ({breaks}), and its progress "
            "is filed across that."
        )


def _sources(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> set[str]:
    """The sources that bring answers to filed surveys or count who was offered them."""
    rows = connection.execute(
        "select distinct source_system from marts.dim_surveys "
        "where survey_id in (select survey_id from marts.a11_280_collection_details)"
    ).fetchall()
    return {name for (name,) in rows} | {
        batch["source"] for batch in manifest["batches"] if batch["stream"] == _OFFERS
    }


def _open_days(manifest: Manifest, quarter: Quarter) -> Iterator[str]:
    until = complete_to(manifest)
    if until is None:
        yield "Nobody knows up to which day this release is complete."
    elif until < quarter.last:
        first = max(quarter.start, date.fromordinal(until.toordinal() + 1))
        days = (quarter.last - first).days + 1
        yield (
            f"{days} {'day' if days == 1 else 'days'} of {quarter.label} "
            f"{'is' if days == 1 else 'are'} open: the data are complete to {until}, and it ends on "
            f"{quarter.last}. Land them, or wait."
        )


def _begins_late(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    first: date | None = connection.execute(
        "select min(answered_local_date) from marts.fct_survey_responses"
    ).fetchall()[0][0]
    if first is not None and quarter.start < first <= quarter.last:
        yield f"The first answer of all is of {first}: {quarter.label} has none of the days before it."


def _is_behind(newest: str | None, quarter: Quarter) -> bool:
    return newest is None or date.fromisoformat(newest) < quarter.last


def _newest(day: str | None) -> str:
    return "nothing of it has landed" if day is None else f"its data end on {day}"


def _late(manifest: Manifest, sources: set[str], quarter: Quarter) -> Iterator[str]:
    for late in manifest["late_sources"]:
        if late["source"] in sources and _is_behind(late["newest"], quarter):
            yield f"{late['source']} is late ({_newest(late['newest'])}), and what is filed rests on it."


def _behind(manifest: Manifest, sources: set[str], quarter: Quarter) -> Iterator[str]:
    for late in manifest["late_sources"]:
        if late["source"] not in sources and _is_behind(late["newest"], quarter):
            yield f"{late['source']} is late ({_newest(late['newest'])}); nothing that is filed rests on it."


def _unreconciled(
    connection: duckdb.DuckDBPyConnection, release: Release, sources: set[str], quarter: Quarter
) -> Iterator[str]:
    for source, unaccounted, surplus, _, _ in _reconciliation(connection, release, quarter):
        if source in sources and (unaccounted or surplus):
            yield (
                f"{source}: {unaccounted:,} records that landed are in no table, and {surplus:,} in the "
                "tables never landed. Build anew: `voxpop build --full-refresh`, then publish."
            )


def _set_aside(
    connection: duckdb.DuckDBPyConnection, release: Release, sources: set[str], quarter: Quarter
) -> Iterator[str]:
    for source, _, _, quarantined, unknown in _reconciliation(connection, release, quarter):
        if source in sources and quarantined:
            yield f"{source}: {quarantined:,} records can't be read; they are in quarantine and not counted."
        if source in sources and unknown:
            yield f"{source}: {unknown:,} records are of surveys that no seed describes and not counted."
    for batch in release.manifest["excluded"]:
        if batch["source"] in sources:
            yield f"{batch['batch_id']} was left out by a person, because: {batch['reason']}"


def _reconciliation(
    connection: duckdb.DuckDBPyConnection, release: Release, quarter: Quarter
) -> list[tuple[str, int, int, int, int]]:
    """Of each source in the quarter's days: unaccounted, surplus, quarantined, of unknown surveys."""
    return connection.execute(
        """
        select
            source, sum(unaccounted)::bigint, sum(surplus)::bigint, sum(quarantined)::bigint,
            sum(unknown_survey)::bigint
        from read_parquet(?) where day between ? and ? group by source order by source
        """,
        [str(release.folder / _RECONCILIATION), quarter.start, quarter.last],
    ).fetchall()


def _counts(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    """Facts, details and responses count the same answers."""
    facts, details, responses = connection.execute(
        """
        select
            (
                select count(*) from marts.fct_survey_responses
                where is_counted and fiscal_quarter = $label
                    and survey_id in (select survey_id from marts.dim_surveys where is_filed)
            ),
            (
                select coalesce(sum(volume_of_respondents), 0)::bigint from marts.a11_280_collection_details
                where quarter_start = $start
            ),
            (select count(*) from marts.a11_280_responses where quarter_start = $start)
        """,
        {"label": quarter.label, "start": quarter.start},
    ).fetchall()[0]
    if not facts == details == responses:
        yield (
            f"{quarter.label}: {facts:,} answers count, the details say {details:,}, and {responses:,} would "
            "be uploaded. Build anew: `voxpop build --full-refresh`, then publish."
        )
    elif not responses:
        there = _quarters(
            connection, "select distinct quarter_start from marts.a11_280_collections order by 1"
        )
        yield f"Nobody answered a filed survey in {quarter.label}: {there}."


def _quarters(connection: duckdb.DuckDBPyConnection, starts: str) -> str:
    """Say which quarters a release has, by SQL for their first days."""
    labels = [Quarter.of(start).label for (start,) in connection.execute(starts).fetchall()]
    return f"this release has {', '.join(labels) or 'none'}"


def _without_clearance(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    rows = connection.execute(
        """
        select survey_title, omb_control_number, sum(without_clearance_count)::bigint as answers
        from marts.a11_280_collection_details where quarter_start = ?
        group by all having answers > 0 or omb_control_number is null order by all
        """,
        [quarter.start],
    ).fetchall()
    for title, number, answers in rows:
        if number is None:
            yield f"{title}: has no OMB control number."
        else:
            yield f"{title}: {answers:,} answers came after its clearance ({number}) expired. They are filed."


def _nonresponse(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    """Filed surveys of which OMB requires more than the counts: too few answered them, or an item of them."""
    rows = connection.execute(
        """
        select d.survey_title, q.response_rate
        from marts.survey_quality as q
        inner join (
            select survey_id, max_by(survey_title, survey_version) as survey_title
            from marts.a11_280_collection_details where quarter_start = $start group by survey_id
        ) as d on d.survey_id = q.member
        where q.period_type = 'quarter' and q.breakdown = 'survey' and q.period_start = $start
            and q.nonresponse_bias_analysis_required
        order by all
        """,
        {"start": quarter.start},
    ).fetchall()
    if rows:
        said = [title if rate is None else f"{title} ({rate:.1%} answered)" for title, rate in rows]
        yield (
            "A nonresponse bias analysis is required, because too few answered the survey or an item of it: "
            f"{'; '.join(said)}."
        )


def _missing(connection: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[str]:
    rows = connection.execute(
        """
        select
            survey_title, count(*) as details,
            count(*) filter (volume_of_customers is null) as customers,
            count(*) filter (volume_of_customers_provided_survey_opportunity is null) as offers,
            count(*) filter (volume_of_respondents > volume_of_customers_provided_survey_opportunity) as over,
            coalesce(sum(volume_of_respondents) filter (channel is null), 0)::bigint as nowhere,
            count(*) filter (cx_collection_service_provider_id is null) as unprovided
        from marts.a11_280_collection_details where quarter_start = ?
        group by survey_title order by survey_title
        """,
        [quarter.start],
    ).fetchall()
    for title, details, customers, offers, over, nowhere, unprovided in rows:
        if customers:
            yield f"{title}: how many customers there were is unknown in {customers} of {details} details."
        if offers:
            yield f"{title}: how many were offered it is unknown in {offers} of {details} details."
        if over:
            yield f"{title}: more answered than were offered it in {over} of {details} details: no rate."
        if nowhere:
            yield f"{title}: {nowhere:,} answers are filed without a channel: no alias names it."
        if unprovided:
            yield f"{title}: its service's organization has no row in the seed service_providers."
