"""The sample agency's tools as a process beside Airflow, and the day that the agency has reached."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from voxpop.airflow import home, processes
from voxpop.config import Settings, load_settings
from voxpop.errors import VoxpopError
from voxpop.raw import files
from voxpop.raw.records import Window
from voxpop.sample_agency import HISTORY_ENDS, HISTORY_STARTS
from voxpop.sample_agency.reached import date_file, landed_to
from voxpop.sources.connections import load_connections
from voxpop.sources.registry import load_sources
from voxpop.warehouse.seeds import check_seeds

_READY_SECONDS = 120.0


def is_configured(settings: Settings) -> bool:
    """Whether the sources are the sample agency's: the default. An agency of one's own has its own tools."""
    return settings.sources_file == load_settings({}).sources_file


def next_day(landed_to: date | None, *, same_day: bool) -> date:
    """The last day that the next run lands: all of history first, then a day at a time."""
    if landed_to is None:
        return HISTORY_ENDS
    return landed_to if same_day else landed_to + timedelta(days=1)


def remember(settings: Settings, day: date) -> None:
    """Note that all has landed up to the end of `day`."""
    path = date_file(settings.home)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace_durably(path, f"{day.isoformat()}\n".encode())


def window(day: date) -> Window:
    """The window that a run lands to reach the end of `day`: all of history first, then that day alone."""
    first = HISTORY_STARTS if day == HISTORY_ENDS else day
    return Window(_midnight(first), _midnight(day + timedelta(days=1)))


def start(settings: Settings, day: date, variables: Mapping[str, str]) -> processes.Started:
    """Start its tools as they stand at the end of `day`; `wait_until_ready` waits for them.

    Raises:
        ConfigError: a seed can't be used; the agency is made from them.
    """
    check_seeds(settings)
    ready = _ready_file(settings)
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "voxpop.sample_agency.server", "--home", str(settings.home)]
    command += ["--date", day.isoformat(), "--port", "0", "--ready", str(ready)]
    return processes.start("sample agency", command, variables, home.logs(settings) / "sample_agency.log")


def wait_until_ready(settings: Settings, server: processes.Started) -> None:
    """Wait until it listens; by then its address and credentials are in `var/secrets/connections.json`."""
    server.wait_until(lambda: _ready_file(settings).exists() or None, _READY_SECONDS)


def catch_up(settings: Settings, today: date) -> Window | None:
    """Land the days between the last `make run` and today, which no schedule will ask for.

    They have to come before the schedule's newest days: a month that had ended in the current release and
    fills up in the next is what the gate refuses. A later `make run` goes on behind them.

    Returns:
        What it landed; None where no `make run` has succeeded yet, or no day is missing.

    Raises:
        VoxpopError: a tool failed.
    """
    last = landed_to(settings.home)
    if last is None or last + timedelta(days=1) >= today:
        return None
    from voxpop import pipeline

    missing = Window(_midnight(last + timedelta(days=1)), _midnight(today))
    _, failures = pipeline.land_several(
        settings,
        [source for source in load_sources(settings).values() if source.is_windowed],
        missing,
        connections=load_connections(settings),
        now=datetime.now(UTC),
        progress=lambda *_: None,
    )
    if failures:
        raise VoxpopError("\n".join(map(str, failures.values())))
    remember(settings, today - timedelta(days=1))
    return missing


def _ready_file(settings: Settings) -> Path:
    return settings.home / "sample_agency" / "ready.json"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
