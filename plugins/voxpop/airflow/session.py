"""What `make up` and `make run` have started: a file that names the processes, and where the UI is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from voxpop.airflow import home, processes
from voxpop.config import Settings
from voxpop.errors import UsageError
from voxpop.raw import files


class Up(msgspec.Struct, frozen=True):
    """What one `make up` or `make run` started.

    Attributes:
        url: of the UI; empty until that is healthy, and always for `make run`, which has none.
        since: when it began.
        sessions: every process that it started is in one of these.
    """

    url: str
    since: datetime
    sessions: tuple[processes.Session, ...]


class Beginning:
    """What is being started. Each process is written down at once: it is found even if this one is killed.

    Args:
        settings: where it is written down.
        since: when it began.
    """

    def __init__(self, settings: Settings, since: datetime) -> None:
        self._settings = settings
        self._up = Up("", since, ())

    def add(self, started: processes.Started) -> processes.Started:
        """Write down a process that has just been started."""
        self._write_down(replace(self._up, sessions=(*self._up.sessions, started.session)))
        return started

    def is_healthy(self, url: str) -> Up:
        """Write down where the UI is, now that all of it is up."""
        return self._write_down(replace(self._up, url=url))

    def end(self) -> None:
        """End it all."""
        processes.end(self._up.sessions)
        forget(self._settings)

    def _write_down(self, up: Up) -> Up:
        self._up = up
        write(self._settings, up)
        return up


def read(settings: Settings) -> Up | None:
    """What was written down last, whether or not it still runs."""
    path = _path(settings)
    return msgspec.json.decode(path.read_bytes(), type=Up) if path.exists() else None


def write(settings: Settings, up: Up) -> None:
    """Write down what was started, before anything else can go wrong with it."""
    files.replace_durably(_path(settings), msgspec.json.encode(up))


def forget(settings: Settings) -> None:
    """Remove the file: there is nothing left to end."""
    _path(settings).unlink(missing_ok=True)


def is_up(settings: Settings) -> bool:
    """Whether any process that was written down is alive."""
    up = read(settings)
    return up is not None and any(processes.members(one) for one in up.sessions)


def end_abandoned(settings: Settings) -> None:
    """End what a killed `make run` or `make up` left running; the caller holds `home.locked`."""
    up = read(settings)
    if up is not None and not up.url:
        processes.end(up.sessions)
        forget(settings)


def refuse_if_up(settings: Settings) -> None:
    """Raise if Airflow is up: its scheduler would take up the runs of another process.

    Raises:
        UsageError: it is; says where.
    """
    if is_up(settings):
        up = read(settings)
        where = up.url if up else ""
        raise UsageError(f"Airflow is up at {where}: trigger the DAGs there, or `make down` first.")


def _path(settings: Settings) -> Path:
    return home.folder(settings) / "session.json"
