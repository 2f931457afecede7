"""`make run`, as a newcomer meets it: interrupted, then all of history, the next day, and nothing new.

The tests build on one another, in this order.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psutil
import pytest
from voxpop.airflow import agency, home, processes
from voxpop.config import PROJECT, Settings
from voxpop.raw.manifests import visible
from voxpop.release import store
from voxpop.sample_agency import web
from voxpop.sample_agency.causes import CAUSES, DRIVERS
from voxpop.sample_agency.ga4 import HOST
from voxpop.sample_agency.reached import landed_to
from voxpop.sources.registry import load_sources

from tests.episodes import (
    JOURNEY,
    boundaries,
    f1,
    further_contacts,
    known_journeys,
    known_touches,
    median_resolution_days,
    outcomes,
    shares_of_journeys,
    touches_of,
)
from tests.figures import (
    SERIES,
    instrument_changes,
    natural_limits,
    people_served,
    true_answers,
    true_cells,
    true_changes,
    true_figures,
    true_mix,
)
from tests.guides.questions import answer, answered, questions
from tests.waiting import until
from tests.website import Website, true_votes, website_around

PERFORMANCE_TEAMS = PROJECT / "docs" / "for-performance-teams.md"
GUIDES = {PROJECT / "docs" / "for-analysts.md": 30, PERFORMANCE_TEAMS: 7}
"""Guide → how many questions it answers."""
TASK = (web.START, web.DONE)
"""The pages on which a visit's task is begun and done."""

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1200)]


def current(settings: Settings) -> store.Release:
    release = store.current(settings)
    assert release is not None
    return release


