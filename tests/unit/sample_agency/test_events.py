"""Any day alone is the day out of any window; the default history has its volume; causes show in it."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from voxpop.config import load_settings
from voxpop.errors import ConfigError
from voxpop.sample_agency import genesys, touchpoints
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.causes import CALLBACK, CAUSES, CHANNELS, DRIVERS, PHONE
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.files import kiosk_ndjson, visits_csv
from voxpop.sample_agency.journeys import HORIZON_DAYS
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.opinions import RATINGS

LEVEL = LEVELS["a-little"]


def _as_served(agency: Agency, events: Events, day: date) -> list[bytes]:
    """Every record of one day as the tools show it at its end."""
    number = day_number(day)
    as_of_ms = (number + 1) * DAY_MS
    on_day = events.conversations.start_ms // DAY_MS == number
    records = genesys.render(agency, take(events.conversations, on_day), as_of_ms)
    answers = take(events.submissions, events.submissions.created_ms // DAY_MS == number)
    records += touchpoints.render(agency, answers, touchpoints.changes_of(answers, LEVEL), as_of_ms)
    visits = take(events.visits, events.visits.start_ms // DAY_MS == number)
    kiosk = take(events.kiosk, events.kiosk.created_ms // DAY_MS == number)
    records += visits_csv(agency, visits, number, number, LEVEL).splitlines()
    records += kiosk_ndjson(agency, kiosk, number, number, LEVEL).splitlines()
    return records


@pytest.mark.parametrize("day", [date(2024, 4, 1), date(2024, 11, 4), date(2026, 6, 30)])
def test_a_day_alone_is_the_same_as_out_of_the_history(agency: Agency, history: Events, day: date) -> None:
    alone = _as_served(agency, events_between(agency, day, day), day)
    assert len(alone) > 100
    assert alone == _as_served(agency, history, day)


def test_no_event_lies_on_a_local_day_before_history(history: Events) -> None:
    """The field offices keep Pacific time, which is 7 hours behind UTC in April."""
    midnight = np.datetime64("2024-04-01T07:00", "ms").astype(np.int64)
    for times in (
        history.conversations.start_ms,
        history.visits.start_ms,
        history.submissions.created_ms,
        history.kiosk.created_ms,
    ):
        assert midnight <= times.min() < midnight + DAY_MS


def test_another_seed_makes_another_day() -> None:
    day, seeds = date(2026, 6, 2), load_settings({}).seeds
    one, other = (make_agency(seeds, seed) for seed in (7, 8))
    first = set(_as_served(one, events_between(one, day, day), day))
    second = set(_as_served(other, events_between(other, day, day), day))
    assert len(first & second) <= 1, "nothing but the header of the visits' file"


def test_default_volume(history: Events) -> None:
    contacts = len(history.conversations.key) + len(history.visits.key)
    answers = len(history.submissions.key) + len(history.kiosk.key)
    assert 100_000 <= contacts <= 115_000
    assert 20_000 <= answers <= 26_000
    assert set(np.unique(history.conversations.channel)) == {PHONE, CALLBACK, 2, 3, 6}


def test_record_ids_are_unique(history: Events) -> None:
    ids = genesys.conversation_ids(history.conversations)
    assert len(np.unique(ids)) == len(ids)
    submissions = touchpoints.submission_ids(history.submissions)
    assert len(set(submissions)) == len(submissions)
    assert len(np.unique(history.visits.key >> np.uint64(20))) == len(history.visits.key)


def test_no_event_lies_beyond_the_horizon(history: Events) -> None:
    for contacts in (history.conversations, history.visits):
        age = contacts.done_ms // DAY_MS - history.journeys.day[contacts.journey]
        assert age.min() >= 0
        assert age.max() <= HORIZON_DAYS
    age = history.experiences.created_ms // DAY_MS - history.journeys.day[history.experiences.journey]
    assert age.min() >= 0 and age.max() <= HORIZON_DAYS


def test_weeks_and_years_have_their_rhythm(history: Events) -> None:
    began = history.conversations.start_ms // DAY_MS
    by_weekday = np.bincount((began + 3) % 7)
    assert by_weekday[0] > 1.2 * by_weekday[4], "Mondays are busy"
    assert by_weekday[6] < 0.2 * by_weekday[0], "Sundays are not"
    months = np.datetime_as_string(began.astype("M8[D]"), unit="M")
    assert (months == "2025-01").sum() > 1.2 * (months == "2025-12").sum()


def test_drivers_correlate_as_the_causes_say(agency: Agency, history: Events) -> None:
    """Within one service, channel and outcome what drivers share is the mood: shared² / (shared² + own²)."""
    asked = history.experiences
    same = (asked.channel == CHANNELS.index("website")) & (asked.service == 0)
    same &= agency.people.segment[asked.person] == 4
    drivers = asked.opinions[same, 2:]
    assert len(drivers) > 300
    expected = CAUSES.shared_opinion**2 / (CAUSES.shared_opinion**2 + CAUSES.own_opinion**2)
    between = np.corrcoef(drivers.T)[np.triu_indices(len(DRIVERS), 1)]
    assert abs(between.mean() - expected) < 0.06


def test_satisfaction_follows_the_weights(agency: Agency, history: Events) -> None:
    for number, cause in enumerate(agency.service_causes):
        opinions = history.experiences.opinions[history.experiences.service == number]
        assert len(opinions) > 1000
        columns = np.column_stack([opinions[:, 2:], np.ones(len(opinions))])
        found = np.linalg.lstsq(columns, opinions[:, 0], rcond=None)[0][:-1]
        assert np.allclose(found, cause.satisfaction_weights, atol=0.05), cause.service_id


def test_the_dissatisfied_answer_more_often(history: Events) -> None:
    asked = history.experiences
    offered = asked.offered & ~asked.kiosk & (asked.channel == PHONE)
    low, high = offered & (asked.scores[:, 0] <= 2), offered & (asked.scores[:, 0] == 4)
    assert asked.responds[low].mean() > asked.responds[high].mean() + 0.1


def _quarter_means(events: Events, service: int) -> list[float]:
    """Mean driver score by fiscal quarter of the history."""
    asked = events.experiences
    quarter = ((asked.created_ms // DAY_MS - day_number(events.first)) / 91.3125).astype(np.int64)
    mine = (asked.service == service) & ~asked.kiosk
    return [float(asked.scores[mine & (quarter == number), 2:].mean()) for number in range(9)]


def test_one_service_improves_and_one_deteriorates(agency: Agency, history: Events) -> None:
    cards = _quarter_means(history, agency.catalogue.service("fld-card"))
    appeals = _quarter_means(history, agency.catalogue.service("ben-appeal"))
    steady = _quarter_means(history, agency.catalogue.service("ben-status"))
    assert cards[-1] - cards[0] > 0.25
    assert appeals[-1] - appeals[0] < -0.25
    assert max(steady) - min(steady) < 0.2


def test_the_refund_line_is_slow_in_fiscal_2026q1(agency: Agency, history: Events) -> None:
    calls = history.conversations
    mine = (calls.service == agency.catalogue.service("tax-refund")) & (calls.channel == PHONE)
    day = calls.start_ms // DAY_MS
    inside = mine & (day >= day_number(date(2025, 10, 1))) & (day <= day_number(date(2025, 12, 31)))
    before = mine & (day >= day_number(date(2025, 7, 1))) & (day <= day_number(date(2025, 9, 30)))
    assert np.median(calls.wait_ms[inside]) > 2 * np.median(calls.wait_ms[before])
    assert calls.abandoned[inside].mean() > 2 * calls.abandoned[before].mean()


def test_callbacks_and_open_conversations_span_days(agency: Agency, week: Events) -> None:
    callbacks = take(week.conversations, week.conversations.channel == CALLBACK)
    assert (callbacks.done_ms // DAY_MS > callbacks.start_ms // DAY_MS).any()
    for day in range(day_number(week.first), day_number(week.last)):
        begun = week.conversations.start_ms // DAY_MS == day
        assert (week.conversations.done_ms[begun] > (day + 1) * DAY_MS).any(), day


def test_every_weight_sums_to_one_and_every_service_has_causes(agency: Agency) -> None:
    assert {cause.service_id for cause in CAUSES.services} == {
        service.service_id for service in agency.catalogue.services
    }
    for cause in CAUSES.services:
        assert sum(cause.satisfaction_weights) == pytest.approx(1.0), cause.service_id
        assert sum(cause.trust_weights) == pytest.approx(1.0), cause.service_id
        assert 1 <= len(cause.pain_points) <= 2
    for by_channel in (CAUSES.offered, CAUSES.responds, CAUSES.channel_effects, CAUSES.answer_delay_hours):
        assert len(by_channel) == len(CHANNELS)


def test_a_service_without_causes_or_a_form_is_named(tmp_path: Path) -> None:
    seeds = copytree(load_settings({}).seeds, tmp_path / "seeds")
    services = seeds / "services.csv"
    services.write_text(services.read_text() + "new-one,A new service,dps-ben,ask,false\n")
    with pytest.raises(ConfigError, match=r'services\.csv: row 13: service "new-one" has no row in surveys'):
        make_agency(seeds)
    (seeds / "contact_queues.csv").unlink()
    with pytest.raises(ConfigError, match=r"contact_queues\.csv: the sample agency needs this seed"):
        make_agency(seeds)


def test_tables_keep_their_rows_together(week: Events) -> None:
    days = {
        timedelta(days=int(day)) for day in week.conversations.start_ms // DAY_MS - day_number(week.first)
    }
    assert days == {timedelta(days=number) for number in range(7)}
    for column in fields(week.conversations):
        assert len(getattr(week.conversations, column.name)) == len(week.conversations.key), column.name


def test_a_form_of_thumbs_becomes_one_of_radio_buttons_on_its_day(agency: Agency) -> None:
    """The same question of the same form: from 12 May 2025 (Pacific) on a 1 is no thumb up but the worst."""
    events = events_between(agency, date(2025, 4, 14), date(2025, 6, 8))
    asked = take(events.submissions, events.submissions.service == agency.catalogue.service("fld-records"))
    end_ms = day_number(date(2025, 7, 1)) * DAY_MS
    lines = touchpoints.render(agency, asked, touchpoints.changes_of(asked, LEVEL), end_ms)
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for line in lines:
        attributes = json.loads(line)["attributes"]
        at = datetime.fromisoformat(attributes["created_at"]).astimezone(ZoneInfo("America/Los_Angeles"))
        found[at.date() >= date(2025, 5, 12)].add(attributes["answer_01"])
        if attributes["answer_01"] in ("4", "5"):
            assert attributes["answer_02"] is not None and attributes["answer_03"] is None
        if attributes["answer_01"] in ("2", "3"):
            assert attributes["answer_02"] is None and attributes["answer_03"] is not None
    assert {"0", "1"} <= found[False] <= {"0", "1", ""}
    assert {"2", "3", "4", "5"} <= found[True] <= {"1", "2", "3", "4", "5", ""}


def test_some_forms_ask_ratings_besides(agency: Agency) -> None:
    """In the boxes that the seed names for them, the rating or nothing; other forms leave these empty."""
    events = events_between(agency, date(2026, 6, 1), date(2026, 6, 30))
    lines = touchpoints.render(
        agency,
        events.submissions,
        touchpoints.changes_of(events.submissions, LEVEL),
        day_number(date(2026, 7, 1)) * DAY_MS,
    )
    asks = {form.service: form.instrument == "a11_acsi" for form in agency.catalogue.forms}
    is_asked = np.array([asks[service] for service in events.submissions.service.tolist()])
    assert is_asked.sum() > 100
    boxes = [f"answer_{slot}" for slot in (12, 13, 14, 15)]
    given = [[json.loads(line)["attributes"][box] for box in boxes] for line in lines]
    for ratings, told, asked in zip(events.submissions.ratings.tolist(), given, is_asked, strict=True):
        wanted = [{str(rating), ""} if asked else {None} for rating in ratings]
        assert all(answer in allowed for answer, allowed in zip(told, wanted, strict=True)), (ratings, told)
    passed_over = [
        answer == "" for told, asked in zip(given, is_asked, strict=True) if asked for answer in told
    ]
    assert 0 < np.mean(passed_over) < 3 * CAUSES.item_skipped


def test_ratings_stretch_what_people_think(history: Events) -> None:
    """ACSI's follow satisfaction alone, recommendation trust too, with the shifts and noise of the causes."""
    asked = history.experiences
    columns = np.column_stack([asked.opinions[:, :2] - 1.0, np.ones(len(asked.key))])
    for column, (name, (least, most)) in enumerate(RATINGS.items()):
        felt = asked.rating_opinions[:, column]
        found, squares, *_ = np.linalg.lstsq(columns, felt, rcond=None)
        by_trust = CAUSES.recommended_by_trust if name == "recommendation" else 0.0
        stretched = (most - least) / 4.0 * np.array([1.0 - by_trust, by_trust])
        assert np.allclose(found, [*stretched, least + CAUSES.rating_shifts[column]], atol=0.05), name
        assert abs(np.sqrt(squares[0] / len(felt)) - CAUSES.rating_noise) < 0.01, name
        rounded = np.clip(np.rint(felt), least, most)
        assert (asked.ratings[:, column] == rounded).mean() > 0.999, name
        assert {least, most} <= set(asked.ratings[:, column].tolist()), name
