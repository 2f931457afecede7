"""Genesys conversations: measured by metrics, or by segments where there are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from voxpop.raw.records import Record

from .conftest import Home, new_home
from .raw_zone import T0, conversation, iso, record, stamp

QUEUE, OTHER = "queue-a", "queue-b"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def segment(kind: str, start: float, end: float | None, **fields: Any) -> dict[str, Any]:
    times = {"segmentStart": iso(at(start))} | ({"segmentEnd": iso(at(end))} if end is not None else {})
    return {"segmentType": kind, **times, **fields}


def metric(name: str, value: float, seconds: float = 0) -> dict[str, Any]:
    return {"name": name, "value": value, "emitDate": iso(at(seconds))}


def participant(
    purpose: str, segments: list[dict[str, Any]], metrics: list[dict[str, Any]] | None = None, **fields: Any
) -> dict[str, Any]:
    session = {"mediaType": "voice", "direction": "inbound", "segments": segments}
    if metrics is not None:
        session["metrics"] = metrics
    return {"purpose": purpose, "sessions": [session], **fields}


def answered(*, with_metrics: bool) -> list[dict[str, Any]]:
    """A call: 30 s in the queue, 120 s of talk, 15 s on hold, 10 s of work after it."""

    def metrics(*values: dict[str, Any]) -> list[dict[str, Any]] | None:
        return list(values) if with_metrics else None

    return [
        participant(
            "customer",
            [segment("interact", 0, 165, disconnectType="client")],
            metrics(metric("nConnected", 1)),
            attributes={"account_number": "1", "segment": "veterans", "survey_offered": "true"},
        ),
        participant(
            "acd",
            [segment("interact", 0, 30, queueId=QUEUE, disconnectType="transfer")],
            metrics(metric("nOffered", 1), metric("tAcd", 28_000, 28)),
        ),
        participant(
            "agent",
            [
                segment("alert", 25, 30, queueId=QUEUE),
                segment("interact", 30, 100, queueId=QUEUE),
                segment("hold", 100, 115, queueId=QUEUE),
                segment("interact", 115, 165, queueId=QUEUE, disconnectType="peer"),
                segment("wrapup", 165, 175, queueId=QUEUE, wrapUpCode="resolved"),
            ],
            metrics(
                metric("tAnswered", 30_000, 30),
                metric("tTalk", 120_000, 165),
                metric("tHeld", 15_000, 165),
                metric("tAcw", 10_000, 175),
                metric("tHandle", 145_000, 175),
            ),
            userId="agent-1",
        ),
    ]


def cases() -> list[Record]:
    """One conversation a case, named by its id."""
    fewer_metrics = answered(with_metrics=True)
    fewer_metrics[2]["sessions"][0]["metrics"] = [
        metric("tAnswered", 31_500, 30),
        metric("tTalk", 119_000, 165),
    ]
    transferred = answered(with_metrics=True)
    transferred[2]["sessions"][0]["metrics"].append(metric("nTransferred", 1, 165))
    second = [segment("interact", 200, 260, queueId=OTHER)]
    transferred.append(participant("agent", second, [metric("tTalk", 60_000, 260)], userId="agent-2"))
    gave_up = [segment("interact", 0, 45, queueId=QUEUE, disconnectType="peer")]
    gone_at_45 = [metric("nOffered", 1), metric("tAbandon", 45_000, 45)]
    voicemail = [metric("nOffered", 1), metric("tFlowOut", 20_000, 20), metric("tAcd", 20_000, 20)]
    in_queue = [segment("interact", 0, 20, queueId=QUEUE)]
    return [
        conversation("answered, metrics", answered(with_metrics=True), ended_at=at(175)),
        conversation("answered, segments", answered(with_metrics=False), ended_at=at(175)),
        conversation("fewer metrics", fewer_metrics, ended_at=at(175)),
        conversation("gave up, metrics", [participant("acd", gave_up, gone_at_45)], ended_at=at(45)),
        conversation("gave up, segments", [participant("acd", gave_up)], ended_at=at(45)),
        conversation("voicemail", [participant("acd", in_queue, voicemail)], ended_at=at(60)),
        conversation("open", [participant("acd", [segment("interact", 0, None, queueId=QUEUE)])]),
        conversation("transferred", transferred, ended_at=at(260)),
        conversation("ivr", [participant("ivr", [segment("interact", 0, 20)])], ended_at=at(20)),
        record("no parts", {"conversationId": "no-parts", "conversationStart": iso(T0)}, "conversation", T0),
        record("wrong parts", {"conversationStart": "never", "participants": {"a": 1}}, "conversation", T0),
        conversation("odd segment", [participant("acd", [{"segmentStart": "x"}, {}, segment("hold", 1, 2)])]),
        conversation(
            "odd metric", [participant("agent", [], [{"name": "tTalk", "value": "long"}, {"name": 3}, 7])]
        ),
        conversation(
            "not asked",
            [
                participant("customer", [segment("interact", 0, 9)], attributes={"survey_offered": "false"}),
                participant("agent", [segment("interact", 0, 9)], attributes={"survey_offered": "true"}),
            ],
        ),
        conversation("nulls", [None, {"purpose": None, "sessions": [None]}]),
    ]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = new_home(tmp_path_factory.mktemp("genesys"))
    home.raw.land("genesys", cases())
    home.build_staging()
    return home


def one(home: Home, conversation_id: str) -> dict[str, Any]:
    return home.row(f"from staging.stg_genesys__conversations where conversation_id = '{conversation_id}'")


@pytest.mark.parametrize("case", ["answered, metrics", "answered, segments"])
def test_an_answered_call(staged: Home, case: str) -> None:
    row = one(staged, case)
    expected = {
        "record_date": date(2026, 3, 2),
        "started_at": stamp("2026-03-02 00:00:00"),
        "ended_at": stamp("2026-03-02 00:02:55"),
        "media_type": "voice",
        "direction": "inbound",
        "queue_id": QUEUE,
        "last_queue_id": QUEUE,
        "is_offered": True,
        "is_answered": True,
        "is_abandoned": False,
        "is_transferred": False,
        "wait_seconds": Decimal("30.000"),
        "talk_seconds": Decimal("120.000"),
        "hold_seconds": Decimal("15.000"),
        "wrap_seconds": Decimal("10.000"),
        "handled_by": "agent",
        "agent_user_id": "agent-1",
        "agent_count": 1,
        "disconnect_type": "client",
        "wrap_up_code": "resolved",
        "is_resolved": True,
        "segment": "veterans",
        "is_survey_offered": True,
    }
    assert {name: row[name] for name in expected} == expected


def test_whether_a_survey_was_offered_is_the_customers_attribute(staged: Home) -> None:
    assert one(staged, "not asked")["is_survey_offered"] is False
    assert one(staged, "voicemail")["is_survey_offered"] is None, "nobody said"


def test_metrics_go_before_segments(staged: Home) -> None:
    row = one(staged, "fewer metrics")
    assert (row["wait_seconds"], row["talk_seconds"]) == (Decimal("31.500"), Decimal("119.000"))
    assert (row["hold_seconds"], row["wrap_seconds"]) == (0, 0), (
        "metrics that don't speak of it: it did not happen"
    )


@pytest.mark.parametrize("case", ["gave up, metrics", "gave up, segments"])
def test_a_caller_who_gives_up(staged: Home, case: str) -> None:
    row = one(staged, case)
    assert (row["is_abandoned"], row["is_answered"], row["handled_by"]) == (True, False, None)
    assert row["wait_seconds"] == Decimal("45.000")
    assert (row["talk_seconds"], row["hold_seconds"], row["wrap_seconds"]) == (None, None, None)


def test_who_left_for_voicemail_did_not_abandon(staged: Home) -> None:
    row = one(staged, "voicemail")
    assert (row["is_offered"], row["is_abandoned"], row["is_answered"]) == (True, False, False)


def test_an_open_conversation_is_nothing_yet(staged: Home) -> None:
    row = one(staged, "open")
    assert (row["ended_at"], row["is_abandoned"], row["is_answered"]) == (None, False, False)
    assert row["wait_seconds"] is None


def test_a_transfer_to_another_queue(staged: Home) -> None:
    row = one(staged, "transferred")
    assert row["is_transferred"] is True
    assert (row["queue_id"], row["last_queue_id"]) == (QUEUE, OTHER)
    assert (row["agent_user_id"], row["agent_count"]) == ("agent-2", 2)
    assert row["talk_seconds"] == Decimal("180.000")


def test_automation_handled_it(staged: Home) -> None:
    row = one(staged, "ivr")
    assert (row["handled_by"], row["is_offered"], row["wait_seconds"]) == ("automation", False, None)


def test_what_does_not_fit_is_null_and_counted(staged: Home) -> None:
    start = stamp("2026-03-02 00:00:00")
    for case in ("no parts", "odd segment", "nulls"):
        row = one(staged, case)
        assert (row["started_at"], row["is_answered"], row["talk_seconds"]) == (start, False, None), case
    assert one(staged, "odd metric")["started_at"] == start
    assert one(staged, "wrong parts")["started_at"] is None
    drift = {
        field: tuple(counts)
        for field, *counts in staged.rows("select field, null_count, uncast_count from staging.stg_drift")
    }
    assert drift["conversationStart"] == (1, 1)
    assert drift["participants"] == (2, 0)
    assert drift["segmentStart"][1] == 1


def test_real_conversations_are_read(home: Home, sample: Callable[[str], Path]) -> None:
    old = json.loads(sample("genesys/conversations_details_query_response.json").read_text())["conversations"]
    new = json.loads(sample("genesys/conversation_with_metrics.json").read_text())
    assert len(old) == 25
    home.raw.land("genesys", [record(item["conversationId"], item, "conversation") for item in [*old, new]])
    home.build_staging()
    row = home.row(
        f"from staging.stg_genesys__conversations where conversation_id = '{new['conversationId']}'"
    )
    assert row["wait_seconds"] == Decimal("11.179"), "tAnswered"
    assert (row["talk_seconds"], row["hold_seconds"]) == (Decimal("374.561"), Decimal("544.176"))
    assert (row["media_type"], row["direction"], row["is_answered"]) == ("chat", "inbound", True)
    of_2016 = home.rows(
        "select media_type, direction, ended_at, is_abandoned, talk_seconds "
        "from staging.stg_genesys__conversations where started_at < date '2017-01-01'"
    )
    assert len(of_2016) == 25
    assert {media for media, *_ in of_2016} >= {"callback"}
    assert all(ended is None and abandoned is False for _, _, ended, abandoned, _ in of_2016)
    callbacks = [row for row in of_2016 if row[0] == "callback"]
    assert {direction for _, direction, *_ in callbacks} == {"outbound"}, "they belong to a campaign"
    spanning = one(home, "5773eca4-0874-4617-a6e8-85591aa94609")
    # Its agent's segment: 2016-09-05T11:50:51.651Z to 2016-09-06T00:12:12.347Z.
    assert spanning["talk_seconds"] == Decimal("44480.696")
    assert spanning["record_date"] == date(2016, 9, 5)
