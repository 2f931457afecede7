"""What people went through: the ways that their journeys took, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import duckdb

from voxpop.report.numbers import interval, rounded, shown

DRAWN = 15
"""How many ways on which the customer changed the channel are drawn."""
LISTED = 20
"""How many ways are in the table."""


class Measure(NamedTuple):
    """What people are told that a measure is: its name, and what is counted."""

    name: str
    meaning: str


MEASURES = {
    "website_before_call_share": Measure(
        "Visited the website before calling",
        "Of journeys with a call, those in which a visit to the website began before the first one.",
    ),
    "channel_shift_share": Measure(
        "Changed the channel on the way",
        "Of journeys, those in which the customer came by another channel than the time before. The agency's "
        "own contacts don't count.",
    ),
    "division_change_share": Measure(
        "Went from one division to another",
        "Of journeys, those with a contact whose customer had been dealt with by another division within "
        "{gap} days before, whatever it was about.",
    ),
    "repeat_contact_share": Measure(
        "Had been in touch in the {repeat} days before",
        "Of contacts other than visits to the website or the app, those that followed another of that "
        "customer about that service within {repeat} days.",
    ),
    "first_contact_resolution_share": Measure(
        "No further contact within {repeat} days",
        "Of the same contacts, those that no other followed within {repeat} days (first-contact resolution). "
        "This looks on from a contact and the share before looks back: the two don't add up to 100%.",
    ),
    "median_resolution_days": Measure(
        "Time until it was settled, median",
        "Of journeys with a contact that says whether the matter is settled, from the first contact to the "
        "end of the one that settled it. A journey that isn't counts as lasting still (Kaplan and Meier).",
    ),
    "survey_linked_share": Measure(
        "Answers tied to what they rate, of all answers",
        "Of answers to surveys, those of which it can be told which contact each is about.",
    ),
}
"""The measures of whole journeys and contacts, in the order in which they are shown, with places for days."""


def measures(policy: Mapping[str, float]) -> dict[str, Measure]:
    """The measures with a release's days in their names and meanings."""
    days = {"gap": int(policy["journey_gap_days"]), "repeat": int(policy["repeat_contact_days"])}
    return {key: Measure(*(text.format(**days) for text in one)) for key, one in MEASURES.items()}


@dataclass(frozen=True)
class Path:
    """A way that journeys took; a figure is None where it is withheld or there is none.

    Attributes:
        steps: the channels in order, by name; contacts in one channel after another are one step.
        changes_channel: whether the customer came by another channel than the time before.
        is_low_n: whether fewer journeys went it than what is marked.
        count: how many journeys.
        share: their part of all, with its 95% interval, `low` and `high`.
        score: their mean satisfaction, 1 to 5, with its 95% interval.
        score_count: how many of them ended with a survey that says it.
        days: the median from the first contact to the end of the last, in days.
        held_from: the release whose figures these still are; None where they are this one's.
    """

    steps: tuple[str, ...]
    changes_channel: bool
    is_low_n: bool
    count: int
    share: float | None
    low: float | None
    high: float | None
    score: float | None
    score_low: float | None
    score_high: float | None
    score_count: int | None
    days: float | None
    held_from: str | None

    @property
    def name(self) -> str:
        """Its steps as a sentence says them: `Website, then Phone`."""
        return ", then ".join(self.steps)

    @property
    def share_text(self) -> str:
        """Its part of all journeys in percent."""
        return "—" if self.share is None else shown("top_two", self.share)

    @property
    def interval(self) -> str:
        """The 95% interval of its part."""
        return interval("top_two", self.low, self.high)

    @property
    def score_text(self) -> str:
        """Its mean satisfaction."""
        return "—" if self.score is None else shown("mean", self.score)

    @property
    def score_interval(self) -> str:
        """The 95% interval of its mean satisfaction."""
        return interval("mean", self.score_low, self.score_high)

    @property
    def time_text(self) -> str:
        """The median time."""
        return "—" if self.days is None else _time(self.days)


@dataclass(frozen=True)
class Rate:
    """A measure of journeys or contacts, of the whole agency or of one service.

    Attributes:
        member: the service's name; `all` of the whole agency.
        measure: which one.
        page: of a page before the call which; `all` of other measures.
        is_suppressed: whether its figures are withheld.
        is_low_n: whether it is of fewer than what is marked.
        n: what it is of.
        value: the share, or the days; `low` and `high` are the ends of its 95% interval.
        coverage: the share that is matched of the contacts and visits that it needs; None where of none.
        pending: contacts or journeys that may still go on: they are not in n.
        is_claim_allowed: whether enough is matched to say it.
        held_from: the release whose figures these still are; None where they are this one's.
    """

    member: str
    measure: str
    page: str
    is_suppressed: bool
    is_low_n: bool
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    coverage: float | None
    pending: int | None
    is_claim_allowed: bool
    held_from: str | None

    @property
    def text(self) -> str:
        """The share in percent, or the days."""
        if self.value is None:
            return "withheld" if self.is_suppressed else "—"
        return self._shown(self.value)

    @property
    def interval(self) -> str:
        """The 95% interval; a median may have no upper end."""
        if self.low is None:
            return "—"
        if self.high is None:
            return f"{self._shown(self.low)} to unknown"
        if self.measure == "median_resolution_days":
            return f"{rounded(self.low, 1)} to {_time(self.high)}"
        return interval("top_two", self.low, self.high)

    def _shown(self, value: float) -> str:
        return _time(value) if self.measure == "median_resolution_days" else shown("top_two", value)


