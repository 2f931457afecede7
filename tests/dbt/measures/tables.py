"""Made-up facts for the measures: small tables of the columns that their models read."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from .sql import Measures

SERVICES = {
    "ben-apply": "ben",
    "ben-status": "ben",
    "trv-new": "trv",
    "trv-renew": "trv",
    "trv-urgent": "trv",
    "tax-file": "tax",
}
"""Service → its organization; tax has one service, so the two are the same people."""

CHANNELS = ("website", "phone", "email", "in_person")
SEGMENTS = ("older_adults", "veterans", "small_business")


def fiscal_quarter(day: date) -> str:
    """`2026Q1` is October to December of 2025."""
    return f"{day.year + (day.month >= 10)}Q{(day.month + 2) // 3 % 4 + 1}"


def responses(number: int, **columns: Any) -> pd.DataFrame:
    """Counted responses to one survey on one day, with what is given changed."""
    frame = pd.DataFrame(
        {
            "response_id": [f"r{place:06d}" for place in range(number)],
            "survey_id": "s",
            "survey_version": 1,
            "customer_id": pd.Series([None] * number, dtype="string"),
            "organization_id": "org",
            "service_id": "svc",
            "channel": "website",
            "answered_local_date": date(2026, 1, 15),
            "is_counted": True,
            "cluster_id": pd.Series([None] * number, dtype="string"),
            "weight": 1.0,
        }
    )
    frame = frame.assign(**columns)
    return frame.assign(fiscal_quarter=[fiscal_quarter(day) for day in frame["answered_local_date"]])


def answers(response_ids: pd.Series, driver: str, points: Any, scale: str = "likert_5") -> pd.DataFrame:
    """One item's answers; what is missing in `points` was not answered."""
    points = pd.Series(points, index=response_ids.index, dtype="float")
    five = scale in ("likert_5", "csat_5")
    frame = pd.DataFrame(
        {
            "response_id": response_ids,
            "driver": driver,
            "scale": scale,
            "raw_value": points.map(lambda number: f"{number:g}"),
            "score": points if five else np.nan,
            "is_positive": points >= {"thumbs": 1, "nps_11": 9}.get(scale, 4),
        }
    )
    return frame[points.notna()]


def contacts_of(people: pd.DataFrame) -> pd.DataFrame:
    """A contact of each response's customer on its day, naming the segment in `people`, if it has any."""
    segment = (
        people["segment"] if "segment" in people else pd.Series(None, index=people.index, dtype="string")
    )
    return pd.DataFrame(
        {
            "interaction_id": "i" + people["response_id"],
            "customer_id": people["customer_id"],
            "segment": segment,
            "started_at": pd.to_datetime(people["answered_local_date"]),
            "started_local_date": people["answered_local_date"],
        }
    )


def journeys(measures: Measures, contacts: pd.DataFrame) -> None:
    """Make customer_journeys of contacts, with nothing beside them: no page, no answer.

    Args:
        measures: where they are made.
        contacts: one row per contact; `interaction_id, customer_id, service_id, organization_id, channel,
            started_at`, and what else of a contact a test has to say. They are all of history.
    """
    empty = {
        "fct_web_sessions": "source_system text, session_id text, channel text, is_task_done boolean,"
        " site text, exit_page text",
        "fct_survey_responses": "response_id text, organization_id text, service_id text, channel text,"
        " answered_local_date date, answered_at timestamp",
        "fct_survey_answers": "response_id text, driver text, scale text, score double",
        "int_survey_ties": "response_id text, interaction_id text",
    }
    for name, columns in empty.items():
        measures.connection.execute(f"create or replace table {name} ({columns})")
    measures.connection.execute(
        "create or replace table channels as"
        " from (values ('phone', 'phone'), ('website', 'digital')) as t (channel, channel_group)"
    )
    at = contacts["started_at"]
    settled = at.max() - pd.Timedelta(days=8)
    history = {
        "history_starts_at": [at.min()],
        "complete_until_at": [at.max()],
        "unsettled_from": [settled.to_period("Q").start_time.date()],
    }
    measures.table("int_contact_history", pd.DataFrame(history))
    said = {
        "direction": "inbound",
        "source_system": "agency",
        "source_record_id": contacts["interaction_id"],
        "started_local_date": at.dt.date,
        "ended_at": at,
        "is_resolved": False,
        "is_abandoned": False,
        "customer_tier": "strong",
    }
    measures.table("fct_interactions", pd.DataFrame(said, index=contacts.index).assign(**contacts))
    measures.build("customer_journeys")


def load(measures: Measures, people: pd.DataFrame, *items: pd.DataFrame, **survey: Any) -> None:
    """Make the tables that cx_index is built from; all surveys alike."""
    ids = sorted(set(people["survey_id"]))
    surveys = pd.DataFrame(
        {"survey_id": ids, "survey_version": 1, "sampling_design": "opt_in", "is_weighted": False}
    )
    measures.table("dim_surveys", surveys.assign(**survey))
    measures.table("fct_survey_responses", people)
    measures.table("fct_survey_answers", pd.concat(items, ignore_index=True))
    days = pd.to_datetime(people["answered_local_date"])
    measures.table("fct_interactions", contacts_of(people))
    measures.table("int_touched_years", touched_quarters(days))
    services = people[["service_id", "organization_id"]].drop_duplicates("service_id")
    measures.table("dim_services", services)
    measures.table("int_survey_offers", offers(services, days))
    # as the facts are typed: whole text columns may be empty, and a missing score is null
    measures.connection.execute(
        "alter table fct_survey_answers alter score type double using nullif(score, 'nan'::double)"
    )
    measures.connection.execute("alter table fct_survey_responses alter weight type decimal(18, 9)")