def run_as_on_a_terminal(environment: dict[str, str]) -> subprocess.Popen[str]:
    """Begin a run that Ctrl-C reaches.

    What a shell starts in the background ignores it, and so does all that is started by that: these tests
    may be, so the signal is set back.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "voxpop.airflow.first_run"],
            env=environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_everything_that_it_began(settings: Settings, environment: Any, mentioning: Any) -> None:
    def is_landing_or_over() -> bool:
        begun = settings.raw.glob("*/*/.landing/*/part-*.parquet")
        return running.poll() is not None or any(begun)

    with run_as_on_a_terminal(environment(settings)) as running:
        assert running.stdout is not None
        until(is_landing_or_over, 300, every=0.02)
        assert running.poll() is None, running.stdout.read()
        family = psutil.Process(running.pid).children(recursive=True)
        assert len(family) >= 2 and mentioning(settings.home)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 130
    assert "Interrupted" in rest and "Traceback" not in rest
    assert [process for process in family if processes.is_alive(process)] == []
    assert mentioning(settings.home) == []
    assert store.current(settings) is None


def test_the_first_run_publishes_history(settings: Settings, command: Any, mentioning: Any) -> None:
    done = command(settings, "first_run", seconds=900)
    assert done.returncode == 0, done.stdout + done.stderr
    release = current(settings)
    assert f"Published {release.release_id}" in done.stdout
    assert "CX index (0–100)" in done.stdout and "Trust, mean of 1–5" in done.stdout
    assert "95% interval" in done.stdout and "Abandoned, Phone (genesys)" in done.stdout
    assert "Fiscal quarter 2026Q3" in done.stdout
    assert str(release.folder) in done.stdout and "make run" in done.stdout and "make up" in done.stdout
    assert landed_to(settings.home) == date(2026, 7, 1)
    assert mentioning(settings.home) == []


def test_the_interrupted_run_is_not_left_as_running(settings: Settings) -> None:
    states = run_states(home.folder(settings) / "airflow.db")
    assert set(states) == {"failed", "success"}
    # what had ended before the interruption, then every source and the build
    assert states.count("success") >= len(load_sources(settings)) + 1


@pytest.fixture(scope="module")
def touches(settings: Settings) -> pd.DataFrame:
    """Of the tests between the first run and the second: its contacts, and what the truth says of them."""
    return touches_of(settings.warehouse, settings.home / "sample_agency" / "truth")


def test_its_journeys_begin_and_end_where_they_do_in_truth(touches: pd.DataFrame) -> None:
    """In all of history, of whoever can be known, from what the tools sent."""
    true, of_several = boundaries(touches, ["group", "service", "episode"])
    found, found_of_several = boundaries(touches, ["journey_id"])
    assert len(of_several) > 10_000
    assert f1(found, true) >= 0.98
    assert f1(found_of_several, of_several) >= 0.95


def test_its_records_and_matches_are_those_of_the_truth(settings: Settings, touches: pd.DataFrame) -> None:
    """Of the tools of contacts: all that people began, and nearly all whose person can be known."""
    truth = settings.home / "sample_agency" / "truth"
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        told = connection.execute(
            f"""
            with true_contacts as (
                select
                    source, date_trunc('quarter', timezone(time_zone, started_at))::date as quarter,
                    count(*) as n
                from '{truth}/contacts.parquet'
                inner join marts.dim_services using (service_id)
                inner join marts.dim_organizations using (organization_id)
                where channel <> 'outbound'
                group by all
            )
            select member as source, period_start as quarter, record_count, identified_count, matched_count, n
            from marts.identity_quality
            inner join true_contacts on breakdown = 'source' and member = source and period_start = quarter
            where not suppressed
            """
        ).df()
        facts = connection.execute(
            "select interaction_id, source_system as source, customer_id,"
            " date_trunc('quarter', started_local_date) as quarter from marts.fct_interactions"
            " where direction = 'inbound'"
        ).df()
    assert len(told) > 20 and set(told["source"]) == {"field_offices", "genesys", "text_messages"}
    assert (told["record_count"] == told["n"]).all()
    by = touches.merge(facts, on="interaction_id").groupby(["source", "quarter"])
    known = by["customer_id"].agg(known="size", matched="count")
    found = told.merge(known.reset_index(), on=["source", "quarter"])
    assert len(found) == len(told)
    assert (found["matched"] / found["known"] >= 0.995).all()
    assert (found["known"] <= found["identified_count"]).all()
    # by text message nobody gives a name with a number, and each gives an account or an email of their own
    texts = found[found["source"] == "text_messages"]
    assert len(texts) > 4
    assert (texts["matched_count"] == texts["known"]).all()


def test_what_can_be_known_of_who_it_was_is_what_the_records_name(settings: Settings) -> None:
    """Counted by pandas: an account or email, or a number with a name, can be somebody's.

    Alone is whoever has no customer, or one of whom the quarter has nothing else.
    """
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        records = connection.execute(
            """
            select interaction_id as id, source_system as source, channel, customer_id,
                date_trunc('quarter', started_local_date) as quarter
            from marts.fct_interactions
            where direction = 'inbound'
            union all
            select response_id, source_system, channel, customer_id,
                date_trunc('quarter', answered_local_date)
            from marts.fct_survey_responses
            where is_counted
            """
        ).df()
        named = connection.execute(
            "select interaction_id as id, identifier_type from intermediate.int_interactions"
            " inner join staging.stg_identifiers using (_record_key)"
        ).df()
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        told = connection.execute("select * from marts.identity_quality where not suppressed").df()
    kinds = named.groupby("id")["identifier_type"].agg(set).reindex(records["id"]).to_numpy()
    records["is_named"] = [
        isinstance(kind, set) and (bool(kind & {"account", "email"}) or {"phone", "name"} <= kind)
        for kind in kinds
    ]
    together = records.groupby(["quarter", "customer_id"])["id"].transform("size")
    records["is_alone"] = ~(together > 1)
    for breakdown in ("source", "channel"):
        by = records.groupby([breakdown, "quarter"])
        counted = pd.DataFrame(
            {
                "named": by["is_named"].sum(),
                "alone": by["is_alone"].sum(),
                "customers": by["customer_id"].nunique(),
            }
        ).rename_axis(["member", "period_start"])
        found = told[told["breakdown"] == breakdown].merge(
            counted.reset_index(), on=["member", "period_start"]
        )
        assert len(found) > 30
        assert (found["alone"] == found["unjoined_count"]).all()
        assert (found["customers"] == found["customer_count"]).all()
        if breakdown == "source":
            contacts = found[found["member"].isin({"field_offices", "genesys", "text_messages"})]
            assert len(contacts) > 20
            assert (contacts["named"] == contacts["identified_count"]).all()
            unknowable = 1 - contacts["named"] / contacts["record_count"]
            assert contacts["unknowable_share"].to_numpy() == pytest.approx(unknowable, abs=1e-9)
            undecided = (contacts["named"] - contacts["matched_count"]) / contacts["record_count"]
            assert contacts["undecided_share"].to_numpy() == pytest.approx(undecided, abs=1e-9)


def test_its_matters_were_settled_as_they_were_in_truth(settings: Settings, touches: pd.DataFrame) -> None:
    """Of 1 in 100 that were not, the last contact is one of which nothing is marked."""
    found = outcomes(settings.warehouse, touches)
    assert len(found) > 100_000
    right = (found["truth"] == found["said"]).groupby(found["truth"]).sum() / found["truth"].value_counts()
    assert right[True] > 0.995
    assert right[False] > 0.98
    assert found.loc[found["truth"].isna(), "said"].isna().all()


def test_its_times_until_a_matter_is_settled_hold_the_truth(
    settings: Settings, touches: pd.DataFrame
) -> None:
    """In 9 of 10 service-quarters, and in all but one of each service's, for most take no time at all.

    Who it was is as the models have it: an interval holds chance alone.
    """
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        published = connection.execute(
            "select member as service, quarter_start, value, low, high from marts.journey_measures"
            " where measure = 'median_resolution_days' and breakdown = 'service' and not suppressed"
        ).df()
    found = published.merge(median_resolution_days(touches), on=["service", "quarter_start"])
    assert len(found) == len(published) > 80
    assert found["value"].max() > 1, "some take days, and most no longer than the first contact"
    outside = ~found["days"].round(1).between(found["low"], found["high"])
    assert outside.mean() <= 0.1
    assert (outside.groupby(found["service"]).sum() <= 1).all(), found[outside]


def test_its_shares_of_journeys_hold_the_truth(settings: Settings) -> None:
    """The bar: in 9 of 10 service-quarters of which 60% is matched; who it was is as the models have it.

    Who tried the website before calling, changed the channel, or was sent from a division to another.
    """
    database = current(settings).database
    with duckdb.connect(str(database), read_only=True) as connection:
        published = connection.execute(
            "select measure, member as service, quarter_start, n, value, low, high, match_coverage"
            " from marts.journey_measures where breakdown = 'service' and not suppressed"
            " and measure in ('website_before_call_share', 'channel_shift_share', 'division_change_share')"
        ).df()
    truth = shares_of_journeys(database, settings.home / "sample_agency" / "truth")
    found = published.merge(truth, on=["measure", "service", "quarter_start"])
    assert len(found) == len(published) > 180
    matched = found[found["match_coverage"] >= 0.6]
    inside = (matched["low"] <= matched["truth"]) & (matched["truth"] <= matched["high"])
    by_measure = inside.groupby(matched["measure"]).agg(["mean", "size"])
    # eight settled quarters of the three services with pages behind a sign-in; of changes those that are told
    assert len(by_measure) == 3 and (by_measure["size"] > 20).all()
    assert by_measure.loc["website_before_call_share", "size"] == 8 * 3
    assert (by_measure["mean"] >= 0.9).all(), matched[~inside]
    width = (matched["high"] - matched["low"]).groupby(matched["measure"]).max()
    assert (width < 0.3).all(), "an interval that says nothing holds everything"
    # nearly all calls are from somebody known, so the truth of all people is that of the figure's
    calls = matched[matched["measure"] == "website_before_call_share"]
    assert (calls["n"] / calls["journeys"]).between(0.85, 1).all()
    assert (calls["truth"] > calls["value"]).mean() > 0.9, "what is seen is the least that can be true"


def test_its_shares_of_who_came_again_hold_the_truth(settings: Settings) -> None:
    """In 9 of 10 cells of everybody's contacts: by channel too, of emails as of the others."""
    database = current(settings).database
    with duckdb.connect(str(database), read_only=True) as connection:
        published = connection.execute(
            "select measure, breakdown, member, quarter_start, n, low, high, is_claim_allowed"
            " from marts.journey_measures where not suppressed and not is_provisional"
            " and measure in ('first_contact_resolution_share', 'repeat_contact_share')"
        ).df()
    key = ["measure", "breakdown", "member", "quarter_start"]
    found = published.merge(further_contacts(database, settings.home / "sample_agency" / "truth"), on=key)
    assert len(found) == len(published) > 350
    found = found.assign(
        inside=found["truth"].between(found["low"], found["high"]), width=found["high"] - found["low"]
    )
    cells = found.assign(cell=found["member"].where(found["breakdown"] == "channel", found["breakdown"]))
    claimed = cells[cells["is_claim_allowed"]]
    inside = claimed.groupby(["measure", "cell"])["inside"].agg(["mean", "size"])
    assert {"all", "organization", "service", "email", "phone"} <= set(claimed["cell"])
    assert (inside["mean"] >= 0.9).all(), (inside, claimed[~claimed["inside"]])
    assert cells["inside"].mean() >= 0.95
    many = claimed[claimed["n"] >= 1_000]
    assert len(many) > 50 and many["width"].max() < 0.15, "an interval that says nothing holds everything"


