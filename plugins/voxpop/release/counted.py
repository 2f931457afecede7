"""Whose records the public tables count: what two releases are compared by, person by person.

A record counts in its cells for each item: what adds up only with itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from voxpop.release.tables import quoted
from voxpop.warehouse.seed_tables import GOAL_FIGURES


@dataclass(frozen=True)
class Counted:
    """A public table of figures, and the records that they are over.

    Attributes:
        reads: the release's tables that `records` reads, and the columns of them. A release that lacks a
            table tells nothing; a column that one of two releases lacks is null in both.
        days: which of these tables have a column of the record's local day, and which.
        records: SQL for record, day, the members that it counts for, and all else that figures rest on.
            `{name}` is a table.
        items_of: SQL for the items of such a row; `{name}` is a value of the policy.
        members: breakdown → the column of `records` that holds the member; beside `all`.
        late_members: breakdown → SQL for record and member, `{marts}` is the schema: of members that a
            record may come to have, or change, later, and that nothing else of it rests on. No other cell
            differs by that, so these are compared by counts.
        items: SQL for the items that a row is a figure of alone.
        rests_on: SQL for whether a figure in the row `row_` rests on `item`.
    """

    reads: Mapping[str, str]
    days: Mapping[str, str]
    records: str
    items_of: str
    members: Mapping[str, str]
    late_members: Mapping[str, str]
    items: str
    rests_on: str


@dataclass(frozen=True)
class Derived:
    """A public table whose rows rest on rows of another.

    Attributes:
        table: its name.
        of: the other's; or its own.
        figure: what of the other they rest on, where that may be null and its row stand, as those of
            `Told.apart` and of other tables' `figures`: `base` is each row without it, held ones too. None:
            the row.
        rests_on: SQL for whether `row_` rests on the held row `base` of the other; `{marts}` is the schema,
            `{name}` a value of the policy.
        figures: the columns that do: they are null then, where the table has them. None: the row is held.
    """

    table: str
    of: str
    rests_on: str
    figures: Sequence[str] | None = None
    figure: str | None = None


_SEGMENTS = """
    select r.response_id as record, segments.segment as member
    from {marts}.fct_survey_responses as r
    inner join (
        select
            customer_id, date_trunc('quarter', started_local_date) as quarter,
            first(segment order by started_at desc nulls last, interaction_id) as segment
        from {marts}.fct_interactions
        where segment is not null and customer_id is not null
        group by all
    ) as segments
        on r.customer_id = segments.customer_id
            and date_trunc('quarter', r.answered_local_date) = segments.quarter
"""
"""The segment of who answered, in the fiscal quarter of the answer."""

_MEMBERS = {"organization": "organization_id", "service": "service_id", "channel": "channel"}
NOWHERE = "unknown"
"""The member of a record that is of no service, or came by no known channel."""

TOLD_ELSEWHERE = ("service", "channel")
"""Of which breakdowns of cx_index survey_quality tells how many are nowhere: those without a channel, and the
surveys without a service."""

_CELL = ("period_type", "period_start", "breakdown", "member")
_ITEM = ("period_type", "period_start", "scale", "measure", "driver")


def same(left: str, right: str, columns: Iterable[str]) -> str:
    """SQL for whether two relations agree on these columns."""
    return " and ".join(f"{left}.{column} = {right}.{column}" for column in columns)


def fiscal_year_start(day: str) -> str:
    """SQL for October 1, with which a day's fiscal year begins."""
    return f"(date_trunc('year', {day} + interval 3 months) - interval 3 months)::date"


def hair(what: str) -> str:
    """SQL for a thousandth at most, by what is said; sums of it are exact up to eight million."""
    return f"(hash({what}) >> 44) / 1073741824"


_PARTS = {
    "offered": "true",
    "handled": "is_handled",
    "answered": "is_handled and wait_seconds is not null",
    "timed": "is_handled and handle_seconds is not null",
    "in_time": "not (is_handled and wait_seconds is null)"
    " and not coalesce(is_abandoned and wait_seconds < {short_abandon_seconds}, false)",
    "given_up": "is_abandoned is not null",
    "transferable": "is_handled and is_transferred is not null",
}
"""What the figures of a contact center are over: part → of which contacts."""

