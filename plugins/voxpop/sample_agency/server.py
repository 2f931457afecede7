"""The sample agency's tools as a process: `python -m voxpop.sample_agency.server --home var`.

It writes what the offices have dropped by that date, the truth, and the connections to itself; then it
listens on this machine only, says so in the ready file, and serves until it is told to end.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from voxpop.config import load_settings
from voxpop.errors import UsageError
from voxpop.sample_agency import HISTORY_ENDS, HISTORY_STARTS
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.dap_files import write_reports
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.files import drop_files, write_whole
from voxpop.sample_agency.ga4 import write_tables
from voxpop.sample_agency.misbehavior import FAULTS, LEVELS
from voxpop.sample_agency.reached import landed_to
from voxpop.sample_agency.serve import DAP, TOUCHPOINTS, Credentials, Tools, make_app
from voxpop.sample_agency.truth import write_truth


def serve(
    home: Path,
    day: date | None = None,
    port: int = 0,
    *,
    first: date = HISTORY_STARTS,
    ready: Path | None = None,
    misbehave: str = "a-little",
    faults: Collection[str] = (),
) -> None:
    """Serve until interrupted or terminated.

    Args:
        home: what is written goes below: `drop/`, `sample_agency/truth/`, `secrets/connections.json`.
        day: the last day that the tools know whole; if None the day that the home has landed to, or the end
            of the default history.
        port: 0 takes any free one.
        first: the first day of history.
        ready: written with `{"port", "pid", "date"}` once requests are answered.
        misbehave: a key of `LEVELS`.
        faults: keys of `FAULTS`.

    Raises:
        UsageError: a level or fault that doesn't exist, or a day before the first.
        ConfigError: a seed lacks what the agency is made from, or the home's day is none.
    """
    day = day or landed_to(home) or HISTORY_ENDS
    if misbehave not in LEVELS:
        raise UsageError(f"misbehave {misbehave!r}: known are {', '.join(LEVELS)}")
    unknown = sorted(set(faults) - set(FAULTS))
    if unknown:
        raise UsageError(f"fault {', '.join(unknown)}: known are {', '.join(FAULTS)}")
    if day < first:
        raise UsageError(f"date {day}: the agency's history starts on {first}; give a later date")
    if ready is not None:
        ready.unlink(missing_ok=True)
    agency = make_agency(load_settings().seeds)
    events = events_between(agency, first, day)
    drop_files(agency, events, home / "drop", LEVELS[misbehave])
    write_tables(agency, events, home / "drop", LEVELS[misbehave])
    write_reports(agency, events, home / "drop", LEVELS[misbehave])
    write_truth(agency, events, home / "sample_agency" / "truth")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        port = listener.getsockname()[1]
        credentials = _connect(home / "secrets" / "connections.json", port)
        tools = Tools(agency, events, LEVELS[misbehave], frozenset(faults), credentials)
        said = {"port": port, "pid": os.getpid(), "date": day.isoformat()}
        _Server(make_app(tools), ready, said).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says that it listens, in a file too."""

    def __init__(self, app: Any, ready: Path | None, said: dict[str, Any]) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", access_log=False))
        self._ready, self._said = ready, said

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        where, day = f"http://127.0.0.1:{self._said['port']}", self._said["date"]
        sys.stdout.write(f"The agency's tools answer at {where} up to {day}; end with Ctrl+C.\n")
        sys.stdout.flush()
        if self._ready is not None:
            self._ready.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._ready, msgspec.json.encode(self._said))


def _connect(path: Path, port: int) -> Credentials:
    """Write how the tools are reached, keeping the credentials that are there and other connections."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known: dict[str, dict[str, str]] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    forms, conversations = known.get("touchpoints", {}), known.get("genesys", {})
    credentials = Credentials(
        api_key=forms.get("api_key") or secrets.token_hex(20),
        client_id=conversations.get("client_id") or secrets.token_hex(8),
        client_secret=conversations.get("client_secret") or secrets.token_urlsafe(32),
    )
    here = f"http://127.0.0.1:{port}"
    known["touchpoints"] = {"base_url": here + TOUCHPOINTS, "api_key": credentials.api_key}
    known["dap"] = {"base_url": here + DAP, "api_key": credentials.api_key}
    known["genesys"] = {
        "base_url": here,
        "login_url": here,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    write_whole(path, msgspec.json.format(msgspec.json.encode(known)))
    return credentials


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m voxpop.sample_agency.server", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder that everything is written below")
    parser.add_argument("--date", type=date.fromisoformat, help="last whole day")
    parser.add_argument(
        "--first", type=date.fromisoformat, default=HISTORY_STARTS, help="first day of history"
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--ready", type=Path, help="file to write once requests are answered")
    parser.add_argument("--misbehave", choices=list(LEVELS), default="a-little")
    parser.add_argument("--fault", action="append", default=[], choices=list(FAULTS), help="may be repeated")
    given = parser.parse_args(arguments)
    serve(
        given.home,
        given.date,
        given.port,
        first=given.first,
        ready=given.ready,
        misbehave=given.misbehave,
        faults=given.fault,
    )


if __name__ == "__main__":
    main()
