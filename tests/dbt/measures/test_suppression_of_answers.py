"""An attack on what public tables say of answers: the index, who answered surveys, who was offered them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .sql import CX_INDEX, Measures
from .tables import SERVICES, answers, describe_surveys, load, responses, touched_quarters
from .test_suppression_across_tables import (
    CHANNELS,
    MINIMUM,
    UNCOUNTED,
    WHOLES,
    Condition,
    Told,
    cells,
    coded,
    recovered,
)

SURVEYS = {**{name: name for name in SERVICES}, "ben-apply-office": "ben-apply"}
"""Survey → its service; one service has two."""

ONE_QUESTION = ("trv-urgent", "trv-renew")
"""Surveys that ask for trust alone, by thumbs: whoever counts answered it."""

ASKED = {"satisfaction": 0.95, "ease": 0.8, "employee": 0.45}
"""The questions of the others, and how many answer them."""

TABLES = (
    "int_measures__surveys",
    "survey_quality",
    "int_measures__nonresponse",
    "survey_nonresponse",
    "int_row_counts",
    "int_index_pairs",
    "series_breaks",
    "cx_comparisons",
    "equity_gaps",
)


def surveyed(seed: int, number: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Responses of five quarters, the first four a fiscal year, with the answers to each question."""
    draw = np.random.default_rng(seed)
    service = draw.choice(list(SERVICES), number, p=draw.dirichlet(np.full(len(SERVICES), 1.2)))
    channel = draw.choice(list(CHANNELS), number, p=list(CHANNELS.values()))
    is_office = (service == "ben-apply") & (channel == "in_person")
    survey = np.where(is_office, "ben-apply-office", service)
    reason = draw.choice([None, *UNCOUNTED], number, p=[0.9, *UNCOUNTED.values()])
    answered = pd.to_datetime("2024-10-01") + pd.to_timedelta(draw.integers(0, 457, number), unit="D")
    people = responses(
        number,
        survey_id=survey,
        customer_id=pd.Series([f"c{at}" for at in range(number)], dtype="string"),
        organization_id=[SERVICES[name] for name in service],
        service_id=service,
        channel=pd.Series(channel, dtype="string"),
        segment=pd.Series(draw.choice([None, "old", "new", "few"], number, p=[0.1, 0.5, 0.36, 0.04])),
        answered_local_date=answered.date,
        is_counted=pd.isna(reason),
        not_counted_reason=pd.Series(reason, dtype="string"),
        collected_without_clearance=False,
    )
    is_one = people["survey_id"].isin(ONE_QUESTION)
    items = []
    points = {}
    for driver, share in ASKED.items():
        points[driver] = np.where(
            (draw.random(number) < share) & ~is_one, draw.integers(3, 6, number), np.nan
        )
    nobody = ~is_one & np.all([np.isnan(each) for each in points.values()], axis=0)
    points["satisfaction"] = np.where(nobody, 4, points["satisfaction"])
    for driver, given in points.items():
        items.append(answers(people["response_id"], driver, given))
    thumbs = np.where(is_one, draw.integers(0, 2, number), np.nan)
    items.append(answers(people["response_id"], "trust", thumbs, "thumbs"))
    return people, items


CONTACTS = """
    -- nobody knows after which contact a survey was offered, nor which one an answer is about
    create or replace table fct_interactions as
        select *, false as is_survey_offered, null::text as channel, null::int as wait_seconds,
            null::boolean as is_resolved
        from fct_interactions;
    create or replace table int_interactions as select interaction_id, segment from fct_interactions;
    create or replace table int_survey_ties as
        select response_id, null::text as interaction_id from fct_survey_responses where is_counted;
    create or replace table survey_changes (survey_id text, changed_on date, kind text);
    create or replace table int_measures__journeys (period_type text, period_start date, breakdown text,
        member text, measure text, page text, n bigint, seen_count bigint, pending_count bigint,
        visit_count bigint, known_visit_count bigint);
    create or replace table int_measures__resolution_times (
        quarter_start date, breakdown text, member text, n bigint);
    create or replace table int_journey_paths (period_type text, period_start date, breakdown text,
        member text, item text, journey_count bigint)
"""


