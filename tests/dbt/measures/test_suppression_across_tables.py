"""An attack on public tables together, of journeys and of contacts: what one says of what another withholds.

What a reader doesn't know are atoms: how many journeys, or records, there are of each kind that the tables
tell apart. A published number is a sum of some of them, and so is each withheld one. The attack finds a
withheld number that is a linear combination of published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import qr

from .sql import CONTACT_CENTER, CX_INDEX, Measures
from .tables import (
    SERVICES,
    answers,
    describe_surveys,
    fiscal_quarter,
    load,
    responses,
    touched_quarters,
)

MINIMUM = 10
CELL = ["period_type", "period_start", "breakdown", "member"]
CHANNELS = {"phone": 0.5, "website": 0.3, "email": 0.1, "live_chat": 0.07, "in_person": 0.03}
YEAR = "(date_trunc('year', quarter_start + interval 3 months) - interval 3 months)::date"
OFFERED = ("phone", "email", "live_chat")
"""After a contact by these a survey is offered."""
SOURCES = {"website": "web", "in_person": "visits"}
PAGES = {"/form": 0.6, "/status": 0.35, "/help": 0.05}
STEPS = (0.75, 0.18, 0.07)
"""How many people have one, two and three contacts of a matter."""
CALLERS = ((0.2, 0.6, 0.2), 0.8)
"""Most have more than one, and most of these are known to have called after a visit; see `contacts`."""
JOURNEYS = (
    "customer_journeys",
    "int_journey_paths",
    "int_measures__journey_units",
    "int_measures__journeys",
    "int_measures__resolution_times",
    "int_withheld_journeys",
    "journey_paths",
    "journey_measures",
    "identity_quality",
)

WEB = ("int_web_overlaps", "int_measures__web", "web_performance")
SURVEYS = (
    "int_measures__surveys",
    "survey_quality",
    "int_measures__nonresponse",
    "survey_nonresponse",
    "int_row_counts",
)
UNCOUNTED = {"deleted": 0.05, "spam": 0.03, "flagged": 0.01, "archived": 0.01}
"""Why an answer doesn't count, and of how many."""


@dataclass(frozen=True)
class Told:
    """A number of rows of a public table: the sum of which atoms, whether it is shown, how many they are."""

    table: str
    name: str
    of: np.ndarray
    is_shown: bool
    count: float


def contacts(
    seed: int, number: int, steps_of: Sequence[float] = STEPS, callers_share: float = 0
) -> pd.DataFrame:
    """The contacts of five quarters, the first four a fiscal year, of people with one to three each.

    Args:
        seed: of chance.
        number: how many people.
        steps_of: how many of them have one, two and three contacts.
        callers_share: how many of those with more than one are known to have called after a visit.
    """
    draw = np.random.default_rng(seed)
    services = draw.choice(list(SERVICES), number, p=draw.dirichlet(np.full(len(SERVICES), 1.2)))
    starts = pd.to_datetime("2024-10-01") + pd.to_timedelta(draw.uniform(0, 457, number), unit="D")
    steps = draw.choice([1, 2, 3], number, p=steps_of)
    matter = np.repeat(np.arange(number), steps)
    size = len(matter)
    place = np.arange(size) - np.repeat(np.cumsum(steps) - steps, steps)
    service = services[matter]
    channel = draw.choice(list(CHANNELS), size, p=list(CHANNELS.values()))
    is_caller = (np.random.default_rng([seed, 1]).random(number) < callers_share)[matter]
    is_caller &= (steps[matter] > 1) & (place < 2)
    channel = np.where(is_caller, np.where(place == 0, "website", "phone"), channel)
    is_known = is_caller | (draw.random(size) < np.where(channel == "website", 0.5, 0.85))
    organization = np.where(draw.random(size) < 0.97, [SERVICES[name] for name in service], "trv")
    started = (starts[matter] + pd.to_timedelta(place * 20, unit="h")).astype("datetime64[us]")
    fate = draw.choice(["agent", "abandoned"], size, p=[0.9, 0.1])
    tiers = draw.choice(["strong", "medium"], number, p=[0.9, 0.1])
    found = pd.DataFrame(
        {
            "interaction_id": [f"i{at:06}" for at in range(size)],
            "source_record_id": [f"i{at:06}" for at in range(size)],
            "source_system": [SOURCES.get(name, "genesys") for name in channel],
            "customer_id": pd.Series(np.where(is_known, [f"c{at}" for at in matter], None), dtype="string"),
            "customer_tier": pd.Series(np.where(is_known, tiers[matter], None), dtype="string"),
            "organization_id": organization,
            "service_id": pd.Series(np.where(draw.random(size) < 0.97, service, None), dtype="string"),
            "channel": channel,
            "direction": np.where((channel == "phone") & (draw.random(size) < 0.05), "outbound", "inbound"),
            "started_at": started,
            "ended_at": started,
            "started_local_date": started.date,
            "fiscal_quarter": [fiscal_quarter(day) for day in started.date],
            "wait_seconds": 20,
            "talk_seconds": 200,
            "hold_seconds": 0,
            "wrap_seconds": 0,
            "handled_by": np.where(fate == "agent", "agent", None),
            "is_abandoned": fate == "abandoned",
            "is_transferred": False,
            "is_resolved": draw.random(size) < 0.5,
            "is_survey_offered": np.isin(channel, OFFERED),
        }
    )
    segment = draw.choice(["old", "new", None], number, p=[0.6, 0.3, 0.1])
    page = draw.choice(list(PAGES), size, p=list(PAGES.values()))
    return found.assign(
        segment=pd.Series(np.where(is_known, segment[matter], None), dtype="string"),
        page=pd.Series(np.where(channel == "website", page, None), dtype="string"),
    )