_ITEMS_OF_A_CONTACT = ", ".join(
    f"if({which}, concat_ws('|', source_system, '{name}'), null)" for name, which in _PARTS.items()
)

COUNTED: Mapping[str, Counted] = {
    "cx_index": Counted(
        reads={
            "fct_survey_responses": """
                response_id survey_id survey_version customer_id organization_id service_id channel
                answered_local_date is_counted cluster_id weight
            """,
            "fct_survey_answers": "response_id scale driver raw_value score is_positive",
            "dim_surveys": "survey_id survey_version is_weighted",
        },
        days={"fct_survey_responses": "answered_local_date"},
        # an index is of whoever answered any of its items; who else is of a sampling unit tells of both
        records="""
            with weighted as (
                select survey_id, survey_version from {dim_surveys} group by all having bool_or(is_weighted)
            ),
            answers as (
                select
                    r.response_id as record, r.answered_local_date as day, r.organization_id, r.service_id,
                    r.channel, a.scale, a.driver, a.raw_value, a.score, a.is_positive, r.weight, r.cluster_id,
                    if(r.cluster_id is null and weighted.survey_id is not null, r.customer_id, null)
                        as customer_id
                from {fct_survey_answers} as a
                inner join {fct_survey_responses} as r using (response_id)
                left join weighted
                    on r.survey_id = weighted.survey_id and r.survey_version = weighted.survey_version
                where r.is_counted and r.answered_local_date is not null
            )
            from answers
            union all by name
            select distinct record, day, organization_id, service_id, channel, scale, 'all' as driver
            from answers
        """,
        items_of="[concat_ws('|', scale, driver)]",
        members={
            **_MEMBERS,
            **{name: f"coalesce({_MEMBERS[name]}, '{NOWHERE}')" for name in TOLD_ELSEWHERE},
        },
        late_members={"segment": _SEGMENTS},
        items="[concat_ws('|', scale, driver)]",
        rests_on="split_part(item, '|', 1) = row_.scale and row_.driver in ('all', split_part(item, '|', 2))",
    ),
    "contact_center_performance": Counted(
        reads={
            "fct_interactions": """
                interaction_id organization_id service_id channel direction started_local_date wait_seconds
                talk_seconds hold_seconds wrap_seconds handled_by is_abandoned is_transferred source_system
            """,
            "dim_channels": "channel service_level",
        },
        days={"fct_interactions": "started_local_date"},
        records="""
            select
                interaction_id as record, started_local_date as day, organization_id, service_id, channel,
                source_system, wait_seconds, is_abandoned, is_transferred,
                talk_seconds + coalesce(hold_seconds, 0) + coalesce(wrap_seconds, 0) as handle_seconds,
                not coalesce(is_abandoned, false) and coalesce(handled_by = 'agent', false) as is_handled
            from {fct_interactions}
            inner join {dim_channels} using (channel)
            where direction = 'inbound' and service_level is not null and started_local_date is not null
        """,
        items_of=f"list_filter([{_ITEMS_OF_A_CONTACT}], lambda item: item is not null)",
        members=_MEMBERS,
        late_members={},
        items=f"[concat_ws('|', source_system, part) for part in [{', '.join(map(repr, _PARTS))}]]",
        rests_on="split_part(item, '|', 1) = row_.source_system",
    ),
}
"""By table."""


@dataclass(frozen=True)
class Count:
    """A number of people, or of something that each is one person's, and of some of them.

    Attributes:
        people: SQL for how many.
        some: SQL for how many of them had, did or said something; a sum of scores counts by their range.
        is_sum: whether the count of a whole is that of its parts.
        is_of_all: whether a release keeps it of each cell that has any, withheld ones too: one that it hasn't
            got had none.
    """

    people: str
    some: str = "0"
    is_sum: bool = True
    is_of_all: bool = False


