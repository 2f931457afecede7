"""A clock that doesn't wait, and a server on loopback that answers as told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from voxpop.sources.http import Patience

from .drop import Drop


@dataclass
class Time:
    """Seconds pass only by sleeping."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now

    def patience(self, **changes: Any) -> Patience:
        return Patience(**{"sleep": self.sleep, "clock": self.clock, "jitter": lambda: 0.0, **changes})


@dataclass
class Told:
    """What the server is to answer to one request."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    promised_bytes: int | None = None


@dataclass
class Seen:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """Answers with `script` in turn; its last entry serves for ever."""

    def __init__(self) -> None:
        self.script: list[Told] = [Told()]
        self.seen: list[Seen] = []
        script, seen = self, self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen.append(Seen(self.command, self.path, headers, body))
                told = script.script.pop(0) if len(script.script) > 1 else script.script[0]
                self.send_response_only(told.status)
                length = len(told.body) if told.promised_bytes is None else told.promised_bytes
                for name, value in {"content-length": str(length), **told.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told.body)
                if length != len(told.body):
                    self.close_connection = True

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def closed_port() -> int:
    """A port that nothing listens on: bound, and let go."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


@pytest.fixture
def told() -> type[Told]:
    return Told


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    """A folder for files."""
    return Drop(tmp_path / "home")