def surveyed(rows: pd.DataFrame, seed: int, days: int) -> pd.DataFrame:
    """Responses of some of those people, some days later, of which some don't count."""
    draw = np.random.default_rng(seed)
    asked = rows[(draw.random(len(rows)) < 0.3) & rows["service_id"].notna()].reset_index(drop=True)
    reason = draw.choice([None, *UNCOUNTED], len(asked), p=[0.9, *UNCOUNTED.values()])
    return responses(
        len(asked),
        survey_id=asked["service_id"],
        about=asked["interaction_id"].where(draw.random(len(asked)) < 0.9),
        is_counted=pd.isna(reason),
        not_counted_reason=pd.Series(reason, dtype="string"),
        collected_without_clearance=False,
        customer_id=asked["customer_id"],
        organization_id=[SERVICES[name] for name in asked["service_id"]],
        service_id=asked["service_id"],
        channel=asked["channel"].astype("string"),
        source_system="touchpoints",
        answered_at=asked["started_at"] + pd.Timedelta(days=days),
        answered_local_date=(asked["started_at"] + pd.Timedelta(days=days)).dt.date,
    )


ALL_SETTLED = "2026-01-01"
"""The day after the last quarter of a world."""

World = tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame], str]
"""Contacts, responses, the answers to each question, and the first day of what isn't settled."""


def world(
    seed: int, number: int, *of_contacts: Any, days: int = 1, unsettled_from: str = ALL_SETTLED
) -> World:
    """What an agency knows; people answer a survey so many days later."""
    rows = contacts(seed, number, *of_contacts)
    people = surveyed(rows, seed, days)
    draw = np.random.default_rng(seed)
    items = ("satisfaction", "ease")
    points = [answers(people["response_id"], name, draw.integers(3, 6, len(people))) for name in items]
    return rows, people, points, unsettled_from


def make(
    measures: Measures,
    rows: pd.DataFrame,
    people: pd.DataFrame,
    points: list[pd.DataFrame],
    unsettled_from: str,
) -> None:
    """Make all of these tables."""
    load(measures, people, *points)
    measures.table("fct_interactions", rows)
    describe_surveys(measures)
    measures.connection.execute(
        """
        create or replace table channels as select * from read_csv('{seeds}/channels.csv');
        create or replace table dim_channels as from channels;
        create or replace table fct_web_sessions as
            select
                source_system, source_record_id as session_id, organization_id, service_id, channel,
                'agency.gov' as site, 'desktop' as device, page as landing_page, page as exit_page,
                started_local_date, source_record_id as visitor_token, 1 as pageview_count,
                true as is_engaged, false as is_bounce, false as is_task_started, false as is_task_done,
                0 as helpful_yes_count, 0 as helpful_no_count, false as is_suspected_bot
            from fct_interactions
            where channel = 'website';
        -- nobody votes on a page, and no source counts visits itself
        create or replace table page_helpfulness (
            source_system text, basis text, quarter_start date, page text, suppressed boolean
        );
        create or replace table int_web_aggregates (
            source_system text, report text, site text, breakdown text, member text, first_date date,
            last_date date, record_date date, not_counted_reason text, visits bigint, users bigint,
            pageviews bigint, engaged_share double, bounce_share double
        );
        create or replace table int_contact_history as
            select
                min(started_at) as history_starts_at, timestamp '2026-01-05' as complete_until_at,
                date '{unsettled_from}' as unsettled_from
            from fct_interactions;
        create or replace table int_survey_ties as
            select response_id, interaction_id from fct_survey_responses
            left join fct_interactions on interaction_id = about
            where is_counted;
        """.replace("{seeds}", str(measures.seeds)).replace("{unsettled_from}", unsettled_from)
    )
    quarters = touched_quarters(pd.to_datetime(rows["started_local_date"]))
    measures.table("int_touched_quarters", quarters)
    measures.connection.execute(
        "create or replace table int_journey_years as"
        f" select quarter_start, {YEAR} as year_start from int_touched_quarters"
    )
    measures.connection.execute("""
        create or replace table int_interactions as
            select interaction_id, interaction_id as _record_key, segment from fct_interactions;
        create or replace table int_survey_responses as
            select response_id, response_id as _record_key from fct_survey_responses;
        -- of others who name somebody it is not known who that is
        create or replace table int_identity__record_tokens as
            select id as _record_key, 'strong' as tier
            from (
                select interaction_id as id, customer_id from fct_interactions
                union all
                select response_id, customer_id from fct_survey_responses
            )
            where customer_id is not null or substr(id, 2)::int % 3 = 0;
    """)
    measures.build(*CX_INDEX, *CONTACT_CENTER, *WEB, *JOURNEYS, *SURVEYS)


Condition = Callable[[pd.DataFrame, dict[Hashable, Any]], Any]


def coded(atoms: pd.DataFrame) -> pd.DataFrame:
    """Atoms whose texts are categories: these compare ten times as fast, and `cells` compares a lot."""
    return atoms.astype(dict.fromkeys(atoms.select_dtypes(["object", "string"]), "category"))


