"""Journeys of the small agency against its truth: who it was, what it was about, and when."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tests.episodes import boundaries, f1, true_episodes

from .home import Home


def touches_of(warehouse: Path, truth: Path) -> pd.DataFrame:
    """One row per contact that can be known, with what the truth says of it and the journey that it is in.

    A contact can be known if it carries an account number or an email address that nobody else has used, and
    contacts of one person are known as theirs if such tokens connect them: `group`. A visit to the website
    carries one where its visitor signed in.

    Returns:
        interaction_id, person, service, at, group, and journey_id (its own id where it is in none).
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        touches = connection.execute(
            f"""
            with true_contacts as (
                select facts.interaction_id, person_id as person, contacts.service_id as service,
                    contacts.started_at::timestamp as at_
                from '{truth}/contacts.parquet' as contacts
                inner join marts.fct_interactions as facts
                    on facts.source_system = contacts.source and facts.source_record_id = contacts.record_id
                union all
                select facts.interaction_id, person_id, visits.service_id, visits.started_at::timestamp
                from '{truth}/web_visits.parquet' as visits
                inner join marts.fct_interactions as facts
                    on facts.channel = 'website'
                    and epoch_ms(facts.started_at) = epoch_ms(visits.started_at::timestamp)
                where visits.signed_in and visits.person_id is not null
            )
            select interaction_id, person, service, at_ as at,
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
    return touches.dropna(subset=["group"]).sort_values(["at", "interaction_id"])


@pytest.fixture(scope="module")
def touches(published: Home) -> pd.DataFrame:
    found = touches_of(published.settings.warehouse, published.path / "sample_agency" / "truth")
    return found.assign(episode=true_episodes(found, ["group", "service"]))


def test_journeys_begin_and_end_where_they_do_in_truth(touches: pd.DataFrame) -> None:
    """Over the contacts that can be known: whose they are and what they are about is what is tried."""
    true, of_several = boundaries(touches, ["group", "service", "episode"])
    found, found_of_several = boundaries(touches, ["journey_id"])
    assert len(of_several) > 50
    assert f1(found, true) >= 0.98
    assert f1(found_of_several, of_several) >= 0.95
