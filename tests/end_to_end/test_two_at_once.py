"""Two runs at once: the second is told who works, and there is one release."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from voxpop.config import PROJECT
from voxpop.errors import Locked

from .home import END, LATELY, Home, window

STOPS = [
    "landing: after the first page",
    "building: in the middle of the marts",
    "publishing: before the link moves",
]


@contextmanager
def stopping_run(home: Home) -> Iterator[subprocess.Popen[str]]:
    """A run of all steps that stops itself at each of `STOPS` until it is told to go on."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.end_to_end.killed"),
            *(str(home.path), LATELY.isoformat(), END.isoformat()),
            *(f"--stop={point}" for point in STOPS),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_it_stops(process: subprocess.Popen[str]) -> None:
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), process.communicate()


def test_two_runs_at_once_the_second_is_told_who_works_and_one_release_appears(
    earlier: Home, published: Home, tmp_path: Path
) -> None:
    home = earlier.copy(tmp_path / "var")
    before = home.current().release_id
    with stopping_run(home) as first:
        holder = f"process {first.pid} on "

        wait_until_it_stops(first)
        with pytest.raises(Locked, match=rf"touchpoints: responses 20260624T000000Z\S+: {holder}"):
            home.land(window(LATELY, END))
        first.send_signal(signal.SIGCONT)

        wait_until_it_stops(first)
        said = home.command("build")
        assert said.code == 1
        assert f"{holder}" in said.err
        assert "works on it. Run this again when it has ended." in said.err
        assert said.err.count("\n") == 1, "one message, no traceback"
        assert home.current().release_id == before
        first.send_signal(signal.SIGCONT)

        wait_until_it_stops(first)
        said = home.command("stage")
        assert said.code == 1
        assert f"releases: {holder}" in said.err
        assert home.current().release_id == before
        first.send_signal(signal.SIGCONT)

        out, err = first.communicate()
        assert first.returncode == 0, err
    assert home.published() == [before, out.strip()]
    assert home.current().release_id == out.strip()
    assert home.warehouse_hashes() == published.hashes()
    # the second comes again, as it was told: there is nothing left to do
    assert home.publish() is None