def cells(
    atoms: pd.DataFrame, tables: Mapping[str, pd.DataFrame], table: str, name: str, condition: Condition
) -> Iterator[Told]:
    """A number of each of these rows: of which atoms inside its period and member it is."""
    counts, periods = atoms["count"].to_numpy(float), atoms["period"].to_numpy()

    @cache
    def of_period(period_type: str, start: Any) -> np.ndarray:
        end = start + pd.DateOffset(months={"month": 1, "quarter": 3, "year": 12}[period_type])
        return (periods >= start.to_datetime64()) & (periods < end.to_datetime64())

    @cache
    def of_member(breakdown: str, member: str) -> np.ndarray:
        return np.asarray(atoms[breakdown] == member, dtype=bool)

    for cell in tables[table].to_dict("records"):
        is_inside = np.asarray(condition(atoms, cell), dtype=bool)
        is_inside = is_inside & of_period(cell["period_type"], pd.Timestamp(cell["period_start"]))
        if cell["breakdown"] != "all":
            is_inside &= of_member(cell["breakdown"], cell["member"])
        count = float(counts[is_inside].sum())
        number = cell[name]
        assert pd.isna(number) or abs(number - count) < 1e-4, (cell, "is another number")
        key = [
            str(cell[each])
            for each in (*CELL, "measure", "driver", "page", "path", "source_system")
            if each in cell
        ]
        yield Told(table, " ".join([name, *key]), is_inside.astype(float), not pd.isna(number), count)


def shown(tables: Mapping[str, pd.DataFrame], table: str) -> dict[str, pd.DataFrame]:
    """Those of these rows that aren't withheld: a number that needn't be told of the others."""
    return {table: tables[table][~tables[table]["suppressed"]]}


def recovered(told: Sequence[Told]) -> list[str]:
    """The withheld numbers of 1 to 9 that are linear combinations of what is shown."""
    shown = np.array([each.of for each in told if each.is_shown])
    small = [each for each in told if not each.is_shown and 0 < each.count < MINIMUM]
    if not small or not len(shown):
        return []
    directions, sizes, _ = qr(np.unique(shown, axis=0).T, mode="economic", pivoting=True)
    span = directions[:, np.abs(np.diag(sizes)) > 1e-9]
    hidden = np.array([each.of for each in small])
    rest = np.abs(hidden - (hidden @ span) @ span.T).max(axis=1)
    return [each.name for each, left in zip(small, rest, strict=True) if left < 1e-7]


def is_of_path(atoms: pd.DataFrame, cell: dict[Hashable, Any]) -> Any:
    if cell["path"] == "all":
        return atoms["count"] >= 0
    if cell["breakdown"] == "all":
        return atoms["item_of_all"] == ("rest" if cell["path"] == "other" else cell["path"])
    return atoms["item"] == cell["path"]


SHARES: dict[str, tuple[Condition, Condition]] = {
    "channel_shift_share": (lambda atoms, _: atoms["count"] >= 0, lambda atoms, _: atoms["is_shifted"]),
    "division_change_share": (lambda atoms, _: atoms["count"] >= 0, lambda atoms, _: atoms["is_changed"]),
    "website_before_call_share": (lambda atoms, _: atoms["has_call"], lambda atoms, _: atoms["is_before"]),
}
"""Measure -> of which journeys it is a share, and which are in it."""

PAGES_BEFORE = "page_before_call_share"

OF_JOURNEYS = ["is_shifted", "is_changed", "has_call", "is_before", "page"]
"""What of a journey the tables tell apart, beside its path."""

OF_COVERAGES = """
    round({visits} * visit_count) as known_visits, round((1 - {visits}) * visit_count) as unknown_visits
"""
OF_SHARES = f"""
    select
        *, {YEAR} as year, value * n as seen,
        round(unknown_count * contact_coverage / nullif(1 - contact_coverage, 0)) as known_contacts,
        {OF_COVERAGES.format(visits="web_coverage")}
    from journey_measures
    where page = 'all'
"""
ROWS_OF_JOURNEYS = {
    "paths": f"select *, {YEAR.replace('quarter_start', 'period_start')} as year from journey_paths",
    **{measure: f"{OF_SHARES} and measure = '{measure}'" for measure in SHARES},
    # a page that is withheld has no row; nor has a quarter that isn't settled, of any page
    PAGES_BEFORE: f"""
        select
            pages.period_type, pages.period_start, pages.breakdown, pages.member, pages.measure, pages.page,
            told.n, told.value * told.n as seen, coalesce(told.suppressed, true) as suppressed,
            told.held_from, {YEAR.replace("quarter_start", "pages.period_start")} as year
        from int_measures__journeys as pages
        left join journey_measures as told
            using (period_type, period_start, breakdown, member, measure, page)
        where pages.page <> 'all' and pages.period_start in (select period_start from journey_measures)
    """,
}
"""Rows of public tables that tell of journeys; those of a share by its measure."""


def journeys_of(measures: Measures) -> pd.DataFrame:
    """The journeys, each with its path's name in services and over all of them."""
    return measures.frame(f"""
        with named as (
            select distinct year_start, item, breakdown
            from int_journey_paths
            where item not in ('all', 'other', 'rest')
        )
        select
            journey_id as id, path, quarter_start as period, organization_id as organization,
            service_id as service,
            coalesce(of_service.item, 'other') as item,
            coalesce(of_service.item, of_all.item, 'rest') as item_of_all,
            channel_shift_count > 0 as is_shifted, division_change_count > 0 as is_changed,
            has_website_before_call is not null as has_call,
            coalesce(has_website_before_call, false) as is_before,
            coalesce(page_before_call, 'none') as page,
            {YEAR} as year_start
        from customer_journeys
        left join named as of_service
            on of_service.breakdown = 'service' and of_service.item = path and of_service.year_start = {YEAR}
        left join named as of_all
            on of_all.breakdown = 'all' and of_all.item = path and of_all.year_start = {YEAR}
        where not is_open and not is_left_truncated
    """)


