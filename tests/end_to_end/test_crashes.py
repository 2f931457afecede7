"""Killed at any point and run again, the release is the one of an undisturbed run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from voxpop.config import PROJECT

from .home import END, LATELY, Home
from .killed import POINTS


def test_killed_at_every_step_boundary_and_in_the_middle_of_landing_and_building(
    earlier: Home, published: Home, tmp_path: Path
) -> None:
    """One home, killed at one point after another: each run goes on from what the one before it left."""
    home = earlier.copy(tmp_path / "var")
    before, landed = home.current().release_id, home.landed_files()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.end_to_end.killed"),
            *(str(home.path), LATELY.isoformat(), END.isoformat()),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [run["point"] for run in runs] == [*POINTS, ""], done.stderr

    *killed, last = runs
    for run in killed:
        assert run["code"] == -signal.SIGKILL, f"{run}: {done.stderr}"
        # readers have what they had, until all at once they have the new release
        has_moved = run["point"] == "publishing: after the link has moved"
        assert (run["current"] != before) == has_moved, run
    assert last["code"] == 0, done.stderr
    assert last["current"] == killed[-1]["current"]
    assert home.current().release_id == last["current"]

    assert home.warehouse_hashes() == published.hashes()
    assert landed.items() <= home.landed_files().items()
    assert {batch.source: batch.received for batch in home.batches()} == {
        batch.source: batch.received for batch in published.batches()
    }
    left = [path for path in home.settings.raw.glob("*/*/.landing/*") if path.suffix != ".lock"]
    assert left == [], "a finished landing leaves nothing behind"
