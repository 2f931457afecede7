"""The journeys that there are in truth, and how far journeys that were found begin and end where these do."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from statsmodels.duration.survfunc import SurvfuncRight
from voxpop.sample_agency.touchpoints import MARTS_CHANNELS

GAP = pd.Timedelta(days=7)
"""A contact that comes later than that after the one before it begins another journey."""

STEPS = {**MARTS_CHANNELS, "kiosk": "self_service_kiosk", "outbound": "outbound_phone"}
"""The agency's word for a contact's channel → what a path calls it."""
LONGEST = 5
"""How many steps of a path are named."""

Boundaries = set[tuple[str, str]]


def touches_of(warehouse: Path, truth: Path) -> pd.DataFrame:
    """One row per contact that can be known, with what the truth says of it and the journey that it is in.

    A contact can be known if it carries an account number or an email address that nobody else has used, and
    contacts of one person are known as theirs if such tokens connect them: `group`. A visit to the website
    carries one where its visitor signed in.

    Returns:
        interaction_id, person, service, at, ended_at, settled (whether it settled the matter; null where
        nobody says), group, episode (its true journey, numbered within group and service) and journey_id (its
        own id where it is in none), in the order of time.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        touches = connection.execute(
            f"""
            with true_contacts as (
                select facts.interaction_id, person_id as person, contacts.service_id as service,
                    contacts.started_at::timestamp as at_, contacts.ended_at::timestamp as ended_at,
                    contacts.resolved as settled
                from '{truth}/contacts.parquet' as contacts
                inner join marts.fct_interactions as facts
                    on facts.source_system = contacts.source and facts.source_record_id = contacts.record_id
                union all
                select facts.interaction_id, person_id, visits.service_id, visits.started_at::timestamp,
                    visits.ended_at::timestamp, if(visits.task_done, true, null)
                from '{truth}/web_visits.parquet' as visits
                inner join marts.fct_interactions as facts
                    on facts.channel = 'website'
                    and epoch_ms(facts.started_at) = epoch_ms(visits.started_at::timestamp)
                where visits.signed_in and visits.person_id is not null
            )
            select interaction_id, person, service, at_ as at, true_contacts.ended_at, settled,
                coalesce(journeys.journey_id, interaction_id) as journey_id
            from true_contacts
            inner join marts.fct_interactions as facts using (interaction_id)
            left join marts.customer_journeys as journeys
                on facts.customer_id = journeys.customer_id and facts.service_id = journeys.service_id
                and facts.started_at between journeys.started_at and journeys.last_touch_at
            """
        ).df()
        tokens = connection.execute(
            """
            select interaction_id, identifier_type || token as token
            from intermediate.int_interactions inner join staging.stg_identifiers using (_record_key)
            where identifier_type in ('account', 'email')
            union
            select interaction_id, user_identifier_type || user_token
            from intermediate.int_interactions
            inner join intermediate.int_web_sessions using (_record_key)
            where user_identifier_type = 'account'
            """
        ).df()
    tokens = tokens.merge(touches[["interaction_id", "person"]])
    tokens = tokens[tokens.groupby("token")["person"].transform("nunique") == 1]
    contact, contacts = pd.factorize(tokens["interaction_id"])
    token, distinct = pd.factorize(tokens["token"])
    size = len(contacts) + len(distinct)
    edges = coo_array((np.ones(len(contact)), (contact, token + len(contacts))), shape=(size, size))
    groups = pd.Series(connected_components(edges, directed=False)[1][: len(contacts)], index=contacts)
    touches["group"] = touches["interaction_id"].map(groups)
    known = touches.dropna(subset=["group"]).sort_values(["at", "interaction_id"])
    return known.assign(episode=true_episodes(known, ["group", "service"]))


def true_episodes(touches: pd.DataFrame, whose: list[str]) -> pd.Series:
    """Number the journeys of each person and service.

    Args:
        touches: one row per contact, in the order of `at`.
        whose: the columns that say who it was and what it was about.
    """
    pause = touches.groupby(whose)["at"].diff()
    is_first = pause.isna() | (pause > GAP)
    return is_first.groupby([touches[column] for column in whose]).cumsum()