def told_of_journeys(atoms: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Told]:
    """What the rows of a fiscal year tell of its journeys."""
    atoms = coded(atoms)
    told = list(cells(atoms, tables, "paths", "journey_count", is_of_path))
    for measure, (whole, seen) in SHARES.items():
        told += cells(atoms, tables, measure, "n", whole)
        told += cells(atoms, shown(tables, measure), measure, "seen", seen)
    told += cells(
        atoms, shown(tables, PAGES_BEFORE), PAGES_BEFORE, "n", lambda atoms, _: atoms["page"] != "none"
    )
    told += cells(atoms, tables, PAGES_BEFORE, "seen", lambda atoms, cell: atoms["page"] == cell["page"])
    # beside pages that are listed it is told how many came from others; alone they are those of the share
    pages = tables[PAGES_BEFORE]
    is_beside_listed = ~pages.groupby(CELL)["suppressed"].transform("all")
    unlisted = pages[pages["suppressed"] & is_beside_listed].groupby(CELL)["page"].agg(list)
    unlisted = unlisted.reset_index().assign(seen=np.nan)
    told += cells(
        atoms,
        {PAGES_BEFORE: unlisted},
        PAGES_BEFORE,
        "seen",
        lambda atoms, cell: atoms["page"].isin(cell["page"]),
    )
    return told


def said_of_journeys(measures: Measures) -> Iterator[list[Told]]:
    """What is said of the journeys of each fiscal year.

    An atom is a quarter, a service, an organization, a path's name in services and over all of them, and
    what shares are of. Of a named path that is known, and whether a service's quarter has any: it has a row.
    """
    tables = {name: measures.frame(rows) for name, rows in ROWS_OF_JOURNEYS.items()}
    for year, mine in journeys_of(measures).groupby("year_start"):
        members = mine[["period", "service", "organization"]]
        kinds = mine[["item", "item_of_all", *OF_JOURNEYS]]
        atoms = members.drop_duplicates().merge(kinds.drop_duplicates(), how="cross")
        atoms = atoms.merge(mine[["period", "service", "item"]].drop_duplicates())
        every = [*members, *kinds]
        counts = mine.groupby(every).size().rename("count").reset_index()
        atoms = atoms.merge(counts, how="left", on=every).fillna({"count": 0.0})
        here = {name: rows[rows["year"] == year] for name, rows in tables.items()}
        yield told_of_journeys(atoms, here)


def is_of_source(of: Callable[[pd.DataFrame], Any]) -> Condition:
    """Those records; in a table that has its rows by source, those of the row's."""
    return lambda atoms, cell: of(atoms) & (cell.get("source_system", atoms["source"]) == atoms["source"])


def of_kind(kind: str) -> Callable[[pd.DataFrame], Any]:
    return lambda atoms: atoms["kind"] == kind


is_contact = of_kind("inbound")
is_answer = of_kind("response")


def is_uncounted(atoms: pd.DataFrame) -> Any:
    return atoms["kind"].isin(UNCOUNTED)


def is_record(atoms: pd.DataFrame) -> Any:
    return atoms["kind"].isin(["inbound", "visit", "response"])


def is_of_class(atoms: pd.DataFrame, cell: dict[Hashable, Any]) -> Any:
    """Who answered after an offer to somebody of that segment, or of any."""
    if cell["class"] == "all":
        return ~atoms["asked"].isin(["no", "unknown"])
    return atoms["asked"] == cell["class"]


def is_judged(atoms: pd.DataFrame) -> Any:
    """Whether it's known, or will be, if they came again: not of few whom an email alone names."""
    return is_contact(atoms) & atoms["is_judged"]


FIRST, REPEAT, LINKED = "first_contact_resolution_share", "repeat_contact_share", "survey_linked_share"
SHIFT, WEBSITE_BEFORE = "channel_shift_share", "website_before_call_share"


def is_call(atoms: pd.DataFrame) -> Any:
    return is_contact(atoms) & (atoms["channel"] == "phone")


def is_visit(atoms: pd.DataFrame) -> Any:
    return atoms["kind"] == "visit"


def is_known_visit(atoms: pd.DataFrame) -> Any:
    return is_visit(atoms) & atoms["is_matched"] & (atoms["service"] != "none")


COVERED = {FIRST: is_contact, SHIFT: is_contact, WEBSITE_BEFORE: is_call, "coverage": is_contact}
"""Measure → of which contacts it is told beside it how many are nobody's, and how many are somebody's."""

