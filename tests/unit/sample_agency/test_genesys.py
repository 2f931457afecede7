"""Conversations as the tool shows them: whole, open at a day's end, abandoned, transferred, called back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from voxpop.sample_agency import genesys
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import CALLBACK, CHAT, EMAIL, OUTBOUND, PHONE
from voxpop.sample_agency.clock import DAY_MS, day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Flags
from voxpop.sample_agency.events import Events

LATER_MS = 4_000_000_000_000


def _render(agency: Agency, events: Events, rows: Flags, as_of_ms: int = LATER_MS) -> list[dict[str, Any]]:
    return [json.loads(text) for text in genesys.render(agency, take(events.conversations, rows), as_of_ms)]


def _sessions(conversation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for participant in conversation["participants"]:
        for session in participant["sessions"]:
            yield participant["purpose"], session


def _metrics(conversation: dict[str, Any], purpose: str) -> dict[str, int]:
    """Metrics of one purpose, added over its sessions."""
    found: dict[str, int] = {}
    for who, session in _sessions(conversation):
        for metric in session["metrics"] if who == purpose else []:
            found[metric["name"]] = found.get(metric["name"], 0) + metric["value"]
    return found


def test_order_is_that_of_the_contacts(agency: Agency, week: Events) -> None:
    everything = _render(agency, week, np.ones(len(week.conversations.key), dtype=np.bool_))
    ids = [conversation["conversationId"] for conversation in everything]
    assert ids == [text.decode() for text in genesys.conversation_ids(week.conversations).tolist()]
    starts = [conversation["conversationStart"] for conversation in everything]
    assert starts == sorted(starts)


def test_a_handled_call_adds_up(agency: Agency, week: Events) -> None:
    contacts = week.conversations
    rows = contacts.answered & (contacts.channel == PHONE)
    for number, conversation in zip(np.flatnonzero(rows), _render(agency, week, rows), strict=True):
        acd, agents = _metrics(conversation, "acd"), _metrics(conversation, "agent")
        assert acd == {"nOffered": 1, "tAcd": contacts.wait_ms[number]}
        assert agents["tAnswered"] == contacts.wait_ms[number]
        assert agents["tTalk"] == contacts.talk_ms[number]
        assert agents.get("tHeld", 0) == contacts.hold_ms[number]
        assert agents["tHandle"] == agents["tTalk"] + agents.get("tHeld", 0) + agents["tAcw"]
        assert agents.get("nTransferred", 0) == int(contacts.transferred[number])
        codes = [
            segment["wrapUpCode"]
            for _, session in _sessions(conversation)
            for segment in session["segments"]
            if "wrapUpCode" in segment
        ]
        assert codes == ["resolved" if contacts.resolved[number] else "unresolved"]


def test_who_gives_up_was_offered_and_not_answered(agency: Agency, week: Events) -> None:
    for rows, metric in (
        (week.conversations.abandoned, "tAbandon"),
        (week.conversations.voicemail, "tFlowOut"),
    ):
        conversations = _render(agency, week, rows)
        assert conversations
        for conversation in conversations:
            assert _metrics(conversation, "acd")[metric] == _metrics(conversation, "acd")["tAcd"]
            assert _metrics(conversation, "acd")["nOffered"] == 1
            assert _metrics(conversation, "agent") == {}
            assert "conversationEnd" in conversation


@pytest.mark.parametrize(
    ("channel", "media"),
    [(PHONE, "voice"), (CALLBACK, "callback"), (CHAT, "message"), (EMAIL, "email"), (OUTBOUND, "voice")],
)
def test_media_and_identifiers_by_channel(agency: Agency, week: Events, channel: int, media: str) -> None:
    conversations = _render(agency, week, week.conversations.channel == channel)
    assert conversations
    person = "external" if channel == OUTBOUND else "customer"
    known = []
    for conversation in conversations:
        assert conversation["originatingDirection"] == ("outbound" if channel == OUTBOUND else "inbound")
        sessions = list(_sessions(conversation))
        assert {session["mediaType"] for _, session in sessions} == {media}
        (session,) = [session for who, session in sessions if who == person]
        known.append(
            session.get("ani", "").startswith("tel:+1")
            or "addressFrom" in session
            or "callbackNumbers" in session
        )
        assert "nOffered" not in _metrics(conversation, "acd") or channel != OUTBOUND
    if channel == CHAT:
        assert not any(known)
    elif channel == PHONE:
        assert 0.8 < np.mean(known) < 1.0, "some numbers are withheld"
    else:
        assert all(known)


def test_chat_became_message_in_july_2025(agency: Agency, history: Events) -> None:
    chats = np.flatnonzero(history.conversations.channel == CHAT)
    rows = np.zeros(len(history.conversations.key), dtype=np.bool_)
    rows[[chats[0], chats[-1]]] = True
    old, new = _render(agency, history, rows)
    assert {session["mediaType"] for _, session in _sessions(old)} == {"chat"}
    assert {session["mediaType"] for _, session in _sessions(new)} == {"message"}


def test_what_is_open_at_the_days_end_ends_the_next_day(agency: Agency, week: Events) -> None:
    """Open: no end, the last segments go on, nothing is emitted after the day; later it is whole."""
    contacts = week.conversations
    midnight_ms = (day_number(week.first) + 2) * DAY_MS
    rows = (contacts.start_ms < midnight_ms) & (contacts.done_ms > midnight_ms)
    open_now, whole = _render(agency, week, rows, midnight_ms), _render(agency, week, rows)
    assert len(open_now) > 5
    for before, after in zip(open_now, whole, strict=True):
        assert before["conversationId"] == after["conversationId"]
        assert "conversationEnd" not in before
        assert "conversationEnd" in after
        segments = [segment for _, session in _sessions(before) for segment in session["segments"]]
        assert any("segmentEnd" not in segment for segment in segments)
        assert "tHandle" not in _metrics(before, "agent")
        for moment in _moments(before):
            assert moment.timestamp() * 1000 <= midnight_ms


def _moments(value: Any) -> Iterator[datetime]:
    """All times in a document but the one that lies ahead by its nature."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "callbackScheduledTime":
                yield from _moments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _moments(inner)
    elif isinstance(value, str) and value[:3] == "202" and value.endswith("Z"):
        yield datetime.fromisoformat(value)


def test_a_callback_waits_from_its_hour_on(agency: Agency, week: Events) -> None:
    rows = (week.conversations.channel == CALLBACK) & week.conversations.answered
    for conversation in _render(agency, week, rows):
        (acd,) = [session for who, session in _sessions(conversation) if who == "acd"]
        scheduled, waiting = acd["segments"]
        assert scheduled["segmentType"] == "scheduled"
        assert acd["callbackScheduledTime"] == scheduled["segmentEnd"] == waiting["segmentStart"]
        assert _metrics(conversation, "acd")["tAcd"] < 600_000
