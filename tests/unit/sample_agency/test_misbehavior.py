"""What goes wrong goes wrong the same way each time, and not at all where it was not asked for."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
from voxpop.sample_agency import genesys, touchpoints
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import keys
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.misbehavior import LATE_DAYS, LEVELS, delivery, late_days

KEYS = keys(7, "test", np.arange(20_000, dtype=np.int64))
LITTLE, LOT, NOT = LEVELS["a-little"], LEVELS["a-lot"], LEVELS["not"]


def test_an_orderly_tool_lists_each_record_once_in_order() -> None:
    assert delivery(KEYS, NOT).tolist() == list(range(len(KEYS)))
    assert not late_days(KEYS, NOT).any()


def test_records_come_twice_apart_and_out_of_order() -> None:
    for level, doubled, displaced in ((LITTLE, 0.002, 0.005), (LOT, 0.04, 0.1)):
        listed = delivery(KEYS, level)
        assert set(listed.tolist()) == set(range(len(KEYS)))
        again = len(listed) - len(KEYS)
        assert 0.7 * doubled < again / len(KEYS) < 1.4 * doubled
        assert (np.diff(listed) < 0).mean() > displaced, "out of order"
        first, second = (np.flatnonzero(listed == value) for value in _doubled(listed)[:2])
        assert len(first) == len(second) == 2
        assert abs(first[1] - first[0]) > 1, "not side by side"


def _doubled(listed: np.ndarray) -> list[int]:
    values, counts = np.unique(listed, return_counts=True)
    return values[counts == 2].tolist()


def test_late_records_are_late_by_days() -> None:
    days = late_days(KEYS, LITTLE)
    assert set(days.tolist()) == set(range(LATE_DAYS + 1))
    assert 0.004 < (days > 0).mean() < 0.009


def test_a_late_submission_is_shown_on_its_day_and_not_before(history: Events) -> None:
    changes = touchpoints.changes_of(history.submissions, LOT)
    created_on = history.submissions.created_ms // DAY_MS
    late = np.flatnonzero((changes.shown_on > created_on) & (changes.kind == 0))
    assert len(late) > 100
    row = late[0]
    assert not touchpoints.shown(changes, int(changes.shown_on[row]) * DAY_MS)[row], (
        "the end of the day before"
    )
    assert touchpoints.shown(changes, (int(changes.shown_on[row]) + 1) * DAY_MS)[row]


def test_edits_come_later_than_the_record_within_the_span_that_is_pulled_again(
    agency: Agency, history: Events
) -> None:
    submissions = history.submissions
    changes = touchpoints.changes_of(submissions, LITTLE)
    edited = changes.kind > 0
    assert 0.02 < edited.mean() < 0.04
    after = (changes.changed_ms - submissions.created_ms)[edited] / DAY_MS
    assert after.min() > LATE_DAYS
    assert after.max() < 35
    deleted = np.flatnonzero(changes.kind == 3)
    gone_on = int(changes.changed_ms[deleted[0]])
    assert touchpoints.shown(changes, gone_on - 1)[deleted[0]]
    assert not touchpoints.shown(changes, gone_on)[deleted[0]]


def test_a_level_changes_nothing_but_delivery(history: Events) -> None:
    """The same submission, not edited at either level, reads the same."""
    little, lot = (touchpoints.changes_of(history.submissions, level) for level in (LITTLE, LOT))
    untouched = (little.kind == 0) & (lot.kind == 0)
    assert (little.changed_ms[untouched] == lot.changed_ms[untouched]).all()
    assert day_number(history.first) <= little.shown_on.min()


def test_pulling_the_usual_spans_again_each_day_finds_every_late_record_and_edit(agency: Agency) -> None:
    """Each day the last 35 days of submissions, newest version kept, against one pull at the end."""
    events = events_between(agency, date(2026, 3, 1), date(2026, 4, 29))
    submissions = events.submissions
    changes = touchpoints.changes_of(submissions, LOT)
    first, last = day_number(events.first), day_number(events.last)

    def pull(day: int, since: int) -> dict[str, dict[str, Any]]:
        as_of_ms = (day + 1) * DAY_MS
        created_on = submissions.created_ms // DAY_MS
        rows = touchpoints.shown(changes, as_of_ms) & (created_on >= since) & (created_on <= day)
        documents = touchpoints.render(agency, take(submissions, rows), take(changes, rows), as_of_ms)
        found = [json.loads(document)["attributes"] for document in documents]
        return {record["uuid"]: record for record in found}

    kept: dict[str, dict[str, Any]] = {}
    versions = 0
    for day in range(first, last + 1):
        for uuid, record in pull(day, day - 35).items():
            newer = uuid not in kept or record["updated_at"] > kept[uuid]["updated_at"]
            assert newer or record == kept[uuid], "a change without a later updated_at"
            versions += newer and uuid in kept
            kept[uuid] = record if newer else kept[uuid]
    whole = pull(last, first)
    assert versions > 50
    assert {uuid: kept[uuid] for uuid in whole} == whole
    deleted = (changes.kind == 3) & (changes.changed_ms < (last + 1) * DAY_MS)
    assert len(kept) - len(whole) == int(deleted.sum()), "only what was deleted is gone from the tool"


def test_pulling_four_days_again_finds_every_late_conversation_and_its_end(agency: Agency) -> None:
    events = events_between(agency, date(2026, 6, 1), date(2026, 6, 14))
    contacts = events.conversations
    late = late_days(contacts.key, LOT)
    first, last = day_number(events.first), day_number(events.last)

    def pull(day: int, since: int) -> dict[str, bytes]:
        as_of_ms = (day + 1) * DAY_MS
        rows = ((contacts.start_ms // DAY_MS + late) <= day) & (contacts.done_ms >= since * DAY_MS)
        chosen = take(contacts, rows)
        ids = genesys.conversation_ids(chosen).astype(str).tolist()
        return dict(zip(ids, genesys.render(agency, chosen, as_of_ms), strict=True))

    kept: dict[str, bytes] = {}
    for day in range(first, last + 1):
        kept |= pull(day, day - 4)
    assert kept == pull(last, first)