RECORDS: list[tuple[str, str, Callable[[pd.DataFrame], Any]]] = [
    ("contact_center", "offered", is_contact),
    ("identity", "record_count", is_record),
    ("identity", "matched_count", lambda atoms: is_record(atoms) & atoms["is_matched"]),
    ("identity", "unmatched", lambda atoms: is_record(atoms) & ~atoms["is_matched"]),
    ("identity", "identified_count", lambda atoms: is_record(atoms) & atoms["is_identified"]),
    ("identity", "unknowable", lambda atoms: is_record(atoms) & ~atoms["is_identified"]),
    ("identity", "undecided", lambda atoms: is_record(atoms) & atoms["is_identified"] & ~atoms["is_matched"]),
    ("identity", "unjoined_count", lambda atoms: is_record(atoms) & atoms["is_unjoined"]),
    ("identity", "joined", lambda atoms: is_record(atoms) & ~atoms["is_unjoined"]),
    (FIRST, "n", lambda atoms: is_judged(atoms) & ~atoms["is_pending"]),
    (FIRST, "pending_count", lambda atoms: is_judged(atoms) & atoms["is_pending"]),
    (FIRST, "seen", lambda atoms: is_judged(atoms) & ~atoms["is_pending"] & ~atoms["is_followed"]),
    (REPEAT, "n", lambda atoms: atoms["is_looked_back"]),
    (REPEAT, "seen", lambda atoms: atoms["is_repeat"]),
    (LINKED, "n", lambda atoms: is_answer(atoms) & (atoms["service"] != "none")),
    # in these agencies whoever answers says something of every question
    ("index", "n", is_answer),
    *(("quality", count, is_answer) for count in ("respondent_count", "offered_respondent_count")),
    ("quality", "response_count", lambda atoms: is_answer(atoms) | is_uncounted(atoms)),
    ("quality", "uncounted", is_uncounted),
    *(("quality", f"{reason}_count", of_kind(reason)) for reason in UNCOUNTED),
    ("quality", "known_segment", lambda atoms: is_answer(atoms) & (atoms["segment"] != "unknown")),
    ("quality", "unknown_segment", lambda atoms: is_answer(atoms) & (atoms["segment"] == "unknown")),
    ("nonresponse", "respondent_count", is_answer),
    ("nonresponse", "rated_count", is_answer),
    ("wholes", "respondents_of_share", is_answer),
    ("wholes of contacts", "respondents_of_share", lambda atoms: atoms["asked"] != "no"),
    ("website", "visits", is_visit),
]
"""Table or measure, what it counts, and which records those are."""

WHOLES = """
    select * replace ('all' as breakdown, 'all' as member),
        concat_ws(' ', breakdown, member) as path,
        round(respondent_count / if(member = 'all', known_respondent_share, respondent_share))
            as respondents_of_share,
        round(offered_count / if(member = 'all', known_offered_share, offered_share)) as offered_of_share
    from survey_nonresponse
    where breakdown in ('channel', 'service')
"""
"""What the shares of each class, and of all of known class, are of."""

ROWS_OF_RECORDS = {
    "contact_center": "select * from contact_center_performance",
    "identity": """
        select
            *, record_count - matched_count as unmatched, record_count - identified_count as unknowable,
            round(undecided_share * record_count) as undecided, record_count - unjoined_count as joined
        from identity_quality
    """,
    "index": "select * from cx_index where period_type <> 'year'",
    # here a survey is a service by another name
    "quality": """
        select
            * replace (if(breakdown = 'survey', 'service', breakdown) as breakdown),
            response_count - respondent_count as uncounted,
            round(known_segment_share * respondent_count) as known_segment,
            respondent_count - known_segment as unknown_segment,
            round(tied_share * respondent_count) as tied
        from survey_quality
    """,
    "nonresponse": """
        select * replace (if(member = 'all', 'all', breakdown) as breakdown)
        from survey_nonresponse
        where breakdown in ('channel', 'service')
    """,
    "wholes": WHOLES,
    "wholes of contacts": """
        select * replace ('all' as breakdown, 'all' as member), breakdown as path,
            round(respondent_count / known_respondent_share) as respondents_of_share
        from survey_nonresponse
        where breakdown in ('segment', 'wait', 'resolution') and member = 'all'
    """,
    "classes": """
        select * replace ('all' as breakdown, 'all' as member), member as class,
            concat('segment ', member) as path
        from survey_nonresponse
        where breakdown = 'segment'
    """,
    "website": """
        select * from web_performance
        where basis = 'visits' and breakdown in ('all', 'organization', 'service')
    """,
    **{
        name: f"{OF_SHARES} and measure = '{name}'" for name in (FIRST, REPEAT, LINKED, SHIFT, WEBSITE_BEFORE)
    },
    "coverage": f"""
        select
            *, round(match_coverage * contact_count) as known_contacts,
            round((1 - match_coverage) * contact_count) as unknown_count,
            {OF_COVERAGES.format(visits="website_match_coverage")}
        from journey_paths
        where path = 'all'
    """,
}
"""Rows of public tables that tell of contacts and answers; those of a share by its measure."""