@pytest.fixture(scope="module")
def answers(settings: Settings) -> pd.DataFrame:
    """What those think who answered, item by item."""
    return true_answers(current(settings).database, settings.home / "sample_agency" / "truth")


@pytest.fixture(scope="module")
def limits(settings: Settings, answers: pd.DataFrame) -> pd.DataFrame:
    """The public limits of means, indexes, shares up and scores, beside those that the truth gives."""
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        points, published = (
            connection.execute(
                f"""
                select
                    * exclude (period_start), period_start::timestamp as period_start,
                    period_start::timestamp
                    + if(period_type = 'month', interval 1 month, interval 3 month) as end
                from marts.{table}
                where period_type <> 'year' and breakdown <> 'segment' and scale <> 'csat_5'
                    and measure in ('mean', 'cx_index', 'acsi_equal_weight', 'thumbs_up', 'nps')
                """
            ).df()
            for table in ("cx_index", "cx_control_limits")
        )
    over = points[~points["suppressed"] & (points["end"] <= pd.Timestamp("2026-07-01"))]
    key = [*SERIES, "period_start"]
    points = over[[*key, "end"]].merge(true_figures(true_cells(answers)), on=key)
    assert len(points) == len(over)
    ((service, since),) = instrument_changes()
    broken = answers[(answers["service"] == service) & answers["scale"].isin(["thumbs", "radio_5"])]
    found = [
        natural_limits(
            series.sort_values("period_start"),
            since if scale in set(broken["scale"]) and member in set(broken[breakdown]) else None,
        )
        for (_, breakdown, member, scale, *_), series in points.groupby(SERIES)
    ]
    limits = published.merge(pd.concat(found), on=[*key, "end"], how="outer", indicator="in_both")
    assert (limits.pop("in_both") == "both").all(), "limits are told that the truth has not, or not"
    return limits