@dataclass(frozen=True)
class Told:
    """A public table that is compared by the counts that it tells itself.

    They can't tell one record that came and one that went from none; nor a new method from other people, so a
    new method's small differences are held too.

    Attributes:
        item: SQL for what of a row adds up only with itself.
        counts: its counts by name.
        breakdown: SQL for the breakdown as sums know it: all, organization, service, survey, or any other.
        member: SQL for the member.
        is_one: whether the rows of a cell are held together.
        together: SQL by `told_item`, `told_count`, `breakdown` and `member` for which cells of a period are
            held together, because what each is beside the others is told too often, or not without them; null
            of any other cell.
        apart: figure → the counts that only it tells. Where one of them is held, the figure is null and the
            row stands.
        unlisted: SQL for which rows the table lacks where they are withheld: that one is there would tell.
    """

    item: str
    counts: Mapping[str, Count]
    breakdown: str = "breakdown"
    member: str = "member"
    is_one: bool = False
    together: str | None = None
    apart: Mapping[str, Collection[str]] = field(default_factory=dict)
    unlisted: str | None = None


END = "\x1f"
"""Between the names in a cell's item."""


class Named(NamedTuple):
    """A count of a told table's item; None: of any item, or of the same."""

    table: str
    item: str | None
    name: str

    def of_cells(self, item: str | None = None) -> str:
        """The item of its cells: the table, what adds up only with itself, and which of its counts."""
        return END.join((self.table, self.item or item or "", self.name))


@dataclass(frozen=True)
class Alike:
    """Counts of the same period and member that tell of the same people: the whole is the sum of its parts.

    Attributes:
        whole: the one.
        parts: the others.
        has_others: whether whoever is in the whole alone is a person of some cell; else only what is held is
            hidden by them.
        is_exact: whether nobody is.
    """

    whole: Named
    parts: Sequence[Named]
    has_others: bool = True
    is_exact: bool = True


_WEB = "concat_ws('|', source_system, site, report, basis, if(period_type = 'span', period_label, null))"
_IS_MEDIAN = "measure = 'median_resolution_days'"
_SHARES_OF_VISITS = ("engaged", "bounce", "task_success", "helpful")


def _alone(*columns: str) -> dict[str, Count]:
    return {column: Count(column) for column in columns}


def _points(mean: str, count: str) -> Count:
    """A mean of scores from 1 to 5: who says 5 counts whole, who says 1 not at all."""
    return Count(count, f"round(({mean} - 1) * {count}) / 4")


def _covered(count: str, coverage: str, of: str) -> dict[str, Count]:
    """Those of whom one knows whose they were, and the others; each may be the same where the other moved."""
    return {
        f"known_{of}": Count(f"round({coverage} * {count})"),
        f"unknown_{of}": Count(f"round((1 - {coverage}) * {count})"),
    }


def _figures(people: str, *figures: str) -> Count:
    """They tell that records changed, though as many are counted; how many, nobody knows from them."""
    return Count(people, hair(", ".join(figures)), is_sum=False)


