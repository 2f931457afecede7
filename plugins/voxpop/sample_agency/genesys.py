"""Contacts as Genesys Cloud conversation details: who took part, in which segments, with which metrics.

The shape follows real conversations of the tool: participants of purpose customer, ivr, acd and agent, each
with sessions of segments and metrics in milliseconds; a conversation that goes on has no `conversationEnd`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import (
    CALLBACK,
    CHANNELS,
    CHAT,
    EMAIL,
    KIOSK,
    OUTBOUND,
    PHONE,
    SEGMENTS,
    TEXT,
    VISIT,
)
from voxpop.sample_agency.clock import stamps
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Draws, Flags, keys
from voxpop.sample_agency.journeys import Contacts
from voxpop.sample_agency.opinions import is_offered
from voxpop.sample_agency.people import typed
from voxpop.sample_agency.templates import Columns, Template, compile_template, numbers

MESSAGING_SINCE_MS = 1_751_328_000_000
"""2025-07-01: the agency's chat widget was replaced, and `chat` became `message`."""

_HANDLED, _TRANSFERRED, _ABANDONED, _VOICEMAIL, _WAITING, _CONNECTED, _WRAPPING = range(7)
_STATES = 7
_DIGITS = {"customer": 1, "ivr": 3, "acd": 5, "agent": 7, "second": 9}
"""First digit of the id of each participant; their session's is the next."""
_AGENCY_ADDRESS = "help@dps.example.gov"
_AGENCY_NUMBER = "tel:+12025550100"


def is_conversation(contacts: Contacts) -> Flags:
    """Which contacts the contact center sees: all but those at an office and by text message."""
    return ~np.isin(contacts.channel, (VISIT, KIOSK, TEXT))


def conversation_ids(contacts: Contacts) -> NDArray[np.bytes_]:
    """The `conversationId` of each contact."""
    return Draws(contacts.key).uuids("conversation")