def test_its_limits_are_those_of_the_true_figures(limits: pd.DataFrame) -> None:
    """To ten decimals; but whoever wrote again is more satisfied now than they were, and so the index."""
    assert len(limits) > 5_000 and {"all", "organization", "service", "channel"} == set(limits["breakdown"])
    assert (limits["segment_start"] == limits["first_start"]).all()
    assert (limits["point_count"] == limits["size"]).all()
    assert {"ten", "nps_11"} < set(limits["scale"]) and "acsi_equal_weight" in set(limits["measure"])
    is_revised = (limits["driver"] == "satisfaction") | (limits["measure"] == "cx_index")
    far = (
        pd.concat((limits[name] - limits[f"true_{name}"]).abs() for name in ("center", "lower", "upper"))
        .groupby(level=0)
        .max()
    )
    assert far[~is_revised].max() < 1e-9
    assert far[limits["driver"] == "satisfaction"].max() < 0.05
    assert far[limits["measure"] == "cx_index"].max() < 0.25
    is_outside = (limits["true_value"] < limits["true_lower"]) | (limits["true_value"] > limits["true_upper"])
    assert is_outside[~is_revised].sum() > 50
    assert (limits["is_outside"] == is_outside)[~is_revised].all()
    assert (limits["is_outside"] == is_outside)[is_revised].mean() > 0.99


