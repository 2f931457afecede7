"""The warehouse's lock: one process at a time, and the others learn which."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from voxpop.config import Settings
from voxpop.errors import Locked
from voxpop.warehouse.lock import hold

HOLDER = """
import sys
from pathlib import Path
from voxpop.config import Settings
from voxpop.warehouse.lock import hold

with hold(Settings(Path(sys.argv[1]), Path("unused"), Path("unused")), "staging"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, Path("unused"), Path("unused"))


@contextmanager
def another_holds(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_message_names_the_holder(settings: Settings) -> None:
    with another_holds(settings) as process:
        with pytest.raises(Locked) as caught, hold(settings, "begin"):
            pass
        message = str(caught.value)
        assert f"process {process.pid} on {socket.gethostname()} (staging, since 20" in message
        assert "Nothing was changed" in message


def test_it_is_free_when_the_holder_is_killed(settings: Settings) -> None:
    with another_holds(settings) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with hold(settings, "begin"):
            pass


def test_it_is_free_after_an_error(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), hold(settings, "begin"):
        raise ZeroDivisionError
    with hold(settings, "begin"):
        pass


def test_the_same_process_does_not_get_it_twice(settings: Settings) -> None:
    message = rf"process {os.getpid()} .*\(build, "
    with hold(settings, "build"), pytest.raises(Locked, match=message), hold(settings, "staging"):
        pass