@dataclass(frozen=True)
class Journeys:
    """The journeys that began in a quarter.

    Attributes:
        quarter: which, as people write it; None where there is none yet.
        count: how many; None where withheld.
        contacts_matched: of the contacts other than visits to the website the share whose customer is known,
            and would be recognized in others.
        visits_matched: of the visits the share whose customer is known.
        paths: the ways that are published, the commonest first, without those that are taken together.
        withheld: how many ways are withheld.
        rates: of the whole agency.
        services: name of a service → its rates, by measure.
        pages: name of a service → the pages that people had last seen when they called, the commonest first.
        of_withheld_pages: name of a service → how many had last seen one that is withheld: none, or many.
    """

    quarter: str | None
    count: int | None
    contacts_matched: float | None
    visits_matched: float | None
    paths: tuple[Path, ...]
    withheld: int
    rates: tuple[Rate, ...]
    services: dict[str, dict[str, Rate]]
    pages: dict[str, list[Rate]]
    of_withheld_pages: dict[str, int]

    @property
    def drawn(self) -> list[Path]:
        """The commonest of the ways that `channel_shift_share` counts."""
        return [path for path in self.paths if path.changes_channel][:DRAWN]

    @property
    def listed(self) -> list[Path]:
        """The commonest ways, and all that are drawn."""
        drawn = self.drawn
        return [path for place, path in enumerate(self.paths) if place < LISTED or path in drawn]


def read(connection: duckdb.DuckDBPyConnection, start: date) -> Journeys:
    """The journeys of the newest quarter up to `start` that is settled."""
    quarter, settled = connection.execute(
        """
        select max_by(period_label, period_start), max(period_start)
        from marts.journey_measures
        where period_type = 'quarter' and period_start <= ?
        """,
        [start],
    ).fetchall()[0]
    names = dict(connection.execute("select channel, channel_name from marts.dim_channels").fetchall())
    rows = connection.execute(
        """
        select
            path, low_n, journey_count, share, low, high, mean_score, mean_score_low, mean_score_high,
            score_n, median_days, held_from
        from marts.journey_paths
        where period_type = 'quarter' and breakdown = 'all' and period_start = ? and not suppressed
            and path not in ('all', 'other')
        order by journey_count desc, path
        """,
        [settled],
    ).fetchall()
    count, contacts_matched, visits_matched, withheld = connection.execute(
        """
        select
            any_value(journey_count) filter (path = 'all'), any_value(match_coverage) filter (path = 'all'),
            any_value(website_match_coverage) filter (path = 'all'),
            count(*) filter (suppressed and path <> 'all')
        from marts.journey_paths
        where period_type = 'quarter' and breakdown = 'all' and period_start = ?
        """,
        [settled],
    ).fetchall()[0]
    rates = _rates(connection, settled)
    services: dict[str, dict[str, Rate]] = {}
    pages: dict[str, list[Rate]] = {}
    of_withheld_pages: dict[str, int] = {}
    for one in rates:
        if one.page != "all" and one.n is not None and one.value is not None:
            pages.setdefault(one.member, []).append(one)
            left = of_withheld_pages.get(one.member, one.n)
            of_withheld_pages[one.member] = left - round(one.value * one.n)
        elif one.member != "all":
            services.setdefault(one.member, {})[one.measure] = one
    whole = {one.measure: one for one in rates if one.member == "all" and one.page == "all"}
    return Journeys(
        quarter=quarter,
        count=count,
        contacts_matched=contacts_matched,
        visits_matched=visits_matched,
        paths=tuple(Path(_steps(path, names), _changes_channel(path), *rest) for path, *rest in rows),
        withheld=withheld,
        rates=tuple(whole[measure] for measure in MEASURES if measure in whole),
        services=services,
        pages=pages,
        of_withheld_pages=of_withheld_pages,
    )


def _rates(connection: duckdb.DuckDBPyConnection, start: date | None) -> list[Rate]:
    """Of the whole agency and of each service, by its name; of several pages the commonest first."""
    rows = connection.execute(
        """
        select
            coalesce(s.service_name, m.member), m.measure, m.page, m.suppressed, m.low_n, m.n, m.value, m.low,
            m.high, m.match_coverage, m.pending_count, m.is_claim_allowed, m.held_from
        from marts.journey_measures as m
        left join marts.dim_services as s on m.breakdown = 'service' and s.service_id = m.member
        where m.period_type = 'quarter' and m.breakdown in ('all', 'service') and m.period_start = ?
        order by 1, m.member, m.measure, m.value desc nulls last, m.page
        """,
        [start],
    ).fetchall()
    return [Rate(*row) for row in rows]


def _time(days: float) -> str:
    """Days to the tenth, as they are published: `0.2 days`; hours would say more than is known."""
    return f"{rounded(days, 1)}\xa0days"


def _steps(path: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The steps of a path by name; `outbound_` is before a channel by which the agency came."""
    said = []
    for step in path.split(" > "):
        channel = step.removeprefix("outbound_")
        name = {"unknown": "Unknown channel", "...": "and on"}.get(channel, names.get(channel, channel))
        said.append(name if channel == step else f"{name} (by the agency)")
    return tuple(said)


def _changes_channel(path: str) -> bool:
    """As `channel_shift_count` has it: neither the agency's contacts nor unknown channels count."""
    own = [step for step in path.split(" > ") if step != "..." and not step.startswith("outbound_")]
    return any(one != other and "unknown" not in (one, other) for one, other in pairwise(own))