def test_its_limits_end_at_a_new_question_and_find_what_changes(limits: pd.DataFrame) -> None:
    """No stretch has both sides of a planted change of the form; what goes down or up leaves its limits."""
    ((service, since),) = instrument_changes()
    changed = limits[(limits["member"] == service) & limits["scale"].isin(["thumbs", "radio_5"])]
    assert set(changed["scale"]) == {"thumbs", "radio_5"}
    day = pd.Timestamp(since)
    assert (changed["end"] <= day)[changed["scale"] == "thumbs"].all()
    assert (changed["period_start"] > day)[changed["scale"] == "radio_5"].all()
    whole = limits[(limits["breakdown"] == "all") & (limits["scale"] == "thumbs")]
    assert whole["segment_start"].nunique() == 2
    assert ((whole["end"] <= day) | (whole["segment_start"] > day)).all()

    trends = {
        (one.service_id, driver): abs(trend)
        for one in CAUSES.services
        for driver, trend in zip(DRIVERS, one.trend, strict=True)
    }
    months = limits[(limits["breakdown"] == "service") & (limits["period_type"] == "month")]
    months = months[(months["scale"] == "likert_5") & months["driver"].isin(DRIVERS)]
    trend = pd.Series(
        [trends[key] for key in zip(months["member"], months["driver"], strict=True)], months.index
    )
    assert (trend == 0).sum() > 500 and months["is_outside"][trend == 0].mean() < 0.02
    steep = months[trend >= 0.05].groupby(["member", "driver"])["is_outside"].sum()
    assert len(steep) >= 4 and (steep >= 5).all(), steep