TOLD: Mapping[str, Told] = {
    "survey_quality": Told(
        item="'surveys'",
        counts={
            # how many were served everybody may know, as cx_index's volume
            **_alone("response_count", "respondent_count", "offered_count", "offered_respondent_count"),
            "uncounted": Count("response_count - respondent_count"),
            "known_segment": Count("round(known_segment_share * respondent_count)"),
            "unknown_segment": Count("round((1 - known_segment_share) * respondent_count)"),
            "tied": Count("respondent_count", "round(tied_share * respondent_count)"),
            "complete": Count("offered_count", "round(aapor_rr1 * offered_count)"),
        },
        # whose segment is known changes with everybody who comes, and by few nearly everywhere
        apart={"known_segment_share": ("known_segment", "unknown_segment")},
        together="if(ends_with(told_count, 'known_segment'), concat_ws('|', breakdown, member), null)",
    ),
    "survey_nonresponse": Told(
        item="breakdown",
        counts={
            **_alone("offered_count", "respondent_count", "rated_count"),
            "silent": Count("offered_count - respondent_count"),
            "points": _points("satisfaction", "rated_count"),
            # what shares are of; of classes within channels it is no whole number, nor a sum
            **{
                f"{of}_of_classes": Count(f"round({of}_count / nullif({of}_share, 0), 3)", is_sum=False)
                for of in ("offered", "respondent")
            },
            **{
                f"{of}_of_all": Count(
                    f"if(member = 'all', round({of}_count / nullif(known_{of}_share, 0)), null)",
                    f"{of}_count",
                )
                for of in ("offered", "respondent")
            },
        },
        breakdown="if(member = 'all', 'all', 'class')",
        # the shares of each class tell what all of them are
        together="told_item",
    ),
    "identity_quality": Told(
        item="'records'",
        counts={
            **_alone("record_count", "identified_count", "matched_count", "unjoined_count", "customer_count"),
            "unmatched": Count("record_count - matched_count"),
            "unknowable": Count("record_count - identified_count"),
            "joined": Count("record_count - unjoined_count"),
            "undecided": Count("record_count", "round(undecided_share * record_count)"),
        },
        together="if(breakdown = 'source', 'sources', null)",
    ),
    "contact_center_performance": Told(item="source_system", counts=_alone("offered")),
    "web_performance": Told(
        item=_WEB,
        counts={
            **_alone("n", "visits", "users", *(f"{share}_n" for share in _SHARES_OF_VISITS)),
            **{
                share: Count(f"{share}_n", f"round({share}_share * {share}_n)") for share in _SHARES_OF_VISITS
            },
            "sessions": Count("if(basis = 'visits', visits, null)"),
            # a visit has any number of views
            "views": _figures("n", "pageviews", "day_count"),
        },
        # votes are held more often, see VOTES
        apart={"helpful_share": ("helpful_n", "helpful")},
    ),
    "page_helpfulness": Told(
        item=_WEB,
        counts={**_alone("n"), "yes": Count("n", "round(value * n)")},
        breakdown="if(page = 'all', 'all', 'page')",
        member="page",
    ),
    "journey_paths": Told(
        item="path",
        counts={
            **_alone("journey_count", "score_n"),
            "all": Count("round(journey_count / share)"),
            "points": _points("mean_score", "score_n"),
            "median": _figures("journey_count", "median_days", "median_days_low", "median_days_high"),
            # all of a member's rows tell the same of whom is known
            **_covered("if(path = 'all', contact_count, null)", "match_coverage", "contacts"),
            **_covered("if(path = 'all', visit_count, null)", "website_match_coverage", "visits"),
            "visits": Count("if(path = 'all', visit_count, null)"),
        },
        is_one=True,
    ),
    "journey_measures": Told(
        item="concat_ws('|', measure, page)",
        counts={
            **_alone("n", "pending_count", "unknown_count"),
            # what ends is in the one and no more in the other
            "begun": Count(f"if({_IS_MEDIAN}, null, n + pending_count)"),
            "seen": Count("n", f"if({_IS_MEDIAN}, null, round(value * n))"),
            # each may be the same where the other moved
            "seen_alone": Count(f"if({_IS_MEDIAN}, null, round(value * n))", is_sum=False),
            "others_alone": Count(f"if({_IS_MEDIAN}, null, n - round(value * n))", is_sum=False),
            "page": Count("if(page = 'all', null, round(value * n))", is_of_all=True),
            # an interval reaches as far as other members' coverages say
            "figures": _figures("n", "value", "low", "high"),
            "known_contacts": Count(
                "if(contact_coverage < 1, "
                "round(unknown_count * contact_coverage / (1 - contact_coverage)), null)"
            ),
            **_covered("visit_count", "web_coverage", "visits"),
            "visits": Count("visit_count"),
            "contacts": Count(
                "if(measure = 'first_contact_resolution_share', n + pending_count + unknown_count, null)"
            ),
        },
        # a service's pages add up to the n that stands beside each, and that is whom its share tells of
        together="""
            if(
                starts_with(told_item, 'page_before_call_share|')
                or told_item = 'website_before_call_share|all' and breakdown = 'service', member, null
            )
        """,
        unlisted="page <> 'all'",
    ),
}
"""By table."""