def make(measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame]) -> pd.DataFrame:
    """Make these tables.

    Returns:
        See `with_items`.
    """
    load(measures, people, *items)
    measures.connection.execute(CONTACTS)
    describe_surveys(measures)
    measures.table("int_journey_years", touched_quarters(pd.to_datetime(people["answered_local_date"])))
    measures.build(*CX_INDEX, *TABLES)
    return with_items(people, items)


def with_items(people: pd.DataFrame, items: list[pd.DataFrame]) -> pd.DataFrame:
    """One row per response and question that it answers; `item` is null if it answers none."""
    given = pd.concat(items)
    given["item"] = given["scale"] + "/" + given["driver"]
    return people.merge(given[["response_id", "item", "raw_value"]], how="left")


def is_respondent(atoms: pd.DataFrame) -> Any:
    """Of a survey with one question those are its answers; of another it is a number of its own."""
    return atoms["kind"].isin(["respondent", "thumbs/trust"])


def of_kind(kind: str) -> Condition:
    return lambda atoms, _: atoms["kind"] == kind


def is_of_item(atoms: pd.DataFrame, cell: dict[Hashable, Any]) -> Any:
    return atoms["kind"] == f"{cell['scale']}/{cell['driver']}"


NUMBERS: list[tuple[str, str, Condition]] = [
    ("items", "n", is_of_item),
    ("index", "n", of_kind("respondent")),
    ("equity", "n", lambda atoms, cell: is_of_item(atoms, cell) & (atoms["segment"] == cell["segment"])),
    ("equity", "rest_n", lambda atoms, cell: is_of_item(atoms, cell) & (atoms["segment"] != cell["segment"])),
    ("compared", "n", is_of_item),
    (
        "rest",
        "other_n",
        lambda atoms, cell: is_of_item(atoms, cell) & (atoms[cell["part"]] != cell["member"]),
    ),
    ("quality", "respondent_count", lambda atoms, _: is_respondent(atoms)),
    (
        "quality",
        "response_count",
        lambda atoms, _: is_respondent(atoms) | atoms["kind"].isin(UNCOUNTED),
    ),
    *(("quality", f"{reason}_count", of_kind(reason)) for reason in UNCOUNTED),
    (
        "quality",
        "known_segment_count",
        lambda atoms, _: is_respondent(atoms) & (atoms["segment"] != "unknown"),
    ),
    (
        "quality",
        "unknown_segment_count",
        lambda atoms, _: is_respondent(atoms) & (atoms["segment"] == "unknown"),
    ),
    ("quality", "offered_respondent_count", lambda atoms, _: is_respondent(atoms)),
    ("quality", "offered_count", of_kind("offered")),
    (
        "lowest",
        "lowest_count",
        lambda atoms, cell: atoms["kind"].str.endswith(f"/{cell['lowest_item']}"),
    ),
    ("nonresponse", "respondent_count", lambda atoms, _: is_respondent(atoms)),
    ("nonresponse", "offered_count", of_kind("offered")),
    ("nonresponse", "rated_count", of_kind("likert_5/satisfaction")),
    ("wholes", "respondents_of_share", lambda atoms, _: is_respondent(atoms)),
    ("wholes", "offered_of_share", of_kind("offered")),
]
"""Table, what it counts, and which answers those are."""

ROWS = {
    "items": "select * from cx_index where measure in ('mean', 'thumbs_up')",
    "index": "select * from cx_index where measure = 'cx_index'",
    "equity": "select * from equity_gaps where measure in ('mean', 'thumbs_up')",
    "compared": "select * from cx_comparisons where comparison = 'rest' and measure in ('mean', 'thumbs_up')",
    "rest": """
        select * replace ('all' as breakdown), breakdown as part
        from cx_comparisons
        where comparison = 'rest' and measure in ('mean', 'thumbs_up')
    """,
    "quality": """
        select *, round(known_segment_share * respondent_count) as known_segment_count,
            respondent_count - known_segment_count as unknown_segment_count
        from survey_quality
    """,
    # which question it is, no attack is to depend on
    "lowest": """
        select told.* replace (made.lowest_item as lowest_item),
            round(told.lowest_item_share * told.respondent_count) as lowest_count
        from survey_quality as told
        inner join int_measures__surveys as made using (period_type, period_start, breakdown, member)
        where breakdown = 'survey'
    """,
    "nonresponse": """
        select * replace (if(member = 'all', 'all', breakdown) as breakdown)
        from survey_nonresponse
        where breakdown in ('channel', 'service')
    """,
    "wholes": WHOLES,
}