def boundaries(touches: pd.DataFrame, journey: list[str]) -> tuple[Boundaries, Boundaries]:
    """The contacts that begin a journey and those that end one; and of journeys of several contacts, both.

    Args:
        touches: one row per contact, `interaction_id` among its columns, in the order of time.
        journey: the columns that name a contact's journey.
    """
    by = touches.groupby(journey)["interaction_id"]
    first, last = by.first(), by.last()
    several = by.size() > 1
    ends = {("begins", contact) for contact in first} | {("ends", contact) for contact in last}
    return ends, set(zip(first[several], last[several], strict=True))


def outcomes(warehouse: Path, touches: pd.DataFrame) -> pd.DataFrame:
    """Whether a matter was settled, in truth and in the warehouse, of journeys that it has as they were.

    Args:
        warehouse: the database.
        touches: of `touches_of`.

    Returns:
        One row per journey with the contacts of a true one: `truth` and `said`, each true, false or null
        where no contact says it.
    """
    by = touches.groupby(["group", "service", "episode"])
    true = pd.DataFrame({"journey_id": by["interaction_id"].first(), "touch_count": by.size()})
    true["truth"] = (
        touches.dropna(subset=["settled"]).groupby(["group", "service", "episode"])["settled"].last()
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(
            "select journey_id, touch_count, is_resolved as said from marts.customer_journeys"
        ).df()
    return true.merge(found, on=["journey_id", "touch_count"])[["truth", "said"]].astype("boolean")


def f1(found: Boundaries, true: Boundaries) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * len(found & true) / (len(found) + len(true))


JOURNEY = ["customer", "person", "service", "episode"]
"""What names a true journey of a customer that the warehouse knows."""


def known_touches(warehouse: Path, truth: Path) -> pd.DataFrame:
    """The contacts of the customers that the warehouse knows, as they truly were.

    Whoever isn't known has none, and of a customer's contacts those of two people are two people's.

    Returns:
        customer, person, service, episode, step, contact (what an answer names), at, ended_at and
        quarter_start (of its organization's calendar), in the order of time.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        touches = connection.execute(
            f"""
            with true_touches as (
                select interaction_id, person_id as person, contacts.service_id as service,
                    contacts.channel as step, contacts.started_at, contacts.ended_at, record_id as contact
                from '{truth}/contacts.parquet' as contacts
                inner join marts.fct_interactions as facts
                    on facts.source_system = contacts.source and facts.source_record_id = contacts.record_id
                union all
                select interaction_id, person_id, visits.service_id, 'website', visits.started_at,
                    visits.ended_at, 'visit ' || visits.journey_id
                from '{truth}/web_visits.parquet' as visits
                inner join marts.fct_interactions as facts
                    on facts.channel = 'website'
                    and epoch_ms(facts.started_at) = epoch_ms(visits.started_at::timestamp)
                where visits.signed_in and visits.person_id is not null
            )
            select customer_id as customer, person, service, step, contact, started_at::timestamp as at,
                true_touches.ended_at::timestamp as ended_at,
                date_trunc('quarter', timezone(time_zone, started_at))::date as quarter_start
            from true_touches
            inner join (select interaction_id, customer_id from marts.fct_interactions) using (interaction_id)
            inner join marts.dim_services on service_id = service
            inner join marts.dim_organizations using (organization_id)
            where customer_id is not null
            order by started_at, interaction_id
            """
        ).df()
    touches["step"] = touches["step"].map(STEPS)
    return touches.assign(episode=true_episodes(touches, JOURNEY[:-1]))


def known_journeys(warehouse: Path, truth: Path) -> pd.DataFrame:
    """The true journeys of customers that the warehouse knows, how long they were and what people thought.

    Journeys are left out that may have begun before what the truth tells of, or go on after it. An answer is
    about the contact that the truth says, whether or not the warehouse knows whose it is; of several the last
    counts. Which answers count, and give satisfaction in five points, the warehouse says.

    Returns:
        service, quarter_start (of its organization's calendar), path, days and satisfaction (null of most).
    """
    touches = known_touches(warehouse, truth)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        answers = connection.execute(
            f"""
            select coalesce(contact_record_id, 'visit ' || said.journey_id) as contact,
                last(satisfaction_score order by said.answered_at)::double as satisfaction,
                max(said.answered_at) as answered_at
            from '{truth}/experiences.parquet' as said
            inner join marts.fct_survey_responses as responses on source_record_id = said.record_id
            inner join marts.fct_survey_answers using (response_id)
            where responds and is_counted and driver = 'satisfaction' and scale = 'likert_5'
            group by all
            """
        ).df()
    steps = touches[touches["step"] != touches.groupby(JOURNEY)["step"].shift()]
    said = touches.merge(answers, on="contact").sort_values("answered_at")
    journeys = touches.groupby(JOURNEY).agg(
        quarter_start=("quarter_start", "first"),
        began_at=("at", "first"),
        last_at=("at", "last"),
        ended_at=("ended_at", "max"),
    )
    journeys = journeys.assign(
        path=steps.groupby(JOURNEY)["step"].agg(
            lambda each: " > ".join([*each[:LONGEST], "..."] if len(each) > LONGEST else each)
        ),
        days=(journeys["ended_at"] - journeys["began_at"]) / pd.Timedelta(days=1),
        satisfaction=said.groupby(JOURNEY)["satisfaction"].last(),
    ).reset_index()
    history = touches["at"]
    is_whole = (journeys["began_at"] > history.min() + GAP) & (journeys["last_at"] < history.max() - GAP)
    return journeys.loc[is_whole, ["service", "quarter_start", "path", "days", "satisfaction"]]


def shares_of_journeys(warehouse: Path, truth: Path) -> pd.DataFrame:
    """Of all true journeys, whoever went through them, what `journey_measures` has shares of.

    That the website came before the first call is of journeys with a call. Journeys are left out that may
    have begun before what the truth tells of, or go on after it.

    Returns:
        One row per measure, service and fiscal quarter of its organization's calendar: measure, service,
        quarter_start, journeys and truth.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        touches = connection.execute(
            f"""
            with touches as (
                select person_id as person, service_id, channel, started_at
                from '{truth}/contacts.parquet'
                union all
                select person_id, service_id, 'website', started_at
                from '{truth}/web_visits.parquet'
                where person_id is not null and not is_program
            )
            select person, service_id as service, organization_id as organization, channel,
                started_at::timestamp as at,
                date_trunc('quarter', timezone(time_zone, started_at))::date as quarter_start
            from touches
            inner join marts.dim_services using (service_id)
            inner join marts.dim_organizations using (organization_id)
            order by started_at
            """
        ).df()
    journey = ["person", "service", "episode"]
    touches["step"] = touches["channel"].map(STEPS)
    touches["is_visit"] = touches["step"] == "website"
    touches["episode"] = true_episodes(touches, journey[:-1])
    touches["called_at"] = touches["at"].where(touches["step"] == "phone")
    touches["visited_at"] = touches["at"].where(touches["is_visit"])
    asked = touches[touches["step"] != "outbound_phone"]
    before = asked.groupby(journey)["step"].shift()
    touches["is_shift"] = (before.notna() & (before != asked["step"])).reindex(
        touches.index, fill_value=False
    )
    # whoever dealt with the person before, whatever it was about
    dealt = touches.groupby(["person", "is_visit"])
    touches["is_sent"] = (
        ~touches["is_visit"]
        & (dealt["at"].diff() <= GAP)
        & (dealt["organization"].shift() != touches["organization"])
    )
    journeys = touches.groupby(journey).agg(
        quarter_start=("quarter_start", "first"),
        began_at=("at", "first"),
        ended_at=("at", "last"),
        called_at=("called_at", "min"),
        visited_at=("visited_at", "min"),
        channel_shift_share=("is_shift", "any"),
        division_change_share=("is_sent", "any"),
    )
    is_whole = (journeys["began_at"] > touches["at"].min() + GAP) & (
        journeys["ended_at"] < touches["at"].max() - GAP
    )
    journeys = journeys[is_whole].assign(
        website_before_call_share=(journeys["visited_at"] < journeys["called_at"]).where(
            journeys["called_at"].notna()
        )
    )
    by = journeys.groupby(["service", "quarter_start"])
    return pd.concat(
        by[measure].agg(journeys="count", truth="mean").reset_index().assign(measure=measure)
        for measure in ("website_before_call_share", "channel_shift_share", "division_change_share")
    )


def further_contacts(warehouse: Path, truth: Path) -> pd.DataFrame:
    """Of all true contacts, whoever made them: the share with one in the week before, or none in the next.

    Contacts are left out that lie too near to where history begins, or to where it ends.

    Returns:
        One row per measure of `journey_measures`, breakdown, member and fiscal quarter: measure, breakdown,
        member, quarter_start, contacts and truth.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        contacts = connection.execute(
            f"""
            select person_id as person, service_id as service, organization_id as organization,
                facts.channel, contacts.started_at::timestamp as at,
                date_trunc('quarter', timezone(time_zone, contacts.started_at))::date as quarter_start
            from '{truth}/contacts.parquet' as contacts
            inner join marts.dim_services using (service_id)
            inner join marts.dim_organizations using (organization_id)
            left join marts.fct_interactions as facts
                on facts.source_system = contacts.source and facts.source_record_id = contacts.record_id
            where contacts.channel <> 'outbound'
            order by contacts.started_at
            """
        ).df()
    times = contacts.groupby(["person", "service"])["at"]
    contacts = contacts.assign(all="all", is_repeat=times.diff() <= GAP, is_last=~(-times.diff(-1) <= GAP))
    began = contacts[contacts["at"] - contacts["at"].min() > GAP]
    over = contacts[contacts["at"].max() - contacts["at"] > GAP]
    return pd.concat(
        [
            rows.groupby([breakdown, "quarter_start"])[is_so]
            .agg(contacts="size", truth="mean")
            .rename_axis(index={breakdown: "member"})
            .reset_index()
            .assign(measure=measure, breakdown=breakdown)
            for measure, rows, is_so in (
                ("repeat_contact_share", began, "is_repeat"),
                ("first_contact_resolution_share", over, "is_last"),
            )
            for breakdown in ("all", "organization", "service", "channel")
        ]
    )


def median_resolution_days(touches: pd.DataFrame) -> pd.DataFrame:
    """How long it took until half of the true journeys were settled: Kaplan and Meier, by statsmodels.

    Args:
        touches: of `touches_of`.

    Returns:
        One row per service and quarter (UTC) in which journeys began: service, quarter_start, n and days.
    """
    said = touches.dropna(subset=["settled"])
    journey = ["group", "service", "episode"]
    by = said.groupby(journey)
    journeys = pd.DataFrame(
        {
            "began_at": touches.groupby(journey)["at"].min(),
            "is_settled": by["settled"].last().astype(bool),
            "settled_at": said[said["settled"].astype(bool)].groupby(journey)["ended_at"].last(),
        }
    ).dropna(subset=["is_settled"])
    is_settled = journeys["is_settled"].astype(bool)
    until = journeys["settled_at"].where(is_settled, touches["at"].max())
    journeys = journeys.assign(
        days=(until - journeys["began_at"]) / pd.Timedelta(days=1),
        is_settled=is_settled,
        quarter_start=journeys["began_at"].dt.to_period("Q").dt.start_time,
    ).reset_index()
    return pd.DataFrame(
        [
            {
                "service": service,
                "quarter_start": quarter_start,
                "n": len(rows),
                "days": SurvfuncRight(rows["days"], rows["is_settled"]).quantile(0.5),
            }
            for (service, quarter_start), rows in journeys.groupby(["service", "quarter_start"])
        ]
    )
