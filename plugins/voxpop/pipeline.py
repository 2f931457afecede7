"""The six steps in order, and a quarter's files from what they made: what the command line and the DAGs call.

Each step runs without Airflow and is safe to run again at any time. A candidate is named by its release id,
so that steps in separate processes can pass it on.
"""

from __future__ import annotations

import gc
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from voxpop.audit import run as gate
from voxpop.audit.run import AuditResult
from voxpop.config import Settings
from voxpop.errors import Refused, UsageError, VoxpopError
from voxpop.export import package
from voxpop.export.package import Kind, Package
from voxpop.quarter import Quarter, due_on
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Window
from voxpop.release import candidate as candidates
from voxpop.release import store
from voxpop.report import render
from voxpop.sources.connections import Connection
from voxpop.sources.land import Progress, land
from voxpop.sources.registry import SourceConfig, load_sources
from voxpop.warehouse import build as builds
from voxpop.warehouse.build import Plan
from voxpop.warehouse.build import finish as finish_build
from voxpop.warehouse.build import run_layer as build_layer

__all__ = [
    "RunResult",
    "audit",
    "begin_build",
    "build",
    "build_and_publish",
    "build_layer",
    "check_quarter",
    "due",
    "export",
    "finish_build",
    "land",
    "land_several",
    "load_libraries",
    "next_window",
    "publish",
    "report",
    "run",
    "run_id_at",
    "stage",
]

SOURCES_AT_ONCE = 4
"""How many sources are landed at a time."""


@dataclass(frozen=True)
class RunResult:
    """What one pass over all six steps did.

    `release_id` is None where nothing was new; `failures` holds, per source, why it landed nothing more.
    """

    release_id: str | None
    landed: tuple[Manifest, ...]
    failures: Mapping[str, VoxpopError] = field(default_factory=dict)


def build(settings: Settings, *, run_id: str, full_refresh: bool = False, progress: Progress) -> Plan:
    """Take what is new into the warehouse, all layers in this process; see `voxpop.warehouse.build`."""
    return builds.build(
        settings,
        run_id=run_id,
        sources=load_sources(settings),
        full_refresh=full_refresh,
        progress=progress,
    )


def begin_build(settings: Settings, *, run_id: str, full_refresh: bool = False) -> Plan:
    """Fix what a build works on whose layers run in processes of their own."""
    return builds.begin(settings, run_id=run_id, sources=load_sources(settings), full_refresh=full_refresh)


def stage(settings: Settings, *, now: datetime) -> str | None:
    """Make a candidate release from the warehouse.

    Returns:
        Its release id, or None where the current release, or one that was rolled back, holds all this.
    """
    candidate = candidates.stage(settings, now=now, sources=load_sources(settings))
    return None if candidate is None else candidate.release_id


def audit(settings: Settings, release_id: str) -> AuditResult:
    """Pass the candidate through the gate.

    Raises:
        Refused: an expectation failed; the current release stays.
        AuditError: the gate could not run.
    """
    return gate.audit(settings, candidates.find(settings, release_id))


def report(settings: Settings, release_id: str) -> Path:
    """Write the candidate's pages, and give the first one's path."""
    return render.report(settings, candidates.find(settings, release_id))


def publish(settings: Settings, release_id: str, *, now: datetime) -> Path:
    """Make the audited candidate the current release, and give its folder.

    Raises:
        UsageError: the candidate has not passed the gate, or has no page.
    """
    return store.publish(settings, candidates.find(settings, release_id), now=now)