PLACES = ["organization", "service", "survey", "channel"]
ATOM = [*PLACES, "segment", "period", "kind"]


def kinds_of(people: pd.DataFrame) -> pd.DataFrame:
    """One row per response and each kind that it is of.

    Args:
        people: see `with_items`.
    """
    people = people.rename(columns=lambda name: name.removesuffix("_id")).assign(
        day=pd.to_datetime(people["answered_local_date"]), segment=people["segment"].fillna("unknown")
    )
    once = people.drop_duplicates("response")
    is_one = once["survey"].isin(ONE_QUESTION)
    return pd.concat(
        [
            people[people["is_counted"]].assign(kind=lambda rows: rows["item"]),
            once[once["is_counted"] & ~is_one].assign(kind="respondent"),
            once[~once["is_counted"]].assign(kind=lambda rows: rows["not_counted_reason"]),
            *[once.assign(kind="offered", segment="unknown")] * 2,
        ]
    )


Span = tuple[pd.DataFrame, dict[str, pd.DataFrame]]
"""The kinds of responses of a while, and the rows of tables that tell of it."""


def spans(kinds: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Iterator[Span]:
    """Each fiscal quarter by months, and each fiscal year by quarters."""
    for part, whole, other in (("M", "Q", "year"), ("Q", "Y-SEP", "month")):
        by_part = kinds.assign(period=kinds["day"].dt.to_period(part).dt.start_time)
        for span, mine in by_part.groupby(by_part["day"].dt.to_period(whole)):
            yield (
                mine,
                {
                    name: rows[
                        (pd.to_datetime(rows["period_start"]).dt.to_period(whole) == span)
                        & (rows["period_type"] != other)
                    ]
                    for name, rows in tables.items()
                },
            )


def said(measures: Measures, people: pd.DataFrame) -> Iterator[list[Told]]:
    """What is said of the answers of each span."""
    tables = {name: measures.frame(rows) for name, rows in ROWS.items()}
    for mine, here in spans(kinds_of(people), tables):
        yield told_within(atoms_of(mine), mine, here)


def atoms_of(mine: pd.DataFrame) -> pd.DataFrame:
    """What a reader doesn't know the numbers of.

    An atom is a period, a survey in a channel, a segment, and a kind: who counts, who answered a question,
    who doesn't count, who was offered it. Who answered a question follows from who counts in no other way.
    """
    atoms = mine[PLACES].drop_duplicates()
    for other in ("segment", "period"):
        atoms = atoms.merge(mine[[other]].drop_duplicates(), how="cross")
    # of a survey that nobody is known to have left a question out of, each may have
    return atoms.merge(mine[["survey", "kind"]].drop_duplicates())


def told_within(atoms: pd.DataFrame, mine: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> list[Told]:
    """What tables say of these answers."""
    counts = mine.groupby(ATOM).size().rename("count").reset_index()
    atoms = coded(atoms.merge(counts, how="left", on=ATOM).fillna({"count": 0.0}))
    return [each for table, count, of in NUMBERS for each in cells(atoms, tables, table, count, of)]


@pytest.mark.parametrize(("seed", "number"), [(1, 800), (2, 1_000)])
def test_no_withheld_answers_can_be_worked_out(measures: Measures, seed: int, number: int) -> None:
    spans = list(said(measures, make(measures, *surveyed(seed, number))))
    told = [each for span in spans for each in span]
    assert {each.table for each in told if each.is_shown} == ROWS.keys()
    assert sum(each.is_shown for each in told) > 50
    assert sum(not each.is_shown and 0 < each.count < MINIMUM for each in told) > 20
    assert [name for span in spans for name in recovered(span)] == []


def test_the_attack_finds_what_each_table_alone_gives_away(measures: Measures) -> None:
    """survey_quality and survey_nonresponse withhold what is of few, as if the index told nothing."""
    people = make(measures, *surveyed(3, 3_000))
    measures.connection.execute("delete from int_withheld_items")
    measures.build("survey_quality", "survey_nonresponse")
    found = {name.split()[0] for name in recovered(next(said(measures, people)))}
    assert found >= {"n", "respondent_count", "lowest_count"}
