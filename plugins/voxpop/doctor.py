"""What is configured, reachable and fresh, and what to do next."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from voxpop.config import Settings
from voxpop.errors import VoxpopError
from voxpop.raw.batches import Manifest, visible
from voxpop.raw.exclusions import exclusions
from voxpop.raw.identifiers import Tokenizer
from voxpop.release import store
from voxpop.sources.http import Connection
from voxpop.sources.registry import load_sources

_PATIENCE_SECONDS = 3.0
_STALE = timedelta(days=2)


@dataclass(frozen=True)
class Check:
    """One thing looked at, and what to do about it where it isn't well."""

    what: str
    status: Literal["ok", "warn", "fail"]
    found: str
    next_step: str = ""

    def as_row(self) -> dict[str, str]:
        """The check as a table's row."""
        return {"check": self.what, "status": self.status, "found": self.found, "next": self.next_step}


def examine(settings: Settings, connections: Mapping[str, Connection], now: datetime) -> list[Check]:
    """Look at everything a run needs; changes nothing.

    Args:
        settings: where everything is.
        connections: by the name that `sources.yml` gives them.
        now: what freshness is measured against.

    Returns:
        The checks in the order in which to mend them.
    """
    checks = [_key(settings)]
    try:
        sources = load_sources(settings)
    except VoxpopError as error:
        return [*checks, Check("sources", "fail", str(error), f"Mend {settings.sources_file.name}.")]
    batches = visible(settings)
    for name, source in sources.items():
        if source.is_windowed:
            checks.append(_connection(name, connections.get(source.connection or "")))
        landed = [batch for batch in batches if batch.source == name]
        checks.append(_freshness(name, source.is_windowed, landed, now))
    checks += _exclusions(settings)
    checks += _releases(settings)
    return checks


def _key(settings: Settings) -> Check:
    try:
        Tokenizer.load(settings, create=False)
    except VoxpopError as error:
        return Check(
            "identifier key", "fail", str(error), "Put the agency's key in place, or `make run` makes one."
        )
    return Check("identifier key", "ok", "present")


def _connection(name: str, connection: Connection | None) -> Check:
    what = f"{name}: connection"
    if connection is None:
        return Check(
            what, "fail", "not configured", f'Set the Airflow connection "{name}", or connections.json.'
        )
    where = urlsplit(connection.base_url)
    address = (where.hostname or "", where.port or (443 if where.scheme == "https" else 80))
    try:
        socket.create_connection(address, timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        return Check(
            what,
            "fail",
            f"{address[0]}:{address[1]} does not answer: {error}",
            "Is the tool up and the address right?",
        )
    return Check(what, "ok", f"{address[0]}:{address[1]} answers")


def _freshness(name: str, is_windowed: bool, landed: list[Manifest], now: datetime) -> Check:
    what = f"{name}: landed"
    if not landed:
        days = " --from YYYY-MM-DD --to YYYY-MM-DD" if is_windowed else ""
        return Check(what, "warn", "nothing yet", f"voxpop land {name}{days}")
    ends = [batch.window.end for batch in landed if batch.window]
    if not ends:
        return Check(what, "ok", f"{len(landed)} files")
    until = max(ends)
    last_day = f"up to the end of {until - timedelta(microseconds=1):%Y-%m-%d}"
    if now - until > _STALE:
        return Check(what, "warn", last_day, f"voxpop land {name}")
    return Check(what, "ok", last_day)


def _exclusions(settings: Settings) -> Iterator[Check]:
    for batch_id, exclusion in exclusions(settings).items():
        yield Check(
            "excluded batch",
            "warn",
            f"{batch_id}: {exclusion.reason}",
            f'voxpop batches include {batch_id} --reason "…"',
        )


def _releases(settings: Settings) -> Iterator[Check]:
    current = store.current(settings)
    if current is None:
        yield Check("release", "warn", "nothing published yet", "voxpop run")
    else:
        yield Check("release", "ok", f"current is {current.release_id}")
    for candidate in store.candidates(settings):
        yield Check(
            "candidate",
            "warn",
            f"{candidate.release_id} is not published",
            f"Read {candidate.folder}/audit, then voxpop run",
        )
