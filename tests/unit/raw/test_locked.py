"""A lock: one process at a time, and the others learn which."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from voxpop.errors import Locked
from voxpop.raw.files import locked

HOLDER = """
import sys
from pathlib import Path
from voxpop.raw.files import locked

with locked(Path(sys.argv[1]), "warehouse", "staging"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.lock"


@contextmanager
def another_holds(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_message_names_the_holder(path: Path) -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
    with another_holds(path) as process:
        os.utime(path, (noon, noon))
        with pytest.raises(Locked) as caught, locked(path, "warehouse", "marts"):
            pass
    who = f"process {process.pid} on {socket.gethostname()} (staging, since 2026-01-05 12:00:00 UTC)"
    assert str(caught.value) == f"warehouse: {who} works on it. Run this again when it has ended."


def test_it_is_free_when_the_holder_is_killed(path: Path) -> None:
    with another_holds(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.exists()
        with locked(path, "warehouse", "marts"):
            pass


def test_it_is_free_and_gone_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(path, "warehouse", "marts"):
        raise ZeroDivisionError
    assert not path.exists()
    with locked(path, "warehouse", "marts"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_process_does_not_get_it_twice(path: Path) -> None:
    message = rf"process {os.getpid()} on \S+ \(build, since "
    with (
        locked(path, "warehouse", "build"),
        pytest.raises(Locked, match=message),
        locked(path, "warehouse", "staging"),
    ):
        pass


def test_a_holder_that_has_not_yet_written_its_name_is_another_process(path: Path) -> None:
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with (
            pytest.raises(Locked, match=r"^warehouse: another process works on it"),
            locked(path, "warehouse", "marts"),
        ):
            pass


def test_a_file_that_its_holder_removes_between_opening_and_locking_is_no_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def lock_late(descriptor: int, how: int) -> None:
        tries.append(descriptor)
        if len(tries) == 1:
            path.unlink()
        flock(descriptor, how)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lock_late)
    with locked(path, "warehouse", "marts"):
        monkeypatch.undo()
        assert len(tries) == 2
        with pytest.raises(Locked), locked(path, "warehouse", "staging"):
            pass
