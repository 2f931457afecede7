"""Many things side by side in processes: all are done, and one that dies takes no other along."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from voxpop.airflow import side_by_side

FORK = multiprocessing.get_context("fork")
Done = Callable[[str], int]


@pytest.fixture
def done(tmp_path: Path) -> Done:
    """Do a thing: it leaves a file that holds the process it was done in."""

    def do(thing: str) -> int:
        (tmp_path / thing).write_text(str(os.getpid()))
        return 0

    return do


def left_by(tmp_path: Path) -> dict[str, int]:
    return {path.name: int(path.read_text()) for path in tmp_path.iterdir()}


def test_as_many_as_may_be_are_worked_on_at_once_in_other_processes(tmp_path: Path, done: Done) -> None:
    """Each waits until another is there: one after the other they would never meet."""
    meeting = FORK.Barrier(2, timeout=30)

    def meet(thing: str) -> int:
        meeting.wait()
        return done(thing)

    assert side_by_side.start(meet, ["a", "b", "c", "d"], at_once=2).ended() == [0, 0, 0, 0]
    processes = left_by(tmp_path)
    assert set(processes) == {"a", "b", "c", "d"}
    assert len(set(processes.values())) == 2 and os.getpid() not in processes.values()


def test_there_are_no_more_processes_than_things(tmp_path: Path, done: Done) -> None:
    assert side_by_side.start(done, ["a"], at_once=4).ended() == [0]
    assert side_by_side.start(done, [], at_once=4).ended() == []
    assert set(left_by(tmp_path)) == {"a"}


def test_each_thing_has_its_exit_code() -> None:
    assert side_by_side.start(lambda code: code, [0, 3, 1], at_once=1).ended() == [0, 3, 1]


@pytest.mark.parametrize("way", ["killed", "raising"])
def test_what_dies_takes_no_other_along(tmp_path: Path, done: Done, way: str) -> None:
    def work(thing: str) -> int:
        if thing == "b" and way == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if thing == "b":
            raise ZeroDivisionError
        return done(thing)

    codes = side_by_side.start(work, ["a", "b", "c", "d", "e"], at_once=2).ended()
    assert codes == [0, None, 0, 0, 0]
    assert set(left_by(tmp_path)) == {"a", "c", "d", "e"}


def test_what_nobody_is_left_to_do_is_not_done() -> None:
    assert side_by_side.start(lambda _: 1 // 0, ["a", "b", "c"], at_once=2).ended() == [None, None, None]
