"""An attack on what public tables say of answers: the index, who answered surveys, who was offered them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .sql import CX_INDEX, Measures
from .tables import SERVICES, answers, describe_surveys, load, responses, touched_quarters
from .test_suppression_across_tables import (
    CELL,
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
        contact_count bigint, known_contact_count bigint, visit_count bigint, known_visit_count bigint,
        are_visits_told boolean);
    create or replace table int_measures__resolution_times (
        quarter_start date, breakdown text, member text, n bigint);
    create or replace table int_journey_paths (period_type text, period_start date, breakdown text,
        member text, item text, journey_count bigint);
    create or replace table int_contact_history (unsettled_from date)
"""


def make(
    measures: Measures, people: pd.DataFrame, items: list[pd.DataFrame], offers: str = ""
) -> pd.DataFrame:
    """Make these tables.

    Args:
        measures: a database.
        people: the responses.
        items: the answers to each question.
        offers: SQL for what changes of whom surveys were offered to.

    Returns:
        See `with_items`.
    """
    load(measures, people, *items)
    measures.connection.execute(CONTACTS)
    describe_surveys(measures)
    measures.connection.execute(offers)
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


WITHOUT_OFFERS = "tax-form"
"""A survey of which nobody knows whom it was offered to; only where a test asks for it, as the next."""

NOT_OFFERED = "postal_mail"
"""A channel in which people answered and nobody was offered a survey."""


def is_of_offers(atoms: pd.DataFrame, cell: dict[Hashable, Any]) -> Any:
    """Whether answers belong to those whom survey_nonresponse compares by a characteristic."""
    is_known = atoms["survey"] != WITHOUT_OFFERS
    is_of_channel = atoms["channel"] != NOT_OFFERED
    return is_known & is_of_channel if cell["path"].startswith("channel") else is_known


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
    ("nonresponse", "respondent_count", lambda atoms, cell: is_respondent(atoms) & is_of_offers(atoms, cell)),
    ("nonresponse", "offered_count", of_kind("offered")),
    (
        "nonresponse",
        "rated_count",
        lambda atoms, cell: (atoms["kind"] == "likert_5/satisfaction") & is_of_offers(atoms, cell),
    ),
    (
        "wholes",
        "respondents_of_share",
        lambda atoms, cell: (
            is_respondent(atoms) & (cell["path"].endswith(" all") | is_of_offers(atoms, cell))
        ),
    ),
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
        select * replace (if(member = 'all', 'all', breakdown) as breakdown), breakdown as path
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
    How many were served is no secret.
    """
    atoms = mine[PLACES].drop_duplicates()
    for other in ("segment", "period"):
        atoms = atoms.merge(mine[[other]].drop_duplicates(), how="cross")
    # of a survey that nobody is known to have left a question out of, each may have
    return atoms.merge(mine[["survey", "kind"]].drop_duplicates())


def told_within(
    atoms: pd.DataFrame,
    mine: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    numbers: Sequence[tuple[str, str, Condition]] = tuple(NUMBERS),
) -> list[Told]:
    """What tables say of these answers."""
    counts = mine.groupby(ATOM).size().rename("count").reset_index()
    atoms = coded(atoms.merge(counts, how="left", on=ATOM).fillna({"count": 0.0}))
    return [each for table, count, of in numbers for each in cells(atoms, tables, table, count, of)]


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


OFFERS = f"""
    update int_survey_offers set offered_count = null where survey_id = '{WITHOUT_OFFERS}';
    delete from int_survey_offers where channel = '{NOT_OFFERED}'
"""


def partly_offered(measures: Measures, few: int, number: int = 4_000) -> pd.DataFrame:
    """An agency without the offers of one survey, and `few` who rated another one by a channel that has none.

    `number` people answered in all.

    Returns:
        See `with_items`.
    """
    people, items = surveyed(1, number)
    # no channel is of few but the one that is planted
    people["channel"] = people["channel"].replace("in_person", "phone")
    people["survey_id"] = people["survey_id"].replace(
        {"tax-file": WITHOUT_OFFERS, "ben-apply-office": "ben-apply"}
    )
    is_rated = people["response_id"].isin(items[0]["response_id"]) & people["is_counted"]
    is_early = pd.to_datetime(people["answered_local_date"]) < "2025-01-01"
    other = people.index[is_rated & is_early & (people["survey_id"] != WITHOUT_OFFERS)]
    people.loc[other[:few], "channel"] = NOT_OFFERED
    return make(measures, people, items, offers=OFFERS)


LEFT_OUT: tuple[str, str, Condition] = (
    "left out",
    "left_out_count",
    lambda atoms, _: is_respondent(atoms) & (atoms["survey"] == WITHOUT_OFFERS),
)
"""Who answered a survey that survey_nonresponse leaves out, as `NUMBERS` say what is counted."""


def of_offers(kinds: pd.DataFrame) -> pd.DataFrame:
    """Those of these rows that there are where some people's offers aren't known."""
    is_uncounted = (kinds["kind"] == "offered") & (kinds["survey"] == WITHOUT_OFFERS)
    is_not_offered = (kinds["kind"] == "offered") & (kinds["channel"] == NOT_OFFERED)
    return kinds[~(is_uncounted | is_not_offered)]


def found_of_first_quarter(measures: Measures, people: pd.DataFrame) -> tuple[list[str], set[str]]:
    """What can be worked out of the first quarter, and which wholes show how many rated satisfaction."""
    tables = {name: measures.frame(rows) for name, rows in ROWS.items()}
    mine, here = next(spans(of_offers(kinds_of(people)), tables))
    rows = here["nonresponse"]
    wholes = set(rows.loc[(rows["member"] == "all") & rows["rated_count"].notna(), "path"])
    # of no channel is it told how many answered the survey that is left out
    classes = rows.loc[(rows["path"] == "channel") & (rows["member"] != "all"), CELL]
    here = {**here, "left out": classes.assign(left_out_count=np.nan)}
    return recovered(told_within(atoms_of(mine), mine, here, [*NUMBERS, LEFT_OUT])), wholes


@pytest.mark.parametrize(("few", "wholes"), [(0, {"channel", "service"}), (3, set()), (12, {"service"})])
def test_wholes_tell_nothing_of_who_is_in_one_and_not_in_another(
    measures: Measures, few: int, wholes: set[str]
) -> None:
    assert found_of_first_quarter(measures, partly_offered(measures, few)) == ([], wholes)


def test_the_attack_finds_who_is_in_one_whole_and_not_in_another(measures: Measures) -> None:
    people = partly_offered(measures, 3)
    measures.connection.execute(
        "update int_measures__nonresponse set respondent_apart_count = null, rated_apart_count = null"
    )
    measures.build("survey_nonresponse")
    found, _ = found_of_first_quarter(measures, people)
    assert found
    assert all(f" channel {NOT_OFFERED} " in name for name in found), found


def test_a_class_tells_nothing_of_the_few_of_its_channel_that_are_none_of_it(measures: Measures) -> None:
    people = partly_offered(measures, 0, 8_000)
    found, _ = found_of_first_quarter(measures, people)
    assert found == []
    # as if they were not counted
    measures.connection.execute("update int_measures__nonresponse set others_count = 0")
    measures.build("survey_nonresponse")
    found, _ = found_of_first_quarter(measures, people)
    assert found
    assert all(name.startswith("left_out_count ") for name in found), found