def test_its_changes_and_their_evidence_are_those_of_the_truth(
    settings: Settings, answers: pd.DataFrame
) -> None:
    """Of means, thumbs and net promoter scores since the period before and the year before.

    Who wrote again is left out.
    """
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        published = connection.execute(
            "select * replace (period_start::timestamp as period_start) from marts.cx_comparisons"
            " where comparison <> 'rest' and period_type <> 'year' and breakdown <> 'segment'"
            " and measure in ('mean', 'thumbs_up', 'nps') and scale <> 'csat_5' and driver <> 'satisfaction'"
        ).df()
    served = people_served(current(settings).database, settings.home / "sample_agency" / "truth")
    cells = true_cells(answers).merge(served, on=["period_type", "period_start", "member"], how="left")
    organizations = answers.drop_duplicates("service").set_index("service")["organization"]
    spans = [
        (cells[cells["period_type"] == period_type], comparison, months)
        for period_type, comparison, months in (
            ("month", "previous_period", 1),
            ("quarter", "previous_period", 3),
            ("month", "year_before", 12),
            ("quarter", "year_before", 12),
        )
    ]
    changes = pd.concat(true_changes(of, months).assign(comparison=name) for of, name, months in spans)
    by_answers, by_people = (
        pd.concat(
            true_mix(of, organizations, months, weight).assign(comparison=name) for of, name, months in spans
        )
        for weight in ("n", "served")
    )
    compared = published[published["not_compared"].isna()]
    key = ["period_type", "period_start", "breakdown", "member", "scale", "driver", "comparison"]
    found = compared.merge(changes, on=key, suffixes=("", "_true"))
    assert len(found) == len(compared) > 5_000
    assert set(found["scale"]) == {"likert_5", "thumbs", "radio_5", "ten", "nps_11"}
    assert (found["n"] == found["n_true"]).all() and (found["other_n"] == found["other_n_true"]).all()
    assert (found["value"] - found["mean"]).abs().max() < 1e-9
    assert (found["difference"] - (found["mean"] - found["other_mean"])).abs().max() < 1e-9
    assert (found["p_value"] - found["p"]).abs().max() < 1e-8
    assert (found["p_value"] < 0.05).sum() > 100
    for total, prefix, true in (
        ("difference", "", by_answers),
        ("volume_difference", "volume_", by_people),
    ):
        wholes = found.dropna(subset=[f"{prefix}within_change"]).merge(true, on=key)
        assert len(wholes) > 500 and set(wholes["breakdown"]) == {"all", "organization"}
        if total == "volume_difference":
            # of the last day nobody has counted yet whom it served
            wholes = wholes[~wholes["period_label"].isin(["2026-06", "2026Q3"])]
        mix = wholes["change"] - wholes["within"]
        assert mix.abs().max() > 0.01
        assert (wholes[total] - wholes["change"]).abs().max() < 1e-9
        assert (wholes[f"{prefix}within_change"] - wholes["within"]).abs().max() < 1e-9
        assert (wholes[f"{prefix}mix_change"] - mix).abs().max() < 1e-9

    ((service, since),) = instrument_changes()
    crossing = published[(published["member"] == service) & (published["scale"] == "thumbs")]
    crossing = crossing[crossing["period_start"] >= pd.Timestamp(since)]
    assert crossing["p_value"].isna().all()
    assert set(published.loc[published["not_compared"] == "break", "scale"]) == {"thumbs", "radio_5"}


@pytest.fixture(scope="module")
def website() -> Website:
    return website_around(date(2026, 1, 1), date(2026, 3, 31))


def test_its_visits_are_those_of_the_truth(settings: Settings, website: Website) -> None:
    """DAP's exactly. Sessions of events nearly: some events vanish, and who pauses for long comes twice."""
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        published = connection.execute(
            "select * from marts.web_performance"
            " where period_type = 'quarter' and period_start = ? and not suppressed",
            [website.first],
        ).df()
    visits, made, mine = website.visits, website.made, website.is_inside_period
    size = len(visits.key)
    viewed = made.kind == web.PAGE_VIEW
    views = np.bincount(made.visit[viewed], minlength=size)
    # who saw one page, and not for ten seconds
    bounced = (views == 1) & (np.bincount(made.visit, weights=made.front_ms, minlength=size) < 10_000)
    dap = published[published["source_system"] == "dap"].set_index(["breakdown", "member"])
    site = dap.loc["site", HOST]
    assert (site["visits"], site["pageviews"]) == (mine.sum(), views[mine].sum())
    assert site["pageviews_per_visit"] == pytest.approx(views[mine].sum() / mine.sum(), abs=1e-9)
    assert site["bounce_share"] == pytest.approx(bounced[mine].mean(), abs=1e-9)
    devices = np.bincount(web.devices(website.agency, visits)[mine])
    kinds = ("desktop", "mobile", "tablet")
    assert dap.loc["device"]["visits"].to_dict() == dict(zip(kinds, devices, strict=True))

    began, done = (np.isin(np.arange(size), made.visit[viewed & (made.page == page)]) for page in TASK)
    services = np.array([one.service_id for one in website.agency.catalogue.services])[visits.service]
    cookies = web.cookies(website.agency, visits)
    sessions = published[(published["source_system"] == "web") & (published["basis"] == "visits")]
    sessions = sessions[sessions["breakdown"].isin(["all", "service"])]
    assert len(sessions) == 13
    for row in sessions.itertuples(index=False):
        of_row = mine & ((services == row.member) | (row.breakdown == "all"))
        assert row.visits == pytest.approx(of_row.sum(), rel=0.015), row
        assert row.pageviews == pytest.approx(views[of_row].sum(), rel=0.035), row
        assert row.users == pytest.approx(len(np.unique(cookies[of_row])), rel=0.03), row
        assert row.engaged_share == pytest.approx(1 - bounced[of_row].mean(), abs=0.04), row
        assert row.task_success_n == pytest.approx((of_row & began).sum(), rel=0.03), row
        assert row.task_success_low <= done[of_row & began].mean() <= row.task_success_high, row


