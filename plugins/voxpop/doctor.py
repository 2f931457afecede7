"""What is configured, reachable and fresh, and what to do next."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from voxpop.config import Settings
from voxpop.errors import VoxpopError
from voxpop.raw.exclusions import exclusions
from voxpop.raw.identifiers import Tokenizer
from voxpop.raw.manifests import Manifest, visible
from voxpop.release import store
from voxpop.sample_agency.reached import date_file
from voxpop.sources.connections import Connection, load_connections
from voxpop.sources.file_source import Folder
from voxpop.sources.land import refused_files, said_of_refused
from voxpop.sources.registry import FolderConfig, SourceConfig, load_sources
from voxpop.warehouse.seeds import check_seeds

_PATIENCE_SECONDS = 3.0
_STALE = timedelta(days=2)
_SAMPLE_RESTS = (
    "The sample agency's tools answer only while `make run`, `make up` or `voxpop sample-agency serve` runs."
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
    configured, sources = _sources(settings)
    folders = {name: config for name, config in sources.items() if isinstance(config, Folder)}
    looks: Sequence[tuple[str, Callable[[], Iterable[Check]]]] = (
        ("identifier key", lambda: _key(settings)),
        ("seeds", lambda: _seeds(settings)),
        ("connections", lambda: _connections(settings, sources)),
        ("landed", lambda: _landed(settings, sources, now)),
        *((f"{name}: files", partial(_files, settings, config)) for name, config in folders.items()),
        ("excluded batches", lambda: _exclusions(settings)),
        ("release", lambda: _releases(settings)),
        ("candidate", lambda: _candidates(settings)),
    )
    return [configured, *(check for what, look in looks for check in _looked(what, look))]


def _looked(what: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    try:
        return list(look())
    except VoxpopError as error:
        return [_broken(what, error)]


def _broken(what: str, error: VoxpopError) -> Check:
    return Check(what, "fail", str(error), "Mend this first.")


def _sources(settings: Settings) -> tuple[Check, dict[str, SourceConfig]]:
    """Whether `sources.yml` can be used, and the sources; where it can't, nothing else is said of sources."""
    try:
        sources = load_sources(settings)
    except VoxpopError as error:
        return _broken("sources", error), {}
    return Check("sources", "ok", ", ".join(sources)), sources


def _seeds(settings: Settings) -> Iterator[Check]:
    check_seeds(settings)
    yield Check("seeds", "ok", "every row can be used")


def _key(settings: Settings) -> Iterator[Check]:
    try:
        Tokenizer.load(settings, create=False)
    except VoxpopError as error:
        if visible(settings):
            raise
        yield Check("identifier key", "warn", str(error), "Needed when something lands.")
    else:
        yield Check("identifier key", "ok", "present")


def _connections(settings: Settings, sources: Mapping[str, SourceConfig]) -> Iterator[Check]:
    known = load_connections(settings)
    has_sample_agency = date_file(settings.home).exists()
    for name, source in sources.items():
        if source.connection is not None:
            if source.connection not in known and (settings.home / "airflow").exists():
                yield Check(
                    f"{name}: connection",
                    "warn",
                    "unknown here: it is not in connections.json, and Airflow's own are not read",
                    f'In Airflow look at Admin → Connections for "{source.connection}".',
                )
            else:
                yield _connection(name, source.connection, known, has_sample_agency=has_sample_agency)


def _files(settings: Settings, config: FolderConfig) -> Iterator[Check]:
    """Files that a landing would refuse."""
    refused = refused_files(settings, config)
    if refused:
        mend = f"Correct them, or {settings.sources_file}, then voxpop land {config.name}"
        yield Check(f"{config.name}: files", "fail", "; ".join(said_of_refused(refused)), mend)


def _landed(settings: Settings, sources: Mapping[str, SourceConfig], now: datetime) -> Iterator[Check]:
    batches = visible(settings)
    has_sample_agency = date_file(settings.home).exists()
    for name, source in sources.items():
        landed = [batch for batch in batches if batch.source == name]
        yield _freshness(name, source.is_windowed, landed, now, has_sample_agency=has_sample_agency)


def _connection(
    name: str, connection_id: str, known: Mapping[str, Connection], *, has_sample_agency: bool
) -> Check:
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
        found = f"{address[0]}:{address[1]} does not answer: {error}"
        if has_sample_agency and address[0] == "127.0.0.1":
            return Check(what, "warn", found, _SAMPLE_RESTS)
        return Check(what, "fail", found, "Is the tool up and the address right?")
    return Check(what, "ok", f"{address[0]}:{address[1]} answers")


def _freshness(
    name: str, is_windowed: bool, landed: list[Manifest], now: datetime, *, has_sample_agency: bool
) -> Check:
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
        return Check(what, "warn", last_day, "make run" if has_sample_agency else f"voxpop land {name}")
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
        audit = candidate.manifest["audit"]
        if audit and not audit["passed"]:
            read = f"Read {candidate.folder / audit['page']}, then docs/runbooks/refused-release.md"
            yield Check("candidate", "warn", f"{candidate.release_id} was refused by the gate", read)
        else:
            next_step = "voxpop run --no-land"
            yield Check("candidate", "warn", f"{candidate.release_id} is not published", next_step)