def records_of(measures: Measures) -> pd.DataFrame:
    """The contacts and answers, and what is known of each.

    An answer is `asked` by the segment of the contact after which the survey was offered, or of no known
    one, or not; `carried`, in that contact's quarter, if it is of the next one itself.
    """
    return measures.frame("""
        with asked as (
            select
                responses.response_id, contacts.started_local_date as asked_on,
                case
                    when contacts.interaction_id is not null then coalesce(contacts.segment, 'unknown')
                    when responses.channel in (select channel from fct_interactions where is_survey_offered)
                        then 'unknown'
                end as asked,
                coalesce(
                    date_trunc('quarter', asked_on) <> date_trunc('quarter', answered_local_date), false
                ) as is_carried
            from fct_survey_responses as responses
            left join int_survey_ties as ties on responses.response_id = ties.response_id
            left join fct_interactions as contacts
                on ties.interaction_id = contacts.interaction_id and contacts.is_survey_offered
            where responses.is_counted
        )
        select
            facts.id, date_trunc('month', facts.day)::date as period, facts.organization_id as organization,
            coalesce(facts.service_id, 'none') as service, facts.channel, facts.source_system as source,
            facts.kind, facts.kind in ('inbound', 'visit', 'response') as is_record,
            coalesce(asked.asked, 'no') as asked,
            is_record and tokens._record_key is not null as is_identified,
            is_record and (
                facts.customer_id is null
                or count(*) filter (where is_record)
                    over (partition by facts.customer_id, date_trunc('quarter', facts.day)) = 1
            ) as is_unjoined,
            if(facts.kind = 'response', coalesce(segments.segment, 'unknown'), 'unknown') as segment,
            coalesce(is_counted and ties.interaction_id is not null, false) as is_tied,
            facts.customer_id is not null as is_matched, firsts.unit_id is not null as is_judged,
            coalesce(firsts.is_pending, false) as is_pending,
            coalesce(firsts.is_seen, false) as is_followed, repeats.unit_id is not null as is_looked_back,
            coalesce(repeats.is_seen, false) as is_repeat
        from (
            select *, interaction_id as id, started_local_date as day,
                case when channel = 'website' then 'visit' else direction end as kind
            from fct_interactions
            union all by name
            select *, response_id as id, answered_local_date as day,
                if(is_counted, 'response', not_counted_reason) as kind
            from fct_survey_responses
            union all by name
            select * exclude (customer_id, is_counted), response_id as id, asked_on as day,
                'carried' as kind
            from asked inner join fct_survey_responses using (response_id)
            where is_carried
        ) as facts
        left join asked
            on facts.response_id = asked.response_id and asked.is_carried = (facts.kind = 'carried')
        left join int_identity__record_tokens as tokens on facts.id = tokens._record_key
        left join int_survey_ties as ties on facts.response_id = ties.response_id
        left join ({{ segments_of_customers(ref('int_journey_years')) }}) as segments
            on facts.customer_id = segments.customer_id
                and date_trunc('quarter', facts.day) = segments.quarter_start
        left join int_measures__journey_units as firsts
            on facts.id = firsts.unit_id and firsts.measure = 'first_contact_resolution_share'
        left join int_measures__journey_units as repeats
            on facts.id = repeats.unit_id and repeats.measure = 'repeat_contact_share'
    """)


KINDS = ["organization", "service", "channel", "source", "kind"]
OF_CONTACTS = ["is_judged", "is_pending", "is_followed", "is_looked_back", "is_repeat"]
STATES = ["is_matched", "is_identified", "is_unjoined", "segment", "is_tied", "asked", *OF_CONTACTS]


def atoms_of_records(mine: pd.DataFrame) -> pd.DataFrame:
    """What a reader doesn't know the numbers of, in a fiscal quarter."""
    atoms = mine[KINDS].drop_duplicates()
    for others in (STATES, ["period"]):
        atoms = atoms.merge(mine[others].drop_duplicates(), how="cross")
    # by which channels surveys are offered is known
    atoms = atoms.merge(mine[["channel", "kind", "asked"]].drop_duplicates())
    is_of_answer = (atoms["segment"] != "unknown") | atoms["is_tied"]
    is_of_contact = atoms[OF_CONTACTS].any(axis=1)
    is_asked, is_carried = atoms["asked"] != "no", atoms["kind"] == "carried"
    return atoms[
        (is_answer(atoms) | ~is_of_answer)
        & (is_judged(atoms) | ~is_of_contact)
        & (is_answer(atoms) & ~is_carried | (is_carried == is_asked))
    ]