def test_its_pages_before_a_call_are_those_of_the_truth(settings: Settings, website: Website) -> None:
    """The last page of the last visit before the first call, by service, of people who are known."""
    database = current(settings).database
    with duckdb.connect(str(database), read_only=True) as connection:
        published = connection.execute(
            "select member as service, page, n, value from marts.journey_measures"
            " where measure = 'page_before_call_share' and quarter_start = ? and not suppressed",
            [website.first],
        ).df()
    viewed = website.made.kind == web.PAGE_VIEW
    last = pd.Series(website.made.page[viewed]).groupby(website.made.visit[viewed]).last()
    visits = website.visits
    pages = pd.DataFrame(
        {
            "at": pd.to_datetime(visits.start_ms, unit="ms").astype("datetime64[us]"),
            "page": website.paths[visits.service, last.reindex(range(len(visits.key))).to_numpy()],
            "service": [website.agency.catalogue.services[number].service_id for number in visits.service],
        }
    )
    touches = known_touches(database, settings.home / "sample_agency" / "truth")
    began = touches.groupby(JOURNEY)["quarter_start"].transform("first")
    touches = touches[began == pd.Timestamp(website.first)]
    touches = touches.assign(
        call=touches["at"]
        .where(touches["step"] == "phone")
        .groupby([touches[name] for name in JOURNEY])
        .transform("min")
    )
    before = touches[(touches["step"] == "website") & (touches["at"] < touches["call"])]
    before = before.merge(pages, on=["service", "at"], how="left").groupby(JOURNEY).last().reset_index()
    true = before.groupby(["service", "page"]).size().rename("count").reset_index()
    found = published.merge(true, on=["service", "page"], how="left").fillna({"count": 0})
    assert len(found) > 10 and found["service"].nunique() >= 3
    # an event that vanished may have been a visit's last, and a call may be taken for another's
    assert (found["count"] - found["n"] * found["value"]).abs().max() < 3


def test_its_votes_on_pages_are_those_of_the_truth(settings: Settings, website: Website) -> None:
    """DAP counts them on the visit's day; of the website's own events some vanish."""
    with duckdb.connect(str(current(settings).database), read_only=True) as connection:
        published = connection.execute(
            "select source_system, page, n, value from marts.page_helpfulness"
            " where period_type = 'quarter' and period_start = ? and not suppressed",
            [website.first],
        ).df()
    votes = true_votes(website)
    true = pd.concat([votes, votes.assign(page="all")]).groupby(["source_system", "page"])
    true = true["is_helpful"].agg(count="size", share="mean")
    found = published.merge(true.reset_index(), on=["source_system", "page"])
    assert len(found) == len(published) > 80 and set(found["source_system"]) == {"dap", "web"}
    assert (found["n"] == found["count"]).all()
    assert (found["value"] - found["share"]).abs().max() < 1e-9