WITHHELD: Mapping[str, str] = {
    "survey_quality": """
        select period_type, period_start, breakdown, member, n as respondent_count,
            part_count / n as known_segment_share
        from {intermediate}.int_row_counts
        where table_name = 'survey_quality'
    """,
    "journey_measures": """
        select period_type, period_start, breakdown, member, item as measure, page, n, pending_count,
            part_count / n as value, visit_count, known_visit_count / visit_count as web_coverage
        from {intermediate}.int_row_counts
        where table_name = 'journey_measures'
    """,
    "journey_paths": """
        select period_type, period_start, breakdown, member, item as path, n as journey_count,
            visit_count, known_visit_count / visit_count as website_match_coverage
        from {intermediate}.int_row_counts
        where table_name = 'journey_paths'
    """,
    "web_performance": """
        select
            period_type, date_trunc(period_type, day)::date as period_start, null as period_label,
            breakdown, member, source_system, 'all' as site, 'visits' as report, 'visits' as basis,
            count(*) as n, n as visits
        from (
            select
                source_system, started_local_date as day,
                unnest(['all', 'organization', 'service', 'site', 'device', 'page']) as breakdown,
                unnest(['all', organization_id, service_id, site, device, site || landing_page]) as member
            from {marts}.fct_web_sessions
            where not is_suspected_bot
        )
        cross join (values ('month'), ('quarter')) as period_types (period_type)
        where day is not null and member is not null
        group by all
    """,
    "identity_quality": """
        select
            'quarter' as period_type, date_trunc('quarter', day)::date as period_start, breakdown, member,
            count(*) as record_count, count(customer_id) as matched_count
        from (
            select
                started_local_date as day, customer_id, unnest(['all', 'source', 'channel']) as breakdown,
                unnest(['all', source_system, channel]) as member
            from {marts}.fct_interactions
            where direction = 'inbound'
            union all
            select
                answered_local_date, customer_id, unnest(['all', 'source', 'channel']),
                unnest(['all', source_system, channel])
            from {marts}.fct_survey_responses
            where is_counted
        )
        where day is not null and member is not null and coalesce(
            date_trunc('quarter', day) < (select unsettled_from from {intermediate}.int_contact_history), true
        )
        group by all
    """,
}
"""Told table → SQL for what its rows count, withheld ones too: their key, and columns that counts rest on;
`{marts}` and `{intermediate}` are the schemas."""


def _journeys(measure: str, count: str) -> Named:
    return Named("journey_measures", f"{measure}|all", count)


_COVERED = (
    Named("journey_paths", "all", "known_contacts"),
    *(
        _journeys(measure, "known_contacts")
        for measure in ("channel_shift_share", "division_change_share", "median_resolution_days")
    ),
)
"""Counts of the contacts whose customers further ones would be seen of."""

_VISITED = (
    "channel_shift_share",
    "division_change_share",
    "median_resolution_days",
    "website_before_call_share",
)
"""Measures beside which the visits stand."""

_VISITS = (
    *(_journeys(measure, "visits") for measure in _VISITED),
    Named("journey_paths", "all", "visits"),
)
"""The visits, to the website or in the app, as they stand beside journeys."""

