"""A home whose website's tables a test writes, lands and builds up to the sessions."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from voxpop.config import PROJECT, Settings
from voxpop.raw import exclusions
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Window
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources
from voxpop.warehouse import build
from voxpop.warehouse.dbt import Dbt
from voxpop.warehouse.state import opened

from tests.parsed_once import ParsedOnce

ZONE = "America/Los_Angeles"
SITE = "www.dps.example.gov"
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 3, 15, tzinfo=UTC)
SOURCES = f"""\
sources:
  web:
    kind: ga4
    tables: tables
    time_zone: {ZONE}
    user_id: account
"""
SESSIONS = "+int_identity__record_tokens,path:models/intermediate"
"""The sessions, whom they name, and what they stand on above staging."""

Event = Mapping[str, Any]


def event(visitor: str, at: datetime, path: str = "/", name: str = "page_view", **fields: Any) -> Event:
    """An event as the export writes it; `fields` beside `user_id` are parameters."""
    user = fields.pop("user_id", None)
    location = fields.pop("location", f"https://{SITE}{path}")
    typed = {"page_location": location, "ga_session_id": 1, **fields}
    return {
        "event_timestamp": str(int(at.timestamp()) * 1_000_000 + at.microsecond),
        "event_name": name,
        "event_params": [
            {
                "key": key,
                "value": {"int_value": str(value)} if isinstance(value, int) else {"string_value": value},
            }
            for key, value in typed.items()
        ],
        "user_pseudo_id": visitor,
        **({"user_id": user} if user else {}),
        "device": {"category": "desktop"},
    }


def at_of(found: Event) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(found["event_timestamp"]))


@dataclass
class Website:
    """A home with a website's tables."""

    settings: Settings
    dbt: Dbt
    landings: int = 0
    builds: int = 0
    said: list[str] = field(default_factory=list)

    def write(self, day: str, events: Iterable[Event]) -> None:
        """Write a table, or write it anew."""
        lines = [json.dumps({"event_date": day, **found}) for found in events]
        folder = self.settings.home / "tables"
        folder.mkdir(exist_ok=True)
        with gzip.open(folder / f"events_{day}.ndjson.gz", "wt") as file:
            file.writelines(line + "\n" for line in lines)

    def land(self) -> list[Manifest]:
        self.landings += 1
        (web,) = find_sources(self.settings, ["web"])
        return land(
            self.settings,
            web,
            Window(FIRST, LAST),
            connection=None,
            now=LAST + timedelta(hours=self.landings),
            widen=False,
            progress=lambda what, _: self.said.append(what),
        )

    def build(self, *, full_refresh: bool = False, finishes: bool = True) -> None:
        """Staging and the sessions; the rest is taken for done."""
        self.builds += 1
        plan = build.begin(
            self.settings, run_id=f"run {self.builds}", sources=("web",), full_refresh=full_refresh
        )
        if plan.nothing_to_do:
            return
        for layer in ("seeds", "staging"):
            build.run_layer(self.settings, layer)
        self.dbt.build(SESSIONS, "resource_type:seed", full_refresh=plan.is_full_refresh)
        if finishes:
            with opened(self.settings) as state:
                state.layers_done(build.LAYERS)
            build.finish(self.settings)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def manifests(self) -> list[Manifest]:
        return sorted(visible(self.settings), key=lambda batch: batch.started_at)

    def exclude(self, batch_id: str) -> None:
        exclusions.exclude(self.settings, batch_id, "a test", LAST)

    def sessions(self) -> list[tuple[Any, ...]]:
        """Every session, without what tells of batches."""
        return self.rows("select * exclude (_batch_id) from intermediate.int_web_sessions order by all")


@pytest.fixture
def make_website(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Website]:
    """A function that gives an empty home; all have the same key, so that a visitor has the same token."""

    def make() -> Website:
        home: Path = tmp_path_factory.mktemp("website")
        settings = Settings(home, home / "sources.yml", PROJECT / "dbt_project" / "seeds")
        settings.sources_file.write_text(SOURCES)
        settings.secrets.mkdir(mode=0o700)
        (settings.secrets / "identifier-keys.json").write_text(
            json.dumps({"current": 1, "keys": {"1": "ab" * 32}})
        )
        return Website(settings, ParsedOnce(settings))

    return make
