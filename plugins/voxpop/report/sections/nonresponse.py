"""Whether those who answered are like those who were asked, by each characteristic that is known of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb


@dataclass(frozen=True)
class Class:
    """A class of those asked; a figure is None where it is withheld.

    Attributes:
        name: for people.
        is_suppressed: whether its figures are withheld.
        is_low_n: whether fewer answered than what is marked.
        offered: how many were offered a survey.
        respondents: how many answered.
        offered_share: the class's part of all who were offered one.
        respondent_share: the class's part of all who answered.
        gap: the second less the first, with its 95% interval, `gap_low` and `gap_high`.
        held_from: the release whose figures these still are; None where they are this one's.
    """

    name: str
    is_suppressed: bool
    is_low_n: bool
    offered: int | None
    respondents: int | None
    offered_share: float | None
    respondent_share: float | None
    gap: float | None
    gap_low: float | None
    gap_high: float | None
    held_from: str | None

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval of the gap leaves out 0."""
        return self.gap_low is not None and self.gap_high is not None and self.gap_low * self.gap_high > 0


@dataclass(frozen=True)
class Comparison:
    """Those who answered and those who were asked, by one characteristic in a quarter.

    Attributes:
        characteristic: channel, service, segment, wait or resolution.
        is_suppressed: whether what is said of all classes together is withheld.
        is_allowed: whether enough is known to compare; None where withheld.
        known_offered: the share of all offers whose class is known.
        known_respondents: the share of all answers whose class is known.
        rated: answers with a score for satisfaction.
        satisfaction: the mean of those scores.
        weighted: the same as if all classes had answered alike.
        left_out: names of the surveys that are not compared, since not all of their offers are known.
        without_score: names of the classes without such a score, which `weighted` is not of.
        classes: empty where nothing is compared.
    """

    characteristic: str
    is_suppressed: bool
    is_allowed: bool | None
    known_offered: float | None
    known_respondents: float | None
    rated: int | None
    satisfaction: float | None
    weighted: float | None
    left_out: tuple[str, ...]
    without_score: tuple[str, ...]
    classes: tuple[Class, ...]


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[Comparison, ...]:
    """The comparisons of a quarter: those that show something first, the largest class of each first."""
    wholes = connection.execute(
        "select breakdown, suppressed, is_claim_allowed, known_offered_share, known_respondent_share, "
        "rated_count, satisfaction, weighted_satisfaction, surveys_left_out, classes_without_score "
        "from marts.survey_nonresponse where member = 'all' and period_start = ? "
        "order by is_claim_allowed desc nulls last, breakdown",
        [start],
    ).fetchall()
    surveys = dict(
        connection.execute(
            "select survey_id, max_by(survey_name, survey_version) from marts.dim_surveys group by survey_id"
        ).fetchall()
    )
    classes: dict[str, dict[str, Class]] = {}
    rows = connection.execute(
        """
        select
            n.breakdown, n.member,
            case n.breakdown when 'channel' then coalesce(c.channel_name, n.member)
                when 'service' then coalesce(s.service_name, n.member)
                when 'segment' then coalesce(g.segment_name, n.member)
                else replace(n.member, '_', ' ') end,
            n.suppressed, n.low_n, n.offered_count, n.respondent_count, n.offered_share, n.respondent_share,
            n.gap, n.gap_low, n.gap_high, n.held_from
        from marts.survey_nonresponse as n
        left join marts.dim_channels as c on n.breakdown = 'channel' and c.channel = n.member
        left join marts.dim_services as s on n.breakdown = 'service' and s.service_id = n.member
        left join (select distinct segment, segment_name from marts.equity_gaps) as g
            on n.breakdown = 'segment' and g.segment = n.member
        where n.member <> 'all' and n.period_start = ?
        order by n.breakdown, n.offered_count desc nulls last, 3
        """,
        [start],
    ).fetchall()
    for row in rows:
        classes.setdefault(row[0], {})[row[1]] = Class(*row[2:])
    found = []
    for *whole, left_out, without_score in wholes:
        own = classes.get(whole[0], {})
        named = {member: one.name for member, one in own.items()}
        compared = tuple(own.values()) if whole[2] else ()
        names = (_names(left_out, surveys), _names(without_score, named))
        found.append(Comparison(*(*whole, *names, compared)))
    return tuple(found)


def _names(ids: str | None, names: Mapping[str, str]) -> tuple[str, ...]:
    """The names of ids by comma; an id that has none stands for itself."""
    return tuple(names.get(one, one) for one in ids.split(",")) if ids else ()