ALIKE: Sequence[Alike] = (
    # journeys
    *(
        Alike(_journeys("channel_shift_share", count), [_journeys("division_change_share", count)])
        for count in ("n", "pending_count", "begun")
    ),
    Alike(_journeys("channel_shift_share", "n"), [Named("journey_paths", "all", "journey_count")]),
    # of some visits no page is known
    Alike(
        _journeys("website_before_call_share", "seen_alone"),
        [Named("journey_measures", None, "page")],
        is_exact=False,
    ),
    # contacts
    Alike(
        _journeys("repeat_contact_share", "n"),
        [_journeys("first_contact_resolution_share", count) for count in ("n", "pending_count")],
    ),
    Alike(
        _journeys("first_contact_resolution_share", "contacts"),
        [
            _journeys("repeat_contact_share", "n"),
            _journeys("repeat_contact_share", "unknown_count"),
        ],
    ),
    *(
        Alike(_journeys("repeat_contact_share", "unknown_count"), [_journeys(measure, "unknown_count")])
        for measure in (
            "first_contact_resolution_share",
            "channel_shift_share",
            "division_change_share",
            "median_resolution_days",
        )
    ),
    Alike(
        _journeys("first_contact_resolution_share", "contacts"),
        [Named("contact_center_performance", None, "offered")],
        is_exact=False,
    ),
    *(Alike(_journeys("repeat_contact_share", "n"), [known]) for known in _COVERED),
    Alike(
        _journeys("repeat_contact_share", "unknown_count"),
        [Named("journey_paths", "all", "unknown_contacts")],
    ),
    Alike(
        _journeys("repeat_contact_share", "n"),
        [_journeys("website_before_call_share", "known_contacts")],
        is_exact=False,
    ),
    # visits
    *(Alike(visits, [Named("web_performance", None, "sessions")], is_exact=False) for visits in _VISITS),
    *(
        Alike(one, [other])
        for count in ("known_visits", "unknown_visits")
        for one, other in combinations(
            [*(_journeys(measure, count) for measure in _VISITED), Named("journey_paths", "all", count)], 2
        )
    ),
    # responses
    Alike(_journeys("survey_linked_share", "n"), [Named("survey_quality", "surveys", "respondent_count")]),
    Alike(_journeys("survey_linked_share", "seen"), [Named("survey_quality", "surveys", "tied")]),
    *(
        Alike(
            Named("survey_quality", "surveys", f"{of}_count"),
            [Named("survey_nonresponse", breakdown, f"{of}_of_all")],
        )
        for of in ("offered", "respondent")
        for breakdown in ("channel", "service")
    ),
    # some answers belong to an offer by their service and to none by their channel
    *(
        Alike(
            Named("survey_nonresponse", "channel", count),
            [Named("survey_nonresponse", "service", count)],
            is_exact=False,
        )
        for count in ("respondent_count", "rated_count", "points")
    ),
    # both; visits are in neither
    Alike(
        Named("identity_quality", "records", "record_count"),
        [_journeys("first_contact_resolution_share", "contacts"), _journeys("survey_linked_share", "n")],
        has_others=False,
        is_exact=False,
    ),
    # what journeys don't tell yet, or withhold, others may have told
    Alike(
        Named("identity_quality", "records", "record_count"),
        [
            Named("contact_center_performance", None, "offered"),
            Named("cx_index", "likert_5|all", "records"),
        ],
        has_others=False,
        is_exact=False,
    ),
)
"""What one table tells, another may not hold alone."""

VOTES = (
    *(Named("web_performance", None, count) for count in ("helpful_n", "helpful")),
    *(Named("page_helpfulness", None, count) for count in ("n", "yes")),
)
"""Counts of the same votes on pages: those of a quarter, of its months too, are held together."""


@dataclass(frozen=True)
class OfRecords:
    """Counts of the same records.

    Attributes:
        count: one of them.
        which: SQL for which rows of `KINDS` it counts.
        breakdowns: its members, beside `all`, as columns of `KINDS`.
        also: other counts of the table that add up as it does, but are of something else in these records.
        item: SQL by `KINDS` for its item, where `count` doesn't name it.
    """

    count: Named
    which: str
    breakdowns: Sequence[str]
    also: Sequence[str] = ()
    item: str = "source"


KINDS = """
    select
        date_trunc('quarter', started_local_date)::date as period_start, source_system as source, channel,
        organization_id as organization, service_id as service, customer_id is not null as is_matched,
        not coalesce(channel in ('website', 'mobile_app'), false) as is_contact,
        interaction_id in (
            select unit_id from {intermediate}.int_measures__journey_units
            where measure = 'first_contact_resolution_share'
        ) as is_known,
        is_contact and channel in (
            select channel from {marts}.dim_channels where channel_group = 'phone'
        ) as is_call,
        is_contact and channel in (
            select channel from {marts}.dim_channels where service_level is not null
        ) as is_awaited,
        not is_contact and source_system in (
            select source_system from {marts}.fct_web_sessions
        ) as is_session,
        false as is_answer
    from {marts}.fct_interactions
    where direction = 'inbound' and started_local_date is not null
    union
    select
        date_trunc('quarter', answered_local_date)::date, source_system, channel, organization_id, service_id,
        customer_id is not null, false, false, false, false, false, true
    from {marts}.fct_survey_responses
    where is_counted and answered_local_date is not null
"""
"""SQL for the kinds of records of a quarter; `{marts}` and `{intermediate}` are the schemas."""

_OF_CONTACTS = ("organization", "service", "channel")
_OF_DIVISIONS = ("organization", "service")
_OF_RECORDS = ("source", "channel")