def describe_surveys(measures: Measures) -> None:
    """Make what is known of surveys beside the answers to them, of services and contacts that are loaded."""
    measures.connection.execute("""
        create or replace table dim_surveys as
        select surveys.*, services.service_id, organization_id, 'plain' as instrument,
            'website' as default_channel, date '2000-01-01' as valid_from, 'tool' as source_system,
            survey_id as source_form_id, null::text as omb_control_number, null::date as omb_expires_on
        from dim_surveys as surveys
        inner join (select distinct survey_id, service_id from fct_survey_responses) as services
            using (survey_id)
        inner join dim_services using (service_id);
        create or replace table dim_questions (instrument text, role text, driver text, scale text,
            valid_min int, valid_max int, statement text);
        create or replace table segments as
            select distinct segment, segment as segment_name from fct_interactions where segment is not null;
        create or replace table dim_organizations as select distinct organization_id from dim_services;
        create or replace table dim_channels as select distinct channel from fct_survey_responses;
        create or replace table dim_dates as
            select distinct date_trunc('month', answered_local_date)::date as month_start
            from fct_survey_responses;
        -- every question of the instrument was asked of everybody
        create or replace table int_survey_answers as
            select response_id, driver as question_id, 'core' as role, driver, scale,
                if(given.response_id is null, 'blank', 'valid') as status
            from fct_survey_responses as responses
            inner join (select distinct survey_id, driver, scale from fct_survey_answers
                inner join fct_survey_responses using (response_id)) as asked using (survey_id)
            left join fct_survey_answers as given using (response_id, driver, scale);
        -- twice as many were offered a survey as answered
        create or replace table int_survey_offers as
            select survey_id, organization_id, service_id, channel,
                date_trunc('month', answered_local_date)::date as offered_date,
                last_day(answered_local_date) as last_offered_date,
                date_trunc('quarter', answered_local_date)::date as quarter_start,
                3 * count(*) as customer_count, 2 * count(*) as offered_count, null::bigint as complete_count,
                null::bigint as partial_count, null::bigint as refused_count,
                null::bigint as not_reached_count, null::bigint as other_count,
                null::bigint as unknown_eligibility_count
            from fct_survey_responses
            group by all
    """)


def offers(services: pd.DataFrame, days: pd.Series) -> pd.DataFrame:
    """The people that each service served in each month, as its offers count them; of the last none."""
    months = sorted(set(days.dt.to_period("M")))
    return pd.DataFrame(
        [
            {
                "survey_id": service,
                "service_id": service,
                "offered_date": month.start_time.date(),
                "last_offered_date": month.end_time.date(),
                "quarter_start": month.start_time.to_period("Q").start_time.date(),
                "customer_count": 100 * (place + 1) if place < len(services) - 1 else None,
            }
            for place, service in enumerate(services["service_id"])
            for month in months
        ]
    ).astype({"customer_count": "Int64"})


def touched_quarters(days: pd.Series) -> pd.DataFrame:
    """What a build from nothing touches: the quarters of all these days."""
    return pd.DataFrame({"quarter_start": days.dt.to_period("Q").dt.start_time.dt.date.unique()})


def agency(seed: int, number: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Responses over three fiscal quarters of two years: many cells small, some without channel or segment.

    Returns:
        Responses and the answers to each item, Likert and thumbs; employee is often not asked.
    """
    random = np.random.default_rng(seed)
    service = random.choice(list(SERVICES), number, p=random.dirichlet(np.full(len(SERVICES), 1.5)))
    channel = random.choice([*CHANNELS, None], number, p=[0.62, 0.22, 0.1, 0.05, 0.01])
    people = responses(
        number,
        survey_id=service,
        customer_id=[f"c{place}" for place in range(number)],
        segment=pd.Series(
            random.choice([*SEGMENTS, None], number, p=[0.45, 0.2, 0.02, 0.33]), dtype="string"
        ),
        service_id=service,
        organization_id=[SERVICES[name] for name in service],
        channel=pd.Series(channel, dtype="string"),
        answered_local_date=(
            pd.to_datetime("2025-07-01") + pd.to_timedelta(random.integers(0, 274, number), unit="D")
        ).date,
        is_counted=random.random(number) < 0.95,
    )
    liking = random.normal(size=number)
    items = []
    for driver, asked in (("satisfaction", 0.97), ("trust", 0.93), ("ease", 0.9), ("employee", 0.5)):
        points = np.clip(np.round(4.2 + 0.7 * liking + random.normal(0, 0.7, number)), 1, 5)
        points[(random.random(number) > asked) | (service == "trv-urgent")] = np.nan
        items.append(answers(people["response_id"], driver, points))
    thumbs = np.where(service == "trv-urgent", random.random(number) < 0.9, np.nan)
    items.append(answers(people["response_id"], "trust", thumbs, "thumbs"))
    return people, items
