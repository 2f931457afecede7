"""What is configured, reachable and fresh, and what to do next."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from voxpop.config import Settings
from voxpop.errors import VoxpopError
from voxpop.raw.exclusions import exclusions
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, visible
from voxpop.release import store
from voxpop.sources.connections import Connection, load_connections
from voxpop.sources.registry import load_sources

_PATIENCE_SECONDS = 3.0
_STALE = timedelta(days=2)
_MADE_UP = (
    " The made-up agency's tools answer while `make run`, `make up` or `voxpop sample-agency serve` runs."
)


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


def examine(settings: Settings, now: datetime) -> list[Check]:
    """Look at everything a run needs; changes nothing. What can't be read is a check that fails.

    Args:
        settings: where everything is.
        now: what freshness is measured against.

    Returns:
        The checks in the order in which to mend them.
    """
    looks: Sequence[tuple[str, Callable[[], Iterable[Check]]]] = (
        ("identifier key", lambda: _key(settings)),
        ("connections", lambda: _connections(settings)),
        ("landed", lambda: _landed(settings, now)),
        ("excluded batches", lambda: _exclusions(settings)),
        ("release", lambda: _releases(settings)),
        ("candidate", lambda: _candidates(settings)),
    )
    return [check for what, look in looks for check in _looked(what, look)]


def _looked(what: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(look())
    except VoxpopError as error:
        return [Check(what, "fail", str(error), "Mend this first.")]


def _key(settings: Settings) -> Iterator[Check]:
    try:
        Tokenizer.load(settings, create=False)
    except VoxpopError as error:
        if visible(settings):
            raise
        yield Check("identifier key", "warn", str(error), "Needed when something lands.")
    else:
        yield Check("identifier key", "ok", "present")


def _connections(settings: Settings) -> Iterator[Check]:
    known = load_connections(settings)
    for name, source in load_sources(settings).items():
        if source.is_windowed:
            yield _connection(name, source.connection or "", known)


def _landed(settings: Settings, now: datetime) -> Iterator[Check]:
    batches = visible(settings)
    for name, source in load_sources(settings).items():
        landed = [batch for batch in batches if batch.source == name]
        yield _freshness(name, source.is_windowed, landed, now)


def _connection(name: str, connection_id: str, known: Mapping[str, Connection]) -> Check:
    what = f"{name}: connection"
    connection = known.get(connection_id)
    if connection is None:
        next_step = f'Set the connection "{connection_id}" in Airflow, or in connections.json.'
        return Check(what, "fail", "not configured", next_step)
    where = urlsplit(connection.base_url)
    address = (where.hostname or "", where.port or (443 if where.scheme == "https" else 80))
    try:
        socket.create_connection(address, timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        return Check(
            what,
            "fail",
            f"{address[0]}:{address[1]} does not answer: {error}",
            "Is the tool up and the address right?"
            + (_MADE_UP if address[0] in {"127.0.0.1", "localhost"} else ""),
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
    elif store.is_whole(current):
        yield Check("release", "ok", f"current is {current.release_id}")
    else:
        yield Check(
            "release",
            "fail",
            f"{current.release_id}: {current.database.name} is not what was published",
            "voxpop releases rollback --reason …",
        )


def _candidates(settings: Settings) -> Iterator[Check]:
    for candidate in store.candidates(settings):
        yield Check(
            "candidate",
            "warn",
            f"{candidate.release_id} is not published",
            f"Read {candidate.folder}/audit, then voxpop run",
        )