def land_several(
    settings: Settings,
    sources: Sequence[SourceConfig],
    window: Window | None,
    *,
    connections: Mapping[str, Connection],
    now: datetime,
    progress: Progress,
) -> tuple[list[Manifest], dict[str, VoxpopError]]:
    """Land sources, up to `SOURCES_AT_ONCE` of them at a time; one that fails stops itself alone.

    They are landed by threads: a tool's source waits for its tool most of the time.

    Args:
        settings: where everything is.
        sources: which.
        window: what to ask tools for; None: what follows the last window of each.
        connections: by id.
        now: the time of this run.
        progress: called by one source at a time.

    Returns:
        What landed, in the order of `sources`, and per source why it landed nothing more.
    """
    waiting, turn = deque(sources), threading.Lock()
    landed: dict[str, list[Manifest]] = {}
    failures: dict[str, VoxpopError] = {}
    broken: list[BaseException] = []

    def told(what: str, count: int) -> None:
        with turn:
            progress(what, count)

    def land_next() -> None:
        while waiting:
            try:
                source = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                landed[source.name] = land(
                    settings,
                    source,
                    window if source.is_windowed and window else next_window(settings, source, now),
                    connection=connections.get(source.connection or ""),
                    now=now,
                    widen=window is None,
                    progress=told,
                )
            except VoxpopError as error:
                failures[source.name] = error
                told(str(error), 0)
            except BaseException as error:
                broken.append(error)

    # Daemons, so that an interruption ends the process at once: what is durable is gone on with.
    threads = [
        threading.Thread(target=land_next, daemon=True) for _ in range(min(SOURCES_AT_ONCE, len(sources)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    names = [source.name for source in sources]
    in_order = [batch for name in names for batch in landed.get(name, [])]
    return in_order, {name: failures[name] for name in names if name in failures}


def run(
    settings: Settings,
    window: Window | None,
    *,
    connections: Mapping[str, Connection],
    now: datetime,
    progress: Progress,
) -> RunResult:
    """All six steps: land every configured source, then build, stage, audit, report and publish.

    The release names a source that failed as late if it then is behind the others.

    Raises:
        Refused: the gate said no.
    """
    landed, failures = land_several(
        settings,
        list(load_sources(settings).values()),
        window,
        connections=connections,
        now=now,
        progress=progress,
    )
    release_id = build_and_publish(settings, now=now, progress=progress)
    return RunResult(release_id, tuple(landed), failures)


def load_libraries() -> None:
    """Import dbt and Great Expectations, which a process otherwise does when it first builds and audits.

    It takes seconds: for a process that has nothing better to do meanwhile.
    """
    # None of it is garbage: it is not looked through while it comes, and not again and again afterwards.
    gc.disable()
    try:
        import dbt.adapters.duckdb.connections
        import dbt.cli.main  # noqa: F401
        import great_expectations  # noqa: F401

        gc.freeze()
    finally:
        gc.enable()


def build_and_publish(settings: Settings, *, now: datetime, progress: Progress) -> str | None:
    """The five steps after landing: build, stage, audit, report and publish.

    Returns:
        The id of the release that is current now, or None where nothing was new.

    Raises:
        Refused: the gate said no.
    """
    build(settings, run_id=run_id_at(now), progress=progress)
    release_id = stage(settings, now=now)
    if release_id is not None:
        audit(settings, release_id)
        report(settings, release_id)
        publish(settings, release_id, now=now)
    return release_id


def run_id_at(now: datetime) -> str:
    """Name a run that no DAG names, by when it begins."""
    return f"cli-{now:%Y%m%dT%H%M%S%fZ}"


def next_window(settings: Settings, source: SourceConfig, now: datetime) -> Window | None:
    """The window that follows what a source has landed, up to the last midnight (UTC).

    Returns:
        None for a source without windows.

    Raises:
        UsageError: nothing has landed yet, so only a person can say where history begins.
    """
    if not source.is_windowed:
        return None
    ends = [batch.window.end for batch in visible(settings, source.name) if batch.window]
    if not ends:
        raise UsageError(
            f"{source.name}: nothing has landed yet. Say where to begin: --from YYYY-MM-DD --to YYYY-MM-DD."
        )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(min(max(ends), midnight - timedelta(days=1)), midnight)


def check_quarter(settings: Settings, quarter: Quarter) -> tuple[str, dict[Kind, list[str]]]:
    """Say what of a quarter the current release can file.

    Returns:
        The release's id; and each kind of package to write, with what a person should know before they file
        it. Priority goals are left out where the agency has none.

    Raises:
        Refused: the quarter is not whole; says why.
        UsageError: nothing has been published yet.
    """
    release = store.show(settings, None)
    found: dict[Kind, list[str]] = {}
    refusals: list[str] = []
    for kind in package.KINDS:
        findings = package.check(release, kind, quarter)
        if findings is None:
            continue
        refusals += [one.said for one in findings if one.kind == "refused"]
        found[kind] = [one.said for one in findings]
    if refusals:
        raise Refused(package.refusal(release, quarter, refusals))
    return release.release_id, found


def due(settings: Settings, quarter: Quarter, release_id: str) -> date:
    """The day on which a quarter is due, by the policy that a release was made by."""
    return due_on(quarter, int(store.show(settings, release_id).manifest["policy"]["a11_due_days"]))


def export(
    settings: Settings, kind: Kind, quarter: Quarter, *, to: Path | None = None, release_id: str | None = None
) -> Package:
    """Write a quarter's files from a release, the current one if none is named; it is kept from then on.

    Args:
        settings: where the releases are.
        kind: what is filed.
        quarter: which.
        to: a folder that is new or empty; None: the release's own below `exports/`, which is written once.
        release_id: which release.

    Raises:
        Refused: the quarter is not whole; says why.
        UsageError: there is no such release, or something is in the folder.
    """
    release = store.show(settings, release_id)
    if to is None:
        to = settings.exports / quarter.label / release.release_id / kind
        if to.exists():
            return package.written(to)
    made = package.export(release, kind, quarter, to)
    store.note_export(settings, release.release_id)
    return made
