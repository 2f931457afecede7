"""Whether `make up` is up: the file that says which processes it began and where the UI is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from voxpop.airflow import home, processes
from voxpop.config import Settings
from voxpop.errors import UsageError
from voxpop.raw import files


class Up(msgspec.Struct, frozen=True):
    """What one `make up` began.

    Attributes:
        url: of the UI; empty until it is healthy.
        since: when it began.
        sessions: every process that it began is in one of these.
    """

    url: str
    since: datetime
    sessions: tuple[processes.Session, ...]


def read(settings: Settings) -> Up | None:
    """What the last `make up` left word of, whether or not it is still up."""
    path = _path(settings)
    return msgspec.json.decode(path.read_bytes(), type=Up) if path.exists() else None


def write(settings: Settings, up: Up) -> None:
    """Leave word, before anything else can go wrong with what was begun."""
    files.replace_durably(_path(settings), msgspec.json.encode(up))


def forget(settings: Settings) -> None:
    """There is nothing to end any more."""
    _path(settings).unlink(missing_ok=True)


def is_up(settings: Settings) -> bool:
    """Whether any process of the last `make up` is alive."""
    up = read(settings)
    return up is not None and any(processes.members(one) for one in up.sessions)


def refuse_if_up(settings: Settings) -> None:
    """Raise if Airflow is up: its scheduler would take up the runs of another process.

    Raises:
        UsageError: it is; says where.
    """
    if is_up(settings):
        up = read(settings)
        where = f" at {up.url}" if up and up.url else ""
        raise UsageError(f"Airflow is up{where}: trigger the DAGs there, or `make down` first.")


def _path(settings: Settings) -> Path:
    return home.folder(settings) / "session.json"
