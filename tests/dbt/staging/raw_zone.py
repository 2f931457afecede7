"""Batches for tests, written by the raw zone's own writer; payloads as the tools send them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from voxpop.config import Settings
from voxpop.raw.batches import BatchWriter
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, Original
from voxpop.raw.records import Record, Window
from voxpop.sources.dap.files import DapFiles, chunks

T0 = datetime(2026, 3, 2, tzinfo=UTC)
FORM = "569499e0"
STREAMS = {
    "touchpoints": ("touchpoints", "responses"),
    "genesys": ("genesys", "conversations"),
    "field_offices": ("file_drop", "interactions"),
    "kiosk_surveys": ("file_drop", "survey_responses"),
    "text_messages": ("file_drop", "interactions"),
    "web": ("ga4", "events"),
    "dap": ("dap", "reports"),
    "dap_files": ("dap_files", "reports"),
    "web_export": ("file_drop", "web_aggregates"),
    "survey_offers": ("file_drop", "survey_offers"),
    "published": ("file_drop", "published_measures"),
    "goal_values": ("file_drop", "priority_goal_values"),
}


stamp = datetime.fromisoformat
"""A time as the warehouse gives it: UTC, without saying so."""


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


@dataclass
class RawZone:
    """Lands batches under `settings.raw`; each landing is an hour after the one before, unless told."""

    settings: Settings
    landings: int = 0
    manifests: list[Manifest] = field(default_factory=list)

    def land(
        self,
        source: str,
        records: Sequence[Record],
        *,
        day: datetime = T0,
        at: datetime | None = None,
        rejected: Sequence[Any] = (),
    ) -> Manifest:
        kind, stream = STREAMS[source]
        self.landings += 1
        digest = hashlib.sha256(repr([record.payload for record in records]).encode()).hexdigest()
        is_file = kind in ("file_drop", "dap_files")
        with BatchWriter(
            self.settings,
            source=source,
            kind_of_source=kind,
            stream=stream,
            window=None if is_file else Window(day, day + timedelta(days=1)),
            original=Original(f"{source}.csv", 1, digest, digest) if is_file else None,
            configuration="",
            tokenizer=Tokenizer.load(self.settings, create=True),
            now=at or T0 + timedelta(days=30, hours=self.landings),
        ) as writer:
            writer.write_page(records, rejected, None)
            manifest = writer.finish()
        self.manifests.append(manifest)
        return manifest


def record(
    record_id: str,
    payload: Any,
    kind: str,
    updated_at: datetime | None = None,
    identifiers: Sequence[tuple[str, str]] = (),
) -> Record:
    return Record(record_id, updated_at, json.dumps(payload).encode(), tuple(identifiers), kind)


def submission(
    uuid: str,
    created_at: datetime = T0,
    *,
    updated_at: datetime | None = None,
    form: str = FORM,
    identifiers: Sequence[tuple[str, str]] = (),
    **attributes: Any,
) -> Record:
    updated_at = updated_at or created_at
    fields = {f"answer_{number:02}": None for number in range(1, 31)}
    fields |= {
        "user_id": None,
        "created_at": iso(created_at),
        "updated_at": iso(updated_at),
        "ip_address": "203.0.113.9",
        "location_code": "website",
        "flagged": False,
        "archived": False,
        "deleted": False,
        "deleted_at": None,
        "aasm_state": "received",
        "language": "en",
        "uuid": uuid,
        "tags": [],
    }
    payload = {"id": "1", "type": "submissions", "attributes": fields | attributes}
    return record(uuid, payload, f"submission:{form}", updated_at, identifiers)


def conversation(
    conversation_id: str,
    participants: Sequence[dict[str, Any]],
    *,
    started_at: datetime = T0,
    ended_at: datetime | None = None,
    updated_at: datetime | None = None,
    identifiers: Sequence[tuple[str, str]] = (),
    **fields: Any,
) -> Record:
    payload: dict[str, Any] = {"conversationId": conversation_id, "conversationStart": iso(started_at)}
    if ended_at:
        payload["conversationEnd"] = iso(ended_at)
    payload |= {"participants": list(participants), **fields}
    return record(conversation_id, payload, "conversation", updated_at or ended_at or started_at, identifiers)


def contact(
    record_id: str,
    started_at: datetime = T0,
    *,
    identifiers: Sequence[tuple[str, str]] = (),
    **fields: Any,
) -> Record:
    payload = {"interaction_id": record_id, "started_at": iso(started_at), "updated_at": None, **fields}
    return record(record_id, payload, "interaction", None, identifiers)


def dap_file(path: Path) -> Sequence[Record]:
    """What a file that DAP publishes holds."""
    config = DapFiles(
        kind="dap_files", name="dap_files", folder=path.parent, pattern="*", time_zone="America/New_York"
    )
    (chunk,) = chunks(path, path.name, config, 0)
    assert not chunk.rejected
    return chunk.records


def survey_response(record_id: str, answered_at: datetime | None = T0, **fields: Any) -> Record:
    payload = {
        "response_id": record_id,
        "form_id": "fld-kiosk",
        "answered_at": iso(answered_at) if answered_at else None,
        "answered_on": None,
        "answers": {"rating": "5"},
        **fields,
    }
    return record(record_id, payload, "survey_response", None, ())


def page_view(visitor: str, at: datetime) -> Record:
    """An event of the daily table of its UTC day."""
    payload = {"event_timestamp": f"{int(at.timestamp())}000000", "event_name": "page_view"}
    return record(
        f"events_{at:%Y%m%d}", payload | {"visitor": visitor}, "event", None, [("visitor", visitor)]
    )
