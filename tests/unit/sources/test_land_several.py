"""Several sources at once: each lands or fails alone, and one is told of at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from voxpop import pipeline
from voxpop.errors import SourceError, UsageError
from voxpop.raw.manifests import visible
from voxpop.sources.registry import find_sources

from .drop import HEADER, NOW, ROW, Drop

FOUR = "".join(
    f"""\
  {name}:
    kind: file_drop
    folder: drop/{name}
    pattern: "*.csv"
    format: csv
    maps_to: interaction
    fields:
      interaction_id: Visit
      started_at: In
      source_channel: Channel
      handled_by: Clerk
    identifiers: {{Mail: email}}
"""
    for name in ("north", "south", "east", "west")
)


@pytest.fixture
def four(drop: Drop) -> Drop:
    drop.configure(FOUR)
    for name in ("north", "south", "east", "west"):
        (drop.folder / name).mkdir()
        drop.put(f"{name}/a.csv", HEADER + ROW.replace("V-1", name))
    return drop


def land(drop: Drop, *names: str, progress: Any = lambda what, count: None) -> Any:
    sources = find_sources(drop.settings, names)
    return pipeline.land_several(drop.settings, sources, None, connections={}, now=NOW, progress=progress)


def test_they_land_side_by_side_and_are_given_in_order(four: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits inside its landing until all are there: one after the other they would never meet."""
    meeting, one_by_one = threading.Barrier(4, timeout=30), pipeline.land

    def meet(*given: Any, **named: Any) -> Any:
        meeting.wait()
        return one_by_one(*given, **named)

    monkeypatch.setattr(pipeline, "land", meet)
    landed, failures = land(four, "west", "north", "south", "east")
    assert [batch.source for batch in landed] == ["west", "north", "south", "east"]
    assert failures == {}


def test_what_is_configured_is_not_read_again_for_each(four: Drop) -> None:
    sources = find_sources(four.settings, [])
    four.settings.sources_file.unlink()
    landed, failures = pipeline.land_several(
        four.settings, sources, None, connections={}, now=NOW, progress=lambda what, count: None
    )
    assert [batch.source for batch in landed] == ["north", "south", "east", "west"]
    assert failures == {}


def test_one_is_told_of_at_a_time(four: Drop) -> None:
    inside = threading.Lock()
    told = []

    def progress(what: str, count: int) -> None:
        assert inside.acquire(blocking=False)
        told.append(what)
        inside.release()

    land(four, "north", "south", "east", "west", progress=progress)
    assert sorted(told) == ["east: a.csv", "north: a.csv", "south: a.csv", "west: a.csv"]


@pytest.mark.parametrize("at_once", [1, 4])
def test_who_fails_stops_alone(four: Drop, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Those that are under way beside it, and those that wait behind it, land."""
    monkeypatch.setattr(pipeline, "SOURCES_AT_ONCE", at_once)
    four.put("south/bad.csv", HEADER.replace("In", "Arrived") + ROW)
    (four.folder / "east" / "a.csv").unlink()
    (four.folder / "east").rmdir()
    landed, failures = land(four, "north", "south", "east", "west")
    assert [batch.source for batch in landed] == ["north", "west"]
    assert list(failures) == ["south", "east"]
    assert all(isinstance(error, SourceError) for error in failures.values())
    assert {batch.source for batch in visible(four.settings)} == {"north", "south", "west"}


def test_a_mistake_of_ours_is_raised_when_the_others_have_ended(
    four: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = pipeline.land

    def stumble(settings: Any, source: Any, *given: Any, **named: Any) -> Any:
        if source.name == "north":
            raise ZeroDivisionError
        return one_by_one(settings, source, *given, **named)

    monkeypatch.setattr(pipeline, "land", stumble)
    with pytest.raises(ZeroDivisionError):
        land(four, "north", "south", "east", "west")
    assert {batch.source for batch in visible(four.settings)} == {"south", "east", "west"}


def test_a_name_that_no_source_has_lands_nothing(four: Drop) -> None:
    process = command(four, "north", "nowhere")
    _, err = process.communicate()
    assert process.returncode == UsageError.exit_code
    assert 'There is no source "nowhere"' in err
    assert visible(four.settings) == []


def command(drop: Drop, *names: str) -> subprocess.Popen[str]:
    config = drop.settings.home
    (config / "seeds").mkdir(exist_ok=True)
    (config / "seeds" / "identity_blocklist.csv").write_text("identifier_type,value,reason\n")
    return subprocess.Popen(
        [sys.executable, "-m", "voxpop.cli", "land", *names],
        env=os.environ | {"VOXPOP_HOME": str(drop.settings.home), "VOXPOP_CONFIG": str(config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_land_two_sources_of_a_new_home_at_once(four: Drop) -> None:
    """As two DAGs do in Airflow; both make the key of identifiers, and end up with one."""
    both = [command(four, "north", "south"), command(four, "east", "west")]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    batches = visible(four.settings)
    assert {batch.source for batch in batches} == {"north", "south", "east", "west"}
    assert len(list(four.settings.secrets.glob("identifier-keys.json"))) == 1
    assert land(four, "north", "south", "east", "west") == ([], {})


def test_the_command_says_why_the_first_three_bad_rows_are_in_quarantine(four: Drop) -> None:
    """The header is row 1; rows 3 to 6 have a column too few, and none of what they hold is said."""
    four.put("south/bad.csv", HEADER + ROW + "".join(f"Secret-{row},\r\n" for row in range(4)))
    out, err = command(four, "south").communicate()
    landed, *reasons = out[out.index("1 records; 4 in quarantine: ") :].splitlines()
    assert landed.endswith(".parquet") and len(reasons) >= 3, err
    assert [why.split(": ")[0] for why in reasons[:3]] == ["  row 3", "  row 4", "  row 5"]
    assert "2 columns" in reasons[0] and "row 6" not in out and "Secret" not in out


def test_the_command_lands_every_source_and_names_every_failure(four: Drop) -> None:
    four.put("south/bad.csv", HEADER.replace("In", "Arrived") + ROW)
    four.put("east/bad.csv", HEADER.replace("Clerk", "Who") + ROW)
    process = command(four)
    out, err = process.communicate()
    assert process.returncode == 1
    assert [line.split(".")[0] for line in out.splitlines()] == ["north", "west"]
    assert "2 sources did not land:\nsouth: 1 of 2 files can't be landed" in err
    assert "east: 1 of 2 files can't be landed" in err.partition("2 sources did not land:")[2]
