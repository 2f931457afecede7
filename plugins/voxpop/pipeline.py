"""The six steps in order: what the command line and the DAGs both call.

Each step runs without Airflow and is safe to run again at any time. A candidate is named by its release id,
so that steps in separate processes can pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from voxpop.audit import run as gate
from voxpop.audit.run import AuditResult
from voxpop.config import Settings
from voxpop.errors import UsageError, VoxpopError
from voxpop.raw.manifests import Manifest, visible
from voxpop.raw.records import Window
from voxpop.release import candidate as candidates
from voxpop.release import store
from voxpop.report import render
from voxpop.sources.connections import Connection
from voxpop.sources.land import Progress, land
from voxpop.sources.registry import find_source, load_sources
from voxpop.warehouse.build import begin as begin_build
from voxpop.warehouse.build import build
from voxpop.warehouse.build import finish as finish_build
from voxpop.warehouse.build import run_layer as build_layer

__all__ = [
    "RunResult",
    "audit",
    "begin_build",
    "build",
    "build_and_publish",
    "build_layer",
    "finish_build",
    "land",
    "next_window",
    "publish",
    "report",
    "run",
    "run_id_at",
    "stage",
]


@dataclass(frozen=True)
class RunResult:
    """What one pass over all six steps did.

    `release_id` is None where nothing was new; `failures` holds, per source, why it landed nothing more.
    """

    release_id: str | None
    landed: tuple[Manifest, ...]
    failures: Mapping[str, VoxpopError] = field(default_factory=dict)


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


def run(
    settings: Settings,
    window: Window | None,
    *,
    connections: Mapping[str, Connection],
    now: datetime,
    progress: Progress,
) -> RunResult:
    """All six steps: land every configured source, then build, stage, audit, report and publish.

    A source that fails stops itself alone: the others go on, and the release names it as late if it then is
    behind them.

    Raises:
        Refused: the gate said no.
    """
    landed: list[Manifest] = []
    failures: dict[str, VoxpopError] = {}
    for name, source in load_sources(settings).items():
        try:
            landed += land(
                settings,
                name,
                window if source.is_windowed and window else next_window(settings, name, now),
                connection=connections.get(source.connection or ""),
                now=now,
                widen=window is None,
                progress=progress,
            )
        except VoxpopError as error:
            failures[name] = error
            progress(str(error), 0)
    release_id = build_and_publish(settings, now=now, progress=progress)
    return RunResult(release_id, tuple(landed), failures)


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


def next_window(settings: Settings, source: str, now: datetime) -> Window | None:
    """The window that follows what a source has landed, up to the last midnight (UTC).

    Returns:
        None for a source without windows.

    Raises:
        UsageError: no such source; or nothing has landed yet, so only a person can say where history begins.
    """
    if not find_source(settings, source).is_windowed:
        return None
    ends = [batch.window.end for batch in visible(settings, source) if batch.window]
    if not ends:
        raise UsageError(
            f"{source}: nothing has landed yet. Say where to begin: --from YYYY-MM-DD --to YYYY-MM-DD."
        )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(min(max(ends), midnight - timedelta(days=1)), midnight)