def of_quarters(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows that are of a quarter or of a month in it."""
    return {name: rows[rows["period_type"] != "year"] for name, rows in tables.items()}


def told_of_coverages(atoms: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Told]:
    """What the rows of a fiscal year, and of its quarters, tell of whose contacts one knows."""
    atoms = coded(atoms)
    counts: dict[str, Condition] = {
        "unknown_count": lambda atoms, _: ~atoms["is_judged"],
        "known_contacts": lambda atoms, _: atoms["is_judged"],
    }
    return [
        each
        for table in (FIRST, SHIFT, "coverage")
        for count, is_some in counts.items()
        for each in cells(atoms, {table: tables[table].dropna(subset=[count])}, table, count, is_some)
    ]


def told_of_records(atoms: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Told]:
    """What the rows of a fiscal quarter tell of its contacts and answers."""
    atoms = coded(atoms)
    told = [
        each for table, count, of in RECORDS for each in cells(atoms, tables, table, count, is_of_source(of))
    ]
    # of no channel or source is it told how many answered and don't count, nor how often the agency called
    untold = {"identity": tables["identity"].assign(uncounted=np.nan, outbound=np.nan)}
    told += cells(atoms, untold, "identity", "uncounted", is_of_source(is_uncounted))
    told += cells(atoms, untold, "identity", "outbound", is_of_source(of_kind("outbound")))
    told += cells(atoms, tables, "classes", "respondent_count", is_of_class)
    # of people who are many these may be few, and what one of the tables withholds the other may tell
    for table, count in (("quality", "tied"), (LINKED, "seen")):
        told += cells(atoms, shown(tables, table), table, count, lambda atoms, _: atoms["is_tied"])
    for table, is_one in COVERED.items():
        of_coverage: dict[str, Condition] = {
            "unknown_count": lambda atoms, _, is_one=is_one: is_one(atoms) & ~is_judged(atoms),
            "known_contacts": lambda atoms, _, is_one=is_one: is_one(atoms) & is_judged(atoms),
        }
        if table != FIRST:
            of_coverage |= {
                "known_visits": lambda atoms, _: is_known_visit(atoms),
                "unknown_visits": lambda atoms, _: is_visit(atoms) & ~is_known_visit(atoms),
            }
        for count, is_some in of_coverage.items():
            rows = tables[table]
            told += cells(atoms, {table: rows[rows[count].notna()]}, table, count, is_some)
    return told


def said_of_records(measures: Measures) -> Iterator[list[Told]]:
    """What is said of the contacts and answers of each fiscal quarter.

    An atom is a month, a service of an organization, a channel of a source, and what is known of a record.
    Which of these there are is known: that only one organization has an office, say. How many contacts are
    nobody's is told beside a share; it may be few there, so it is no secret where the share is withheld.
    """
    records = records_of(measures)
    tables = {name: measures.frame(rows) for name, rows in ROWS_OF_RECORDS.items()}
    every = [*KINDS, *STATES, "period"]
    for quarter, mine in records.groupby(records["period"].dt.to_period("Q")):
        counts = mine.groupby(every).size().rename("count").reset_index()
        atoms = atoms_of_records(mine).merge(counts, how="left", on=every).fillna({"count": 0.0})
        here = {
            name: rows[pd.to_datetime(rows["period_start"]).dt.to_period("Q") == quarter]
            for name, rows in tables.items()
        }
        yield told_of_records(atoms, of_quarters(here))


ROWS_OF_VISITS = {
    **{name: ROWS_OF_RECORDS[name] for name in ("website", SHIFT, WEBSITE_BEFORE)},
    "coverage": f"""
        select *, {OF_COVERAGES.format(visits="website_match_coverage")}
        from journey_paths
        where path = 'all'
    """,
}
"""Rows of public tables that tell of visits, in a quarter or a year."""

OF_VISITS: list[tuple[str, str, Condition]] = [
    ("website", "visits", lambda atoms, _: is_visit(atoms)),
    *(
        (table, count, lambda atoms, _, is_some=is_some: is_some(atoms))
        for table in (SHIFT, WEBSITE_BEFORE, "coverage")
        for count, is_some in (
            ("visit_count", is_visit),
            ("known_visits", is_known_visit),
        )
    ),
]
"""Table or measure, what it counts, and which visits those are."""


def said_of_visits(measures: Measures) -> Iterator[list[Told]]:
    """What is said of the visits of each fiscal year.

    An atom is a month, a service of an organization, and whether it is known who came. How many are known is
    a share of all, which may be few.
    """
    records = records_of(measures)
    tables = {name: measures.frame(rows) for name, rows in ROWS_OF_VISITS.items()}
    every = ["organization", "service", "kind", "is_matched"]
    visits = records[is_visit(records)]
    for year, mine in visits.groupby(visits["period"].dt.to_period("Q-SEP").dt.qyear):
        counts = mine.groupby([*every, "period"]).size().rename("count").reset_index()
        atoms = mine[every].drop_duplicates().merge(mine[["period"]].drop_duplicates(), how="cross")
        atoms = coded(atoms.merge(counts, how="left").fillna({"count": 0.0}))
        told = []
        for table, count, of in OF_VISITS:
            rows = tables[table]
            here = rows[pd.to_datetime(rows["period_start"]).dt.to_period("Q-SEP").dt.qyear == year]
            told += cells(
                atoms,
                {table: here[here[count].notna()] if count == "known_visits" else here},
                table,
                count,
                of,
            )
        yield told


PEOPLE = {
    "identity_quality": """
        select
            period_start, breakdown, member, suppressed, record_count as n,
            count(distinct customer_id) as people
        from identity_quality
        inner join (
            select
                unnest(['all', 'source', 'channel']) as breakdown,
                unnest(['all', source_system, channel]) as member, *
            from (
                select source_system, channel, started_local_date as day, customer_id from fct_interactions
                where direction = 'inbound'
                union all
                select source_system, channel, answered_local_date, customer_id from fct_survey_responses
                where is_counted
            )
        ) as records using (breakdown, member)
        where period_start = date_trunc('quarter', day) and customer_id is not null
        group by all
    """,
    "journey_measures": """
        select measures.*, count(distinct cluster_id) as people
        from (
            select period_start, breakdown, member, measure, page, suppressed, n from journey_measures
        ) as measures
        inner join (
            select
                measure, quarter_start as period_start, page as from_page, is_seen, cluster_id,
                unnest(['all', 'organization', 'service', 'channel']) as breakdown,
                unnest(['all', organization_id, service_id, channel]) as member
            from int_measures__journey_units
            where not is_pending
        ) as units
            using (period_start, breakdown, member)
        where if(page = 'all', units.measure = measures.measure, from_page = page)
        group by all
    """,
    "journey_paths": """
        select paths.*, count(distinct customer_id) as people
        from (
            select period_type, period_start, breakdown, member, path, suppressed, journey_count as n
            from journey_paths
            where breakdown = 'service'
        ) as paths
        inner join customer_journeys as journeys
            on service_id = member and quarter_start = period_start and paths.path in ('all', journeys.path)
        where period_type = 'quarter' and not is_open and not is_left_truncated
        group by all
    """,
    "median": """
        select measures.*, count(distinct customer_id) as people
        from (
            select period_start, member, suppressed, n from journey_measures
            where measure = 'median_resolution_days' and breakdown = 'service'
        ) as measures
        inner join customer_journeys on service_id = member and quarter_start = period_start
        where is_resolved is not null and not is_left_truncated
        group by all
    """,
}
"""Table → of how many people its rows are, counted anew."""


def test_no_row_of_few_people_is_shown_however_often_they_came(measures: Measures) -> None:
    """One service, and an office, has seven customers, who come again and again."""
    rows, people, *others = world(2, 4_000)
    for of in (rows, people):
        is_theirs = (of["service_id"] == "ben-status") | (of["channel"] == "in_person")
        one_of_them = "c" + (of["customer_id"].str[1:].astype("Int64") % 7).astype("string")
        of["customer_id"] = of["customer_id"].mask(is_theirs.fillna(False), one_of_them)
    make(measures, rows, people, *others)
    for table, of_people in PEOPLE.items():
        found = measures.frame(of_people)
        assert (found["people"] >= MINIMUM).any() and (found["people"] < MINIMUM).any(), table
        told = found[~found["suppressed"].astype(bool)]
        assert list(told.loc[told["people"] < MINIMUM].itertuples(index=False)) == []


AGENCIES = [
    (1, 400, (), ALL_SETTLED),
    (2, 600, (), ALL_SETTLED),
    # nobody tells of the newest quarter, nor of the year of the one before
    (3, 1_500, (), "2025-07-01"),
    (4, 3_000, (), ALL_SETTLED),
    (2, 1_500, CALLERS, ALL_SETTLED),
]


@pytest.mark.parametrize(("seed", "number", "of_contacts", "unsettled_from"), AGENCIES)
def test_no_withheld_journeys_can_be_worked_out(
    measures: Measures, seed: int, number: int, of_contacts: tuple[Any, ...], unsettled_from: str
) -> None:
    make(measures, *world(seed, number, *of_contacts, unsettled_from=unsettled_from))
    years = list(said_of_journeys(measures))
    told = [each for year in years for each in year]
    # where few call after a visit no page of theirs is told
    untold = set() if of_contacts else {PAGES_BEFORE}
    assert {each.table for each in told if each.is_shown} == ROWS_OF_JOURNEYS.keys() - untold
    assert sum(each.is_shown for each in told) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
    assert [name for year in years for name in recovered(year)] == []


AT_ONCE = [(3, 1_500, 0, ALL_SETTLED), (4, 8_000, 0, ALL_SETTLED)]
"""Where people answer on the same day, all answers by a channel are to offers of the quarter."""


@pytest.mark.parametrize(
    ("seed", "number", "days", "unsettled_from"),
    [
        (2, 600, 1, ALL_SETTLED),
        (5, 400, 1, ALL_SETTLED),
        (5, 1_500, 1, "2025-10-01"),
        (3, 1_500, 1, ALL_SETTLED),
        *AT_ONCE,
    ],
)
def test_no_withheld_contacts_or_answers_can_be_worked_out(
    measures: Measures, seed: int, number: int, days: int, unsettled_from: str
) -> None:
    make(measures, *world(seed, number, days=days, unsettled_from=unsettled_from))
    quarters = list(said_of_records(measures))
    told = [each for quarter in quarters for each in quarter]
    # of few people it is shown nowhere who is matched, nor who answered after which contact
    tables = {each.table for each in told if each.is_shown}
    if number > 5_000:
        assert tables == ROWS_OF_RECORDS.keys()
    elif number > 1_000:
        assert tables >= ROWS_OF_RECORDS.keys() - {"wholes of contacts", "classes"}
    assert sum(each.is_shown for each in told) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
    assert [name for quarter in quarters for name in recovered(quarter)] == []


@pytest.mark.parametrize(("seed", "number"), [(11, 2_500), (3, 6_000), (6, 6_000)])
def test_no_withheld_visits_can_be_worked_out(measures: Measures, seed: int, number: int) -> None:
    make(measures, *world(seed, number))
    years = list(said_of_visits(measures))
    told = [each for year in years for each in year]
    assert {each.table for each in told if each.is_shown} == ROWS_OF_VISITS.keys()
    assert any("year" in each.name and each.is_shown for each in told)
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 10
    assert [name for year in years for name in recovered(year)] == []
    # were a service's few alone withheld beside journeys, all visits less the others' would be they
    measures.connection.execute("""
        update int_measures__journeys
        set are_visits_told = visit_count not between 1 and 9
        where visit_count is not null
    """)
    measures.build("journey_paths", "journey_measures")
    assert any(recovered(year) for year in said_of_visits(measures))


def test_the_attack_finds_what_each_table_alone_gives_away(measures: Measures) -> None:
    """Each table withholds what is of few, and closes its own sums as if there were no other."""
    make(measures, *world(2, 600))
    measures.connection.execute("""
        create or replace table int_withheld_journeys as
        select * from int_withheld_journeys
        where measure = 'journeys' or reason = 'small_n'
    """)
    measures.build("journey_paths", "journey_measures", "identity_quality")
    assert any(recovered(year) for year in said_of_journeys(measures))
    assert any(recovered(quarter) for quarter in said_of_records(measures))
