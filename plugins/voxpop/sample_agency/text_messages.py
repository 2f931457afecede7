"""The export of the agency's texting tool: threads of text messages as Parquet, one row a thread and state.

A thread that is open when a file's days end is in it as it stands then, and again in the file of the day on
which it is closed, with a later `changed`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.causes import SEGMENTS
from voxpop.sample_agency.clock import DAY_MS
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Draws, Flags, Ints
from voxpop.sample_agency.journeys import AGENTS, Contacts
from voxpop.sample_agency.opinions import is_offered
from voxpop.sample_agency.people import typed

SENT_AT_MOST = 9


def thread_ids(texts: Contacts) -> list[str]:
    """The `thread` of each contact by text message."""
    return [f"TX{value:012x}" for value in (texts.key >> np.uint64(16)).tolist()]


def texts_table(agency: Agency, texts: Contacts, first: int, last: int) -> pa.Table:
    """The threads of the days `first` to `last`: those closed on them, and those open when they end.

    Args:
        agency: whose texting tool.
        texts: contacts by text message that began on those days or up to 40 before.
        first: day number.
        last: day number.
    """
    end_ms = (last + 1) * DAY_MS
    closed = (texts.end_ms >= first * DAY_MS) & (texts.end_ms < end_ms)
    still_open = (texts.start_ms >= first * DAY_MS) & (texts.start_ms < end_ms) & (texts.end_ms >= end_ms)
    texts = take(texts, np.flatnonzero(closed | still_open))
    is_closed = texts.end_ms < end_ms
    is_met = texts.met_ms < end_ms
    changed_ms = np.where(is_closed, texts.end_ms, np.where(is_met, texts.met_ms, texts.start_ms))
    draws, people, rates = Draws(texts.key), agency.people, agency.causes.identifiers
    services = np.array([service.service_id for service in agency.catalogue.services])
    accounts = typed(
        draws,
        "account",
        people.account[texts.person],
        draws.happens("account", rates.account["text"]),
        placeholders=agency.catalogue.placeholders.get("account", ()),
        rates=rates,
    )
    known = draws.happens("segment known", rates.segment_known)
    clerk = np.char.add("agent-", (texts.agent % AGENTS).astype(str))
    return pa.table(
        {
            "thread": pa.array(thread_ids(texts), pa.string()),
            "received": _times(texts.start_ms),
            "first_reply": _times(texts.met_ms, is_met),
            "closed": _times(texts.end_ms, is_closed),
            "changed": _times(changed_ms),
            "service": pa.array(services[texts.service], pa.string()),
            "segment": pa.array(np.array(SEGMENTS)[people.segment[texts.person]], pa.string(), mask=~known),
            "from_number": pa.array(people.phone[texts.person].astype(str), pa.string()),
            "account": pa.array(accounts.astype(str), pa.string(), mask=accounts == b""),
            "agent": pa.array(clerk, pa.string(), mask=~is_met),
            "messages": pa.array(2 + draws.below("messages", SENT_AT_MOST), pa.int32()),
            "resolved": pa.array(texts.resolved, pa.bool_(), mask=~is_closed),
            "survey_sent": pa.array(is_offered(agency, texts), pa.bool_(), mask=~is_closed),
        }
    )


def texts_parquet(agency: Agency, texts: Contacts, first: int, last: int) -> bytes:
    """The file of the days `first` to `last`; nothing where it would have no row."""
    table = texts_table(agency, texts, first, last)
    if not table.num_rows:
        return b""
    file = pa.BufferOutputStream()
    pq.write_table(table, file)
    return bytes(file.getvalue())


def _times(times_ms: Ints, known: Flags | None = None) -> pa.Array:
    kind = pa.timestamp("ms", tz="UTC")
    return pa.array(times_ms, kind) if known is None else pa.array(times_ms, kind, mask=~known)