OF_RECORDS: Sequence[OfRecords] = (
    OfRecords(
        Named("identity_quality", "records", "record_count"),
        "true",
        _OF_RECORDS,
        also=("identified_count", "unknowable", "unjoined_count", "joined", "customer_count", "undecided"),
    ),
    OfRecords(Named("identity_quality", "records", "matched_count"), "is_matched", _OF_RECORDS),
    OfRecords(Named("identity_quality", "records", "unmatched"), "not is_matched", _OF_RECORDS),
    OfRecords(_journeys("first_contact_resolution_share", "contacts"), "is_contact", _OF_CONTACTS),
    OfRecords(_journeys("repeat_contact_share", "n"), "is_contact and is_known", _OF_CONTACTS),
    OfRecords(
        _journeys("repeat_contact_share", "unknown_count"), "is_contact and not is_known", _OF_CONTACTS
    ),
    OfRecords(
        _journeys("website_before_call_share", "known_contacts"),
        "is_contact and is_known and is_call",
        _OF_DIVISIONS,
    ),
    OfRecords(
        _journeys("website_before_call_share", "unknown_count"),
        "is_contact and not is_known and is_call",
        _OF_DIVISIONS,
    ),
    OfRecords(Named("contact_center_performance", None, "offered"), "is_awaited", _OF_CONTACTS),
    OfRecords(_journeys("survey_linked_share", "n"), "is_answer", _OF_CONTACTS),
    OfRecords(Named("survey_quality", "surveys", "respondent_count"), "is_answer", ("organization",)),
    *(OfRecords(count, "not is_contact and not is_answer", _OF_DIVISIONS) for count in _VISITS),
    OfRecords(
        Named("web_performance", None, "sessions"),
        "is_session",
        _OF_DIVISIONS,
        item="concat(source, '|all|visits|visits')",
    ),
)
"""What counts records of which it is known from where they are."""

_SURVEYS_SERVICE = "(select max(service_id) from {marts}.dim_surveys where survey_id = row_.member)"

RESPONDENTS: Mapping[str, tuple[str, str]] = {
    "survey_quality": (
        "if(row_.breakdown = 'survey', 'service', row_.breakdown)",
        f"if(row_.breakdown = 'survey', {_SURVEYS_SERVICE}, row_.member)",
    ),
    "survey_nonresponse": ("if(row_.member = 'all', 'all', row_.breakdown)", "row_.member"),
}
"""Told tables that withhold who answered where cx_index does: SQL for the breakdown and member there of a row
`row_`; `{marts}` is the schema."""

BY_CHANNELS = tuple(
    Named("survey_nonresponse", breakdown, "respondent_of_all")
    for breakdown in ("segment", "wait", "resolution")
)
"""All answers by the channels in which a survey is offered after a contact, as a share of them tells."""

KNOWN_SEGMENT = Named("survey_quality", "surveys", "known_segment")
LINKED = _journeys("survey_linked_share", "n")
"""It counts respondents too, and what it withholds has counts of its own."""

TIED = (Named("survey_quality", "surveys", "tied"), _journeys("survey_linked_share", "seen"))
"""Counts of the same answers, those to contacts: by survey and by service."""

_OF_SERVICES_ITEMS = f"""
    row_.breakdown = 'survey' and base.breakdown = 'service' and base.member = {_SURVEYS_SERVICE}
    and {same("base", "row_", ("period_type", "period_start"))}
"""