def render(agency: Agency, contacts: Contacts, as_of_ms: int) -> list[bytes]:
    """The conversations as JSON, in the order of the contacts, as they stood at a time.

    Args:
        agency: whose conversations.
        contacts: contacts of the contact center that had begun by then.
        as_of_ms: that time, UTC milliseconds.
    """
    state = np.select(
        [contacts.voicemail, contacts.abandoned, contacts.transferred],
        [_VOICEMAIL, _ABANDONED, _TRANSFERRED],
        default=_HANDLED,
    )
    state = np.where(contacts.done_ms > as_of_ms, _WRAPPING, state)
    state = np.where(contacts.end_ms > as_of_ms, _CONNECTED, state)
    state = np.where(contacts.met_ms > as_of_ms, _WAITING, state)
    shape = (contacts.channel * _STATES + state) * 2 + (contacts.hold_ms > 0)
    order = np.argsort(shape, kind="stable")
    columns = _columns(agency, take(contacts, order))
    codes, firsts, counts = np.unique(shape[order], return_index=True, return_counts=True)
    filled: list[bytes] = []
    for code, first, count in zip(codes.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        (channel, at), held = divmod(code // 2, _STATES), bool(code % 2)
        filled += _template(channel, at, held).fill(columns, slice(first, first + count))
    return [filled[place] for place in np.argsort(order).tolist()]


def _columns(agency: Agency, contacts: Contacts) -> Columns:
    """What the templates name, a value a contact."""
    people, rates = agency.people, agency.causes.identifiers
    draws = Draws(contacts.key)
    person, channel = contacts.person, contacts.channel
    queues = np.array([service.queue_id for service in agency.catalogue.services], dtype="S")
    agents = Draws(keys(agency.seed, "agent", np.arange(contacts.agent.max(initial=0) + 2))).uuids("agent")
    first_talk_ms = np.where(contacts.transferred, contacts.talk_ms * 2 // 5, contacts.talk_ms)
    talked_ms = contacts.met_ms + first_talk_ms

    def tails() -> list[bytes]:
        # All but the first digit of an id; the template's digit says which participant it is.
        return [value[1:] for value in draws.uuids("participant").tolist()]

    def caller() -> list[bytes]:
        known = draws.happens("caller known", rates.caller_number)
        return [
            b'"ani":"tel:%b",' % phone if seen else b""
            for phone, seen in zip(people.phone[person].tolist(), known.tolist(), strict=True)
        ]

    def attributes() -> list[bytes]:
        given = draws.happens(
            "account", np.array([rates.account.get(name, 0.0) for name in CHANNELS])[channel]
        )
        accounts = typed(
            draws,
            "account",
            people.account[person],
            given,
            placeholders=agency.catalogue.placeholders.get("account", ()),
            rates=rates,
        )
        known = draws.happens("segment known", rates.segment_known)
        segments = np.where(known, np.array(SEGMENTS, dtype="S")[people.segment[person]], b"")
        languages = np.where(people.speaks_spanish[person], b"es", b"en")
        offered = np.where(is_offered(agency, contacts), b"true", b"false")
        return [
            b'{%b%b"language":"%b","survey_offered":"%b"}'
            % (
                b'"account_number":"%b",' % account if account else b"",
                b'"segment":"%b",' % segment if segment else b"",
                language,
                is_offered_survey,
            )
            for account, segment, language, is_offered_survey in zip(
                accounts.tolist(), segments.tolist(), languages.tolist(), offered.tolist(), strict=True
            )
        ]

    def addresses() -> list[bytes]:
        everybody = np.ones(len(person), dtype=np.bool_)
        written: list[bytes] = typed(
            draws, "email", people.email[person], everybody, placeholders=(), rates=rates
        ).tolist()
        return written

    return Columns(
        {
            "conversation": lambda: conversation_ids(contacts).tolist(),
            "tail": tails,
            "agent": agents[contacts.agent].tolist,
            "second_agent": agents[contacts.agent ^ 1].tolist,
            "queue": queues[contacts.service].tolist,
            "digital": lambda: np.where(
                contacts.start_ms >= MESSAGING_SINCE_MS, b"message", b"chat"
            ).tolist(),
            "name": people.name[person].tolist,
            "number": people.phone[person].tolist,
            "caller": caller,
            "attributes": attributes,
            "address": addresses,
            "wrap_up": lambda: np.where(contacts.resolved, b"resolved", b"unresolved").tolist(),
            "start_at": lambda: stamps(contacts.start_ms),
            "queued_at": lambda: stamps(contacts.queued_ms),
            "met_at": lambda: stamps(contacts.met_ms),
            "talked_at": lambda: stamps(talked_ms),
            "held_at": lambda: stamps(talked_ms + contacts.hold_ms),
            "end_at": lambda: stamps(contacts.end_ms),
            "done_at": lambda: stamps(contacts.done_ms),
            "menu_ms": lambda: numbers(contacts.menu_ms),
            "wait_ms": lambda: numbers(contacts.wait_ms),
            "talk_ms": lambda: numbers(first_talk_ms),
            "hold_ms": lambda: numbers(contacts.hold_ms),
            "wrap_ms": lambda: numbers(contacts.wrap_ms),
            "handle_ms": lambda: numbers(contacts.talk_ms + contacts.hold_ms + contacts.wrap_ms),
            "first_handle_ms": lambda: numbers(first_talk_ms + contacts.hold_ms),
            "second_talk_ms": lambda: numbers(contacts.talk_ms - first_talk_ms),
            "second_handle_ms": lambda: numbers(contacts.talk_ms - first_talk_ms + contacts.wrap_ms),
        }
    )


def _metric(name: str, value: str | int, emitted: str) -> dict[str, Any]:
    return {"name": name, "value": value, "emitDate": emitted}


def _segment(kind: str, start: str, end: str | None, **more: Any) -> dict[str, Any]:
    """A segment; without an end it is still going on."""
    ends = {} if end is None else {"segmentEnd": end}
    return {"segmentStart": start, **ends, **more, "segmentType": kind}


@cache
def _template(channel: int, state: int, held: bool) -> Template:
    """The document of a conversation in this channel that has come as far as this state."""
    ended = state in (_HANDLED, _TRANSFERRED, _ABANDONED, _VOICEMAIL)
    participants = [_customer(channel, state)]
    if channel == PHONE:
        participants.append(_ivr())
    if channel != OUTBOUND:
        participants.append(_acd(channel, state))
    if state not in (_ABANDONED, _VOICEMAIL, _WAITING):
        participants += _agents(channel, state, held)
    return compile_template(
        {
            "conversationId": "$conversation",
            "conversationStart": "$start_at",
            **({"conversationEnd": "$end_at"} if ended else {}),
            "originatingDirection": "outbound" if channel == OUTBOUND else "inbound",
            "participants": participants,
        }
    )


def _participant(name: str) -> str:
    return f"{_DIGITS[name]:x}$tail"


def _session(channel: int, name: str) -> dict[str, Any]:
    media = {PHONE: "voice", OUTBOUND: "voice", CALLBACK: "callback", EMAIL: "email", CHAT: "$digital"}
    session: dict[str, Any] = {
        "mediaType": media[channel],
        "sessionId": f"{_DIGITS[name] + 1:x}$tail",
        "direction": "outbound" if channel == OUTBOUND else "inbound",
    }
    if channel == CALLBACK:
        session |= {"callbackNumbers": ["$number"], "callbackScheduledTime": "$queued_at"}
    if channel == EMAIL:
        session |= {"addressFrom": "$address", "addressTo": _AGENCY_ADDRESS}
    return session


def _customer(channel: int, state: int) -> dict[str, Any]:
    gone = state in (_HANDLED, _TRANSFERRED, _ABANDONED, _VOICEMAIL, _WRAPPING)
    hangs_up = {"disconnectType": "client" if state == _ABANDONED else "peer"} if gone else {}
    session = _session(channel, "customer")
    if channel == PHONE:
        session |= {"@caller": None, "dnis": _AGENCY_NUMBER}
    if channel == OUTBOUND:
        session |= {"ani": _AGENCY_NUMBER, "dnis": "tel:$number"}
    return {
        "participantId": _participant("customer"),
        "participantName": "$name",
        "purpose": "external" if channel == OUTBOUND else "customer",
        "attributes": "#attributes",
        "sessions": [
            session
            | {
                "segments": [_segment("interact", "$start_at", "$end_at" if gone else None, **hangs_up)],
                "metrics": [_metric("nConnected", 1, "$start_at")],
            }
        ],
    }


def _ivr() -> dict[str, Any]:
    segment = _segment("ivr", "$start_at", "$queued_at", disconnectType="transfer")
    return {
        "participantId": _participant("ivr"),
        "participantName": "Main menu",
        "purpose": "ivr",
        "sessions": [
            _session(PHONE, "ivr")
            | {"segments": [segment], "metrics": [_metric("tIvr", "#menu_ms", "$queued_at")]}
        ],
    }


def _acd(channel: int, state: int) -> dict[str, Any]:
    waiting = state == _WAITING
    end = None if waiting else "$met_at"
    leaves = "client" if state == _ABANDONED else "transfer"
    segments = []
    if channel == CALLBACK:
        segments.append(
            _segment("scheduled", "$start_at", None if waiting else "$queued_at", queueId="$queue")
        )
    if not (channel == CALLBACK and waiting):
        segments.append(
            _segment(
                "interact",
                "$queued_at",
                end,
                queueId="$queue",
                **({} if waiting else {"disconnectType": leaves}),
            )
        )
    metrics = [_metric("nOffered", 1, "$queued_at" if channel != CALLBACK else "$start_at")]
    if not waiting:
        metrics.append(_metric("tAcd", "#wait_ms", "$met_at"))
    if state == _ABANDONED:
        metrics.append(_metric("tAbandon", "#wait_ms", "$met_at"))
    if state == _VOICEMAIL:
        metrics.append(_metric("tFlowOut", "#wait_ms", "$met_at"))
    return {
        "participantId": _participant("acd"),
        "purpose": "acd",
        "sessions": [_session(channel, "acd") | {"segments": segments, "metrics": metrics}],
    }


def _agents(channel: int, state: int, held: bool) -> list[dict[str, Any]]:
    """One agent, or the one who transferred and the one who took over."""
    connected, transferred = state == _CONNECTED, state == _TRANSFERRED
    queue = {"queueId": "$queue"}
    segments: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    if channel != OUTBOUND:
        metrics.append(_metric("tAnswered", "#wait_ms", "$met_at"))
    left = {"disconnectType": "transfer" if transferred else "client"}
    if connected:
        segments.append(_segment("interact", "$met_at", None, **queue))
    else:
        segments.append(_segment("interact", "$met_at", "$talked_at", **queue, **({} if held else left)))
        metrics.append(_metric("tTalk", "#talk_ms", "$talked_at"))
        if held:
            segments.append(_segment("hold", "$talked_at", "$held_at", **queue, **left))
            metrics.append(_metric("tHeld", "#hold_ms", "$held_at"))
    wrap_up = {"wrapUpCode": "$wrap_up"}
    if state == _WRAPPING:
        segments.append(_segment("wrapup", "$end_at", None, **queue))
    if state == _HANDLED:
        segments.append(_segment("wrapup", "$end_at", "$done_at", **queue, **wrap_up))
        metrics.append(_metric("tAcw", "#wrap_ms", "$done_at"))
        metrics.append(_metric("tHandle", "#handle_ms", "$done_at"))
    if transferred:
        metrics.append(_metric("nTransferred", 1, "$held_at"))
        metrics.append(_metric("tHandle", "#first_handle_ms", "$held_at"))
    agent = {
        "participantId": _participant("agent"),
        "userId": "$agent",
        "purpose": "agent",
        "sessions": [_session(channel, "agent") | {"segments": segments, "metrics": metrics}],
    }
    if not transferred:
        return [agent]
    second = {
        "participantId": _participant("second"),
        "userId": "$second_agent",
        "purpose": "agent",
        "sessions": [
            _session(channel, "second")
            | {
                "segments": [
                    _segment("interact", "$held_at", "$end_at", **queue, disconnectType="client"),
                    _segment("wrapup", "$end_at", "$done_at", **queue, **wrap_up),
                ],
                "metrics": [
                    _metric("tTalk", "#second_talk_ms", "$end_at"),
                    _metric("tAcw", "#wrap_ms", "$done_at"),
                    _metric("tHandle", "#second_handle_ms", "$done_at"),
                ],
            }
        ],
    }
    return [agent, second]