def test_its_paths_last_and_please_as_they_do_in_truth(settings: Settings) -> None:
    """Their days by the true times, and what people thought, also of those whose answers nobody could tie."""
    database = current(settings).database
    with duckdb.connect(str(database), read_only=True) as connection:
        published = connection.execute(
            "select * from marts.journey_paths where breakdown in ('all', 'service') and path <> 'other'"
            " and period_type = 'quarter' and not suppressed"
        ).df()
    journeys = known_journeys(database, settings.home / "sample_agency" / "truth")
    key = ["breakdown", "member", "period_start", "path"]
    journeys = journeys.rename(columns={"quarter_start": "period_start"})
    true = [
        rows.assign(breakdown=breakdown)
        .groupby(key)
        .agg(
            count=("days", "size"),
            median=("days", "median"),
            answers=("satisfaction", "count"),
            mean=("satisfaction", "mean"),
        )
        for every in (journeys, journeys.assign(path="all"))
        for breakdown, rows in (
            ("all", every.assign(member="all")),
            ("service", every.assign(member=every["service"])),
        )
    ]
    found = published.merge(pd.concat(true).reset_index(), on=key)
    assert len(found) == len(published) > 750
    many = found[found["journey_count"] >= 100]
    ratio = many["count"] / many["journey_count"]
    assert len(many) > 300 and ratio.between(0.97, 1.03).mean() > 0.95 and ratio.between(0.9, 1.1).all()
    assert found["median_days"].max() > 1, "some paths take days, and most no longer than the first contact"
    assert ((found["median"] - found["median_days"]).abs() <= 0.1).mean() >= 0.95
    assert (
        found["median"].round(1).between(found["median_days_low"], found["median_days_high"]).mean() >= 0.95
    )

    scored = found.dropna(subset=["mean_score"])
    assert len(scored) > 250 and scored["path"].nunique() > 10
    assert (scored["answers"] > scored["score_n"]).mean() > 0.9
    inside = scored["mean"].between(scored["mean_score_low"], scored["mean_score_high"])
    assert inside.mean() >= 0.9, scored[~inside]
    width = (scored["mean_score_high"] - scored["mean_score_low"])[scored["score_n"] >= 100]
    assert len(width) > 20 and width.max() < 0.5, "an interval that says nothing holds everything"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_its_release_gives_the_answers_of_the_guide(settings: Settings, guide: Path) -> None:
    assert len(questions(guide)) == GUIDES[guide]
    assert answered(guide, lambda sql: answer(settings.home, sql)) == guide.read_text()


def test_a_quarter_is_filed_as_the_guide_says(settings: Settings, tmp_path: Path) -> None:
    commands = re.findall(r"^\.venv/bin/voxpop (export .+)$", PERFORMANCE_TEAMS.read_text(), re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "voxpop.cli", *shlex.split(command)],
            env=os.environ | {"VOXPOP_HOME": str(settings.home)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name for path in (tmp_path / "var" / "filed" / "2026Q3" / "a11-280").iterdir()}
    assert {"memo.html", "README.md"} <= written and any(name.endswith(".xlsx") for name in written)


def run_states(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        return [state for (state,) in connection.execute("select state from dag_run")]


def test_the_second_run_builds_the_next_day_alone(settings: Settings, command: Any) -> None:
    before = current(settings)
    done = command(settings, "first_run", seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    after = current(settings)
    assert after.manifest["supersedes"] == before.release_id
    known = {batch["batch_id"] for batch in before.manifest["batches"]}
    new = {batch["batch_id"] for batch in after.manifest["batches"]} - known
    windows = {batch.source: batch.window for batch in visible(settings) if batch.batch_id in new}
    assert windows["touchpoints"] == windows["genesys"] == agency.window(date(2026, 7, 2))
    assert {"field_offices", "kiosk_surveys", "text_messages"} <= windows.keys()
    assert len(new) == len(windows), "more than one day's batches were built"
    assert landed_to(settings.home) == date(2026, 7, 2)


def test_with_nothing_new_there_is_no_new_release_and_it_says_so(settings: Settings, command: Any) -> None:
    before = current(settings)
    done = command(settings, "first_run", "--same-day", seconds=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing new" in done.stdout and "Published" not in done.stdout
    assert current(settings) == before
    assert landed_to(settings.home) == date(2026, 7, 2)


def test_an_unknown_option_is_wrong_usage(settings: Settings, command: Any) -> None:
    assert command(settings, "first_run", "--next-day").returncode == 2