DERIVED: Sequence[Derived] = (
    Derived(
        "cx_index",
        of="cx_index",
        # they are the services' values, each times a volume that everybody may know
        rests_on=f"""
            row_.breakdown <> 'service' and base.breakdown = 'service' and {same("base", "row_", _ITEM)}
        """,
        figures=("volume_value", "volume_low", "volume_high"),
    ),
    Derived(
        "cx_index",
        of="cx_index",
        # as where something is withheld: beside figures without weights they tell it
        rests_on=f"""
            base.breakdown in ('organization', 'service', row_.breakdown)
            and base.scale = row_.scale and row_.period_start = case
                when row_.period_type = 'year' then {fiscal_year_start("base.period_start")}
                when row_.period_type = base.period_type then base.period_start
                when row_.period_type = 'quarter' and base.period_type = 'month'
                    then date_trunc('quarter', base.period_start)
            end
        """,
        figures=(
            *("weighted_value", "weighted_low", "weighted_high", "weighted_standard_error"),
            *("sampling_unit_count", "design_effect", "effective_n"),
        ),
    ),
    Derived(
        "survey_quality",
        of="survey_quality",
        rests_on=same("base", "row_", _CELL),
        figures=("known_segment_share", "is_segment_claim_allowed"),
        figure="known_segment_share",
    ),
    Derived(
        "web_performance",
        of="web_performance",
        rests_on=same("base", "row_", (*_CELL, "period_label", "source_system", "site", "report", "basis")),
        figures=("helpful_n", "helpful_share", "helpful_low", "helpful_high"),
        figure="helpful_share",
    ),
    Derived(
        "survey_quality",
        of="cx_index",
        # the share and respondent_count are how many answered the question
        rests_on=_OF_SERVICES_ITEMS,
        figures=("lowest_item", "lowest_item_share"),
    ),
    Derived(
        "survey_quality",
        of="cx_index",
        # the verdict says on which side of a bar the share is, unless the rate decides
        rests_on=f"""
            {_OF_SERVICES_ITEMS} and not coalesce(row_.response_rate < {{unit_response_min_share}}, false)
        """,
        figures=("nonresponse_bias_analysis_required",),
    ),
    Derived(
        "survey_quality",
        of="cx_index",
        # all less its channels are those of none; a year's are its quarters'
        rests_on=f"""
            base.breakdown = 'channel'
            and {fiscal_year_start("base.period_start")} = {fiscal_year_start("row_.period_start")}
        """,
        figures=("unknown_channel_count",),
    ),
    Derived(
        "survey_quality",
        of="survey_quality",
        # a clearance ends, and a channel or offers are unknown, for all of a survey at once: a whole tells it
        rests_on="""
            base.breakdown <> 'all'
            and date_trunc('quarter', base.period_start) = date_trunc('quarter', row_.period_start)
        """,
        figures=(
            *("collected_without_clearance_count", "unknown_channel_count", "without_offer_count"),
            "is_cohort_mismatched",
        ),
    ),
    Derived(
        "published_measures",
        of="cx_index",
        # an index of the drivers that both have rests on each of them
        rests_on="""
            row_.our_source = 'own_measures' and base.breakdown = 'service' and base.member = row_.service
            and base.period_type = row_.period_type and base.period_start = row_.period_start
            and base.scale = row_.scale
        """,
    ),
)
"""In this order."""

MADE_OF_PUBLISHED: Mapping[str, Sequence[str]] = {
    "cx_comparisons": ("cx_index",),
    "cx_control_limits": ("cx_index",),
    "equity_gaps": ("cx_comparisons", "survey_quality"),
}
"""Tables that are made of others' rows: once more of those that are published, by the models, in this order.

So they tell no more than these."""


def of_goal(goal: Mapping[str, str]) -> list[Derived]:
    """What a row of the seed `priority_goals` takes from a table of measures: its figures, and its forecast.

    Args:
        goal: the seed's columns, of a figure that it hasn't got an empty text; `row_filter` says which rows:
            `column=value|…`, by columns of the table's key.
    """
    table = goal["table_name"]
    named = {
        "row_.goal_id": goal["goal_id"],
        "row_.indicator": goal["indicator"],
        "base.period_type": goal["period_type"],
    }
    for part in goal["row_filter"].split("|"):
        column, _, value = part.partition("=")
        named[f"base.{column}"] = value
    wanted = " and ".join(f"{column}::varchar = {quoted(value)}" for column, value in named.items())
    upto = f"{wanted} and base.period_start <= row_.period_start"
    own = upto if goal["kind"] == "cumulative" else f"{wanted} and base.period_start = row_.period_start"
    forecast = ("forecast_value", "forecast_low", "forecast_high", "forecast_point_count")
    may_be_null = {figure for one in DERIVED if one.table == table for figure in one.figures or ()}
    read: Sequence[str | None] = sorted({goal[column] for column in GOAL_FIGURES} & may_be_null)
    return [
        one
        for figure in read or [None]
        for one in (
            Derived("priority_goal_measures", table, own, figure=figure),
            Derived("priority_goal_measures", table, upto, forecast, figure=figure),
        )
    ]
