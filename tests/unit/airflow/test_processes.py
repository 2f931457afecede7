"""Processes that are started and ended: sessions, waiting by condition, and nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from voxpop.airflow import processes
from voxpop.airflow.processes import Session, Started
from voxpop.errors import VoxpopError

SLEEP = "import time; time.sleep(600)"

STUBBORN_FAMILY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for generation in range(2):
    if os.fork() == 0 and generation == 1:
        os.setpgid(0, 0)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""
"""Four processes that ignore SIGTERM, some in process groups of their own."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Started]]:
    found: list[Started] = []
    yield found
    for one in found:
        for process in processes.members(one.session):
            process.kill()
        one.process.wait()


def python(
    started: list[Started], tmp_path: Path, code: str, *arguments: str, takes_input: bool = False
) -> Started:
    command = [sys.executable, "-c", code, *arguments]
    one = processes.start("a process", command, {"WORD": "spoken"}, tmp_path / "log", takes_input=takes_input)
    started.append(one)
    return one


def test_it_has_its_variables_a_session_and_its_log(started: list[Started], tmp_path: Path) -> None:
    code = "import os; print(os.environ['WORD'], os.getsid(0) == os.getpid(), 'PATH' in os.environ)"
    python(started, tmp_path, code).wait_to_end(30)
    assert (tmp_path / "log").read_text() == "spoken True True\n"


def test_waiting_ends_with_the_condition(started: list[Started], tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(ready)!r}).write_text('here'); time.sleep(600)"
    one = python(started, tmp_path, code)
    assert one.wait_until(lambda: ready.exists() and ready.read_text(), 30) == "here"


def test_waiting_for_a_process_that_ends_says_what_it_said_last(
    started: list[Started], tmp_path: Path
) -> None:
    one = python(started, tmp_path, "raise SystemExit('no free port')")
    with pytest.raises(VoxpopError, match=r"(?s)a process: it ended with status 1.*no free port"):
        one.wait_until(lambda: None, 30)


def test_waiting_has_an_end(started: list[Started], tmp_path: Path) -> None:
    with pytest.raises(VoxpopError, match="was not ready within 0 seconds"):
        python(started, tmp_path, SLEEP).wait_until(lambda: None, 0.3)


def test_work_that_fails_is_an_error(started: list[Started], tmp_path: Path) -> None:
    with pytest.raises(VoxpopError, match="failed with status 3"):
        python(started, tmp_path, "raise SystemExit(3)").wait_to_end(30)


def test_what_it_is_told_arrives(started: list[Started], tmp_path: Path) -> None:
    one = python(started, tmp_path, "import sys; print(sys.stdin.readline())", takes_input=True)
    one.tell(b"the plan\n")
    one.wait_to_end(30)
    assert "the plan" in (tmp_path / "log").read_text()


def test_ending_a_session_ends_what_it_forked_though_it_be_stubborn(
    started: list[Started], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    one = python(started, tmp_path, STUBBORN_FAMILY, str(pids))
    one.wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 4, 30)
    family = [int(pid) for pid in pids.read_text().split()]
    assert {process.pid for process in processes.members(one.session)} == set(family)
    processes.end([one.session], patience=0.5)
    alive = [p for p in family if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]
    assert alive == []


def test_a_family_whose_leader_died_is_found(started: list[Started], tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    one = python(started, tmp_path, STUBBORN_FAMILY, str(pids))
    one.wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 4, 30)
    one.process.send_signal(signal.SIGKILL)
    one.process.wait()
    assert len(processes.members(one.session)) == 3
    processes.end([one.session], patience=0.5)
    assert processes.members(one.session) == []


def test_a_number_that_belongs_to_another_process_by_now_is_left_alone(
    started: list[Started], tmp_path: Path
) -> None:
    one = python(started, tmp_path, SLEEP)
    long_gone = Session("before", one.session.pid, one.session.began - 1000)
    processes.end([long_gone], patience=0.5)
    assert one.process.poll() is None


def test_ending_what_has_ended_is_fine(started: list[Started], tmp_path: Path) -> None:
    one = python(started, tmp_path, "pass")
    one.wait_to_end(30)
    processes.end([one.session])


def test_own_process_is_not_in_the_session(started: list[Started], tmp_path: Path) -> None:
    one = python(started, tmp_path, SLEEP)
    assert os.getpid() not in {process.pid for process in processes.members(one.session)}
    assert isinstance(one.process, subprocess.Popen)


def test_a_taken_port_is_not_given() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert processes.free_port(taken.getsockname()[1]) != taken.getsockname()[1]
