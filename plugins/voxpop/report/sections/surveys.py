"""How well each survey was answered, and what of it is filed under A-11 section 280."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.numbers import shown


@dataclass(frozen=True)
class Survey:
    """A survey in a quarter; a count is None where it is withheld or unknown.

    Attributes:
        name: for people.
        is_filed: whether it is filed under A-11 section 280.
        is_suppressed: whether its figures are withheld.
        is_low_n: whether fewer answered than what is marked.
        respondents: answers that count, which are those that are filed.
        offered: people who were offered it.
        answered_offers: respondents up to the last day of which offers are known; the rate is over these.
        rate: their share of the offers.
        is_mismatched: whether some respondents are of another cohort than the offers.
        needs_analysis: whether OMB asks for an analysis of nonresponse bias.
        known_segments: the share of respondents whose segment is known.
        late: answers after its clearance had expired; None where withheld.
        control_number: of the clearance that was in force when the quarter ended, or of the one before.
        expires_on: that clearance's last day.
        is_expired: whether the quarter had days after it.
        held_from: the release whose figures these still are; None where they are this one's.
    """

    name: str
    is_filed: bool
    is_suppressed: bool
    is_low_n: bool
    respondents: int | None
    offered: int | None
    answered_offers: int | None
    rate: float | None
    is_mismatched: bool | None
    needs_analysis: bool | None
    known_segments: float | None
    late: int | None
    control_number: str | None
    expires_on: date | None
    is_expired: bool
    held_from: str | None

    @property
    def missing(self) -> str:
        """What is missing for a filing, in words; an empty text where nothing is."""
        if self.is_suppressed:
            return "withheld here; the files have it"
        said = [
            *(["offers unknown"] if self.offered is None else []),
            *(["how many without clearance"] if self.late is None and self.is_expired else []),
            *([f"{self.late:,} without clearance"] if self.late else []),
        ]
        return ", ".join(said)

    @property
    def rate_text(self) -> str:
        """The rate in percent, or an em dash."""
        return "—" if self.rate is None else shown("top_two", self.rate)


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Survey, ...]:
    """The surveys of a quarter: those that are filed first, then by name."""
    rows = connection.execute(
        """
        with names as (
            select survey_id, max_by(survey_name, survey_version) as survey_name
            from marts.dim_surveys group by survey_id
        )
        select
            coalesce(names.survey_name, q.member),
            q.member in (select survey_id from marts.a11_280_collection_details where quarter_start = $start)
                as is_filed,
            q.suppressed, q.low_n, q.respondent_count, q.offered_count, q.offered_respondent_count,
            q.response_rate, q.is_cohort_mismatched, q.nonresponse_bias_analysis_required,
            q.known_segment_share, q.collected_without_clearance_count, q.omb_control_number,
            q.omb_expires_on, coalesce(q.omb_expires_on < $start + interval 3 months - interval 1 day, false),
            q.held_from
        from marts.survey_quality as q
        left join names on names.survey_id = q.member
        where q.period_type = 'quarter' and q.breakdown = 'survey' and q.period_start = $start
        order by is_filed desc, 1, q.member
        """,
        {"start": start},
    ).fetchall()
    return tuple(Survey(*row) for row in rows)


def filed(surveys: Sequence[Survey]) -> list[Survey]:
    """Those that are filed under A-11 section 280."""
    return [survey for survey in surveys if survey.is_filed]


def answered(surveys: Sequence[Survey]) -> int | None:
    """How many answered all of them; None where any of their counts is withheld."""
    counts = [survey.respondents for survey in surveys if survey.respondents is not None]
    return sum(counts) if len(counts) == len(surveys) else None
