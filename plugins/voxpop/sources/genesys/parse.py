"""A page of Genesys conversations → records; pure.

A conversation is `{conversationId, conversationStart, conversationEnd?, participants[{purpose, attributes,
sessions[{segments[], metrics[], …}]}]}`; while it is open it has no end, and a callback can span days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from voxpop.raw.records import Record, Rejected
from voxpop.sources.verbatim import NotARecord, sort_out, texts, utc

KIND = "conversation"
CUSTOMER = ("customer", "external")
OTHER_END = {"ani": "dnis", "addressFrom": "addressTo"}
"""`ani` and `addressFrom` are who began the session: the customer of an outbound one is at the other end."""
SESSION_FIELDS = (*OTHER_END, "callbackNumbers")
NAME = "participantName"
ATTRIBUTE = "attributes."


# Containers have types, because a record without them says nothing; values are Any: one of another type costs
# its meaning, not the record.
class _Segment(msgspec.Struct, gc=False, rename="camel"):
    segment_start: Any = None
    segment_end: Any = None


class _Metric(msgspec.Struct, gc=False, rename="camel"):
    emit_date: Any = None


class _Session(msgspec.Struct, gc=False):
    segments: list[_Segment] | None = None
    metrics: list[_Metric] | None = None
    direction: Any = None
    ani: Any = None
    dnis: Any = None
    addressFrom: Any = None
    addressTo: Any = None
    callbackNumbers: Any = None


class _Participant(msgspec.Struct, gc=False):
    participantName: Any = None
    purpose: Any = None
    attributes: Any = None
    sessions: list[_Session] | None = None


class _Conversation(msgspec.Struct, gc=False, rename="camel"):
    conversation_id: str
    conversation_start: Any = None
    conversation_end: Any = None
    participants: list[_Participant] | None = None


_DECODER = msgspec.json.Decoder(_Conversation)


def customer_field(name: str) -> str:
    """Give back the name of a field that can identify a customer.

    Raises:
        ValueError: no such field is read.
    """
    if name == NAME or name in SESSION_FIELDS or (name.startswith(ATTRIBUTE) and name != ATTRIBUTE):
        return name
    raise ValueError(f"it is not read; there are {ATTRIBUTE}<name>, {', '.join((NAME, *SESSION_FIELDS))}")


class Conversations:
    """The parser.

    Args:
        identifiers: `customer_field` → type of the identifier that it holds.
    """

    def __init__(self, identifiers: Mapping[str, str]) -> None:
        self._attributes: list[tuple[str, str]] = []
        self._fields: list[tuple[str, str]] = []
        self._names: list[str] = []
        for field, kind in identifiers.items():
            if field.startswith(ATTRIBUTE):
                self._attributes.append((field.removeprefix(ATTRIBUTE), kind))
            elif field == NAME:
                self._names.append(kind)
            else:
                self._fields.append((field, kind))

    def records(self, page: bytes) -> tuple[list[Record], list[Rejected]]:
        """Split a page; what has no usable `conversationId` is rejected with its bytes."""
        return sort_out(page, "conversations", self.record)

    def record(self, payload: bytes) -> Record:
        """One conversation.

        Raises:
            NotARecord: it has no usable id.
            msgspec.DecodeError: it is no JSON, or of another shape.
        """
        found = _DECODER.decode(payload)
        if not found.conversation_id.strip():
            raise NotARecord("conversationId is blank")
        started_at = utc(found.conversation_start)
        return Record(
            found.conversation_id,
            _latest(_times(found)),
            payload,
            tuple(dict.fromkeys(self._identified(found))),
            KIND,
            None if started_at is None else started_at.date(),
        )

    def _identified(self, found: _Conversation) -> Iterator[tuple[str, str]]:
        for participant in found.participants or ():
            if participant.purpose not in CUSTOMER:
                continue
            for kind in self._names:
                for text in texts(participant.participantName):
                    yield kind, text
            if isinstance(participant.attributes, dict):
                for name, kind in self._attributes:
                    for text in texts(participant.attributes.get(name)):
                        yield kind, text
            for session in participant.sessions or ():
                is_outbound = session.direction == "outbound"
                for field, kind in self._fields:
                    end = OTHER_END.get(field, field) if is_outbound else field
                    for text in texts(getattr(session, end)):
                        yield kind, text


def _times(found: _Conversation) -> list[Any]:
    """When something happened in it; the newest is the closest to a time of change that it has."""
    times = [found.conversation_start, found.conversation_end]
    for participant in found.participants or ():
        for session in participant.sessions or ():
            for segment in session.segments or ():
                times += (segment.segment_start, segment.segment_end)
            for metric in session.metrics or ():
                times.append(metric.emit_date)
    return times


def _latest(times: list[Any]) -> datetime | None:
    """The latest; texts of one form (`2026-01-05T09:14:22.123Z`) compare as texts, so one needs parsing."""
    told = [time for time in times if isinstance(time, str) and time]
    if told and all(len(time) == 24 and time[-1] == "Z" for time in told):
        latest = utc(max(told))
        if latest is not None:
            return latest
    return max((time for time in map(utc, told) if time is not None), default=None)
