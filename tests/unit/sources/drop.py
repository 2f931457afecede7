"""A folder for files, and what landing it brings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from voxpop.config import Settings
from voxpop.raw.manifests import Manifest, quarantine_file
from voxpop.sources.land import land as land_source
from voxpop.sources.registry import find_sources

NOW = datetime(2026, 1, 6, 4, tzinfo=UTC)
CSV = """\
  visits:
    kind: file_drop
    folder: drop
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      source_channel: Channel
      handled_by: Clerk
    identifiers: {Mail: email}
"""
NDJSON = """\
  kiosk:
    kind: file_drop
    folder: drop
    pattern: "*.ndjson"
    format: ndjson
    maps_to: survey_response
    fields:
      response_id: id
      form_id: form
      answered_at: at
      weight: weight
    answers: [rating, more]
    other_columns: [note]
"""
HEADER = "Visit,In,Channel,Clerk,Mail\r\n"
ROW = "V-1,2026-01-05T10:00:00Z,VISIT,José,a@x.org\r\n"


class Drop:
    """A folder for files, and what landing it says."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "drop"
        self.folder.mkdir(parents=True)
        (home / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
        self.settings = Settings(home=home, sources_file=home / "sources.yml", seeds=home)
        self.said: list[str] = []
        self.configure(CSV + NDJSON)

    def configure(self, sources: str) -> None:
        self.settings.sources_file.write_text("sources:\n" + sources)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def land(self, source: str = "visits", now: datetime = NOW) -> list[Manifest]:
        (configured,) = find_sources(self.settings, [source])
        return land_source(
            self.settings,
            configured,
            None,
            connection=None,
            now=now,
            widen=False,
            progress=lambda said, count: self.said.append(said),
        )

    def quarantine(self, manifest: Manifest) -> list[dict[str, Any]]:
        path = quarantine_file(self.settings, manifest.source, manifest.stream, manifest.batch_id)
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found


def payloads(manifest: Manifest) -> list[dict[str, Any]]:
    tables = [pq.read_table(path) for path in manifest.part_files]
    return [json.loads(payload) for table in tables for payload in table["payload"].to_pylist()]
